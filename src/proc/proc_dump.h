/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes of a dump. */
#ifndef VMSIFT_PROC_PROC_DUMP_H
#define VMSIFT_PROC_PROC_DUMP_H

#include "kernel/kernel.h"
#include "kernel/task.h"
#include "proc/proc.h"

/**
 * proc_open() - one process of a dump as a process image
 * @k:	    outlives it
 * @leader: its leader
 * @ret:    free with proc_close(). Untouched on failure.
 *
 * Threads are ordered as a debugger wants them: the one that panicked the machine first, else one that
 * was on a CPU, else the leader. What cannot be read (a thread, an area, a path) is left out and said
 * in ->log, ->map_fault and ->nr_lost_threads; the rest stays.
 *
 * Return: 0; ERR_NOMEM; other errors only if nothing of the process can be had.
 */
int proc_open(struct kernel *k, const struct task *leader, struct proc **ret, struct err *err);

/* The mm of a process: the leader's, or a living thread's where the leader has ended; 0: none. */
kvaddr_t proc_find_mm(struct kernel *k, const struct task *leader);

/* Path of the executable and arguments, without the rest. @exe: PATH_SIZE bytes. */
int proc_exe_path(struct kernel *k, const struct task *leader, kvaddr_t mm, char *exe,
		  struct err *err);

/* dumpable of a process: 0, 1 or 2; -1 if not known. */
int proc_dumpable(struct kernel *k, const struct task *leader, kvaddr_t mm);

/**
 * proc_still_lives() - whether a process of a machine that goes on is the one that was opened
 *
 * When it ends or replaces itself by another program, its tables and pages become somebody else's. Of a
 * dump it always is.
 *
 * Return: 0; ERR_ABSENT.
 */
int proc_still_lives(struct proc *p, struct err *err);

#endif
