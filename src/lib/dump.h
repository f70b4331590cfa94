/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Behind vmsift.h. */
#ifndef VMSIFT_LIB_DUMP_H
#define VMSIFT_LIB_DUMP_H

#include "kernel/kernel.h"
#include "kernel/task.h"
#include "select/select.h"
#include "vmsift.h"

struct vmsift {
	struct vmcore *vc;
	struct layout_file *lf; /* NULL: none */
	char *lf_path;
	bool lf_is_note; /* it is in the dump itself */
	bool lf_asked_for; /* named by the user: it must fit */
	struct kernel *k; /* NULL until something needs it */
	uint64_t nr_faults_told; /* of vmcore_faults() */
	struct log *log;
};

/**
 * vmsift_heed_faults() - what a command's result is worth where something of the dump could not be read
 *
 * A fact that is missing for that may have changed anything (which processes were chosen, what is kept of
 * them, what is named): says so, once. Return: VMSIFT_PARTLY instead of VMSIFT_DONE; else @status.
 */
enum vmsift_status vmsift_heed_faults(struct vmsift *v, enum vmsift_status status);

/* Find symbols and types, once. Return: 0 or an error. */
int vmsift_need_kernel(struct vmsift *v, struct err *err);

struct vmsift_selection {
	struct selection_set set;
};

/* "20261122T174500Z", or "unknown-time" where the dump does not tell. @buf: 24 bytes. */
const char *vmsift_time_name(int64_t seconds, char *buf, size_t size);

/* "2026-11-22 17:45:00 UTC". @buf: 32 bytes. */
const char *vmsift_time_text(int64_t seconds, char *buf, size_t size);

/* Everything of a process by which it can be selected. Owned strings; free with subject_deinit(). */
struct subject {
	struct task leader;
	kvaddr_t mm;
	struct select_subject facts;
	char *exe, *cgroup;
	char letters[16];
	char comm[TASK_COMM_SIZE + 1];
	unsigned int nr_threads;
	int cpu; /* on which one of its threads ran, or -1 */
};

/**
 * subject_read() - the facts of one process
 * @leader: copied
 *
 * @ret:    free with subject_deinit(), also on failure
 *
 * What cannot be read is not known, and no error. Return: 0; ERR_NOMEM: facts are missing that the dump has.
 */
int subject_read(struct kernel *k, const struct task *leader, struct subject *ret, struct err *err);
void subject_deinit(struct subject *s);

/* Say that a process which a selection matches is left out, as nobody named it. Return: nobody knows if rightly. */
bool subject_left_out(struct kernel *k, const struct subject *s);

/* Calls @fn for every process that can be read; what cannot is warned of, and counted in @lost. */
int for_each_process(struct kernel *k, int (*fn)(void *ctx, const struct task *leader), void *ctx,
		     unsigned int *lost, struct err *err);

#endif
