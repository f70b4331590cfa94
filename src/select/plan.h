/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of one core: plain data that says of every page of the process whether it is kept, and why
 * not. It is made before the first byte is written, so that sizes are known and can be shown.
 */
#ifndef VMSIFT_SELECT_PLAN_H
#define VMSIFT_SELECT_PLAN_H

#include "proc/proc.h"
#include "select/keep.h"

struct plan_range {
	uvaddr_t start, end;
	uint32_t area;	 /* index in proc.areas */
	uint8_t state;	 /* enum page_state */
	uint8_t source;	 /* enum page_source */
	uint8_t reason;	 /* enum page_reason */
	uint8_t rule;	 /* enum keep_rule: what asked for it; RULE_NONE unless captured or zero */
	bool mixed;	 /* captured pages with zero pages between, too many to list each */
};
DEFINE_VEC(plan_range_vec, struct plan_range);

/* Beyond this many ranges captured and zero pages of an area are listed together: 32 bytes each. */
#define PLAN_RANGES_FINE 32768u

struct plan {
	struct proc *p;
	enum detail detail;		/* that was asked for, or less where an exclusion demands it */
	struct plan_range_vec ranges;	/* ascending; all areas, whole */
	uint64_t bytes[4];		/* by enum page_state */
	uint64_t unavailable[REASON_NR]; /* bytes by reason */
	uint64_t kept[RULE_NR];		/* captured bytes by rule */
	struct registered registered;	/* all that the process has registered */
	bool damaged;	/* something was lost to damage, not to policy */
};

/**
 * plan_make() - decide on every page of a process
 * @p:	 outlives the plan
 * @o:	 what is asked for
 * @ret: free with plan_deinit(); zero-initialised by the caller
 *
 * A page that is to be captured has been seen to be readable.
 *
 * Return: 0; ERR_NOMEM; ERR_ABSENT, ERR_CORRUPT if the page tables cannot be found at all; ERR_INVALID
 * as keep_make().
 */
int plan_make(struct proc *p, const struct keep_opts *o, struct plan *ret, struct err *err);
void plan_deinit(struct plan *plan);

/**
 * plan_may_show() - whether bytes may be in an output
 *
 * Return: false for what is excluded, VM_DONTDUMP or a device, or in no area.
 */
bool plan_may_show(const struct plan *plan, uvaddr_t start, uint64_t size);

/* The range of a plan that holds an address, or else the first above it: an index, up to ranges.n. */
size_t plan_range_find(const struct plan *plan, uvaddr_t at);

/* A PT_LOAD of the core. */
struct plan_load {
	uvaddr_t start;
	uvaddr_t file_end; /* [start, file_end) has bytes in the core */
	uvaddr_t mem_end;  /* [file_end, mem_end) is known to be zero */
	uint32_t area;
};

/**
 * plan_load_next() - the next PT_LOAD
 * @at: 0 at first; where the next call goes on
 *
 * Zero pages between captured ones are in the core as zeros unless there are many; what is not
 * available or in the file is in no PT_LOAD.
 *
 * Return: whether there is one.
 */
bool plan_load_next(const struct plan *plan, size_t *at, struct plan_load *ret);

/* A stretch of a file mapping whose bytes are the process's, from the file or from the core: NT_FILE. */
struct plan_file {
	uvaddr_t start, end;
	uint64_t pgoff;
	uint32_t file; /* index in proc.files */
};

/*
 * As plan_load_next(). What is not available is left out, so that no stale byte is taken from a file; of a
 * page that is kept in part nothing is covered unless the rest of it is in the file.
 */
bool plan_file_next(const struct plan *plan, size_t *at, struct plan_file *ret);

#endif
