/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Swapped pages that RAM still holds: in the swap cache, as zeros that were never written out, in zswap
 * or in zram. What a device on the other side of a bus has is not looked for.
 */
#ifndef VMSIFT_KERNEL_SWAP_H
#define VMSIFT_KERNEL_SWAP_H

#include "kernel/kernel.h"
#include "kernel/swap_entry.h"

/* A decoded page stays where it is until so many others have been decoded. */
#define SWAP_PAGES_KEPT 4u

enum swap_where {
	SWAP_CACHE, /* .pfn: in a page frame */
	SWAP_ZERO,  /* all zeros, by a bit of the kernel's */
	SWAP_ZSWAP, /* .data */
	SWAP_ZRAM,  /* .data */
};

enum swap_loss {
	SWAP_LOST_NONE,
	SWAP_LOST_DEVICE,	/* on a disk, not in RAM */
	SWAP_LOST_WRITEBACK,	/* zram has written it to its backing device */
	SWAP_LOST_DAMAGED,	/* what is in RAM contradicts itself */
	SWAP_LOST_UNSUPPORTED,	/* how it is kept is not understood, or its types are not there */
	SWAP_LOST_NR
};

struct swap_page {
	enum swap_where where;
	enum swap_loss loss;
	pfn_t pfn;
	const uint8_t *data; /* a page of bytes, see SWAP_PAGES_KEPT */
};

/* Takes NULL. */
void swap_destroy(struct swap *s);

/* What an entry of a page table stands for. */
struct swap_entry swap_entry_of(struct kernel *k, unsigned int type, uint64_t offset);

/**
 * swap_find() - find a swapped page
 * @type:   swap device
 * @offset: page on it
 * @ret:    on failure .loss says what kind
 *
 * The first cause of each kind of loss is a warning in the log, those after it are not.
 *
 * Return: 0; ERR_ABSENT if it is not in RAM; ERR_CORRUPT, ERR_UNSUPPORTED, ERR_NOTFOUND; ERR_NOMEM.
 */
int swap_find(struct kernel *k, unsigned int type, uint64_t offset, struct swap_page *ret,
	      struct err *err);

/* The type and the offset in a value entry of shmem: swp_entry_t of include/linux/swapops.h. */
static inline unsigned int swap_entry_type(uint64_t swap)
{
	return (unsigned int)(swap >> 58);
}

static inline uint64_t swap_entry_offset(uint64_t swap)
{
	return swap & ((1ull << 58) - 1);
}

#endif
