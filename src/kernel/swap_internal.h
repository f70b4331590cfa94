/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by swap.c and the places where it looks: swap_cache.c, zswap.c, zram.c. */
#ifndef VMSIFT_KERNEL_SWAP_INTERNAL_H
#define VMSIFT_KERNEL_SWAP_INTERNAL_H

#include "codec/unpack.h"
#include "kernel/swap.h"
#include "kernel/zsmalloc.h"

#define ALGORITHM_SIZE 128u /* CRYPTO_MAX_ALG_NAME */
#define COMP_ALGS_MAX  4u   /* ZRAM_MAX_COMPS */

struct zram {
	kvaddr_t addr; /* struct zram */
	kvaddr_t table, pool;
	uint64_t nr_pages;
	unsigned int flag_shift;
	uint64_t first_page; /* where the swap space begins on it: 0, or the start of a partition */
	char algorithms[COMP_ALGS_MAX][ALGORITHM_SIZE]; /* "" where not known */
	bool has_dict[COMP_ALGS_MAX];
};

struct swap_device {
	bool tried;
	struct err fault;   /* .rc: why it cannot be used */
	kvaddr_t info;	    /* struct swap_info_struct */
	uint64_t nr_pages;
	bool is_zram;
	struct err zram_fault;
	struct zram zram;
};

struct swap_slot { /* a decoded page that is kept */
	bool valid;
	unsigned int type;
	uint64_t offset;
	enum swap_where where;
	uint8_t *data;
};

struct swap {
	struct kernel *k;
	struct swap_types types;
	unsigned int nr_devices; /* nr_swapfiles */
	struct swap_device devices[SWAP_TYPES_MAX];
	struct unpack *unpack;
	struct zs_view zs;
	bool has_zsmalloc;
	struct err zsmalloc_fault;
	uint8_t *packed; /* a page: what is compressed */
	struct swap_slot slots[SWAP_PAGES_KEPT];
	unsigned int next_slot;
	bool warned[SWAP_LOST_NR];
};

/* swap_entry_t as the kernel has it in memory. */
static inline uint64_t swap_entry_val(unsigned int type, uint64_t offset)
{
	return (uint64_t)type << 58 | offset;
}

/* Each returns 1 if the page is there, 0 if not, -1 with @err if that cannot be told. */
int swap_cache_find(struct kernel *k, const struct swap_device *d, unsigned int type,
		    uint64_t offset, struct swap_page *ret, struct err *err);
int swap_zero_find(struct kernel *k, const struct swap_device *d, uint64_t offset, struct err *err);
/* Decoded into @page. */
int zswap_find(struct swap *s, unsigned int type, uint64_t offset, uint8_t *page, struct err *err);

/* Whether the device is a zram; fills what zram_read() needs. Return: 0, ERR_... */
int zram_open(struct kernel *k, kvaddr_t disk, uint64_t start_sect, struct zram *ret,
	      struct err *err);
/* Return: 0; else @loss says what kind. */
int zram_read(struct swap *s, const struct zram *z, uint64_t offset, uint8_t *page,
	      enum swap_loss *loss, struct err *err);

/* An object of zsmalloc, decompressed. */
int swap_unpack_object(struct swap *s, kvaddr_t pool, uint64_t handle, size_t size,
		       const char *algorithm, uint8_t *page, struct err *err);
int swap_unpack(struct swap *s, const char *algorithm, const void *in, size_t size, uint8_t *page,
		struct err *err);

#endif
