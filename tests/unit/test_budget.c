/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_shrink(): the largest areas lose their ends first, and the sums stay right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "select/budget.h"

#define PAGE 0x1000u

struct row {
	const char *name;
	uint64_t pages[3];	/* captured, of three areas */
	uint64_t max_pages;
	uint64_t want[3];
	bool stack; /* the first area is one */
};

static const struct row rows[] = {
	{ "what fits stays as it is", { 4, 2, 1 }, 7, { 4, 2, 1 }, false },
	{ "the largest shrinks first", { 100, 2, 1 }, 10, { 7, 2, 1 }, false },
	{ "two large ones share alike", { 50, 50, 1 }, 11, { 5, 5, 1 }, false },
	{ "nothing is kept where nothing may be", { 3, 2, 1 }, 0, { 0, 0, 0 }, false },
	{ "a stack is kept in any case", { 9, 2, 2 }, 11, { 9, 1, 1 }, true },
	{ "a stack is kept even if it does not fit", { 9, 2, 2 }, 5, { 9, 0, 0 }, true },
};

static void fill(struct plan *plan, struct proc *p, const struct row *r)
{
	uint32_t i;

	memset(p, 0, sizeof(*p));
	memset(plan, 0, sizeof(*plan));
	p->page_size = PAGE;
	plan->p = p;
	for (i = 0; i < 3; i++) {
		uvaddr_t start = 0x100000u * (i + 1);
		struct proc_area a = { .start = start, .end = start + 0x80000u, .file = AREA_NO_FILE };
		struct plan_range captured = { .start = start, .end = start + r->pages[i] * PAGE,
					       .area = i, .state = PAGE_CAPTURED,
					       .rule = r->stack && !i ? RULE_STACK : RULE_FILTER };
		struct plan_range zero = { .start = captured.end, .end = a.end, .area = i,
					   .state = PAGE_ZERO };

		assert_true(proc_area_vec_push(&p->areas, a));
		assert_true(plan_range_vec_push(&plan->ranges, captured));
		assert_true(plan_range_vec_push(&plan->ranges, zero));
		plan->bytes[PAGE_CAPTURED] += captured.end - captured.start;
		plan->bytes[PAGE_ZERO] += zero.end - zero.start;
	}
}

static void test_shrink(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t got[3] = { 0 }, total = 0, covered = 0;
		const struct plan_range *r;
		struct plan plan;
		struct proc p;

		fill(&plan, &p, &rows[i]);
		plan_shrink(&plan, rows[i].max_pages * PAGE);
		vec_for_each(r, &plan.ranges) {
			covered += r->end - r->start;
			if (r->state == PAGE_CAPTURED)
				got[r->area] += (r->end - r->start) / PAGE;
			if (r->state == PAGE_UNAVAILABLE)
				assert_int_equal(r->reason, REASON_BUDGET);
		}
		total = got[0] + got[1] + got[2];
		if (memcmp(got, rows[i].want, sizeof(got)))
			fail_msg("%s: %llu %llu %llu", rows[i].name, (unsigned long long)got[0],
				 (unsigned long long)got[1], (unsigned long long)got[2]);
		assert_int_equal(plan.bytes[PAGE_CAPTURED], total * PAGE);
		assert_int_equal(covered, 3 * 0x80000u);
		plan_deinit(&plan);
		proc_area_vec_free(&p.areas);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_shrink) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
