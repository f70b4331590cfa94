/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects of zsmalloc, the allocator below zram and zswap (mm/zsmalloc.c). Everything that the kernel
 * knows of an object in two places is compared, so that a wrong encoding is not taken for a right one.
 */
#ifndef VMSIFT_KERNEL_ZSMALLOC_H
#define VMSIFT_KERNEL_ZSMALLOC_H

#include "kernel/layout.h"
#include "util/reader.h"
#include "util/types.h"

/* What finding an object takes; a test can make one. */
struct zs_view {
	struct reader kmem; /* by kernel virtual address */
	struct reader phys; /* by physical address */
	const struct layout *layout;
	kvaddr_t vmemmap;
	unsigned int page_shift;
};

/**
 * zs_read() - copy an object
 * @pool:   struct zs_pool
 * @handle: address of the word that says where the object is
 * @size:   bytes of it, at most a page
 *
 * The word holds the page frame in its upper bits (MAX_POSSIBLE_PHYSMEM_BITS is 52) and below the index of
 * the object, in one of three ways: above a tag bit (to 6.8), alone, or below the number of the size
 * class (7.3). Nothing tells which: each is tried, and the object must bear the handle in its first
 * word, or in its page where it fills one.
 *
 * Return: 0; ERR_CORRUPT if what is there does not fit together; ERR_UNSUPPORTED if the kernel's types do
 * not tell; what the readers say.
 */
int zs_read(const struct zs_view *v, kvaddr_t pool, uint64_t handle, size_t size, void *buf,
	    struct err *err);

#endif
