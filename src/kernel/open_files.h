/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The open files of a process: struct files_struct, struct fdtable (include/linux/fdtable.h). */
#ifndef VMSIFT_KERNEL_OPEN_FILES_H
#define VMSIFT_KERNEL_OPEN_FILES_H

#include "kernel/kernel.h"
#include "kernel/task.h"

/* sysctl fs.nr_open is 1 Mi unless raised; beyond this a table is not believed. */
#define OPEN_FILES_MAX (1u << 24)

struct open_file {
	uint32_t fd;
	kvaddr_t file;	/* struct file */
	bool has_flags, has_pos;
	uint32_t flags; /* O_*, as fdinfo has them, O_CLOEXEC included */
	uint64_t pos;
};

struct open_files_iter {
	struct kernel *k;
	kvaddr_t fds, close_on_exec; /* struct file *[]; bits, 0: not known */
	uint32_t max, next;
	struct err fault; /* what of the table could not be read; .rc 0: all was */
	uint32_t nr_window, window_at;
	uint64_t window[64];
};

/**
 * open_files_init() - list what a process has open
 *
 * Return: 0; ERR_NOTFOUND if it has no files (it is ending); ERR_UNSUPPORTED, ERR_ABSENT, ERR_CORRUPT.
 */
int open_files_init(struct open_files_iter *it, struct kernel *k, const struct task *t,
		    struct err *err);

/* The next open file, by ascending number. Return: whether there is one. */
bool open_files_next(struct open_files_iter *it, struct open_file *ret);

#endif
