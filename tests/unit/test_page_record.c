/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames that were looked at: as ranges, coarser where there are too many. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "kdump/page_record.h"

/* What was looked at, as "PADDR+SIZE ..." in hexadecimal. */
static void look(struct page_record *r, const char *s)
{
	unsigned long paddr, size;
	int n;

	for (; sscanf(s, "%lx+%lx%n", &paddr, &size, &n) == 2; s += n)
		page_record_add(r, paddr, size);
	page_record_settle(r);
}

static void test_add(void **state)
{
	static const struct {
		const char *what;
		size_t max;
		const char *looked_at, *want; /* frames */
	} rows[] = {
		{ "nothing", 8, "", "" },
		{ "nothing of a page is no page", 8, "1000+0", "" },
		{ "a byte is its page", 8, "1fff+1", "1-2 " },
		{ "two bytes may be two pages", 8, "1fff+2", "1-3 " },
		{ "the same page again and again", 8, "1000+8 1010+8 3000+8 1020+8", "1-2 3-4 " },
		{ "backward, and touching", 8, "5000+1000 4000+1000 3000+1000", "3-6 " },
		{ "a page after a longer stretch that begins with it", 8, "1000+4000 1000+8", "1-5 " },
		{ "a longer stretch after its first page", 8, "1000+8 9000+8 1000+4000", "1-5 9-10 " },
		{ "what wraps around is nothing", 8, "fffffffffffff000+2000", "" },
		{ "as many ranges as there is room for", 4, "1000+1 3000+1 5000+1 7000+1", "1-2 3-4 5-6 7-8 " },
		{ "one more: those one frame apart are joined", 4,
		  "1000+1 3000+1 5000+1 100000+1 200000+1", "1-6 256-257 512-513 " },
		{ "far apart: joined over any distance", 2, "1000+1 9000+1 100000+1 1000000+1", "1-257 4096-4097 " },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct pfn_range *range;
		struct page_record *r;
		char text[256] = "";

		assert_int_equal(page_record_create(4096, rows[i].max, &r, NULL), 0);
		look(r, rows[i].looked_at);
		vec_for_each (range, &r->ranges)
			sprintf(text + strlen(text), "%lu-%lu ", (unsigned long)range->start,
				(unsigned long)range->end);
		if (strcmp(text, rows[i].want))
			fail_msg("%s: got '%s', want '%s'", rows[i].what, text, rows[i].want);
		assert_false(r->failed);
		page_record_destroy(r);
	}
}

/* However many there are, memory stays what it is, and every page that was looked at is in a range. */
static void test_bounded(void **state)
{
	const struct pfn_range *range;
	struct page_record *r;
	pfn_t pfn = 0, i;

	(void)state;
	assert_int_equal(page_record_create(4096, 64, &r, NULL), 0);
	for (i = 0; i < 100000; i++) {
		pfn = (pfn * 2862933555777941757ull + 3037000493ull) & 0xffffff;
		page_record_add(r, pfn << 12, 8);
		assert_true(r->ranges.n <= 64);
	}
	page_record_settle(r);
	for (pfn = 0, i = 0; i < 100000; i++) {
		bool found = false;

		pfn = (pfn * 2862933555777941757ull + 3037000493ull) & 0xffffff;
		vec_for_each (range, &r->ranges)
			found = found || (pfn >= range->start && pfn < range->end);
		assert_true(found);
	}
	page_record_destroy(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
