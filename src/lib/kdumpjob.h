/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel dump of a run: the kernel section of the configuration. */
#ifndef VMSIFT_LIB_KDUMPJOB_H
#define VMSIFT_LIB_KDUMPJOB_H

#include "kdump/kdump.h"
#include "lib/dump.h"
#include "lib/target.h"
#include "select/conf.h"
#include "util/json.h"

struct kdumpjob {
	bool asked_for;
	bool written;  /* there is a file, whole or with the INCOMPLETE flag */
	bool failed;   /* an error ended it, or a process could not be looked at */
	bool triage;
	size_t nr_processes;	    /* whose pages are in it */
	unsigned int nr_lost;	    /* that were asked for and could not be looked at */
	bool user_data_left_out;    /* an exclusion could not be read */
	char file[64];	    /* in a stream its parts are named after it */
	unsigned int nr_parts; /* in a stream */
	char why[ERR_TEXT_SIZE];
	struct kdump_stats stats;
};

/**
 * kdumpjob_run() - write "vmcore", or in a stream its parts (kdump_parts.h), as far as the budget goes
 *
 * What a budget ended has the INCOMPLETE flag and is whole otherwise; what an error ended keeps
 * -incomplete in its name, or lacks the end mark of the flattened form. @deadline_ns ends it like a
 * budget; 0: none. A selection that matches nothing is no failure. The result is in @job; nothing is
 * returned.
 */
void kdumpjob_run(struct kdumpjob *job, struct vmsift *v, const struct conf *conf,
		  struct target *t, uint64_t deadline_ns);

/* An object "kernel_dump" for the manifest. */
void kdumpjob_json(const struct kdumpjob *job, struct json *j);

#endif
