/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel log. Everything needed is in VMCOREINFO, so it is read also where types and symbols are
 * not: the lockless ring buffer (prb, since 5.10, kernel/printk/printk_ringbuffer.h).
 */
#ifndef VMSIFT_KERNEL_PRINTK_H
#define VMSIFT_KERNEL_PRINTK_H

#include "mem/kmem.h"
#include "util/err.h"
#include "util/types.h"

/* LOG_LINE_MAX is 1024 less its prefix; continued records grow to a few of these. */
#define PRINTK_TEXT_MAX 8192

struct printk_record {
	uint64_t seq, ts_nsec;
	uint32_t text_size;
	const char *text; /* not terminated; untrusted bytes; valid during the call */
};

/**
 * printk_for_each() - every record still in the ring, oldest first
 * @fn:	 stops the walk by returning other than 0, which is then returned
 * @lost: records that were being written or were damaged; may be NULL
 *
 * Return: 0; ERR_UNSUPPORTED if VMCOREINFO does not describe the log; ERR_CORRUPT, ERR_ABSENT; ERR_NOMEM.
 */
int printk_for_each(struct kmem *km, int (*fn)(void *ctx, const struct printk_record *r), void *ctx,
		    uint64_t *lost, struct err *err);

/* The parts of the log in memory: the ring itself, descriptors, infos, texts. None where it cannot be found. */
void printk_for_each_part(struct kmem *km, void (*fn)(void *ctx, kvaddr_t va, uint64_t size), void *ctx);

#endif
