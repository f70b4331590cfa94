/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects of zbud, an allocator below zswap to Linux 6.14 (mm/zbud.c): two in a page, at its two ends. */
#ifndef VMSIFT_KERNEL_ZBUD_H
#define VMSIFT_KERNEL_ZBUD_H

#include <stdbool.h>

#include "util/reader.h"
#include "util/types.h"

/* What finding an object takes; a test can make one. */
struct zbud_view {
	struct reader kmem; /* by kernel virtual address */
	size_t page_size;
	bool has_header; /* zswap put the swap entry in front of the object (struct zswap_header, to 6.4) */
};

/**
 * zbud_read() - copy an object
 * @handle: where it is: its address
 * @entry:  the swap entry that it is of; looked at with .has_header only
 * @size:   bytes of it, without the header
 * @buf:    undefined on failure
 *
 * A page is 64 chunks, of which the first holds zbud's own header. The first object begins behind that, the last
 * one so many whole chunks before the page's end as it needs: no other place is taken for one.
 *
 * Return: 0; ERR_CORRUPT if no object of this size can be there, or the header is of another entry; what the
 * reader says.
 */
int zbud_read(const struct zbud_view *v, uint64_t handle, uint64_t entry, size_t size, void *buf,
	      struct err *err);

#endif
