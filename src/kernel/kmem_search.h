/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking for a few bytes in a range of kernel memory, a chunk at a time. */
#ifndef VMSIFT_KERNEL_KMEM_SEARCH_H
#define VMSIFT_KERNEL_KMEM_SEARCH_H

#include "util/reader.h"
#include "util/types.h"

#define KMEM_SEARCH_CHUNK KIB(64)

struct kmem_search {
	const struct reader *kmem;
	kvaddr_t end;
	const void *pattern;
	size_t pattern_size;
	uint8_t *buf;	    /* KMEM_SEARCH_CHUNK bytes, and the tail of the chunk before */
	kvaddr_t buf_start; /* kernel virtual address of buf[0] */
	size_t len;	    /* bytes in buf */
	size_t pos;	    /* where the search goes on */
};

/**
 * kmem_search_init() - begin to look for @pattern in [@start, @end)
 * @kmem:    offsets are kernel virtual addresses; outlives the search
 * @pattern: 1 to 64 bytes; outlives the search
 *
 * Return: 0; ERR_NOMEM. Free with kmem_search_deinit(), also after a failure.
 */
int kmem_search_init(struct kmem_search *s, const struct reader *kmem, kvaddr_t start, kvaddr_t end,
		     const void *pattern, size_t pattern_size, struct err *err);

/* The next place of the pattern, ascending, or false. Pages that cannot be read are stepped over.
 */
bool kmem_search_next(struct kmem_search *s, kvaddr_t *ret);

void kmem_search_deinit(struct kmem_search *s);

#endif
