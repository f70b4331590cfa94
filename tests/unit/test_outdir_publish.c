/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output directories where something fails: names taken, disks full, what a file system lacks. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "outdirs.h"

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

/* Whether the test runs on a file system of outdir_publish.c's list. */
static bool syncs_together(void)
{
	struct statfs fs;

	return !statfs(tmp.dir, &fs) &&
	       (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC ||
		fs.f_type == BTRFS_SUPER_MAGIC || fs.f_type == TMPFS_MAGIC);
}

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
		{ "bytes that syncing all together lost", __NR_sync_file_range, EIO, NONE, 0,
		  ERR_IO, "/fs/free-incomplete: Input/output error",
		  " free-incomplete taken taken-incomplete" },
		{ "no syncing all together", __NR_syncfs, ENOSYS, __NR_sync_file_range, ENOSYS,
		  ERR_EXIST, "/fs/taken-incomplete: giving it its name taken: File exists",
		  " free taken taken-incomplete" },
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
		if (rows[i].nr1 == __NR_sync_file_range && !syncs_together()) {
			print_message("not here: %s\n", rows[i].what);
			continue;
		}
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

static int unmount_and_remove(void **state)
{
	umount(in_dir(&tmp, "full"));
	return remove_files(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_that_is_taken_meanwhile),
		cmocka_unit_test(test_many_files_need_few_descriptors),
		cmocka_unit_test(test_file_systems_that_cannot),
		cmocka_unit_test(test_full_file_system),
	};

	return cmocka_run_group_tests(tests, make_files, unmount_and_remove);
}
