/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects of zbud: where zbud_alloc() puts them, with and without zswap's header, and nowhere else. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "kernel/zbud.h"
#include "util/bytes.h"

#define PAGE  4096u
#define BASE  0xffff888000010000ull
#define ENTRY 0x0400000000000123ull

static uint8_t frames[2 * PAGE];

static int read_frames(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	(void)ctx;
	if (off < BASE || off - BASE > sizeof(frames) || size > sizeof(frames) - (off - BASE))
		return err_set(err, ERR_ABSENT, "address 0x%" PRIx64 " is not in the dump", off);
	memcpy(buf, frames + (off - BASE), size);
	return 0;
}

static const struct row {
	const char *what;
	bool has_header;
	uint64_t off; /* of the handle */
	size_t size;
	int rc;
	const char *fault;
} rows[] = {
	{ "the first of a page", false, 64, 1000, 0, NULL },
	{ "the first of a page, behind its header", true, 64, 1000, 0, NULL },
	{ "the first of another page", false, PAGE + 64, 1, 0, NULL },
	{ "the last, of 16 chunks", false, PAGE - 1024, 1000, 0, NULL },
	{ "the last, of 16 chunks that are full", false, PAGE - 1024, 1024, 0, NULL },
	{ "the last, that its header makes one chunk longer", true, PAGE - 1088, 1024, 0, NULL },
	{ "the last, of one byte", false, PAGE - 64, 1, 0, NULL },
	{ "the largest", false, 64, PAGE - 128, 0, NULL },
	{ "the largest, as the last", false, 128, PAGE - 128, 0, NULL },
	{ "the largest with a header", true, 64, PAGE - 136, 0, NULL },
	{ "larger than the largest", false, 64, PAGE - 127, ERR_CORRUPT, "zbud: 3969 bytes" },
	{ "larger than the largest with its header", true, 64, PAGE - 135, ERR_CORRUPT, "zbud: 3961 bytes" },
	{ "no bytes", false, 64, 0, ERR_CORRUPT, "zbud: 0 bytes" },
	{ "so many bytes that a sum has no room", true, 64, SIZE_MAX, ERR_CORRUPT, "zbud: 18446744073709551615 bytes" },
	{ "in zbud's own header", false, 0, 100, ERR_CORRUPT, "zbud: 100 bytes at 0xffff888000010000" },
	{ "between the chunks", false, 65, 100, ERR_CORRUPT, "zbud: 100 bytes" },
	{ "a chunk in the middle", false, 2048, 100, ERR_CORRUPT, "zbud: 100 bytes" },
	{ "the last, too near to the end", false, PAGE - 64, 65, ERR_CORRUPT, "zbud: 65 bytes" },
	{ "the last, with too much behind it", false, PAGE - 128, 64, ERR_CORRUPT, "zbud: 64 bytes" },
	{ "the last, too near to the end with its header", true, PAGE - 1024, 1024, ERR_CORRUPT, "zbud: 1024 bytes" },
	{ "a page that is not in the dump", false, 2 * PAGE + 64, 100, ERR_ABSENT, "is not in the dump" },
	{ "a header that is not in the dump", true, 2 * PAGE + 64, 100, ERR_ABSENT, "is not in the dump" },
};

static void test_rows(void **state)
{
	static uint8_t buf[PAGE];
	size_t i, front;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct zbud_view v = { { read_frames, NULL, UINT64_MAX }, PAGE, r->has_header };
		struct err err = { 0 };
		int rc;

		for (front = 0; front < sizeof(frames); front++)
			frames[front] = (uint8_t)(front * 7 + front / 256);
		front = r->has_header ? 8 : 0;
		if (front && r->off + 8 <= sizeof(frames))
			put_u64(frames + r->off, ENTRY);
		rc = zbud_read(&v, BASE + r->off, ENTRY, r->size, buf, &err);
		if (rc != r->rc || (rc && !strstr(err.text, r->fault)))
			fail_msg("%s: %d '%s'", r->what, rc, err.text);
		if (!rc && memcmp(buf, frames + r->off + front, r->size))
			fail_msg("%s: other bytes", r->what);
	}
}

static void test_header(void **state)
{
	struct zbud_view v = { { read_frames, NULL, UINT64_MAX }, PAGE, true };
	struct err err = { 0 };
	uint8_t buf[100];

	(void)state;
	put_u64(frames + 64, ENTRY + 1);
	assert_int_equal(zbud_read(&v, BASE + 64, ENTRY, sizeof(buf), buf, &err), ERR_CORRUPT);
	assert_non_null(strstr(err.text, "is entry 0x400000000000124"));
	/* Without one these are the object's own bytes. */
	v.has_header = false;
	assert_int_equal(zbud_read(&v, BASE + 64, ENTRY, sizeof(buf), buf, &err), 0);
	assert_true(get_u64(buf) == ENTRY + 1);
}

/* arm64 has pages of 64 KiB: so have their chunks grown. */
static void test_large_page(void **state)
{
	struct zbud_view v = { { read_frames, NULL, UINT64_MAX }, 65536, false };
	struct err err = { 0 };
	uint8_t buf[100];

	(void)state;
	assert_int_equal(zbud_read(&v, BASE + 1024, 0, sizeof(buf), buf, &err), 0);
	assert_int_equal(zbud_read(&v, BASE + 64, 0, sizeof(buf), buf, &err), ERR_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_large_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
