/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a page frame is, by struct pages as each generation of kernels writes them. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "kernel/page_facts.h"
#include "util/bytes.h"
#include "util/types.h"

#define COMMON                                                                                     \
	"SIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page._mapcount)=48\nOFFSET(page.mapping)=24\n" \
	"OFFSET(page.private)=40\nLENGTH(zone.free_area)=11\n"

/* As the kernels of these releases say it; nothing else tells them apart. */
static const char v5_10[] = COMMON
	"OFFSET(page.compound_head)=8\nOFFSET(page.compound_dtor)=16\nOFFSET(page.compound_order)=17\n"
	"NUMBER(PG_lru)=4\nNUMBER(PG_private)=13\nNUMBER(PG_swapcache)=10\nNUMBER(PG_swapbacked)=19\n"
	"NUMBER(PG_slab)=9\nNUMBER(PG_hwpoison)=23\nNUMBER(PG_head_mask)=65536\n"
	"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\nNUMBER(HUGETLB_PAGE_DTOR)=2\n"
	"NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n";
static const char v7_x[] = COMMON
	"OFFSET(page.compound_info)=8\nNUMBER(PG_lru)=5\nNUMBER(PG_private)=14\n"
	"NUMBER(PG_swapcache)=10\nNUMBER(PG_swapbacked)=17\nNUMBER(PG_hwpoison)=21\n"
	"NUMBER(PG_head_mask)=64\nNUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-184549376\n"
	"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\n"
	"NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-201326592\n"
	"NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-251658240\n"
	"NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)=-150994944\n";

#define NOBODY	0xffffffffu /* _mapcount of a page that is not mapped */
#define HEAD_5	(1u << 16)
#define HEAD_7	(1u << 6)
#define ANON	0xffff888000001001ull
#define FILE_AT 0xffff888000002000ull
#define TAIL	0xffffea0000000001ull

static const struct {
	const char *what, *vmcoreinfo;
	uint64_t flags;
	uint32_t mapcount;
	uint64_t mapping, private, compound;
	/* of the struct page behind it */
	uint64_t next_flags, next_compound;
	uint16_t dtor_order; /* bytes 16 and 17 */
	pfn_t pfn;
	enum page_class c;
	unsigned int order;
} pages[] = {
	{ "5.10: a kernel page", v5_10, 0, NOBODY, 0, 0, 0, 0, 0, 0, 7, PAGE_KERNEL, 0 },
	{ "5.10: slab", v5_10, 1 << 9, 3, ANON, 0, 0, 0, 0, 0, 7, PAGE_SLAB, 0 },
	{ "5.10: free, a block of 8", v5_10, 0, -129u, 0, 3, 0, 0, 0, 0, 8, PAGE_FREE, 3 },
	{ "5.10: free, of an order that does not exist", v5_10, 0, -129u, 0, 11, 0, 0, 0, 0, 0,
	  PAGE_UNKNOWN, 0 },
	{ "5.10: free, in a place no block of its order begins", v5_10, 0, -129u, 0, 3, 0, 0, 0, 0,
	  4, PAGE_UNKNOWN, 0 },
	{ "5.10: offline", v5_10, 0, -257u, 0, 0, 0, 0, 0, 0, 7, PAGE_OFFLINE, 0 },
	{ "5.10: a page table, a type that nobody asks for", v5_10, 0, -1025u, ANON, 0, 0, 0, 0, 0,
	  7, PAGE_KERNEL, 0 },
	{ "5.10: anonymous", v5_10, 1 << 4 | 1 << 19, 0, ANON, 0, 0, 0, 0, 0, 7, PAGE_USER, 0 },
	{ "5.10: KSM", v5_10, 1 << 4, 5, ANON | 2, 0, 0, 0, 0, 0, 7, PAGE_USER, 0 },
	{ "5.10: file cache", v5_10, 1 << 4, 2, FILE_AT, 0, 0, 0, 0, 0, 7, PAGE_CACHE, 0 },
	{ "5.10: file cache with buffers", v5_10, 1 << 4 | 1 << 13, NOBODY, FILE_AT, 1, 0, 0, 0, 0, 7,
	  PAGE_CACHE_PRIVATE, 0 },
	{ "5.10: swap cache off the LRU", v5_10, 1 << 10 | 1 << 19, NOBODY, 0, 1, 0, 0, 0, 0, 7,
	  PAGE_CACHE, 0 },
	{ "5.10: bit 10 without PG_swapbacked is no swap cache", v5_10, 1 << 10, NOBODY, 0, 1, 0, 0,
	  0, 0, 7, PAGE_KERNEL, 0 },
	{ "5.10: a huge page of hugetlbfs", v5_10, HEAD_5, 0, FILE_AT, 0, 0, 0, TAIL, 2 | 9 << 8, 512,
	  PAGE_USER, 9 },
	{ "5.10: a compound kernel page", v5_10, HEAD_5, NOBODY, 0, 0, 0, 0, TAIL, 1 | 2 << 8, 4,
	  PAGE_KERNEL, 2 },
	{ "5.10: a transparent huge page", v5_10, HEAD_5 | 1 << 4, 0, ANON, 0, 0, 0, TAIL,
	  3 | 9 << 8, 1024, PAGE_USER, 9 },
	{ "5.10: a head where its order cannot begin", v5_10, HEAD_5 | 1 << 4, 0, ANON, 0, 0, 0, TAIL,
	  3 | 9 << 8, 1025, PAGE_USER, 0 },
	{ "5.10: a head without a tail behind it", v5_10, HEAD_5 | 1 << 4, 0, ANON, 0, 0, 0, 0,
	  3 | 9 << 8, 1024, PAGE_USER, 0 },
	{ "5.10: a head of an order beyond reason", v5_10, HEAD_5, NOBODY, 0, 0, 0, 0, TAIL,
	  1 | 60 << 8, 0, PAGE_KERNEL, 0 },
	{ "5.10: a tail", v5_10, 0, NOBODY, 0x400, 0, TAIL, 0, 0, 0, 5, PAGE_UNKNOWN, 0 },
	{ "5.10: poisoned, whatever else it is", v5_10, 1 << 23 | 1 << 4, 0, ANON, 0, 0, 0, 0, 0, 7,
	  PAGE_HWPOISON, 0 },
	{ "5.10: a poisoned tail", v5_10, 1 << 23, NOBODY, 0, 0, TAIL, 0, 0, 0, 5, PAGE_HWPOISON, 0 },
	{ "7.x: free, a block of 1024", v7_x, 0, 0xf0000000, 0, 10, 0, 0, 0, 0, 2048, PAGE_FREE, 10 },
	{ "7.x: unaccepted, always the largest block", v7_x, 0, 0xf7000000, 0, 0, 0, 0, 0, 0, 1024,
	  PAGE_UNACCEPTED, 10 },
	{ "7.x: offline", v7_x, 0, 0xf1000000, 0, 0, 0, 0, 0, 0, 7, PAGE_OFFLINE, 0 },
	{ "7.x: slab of four pages", v7_x, HEAD_7, 0xf5000000, ANON, 0, 0, 2, TAIL, 0, 8, PAGE_SLAB,
	  2 },
	{ "7.x: slab with something in the low bytes of its type", v7_x, 0, 0xf5000123, 0, 0, 0, 0, 0,
	  0, 8, PAGE_SLAB, 0 },
	{ "7.x: zsmalloc, a type that nobody asks for", v7_x, 1 << 14, 0xf6000010, 2, 0, 0, 0, 0, 0, 8,
	  PAGE_KERNEL, 0 },
	{ "7.x: a huge page of hugetlbfs, tails by mask", v7_x, HEAD_7, 0xf4000000, FILE_AT, 0, 0, 9,
	  0xffffffffffff8001, 0, 512, PAGE_USER, 9 },
	{ "7.x: a large folio of a file", v7_x, HEAD_7 | 1 << 5, NOBODY, FILE_AT, 0, 0, 0x1204, TAIL,
	  0, 32, PAGE_CACHE, 4 },
};

static void tells_pages_apart(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		uint8_t page[64] = { 0 }, next[64] = { 0 };
		struct vmcoreinfo vi = { 0 };
		struct page_facts f;
		unsigned int order = 99;
		char missing[200];

		print_message("%s\n", pages[i].what);
		assert_int_equal(vmcoreinfo_init(&vi, pages[i].vmcoreinfo,
						 strlen(pages[i].vmcoreinfo), NULL), 0);
		assert_true(page_facts_init(&f, NULL, &vi, missing, sizeof(missing)));
		assert_string_equal(missing, "");
		put_u64(page, pages[i].flags);
		put_u64(page + 8, pages[i].compound);
		put_u64(page + 24, pages[i].mapping);
		put_u64(page + 40, pages[i].private);
		put_u32(page + 48, pages[i].mapcount);
		put_u64(next, pages[i].next_flags);
		put_u64(next + 8, pages[i].next_compound);
		put_u16(next + 16, pages[i].dtor_order);
		assert_int_equal(page_facts_classify(&f, page, next, pages[i].pfn, &order),
				 pages[i].c);
		assert_int_equal(order, pages[i].order);
		vmcoreinfo_deinit(&vi);
	}
}

static const struct {
	const char *what, *vmcoreinfo, *missing;
	bool possible;
} lacks[] = {
	{ "nothing of struct page", "PAGESIZE=4096\n", "all: the members of struct page", false },
	{ "members outside of it", "SIZE(page)=64\nOFFSET(page.flags)=60\nOFFSET(page._mapcount)=48\n"
	  "OFFSET(page.mapping)=24\nOFFSET(page.private)=40\nOFFSET(page.compound_head)=8\n",
	  "all: the members of struct page", false },
	{ "members alone", COMMON "OFFSET(page.compound_head)=8\n",
	  "free pages, cache pages, hugetlb pages, compound pages", true },
	{ "no type for free blocks", COMMON "OFFSET(page.compound_head)=8\n"
	  "NUMBER(PG_lru)=4\nNUMBER(PG_head_mask)=64\nNUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-201326592\n",
	  "free pages", true },
};

static void says_what_cannot_be_told(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lacks); i++) {
		struct vmcoreinfo vi = { 0 };
		struct page_facts f;
		char missing[200];

		print_message("%s\n", lacks[i].what);
		assert_int_equal(vmcoreinfo_init(&vi, lacks[i].vmcoreinfo,
						 strlen(lacks[i].vmcoreinfo), NULL), 0);
		assert_int_equal(page_facts_init(&f, NULL, &vi, missing, sizeof(missing)),
				 lacks[i].possible);
		assert_string_equal(missing, lacks[i].missing);
		vmcoreinfo_deinit(&vi);
	}
}

/* 6.11 alone: types are bits that are cleared, and the bits are an enum. PG_slab is one of them. */
static void knows_types_as_enum_of_bits(void **state)
{
	struct vmcoreinfo vi = { 0 };
	struct layout l = { 0 };
	struct page_facts f;
	uint8_t page[64] = { 0 };
	unsigned int order;
	char missing[200];

	(void)state;
	l.v[L_PG_buddy] = (struct layout_value){ .known = true, .value = 0x40000000 };
	l.v[L_PG_slab] = (struct layout_value){ .known = true, .value = 0x02000000 };
	l.v[L_PG_hugetlb] = (struct layout_value){ .known = true, .value = 0x04000000 };
	assert_int_equal(vmcoreinfo_init(&vi, v7_x, strlen(v7_x), NULL), 0);
	assert_true(page_facts_init(&f, &l, &vi, missing, sizeof(missing)));
	assert_int_equal(f.slab, 0);
	put_u32(page + 48, ~0x40000000u);
	put_u64(page + 40, 1);
	assert_int_equal(page_facts_classify(&f, page, NULL, 2, &order), PAGE_FREE);
	assert_int_equal(order, 1);
	put_u32(page + 48, ~0x02000000u);
	assert_int_equal(page_facts_classify(&f, page, NULL, 2, &order), PAGE_SLAB);
	vmcoreinfo_deinit(&vi);
}

static const struct {
	enum page_class c;
	unsigned int levels; /* any of these bits excludes it */
} excluded[] = {
	{ PAGE_KERNEL, 0 }, { PAGE_SLAB, 0 }, { PAGE_UNKNOWN, 0 }, { PAGE_FREE, 16 },
	{ PAGE_UNACCEPTED, 16 }, { PAGE_CACHE, 2 | 4 }, { PAGE_CACHE_PRIVATE, 4 }, { PAGE_USER, 8 },
};

static void levels_mean_what_they_mean_to_makedumpfile(void **state)
{
	unsigned int level;
	size_t i;

	(void)state;
	for (level = 0; level <= DUMP_LEVEL_MAX; level++) {
		for (i = 0; i < ARRAY_SIZE(excluded); i++)
			assert_int_equal(page_class_excluded(excluded[i].c, level),
					 (level & excluded[i].levels) != 0);
		assert_true(page_class_excluded(PAGE_HWPOISON, level));
		assert_true(page_class_excluded(PAGE_OFFLINE, level));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_pages_apart),
		cmocka_unit_test(says_what_cannot_be_told),
		cmocka_unit_test(knows_types_as_enum_of_bits),
		cmocka_unit_test(levels_mean_what_they_mean_to_makedumpfile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
