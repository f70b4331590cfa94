/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as a selection, up to the first newline; the next lines are the comm, the exe and the
 * cgroup of a process, the rest its other facts. Besides not crashing: a term and its negation
 * never hold both, neither holds where the fact is not known, and the text that is kept means the
 * same.
 */
#undef NDEBUG
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "select/select.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cut the first line off, as a string of its own. */
static char *take_line(const uint8_t **data, size_t *size)
{
	const uint8_t *newline = memchr(*data, '\n', *size);
	size_t n = newline ? (size_t)(newline - *data) : *size;
	char *line = strndup((const char *)*data, n);

	assert(line);
	n += newline != NULL;
	*data += n;
	*size -= n;
	return line;
}

static uint64_t take_number(const uint8_t **data, size_t *size)
{
	uint64_t n = 0;
	size_t take = *size < sizeof(n) ? *size : sizeof(n);

	memcpy(&n, *data, take);
	*data += take;
	*size -= take;
	return n;
}

static void check_negation(const struct selection *sel, const struct select_subject *s)
{
	static const struct select_subject unknown = { .hung_seconds = -1 };
	struct select_term term = sel->terms.v[0], negated = term;
	const struct selection one = { .terms = { &term, 1, 1 } };
	const struct selection other = { .terms = { &negated, 1, 1 } };

	negated.negated = !negated.negated;
	assert(!selection_matches(&one, s) || !selection_matches(&other, s));
	assert(!selection_matches(&one, &unknown) && !selection_matches(&other, &unknown));
	if (s->known == 0xfff && s->comm && s->exe && s->cgroup && s->state)
		assert(selection_matches(&one, s) || selection_matches(&other, s));
}

static void check_selection(const struct selection *sel, const struct select_subject *s)
{
	struct selection again;
	struct err err = { 0 };

	assert(sel->terms.n > 0 && sel->terms.n <= SELECTION_MAX_TERMS);
	check_negation(sel, s);
	assert(!selection_parse(sel->text, &again, &err));
	assert(selection_matches(sel, s) == selection_matches(&again, s));
	assert(selection_names_without_wildcard(sel) == selection_names_without_wildcard(&again));
	selection_free(&again);
}

/* An option's value is one term, whatever is in it. */
static void check_option(const char *value, const struct select_subject *s)
{
	struct selection sel;
	struct err err = { 0 };

	if (selection_of_comm(value, &sel, &err)) {
		assert(err.rc == ERR_INVALID);
		return;
	}
	assert(sel.terms.n == 1);
	if (strlen(sel.text) <= SELECTION_MAX_SIZE)
		check_selection(&sel, s);
	selection_free(&sel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = take_line(&data, &size), *comm = take_line(&data, &size);
	char *exe = take_line(&data, &size), *cgroup = take_line(&data, &size);
	char *state = take_line(&data, &size);
	struct select_subject s = { .comm = comm, .exe = exe, .cgroup = cgroup, .state = state };
	struct selection sel;
	struct err err = { 0 };

	s.known = (unsigned int)take_number(&data, &size) & 0xfff;
	s.pid = (uint32_t)take_number(&data, &size);
	s.uid = (uint32_t)take_number(&data, &size);
	s.hung_seconds = s.known & FACT_HUNG ? (int64_t)take_number(&data, &size) : -1;
	s.rss = take_number(&data, &size);
	s.on_cpu = s.rss & 1;
	s.panic = s.rss & 2;
	if (!selection_parse(text, &sel, &err)) {
		check_selection(&sel, &s);
		selection_free(&sel);
	} else {
		assert(err.rc == ERR_INVALID && *err.text);
	}
	check_option(text, &s);
	free(text);
	free(comm);
	free(exe);
	free(cgroup);
	free(state);
	return 0;
}
