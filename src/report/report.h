/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report: one page of text that answers most questions alone. What died, where, who was doing what.
 * It holds names, numbers and addresses, and no memory contents.
 */
#ifndef VMSIFT_REPORT_REPORT_H
#define VMSIFT_REPORT_REPORT_H

#include "kernel/kernel.h"
#include "kernel/task.h"

/* It goes to the console at 115200 baud and to pmsg: under a second. */
#define REPORT_SIZE 8192

DEFINE_VEC(task_vec, struct task);

/* Lines of the log that say why the kernel died: the first, since what follows may be its doing, and the last. */
#define REPORT_LOG_FIRST 4
#define REPORT_LOG_LINES 12
#define REPORT_LOG_LINE	 160

struct report {
	size_t n;
	bool cut;		/* something did not fit */
	bool starved;		/* something is missing for lack of our own memory */
	size_t full;		/* the highest limit that something did not fit below */
	char text[REPORT_SIZE]; /* terminated */
	char log[REPORT_LOG_LINES][REPORT_LOG_LINE];
	size_t nr_log;		/* of .log */
	size_t nr_log_left_out; /* between REPORT_LOG_FIRST and the rest */
	int32_t program_of;	/* the process whose program was named last */
	/* Build-ids that are in the text already. */
	struct {
		uint8_t id[20];
		uint8_t size;
	} seen[64];
	size_t nr_seen;
};

/**
 * report_make() - write the report
 * @chosen: leaders of the processes that the configuration names; may be empty
 * @ret:    8 KiB: not on a small stack
 *
 * What cannot be told is said so; nothing stops the rest. Sections come in order of value, and each has
 * its share of the room, so that a long one does not push out the next.
 */
void report_make(struct kernel *k, const struct task_vec *chosen, struct report *ret);

#endif
