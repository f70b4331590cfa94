/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "select/select.h"

#include <string.h>

#include "select/select_term.h"
#include "util/cleanup.h"
#include "util/glob.h"
#include "util/str.h"

#define BLANKS " \t\n\v\f\r"

static void term_free(struct select_term *term)
{
	free(term->pattern);
}

void selection_free(struct selection *sel)
{
	struct select_term *term;

	vec_for_each (term, &sel->terms)
		term_free(term);
	select_term_vec_free(&sel->terms);
	free(sel->text);
	memset(sel, 0, sizeof(*sel));
}

/**
 * next_word() - cut the next word off a text
 * @at:   where to go on; moved behind the word
 * @word: room for the rest of the text; gets the word without its quotes, backslashes kept
 *
 * Return: 1 if there is a word, 0 at the end, ERR_INVALID as a negative number.
 */
static int next_word(const char **at, char *word, struct err *err)
{
	const char *p = *at + strspn(*at, BLANKS);
	const char *start = p;
	char quote = 0;

	if (!*p)
		return 0;
	for (; *p && (quote || !strchr(BLANKS, *p)); p++) {
		if (*p == quote) {
			quote = 0;
		} else if (!quote && (*p == '"' || *p == '\'')) {
			quote = *p;
		} else {
			if (*p == '\\' && p[1])
				*word++ = *p++;
			else if (*p == '\\')
				return -err_set(err, ERR_INVALID, "'%s' ends in a backslash",
						start);
			*word++ = *p;
		}
	}
	if (quote)
		return -err_set(err, ERR_INVALID, "'%s' lacks its closing %c", start, quote);
	*word = 0;
	*at = p;
	return 1;
}

static int set_pattern(struct select_term *term, const char *value, struct err *err)
{
	if (!*value)
		return err_set(err, ERR_INVALID, "it has no value");
	term->pattern = strdup(value);
	if (!term->pattern)
		return err_nomem(err);
	term->wildcard = glob_has_wildcard(value);
	return term->row->check ? term->row->check(term, err) : 0;
}

/* What stands after the name: "", "=GLOB", ">=NUMBER". */
static int set_value(struct select_term *term, const char *rest, struct err *err)
{
	switch (term->row->form) {
	case FORM_FLAG:
		if (*rest)
			return err_set(err, ERR_INVALID, "%s takes no value", term->row->name);
		return 0;
	case FORM_GLOB:
		if (*rest != '=')
			return err_set(err, ERR_INVALID, "it is written %s=VALUE", term->row->name);
		return set_pattern(term, rest + 1, err);
	case FORM_SECONDS:
		term->number = HUNG_SECONDS;
		if (!*rest)
			return 0;
		if (strncmp(rest, ">=", 2) || !str_parse_seconds(rest + 2, &term->number))
			return err_set(err, ERR_INVALID, "it is written %s or %s>=SECONDS",
				       term->row->name, term->row->name);
		return 0;
	case FORM_SIZE:
	default:
		if (strncmp(rest, ">=", 2) || !str_parse_size(rest + 2, &term->number))
			return err_set(err, ERR_INVALID, "it is written %s>=SIZE, such as %s>=64M",
				       term->row->name, term->row->name);
		return 0;
	}
}

static int term_parse(const char *word, struct select_term *ret, struct err *err)
{
	struct select_term term = { 0 };
	const char *name = word;
	size_t size;
	int rc;

	if (*name == '!') {
		term.negated = true;
		name++;
	}
	size = strspn(name, "abcdefghijklmnopqrstuvwxyz-");
	term.row = select_term_find(name, size);
	if (!*name)
		rc = err_set(err, ERR_INVALID, "'!' stands before a term, without a blank");
	else if (!term.row)
		rc = err_set(err, ERR_INVALID, "there is no such term, only %s",
			     select_term_list());
	else
		rc = set_value(&term, name + size, err);
	if (rc) {
		term_free(&term);
		err_add(err, "term '%s'", word);
		return rc;
	}
	*ret = term;
	return 0;
}

static int add_term(struct selection *sel, const char *word, struct err *err)
{
	struct select_term term;
	int rc;

	if (sel->terms.n >= SELECTION_MAX_TERMS)
		return err_set(err, ERR_INVALID, "more than %d terms in one selection",
			       SELECTION_MAX_TERMS);
	rc = term_parse(word, &term, err);
	if (rc)
		return rc;
	if (!select_term_vec_push(&sel->terms, term)) {
		term_free(&term);
		return err_nomem(err);
	}
	return 0;
}

static int parse_terms(const char *text, struct selection *sel, struct err *err)
{
	char *word AUTO_FREE = malloc(strlen(text) + 1);
	int more, rc;

	if (!word)
		return err_nomem(err);
	while ((more = next_word(&text, word, err)) > 0) {
		rc = add_term(sel, word, err);
		if (rc)
			return rc;
	}
	if (more < 0)
		return -more;
	if (!sel->terms.n)
		return err_set(err, ERR_INVALID, "a selection without a term");
	return 0;
}

int selection_parse(const char *text, struct selection *ret, struct err *err)
{
	struct selection sel = { 0 };
	int rc;

	if (strlen(text) > SELECTION_MAX_SIZE)
		return err_set(err, ERR_INVALID, "a selection of more than %d bytes",
			       SELECTION_MAX_SIZE);
	rc = parse_terms(text, &sel, err);
	if (!rc) {
		sel.text = strdup(text);
		if (!sel.text)
			rc = err_nomem(err);
	}
	if (rc) {
		selection_free(&sel);
		return rc;
	}
	*ret = sel;
	return 0;
}

/* A selection of one term whose value needs no quoting; its text gets a backslash before blanks. */
static int selection_of(const char *term, const char *value, struct selection *ret, struct err *err)
{
	char *text AUTO_FREE = malloc(strlen(term) + 2 * strlen(value) + 1);
	char *to;

	if (!text)
		return err_nomem(err);
	for (to = stpcpy(text, term); *value; value++) {
		if (strchr(BLANKS "\"'", *value))
			*to++ = '\\';
		*to++ = *value;
		if (*value == '\\' && value[1])
			*to++ = *++value;
	}
	*to = 0;
	return selection_parse(text, ret, err);
}

int selection_of_pid(const char *pid, struct selection *ret, struct err *err)
{
	return selection_of("pid=", pid, ret, err);
}

int selection_of_comm(const char *comm, struct selection *ret, struct err *err)
{
	return selection_of("comm=", comm, ret, err);
}

int selection_of_all(struct selection *ret, struct err *err)
{
	struct selection sel = { .text = strdup("--all") };

	if (!sel.text)
		return err_nomem(err);
	*ret = sel;
	return 0;
}

bool selection_matches(const struct selection *sel, const struct select_subject *subject)
{
	const struct select_term *term;

	vec_for_each (term, &sel->terms) {
		if (term->row->holds(term, subject) != (term->negated ? TRUTH_NO : TRUTH_YES))
			return false;
	}
	return true;
}

bool selection_names_without_wildcard(const struct selection *sel)
{
	const struct select_term *term;

	vec_for_each (term, &sel->terms) {
		if (term->row->names && !term->negated && !term->wildcard)
			return true;
	}
	return false;
}

int selection_set_take(struct selection_set *set, struct selection *sel, struct err *err)
{
	if (selection_vec_push(&set->selections, *sel))
		return 0;
	selection_free(sel);
	return err_nomem(err);
}

int selection_set_add(struct selection_set *set, const char *text, struct err *err)
{
	struct selection sel;
	int rc;

	rc = selection_parse(text, &sel, err);
	if (rc)
		return rc;
	return selection_set_take(set, &sel, err);
}

void selection_set_free(struct selection_set *set)
{
	struct selection *sel;

	vec_for_each (sel, &set->selections)
		selection_free(sel);
	selection_vec_free(&set->selections);
}

bool selection_set_matches(const struct selection_set *set, const struct select_subject *subject)
{
	const struct selection *sel;

	vec_for_each (sel, &set->selections) {
		if (selection_matches(sel, subject))
			return true;
	}
	return false;
}

static bool is_refuted(const struct selection *sel, const struct select_subject *subject)
{
	const struct select_term *term;

	vec_for_each (term, &sel->terms) {
		if (term->row->holds(term, subject) == (term->negated ? TRUTH_YES : TRUTH_NO))
			return true;
	}
	return false;
}

bool selection_set_may_match(const struct selection_set *set, const struct select_subject *subject)
{
	const struct selection *sel;

	vec_for_each (sel, &set->selections) {
		if (!is_refuted(sel, subject))
			return true;
	}
	return false;
}

enum select_verdict selection_set_judge(const struct selection_set *set,
					const struct select_subject *subject)
{
	bool dumpable = subject->known & FACT_DUMPABLE && subject->dumpable;
	enum select_verdict verdict = SELECT_NO;
	const struct selection *sel;

	vec_for_each (sel, &set->selections) {
		if (!selection_matches(sel, subject))
			continue;
		if (dumpable || selection_names_without_wildcard(sel))
			return SELECT_YES;
		verdict = SELECT_NOT_NAMED;
	}
	return verdict;
}
