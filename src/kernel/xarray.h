/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's xarray (include/linux/xarray.h, lib/xarray.c), read from a dump. The encoding of entries
 * has not changed from 5.4 to 7.3; where members lie comes from the kernel's types.
 */
#ifndef VMSIFT_KERNEL_XARRAY_H
#define VMSIFT_KERNEL_XARRAY_H

#include "util/err.h"
#include "util/reader.h"
#include "util/types.h"

/* Slots of a node: XA_CHUNK_SIZE, 64, or 16 with CONFIG_BASE_SMALL. */
#define XARRAY_SLOTS_MAX 64u

/* Where members of struct xa_node lie. */
struct xarray_shape {
	uint32_t shift_off; /* one byte */
	uint32_t slots_off;
	uint32_t nr_slots;  /* a power of two, 4 to XARRAY_SLOTS_MAX */
};

enum xarray_kind {
	XARRAY_POINTER, /* .value is the pointer */
	XARRAY_VALUE,	/* .value is the number: a shadow, or a swap entry */
};

struct xarray_entry {
	enum xarray_kind kind;
	uint64_t value;
	uint64_t index;	     /* where it was found: the smallest one asked for that it covers */
	uint64_t first, last; /* the indices that it covers, inclusive: more than one for multi-index entries */
};

/**
 * xarray_next() - the first entry at or above an index
 * @mem:   memory by address
 * @head:  xarray.xa_head
 * @start: first index of interest
 * @last:  last one
 * @ret:   untouched where there is none
 *
 * Entries that the kernel uses while it changes the array (XA_RETRY_ENTRY, XA_ZERO_ENTRY) count as
 * none. A subtree of nodes that hold nothing, which the kernel never leaves behind, is damage.
 *
 * Return: 1 if there is an entry, 0 if not; -1 with @err ERR_ABSENT, ERR_CORRUPT.
 */
int xarray_next(const struct reader *mem, const struct xarray_shape *shape, uint64_t head,
		uint64_t start, uint64_t last, struct xarray_entry *ret, struct err *err);

#endif
