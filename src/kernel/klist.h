/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Circular lists of the kernel: struct list_head { next, prev } (include/linux/types.h). */
#ifndef VMSIFT_KERNEL_KLIST_H
#define VMSIFT_KERNEL_KLIST_H

#include "kernel/kernel.h"

/* More members than there can be pids (PID_MAX_LIMIT) is a loop that was made to look long. */
#define KLIST_MAX (4u << 20)

struct klist {
	struct kernel *k;
	const char *what;   /* "task list", for messages */
	kvaddr_t head;	    /* the list_head that is no member */
	kvaddr_t at;	    /* the member last returned, or .head at the start */
	kvaddr_t last_good; /* forward: the last member reached, where backward walking meets it */
	kvaddr_t tortoise;  /* Brent: a member seen earlier; meeting it again is a loop */
	uint64_t steps, limit;
	uint32_t total;
	bool backward, done;
	bool broken; /* from both ends: members between could not be reached */
};

void klist_init(struct klist *l, struct kernel *k, kvaddr_t head, const char *what);

/**
 * klist_next() - the next member's list_head
 *
 * Where the forward links break (not readable, or a loop that misses the head), the rest is walked
 * backward from the head, and a warning names the address.
 *
 * Return: whether there is one.
 */
bool klist_next(struct klist *l, kvaddr_t *ret);

#endif
