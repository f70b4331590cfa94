/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPUs at the crash: what ran on each, and the registers it left. */
#ifndef VMSIFT_KERNEL_CPU_H
#define VMSIFT_KERNEL_CPU_H

#include "kernel/kernel.h"

/*
 * Fills k->cpus, .panic_cpu and .panic_task as far as the dump tells; what it does not tell is said in
 * k->degraded. The notes of the dump are not in CPU order, as those of CPUs that did not answer are
 * dropped (fs/proc/vmcore.c); so each CPU's own note buffer is read through crash_notes, and only where
 * that fails is the note searched by the pid that ran there.
 */
void kernel_read_cpus(struct kernel *k);

#endif
