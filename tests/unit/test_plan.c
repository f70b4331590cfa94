/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans of processes made by hand: which bytes are kept, in which state the rest is, what NT_FILE covers. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "fake_proc.h"
#include "select/plan.h"
#include "util/bytes.h"

#define EXE	0x400000ull
#define DATA	0x402000ull
#define HEAP	0x600000ull
#define STACK	0x7ff000ull
#define SECRET	0x900000ull

#define RW (VM_READ | VM_WRITE)

/* Text of 2 pages, data of 3 (written, clean, dirty), a heap of 4, a stack of 2 of which the last is used. */
static struct fake_proc *make(void)
{
	struct fake_proc *f = fake_create();
	uint32_t exe = fake_add_file(f, "/bin/fake");
	uint8_t *stack;

	fake_add_area(f, EXE, 2, VM_READ | VM_EXEC, AREA_FILE_PRIVATE, exe, 0, "pc");
	fake_add_area(f, DATA, 3, RW, AREA_FILE_PRIVATE, exe, 2, "ocd");
	fake_add_area(f, HEAP, 4, RW, AREA_ANON, AREA_NO_FILE, 0, "oo.s");
	stack = fake_add_area(f, STACK, 2, RW | VM_GROWSDOWN, AREA_ANON, AREA_NO_FILE, 0, ".o");
	fake_add_area(f, SECRET, 1, RW | VM_DONTDUMP, AREA_ANON, AREA_NO_FILE, 0, "o");
	fake_add_thread(f, STACK + 0x1800, 0);
	put_u64(stack + 0x1900, HEAP + 0x800);
	put_u64(stack + 0x1908, SECRET + 8);
	put_u64(stack + 0x1910, EXE + 16);
	return f;
}

/* "400000-402000 file; ..." */
static void describe(const struct plan *plan, char *buf, size_t size)
{
	const struct plan_range *r;
	size_t n = 0;

	buf[0] = 0;
	vec_for_each(r, &plan->ranges)
		n += (size_t)snprintf(buf + n, size - n, "%llx-%llx %s%s%s; ",
				      (unsigned long long)r->start, (unsigned long long)r->end,
				      page_state_name((enum page_state)r->state),
				      r->reason ? " " : "",
				      r->reason ? page_reason_name((enum page_reason)r->reason) : "");
}

static void describe_files(const struct plan *plan, char *buf, size_t size)
{
	struct plan_file f;
	size_t at = 0, n = 0;

	buf[0] = 0;
	while (plan_file_next(plan, &at, &f))
		n += (size_t)snprintf(buf + n, size - n, "%llx-%llx@%llu; ",
				      (unsigned long long)f.start, (unsigned long long)f.end,
				      (unsigned long long)f.pgoff);
}

static void describe_loads(const struct plan *plan, char *buf, size_t size)
{
	struct plan_load l;
	size_t at = 0, n = 0;

	buf[0] = 0;
	while (plan_load_next(plan, &at, &l))
		n += (size_t)snprintf(buf + n, size - n, "%llx-%llx-%llx; ",
				      (unsigned long long)l.start, (unsigned long long)l.file_end,
				      (unsigned long long)l.mem_end);
}

static void expect(const char *what, const char *got, const char *want)
{
	if (strcmp(got, want))
		fail_msg("%s:\n got %s\nwant %s", what, got, want);
}

struct asked {
	const char *what;
	enum detail detail;
	bool anchors;
	const char *exclude; /* "START-END" of a range */
	uvaddr_t range_start, range_end;
	bool file_pages;
	const char *ranges, *files, *loads;
};

static const struct asked asked[] = {
	{ "tiny keeps the used stack and its red zone, byte by byte", DETAIL_TINY, true, NULL, 0, 0, false,
	  "400000-402000 file; 402000-403000 unavailable detail; 403000-404000 file; 404000-405000 unavailable detail; "
	  "600000-604000 unavailable detail; 7ff000-800780 unavailable detail; 800780-801000 captured; "
	  "900000-901000 unavailable dontdump; ",
	  "400000-402000@0; 403000-404000@3; ", "800780-801000-801000; " },
	{ "small keeps pages, and a window around what the stack points to", DETAIL_SMALL, true, NULL, 0, 0, false,
	  "400000-402000 file; 402000-403000 unavailable detail; 403000-404000 file; 404000-405000 unavailable detail; "
	  "600000-600780 unavailable detail; 600780-600900 captured; 600900-604000 unavailable detail; "
	  "7ff000-800000 unavailable detail; 800000-801000 captured; 900000-901000 unavailable dontdump; ",
	  "400000-402000@0; 403000-404000@3; ", "600780-600900-600900; 800000-801000-801000; " },
	{ "no window without anchors", DETAIL_SMALL, false, NULL, 0, 0, false,
	  "400000-402000 file; 402000-403000 unavailable detail; 403000-404000 file; 404000-405000 unavailable detail; "
	  "600000-604000 unavailable detail; 7ff000-800000 unavailable detail; 800000-801000 captured; "
	  "900000-901000 unavailable dontdump; ",
	  "400000-402000@0; 403000-404000@3; ", "800000-801000-801000; " },
	{ "data keeps what was written to file mappings, and what is newer than the file", DETAIL_DATA, false, NULL, 0, 0, false,
	  "400000-402000 file; 402000-403000 captured; 403000-404000 file; 404000-405000 captured; "
	  "600000-604000 unavailable detail; 7ff000-800000 unavailable detail; 800000-801000 captured; "
	  "900000-901000 unavailable dontdump; ",
	  "400000-402000@0; 402000-405000@2; ", "402000-403000-403000; 404000-405000-405000; 800000-801000-801000; " },
	{ "full keeps all but what is marked and what is swapped out", DETAIL_FULL, false, NULL, 0, 0, false,
	  "400000-402000 file; 402000-405000 captured; 600000-602000 captured; 602000-603000 zero; "
	  "603000-604000 unavailable swapped; 7ff000-800000 zero; 800000-801000 captured; "
	  "900000-901000 unavailable dontdump; ",
	  NULL, NULL },
	{ "an exclusion holds at full", DETAIL_FULL, true, "600800-601010", 0, 0, false, NULL,
	  NULL, "402000-405000-405000; 600000-600800-600800; 601010-602000-603000; 7ff000-801000-801000; " },
	{ "an exclusion holds for a page of a file, which then has no cover", DETAIL_DATA, false, "402010-402020", 0, 0, false,
	  "400000-402000 file; 402000-402010 captured; 402010-402020 unavailable excluded; 402020-403000 captured; "
	  "403000-404000 file; 404000-405000 captured; 600000-604000 unavailable detail; "
	  "7ff000-800000 unavailable detail; 800000-801000 captured; 900000-901000 unavailable dontdump; ",
	  "400000-402000@0; 403000-405000@3; ", NULL },
	{ "a range of a marked area is not kept", DETAIL_TINY, false, NULL, SECRET, SECRET + 64, false, NULL, NULL,
	  "800780-801000-801000; " },
	{ "a range at tiny is bytes", DETAIL_TINY, false, NULL, HEAP + 100, HEAP + 200, false, NULL, NULL,
	  "600064-6000c8-6000c8; 800780-801000-801000; " },
	{ "a part of a written page has no cover of a file", DETAIL_TINY, false, NULL, DATA + 100, DATA + 200, false, NULL,
	  "400000-402000@0; 403000-404000@3; ", "402064-4020c8-4020c8; 800780-801000-801000; " },
	{ "a part of a clean page keeps the cover", DETAIL_TINY, false, NULL, DATA + 0x1100, DATA + 0x1200, false, NULL,
	  "400000-402000@0; 403000-404000@3; ", "403100-403200-403200; 800780-801000-801000; " },
	{ "a range that is zero is known to be zero", DETAIL_TINY, false, NULL, HEAP + 0x2000, HEAP + 0x2100, false, NULL, NULL,
	  "602000-602000-602100; 800780-801000-801000; " },
	{ "file pages come from the page cache, and those only that the file has", DETAIL_TINY, false, NULL, 0, 0, true,
	  "400000-401000 captured; 401000-402000 captured; 402000-403000 unavailable detail; 403000-404000 captured; "
	  "404000-405000 unavailable detail; 600000-604000 unavailable detail; 7ff000-800780 unavailable detail; "
	  "800780-801000 captured; 900000-901000 unavailable dontdump; ",
	  "400000-402000@0; 403000-404000@3; ", "400000-402000-402000; 403000-404000-404000; 800780-801000-801000; " },
};

static void test_asked(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(asked); i++) {
		const struct asked *a = &asked[i];
		struct conf_process section = { 0 };
		const struct conf_process *sections[] = { &section };
		struct conf_range range = { a->range_start, a->range_end, 1 };
		struct conf_exclude exclude = { .kind = CONF_EXCLUDE_RANGE };
		struct fake_proc *f = make();
		struct keep_opts o;
		struct plan plan;
		char text[2048];

		keep_opts_init(&o, a->detail);
		if (a->range_end)
			section.ranges = (struct conf_ranges){ &range, 1, 1 };
		if (a->exclude) {
			char *end;

			exclude.range.start = strtoull(a->exclude, &end, 16);
			exclude.range.end = strtoull(end + 1, NULL, 16);
			section.exclude = (struct conf_excludes){ &exclude, 1, 1 };
		}
		keep_opts_merge(&o, sections, 1);
		o.anchors = a->anchors;
		o.file_pages = a->file_pages;
		assert_int_equal(plan_make(&f->p, &o, &plan, NULL), 0);
		describe(&plan, text, sizeof(text));
		if (a->ranges)
			expect(a->what, text, a->ranges);
		describe_files(&plan, text, sizeof(text));
		if (a->files)
			expect(a->what, text, a->files);
		describe_loads(&plan, text, sizeof(text));
		if (a->loads)
			expect(a->what, text, a->loads);
		plan_deinit(&plan);
		fake_destroy(f);
	}
}

/* The cost follows what is kept: a heap of any size is not walked at small. */
static void test_cost(void **state)
{
	struct fake_proc *f = make();
	struct keep_opts o;
	struct plan plan;

	(void)state;
	f->p.areas.v[2].end = HEAP + GIB(64);
	f->p.areas.n = 3;
	f->p.threads.n = 0;
	keep_opts_init(&o, DETAIL_SMALL);
	assert_int_equal(plan_make(&f->p, &o, &plan, NULL), 0);
	assert_true(f->nr_reads < 100);
	assert_true(plan.unavailable[REASON_DETAIL] >= GIB(64));
	plan_deinit(&plan);
	f->p.areas.n = 5;
	fake_destroy(f);
}

static void test_stacks(void **state)
{
	static const struct {
		const char *what;
		uvaddr_t sp, tp;
		uint64_t max, base;
		const char *loads;
	} rows[] = {
		{ "to the thread pointer", 0x10100, 0x13000, UINT64_MAX, 0, "10080-13000-13000; " },
		{ "a thread pointer below is another's", 0x10100, 0x10080, UINT64_MAX, 0, "10080-20080-20080; " },
		{ "the red zone ends where the area does", 0x10010, 0x10100, UINT64_MAX, 0, "10000-10100-10100; " },
		{ "head and base of a stack that is capped", 0x10100, 0x18080, 0x1000, 0x800,
		  "10080-11080-11080; 17880-18080-18080; " },
		{ "a cap that does not cut", 0x10100, 0x12080, 0x2000, 0x800, "10080-12080-12080; " },
		{ "head and base that meet", 0x10100, 0x12080, 0x1800, 0x800, "10080-12080-12080; " },
		{ "a stack in a heap is capped by itself", 0x14000, 0, UINT64_MAX, 0, "13f80-23f80-23f80; " },
		{ "a stack pointer that points nowhere", 0x5000, 0, UINT64_MAX, 0, "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fake_proc *f = fake_create();
		struct keep_opts o;
		struct plan plan;
		char text[512];
		static const char all[] = "oooooooooooooooooooooooooooooooooooooooo";

		fake_add_area(f, 0x10000, 40, RW, AREA_ANON, AREA_NO_FILE, 0, all);
		fake_add_thread(f, rows[i].sp, rows[i].tp);
		keep_opts_init(&o, DETAIL_TINY);
		o.stack_max = rows[i].max;
		o.stack_base = rows[i].base;
		assert_int_equal(plan_make(&f->p, &o, &plan, NULL), 0);
		describe_loads(&plan, text, sizeof(text));
		expect(rows[i].what, text, rows[i].loads);
		plan_deinit(&plan);
		fake_destroy(f);
	}
}

static bool is_loaded(const struct plan *plan, uvaddr_t at)
{
	struct plan_load l;
	size_t i = 0;

	while (plan_load_next(plan, &i, &l))
		if (at >= l.start && at < l.mem_end)
			return true;
	return false;
}

/* Each detail holds what the one before holds, also where the process's filter would leave all out. */
static void test_supersets(void **state)
{
	uint32_t filter;

	(void)state;
	for (filter = 0; filter <= DUMP_DEFAULT; filter += DUMP_DEFAULT) {
		struct fake_proc *f = make();
		struct plan plans[DETAIL_NR];
		const struct proc_area *a;
		struct keep_opts o;
		uvaddr_t at;
		int d;

		f->p.coredump_filter = filter;
		for (d = DETAIL_TINY; d < DETAIL_NR; d++) {
			keep_opts_init(&o, (enum detail)d);
			assert_int_equal(plan_make(&f->p, &o, &plans[d], NULL), 0);
		}
		vec_for_each(a, &f->p.areas)
			for (at = a->start; at < a->end; at += 16)
				for (d = DETAIL_TINY; d < DETAIL_FULL; d++)
					if (is_loaded(&plans[d], at) && !is_loaded(&plans[d + 1], at))
						fail_msg("0x%llx is in %s, and not in %s with filter 0x%x",
							 (unsigned long long)at,
							 detail_name((enum detail)d),
							 detail_name((enum detail)(d + 1)), filter);
		for (d = DETAIL_TINY; d < DETAIL_NR; d++)
			plan_deinit(&plans[d]);
		fake_destroy(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_stacks),
		cmocka_unit_test(test_supersets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
