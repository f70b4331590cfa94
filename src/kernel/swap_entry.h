/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a swap entry of a page table stands for: a page that was swapped out, or one of the other things
 * that the kernel keeps there (include/linux/swap.h, swapops.h; "softleaf" since 6.19). A pure function.
 */
#ifndef VMSIFT_KERNEL_SWAP_ENTRY_H
#define VMSIFT_KERNEL_SWAP_ENTRY_H

#include "util/types.h"

/* MAX_SWAPFILES_SHIFT is 5 on every kernel. */
#define SWAP_TYPES_MAX 32u

/* How this kernel has divided the types. */
struct swap_types {
	unsigned int max_swapfiles; /* MAX_SWAPFILES; types below are swap devices. 0: not known */
	bool has_hwpoison;	    /* CONFIG_MEMORY_FAILURE */
	bool has_read_exclusive;    /* three migration entries, since 5.19; before two */
	unsigned int pfn_bits;	    /* of an offset that is a page frame: above are flags (6.1) */
};

enum swap_entry_kind {
	SWAP_ENTRY_SWAPPED,	   /* on a swap device */
	SWAP_ENTRY_MIGRATION,	   /* .pfn: the page, which was being moved and is still there */
	SWAP_ENTRY_HWPOISON,	   /* a memory error: never to be touched */
	SWAP_ENTRY_DEVICE_PRIVATE, /* in the memory of a device */
	SWAP_ENTRY_DEVICE_EXCLUSIVE, /* .pfn: in RAM, lent to a device */
	SWAP_ENTRY_MARKER,	   /* userfaultfd write protection or a guard page: no page */
	SWAP_ENTRY_POISON_MARKER,  /* reading it raises SIGBUS */
	SWAP_ENTRY_ERROR,	   /* the page could not be read back from swap (5.19 to 6.1) */
	SWAP_ENTRY_UNKNOWN,
};

struct swap_entry {
	enum swap_entry_kind kind;
	pfn_t pfn;
};

struct swap_entry swap_entry_decode(const struct swap_types *t, unsigned int type, uint64_t offset);

#endif
