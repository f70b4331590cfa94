/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One process on its way to a core: opened, planned, compressed. */
#ifndef VMSIFT_LIB_COREWORK_H
#define VMSIFT_LIB_COREWORK_H

#include "lib/corejob.h"
#include "ucore/ucore.h"

struct work {
	struct proc *p;
	struct plan plan;
	struct ucore_layout layout;
	uint64_t deadline_ns; /* of this core; 0: none */
	uint64_t nr_faults;   /* vmcore_faults() when it was opened */
};

/**
 * work_open() - open a process and plan its core
 * @tiny:      the smallest core, which its sections' max-time does not hold for
 * @max_bytes: of captured memory
 * @w:	       close with work_close(), unless this failed
 * @r:	       gets sizes and the map
 */
int work_open(const struct corejob *job, const struct chosen *c, bool tiny, uint64_t max_bytes,
	      struct work *w, struct core_result *r, struct err *err);
void work_close(struct work *w);

/* Something of the dump could not be read since then: the core is one written in part. */
void work_heed_faults(const struct corejob *job, struct work *w);

/* Write the core through the job's codec. ERR_BUDGET: its time is up. */
int work_write(const struct corejob *job, const struct work *w, const struct out *to,
	       struct ucore_result *res, struct err *err);

/* The codec's level for a core of this size. */
int work_level(const struct corejob *job, uint64_t size);

/* Whether a deadline has passed; 0 is none. */
bool time_is_over(uint64_t deadline_ns);

#endif
