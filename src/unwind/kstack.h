/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel stacks: what a task was doing in the kernel. */
#ifndef VMSIFT_UNWIND_KSTACK_H
#define VMSIFT_UNWIND_KSTACK_H

#include "kernel/kernel.h"
#include "kernel/task.h"

/* Deeper stacks than any that fit 16 KiB are not looked for. */
#define KSTACK_FRAMES_MAX 64

struct kframe {
	kvaddr_t ip;
	bool guess; /* a word on the stack that looks like a return address, no more */
	bool exact; /* where the CPU stood; else a return address, which may be just past its function */
};

struct kstack {
	size_t n;
	bool complete; /* reached the way in from user mode, or the task's first frame */
	struct kframe f[KSTACK_FRAMES_MAX];
};

/**
 * kstack_unwind() - the kernel stack of a task
 * @t:	 on a CPU: from the registers that the CPU left at the crash; else from its last switch
 * @ret: the frames, innermost first
 *
 * By the kernel's own ORC tables; where they end or are missing, the rest of the stack is searched for
 * addresses of kernel text, which are marked as guesses. A task that was on a CPU in user mode has no
 * frames.
 *
 * Return: 0; ERR_NOTFOUND for a task on a CPU that did not answer; ERR_ABSENT, ERR_CORRUPT.
 */
int kstack_unwind(struct kernel *k, const struct task *t, struct kstack *ret, struct err *err);

/* The first frame that is not the scheduler's: what the task waits in (get_wchan()). NULL: none. */
const struct kframe *kstack_wait_frame(const struct kernel *k, const struct kstack *ks);

/* "vfs_read+0x9d", "? do_syscall_64+0x5c" or "0xffffffff81234567" as @buf. Return: @buf. */
const char *kframe_name(struct kernel *k, const struct kframe *f, char *buf, size_t size);

#endif
