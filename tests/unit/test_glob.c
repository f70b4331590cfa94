/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Globs: a table, fnmatch(3) over all short patterns, and time. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/glob.h"
#include "util/types.h"

static void test_table(void **state)
{
	static const struct {
		const char *pattern, *s;
		bool matches;
	} rows[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "redis-server", "redis-server", true },
		{ "redis-server", "redis-serve", false },
		{ "redis", "redis-server", false },
		{ "Redis", "redis", false },
		{ "*", "", true },
		{ "*", "anything/at all", true },
		{ "**", "x", true },
		{ "redis*", "redis", true },
		{ "*server", "redis-server", true },
		{ "*server", "redis-servers", false },
		{ "*a*b*c*", "xxaxxbxxcxx", true },
		{ "*a*b*c*", "xxaxxcxxbxx", false },
		{ "a*a", "a", false },
		{ "a*a", "aa", true },
		{ "*aab", "aaaaab", true },
		{ "/usr/*/redis", "/usr/local/bin/redis", true },
		{ "/system.slice/*", "/system.slice/redis.service", true },
		{ "?", "", false },
		{ "?", "a", true },
		{ "?", "ab", false },
		{ "??", "\xc3\xa9", true }, /* bytes, not characters */
		{ "kworker/?:*", "kworker/0:1H", true },
		{ "[a-c]x", "bx", true },
		{ "[a-c]x", "dx", false },
		{ "[a-cx-z]", "y", true },
		{ "[!a-c]", "d", true },
		{ "[^a-c]", "a", false },
		{ "[!a-c]", "", false },
		{ "[]]", "]", true },
		{ "[]a]", "a", true },
		{ "[!]]", "]", false },
		{ "[!]]", "x", true },
		{ "[a-]", "-", true },
		{ "[-a]", "-", true },
		{ "[-a]", "b", false },
		{ "[c-a]", "b", false },
		{ "[\x80-\xff]", "\xc3", true },
		{ "[\\]]", "]", true },
		{ "[\\]]", "\\", false },
		{ "[a\\-c]", "b", false },
		{ "[a\\-c]", "-", true },
		{ "[!\\!]", "!", false },
		{ "[*]", "*", true },
		{ "[*]", "x", false },
		{ "[[]", "[", true },
		{ "[heap", "[heap", true },
		{ "[", "[", true },
		{ "[a", "a", false },
		{ "[a[b]", "[", true },
		{ "*[x", "a[x", true },
		{ "\\*", "*", true },
		{ "\\*", "x", false },
		{ "\\?", "?", true },
		{ "\\[a]", "[a]", true },
		{ "\\a", "a", true },
		{ "\\\\", "\\", true },
		{ "a\\", "a\\", true },
		{ "\\", "\\", true },
		{ "a\\", "a", false },
		{ "[a\\", "[a\\", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (glob_match(rows[i].pattern, rows[i].s) != rows[i].matches)
			fail_msg("\"%s\" and \"%s\"", rows[i].pattern, rows[i].s);
}

static void test_wildcards(void **state)
{
	static const struct {
		const char *pattern;
		bool has;
	} rows[] = {
		{ "", false },	    { "storaged", false }, { "a*", true },     { "?", true },
		{ "[ab]", true },   { "[ab", false },	   { "\\*", false },   { "\\\\*", true },
		{ "\\[a]", false }, { "\\", false },	   { "a\\?b", false }, { "[]", false },
		{ "[x[ab]", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (glob_has_wildcard(rows[i].pattern) != rows[i].has)
			fail_msg("\"%s\"", rows[i].pattern);
}

/* The @n-th string over @letters: "", one letter each, two letters each... */
static void nth_string(unsigned int n, const char *letters, char *ret)
{
	size_t base = strlen(letters), i = 0;

	for (; n; n = (n - 1) / (unsigned int)base)
		ret[i++] = letters[(n - 1) % base];
	ret[i] = 0;
}

/* With a backslash at the very end glibc matches nothing; that is in the table. */
static bool comparable(const char *p)
{
	size_t n = strlen(p);

	return !n || p[n - 1] != '\\';
}

static void test_fnmatch_agrees(void **state)
{
	static const char *const alphabets[] = { "ab*?\\", "ab*?-!]" };
	char p[16], s[16];
	unsigned int i, j, k, nr = 0;

	(void)state;
	for (k = 0; k < ARRAY_SIZE(alphabets); k++) {
		for (i = 0; i < 20000; i++) {
			nth_string(i, alphabets[k], p);
			if (!comparable(p))
				continue;
			for (j = 0; j < 121; j++) {
				nth_string(j, "ab*", s);
				if (glob_match(p, s) != !fnmatch(p, s, 0))
					fail_msg("\"%s\" and \"%s\"", p, s);
				nr++;
			}
		}
	}
	assert_true(nr > 1000000);
}

/* "[" CONTENT "]" for all short contents without '[' (glibc has classes there) and backslashes. */
static void test_fnmatch_agrees_on_sets(void **state)
{
	char content[16], p[32], s[2] = "";
	unsigned int i, nr = 0;

	(void)state;
	for (i = 1; i < 40000; i++) {
		nth_string(i, "abc-!]*", content);
		snprintf(p, sizeof(p), "[%s]", content);
		for (s[0] = '!'; s[0] < 'e'; s[0]++) {
			if (s[0] == '/' || glob_match(p, s) == !fnmatch(p, s, 0)) {
				nr++;
				continue;
			}
			fail_msg("\"%s\" and \"%s\": %d", p, s, glob_match(p, s));
		}
	}
	assert_true(nr > 1000000);
}

static void test_time_is_bounded(void **state)
{
	static const char *const units[] = { "*a", "*", "[a-z]", "*[", "[", "*?", "[!]", "a*\\a" };
	char *p = malloc(8192), *s = malloc(4097);
	clock_t start = clock();
	size_t i, n;

	(void)state;
	memset(s, 'a', 4096);
	s[4096] = 0;
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		for (n = 0; n + 8 < 4096; n += strlen(units[i]))
			strcpy(p + n, units[i]);
		strcpy(p + n, "*b");
		assert_false(glob_match(p, s));
		glob_has_wildcard(p);
	}
	/* Milliseconds here; a backtracking matcher would not come back at all. */
	assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
	free(p);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_wildcards),
		cmocka_unit_test(test_fnmatch_agrees),
		cmocka_unit_test(test_fnmatch_agrees_on_sets),
		cmocka_unit_test(test_time_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
