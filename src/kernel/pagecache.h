/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page cache: which page of a file is in which page frame (struct address_space). */
#ifndef VMSIFT_KERNEL_PAGECACHE_H
#define VMSIFT_KERNEL_PAGECACHE_H

#include "kernel/kernel.h"
#include "kernel/xarray.h"

struct pagecache_entry {
	uint64_t index;	    /* page of the file, in units of the page size */
	uint64_t nr;	    /* pages from there on that are in frames .pfn, .pfn + 1, ... or in swap */
	bool is_swap;	    /* shmem: .swap is the entry of .index, as in include/linux/swapops.h */
	pfn_t pfn;
	uint64_t swap;
	bool dirty;	    /* newer than the file on disk */
};

/**
 * pagecache_next() - the first cached page of a file at or above an index
 * @mapping: its struct address_space
 * @start:   index of interest, in pages
 * @last:    the last one
 * @budget:  entries that may still be looked at; what a caller of many calls bounds its work with
 * @ret:     untouched where there is none
 *
 * What is found is cross-checked: the folio's own mapping must be @mapping. Pages that are not up to
 * date (still being read) and shadows of pages that were dropped are passed over. Not for hugetlbfs,
 * whose indices have been in huge pages up to 6.6.
 *
 * Return: 1 if there is one, 0 if not; -1 with @err: ERR_UNSUPPORTED, ERR_CORRUPT, ERR_ABSENT.
 */
int pagecache_next(struct kernel *k, kvaddr_t mapping, uint64_t start, uint64_t last,
		   uint64_t *budget, struct pagecache_entry *ret, struct err *err);

/* Whether the file is of tmpfs, or shared memory: value entries are then swap entries. */
bool pagecache_is_shmem(struct kernel *k, kvaddr_t mapping);

/* How this kernel's xarrays are made. Return: 0; ERR_UNSUPPORTED. */
int xarray_shape_of(struct kernel *k, struct xarray_shape *ret, struct err *err);

#endif
