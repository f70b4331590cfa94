/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output directories: names, what is in the way, -incomplete until published. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "outdirs.h"

static void test_file_is_incomplete_until_published(void **state)
{
	struct outdir *d = open_fresh("basic", &(struct outdir_opts){ .create = true });
	struct sink *s = create(d, "core.redis-server.312", ".zst");
	struct stat st;

	(void)state;
	assert_int_equal(stat(in_dir(&tmp, "basic"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(in_dir(&tmp, "basic/core.redis-server.312.zst-incomplete"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_string_equal(sink_name(s), "core.redis-server.312.zst");
	assert_string_equal(sink_base(s), "core.redis-server.312");
	write_text(s, "whole");
	assert_int_equal(sink_skip(s, 3, NULL), 0);
	assert_int_equal(sink_close(s, NULL), 0);
	check_names("basic", " core.redis-server.312.zst-incomplete");
	assert_string_equal(told, "");
	assert_int_equal(outdir_publish(d, NULL), 0);
	check_names("basic", " core.redis-server.312.zst");
	assert_string_equal(told, "core.redis-server.312.zst ok\n");
	assert_int_equal(outdir_publish(d, NULL), 0);
	outdir_close(d);
	assert_int_equal(stat(in_dir(&tmp, "basic/core.redis-server.312.zst"), &st), 0);
	assert_int_equal(st.st_size, 8);
	assert_int_equal(shell("rm -r '%s'", in_dir(&tmp, "basic")), 0);
}

/* What is there, what is asked for in turn, what comes of it. */
static void test_names_in_the_way(void **state)
{
	static const struct {
		const char *what, *setup;
		bool replace;
		const char *base[3], *suffix; /* .base up to NULL */
		const char *want;
	} rows[] = {
		{ "equal names of one run",
		  "true",
		  false,
		  { "core.a.1", "core.a.1", "core.a.1" },
		  ".zst",
		  " core.a.1.zst core.a.1~2.zst core.a.1~3.zst" },
		{ "a file of before",
		  "echo old > core.a.1.gz",
		  false,
		  { "core.a.1", "core.a.1" },
		  ".gz",
		  " core.a.1.gz core.a.1~2.gz core.a.1~3.gz" },
		{ "an incomplete file of before",
		  "> vmcore-incomplete",
		  false,
		  { "vmcore" },
		  "",
		  " vmcore-incomplete vmcore~2" },
		{ "a directory", "mkdir vmcore", false, { "vmcore" }, "", " vmcore vmcore~2" },
		{ "a link to nothing",
		  "ln -s nowhere vmcore",
		  false,
		  { "vmcore" },
		  "",
		  " vmcore vmcore~2" },
		{ "a link where -incomplete goes",
		  "ln -s /etc/passwd vmcore-incomplete",
		  false,
		  { "vmcore" },
		  "",
		  " vmcore-incomplete vmcore~2" },
		{ "a file of before, replaced",
		  "echo old > core.a.1",
		  true,
		  { "core.a.1" },
		  "",
		  " core.a.1" },
		{ "equal names of one run, replacing",
		  "echo old > core.a.1; > core.a.1-incomplete",
		  true,
		  { "core.a.1", "core.a.1" },
		  "",
		  " core.a.1 core.a.1~2" },
		{ "a link, replaced",
		  "echo t > target; ln -s target core.a.1",
		  true,
		  { "core.a.1" },
		  "",
		  " core.a.1 target" },
		{ "names that look like numbers of others",
		  "true",
		  false,
		  { "a~2", "a", "a" },
		  "",
		  " a a~2 a~3" },
	};
	struct outdir *d;
	struct sink *s;
	size_t i, j;
	bool old;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		shell("rm -rf '%s'; mkdir '%s' && cd '%s' && %s", in_dir(&tmp, "way"),
		      in_dir(&tmp, "way"), in_dir(&tmp, "way"), rows[i].setup);
		d = open_fresh("way", &(struct outdir_opts){ .replace = rows[i].replace });
		for (j = 0; j < 3 && rows[i].base[j]; j++) {
			s = create(d, rows[i].base[j], rows[i].suffix);
			write_text(s, "new");
			assert_int_equal(sink_close(s, NULL), 0);
		}
		if (outdir_publish(d, NULL))
			fail_msg("%s: %s", rows[i].what, told);
		outdir_close(d);
		check_names("way", rows[i].want);
		/* Replaced if and only if that was said. */
		old = strstr(rows[i].setup, "old") && !rows[i].replace;
		if (shell("cd '%s' && cat * 2>/dev/null | grep -q old", in_dir(&tmp, "way")) == old)
			fail_msg("%s: old file", rows[i].what);
	}
	shell("rm -rf '%s'", in_dir(&tmp, "way"));
}

static void test_name_is_refused_or_checked(void **state)
{
	static char long_name[OUTDIR_NAME_MAX + 1];
	static const struct {
		const char *base, *suffix;
		int rc;
		const char *text;
	} rows[] = {
		{ "free", ".zst", 0, NULL },
		{ "taken", ".zst", ERR_EXIST, "/check/taken.zst: exists already" },
		{ "partly", "", ERR_EXIST, "/check/partly-incomplete: exists already" },
		{ "a/b", "", ERR_INVALID, "/check: no name for a file: \"a/b\"" },
		{ "a", "/b", ERR_INVALID, "/check: no name for a file: \"a/b\"" },
		{ "", "", ERR_INVALID, "/check: no name for a file: \"\"" },
		{ "..", "", ERR_INVALID, "/check: no name for a file: \"..\"" },
		{ long_name, "x", 0, NULL },
		{ long_name, "xy", ERR_INVALID,
		  "/check: name of 242 bytes, more than 241: \"nnnn" },
	};
	struct outdir *d, *again;
	struct sink *s;
	struct err err;
	size_t i;

	(void)state;
	memset(long_name, 'n', OUTDIR_NAME_MAX - 1);
	shell("mkdir '%s' && cd '%s' && > taken.zst && > partly-incomplete", in_dir(&tmp, "check"),
	      in_dir(&tmp, "check"));
	d = open_fresh("check", NULL);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(outdir_check(d, rows[i].base, rows[i].suffix, &err), rows[i].rc);
		if (rows[i].rc)
			assert_non_null(strstr(err.text, rows[i].text));
		s = NULL;
		if (rows[i].rc == ERR_INVALID) {
			assert_int_equal(outdir_create(d, rows[i].base, rows[i].suffix, &s, &err),
					 ERR_INVALID);
			assert_null(s);
		}
	}
	/* The longest name has room for all that may be put behind it. */
	for (i = 1; i <= OUTDIR_SAME_MAX; i++)
		sink_abort(create(d, long_name, "x"), SINK_KEEP);
	assert_int_equal(outdir_create(d, long_name, "x", &s, &err), ERR_EXIST);
	assert_non_null(strstr(err.text, "nx: exists already, and so do ~2 to ~99"));
	again = open_fresh("check", &(struct outdir_opts){ .replace = true });
	assert_int_equal(outdir_check(again, "taken", ".zst", &err), 0);
	outdir_close(again);
	outdir_close(d);
	shell("rm -r '%s'", in_dir(&tmp, "check"));
}

static void test_directories_that_cannot_be_opened(void **state)
{
	static const struct {
		const char *path;
		bool create;
		int rc;
		const char *text;
	} rows[] = {
		{ "missing", false, ERR_NOTFOUND, "/missing: No such file or directory" },
		{ "missing/sub", true, ERR_NOTFOUND, "/missing/sub: No such file or directory" },
		{ "plain", false, ERR_IO, "/plain: Not a directory" },
		{ "plain", true, ERR_IO, "/plain: Not a directory" },
		{ "dangling", true, ERR_NOTFOUND, "/dangling: No such file or directory" },
	};
	struct outdir_opts opts = { 0 };
	struct outdir *d = NULL;
	struct err err = { 0 };
	size_t i;

	(void)state;
	shell("cd '%s' && > plain && ln -s nowhere dangling && mkdir real && ln -s real linked",
	      tmp.dir);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		opts.create = rows[i].create;
		assert_int_equal(outdir_open(in_dir(&tmp, rows[i].path), &opts, &d, &err),
				 rows[i].rc);
		assert_non_null(strstr(err.text, rows[i].text));
		assert_null(d);
	}
	/* The operator's links are followed. */
	d = open_fresh("linked", &(struct outdir_opts){ .create = true });
	assert_int_equal(sink_close(create(d, "f", ""), NULL), 0);
	assert_int_equal(outdir_publish(d, NULL), 0);
	outdir_close(d);
	check_names("real", " f");
	outdir_close(NULL);
	shell("cd '%s' && rm -r plain dangling real linked", tmp.dir);
}

static void test_subdirectories(void **state)
{
	struct outdir *d =
		open_fresh("sub", &(struct outdir_opts){ .create = true, .max_bytes = 10 });
	struct outdir *a, *b;
	struct err err = { 0 };
	struct stat st;
	struct sink *s;

	(void)state;
	assert_int_equal(outdir_subdir(d, "core.a.1", ".data", &a, &err), 0);
	assert_int_equal(outdir_subdir(d, "core.a.1", ".data", &b, &err), 0);
	assert_string_equal(outdir_name(a), "core.a.1.data");
	assert_string_equal(outdir_name(b), "core.a.1~2.data");
	assert_string_equal(outdir_path(b), in_dir(&tmp, "sub/core.a.1~2.data"));
	assert_string_equal(outdir_name(d), "");
	assert_int_equal(stat(in_dir(&tmp, "sub/core.a.1.data"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	s = create(a, "state", "");
	write_text(s, "123456");
	assert_int_equal(sink_close(s, NULL), 0);
	outdir_close(a); /* its file still waits */
	s = create(b, "state", "");
	assert_int_equal(sink_write(s, "12345", 5, &err), ERR_BUDGET);
	assert_non_null(strstr(err.text, "/sub/core.a.1~2.data/state-incomplete: 5 bytes more "
					 "would exceed the limit of 10"));
	assert_int_equal(outdir_budget(b)->used, 6);
	outdir_budget(d)->max = 11;
	write_text(s, "12345");
	assert_int_equal(sink_close(s, NULL), 0);
	assert_int_equal(outdir_publish(b, &err), 0);
	outdir_close(b);
	check_names("sub",
		    " core.a.1.data core.a.1.data/state core.a.1~2.data core.a.1~2.data/state");
	assert_string_equal(told, "core.a.1.data/state ok\ncore.a.1~2.data/state ok\n");
	outdir_close(d);

	/* Of before: used again when replacing, but never through a link. */
	d = open_fresh("sub", &(struct outdir_opts){ .replace = true });
	assert_int_equal(outdir_subdir(d, "core.a.1", ".data", &a, &err), 0);
	assert_string_equal(outdir_name(a), "core.a.1.data");
	outdir_close(a);
	assert_int_equal(outdir_subdir(d, "core.a.1", ".data", &a, &err), 0);
	assert_string_equal(outdir_name(a), "core.a.1~2.data");
	outdir_close(a);
	shell("ln -s / '%s'", in_dir(&tmp, "sub/link"));
	assert_int_equal(outdir_subdir(d, "link", "", &a, &err), ERR_IO);
	assert_non_null(strstr(err.text, "/sub/link: "));
	outdir_close(d);
	shell("rm -r '%s'", in_dir(&tmp, "sub"));
}

static void test_aborted_files(void **state)
{
	struct outdir *d = open_fresh("abort", &(struct outdir_opts){ .create = true });
	struct sink *s;

	(void)state;
	s = create(d, "kept", "");
	write_text(s, "part");
	sink_abort(s, SINK_KEEP);
	s = create(d, "removed", "");
	write_text(s, "part");
	sink_abort(s, SINK_REMOVE);
	s = create(d, "whole", "");
	assert_int_equal(sink_close(s, NULL), 0);
	sink_abort(NULL, SINK_KEEP);
	assert_int_equal(outdir_publish(d, NULL), 0);
	assert_string_equal(told, "whole ok\n");
	assert_int_equal(sink_close(create(d, "late", ""), NULL), 0);
	outdir_close(d); /* without publishing */
	check_names("abort", " kept-incomplete late-incomplete whole");
	check_text("abort/kept-incomplete", "part");
	shell("rm -r '%s'", in_dir(&tmp, "abort"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_is_incomplete_until_published),
		cmocka_unit_test(test_names_in_the_way),
		cmocka_unit_test(test_name_is_refused_or_checked),
		cmocka_unit_test(test_directories_that_cannot_be_opened),
		cmocka_unit_test(test_subdirectories),
		cmocka_unit_test(test_aborted_files),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
