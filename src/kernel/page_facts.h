/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How this kernel marks its page frames in struct page, and the decision what one frame is. Facts come
 * from the dump's types, what these lack from VMCOREINFO; the decision is a pure function of bytes.
 */
#ifndef VMSIFT_KERNEL_PAGE_FACTS_H
#define VMSIFT_KERNEL_PAGE_FACTS_H

#include "kernel/layout.h"
#include "util/types.h"
#include "vmcore/vmcoreinfo.h"

enum page_class {
	PAGE_KERNEL,	   /* nothing below: kept at every dump level */
	PAGE_SLAB,	   /* likewise */
	PAGE_FREE,	   /* in the buddy allocator */
	PAGE_UNACCEPTED,   /* free, and not yet accepted from the hypervisor */
	PAGE_CACHE,	   /* page cache and swap cache without private data */
	PAGE_CACHE_PRIVATE, /* page cache with private data */
	PAGE_USER,	   /* anonymous, or of hugetlbfs */
	PAGE_HWPOISON,	   /* never to be touched */
	PAGE_OFFLINE,	   /* taken away, by a balloon or the like */
	PAGE_UNKNOWN,	   /* cannot be told: kept */
	PAGE_CLASS_NR
};

const char *page_class_name(enum page_class c);

/* A type of page: the word that shares its place with _mapcount, masked, is this. mask 0: not known. */
struct page_type {
	uint32_t mask, value;
};

#define PAGE_OFF_NONE UINT32_MAX

/* 16 GiB, arm64's largest; x86_64 has 1 GiB at the most. */
#define PAGE_ORDER_MAX 22

struct page_facts {
	uint32_t size; /* of struct page */
	/* Offsets in it; PAGE_OFF_NONE where not known. */
	uint32_t off_flags, off_mapcount, off_mapping, off_private, off_compound_head;
	/* Masks of the flags word; 0 where not known. */
	uint64_t head, lru, private, swapcache, swapbacked, slab, hwpoison;
	struct page_type buddy, offline, hugetlb_type, slab_type, unaccepted;
	/* In the second struct page of a compound one. */
	uint32_t off_order;	 /* PAGE_OFF_NONE: in the low byte of its flags */
	bool order_in_flags;
	uint32_t off_dtor;
	uint64_t hugetlb_flag;	 /* mask of its flags */
	uint32_t hugetlb_dtor;
	bool has_hugetlb_dtor;
	unsigned int nr_orders;	 /* of the buddy allocator: orders are below this */
};

/**
 * page_facts_init() - gather them
 * @layout:  may be NULL
 * @missing: gets one text for each thing that cannot be told without what is not there, "" at first;
 *	     e.g. "free pages"
 *
 * Return: whether pages can be classified at all; else @missing says why not.
 */
bool page_facts_init(struct page_facts *f, const struct layout *layout, const struct vmcoreinfo *vi,
		     char *missing, size_t missing_size);

/**
 * page_facts_classify() - what one page frame, or the block that begins with it, is
 * @page:  its struct page, f->size bytes
 * @next:  the struct page behind it, for a compound page's order; NULL if that cannot be had
 * @order: the result holds for 2^order frames from @pfn on
 *
 * The order of the questions is that of the kernel: a type excludes all else, then anonymous, then LRU.
 * A tail page is PAGE_UNKNOWN: its head decides.
 */
enum page_class page_facts_classify(const struct page_facts *f, const uint8_t *page,
				    const uint8_t *next, pfn_t pfn, unsigned int *order);

/* Whether pages of this class are left out at makedumpfile(8)'s dump level. */
bool page_class_excluded(enum page_class c, unsigned int dump_level);

/* Bits of the dump level. */
enum {
	DUMP_LEVEL_ZERO = 1,
	DUMP_LEVEL_CACHE = 2,
	DUMP_LEVEL_CACHE_PRIVATE = 4,
	DUMP_LEVEL_USER = 8,
	DUMP_LEVEL_FREE = 16,
	DUMP_LEVEL_MAX = 31,
};

#endif
