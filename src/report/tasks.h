/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sections of the report that are about tasks. */
#ifndef VMSIFT_REPORT_TASKS_H
#define VMSIFT_REPORT_TASKS_H

#include "report/report.h"

/*
 * Append a line; a text that would pass @limit is left out and remembered as cut, and so is all that
 * follows below the same limit: no stack has a hole in it.
 */
void report_put(struct report *r, size_t limit, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The panicking task first, then what ran on each other CPU. */
void report_cpus(struct report *r, struct kernel *k, size_t limit);

/* The tasks that have been in D state for longest. */
void report_hung(struct report *r, struct kernel *k, size_t limit);

/* Processes that the OOM killer chose and that are still there. */
void report_oom(struct report *r, struct kernel *k, size_t limit);

/* Threads of the processes that were asked for, those that are not shown already. */
void report_chosen(struct report *r, struct kernel *k, const struct task_vec *chosen, size_t limit);

/* How many tasks there are, and how many of them run or are in D state. */
void report_counts(struct report *r, struct kernel *k, size_t limit);

/* The processes with the most resident memory. */
void report_largest(struct report *r, struct kernel *k, size_t limit);

#endif
