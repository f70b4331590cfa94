/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames that were named for a kernel dump: put in order, and as bits of a window. */
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

#define FIRST 16
#define NR    16

typedef void apply_fn(const struct pfn_range_vec *keep, pfn_t first, uint64_t nr, uint8_t *bits);

static void test_bits(void **state)
{
	static const struct {
		const char *what;
		apply_fn *fn;
		const char *ranges, *before, *want; /* of the frames from FIRST on */
	} rows[] = {
		{ "nothing is marked", page_keep_mark, "", "..#.............", "..#............." },
		{ "ranges are marked", page_keep_mark, "17-19 30-31", "..#.............", ".##...........#." },
		{ "what reaches in from both sides", page_keep_mark, "3-18 31-99", "................", "##.............#" },
		{ "what touches the window is outside", page_keep_mark, "3-16 32-99", "................", "................" },
		{ "equal and overlapping ones are one", page_keep_mark, "20-22 18-21 20-22", "................", "..####.........." },
		{ "nothing is cleared", page_keep_clear, "", "################", "################" },
		{ "all are cleared", page_keep_clear, "0-99", "################", "................" },
		{ "ranges are cleared", page_keep_clear, "17-19 30-31", "################", "#..###########.#" },
		{ "what is clear already stays so", page_keep_clear, "17-19", "...#............", "...#............" },
		{ "all others, where there are none to keep", page_keep_clear_others, "", "################", "................" },
		{ "all others, where all are kept", page_keep_clear_others, "0-99", "##.#############", "##.#############" },
		{ "all others", page_keep_clear_others, "17-19 30-31", "#.##############", "..#...........#." },
		{ "all others, up to the end", page_keep_clear_others, "1-17 31-32", "################", "#..............#" },
	};
	size_t i, b;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pfn_range_vec ranges = { 0 };
		/* A byte behind the window, which nobody may touch. */
		uint8_t bits[NR / 8 + 1] = { 0 };

		bits[NR / 8] = 0xa5;
		parse(&ranges, rows[i].ranges);
		for (b = 0; b < NR; b++)
			bits[b / 8] |= (uint8_t)((rows[i].before[b] == '#') << b % 8);
		rows[i].fn(&ranges, FIRST, NR, bits);
		for (b = 0; b < NR; b++)
			if ((bits[b / 8] >> b % 8 & 1) != (rows[i].want[b] == '#'))
				fail_msg("%s: frame %zu", rows[i].what, FIRST + b);
		assert_int_equal(bits[NR / 8], 0xa5);
		pfn_range_vec_free(&ranges);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
