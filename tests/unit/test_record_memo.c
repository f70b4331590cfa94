/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of pages that are shared by those that are equal. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "kdump/record_memo.h"
#include "util/bytes.h"

#define FLAGS 2u

/* The record at @off. */
static void add(struct record_memo *m, uint64_t off, const void *bytes, size_t size)
{
	uint8_t desc[PAGE_DESC_SIZE] = { 0 };

	put_u64(desc + PAGE_DESC_OFF, off);
	put_u32(desc + PAGE_DESC_BYTES, (uint32_t)size);
	put_u32(desc + PAGE_DESC_FLAGS, FLAGS);
	record_memo_add(m, desc, bytes);
}

/* Where the record is; 0: not known. */
static uint64_t find(const struct record_memo *m, const void *bytes, size_t size, uint32_t flags)
{
	const uint8_t *desc = record_memo_find(m, bytes, size, flags);

	return desc ? get_u64(desc + PAGE_DESC_OFF) : 0;
}

static void test_equal(void **state)
{
	struct record_memo *m = calloc(1, sizeof(*m));
	uint8_t a[RECORD_MEMO_SIZE_MAX + 1];

	(void)state;
	assert_non_null(m);
	memset(a, 'a', sizeof(a));
	assert_int_equal(find(m, a, 40, FLAGS), 0);
	assert_int_equal(find(m, a, 0, 0), 0);
	add(m, 1000, a, 40);
	assert_int_equal(find(m, a, 40, FLAGS), 1000);
	/* Another size, other flags and other bytes are other records. */
	assert_int_equal(find(m, a, 41, FLAGS), 0);
	assert_int_equal(find(m, a, 39, FLAGS), 0);
	assert_int_equal(find(m, a, 40, 0), 0);
	a[39] ^= 1;
	assert_int_equal(find(m, a, 40, FLAGS), 0);
	a[39] ^= 1;
	/* The longest that is remembered, and one that is longer. */
	add(m, 2000, a, RECORD_MEMO_SIZE_MAX);
	add(m, 3000, a, RECORD_MEMO_SIZE_MAX + 1);
	assert_int_equal(find(m, a, RECORD_MEMO_SIZE_MAX, FLAGS), 2000);
	assert_int_equal(find(m, a, RECORD_MEMO_SIZE_MAX + 1, FLAGS), 0);
	assert_int_equal(find(m, a, 40, FLAGS), 1000);
	free(m);
}

/* More than there are slots: some are forgotten, and none is taken for another. */
static void test_many(void **state)
{
	struct record_memo *m = calloc(1, sizeof(*m));
	uint64_t known = 0, i;

	(void)state;
	assert_non_null(m);
	for (i = 1; i <= 4 * RECORD_MEMO_SLOTS; i++) {
		uint8_t bytes[16] = "record";

		put_u64(bytes + 8, i * i);
		add(m, i, bytes, sizeof(bytes));
		assert_int_equal(find(m, bytes, sizeof(bytes), FLAGS), i);
	}
	for (i = 1; i <= 4 * RECORD_MEMO_SLOTS; i++) {
		uint8_t bytes[16] = "record";
		uint64_t at;

		put_u64(bytes + 8, i * i);
		at = find(m, bytes, sizeof(bytes), FLAGS);
		assert_true(!at || at == i);
		known += at != 0;
	}
	assert_in_range(known, RECORD_MEMO_SLOTS / 2, RECORD_MEMO_SLOTS);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
