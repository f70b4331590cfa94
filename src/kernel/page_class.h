/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every page frame of the dump is: free, cache, user data, kernel, ... (page_facts.h), by a walk over
 * the struct pages in ascending order. Nothing is kept that grows with memory.
 */
#ifndef VMSIFT_KERNEL_PAGE_CLASS_H
#define VMSIFT_KERNEL_PAGE_CLASS_H

#include "kernel/kernel.h"
#include "kernel/mem_map.h"
#include "kernel/page_facts.h"

struct page_classifier {
	struct page_facts facts;
	struct mem_map map;
	bool may_have_poison;
	/* The block that the last call ended in: its class holds up to .block_end. */
	pfn_t next, block_end;
	enum page_class block_class;
};

/**
 * page_classifier_init() - find out how pages of this dump are told apart
 * @km:	     the dumped kernel's memory; outlives @pc
 * @k:	     the same kernel's types and symbols; NULL: by VMCOREINFO alone
 * @missing: see page_facts_init()
 *
 * Return: 0; ERR_UNSUPPORTED if page frames cannot be told apart at all.
 */
int page_classifier_init(struct page_classifier *pc, struct kmem *km, const struct kernel *k,
			 char *missing, size_t missing_size, struct err *err);

/**
 * page_classify() - what the frames [start, end) are
 * @fn: called with runs that are ascending, adjacent and cover the range
 *
 * Frames that the kernel has no struct page for, or whose struct page cannot be read, are PAGE_UNKNOWN.
 * Blocks of several frames are known by their first: so calls are made in ascending order, each beginning
 * where the one before ended or at a place aligned to 2^PAGE_ORDER_MAX.
 */
void page_classify(struct page_classifier *pc, pfn_t start, pfn_t end,
		   void (*fn)(void *ctx, pfn_t start, pfn_t end, enum page_class c), void *ctx);

#endif
