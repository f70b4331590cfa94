/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page frames that were looked at, as ranges whose number is bounded: what does not fit is made coarser,
 * so that frames between may come along. Whoever uses it leaves those out by what they are.
 */
#ifndef VMSIFT_KDUMP_PAGE_RECORD_H
#define VMSIFT_KDUMP_PAGE_RECORD_H

#include "kdump/page_keep.h"

/* Frames seen a short while ago are not recorded again. A power of two. */
#define PAGE_RECORD_RECENT 4096u

struct page_record {
	struct pfn_range_vec ranges; /* settled by page_record_settle() */
	unsigned int page_shift;
	uint64_t gap; /* ranges this many frames apart are one, 0: only what touches */
	bool failed;  /* out of memory: something is missing */
	size_t max;   /* of ranges */
	pfn_t recent[PAGE_RECORD_RECENT]; /* + 1; 0: none */
};

/* @max: PAGE_KEEP_MAX but in tests. Return: 0 or ERR_NOMEM; free with page_record_destroy(). */
int page_record_create(uint32_t page_size, size_t max, struct page_record **ret, struct err *err);
void page_record_destroy(struct page_record *r); /* takes NULL */

/* The frames that hold any of [paddr, paddr + size). */
void page_record_add(struct page_record *r, paddr_t paddr, uint64_t size);

/* Make the ranges ascending and disjoint. */
void page_record_settle(struct page_record *r);

#endif
