/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What entries of page tables stand for, on kernels that divide the types in different ways. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "kernel/swap_entry.h"

#define PFN 0x12345u

/* As compiled by distributions: CONFIG_MEMORY_FAILURE, CONFIG_DEVICE_PRIVATE, and the kernel. */
static const struct swap_types cloud_5_10 = { 30, false, false, 40 };
static const struct swap_types debian_5_15 = { 25, true, false, 40 };
static const struct swap_types cloud_6_1 = { 27, true, true, 34 };
static const struct swap_types ubuntu_6_2 = { 23, true, true, 34 };
static const struct swap_types cloud_6_12 = { 27, true, true, 40 };
static const struct swap_types ubuntu_7_0 = { 24, true, true, 34 };
static const struct swap_types not_known = { 0, true, true, 40 };
static const struct swap_types none_right = { 31, true, true, 40 };
static const struct swap_types odd = { 25, true, true, 40 };

static const struct row {
	const char *what;
	const struct swap_types *t;
	unsigned int type;
	uint64_t offset;
	enum swap_entry_kind kind;
	pfn_t pfn;
} rows[] = {
	{ "the first swap device", &cloud_6_1, 0, 7, SWAP_ENTRY_SWAPPED, 0 },
	{ "the last one", &cloud_6_1, 26, 7, SWAP_ENTRY_SWAPPED, 0 },
	{ "a page with a memory error", &cloud_6_1, 27, PFN, SWAP_ENTRY_HWPOISON, PFN },
	{ "a page on its way, read only", &cloud_6_1, 28, PFN, SWAP_ENTRY_MIGRATION, PFN },
	{ "a page on its way, exclusive", &cloud_6_1, 29, PFN, SWAP_ENTRY_MIGRATION, PFN },
	{ "a page on its way, writable", &cloud_6_1, 30, PFN, SWAP_ENTRY_MIGRATION, PFN },
	{ "flags above the frame do not count", &cloud_6_1, 30, PFN | 3ull << 34, SWAP_ENTRY_MIGRATION, PFN },
	{ "a page that could not be read back", &cloud_6_1, 31, PFN, SWAP_ENTRY_ERROR, PFN },
	{ "no memory failure: migration comes first", &cloud_5_10, 30, PFN, SWAP_ENTRY_MIGRATION, PFN },
	{ "no memory failure: the last type", &cloud_5_10, 31, PFN, SWAP_ENTRY_MIGRATION, PFN },
	{ "5.15: the second migration entry", &debian_5_15, 27, PFN, SWAP_ENTRY_MIGRATION, PFN },
	{ "5.15: memory of a device", &debian_5_15, 28, PFN, SWAP_ENTRY_DEVICE_PRIVATE, PFN },
	{ "5.15: memory of a device, writable", &debian_5_15, 29, PFN, SWAP_ENTRY_DEVICE_PRIVATE, PFN },
	{ "5.15: RAM lent to a device", &debian_5_15, 30, PFN, SWAP_ENTRY_DEVICE_EXCLUSIVE, PFN },
	{ "5.15: RAM lent to a device, writable", &debian_5_15, 31, PFN, SWAP_ENTRY_DEVICE_EXCLUSIVE, PFN },
	{ "6.2: the last device entry", &ubuntu_6_2, 30, PFN, SWAP_ENTRY_DEVICE_EXCLUSIVE, PFN },
	{ "6.2: write protection of userfaultfd", &ubuntu_6_2, 31, 1, SWAP_ENTRY_MARKER, 1 },
	{ "6.12: a poisoned page", &cloud_6_12, 31, 2, SWAP_ENTRY_POISON_MARKER, 2 },
	{ "7.0: one entry for RAM lent to a device", &ubuntu_7_0, 30, PFN, SWAP_ENTRY_DEVICE_EXCLUSIVE, PFN },
	{ "7.0: memory of a device", &ubuntu_7_0, 29, PFN, SWAP_ENTRY_DEVICE_PRIVATE, PFN },
	{ "7.0: a guard page", &ubuntu_7_0, 31, 4, SWAP_ENTRY_MARKER, 4 },
	{ "7.0: poisoned and write-protected", &ubuntu_7_0, 31, 3, SWAP_ENTRY_POISON_MARKER, 3 },
	{ "nothing is known: no guess", &not_known, 3, PFN, SWAP_ENTRY_UNKNOWN, 0 },
	{ "too few types for what there must be", &none_right, 31, PFN, SWAP_ENTRY_UNKNOWN, 0 },
	{ "a number of types that no kernel has", &odd, 29, PFN, SWAP_ENTRY_UNKNOWN, 0 },
	{ "a type above all", &cloud_6_1, 32, PFN, SWAP_ENTRY_UNKNOWN, 0 },
};

static void test_rows(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct swap_entry e = swap_entry_decode(r->t, r->type, r->offset);

		if (e.kind != r->kind || (r->kind != SWAP_ENTRY_UNKNOWN && e.pfn != r->pfn))
			fail_msg("%s: kind %d, frame 0x%" PRIx64, r->what, (int)e.kind, e.pfn);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
