/* SPDX-License-Identifier: GPL-2.0-or-later */
/* User stacks: the frames of a thread in user mode, without any file but what is in memory. */
#ifndef VMSIFT_UNWIND_USTACK_H
#define VMSIFT_UNWIND_USTACK_H

#include "proc/proc.h"
#include "proc/uelf.h"

#define USTACK_FRAMES_MAX 64

enum uframe_how {
	UFRAME_PC,	/* the thread's own registers */
	UFRAME_CFI,	/* by the module's unwind table */
	UFRAME_POINTER, /* by a frame pointer that fits */
	UFRAME_GUESS,	/* a word of the stack that points behind a place in code */
};

struct uframe {
	uvaddr_t pc;
	enum uframe_how how;
	bool exact; /* execution stood at .pc; else it is a return address */
};

struct ustack {
	size_t n;
	bool complete; /* the outermost frame said that it is */
	struct uframe f[USTACK_FRAMES_MAX];
};

/**
 * ustack_unwind() - the frames of a thread, innermost first
 * @modules: of uelf_open_all()
 *
 * By .eh_frame where the page cache or the process has it, else by frame pointers; where both end, by
 * guesses, a few. Return: 0; ERR_NOTFOUND if the thread has no user registers; ERR_ABSENT, ERR_CORRUPT.
 */
int ustack_unwind(struct proc *p, const struct uelf_vec *modules, const struct proc_thread *t,
		  struct ustack *ret, struct err *err);

/* The module that an address is in, or NULL. */
const struct uelf *ustack_module(const struct uelf_vec *modules, uvaddr_t pc);

/* "libc.so.6+0x29d90", "? redis-server+0x1234", "0x7ffe..." as @buf. Return: @buf. */
const char *uframe_name(const struct proc *p, const struct uelf_vec *modules,
			const struct uframe *f, char *buf, size_t size);

#endif
