/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statements. One with a mistake is named and becomes blanks, so that the next one is read as if
 * it were not there. After a mistake we go on at the next line that looks like a statement, or at
 * the brace that closes the section.
 */
#include "select/conf_impl.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct syntax {
	struct conf_buf *buf;
	struct conf_place *place; /* its section and title: where we are */
	struct conf_heads *heads;
	size_t nr_values; /* that libconfuse will see */
	bool dropped;	  /* the statement is not for it, whatever its value */
	unsigned int section_line;
	unsigned int seen[CONF_MAX_KEYS]; /* in this section: the line of each key, 0: not seen */
	bool nomem;
};

static struct conf_token next(const struct syntax *s, const struct conf_token *t)
{
	return conf_lex(s->buf, t->end, t->line);
}

static bool is_text(const struct conf_token *t)
{
	return t->type == TOKEN_WORD || t->type == TOKEN_STRING;
}

/* A name for a token in a message. @buf has 48 bytes. */
static const char *token_name(const struct syntax *s, const struct conf_token *t, char *buf)
{
	int size = (int)(t->end - t->start < 32 ? t->end - t->start : 32);
	const char *text = s->buf->s + t->start;

	if (t->type == TOKEN_END)
		return "the end of the file";
	snprintf(buf, 48, *text == '"' || *text == '\'' ? "%.*s" : "'%.*s'", size, text);
	return buf;
}

static void lose_exclusion(struct syntax *s, unsigned int line)
{
	unsigned int *lost = s->place->section == CONF_PROCESS
				     ? &s->place->section_exclude_lost_line
				     : &s->place->exclude_lost_line;

	if (!*lost)
		*lost = line;
}

/* A word that is no key of this section may have been the one that hides something. */
static void unknown_word(struct syntax *s, const char *word, size_t size, unsigned int line)
{
	if (conf_may_exclude(s->place->section, word, size))
		lose_exclusion(s, line);
}

/* Take a piece of text out. An exclusion in it must not be forgotten silently. */
static void blank_out(struct syntax *s, size_t start, size_t end, unsigned int line)
{
	const char *text = s->buf->s + start;
	size_t size = end - start;
	char *p;

	if (conf_has_exclusion(text, size))
		lose_exclusion(s, line);
	if (conf_has_word_near(text, size, "match"))
		s->place->match_lost = true;
	for (p = s->buf->s + start; p < s->buf->s + end; p++) {
		if (*p != '\n')
			*p = CONF_BLANK;
	}
}

static bool first_on_line(const struct syntax *s, const struct conf_token *t)
{
	size_t i = t->start;

	while (i > 0 && strchr(" \t\r", s->buf->s[i - 1]) && s->buf->s[i - 1])
		i--;
	return i == 0 || s->buf->s[i - 1] == '\n';
}

static bool begins_section(const struct syntax *s, const struct conf_token *after_name)
{
	if (after_name->type == TOKEN_OPEN)
		return true;
	return is_text(after_name) && next(s, after_name).type == TOKEN_OPEN;
}

static bool begins_statement(const struct syntax *s, const struct conf_token *t)
{
	struct conf_token n;

	if (t->type != TOKEN_WORD || !first_on_line(s, t))
		return false;
	n = next(s, t);
	return n.type == TOKEN_EQUALS || n.type == TOKEN_APPEND || begins_section(s, &n);
}

/* Blank out what begins at @start and has its mistake at @bad. Return: where to go on. */
static struct conf_token reject(struct syntax *s, const struct conf_token *start,
				struct conf_token bad, bool in_list)
{
	struct conf_token t = bad;
	unsigned int depth = in_list;

	if (t.start == start->start)
		t = next(s, &t);
	for (; t.type != TOKEN_END && !begins_statement(s, &t); t = next(s, &t)) {
		if (t.type == TOKEN_OPEN)
			depth++;
		else if (t.type == TOKEN_CLOSE && depth)
			depth--;
		else if (t.type == TOKEN_CLOSE && s->place->section != CONF_TOP)
			break;
	}
	blank_out(s, start->start, t.start, start->line);
	return t;
}

/* Blank out from @start to the brace that matches @open. Return: where to go on. */
static struct conf_token drop_section(struct syntax *s, const struct conf_token *start,
				      const struct conf_token *open)
{
	struct conf_token t = next(s, open);
	unsigned int depth = 1;

	for (; t.type != TOKEN_END; t = next(s, &t)) {
		if (t.type == TOKEN_OPEN)
			depth++;
		else if (t.type == TOKEN_CLOSE && !--depth)
			break;
	}
	if (depth)
		conf_complain(s->place, start->line, NULL,
			      "the section that begins here is not closed");
	blank_out(s, start->start, t.end, start->line);
	return next(s, &t);
}

static void complain_unexpected(struct syntax *s, const struct conf_token *t, const char *key,
				const char *wanted)
{
	char name[48];

	if (t->type == TOKEN_BAD)
		conf_complain(s->place, t->line, key, "%s: %s", token_name(s, t, name), t->why);
	else if (t->type == TOKEN_EQUALS)
		conf_complain(s->place, t->line, key,
			      "a value with '=' in it must stand in quotes");
	else
		conf_complain(s->place, t->line, key, "%s expected, not %s", wanted,
			      token_name(s, t, name));
}

static bool count_value(struct syntax *s, const struct conf_token *t, const char *key)
{
	if (s->dropped || ++s->nr_values <= CONF_MAX_VALUES)
		return true;
	conf_complain(s->place, t->line, key, "more than %d values in one file", CONF_MAX_VALUES);
	return false;
}

/* What became of a value. Where it is not good it has been named why. */
enum outcome {
	VALUE_GOOD,
	VALUE_BAD,  /* but it is clear where it ends */
	VALUE_LOST, /* reject() has to look for the next statement */
};

/* Tokens that touch @v, without a blank, are meant as part of it. Return: the one behind them. */
static struct conf_token skip_glued(const struct syntax *s, struct conf_token v, bool *glued)
{
	struct conf_token n = next(s, &v);

	for (*glued = false; n.start == v.end; n = next(s, &v)) {
		if (n.type == TOKEN_CLOSE || n.type == TOKEN_COMMA || n.type == TOKEN_END)
			break;
		*glued = true;
		if (n.type == TOKEN_OPEN)
			break;
		v = n;
	}
	return n;
}

/**
 * scalar() - a value that is one word or text
 * @line: of the equals sign
 *
 * Return: the token after it; where it is lost, the one that is wrong.
 */
static struct conf_token scalar(struct syntax *s, struct conf_token v, unsigned int line,
				const char *key, enum outcome *outcome)
{
	struct conf_token n;
	bool glued;

	*outcome = VALUE_LOST;
	if (!is_text(&v) && v.type != TOKEN_BAD) {
		complain_unexpected(s, &v, key, "a value");
		return v;
	}
	n = next(s, &v);
	if (v.line > line && (n.type == TOKEN_EQUALS || n.type == TOKEN_APPEND)) {
		conf_complain(s->place, line, key, "has no value");
		return v;
	}
	n = skip_glued(s, v, &glued);
	if (v.type == TOKEN_BAD)
		complain_unexpected(s, &v, key, "");
	else if (glued)
		conf_complain(s->place, v.line, key, "the whole value must stand in quotes");
	else if (n.type == TOKEN_EQUALS)
		complain_unexpected(s, &n, key, "");
	else if (count_value(s, &v, key))
		*outcome = VALUE_GOOD;
	if (*outcome != VALUE_GOOD && n.type != TOKEN_EQUALS && n.type != TOKEN_OPEN)
		*outcome = VALUE_BAD;
	return n;
}

/* { TEXT, TEXT ... }: as scalar(). A comma may stand before the closing brace. */
static struct conf_token list(struct syntax *s, const struct conf_token *open, const char *key,
			      enum outcome *outcome)
{
	struct conf_token t = next(s, open);

	*outcome = VALUE_LOST;
	while (t.type != TOKEN_CLOSE) {
		if (!is_text(&t)) {
			complain_unexpected(s, &t, key, "a value");
			return t;
		}
		if (!count_value(s, &t, key))
			return t;
		t = next(s, &t);
		if (t.type == TOKEN_COMMA) {
			t = next(s, &t);
		} else if (t.type != TOKEN_CLOSE) {
			complain_unexpected(s, &t, key, "',' or '}'");
			return t;
		}
	}
	*outcome = VALUE_GOOD;
	return next(s, &t);
}

/* Where else a key that is unknown here would be right, or what was meant, as the end of a message. */
static const char *key_home(const struct syntax *s, const char *word, char *buf, size_t size)
{
	const struct conf_key *key;

	for (key = conf_keys; key < conf_keys + conf_nr_keys; key++) {
		if (strcmp(key->name, word))
			continue;
		switch (key->section) {
		case CONF_PROCESS:
			return ", it belongs into a process section";
		case CONF_KERNEL:
			return ", it belongs into the kernel section";
		case CONF_TARGET:
			return ", it belongs into a target section";
		default:
			return ", it belongs outside of all sections";
		}
	}
	key = conf_key_near(s->place->section, word, strlen(word));
	if (!key)
		return "";
	snprintf(buf, size, ", is '%s' meant?", key->name);
	return buf;
}

/* False, and it is named what is wrong with the key itself, apart from its value. */
static bool key_is_good(struct syntax *s, const struct conf_token *name, const char *word,
			bool append, bool braces)
{
	const struct conf_key *key = conf_key_find(s->place->section, word, strlen(word));
	unsigned int *seen;
	char buf[48];

	if (!key) {
		conf_complain(s->place, name->line, NULL, "unknown key '%s'%s", word,
			      key_home(s, word, buf, sizeof(buf)));
		unknown_word(s, word, strlen(word), name->line);
		return false;
	}
	seen = &s->seen[key - conf_keys];
	if ((append || braces) && !conf_key_is_list(key)) {
		conf_complain(s->place, name->line, word, "takes one value, not a list");
		return false;
	}
	if (*seen && !append) {
		conf_complain(s->place, name->line, word, "is set already in line %u", *seen);
		return false;
	}
	*seen = name->line;
	return true;
}

/* NAME = VALUE. Return: where to go on. */
static struct conf_token assignment(struct syntax *s, const struct conf_token *name,
				    const struct conf_token *equals)
{
	struct conf_token value = next(s, equals), after;
	bool braces = value.type == TOKEN_OPEN, good;
	enum outcome outcome;
	char word[CONF_MAX_TITLE + 1];

	snprintf(word, sizeof(word), "%.*s", (int)(name->end - name->start),
		 s->buf->s + name->start);
	good = key_is_good(s, name, word, equals->type == TOKEN_APPEND, braces);
	s->dropped = !good;
	if (braces)
		after = list(s, &value, word, &outcome);
	else
		after = scalar(s, value, equals->line, word, &outcome);
	if (outcome == VALUE_LOST)
		return reject(s, name, after, braces);
	if (!good || outcome == VALUE_BAD)
		blank_out(s, name->start, after.start, name->line);
	return after;
}

static void leave_section(struct syntax *s)
{
	struct conf_head *head = &s->heads->v[s->heads->n - 1];

	head->damaged = conf_is_damaged(s->place);
	head->exclude_lost_line = s->place->section_exclude_lost_line;
	head->match_lost = s->place->match_lost;
	conf_enter(s->place, CONF_TOP, "", 0);
}

/* A closing brace where one was forgotten. The buffer has room for one for each section. */
static void insert_brace(struct syntax *s, size_t pos)
{
	struct conf_buf *buf = s->buf;
	unsigned int line = s->section_line;

	conf_complain(s->place, line, NULL, "the section that begins here is not closed");
	memmove(buf->s + pos + 1, buf->s + pos, buf->size - pos);
	buf->s[pos] = '}';
	buf->size++;
	leave_section(s);
}

/* A title is compared byte by byte, so it is written in one way only. */
static bool take_title(const struct syntax *s, const struct conf_token *t, struct conf_head *head)
{
	size_t quotes = t->type == TOKEN_STRING, i;
	const char *text = s->buf->s + t->start + quotes;

	head->title_size = t->end - t->start - 2 * quotes;
	if (!head->title_size || head->title_size > CONF_MAX_TITLE)
		return false;
	for (i = 0; i < head->title_size; i++) {
		if (strchr("\\\"'", text[i]) || iscntrl((unsigned char)text[i]))
			return false;
	}
	if (memmem(text, head->title_size, "${", 2))
		return false;
	memcpy(head->title, text, head->title_size);
	return true;
}

/* What forbids a section; nothing: true. */
static bool head_is_good(struct syntax *s, const struct conf_head *head, bool has_title)
{
	const char *name = conf_section_name(head->section);
	const struct conf_head *other;

	if (head->section != CONF_KERNEL && !has_title) {
		conf_complain(s->place, head->line, NULL, "a %s section needs a title in quotes",
			      name);
		return false;
	}
	if (s->heads->n >= CONF_MAX_SECTIONS) {
		conf_complain(s->place, head->line, NULL, "more than %d sections",
			      CONF_MAX_SECTIONS);
		return false;
	}
	vec_for_each (other, s->heads) {
		if (other->section != head->section || other->title_size != head->title_size ||
		    memcmp(other->title, head->title, head->title_size))
			continue;
		conf_complain(s->place, head->line, NULL, "%s%s%.*s%s is there already in line %u",
			      name, has_title ? " \"" : "", (int)head->title_size, head->title,
			      has_title ? "\"" : "", other->line);
		return false;
	}
	return true;
}

/* NAME [TITLE] {. Return: where to go on. */
static struct conf_token section(struct syntax *s, struct conf_token name, enum conf_section kind)
{
	struct conf_head head = { .section = kind, .line = name.line };
	struct conf_token title, open;
	bool has_title;

	if (s->place->section != CONF_TOP) {
		insert_brace(s, name.start);
		name.start++;
		name.end++;
	}
	title = next(s, &name);
	has_title = title.type != TOKEN_OPEN;
	open = has_title ? next(s, &title) : title;
	if (has_title && kind == CONF_KERNEL) {
		conf_complain(s->place, name.line, NULL, "the kernel section has no title");
		blank_out(s, title.start, title.end, title.line);
		has_title = false;
	}
	if (has_title && !take_title(s, &title, &head)) {
		conf_complain(s->place, name.line, NULL,
			      "a title has 1 to %d bytes, without quotes, backslashes and \"${\"",
			      CONF_MAX_TITLE);
		return drop_section(s, &name, &open);
	}
	if (!head_is_good(s, &head, has_title))
		return drop_section(s, &name, &open);
	if (!conf_heads_push(s->heads, head)) {
		s->nomem = true;
		return drop_section(s, &name, &open);
	}
	conf_enter(s->place, kind, head.title, head.title_size);
	s->section_line = name.line;
	memset(s->seen, 0, sizeof(s->seen));
	return next(s, &open);
}

/* What begins with a word. Return: where to go on. */
static struct conf_token statement(struct syntax *s, const struct conf_token *name)
{
	const char *word = s->buf->s + name->start;
	size_t size = name->end - name->start;
	struct conf_token n = next(s, name), open;
	enum conf_section kind = conf_section_find(word, size);
	char buf[48];

	if (n.type == TOKEN_EQUALS || n.type == TOKEN_APPEND)
		return assignment(s, name, &n);
	if (begins_section(s, &n)) {
		if (kind != CONF_TOP)
			return section(s, *name, kind);
		conf_complain(s->place, name->line, NULL, "unknown section %s",
			      token_name(s, name, buf));
		unknown_word(s, word, size, name->line);
		open = n.type == TOKEN_OPEN ? n : next(s, &n);
		return drop_section(s, name, &open);
	}
	if (n.type == TOKEN_BAD)
		complain_unexpected(s, &n, NULL, "");
	else if (kind != CONF_TOP)
		conf_complain(s->place, name->line, NULL, "%s lacks its '{'",
			      token_name(s, name, buf));
	else if (conf_key_find(s->place->section, word, size))
		conf_complain(s->place, name->line, NULL, "%s lacks its '='",
			      token_name(s, name, buf));
	else
		conf_complain(s->place, name->line, NULL, "unknown key %s",
			      token_name(s, name, buf));
	unknown_word(s, word, size, name->line);
	return reject(s, name, n, false);
}

int conf_check_syntax(struct conf_buf *buf, struct conf_place *place, struct conf_heads *heads,
		      struct err *err)
{
	struct syntax s = { .buf = buf, .place = place, .heads = heads };
	struct conf_token t = conf_lex(buf, 0, 1);

	while (t.type != TOKEN_END) {
		if (t.type == TOKEN_WORD) {
			t = statement(&s, &t);
		} else if (t.type == TOKEN_CLOSE && place->section != CONF_TOP) {
			leave_section(&s);
			t = next(&s, &t);
		} else {
			complain_unexpected(&s, &t, NULL, "a key or a section");
			t = reject(&s, &t, t, false);
		}
	}
	if (place->section != CONF_TOP)
		insert_brace(&s, buf->size);
	buf->s[buf->size] = 0;
	return s.nomem ? err_nomem(err) : 0;
}
