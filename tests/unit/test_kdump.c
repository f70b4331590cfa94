/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing kdump-compressed files, read again by the reader of saved dumps: places, bitmaps, budgets. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "files.h"
#include "kdump/kdump.h"
#include "kdump/page_set.h"
#include "kdump/pool.h"
#include "small_kdump.h"
#include "vmcore/vmcore.h"

static struct files tmp;

static struct vmcore *open_small(void)
{
	static uint8_t image[SMALL_MAX];
	size_t n = small_kdump(image);
	FILE *f = fopen(in_dir(&tmp, "small"), "w");
	struct vmcore *vc;

	assert_non_null(f);
	assert_int_equal(fwrite(image, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(vmcore_open(in_dir(&tmp, "small"), NULL, &vc, NULL), 0);
	return vc;
}

/* To a file; @pipe: through a pipe, which cannot seek. */
static int write_dump(struct vmcore *vc, const struct kdump_opts *o, bool pipe,
		      struct kdump_stats *st, struct err *err)
{
	struct kmem km = { .vc = vc };
	struct sink *sink;
	FILE *p = NULL;
	int rc;

	if (pipe) {
		char cmd[600];

		snprintf(cmd, sizeof(cmd), "cat > '%s'", in_dir(&tmp, "out"));
		p = popen(cmd, "w");
		assert_non_null(p);
		assert_int_equal(sink_open_fd(fileno(p), "pipe", &sink, NULL), 0);
	} else {
		assert_int_equal(sink_open_path(in_dir(&tmp, "out"), true, &sink, NULL), 0);
	}
	rc = kdump_write(vc, &km, NULL, sink, o, st, err);
	assert_int_equal(sink_close(sink, NULL), 0);
	if (p)
		assert_int_equal(pclose(p), 0);
	return rc;
}

static unsigned int check_pages(struct vmcore *vc)
{
	unsigned int pfn, there = 0;

	for (pfn = 0; pfn < SMALL_MAPNR; pfn++) {
		uint8_t want[SMALL_PAGE], got[SMALL_PAGE];
		struct err err = { 0 };

		if (vmcore_read(vc, (paddr_t)pfn * SMALL_PAGE, got, sizeof(got), &err)) {
			/* The two bitmaps went on as they were. */
			assert_int_equal(strstr(err.text, "filtered out") != NULL,
					 pfn == SMALL_FILTERED || pfn == SMALL_FILTERED_TOO);
			continue;
		}
		small_page(pfn, want);
		assert_memory_equal(got, want, sizeof(got));
		there++;
	}
	return there;
}

static const struct {
	const char *what, *codec;
	bool flattened, pipe;
	const char *format;
} forms[] = {
	{ "plain, pages as they are", NULL, false, false, "kdump-compressed" },
	{ "plain, zlib", "zlib", false, false, "kdump-compressed" },
	{ "plain, lzo", "lzo", false, false, "kdump-compressed" },
	{ "plain, zstd", "zstd", false, false, "kdump-compressed" },
	{ "flattened into a file", "lzo", true, false, "kdump-compressed, flattened" },
	{ "flattened into a pipe, unasked", "zstd", false, true, "kdump-compressed, flattened" },
};

static void what_is_written_reads_the_same(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		struct kdump_opts o = { .dump_level = 31, .flattened = forms[i].flattened };
		struct vmcore *from = open_small(), *to;
		struct kdump_stats st;
		struct err err = { 0 };

		print_message("%s\n", forms[i].what);
		if (forms[i].codec)
			o.codec = page_codec_find(forms[i].codec);
		assert_int_equal(write_dump(from, &o, forms[i].pipe, &st, &err), 0);
		/* Nothing in this dump tells pages apart, so all are kept. */
		assert_non_null(strstr(st.missing, "struct page"));
		assert_int_equal(st.nr_kept, 6);
		assert_int_equal(st.nr_written, 5);
		assert_int_equal(st.nr_zero, 1);
		assert_int_equal(st.nr_failed, 1);
		assert_true(st.incomplete);
		assert_int_equal(st.nr_of_class[PAGE_UNKNOWN], 6);
		assert_int_equal(vmcore_open(in_dir(&tmp, "out"), NULL, &to, &err), 0);
		assert_string_equal(vmcore_format(to), forms[i].format);
		assert_int_equal(to->e_machine, from->e_machine);
		assert_string_equal(to->info.text, from->info.text);
		assert_int_equal(check_pages(to), 5);
		vmcore_close(to);
		vmcore_close(from);
	}
}

static void a_budget_ends_it_in_good_order(void **state)
{
	const uint64_t fixed = 4096 + 4096; /* headers and notes, bitmaps; the reserve */
	uint64_t max;
	unsigned int last = 0;

	(void)state;
	for (max = fixed; max < fixed + 7 * SMALL_PAGE; max += 1000) {
		struct kdump_opts o = { .max_bytes = max };
		struct vmcore *from = open_small(), *to;
		struct kdump_stats st;
		struct err err = { 0 };
		unsigned int there;

		assert_int_equal(write_dump(from, &o, false, &st, &err), 0);
		if (!st.over_budget)
			assert_int_equal(st.nr_written, 5);
		/* Headers and bitmaps are written in any case. */
		assert_true(st.bytes <= (max > 9216 ? max : 9216));
		assert_int_equal(vmcore_open(in_dir(&tmp, "out"), NULL, &to, &err), 0);
		there = check_pages(to);
		assert_int_equal(there, st.nr_written);
		assert_true(there >= last);
		last = there;
		vmcore_close(to);
		vmcore_close(from);
	}
	assert_int_equal(last, 5);
}

static bool same_file(const char *a, const char *b)
{
	return !shell("cmp -s '%s' '%s'", a, b);
}

static void workers_change_nothing(void **state)
{
	static const char *const codecs[] = { "zlib", "lzo", "zstd" };
	unsigned int nr, i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(codecs); i++) {
		for (nr = 0; nr <= POOL_WORKERS_MAX + 1; nr++) {
			struct kdump_opts o = { .codec = page_codec_find(codecs[i]),
						.nr_threads = nr, .max_bytes = i ? 0 : 17300 };
			struct vmcore *from = open_small();
			struct kdump_stats st;

			assert_int_equal(write_dump(from, &o, false, &st, NULL), 0);
			assert_int_equal(st.over_budget, i == 0);
			if (!nr)
				assert_int_equal(rename(in_dir(&tmp, "out"), in_dir(&tmp, "one")), 0);
			else
				assert_true(same_file(in_dir(&tmp, "out"), in_dir(&tmp, "one")));
			vmcore_close(from);
		}
	}
}

/* However the bits lie, runs are found whole. */
static void finds_runs_of_bits(void **state)
{
	uint8_t bits[64];
	uint64_t a, b, start, stop;

	(void)state;
	for (a = 0; a < 200; a += 7) {
		for (b = a + 1; b < 500; b += 11) {
			memset(bits, 0, sizeof(bits));
			bits_set(bits, a, b);
			assert_int_equal(bits_count(bits, sizeof(bits)), b - a);
			start = 0;
			assert_true(bits_next_run(bits, &start, 512, &stop));
			assert_int_equal(start, a);
			assert_int_equal(stop, b);
			start = stop;
			assert_false(bits_next_run(bits, &start, 512, &stop));
			memset(bits, 0xff, sizeof(bits));
			bits_clear(bits, a, b);
			assert_int_equal(bits_count(bits, sizeof(bits)), 512 - (b - a));
		}
	}
}

static int setup(void **state)
{
	(void)state;
	return files_make(&tmp) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	files_remove(&tmp);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_the_same),
		cmocka_unit_test(a_budget_ends_it_in_good_order),
		cmocka_unit_test(workers_change_nothing),
		cmocka_unit_test(finds_runs_of_bits),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
