/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output directories: names, -incomplete until published, what is in the way, what fails. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "files.h"
#include "sink/outdir.h"
#include "util/types.h"

static struct files tmp;

/* What .published was told: "NAME ok\n" or "NAME: MESSAGE\n", one behind the other. */
static char told[8192];

static void tell(void *ctx, const char *name, const struct err *err)
{
	size_t used = strlen(told);

	(void)ctx;
	snprintf(told + used, sizeof(told) - used, "%s %s\n", name, err ? err->text : "ok");
}

static struct outdir *open_fresh(const char *name, const struct outdir_opts *opts)
{
	struct outdir_opts o = opts ? *opts : (struct outdir_opts){ 0 };
	struct err err = { 0 };
	struct outdir *d;

	o.published = tell;
	told[0] = 0;
	if (outdir_open(in_dir(&tmp, name), &o, &d, &err))
		fail_msg("%s", err.text);
	return d;
}

static struct sink *create(struct outdir *d, const char *base, const char *suffix)
{
	struct err err = { 0 };
	struct sink *s;

	if (outdir_create(d, base, suffix, &s, &err))
		fail_msg("%s", err.text);
	return s;
}

static void write_text(struct sink *s, const char *text)
{
	assert_int_equal(sink_write(s, text, strlen(text), NULL), 0);
}

/* All names below DIR/@name, sorted, each behind a space. */
static void check_names(const char *name, const char *want)
{
	char *got = output_of(NULL,
			      "cd '%s' && find . -mindepth 1 | sed 's,^./,,' | LC_ALL=C sort |"
			      " while read -r f; do printf ' %%s' \"$f\"; done",
			      in_dir(&tmp, name));

	assert_non_null(got);
	assert_string_equal(got, want);
	free(got);
}

static void check_text(const char *path, const char *want)
{
	char *got = read_file(in_dir(&tmp, path), NULL);

	assert_non_null(got);
	assert_string_equal(got, want);
	free(got);
}

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

static void test_name_that_is_taken_meanwhile(void **state)
{
	struct outdir *d = open_fresh("race", &(struct outdir_opts){ .create = true });
	struct err err = { 0 };
	struct sink *s;

	(void)state;
	s = create(d, "a", "");
	write_text(s, "ours");
	assert_int_equal(sink_close(s, NULL), 0);
	assert_int_equal(sink_close(create(d, "b", ""), NULL), 0);
	write_file(in_dir(&tmp, "race/a"), "theirs");
	assert_int_equal(outdir_publish(d, &err), ERR_EXIST);
	assert_non_null(strstr(err.text, "/race/a-incomplete: giving it its name a: File exists"));
	assert_non_null(strstr(told, "a /"));
	assert_non_null(strstr(told, "b ok\n"));
	check_names("race", " a a-incomplete b");
	check_text("race/a", "theirs");
	check_text("race/a-incomplete", "ours");
	/* Said once. */
	assert_int_equal(outdir_publish(d, &err), 0);
	outdir_close(d);
	shell("rm -r '%s'", in_dir(&tmp, "race"));
}

static unsigned int open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void test_many_files_need_few_descriptors(void **state)
{
	unsigned int before = open_descriptors(), i;
	struct outdir *d = open_fresh("many", &(struct outdir_opts){ .create = true }), *sub;
	char base[32];

	(void)state;
	for (i = 0; i < 300; i++) {
		snprintf(base, sizeof(base), "core.worker.%u", i);
		assert_int_equal(outdir_subdir(d, base, ".data", &sub, NULL), 0);
		assert_int_equal(sink_close(create(sub, "x", ""), NULL), 0);
		outdir_close(sub);
		assert_int_equal(sink_close(create(d, base, ""), NULL), 0);
		assert_in_range(open_descriptors() - before, 1, 2 * OUTDIR_PENDING_MAX + 1);
	}
	assert_int_equal(outdir_publish(d, NULL), 0);
	assert_int_equal(open_descriptors(), before + 1);
	outdir_close(d);
	assert_int_equal(open_descriptors(), before);
	assert_int_equal(shell("cd '%s' && [ $(find . -type f | wc -l) = 600 ] && "
			       "[ $(find . -name '*-incomplete' | wc -l) = 0 ]",
			       in_dir(&tmp, "many")),
			 0);
	shell("rm -r '%s'", in_dir(&tmp, "many"));
}

/* In a child: two system calls fail from now on, as on a file system that does not have them. */
static void forbid(int nr1, int errno1, int nr2, int errno2)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)nr1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)errno1),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)nr2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)errno2),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_SIZE(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, &prog))
		_exit(99);
}

#define NONE -1

/* Two files, one whose name is taken at the last moment; what is there afterwards. */
static void test_file_systems_that_cannot(void **state)
{
	static const struct {
		const char *what;
		int nr1, errno1, nr2, errno2;
		int rc;
		const char *text, *want;
	} rows[] = {
		{ "rename without flags (NFS)", __NR_renameat2, EINVAL, NONE, 0, ERR_EXIST,
		  "/fs/taken-incomplete: giving it its name taken: File exists",
		  " free taken taken-incomplete" },
		{ "an old kernel", __NR_renameat2, ENOSYS, NONE, 0, ERR_EXIST,
		  "/fs/taken-incomplete: giving it its name taken: File exists",
		  " free taken taken-incomplete" },
		{ "nor hard links", __NR_renameat2, EINVAL, __NR_linkat, EPERM, ERR_EXIST,
		  "/fs/taken-incomplete: giving it its name taken: File exists",
		  " free taken taken-incomplete" },
		{ "renaming refused", __NR_renameat2, EACCES, NONE, 0, ERR_IO,
		  "giving it its name free: Permission denied",
		  " free-incomplete taken taken-incomplete" },
		{ "bytes that did not reach the disk", __NR_fsync, EIO, NONE, 0, ERR_IO,
		  "/fs/free-incomplete: Input/output error",
		  " free-incomplete taken taken-incomplete" },
		{ "a disk that was full when it mattered", __NR_fsync, ENOSPC, NONE, 0, ERR_NOSPACE,
		  "/fs/free-incomplete: No space left on device",
		  " free-incomplete taken taken-incomplete" },
		{ "no sync at all", __NR_fsync, EINVAL, __NR_syncfs, ENOSYS, ERR_EXIST,
		  "/fs/taken-incomplete: giving it its name taken: File exists",
		  " free taken taken-incomplete" },
	};
	struct err err = { 0 };
	struct outdir *d;
	struct sink *s;
	size_t i;
	int rc, st;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		shell("mkdir '%s'", in_dir(&tmp, "fs"));
		if (!fork()) {
			d = open_fresh("fs", NULL);
			s = create(d, "free", "");
			write_text(s, "ours");
			sink_close(s, NULL);
			sink_close(create(d, "taken", ""), NULL);
			write_file(in_dir(&tmp, "fs/taken"), "theirs");
			forbid(rows[i].nr1, rows[i].errno1, rows[i].nr2, rows[i].errno2);
			rc = outdir_publish(d, &err);
			outdir_close(d);
			if (rc == rows[i].rc && strstr(err.text, rows[i].text))
				_exit(0);
			fprintf(stderr, "%s: %d %s\n", rows[i].what, rc, err.text);
			_exit(1);
		}
		assert_int_not_equal(wait(&st), -1);
		assert_int_equal(st, 0);
		check_names("fs", rows[i].want);
		check_text("fs/taken", "theirs");
		check_text(strstr(rows[i].want, "free-") ? "fs/free-incomplete" : "fs/free",
			   "ours");
		shell("rm -r '%s'", in_dir(&tmp, "fs"));
	}
}

static void test_full_file_system(void **state)
{
	const char *dir = in_dir(&tmp, "full");
	char page[4096] = "data";
	struct err err = { 0 };
	struct outdir *d;
	struct sink *s;
	int rc = 0, i;

	(void)state;
	mkdir(dir, 0700);
	if (mount("none", dir, "tmpfs", 0, "size=64k,nr_inodes=4")) {
		print_message("cannot mount a tmpfs: %s\n", strerror(errno));
		skip();
	}
	d = open_fresh("full", NULL);
	s = create(d, "vmcore", "");
	for (i = 0; i < 100 && !rc; i++)
		rc = sink_write(s, page, sizeof(page), &err);
	assert_int_equal(rc, ERR_NOSPACE);
	assert_non_null(strstr(err.text, "/full/vmcore-incomplete: No space left on device"));
	sink_abort(s, SINK_KEEP);
	assert_int_equal(outdir_publish(d, &err), 0);
	check_names("full", " vmcore-incomplete");
	/* No inode left: no file at all. */
	sink_abort(create(d, "b", ""), SINK_KEEP);
	sink_abort(create(d, "c", ""), SINK_KEEP);
	assert_int_equal(outdir_create(d, "d", "", &s, &err), ERR_NOSPACE);
	assert_non_null(strstr(err.text, "/full/d-incomplete: No space left on device"));
	outdir_close(d);
	umount(dir);
	rmdir(dir);
}

static int make_files(void **state)
{
	(void)state;
	umask(0);
	return files_make(&tmp) ? 0 : -1;
}

static int remove_files(void **state)
{
	(void)state;
	umount(in_dir(&tmp, "full"));
	files_remove(&tmp);
	return 0;
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
		cmocka_unit_test(test_name_that_is_taken_meanwhile),
		cmocka_unit_test(test_many_files_need_few_descriptors),
		cmocka_unit_test(test_file_systems_that_cannot),
		cmocka_unit_test(test_full_file_system),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
