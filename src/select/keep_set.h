/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to keep*.c: what they share while ranges are gathered. */
#ifndef VMSIFT_SELECT_KEEP_SET_H
#define VMSIFT_SELECT_KEEP_SET_H

#include "proc/linkmap.h"
#include "select/keep.h"

/* Ranges of one process; a process of 10,000 threads has some 50,000. 24 bytes each. */
#define KEEP_RANGES_MAX (1u << 17)

struct keep_ctx {
	struct proc *p;
	struct keep_opts o; /* of the caller, less what exclusions forbid */
	struct keep *k;
	struct uelf_vec modules;
	struct linkmap lm;
	struct uelf *ldso, *libc; /* in .modules; NULL where there is none */
	bool is_glibc;
	bool *is_stack;		  /* by area: a thread's stack is in it */
	bool full;		  /* KEEP_RANGES_MAX was reached, and said */
	bool hides_tls;		  /* thread-local variables must not be written */
	bool tls_lost;		  /* and not all of them are found */
	struct err *err;
};

/**
 * keep_add() - ask for a range
 *
 * Return: 0 or ERR_NOMEM. A range that is empty or wraps is passed over.
 */
int keep_add(struct keep_ctx *c, uvaddr_t start, uint64_t size, enum keep_rule rule);

/* The same for what no rule may keep. */
int keep_add_never(struct keep_ctx *c, uvaddr_t start, uint64_t size);

/**
 * keep_normalise() - make ranges ascending and disjoint
 * @page:  0: ranges are bytes; else whole pages of this size, but for windows
 *
 * Return: 0 or ERR_NOMEM.
 */
int keep_normalise(struct keep_range_vec *v, uint64_t page, struct err *err);

static inline bool keep_has(const struct keep_range_vec *v, uvaddr_t at)
{
	size_t i = keep_range_find(v, at);

	return i < v->n && v->v[i].start <= at;
}

/**
 * keep_never_tls() - keep out all blocks of thread-local variables of all threads
 * @all: whether all were found
 *
 * Return: 0 or ERR_NOMEM.
 */
int keep_never_tls(struct keep_ctx *c, bool *all);

/* Names of registered data that lie in what must never be written: after it is normalised. */
void keep_hide_names(struct keep *k);

/* General registers of a thread. Return: whether it has any. */
bool keep_thread_regs(const struct keep_ctx *c, const struct proc_thread *t,
		      struct arch_regs *ret);

/*
 * Where a thread's control block is. Workers of the kernel have no user mode. Return: 1; 0 if it has none;
 * -1 if it may, and cannot be found.
 */
int keep_thread_pointer(const struct keep_ctx *c, const struct proc_thread *t, uvaddr_t *ret);

/* An area that the process writes to as it likes: no code, no device, not VM_DONTDUMP. */
bool keep_is_writable(const struct proc_area *a);

/* The steps of keep_make(), each in its file. */
int keep_stacks(struct keep_ctx *c);	 /* stacks, for all details */
int keep_link_maps(struct keep_ctx *c);	 /* what leads a debugger to the modules, for all */
int keep_modules(struct keep_ctx *c);	 /* small: headers, ld.so, libc; data: all written */
int keep_threads(struct keep_ctx *c);	 /* small: TCBs, TLS, robust lists */
int keep_configured(struct keep_ctx *c); /* symbols, mappings, ranges */
int keep_excluded(struct keep_ctx *c);
int keep_never_registered(struct keep_ctx *c);
int keep_registered(struct keep_ctx *c);
int keep_anchors(struct keep_ctx *c);	 /* after the others: what is kept is no anchor's target */

#endif
