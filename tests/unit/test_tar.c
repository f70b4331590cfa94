/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tar stream: what GNU tar and busybox tar extract from it, and its refusals. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "files.h"
#include "sink/tar.h"
#include "util/types.h"

static struct files tmp;

#define TEN		"0123456789"
#define HUNDRED		TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define NOT_FOR_BUSYBOX true /* it skips pax headers and sees a name that is cut off */

static const struct member {
	const char *what, *name;
	size_t size;
	int64_t mtime;
	unsigned int mode;
	bool pax_only;
} members[] = {
	{ "an empty file", "empty", 0, 0, 0600, false },
	{ "one byte", "one", 1, 1700000000, 0600, false },
	{ "a byte less than a block", "b511", 511, 1, 0644, false },
	{ "a block", "b512", 512, 2, 0400, false },
	{ "a byte more than a block", "b513", 513, 3, 0600, false },
	{ "many blocks", "host-20240101T000000Z/core.redis-server.312", 300001, 4, 0600, false },
	{ "in a directory of a core", "h-t/core.a.1~2.data/state", 10, 5, 0600, false },
	{ "the longest plain name", "plain67890" TEN TEN TEN TEN TEN TEN TEN TEN TEN, 5, 6, 0600,
	  false },
	{ "a name for both fields", HUNDRED "/b" TEN TEN, 5, 7, 0600, false },
	{ "the longest name for both fields", HUNDRED TEN TEN TEN TEN TEN "12345/" HUNDRED, 5, 8,
	  0600, false },
	{ "a component too long for its field", HUNDRED "1", 600, 9, 0600, NOT_FOR_BUSYBOX },
	{ "a path too long for both fields", HUNDRED "/" HUNDRED "/" HUNDRED "/z", 700, 10, 0600,
	  NOT_FOR_BUSYBOX },
	{ "behind long names", "after", 3, 11, 0600, false },
};

static int to_file(void *ctx, const void *buf, size_t size, struct err *err)
{
	return fwrite(buf, 1, size, ctx) == size ? 0 : err_errno(err, "test file");
}

static void fill(const struct member *m, uint8_t *buf)
{
	uint64_t state = 1 + m->size;
	size_t i;

	for (i = 0; i < m->size; i++)
		buf[i] = (uint8_t)next_random(&state);
}

static void put_member(struct tar *t, const struct member *m)
{
	uint8_t *buf = malloc(m->size + 1);
	struct err err = { 0 };
	size_t half = m->size / 2;

	fill(m, buf);
	if (tar_begin_member(t, m->name, m->size, m->mtime, m->mode, &err) ||
	    tar_write(t, buf, half, &err) || tar_write(t, buf + half, m->size - half, &err) ||
	    tar_end_member(t, &err))
		fail_msg("%s: %s", m->what, err.text);
	free(buf);
}

static void write_archive(const char *path, bool with_pax_only)
{
	FILE *f = fopen(path, "w");
	struct out out = { .write = to_file, .ctx = f };
	struct tar t;
	size_t i;

	assert_non_null(f);
	tar_init(&t, &out);
	for (i = 0; i < ARRAY_SIZE(members); i++)
		if (with_pax_only || !members[i].pax_only)
			put_member(&t, &members[i]);
	assert_int_equal(tar_finish(&t, NULL), 0);
	assert_int_equal(ftell(f) % 512, 0);
	assert_int_equal(fclose(f), 0);
}

static void check_member(const char *dir, const struct member *m)
{
	uint8_t *want = malloc(m->size + 1);
	char path[2048], *got;
	struct stat st;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", dir, m->name);
	got = read_file(path, &size);
	if (!got)
		fail_msg("%s: not extracted: %s", m->what, path);
	fill(m, want);
	if (size != m->size || memcmp(got, want, size))
		fail_msg("%s: %zu bytes, or others", m->what, size);
	assert_int_equal(stat(path, &st), 0);
	if (st.st_mtime != m->mtime || (st.st_mode & 07777) != m->mode)
		fail_msg("%s: mode %o, time %lld", m->what, st.st_mode & 07777,
			 (long long)st.st_mtime);
	free(got);
	free(want);
}

static void extract_with(const char *tar, bool with_pax_only)
{
	const char *dir = in_dir(&tmp, "out");
	char *said;
	size_t i;

	write_archive(in_dir(&tmp, "a.tar"), with_pax_only);
	assert_int_equal(shell("rm -rf '%s' && mkdir '%s'", dir, dir), 0);
	said = output_of(NULL, "%s -x -p -f '%s' -C '%s' 2>&1", tar, in_dir(&tmp, "a.tar"), dir);
	if (!said || *said)
		fail_msg("%s: %s", tar, said ? said : "failed");
	free(said);
	for (i = 0; i < ARRAY_SIZE(members); i++)
		if (with_pax_only || !members[i].pax_only)
			check_member(dir, &members[i]);
}

static void test_gnu_tar_extracts(void **state)
{
	(void)state;
	extract_with("tar", true);
}

static void test_busybox_tar_extracts(void **state)
{
	(void)state;
	extract_with("busybox tar", false);
}

/* Whether the first 1024 bytes of the file have this text. */
static bool has_bytes(const char *path, const char *want)
{
	char head[1024];
	FILE *f = fopen(path, "r");
	size_t n = fread(head, 1, sizeof(head), f);

	fclose(f);
	return memmem(head, n, want, strlen(want)) != NULL;
}

/* The data is a hole in the archive: both programs seek over it when they list. */
static void test_sizes_from_8_gib_on(void **state)
{
	static const struct {
		uint64_t size;
		int64_t mtime;
		const char *date;
		bool mtime_is_pax_only;
	} rows[] = {
		{ 8589934591u, 1700000000, "2023-11-14 22:13:20", false },
		{ 8589934592u, 1700000000, "2023-11-14 22:13:20", false },
		{ 9663676417u, 8589934591, "2242-03-16 12:56:31", false },
		{ 1099511627776u, 8589934592, "2242-03-16 12:56:32", false },
		{ 100, -86400, "1969-12-31 00:00:00", true },
	};
	static const char *const programs[] = { "tar", "busybox tar" };
	const char *path = in_dir(&tmp, "big.tar");
	char want[100], *said;
	struct out out;
	struct tar t;
	size_t i, j;
	FILE *f;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		f = fopen(path, "w");
		out = (struct out){ .write = to_file, .ctx = f };
		tar_init(&t, &out);
		assert_int_equal(
			tar_begin_member(&t, "big", rows[i].size, rows[i].mtime, 0600, NULL), 0);
		assert_int_equal(fflush(f), 0);
		assert_int_equal(fseeko(f, (off_t)round_up_u64(rows[i].size, 512), SEEK_CUR), 0);
		tar_init(&t, &out);
		put_member(&t, &(struct member){ "", "behind", 3, 0, 0600, false });
		assert_int_equal(tar_finish(&t, NULL), 0);
		assert_int_equal(fclose(f), 0);
		/* Strict readers find the truth in the pax header, from 8 GiB and 2242 on. */
		snprintf(want, sizeof(want), " size=%" PRIu64 "\n", rows[i].size);
		assert_int_equal(has_bytes(path, want), rows[i].size >= (uint64_t)8 << 30);
		snprintf(want, sizeof(want), " mtime=%" PRId64 "\n", rows[i].mtime);
		assert_int_equal(has_bytes(path, want),
				 rows[i].mtime < 0 || rows[i].mtime >= (int64_t)8 << 30);
		for (j = 0; j < ARRAY_SIZE(programs); j++) {
			said = output_of(NULL, "TZ=UTC %s -tv%s -f '%s' 2>&1", programs[j],
					 j ? "" : " --full-time", path);
			if (!said)
				fail_msg("%s: cannot list %" PRIu64 " bytes", programs[j],
					 rows[i].size);
			snprintf(want, sizeof(want), " %" PRIu64 " %s big\n", rows[i].size,
				 rows[i].date);
			if (j && rows[i].mtime_is_pax_only)
				snprintf(want, sizeof(want), " %" PRIu64 " ", rows[i].size);
			if (!strstr(said, want) || !strstr(said, " behind\n"))
				fail_msg("%s: no \"%s\" in \"%s\"", programs[j], want, said);
			free(said);
		}
	}
}

static int to_count(void *ctx, const void *buf, size_t size, struct err *err)
{
	uint64_t *left = ctx;

	(void)buf;
	if (size > *left)
		return err_set(err, ERR_NOSPACE, "target: full");
	*left -= size;
	return 0;
}

static void test_names_that_are_refused(void **state)
{
	static char long_name[TAR_NAME_MAX + 2];
	static const char *const names[] = { "",   "/etc/passwd", "..",	 "a/../b", "a//b",
					     "a/", ".",		  "./a", "a/..",   long_name };
	uint64_t left = UINT64_MAX;
	struct out out = { .write = to_count, .ctx = &left };
	struct err err = { 0 };
	struct tar t;
	size_t i;

	(void)state;
	memset(long_name, 'x', sizeof(long_name) - 1);
	tar_init(&t, &out);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(tar_begin_member(&t, names[i], 0, 0, 0600, &err), ERR_INVALID);
		assert_non_null(strstr(err.text, "tar: no name for a member: \""));
	}
	assert_int_equal(left, UINT64_MAX);
	long_name[TAR_NAME_MAX] = 0;
	assert_int_equal(tar_begin_member(&t, long_name, 0, 0, 0600, &err), 0);
	assert_int_equal(tar_end_member(&t, &err), 0);
	assert_int_equal(tar_begin_member(&t, "..a/b../...", 0, 0, 0600, &err), 0);
}

static void test_members_hold_exactly_their_size(void **state)
{
	uint64_t left = UINT64_MAX, before;
	struct out out = { .write = to_count, .ctx = &left }, in;
	struct err err = { 0 };
	struct tar t;

	(void)state;
	tar_init(&t, &out);
	in = tar_out(&t);
	assert_int_equal(out_write(&in, "x", 1, &err), ERR_INVALID);
	assert_string_equal(err.text, "tar: data outside a member");
	assert_int_equal(tar_end_member(&t, &err), ERR_INVALID);
	assert_string_equal(err.text, "tar: no member to end");

	assert_int_equal(tar_begin_member(&t, "core.a.1", 5, 0, 0600, &err), 0);
	assert_int_equal(out_write(&in, "abc", 3, &err), 0);
	assert_int_equal(tar_end_member(&t, &err), ERR_INVALID);
	assert_string_equal(err.text, "tar: core.a.1: 2 bytes short of its 5");
	assert_int_equal(tar_begin_member(&t, "b", 5, 0, 0600, &err), ERR_INVALID);
	assert_string_equal(err.text, "tar: core.a.1: not ended before the next");
	assert_int_equal(tar_finish(&t, &err), ERR_INVALID);
	assert_string_equal(err.text, "tar: core.a.1: not ended before the archive");
	before = left;
	assert_int_equal(tar_write(&t, "defg", 4, &err), ERR_INVALID);
	assert_string_equal(err.text, "tar: core.a.1: more than its 5 bytes");
	assert_int_equal(tar_zeros(&t, 3, &err), ERR_INVALID);
	assert_int_equal(left, before);
	assert_int_equal(tar_zeros(&t, 2, &err), 0);
	assert_int_equal(tar_end_member(&t, &err), 0);
	assert_int_equal(tar_finish(&t, &err), 0);
	/* Header, data with padding, two zero blocks. */
	assert_int_equal(UINT64_MAX - left, 512 + 512 + 1024);
}

static void test_failure_of_target_is_reported(void **state)
{
	uint64_t room, left;
	struct out out = { .write = to_count, .ctx = &left };
	struct err err;
	struct tar t;
	int rc;

	(void)state;
	for (room = 0; room < 7 * 512; room += 512) {
		left = room;
		memset(&err, 0, sizeof(err));
		tar_init(&t, &out);
		rc = tar_begin_member(&t, HUNDRED "1", 600, 0, 0600, &err);
		if (!rc)
			rc = tar_zeros(&t, 600, &err);
		if (!rc)
			rc = tar_end_member(&t, &err);
		if (!rc)
			rc = tar_finish(&t, &err);
		assert_int_equal(rc, ERR_NOSPACE);
		assert_string_equal(err.text, "target: full");
	}
}

static int make_files(void **state)
{
	(void)state;
	umask(022);
	return files_make(&tmp) ? 0 : -1;
}

static int remove_files(void **state)
{
	(void)state;
	files_remove(&tmp);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gnu_tar_extracts),
		cmocka_unit_test(test_busybox_tar_extracts),
		cmocka_unit_test(test_sizes_from_8_gib_on),
		cmocka_unit_test(test_names_that_are_refused),
		cmocka_unit_test(test_members_hold_exactly_their_size),
		cmocka_unit_test(test_failure_of_target_is_reported),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
