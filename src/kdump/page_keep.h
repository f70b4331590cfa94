/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page frames that a kernel dump keeps whatever its level says: those of chosen processes. */
#ifndef VMSIFT_KDUMP_PAGE_KEEP_H
#define VMSIFT_KDUMP_PAGE_KEEP_H

#include "util/err.h"
#include "util/types.h"
#include "util/vec.h"

struct pfn_range {
	pfn_t start, end;
};
DEFINE_VEC(pfn_range_vec, struct pfn_range);

/* 2 MiB of ranges. Scattered single pages of 512 MiB fit; what is contiguous counts once. */
#define PAGE_KEEP_MAX 131072u

/**
 * page_keep_add() - keep [start, end)
 * @keep: zero-initialised; pfn_range_vec_free() it. Not in order before page_keep_settle().
 *
 * Return: 0; ERR_NOMEM; ERR_UNSUPPORTED if there are PAGE_KEEP_MAX already.
 */
int page_keep_add(struct pfn_range_vec *keep, pfn_t start, pfn_t end, struct err *err);

/* Make them ascending and disjoint. */
void page_keep_settle(struct pfn_range_vec *keep);

/* Set the bits of those that lie in [first, first + nr); bit 0 is @first's. @keep is settled. */
void page_keep_mark(const struct pfn_range_vec *keep, pfn_t first, uint64_t nr, uint8_t *bits);

/* Clear these bits, or all others. */
void page_keep_clear(const struct pfn_range_vec *keep, pfn_t first, uint64_t nr, uint8_t *bits);
void page_keep_clear_others(const struct pfn_range_vec *keep, pfn_t first, uint64_t nr,
			    uint8_t *bits);

#endif
