/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a configuration. Besides not crashing: conf_parse() returns 0, so libconfuse never
 * finds a mistake that was not found before it; what is printed reads back without a mistake and
 * prints the same; the shell's assignments are nothing but assignments of quoted texts.
 */
#undef NDEBUG
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "select/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *printed(void (*print)(const struct conf *, FILE *), const struct conf *conf)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert(out);
	print(conf, out);
	fclose(out);
	assert(strlen(text) == size);
	return text;
}

static void check_problems(const struct conf_problems *problems)
{
	const struct conf_problem *problem, *before = NULL;

	vec_for_each (problem, &problems->list) {
		assert(problem->line >= 1);
		assert(!before || before->line <= problem->line);
		before = problem;
	}
	assert(problems->nr >= problems->list.n);
	assert(problems->list.n <= CONF_MAX_PROBLEMS);
}

static void check_round_trip(const struct conf *conf)
{
	struct conf_problems problems = { 0 };
	char *first = printed(conf_print, conf), *second;
	struct err err = { 0 };
	struct conf again;

	assert(!conf_parse("again", first, strlen(first), &again, &problems, &err));
	assert(!problems.nr);
	second = printed(conf_print, &again);
	assert(!strcmp(first, second));
	conf_problems_free(&problems);
	conf_free(&again);
	free(first);
	free(second);
}

/* NAME='TEXT' lines; in TEXT a quote is written '\''. */
static void check_shell(const struct conf *conf)
{
	char *text = printed(conf_print_shell, conf), *p = text;

	while (*p) {
		assert(!strncmp(p, "VMSIFT_", 7));
		p += strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
		assert(!strncmp(p, "='", 2));
		p += 2;
		for (;;) {
			p += strcspn(p, "'");
			assert(*p);
			if (strncmp(p, "'\\''", 4))
				break;
			p += 4;
		}
		assert(!strncmp(p, "'\n", 2));
		p += 2;
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_problems problems = { 0 };
	struct err err = { 0 };
	struct conf conf;

	assert(!conf_parse("fuzz", (const char *)data, size, &conf, &problems, &err));
	check_problems(&problems);
	check_round_trip(&conf);
	check_shell(&conf);
	conf_problems_free(&problems);
	conf_free(&conf);
	return 0;
}
