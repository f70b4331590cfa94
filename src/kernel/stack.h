/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel stacks: where the registers of a task's user mode are saved. */
#ifndef VMSIFT_KERNEL_STACK_H
#define VMSIFT_KERNEL_STACK_H

#include "kernel/kernel.h"
#include "kernel/task.h"

/*
 * Finds k->thread_size and .stack_pad. No type information has them (THREAD_SIZE grows with KASAN,
 * TOP_OF_KERNEL_STACK_PADDING is 16 with X86_FRED, 6.9 and later), so what symbols and types suggest is
 * cross-checked against the saved registers of user tasks, and every other known pair is tried.
 */
void kernel_find_stack(struct kernel *k);

/* THREAD_SIZE by the symbols of the first task's stack. Return: 0 if they do not tell. */
uint64_t stack_size_by_symbols(const struct symbols *s);

/* TOP_OF_KERNEL_STACK_PADDING by the same, else by whether there is a struct fred_frame. */
uint64_t stack_pad_by_symbols(const struct symbols *s, const struct layout *l);

/**
 * task_user_regs() - the user-mode registers of a task
 * @t:	 a task with user memory
 * @ret: as NT_PRSTATUS holds them
 *
 * From task_pt_regs(); every way into the kernel saves all registers there (entry_64.S, 5.4 to 7.3), an
 * NMI that caught the task in user mode included. fs and gs base are the live ones of its CPU's note if
 * the task was on a CPU, else those saved at the last switch (thread_struct); what is not found is 0 and
 * @ret->unknown.
 *
 * Return: 0; ERR_NOTFOUND if the task has no user registers (kernel thread, io worker); ERR_CORRUPT if
 * what is there is not such; ERR_ABSENT; ERR_UNSUPPORTED.
 */
int task_user_regs(struct kernel *k, const struct task *t, struct arch_regs *ret, struct err *err);

/* thread_struct.tls_array: GDT descriptors of a 32-bit task's TLS, 8 bytes each (GDT_ENTRY_TLS_ENTRIES). */
#define TLS_DESCS 3u
static inline uint32_t tls_desc_base(uint64_t desc)
{
	return (uint32_t)((desc >> 16 & 0xffffff) | desc >> 56 << 24);
}
int task_tls(struct kernel *k, const struct task *t, uint64_t ret[TLS_DESCS], struct err *err);

/**
 * task_find_fxsave() - where the FXSAVE image of a task starts, and so its XSAVE image
 * @fpstate: its struct fpstate; 0 on kernels without one (to 5.15)
 */
int task_find_fxsave(struct kernel *k, const struct task *t, kvaddr_t *ret, kvaddr_t *fpstate,
		     struct err *err);

/* FXSAVE image: struct fxregs_state (asm/fpu/types.h). */
#define FXSAVE_SIZE 512

/**
 * task_fxsave() - x87 and SSE registers of a task that was on no CPU
 *
 * Return: 0; ERR_NOTFOUND for a task on a CPU: what was live in the CPU is in no dump, and memory
 * holds older values; ERR_UNSUPPORTED, ERR_ABSENT.
 */
int task_fxsave(struct kernel *k, const struct task *t, uint8_t ret[FXSAVE_SIZE], struct err *err);

#endif
