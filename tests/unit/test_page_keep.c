/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames that a kernel dump keeps whatever its level: put in order, and taken out again. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "kdump/page_keep.h"

/* "1-3 5-6" */
static void parse(struct pfn_range_vec *v, const char *s)
{
	unsigned long start, end;
	int n;

	for (; sscanf(s, "%lu-%lu%n", &start, &end, &n) == 2; s += n)
		assert_int_equal(page_keep_add(v, start, end, NULL), 0);
	page_keep_settle(v);
}

static void test_subtract(void **state)
{
	static const struct {
		const char *what, *keep, *less, *want;
	} rows[] = {
		{ "nothing from nothing", "", "", "" },
		{ "nothing", "1-3 5-6", "", "1-3 5-6 " },
		{ "from nothing", "", "1-3", "" },
		{ "all", "5-6 1-3", "0-9", "" },
		{ "the middle", "1-9", "3-5", "1-3 5-9 " },
		{ "both ends", "2-9", "1-3 8-12", "3-8 " },
		{ "over a gap", "1-4 6-9", "3-7", "1-3 7-9 " },
		{ "several in one", "1-20", "2-3 5-6 9-10", "1-2 3-5 6-9 10-20 " },
		{ "one that touches", "3-5", "1-3 5-8", "3-5 " },
		{ "one over several", "1-2 3-4 5-6 9-10", "2-9", "1-2 9-10 " },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pfn_range_vec keep = { 0 }, less = { 0 };
		const struct pfn_range *r;
		char text[128] = "";

		parse(&keep, rows[i].keep);
		parse(&less, rows[i].less);
		assert_int_equal(page_keep_subtract(&keep, &less, NULL), 0);
		vec_for_each (r, &keep)
			sprintf(text + strlen(text), "%lu-%lu ", (unsigned long)r->start,
				(unsigned long)r->end);
		if (strcmp(text, rows[i].want))
			fail_msg("%s: got '%s', want '%s'", rows[i].what, text, rows[i].want);
		pfn_range_vec_free(&keep);
		pfn_range_vec_free(&less);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subtract),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
