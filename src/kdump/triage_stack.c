/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "kdump/triage.h"
#include "kernel/stack.h"
#include "unwind/kstack.h"
#include "util/bytes.h"

/* arch/x86/include/asm/orc_lookup.h: one entry of orc_lookup[] for each block of text. */
#define ORC_BLOCK      256u
#define ORC_BLOCKS_MAX (1u << 20) /* 256 MiB of text */
#define ORC_IN_BLOCK   512u	  /* entries; more than one for each instruction there cannot be */

/* At the top of each stack: the saved user registers, and the return address of the way in. */
#define ENTRY_SIZE 512u

/* From where a panic's registers are saved, in __crash_kexec(), to the other kernel. */
#define WENT_ON 1024u

/* THREAD_SIZE with KASAN is 32 KiB, on 64 KiB pages 64. */
#define STACK_SIZE_MAX KIB(128)

/* What looking an address up needs: two numbers of orc_lookup[], and the entries between. */
static void touch_orc(struct triage *t, uint64_t block)
{
	const struct symbols *s = &t->k->sym;
	kvaddr_t lookup = s->addr[S_orc_lookup] + 4 * block;
	uint32_t first, last, size = layout_size(&t->k->layout, L_orc_entry);

	if (kmem_read_u32(&t->k->km, lookup, &first, NULL) ||
	    kmem_read_u32(&t->k->km, lookup + 4, &last, NULL) || last < first ||
	    last - first > ORC_IN_BLOCK)
		return;
	triage_touch(t, s->addr[S_start_orc_unwind_ip] + 4ull * first, 4ull * (last - first + 2));
	triage_touch(t, s->addr[S_start_orc_unwind] + (uint64_t)size * first,
		     (uint64_t)size * (last - first + 2));
}

static bool orc_is_there(struct triage *t)
{
	const struct symbols *s = &t->k->sym;

	if (t->orc_seen)
		return true;
	if (!s->known[S_orc_lookup] || !s->known[S_orc_lookup_end] || !s->known[S__stext] ||
	    !s->known[S__etext] || !s->known[S_start_orc_unwind] ||
	    !s->known[S_start_orc_unwind_ip] || !layout_has(&t->k->layout, L_orc_entry))
		return false;
	t->nr_orc_blocks = (s->addr[S_orc_lookup_end] - s->addr[S_orc_lookup]) / 4;
	if (!t->nr_orc_blocks || t->nr_orc_blocks > ORC_BLOCKS_MAX)
		return false;
	t->orc_seen = calloc(1, t->nr_orc_blocks / 8 + 1);
	return t->orc_seen != NULL;
}

/* A word of a stack that may be a return address into the kernel's text. */
static void look_at_word(struct triage *t, uint64_t word, bool code)
{
	const struct symbols *s = &t->k->sym;
	uint64_t block;

	if (word < s->addr[S__stext] || word > s->addr[S__etext])
		return;
	if (code)
		triage_touch(t, word - 1, 1);
	/* The call may be the last of its block. */
	block = (word - 1 - s->addr[S__stext]) / ORC_BLOCK;
	for (; block <= (word - s->addr[S__stext]) / ORC_BLOCK; block++) {
		if (block + 1 >= t->nr_orc_blocks || t->orc_seen[block / 8] >> block % 8 & 1)
			continue;
		t->orc_seen[block / 8] = (uint8_t)(t->orc_seen[block / 8] | 1u << block % 8);
		touch_orc(t, block);
	}
}

void triage_words(struct triage *t, kvaddr_t start, uint64_t size, bool code)
{
	uint8_t buf[4096];
	uint64_t at, i, n;

	if (!orc_is_there(t))
		return;
	for (at = 0; at < size; at += n) {
		n = min_u64(size - at, sizeof(buf) - (start + at) % sizeof(buf));
		if (kmem_read(&t->k->km, start + at, buf, n, NULL))
			continue;
		for (i = 0; i + 8 <= n; i += 8)
			look_at_word(t, get_u64(buf + i), code);
	}
}

/* The stack pointer that a CPU left at the crash; 0: not known. */
static kvaddr_t sp_of(const struct triage *t, const struct kernel_cpu *c)
{
	return c && c->has_regs ? c->regs.r[t->k->km.arch->reg_sp] : 0;
}

bool triage_own_stack(struct triage *t, const struct kernel_cpu *c)
{
	kvaddr_t sp = sp_of(t, c);
	struct task task;

	if (!sp || task_read(t->k, c->current_task, &task, NULL))
		return false;
	return sp < t->k->km.space.page_offset || sp - task.stack < t->k->thread_size;
}

/*
 * How a task came to sleep: the ORC entries of each frame are recorded. (Not what our own search of them reads.)
 * Return: whether that led all the way, so that no reader need look at other words of the stack.
 */
static bool unwound(struct triage *t, const struct task *task)
{
	struct kstack stack;
	size_t i;
	int rc;

	if (!orc_is_there(t))
		return false;
	triage_watch(t->k->vc, NULL);
	rc = kstack_unwind(t->k, task, &stack, NULL);
	kmem_forget(&t->k->km); /* the page tables on the way there were not recorded */
	triage_watch(t->k->vc, t->record);
	if (rc || !stack.complete)
		return false;
	for (i = 0; i < stack.n; i++)
		if (stack.f[i].guess)
			return false;
	/* Of entry code, where it ends, crash looks at the instructions. */
	for (i = 0; i < stack.n; i++)
		look_at_word(t, stack.f[i].ip, i == stack.n - 1);
	return true;
}

void triage_stack(struct triage *t, const struct task *task)
{
	uint64_t size = t->k->thread_size, sp, from = task->stack;
	kvaddr_t thread = kmember_addr(t->k, task->addr, L_task_struct_thread);

	if (!task->stack || !size || size > STACK_SIZE_MAX)
		return;
	triage_touch(t, task->stack, size);
	if (!task->on_cpu && unwound(t, task))
		return;
	/* Below its stack pointer a task has only what it had once; the one that panicked went on a little. */
	if (task->on_cpu)
		sp = sp_of(t, kernel_cpu_of(t->k, task->addr)) - WENT_ON;
	else if (!thread || kread_member(t->k, thread, L_thread_struct_sp, &sp, NULL))
		sp = 0;
	if (sp > from && sp < from + size)
		from = sp & ~7ull;
	triage_words(t, from, task->stack + size - from, task->on_cpu);
	triage_words(t, task->stack + size - ENTRY_SIZE, ENTRY_SIZE, true);
}
