/* SPDX-License-Identifier: GPL-2.0-or-later */
/* struct page: flags of a page frame (include/linux/mm_types.h, page-flags.h). */
#ifndef VMSIFT_KERNEL_PAGE_H
#define VMSIFT_KERNEL_PAGE_H

#include "kernel/kernel.h"

/**
 * page_flags() - the flags word of a page frame's struct page
 *
 * Return: 0; ERR_UNSUPPORTED if where struct page lies is not known; ERR_ABSENT, ERR_CORRUPT.
 */
int page_flags(struct kernel *k, pfn_t pfn, uint64_t *ret, struct err *err);

/**
 * page_is_poisoned() - whether touching this page may raise a machine check
 *
 * Quick where the kernel counts no poisoned page at all. Where the flags cannot be read while the
 * count says that there are such pages, the answer is yes.
 */
bool page_is_poisoned(struct kernel *k, pfn_t pfn);

/* The frame of a struct page, which lies in the vmemmap. Return: whether it can be one. */
bool page_to_pfn(const struct kernel *k, kvaddr_t page, pfn_t *ret);


#endif
