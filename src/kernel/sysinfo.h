/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc/meminfo, /proc/loadavg, /proc/modules and /proc/sys/kernel/tainted would say. */
#ifndef VMSIFT_KERNEL_SYSINFO_H
#define VMSIFT_KERNEL_SYSINFO_H

#include "kernel/kernel.h"
#include "kernel/task.h"

struct sysinfo_mem {
	bool known;
	uint64_t total, free, file, anon, shmem, slab; /* bytes; those not known are 0 */
};

void sysinfo_memory(struct kernel *k, struct sysinfo_mem *ret);

/* Load averages times 100. Return: whether they are known. */
bool sysinfo_load(struct kernel *k, unsigned int ret[3]);

/* Seconds since boot by the CPUs' clocks; 0: not known. */
uint64_t sysinfo_uptime(struct kernel *k);

/* "G" or the letters of what taints the kernel ("PWO"), as an oops prints them. Return: @buf. */
const char *sysinfo_taint(struct kernel *k, char *buf, size_t size);

/* More modules than this are not believed. */
#define MODULES_MAX 4096

/*
 * Calls @fn with each module's name and build-id ("": none). Return: how many; 0 also where that is not
 * known.
 */
unsigned int sysinfo_modules(struct kernel *k,
			     void (*fn)(void *ctx, const char *name, const char *build_id),
			     void *ctx);

/**
 * sysinfo_syscall_name() - name of a system call, by the kernel's own table and symbols
 * @buf: "read"; the number where the name cannot be told
 */
const char *sysinfo_syscall_name(struct kernel *k, uint64_t nr, char *buf, size_t size);

/**
 * sysinfo_task_syscall() - the system call that a task came into the kernel by
 * @buf: its name or number; of a 32-bit call (int 0x80, sysenter) "ia32:NR" where the kernel has no table
 *	 of them any more (6.7 and stable kernels of its time), of an x32 one alone "x32:NR"
 *
 * Return: false if it has no user registers, or these came in by no system call.
 */
bool sysinfo_task_syscall(struct kernel *k, const struct task *t, char *buf, size_t size);

#endif
