/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compound pages (folios): the head of a page, how many pages it has, and whose it is. */
#ifndef VMSIFT_KERNEL_FOLIO_H
#define VMSIFT_KERNEL_FOLIO_H

#include "kernel/kernel.h"

/* MAX_ORDER is 10 on x86_64; a 1 GiB hugetlb page has order 18. */
#define FOLIO_ORDER_MAX 18u

struct folio {
	pfn_t head;	   /* frame of the head page; of a page alone the page's own */
	unsigned int order;
	uint64_t flags;	   /* of the head page: 1 << PG_... */
	uint64_t mapping;  /* of the head page, with its low bits */
};

/* folio.mapping: anonymous memory, KSM's too (include/linux/page-flags.h PAGE_MAPPING_ANON). */
#define FOLIO_MAPPING_ANON 1u

/**
 * folio_of_pfn() - the folio that a page frame belongs to
 *
 * The head is found by page.compound_head, whose bit 0 marks a tail; since 7.1 (page.compound_info)
 * the rest of the word may be a mask for the address of the page instead of the head's address, where
 * struct page is a power of two in size. The order is in folio._folio_order, page[1].compound_order or
 * the low byte of folio._flags_1, whichever the kernel has.
 *
 * Return: 0; ERR_UNSUPPORTED if the kernel's types do not tell; ERR_CORRUPT; ERR_ABSENT.
 */
int folio_of_pfn(struct kernel *k, pfn_t pfn, struct folio *ret, struct err *err);

/* Whether a flag, given by its enumerator, is set; false where the kernel has no such flag. */
static inline bool folio_has_flag(const struct kernel *k, const struct folio *f, enum layout_id flag)
{
	return layout_bit(&k->layout, flag, f->flags);
}

#endif
