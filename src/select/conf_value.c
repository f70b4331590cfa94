/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values: each is checked against its row of conf_keys[] and put into its member. */
#include "select/conf_impl.h"

#include <ctype.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/str.h"

/* One value on its way. */
struct item {
	struct conf_place *place;
	const struct conf_key *key;
	void *member;
	const char *text;
	unsigned int line;
};

#define complain(item, ...) \
	conf_complain((item)->place, (item)->line, (item)->key->name, __VA_ARGS__)

static void set_value(const struct item *item, uint64_t v)
{
	struct conf_value *value = item->member;

	value->v = v;
	value->line = item->line;
}

static void store_word(const struct item *item)
{
	const struct conf_word *word;
	char words[128] = "";

	for (word = item->key->words; word->name; word++) {
		if (!strcmp(word->name, item->text)) {
			set_value(item, word->value);
			return;
		}
		strncat(words, " ", sizeof(words) - strlen(words) - 1);
		strncat(words, word->name, sizeof(words) - strlen(words) - 1);
	}
	complain(item, "'%s' is none of%s", item->text, words);
}

static void store_number(const struct item *item)
{
	const struct conf_key *key = item->key;
	uint64_t v;

	if (key->type == CONF_SIZE && !str_parse_size(item->text, &v))
		complain(item, "'%s' is not a size", item->text);
	else if (key->type == CONF_SECONDS && !str_parse_seconds(item->text, &v))
		complain(item, "'%s' is not a time", item->text);
	else if (key->type == CONF_NUMBER && !str_parse_u64(item->text, &v))
		complain(item, "'%s' is not a number", item->text);
	else if (v < key->min && key->max >= UINT64_MAX - 1)
		complain(item, "'%s' is less than %" PRIu64, item->text, key->min);
	else if (v < key->min || v > key->max)
		complain(item, "'%s' is not in the range %" PRIu64 " to %" PRIu64, item->text,
			 key->min, key->max);
	else
		set_value(item, v);
}

#define CRASH_LOOP_MAX_COUNT   1000
#define CRASH_LOOP_MAX_SECONDS (30 * 86400)

/* "3 in 30m", or "off". The member is the count, the seconds follow it. */
static void store_crash_loop(const struct item *item)
{
	struct conf_value *count = item->member, *seconds = count + 1;
	char number[16], time[16];
	uint64_t n, s;
	int end = -1;

	_Static_assert(offsetof(struct conf, crash_loop_seconds) ==
			       offsetof(struct conf, crash_loop_count) + sizeof(struct conf_value),
		       "the members of crash-loop lie side by side");
	if (!strcmp(item->text, "off")) {
		n = s = 0;
	} else if (sscanf(item->text, " %15s in %15s %n", number, time, &end) != 2 || end < 0 ||
		   item->text[end] || !str_parse_u64(number, &n) || !str_parse_seconds(time, &s)) {
		complain(item, "'%s' is neither COUNT in TIME nor off", item->text);
		return;
	} else if (!n || n > CRASH_LOOP_MAX_COUNT || !s || s > CRASH_LOOP_MAX_SECONDS) {
		complain(item, "'%s' is not in the range 1 in 1s to %d in %dd", item->text,
			 CRASH_LOOP_MAX_COUNT, CRASH_LOOP_MAX_SECONDS / 86400);
		return;
	}
	count->v = n;
	seconds->v = s;
	count->line = seconds->line = item->line;
}

static bool has_control_byte(const char *s)
{
	for (; *s; s++) {
		if (iscntrl((unsigned char)*s))
			return true;
	}
	return false;
}

static int set_text(const struct item *item, struct conf_text *ret, struct err *err)
{
	if (has_control_byte(item->text)) {
		complain(item, "'%s' has a control character in it", item->text);
		return 0;
	}
	if (!*item->text && (item->key->min || conf_key_is_list(item->key))) {
		complain(item, "is empty");
		return 0;
	}
	ret->s = strdup(item->text);
	ret->line = item->line;
	return ret->s ? 0 : err_nomem(err);
}

static int store_texts(const struct item *item, struct err *err)
{
	struct conf_text text = { 0 };
	int rc = set_text(item, &text, err);

	if (rc || !text.s)
		return rc;
	if (!conf_texts_push(item->member, text)) {
		free(text.s);
		return err_nomem(err);
	}
	return 0;
}

static int store_selection(const struct item *item, struct err *err)
{
	struct err why = { 0 };
	struct selection sel;
	int rc;

	rc = selection_parse(item->text, &sel, &why);
	if (rc == ERR_NOMEM)
		return err_nomem(err);
	if (rc) {
		complain(item, "%s", why.text);
		item->place->match_lost = true;
		return 0;
	}
	sel.line = item->line;
	return selection_set_take(item->member, &sel, err);
}

/* As much memory around one symbol, and as many pointers in a row, as anyone can mean. */
#define SYMBOL_MAX_SIZE	  GIB(1)
#define SYMBOL_MAX_FOLLOW 64

/* Take NAME[:SIZE] apart, in place. False, and it is named: it is none. */
static bool parse_symbol(const struct item *item, char *text, uint64_t *size)
{
	char *colon = strchr(text, ':');

	*size = 0;
	if (colon) {
		*colon++ = 0;
		if (!str_parse_size(colon, size) || !*size || *size > SYMBOL_MAX_SIZE) {
			complain(item, "'%s': '%s' is not a size of 1 to 1G", item->text, colon);
			return false;
		}
	}
	if (!*text || text[strcspn(text, " \t=")] || has_control_byte(text)) {
		complain(item, "'%s' is not a symbol", item->text);
		return false;
	}
	return true;
}

static int store_symbol(const struct item *item, struct err *err)
{
	char *copy AUTO_FREE = strdup(item->text);
	struct conf_symbol symbol = { .line = item->line };
	char *name, *word, *save = NULL;
	uint64_t follow = 0;

	if (!copy)
		return err_nomem(err);
	name = strtok_r(copy, " \t", &save);
	while ((word = strtok_r(NULL, " \t", &save))) {
		if (strncmp(word, "follow=", 7) || !str_parse_u64(word + 7, &follow) ||
		    follow > SYMBOL_MAX_FOLLOW) {
			complain(item, "'%s': '%s' is not follow=0..%d", item->text, word,
				 SYMBOL_MAX_FOLLOW);
			return 0;
		}
	}
	if (!name) {
		complain(item, "is empty");
		return 0;
	}
	if (!parse_symbol(item, name, &symbol.size))
		return 0;
	symbol.follow = (unsigned int)follow;
	symbol.name = strdup(name);
	if (!symbol.name || !conf_symbols_push(item->member, symbol)) {
		free(symbol.name);
		return err_nomem(err);
	}
	return 0;
}

static bool is_hex(const char *s, size_t size)
{
	return size > 2 && size <= 18 && !strncmp(s, "0x", 2) &&
	       strspn(s + 2, "0123456789abcdefABCDEF") >= size - 2;
}

/* 0xSTART-0xEND. False, and it is named: it is none. */
static bool parse_range(const struct item *item, const char *text, struct conf_range *ret)
{
	size_t size = strcspn(text, "-");

	if (!is_hex(text, size) || !text[size] ||
	    !is_hex(text + size + 1, strlen(text + size + 1))) {
		complain(item, "'%s' is not a range 0xSTART-0xEND", item->text);
		return false;
	}
	ret->start = strtoull(text, NULL, 16);
	ret->end = strtoull(text + size + 1, NULL, 16);
	ret->line = item->line;
	if (ret->start >= ret->end) {
		complain(item, "'%s' ends before it starts", item->text);
		return false;
	}
	return true;
}

static int store_range(const struct item *item, struct err *err)
{
	struct conf_range range;

	if (!parse_range(item, item->text, &range))
		return 0;
	return conf_ranges_push(item->member, range) ? 0 : err_nomem(err);
}

static bool parse_exclude(const struct item *item, char *text, struct conf_exclude *ret)
{
	char *value = strchr(text, '=');

	if (value)
		*value++ = 0;
	ret->name = value;
	if (value && !strcmp(text, "symbol")) {
		ret->kind = CONF_EXCLUDE_SYMBOL;
		return parse_symbol(item, value, &ret->size);
	}
	if (value && *value && !has_control_byte(value) && !strcmp(text, "mapping")) {
		ret->kind = CONF_EXCLUDE_MAPPING;
		return true;
	}
	if (value && !strcmp(text, "range")) {
		ret->kind = CONF_EXCLUDE_RANGE;
		ret->name = NULL;
		return parse_range(item, value, &ret->range);
	}
	complain(item, "'%s' is none of symbol=NAME[:SIZE] mapping=NAME range=0xSTART-0xEND",
		 item->text);
	return false;
}

static int store_exclude(const struct item *item, struct err *err)
{
	char *copy AUTO_FREE = strdup(item->text);
	struct conf_exclude exclude = { .line = item->line };

	if (!copy)
		return err_nomem(err);
	if (!parse_exclude(item, copy, &exclude)) {
		item->place->section_exclude_lost_line = item->line;
		return 0;
	}
	if (exclude.name) {
		exclude.name = strdup(exclude.name);
		if (!exclude.name)
			return err_nomem(err);
	}
	if (!conf_excludes_push(item->member, exclude)) {
		free(exclude.name);
		return err_nomem(err);
	}
	return 0;
}

int conf_store(struct conf_place *place, const struct conf_key *key, void *object, const char *text,
	       unsigned int line, struct err *err)
{
	const struct item item = { place, key, (char *)object + key->offset, text, line };

	switch (key->type) {
	case CONF_WORD:
		store_word(&item);
		return 0;
	case CONF_SIZE:
	case CONF_SECONDS:
	case CONF_NUMBER:
		store_number(&item);
		return 0;
	case CONF_CRASH_LOOP:
		store_crash_loop(&item);
		return 0;
	case CONF_TEXT:
		return set_text(&item, item.member, err);
	case CONF_SELECTIONS:
		return store_selection(&item, err);
	case CONF_SYMBOLS:
		return store_symbol(&item, err);
	case CONF_TEXTS:
		return store_texts(&item, err);
	case CONF_RANGES:
		return store_range(&item, err);
	case CONF_EXCLUDES:
		return store_exclude(&item, err);
	case CONF_LISTS:
		break;
	}
	return 0;
}
