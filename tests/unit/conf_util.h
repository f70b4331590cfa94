/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the configuration share. Included after cmocka.h. */
#ifndef TESTS_UNIT_CONF_UTIL_H
#define TESTS_UNIT_CONF_UTIL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "select/conf.h"

/* All problems, a line each, without "t.conf:". Free it. */
static inline char *problems_text(const struct conf_problems *problems)
{
	const struct conf_problem *problem;
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	vec_for_each (problem, &problems->list) {
		assert_memory_equal(problem->text, "t.conf:", strlen("t.conf:"));
		fprintf(out, "%s\n", problem->text + strlen("t.conf:"));
	}
	fclose(out);
	return text;
}

static inline char *printed(void (*print)(const struct conf *, FILE *), const struct conf *conf)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	print(conf, out);
	fclose(out);
	return text;
}

/* Parse a text that has no mistakes. */
static inline void parse_good(const char *text, size_t size, struct conf *conf)
{
	struct conf_problems problems = { 0 };
	struct err err = { 0 };
	char *found;

	assert_int_equal(conf_parse("t.conf", text, size, conf, &problems, &err), 0);
	found = problems_text(&problems);
	assert_string_equal(found, "");
	assert_int_equal(problems.nr, 0);
	free(found);
	conf_problems_free(&problems);
}

/* Printing, reading and printing again gives the same text. */
static inline void check_round_trip(const struct conf *conf)
{
	char *first = printed(conf_print, conf), *second;
	struct conf again;

	parse_good(first, strlen(first), &again);
	second = printed(conf_print, &again);
	assert_string_equal(first, second);
	free(first);
	free(second);
	conf_free(&again);
}

#endif
