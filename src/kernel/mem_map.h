/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the struct page of a page frame lies: by the sections of SPARSEMEM (include/linux/mmzone.h),
 * which every 64-bit kernel with kdump has, else by the start of the vmemmap alone.
 */
#ifndef VMSIFT_KERNEL_MEM_MAP_H
#define VMSIFT_KERNEL_MEM_MAP_H

#include "kernel/layout.h"
#include "mem/kmem.h"

struct mem_map {
	struct kmem *km;
	uint32_t page_struct_size;
	kvaddr_t vmemmap;	  /* 0: not known */
	kvaddr_t roots;		  /* array of pointers to struct mem_section[]; 0: not known */
	uint64_t nr_roots, per_root;
	unsigned int section_shift; /* a section is 2^this page frames */
	uint32_t section_size, off_map;
	/* The section that was looked at last. */
	uint64_t nr;
	bool nr_valid;
	kvaddr_t base; /* struct page of its first frame; 0: none */
};

/**
 * mem_map_init() - find it
 * @layout:  may be NULL: then by VMCOREINFO
 * @vmemmap: 0 if not known
 * @symbol:  address of the variable mem_section, 0 if not known
 * @size:    of struct page
 *
 * Return: 0; ERR_UNSUPPORTED if neither sections nor the vmemmap can be found.
 */
int mem_map_init(struct mem_map *m, struct kmem *km, const struct layout *layout, kvaddr_t vmemmap,
		 kvaddr_t symbol, uint32_t size, struct err *err);

/**
 * mem_map_find() - where the struct page of @pfn is
 * @va:	 its address; 0 if the kernel has none for it, or what says so cannot be read
 * @end: the same holds, struct pages behind each other, up to this page frame
 */
void mem_map_find(struct mem_map *m, pfn_t pfn, kvaddr_t *va, pfn_t *end);

#endif
