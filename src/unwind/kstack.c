/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unwind/kstack.h"

#include <stdio.h>
#include <string.h>

#include "kernel/module_symbol.h"
#include "unwind/orc.h"
#include "util/bytes.h"
#include "util/str.h"

/* Each try costs a few dozen look-ups in a table of half a million entries. */
#define RESUME_TRIES 32u
/* Words of one stack that are looked for in the list of modules, which a hostile dump may have long. */
#define MODULE_LOOKUPS 256u

struct state {
	struct kernel *k;
	struct kstack *ret;
	kvaddr_t ip, sp, bp;
	bool exact;	    /* ip is where the CPU stood, no return address */
	kvaddr_t lo, hi;    /* the task's own stack */
	unsigned int nr_lookups; /* in the list of modules */
};

/* Words of pt_regs, in its order: see arch/x86_64.c. */
enum { PT_BP = 4, PT_IP = 16, PT_CS = 17, PT_SP = 19, PT_WORDS = 21 };

static bool is_text(struct state *s, kvaddr_t va)
{
	struct kernel *k = s->k;
	const struct symbols *sym = &k->sym;
	struct kmodule m;

	if (sym->known[S__stext] && sym->known[S__etext] && va >= sym->addr[S__stext] &&
	    va < sym->addr[S__etext])
		return true;
	/* Modules lie right above the image (MODULES_VADDR), and end below the fixmap. */
	if (va < k->km.space.image_end || va >= 0xffffffffff000000ull)
		return false;
	return s->nr_lookups++ < MODULE_LOOKUPS && module_find(k, va, &m, NULL) != ERR_NOTFOUND;
}

static bool add_frame(struct state *s, kvaddr_t ip, bool guess, bool exact)
{
	struct kstack *r = s->ret;

	if (r->n >= KSTACK_FRAMES_MAX)
		return false;
	r->f[r->n++] = (struct kframe){ .ip = ip, .guess = guess, .exact = exact };
	return true;
}

static bool read_word(struct state *s, kvaddr_t at, kvaddr_t *ret)
{
	return !kread_u64(s->k, at, ret, NULL);
}

/* Registers that an interrupt or exception saved at @at. Return: false if they are user mode's, or bad. */
static bool take_regs(struct state *s, kvaddr_t at)
{
	uint8_t raw[PT_WORDS * 8];

	if (kmem_read(&s->k->km, at, raw, sizeof(raw), NULL))
		return false;
	if (get_u64(raw + 8 * PT_CS) & 3) {
		s->ret->complete = true;
		return false;
	}
	s->ip = get_u64(raw + 8 * PT_IP);
	s->sp = get_u64(raw + 8 * PT_SP);
	s->bp = get_u64(raw + 8 * PT_BP);
	s->exact = true;
	return true;
}

/* Only ip, cs, flags, sp and ss, as the CPU pushes them. */
static bool take_iret_frame(struct state *s, kvaddr_t at)
{
	kvaddr_t cs;

	if (!read_word(s, at + 8, &cs) || !read_word(s, at, &s->ip) ||
	    !read_word(s, at + 24, &s->sp))
		return false;
	if (cs & 3) {
		s->ret->complete = true;
		return false;
	}
	s->exact = true;
	return true;
}

/* The stack pointer before the call of this function. Return: false if it cannot be told. */
static bool previous_sp(struct state *s, const struct orc *o, kvaddr_t *ret)
{
	uint64_t off = (uint64_t)(int64_t)o->sp_offset;

	switch (o->sp_reg) {
	case ORC_REG_SP:
		*ret = s->sp + off;
		return true;
	case ORC_REG_BP:
		*ret = s->bp + off;
		return true;
	case ORC_REG_SP_INDIRECT:
		/* The offset comes after the load since 5.13 (8bd7b3980ca6). */
		if (!read_word(s, s->sp, ret))
			return false;
		*ret += off;
		return true;
	case ORC_REG_BP_INDIRECT:
		return read_word(s, s->bp + off, ret);
	default:
		return false;
	}
}

/* One frame out. Return: false at the end, or where the way is lost. */
static bool step(struct state *s)
{
	kvaddr_t sp, bp = s->bp, old_sp = s->sp;
	struct orc o;

	/* A return address may stand behind the end of a function that never returns. */
	if (orc_find(s->k, s->exact ? s->ip : s->ip - 1, &o, NULL))
		return false;
	if (o.type == ORC_END) {
		s->ret->complete = true;
		return false;
	}
	if (o.type == ORC_UNDEFINED || !previous_sp(s, &o, &sp))
		return false;
	if (o.type == ORC_REGS)
		return take_regs(s, sp);
	if (o.type == ORC_REGS_PARTIAL)
		return take_iret_frame(s, sp);
	if (o.bp_reg == ORC_REG_PREV_SP && !read_word(s, sp + (uint64_t)(int64_t)o.bp_offset, &bp))
		return false;
	if (o.bp_reg == ORC_REG_BP &&
	    !read_word(s, s->bp + (uint64_t)(int64_t)o.bp_offset, &bp))
		return false;
	if (!read_word(s, sp - 8, &s->ip))
		return false;
	s->sp = sp;
	s->bp = bp;
	s->exact = false;
	/* On one stack each frame lies above the one before. */
	if (sp >= s->lo && sp <= s->hi && old_sp >= s->lo && old_sp <= s->hi && sp <= old_sp)
		return false;
	return is_text(s, s->ip);
}

/* Every word of the stack above that looks like a return address. */
static void scan(struct state *s)
{
	kvaddr_t at = s->sp >= s->lo && s->sp < s->hi ? s->sp & ~7ull : s->lo, v;

	for (; at < s->hi; at += 8)
		if (read_word(s, at, &v) && is_text(s, v) && v != s->ip &&
		    !add_frame(s, v, true, false))
			return;
}

/*
 * Where the tables say nothing (__crash_kexec is such: STACK_FRAME_NON_STANDARD), the next word that looks
 * like a return address is tried, and believed if the tables lead from it all the way to the end.
 */
static bool resume(struct state *s)
{
	struct state from = *s;
	bool on_own = from.sp >= from.lo && from.sp < from.hi;
	/* On the stack of an interrupt or exception: none is larger than a task's. */
	kvaddr_t at, v, end = on_own ? from.hi : from.sp + s->k->thread_size;
	size_t n = s->ret->n;
	unsigned int tries = 0;

	for (at = from.sp & ~7ull; at < end && tries < RESUME_TRIES; at += 8) {
		if (!read_word(s, at, &v) || !is_text(s, v))
			continue;
		tries++;
		from.nr_lookups = s->nr_lookups;
		*s = from;
		s->ret->n = n;
		s->ip = v;
		s->sp = at + 8;
		s->exact = false;
		if (!add_frame(s, v, true, false))
			return false;
		while (step(s))
			if (!add_frame(s, s->ip, false, s->exact))
				break;
		if (s->ret->complete)
			return true;
	}
	*s = from;
	s->ret->n = n;
	return false;
}

/* Where a task that is not running stopped: struct inactive_task_frame (asm/switch_to.h). */
static int start_inactive(struct state *s, const struct task *t, struct err *err)
{
	struct kernel *k = s->k;
	kvaddr_t thread = kmember_addr(k, t->addr, L_task_struct_thread);
	int rc = kread_member(k, thread, L_thread_struct_sp, &s->sp, err);

	if (rc)
		return rc;
	if (s->sp < s->lo || s->sp >= s->hi)
		return err_set(err, ERR_CORRUPT,
			       "stack pointer 0x%" PRIx64 " is not in its stack 0x%" PRIx64, s->sp,
			       s->lo);
	if (!layout_has(&k->layout, L_inactive_task_frame))
		return kernel_lacks(k, L_inactive_task_frame, err);
	rc = kread_member(k, s->sp, L_inactive_task_frame_ret_addr, &s->ip, err);
	if (!rc)
		rc = kread_member(k, s->sp, L_inactive_task_frame_bp, &s->bp, err);
	s->sp += layout_size(&k->layout, L_inactive_task_frame);
	return rc;
}

/* Where a CPU stood, by its note. Return: -1 if that is user mode. */
static int start_on_cpu(struct state *s, const struct kernel_cpu *cpu, struct err *err)
{
	const struct arch *a = s->k->km.arch;

	if (!cpu->has_regs)
		return err_set(err, ERR_NOTFOUND, "CPU %u did not answer at the crash", cpu->nr);
	if (cpu->regs.r[X86_64_REG_CS] & 3)
		return -1;
	s->ip = cpu->regs.r[a->reg_pc];
	s->sp = cpu->regs.r[a->reg_sp];
	s->bp = cpu->regs.r[a->reg_fp];
	s->exact = true;
	return 0;
}

static void walk(struct state *s)
{
	do {
		if (!add_frame(s, s->ip, false, s->exact))
			return;
	} while (step(s));
	if (!s->ret->complete && !resume(s))
		scan(s);
}

int kstack_unwind(struct kernel *k, const struct task *t, struct kstack *ret, struct err *err)
{
	/* What runs on a CPU of a machine that goes on has left nothing to begin at. */
	const struct kernel_cpu *cpu = kernel_is_live(k) ? NULL : kernel_cpu_of(k, t->addr);
	struct state s = { .k = k, .ret = ret, .lo = t->stack, .hi = t->stack + k->thread_size };
	struct task_rest rest;
	int rc;

	memset(ret, 0, sizeof(*ret));
	if (!t->stack)
		return err_set(err, ERR_NOTFOUND, "thread %d has no kernel stack any more", t->pid);
	rc = task_rest_begin(k, t, &rest, err);
	if (!rc)
		rc = cpu ? start_on_cpu(&s, cpu, err) : start_inactive(&s, t, err);
	if (rc < 0) {
		ret->complete = true;
		return 0;
	}
	if (rc)
		return err_add(err, "kernel stack of thread %d (%s)", t->pid, t->comm);
	walk(&s);
	rc = task_rest_end(k, t, &rest, err);
	if (rc)
		memset(ret, 0, sizeof(*ret));
	return rc ? err_add(err, "kernel stack") : 0;
}

const struct kframe *kstack_wait_frame(const struct kernel *k, const struct kstack *ks)
{
	const struct symbols *s = &k->sym;
	size_t i;

	for (i = 0; i < ks->n; i++)
		if (!s->known[S_sched_text_start] || !s->known[S_sched_text_end] ||
		    ks->f[i].ip < s->addr[S_sched_text_start] ||
		    ks->f[i].ip >= s->addr[S_sched_text_end])
			return &ks->f[i];
	return NULL;
}

const char *kframe_name(struct kernel *k, const struct kframe *f, char *buf, size_t size)
{
	kvaddr_t at = f->exact ? f->ip : f->ip - 1;
	const char *mark = f->guess ? "? " : "";
	char name[KALLSYMS_NAME_SIZE];
	struct kmodule m;
	uint64_t off = 0;

	if (f->ip >= k->km.space.image_start && f->ip < k->km.space.image_end &&
	    !kernel_need_kallsyms(k, NULL) &&
	    !kallsyms_lookup_addr(&k->ks, at, name, sizeof(name), &off, NULL)) {
		snprintf(buf, size, "%s%.200s+0x%" PRIx64, mark, name, off + !f->exact);
	} else if (!module_find(k, at, &m, NULL)) {
		module_symbol(k, &m, at, name, sizeof(name), &off);
		snprintf(buf, size, name[0] ? "%s%.150s+0x%" PRIx64 " [%s]" : "%s%s0x%" PRIx64 " in [%s]",
			 mark, name, off + !f->exact, m.name);
	} else {
		snprintf(buf, size, "%s0x%" PRIx64, mark, f->ip);
	}
	str_make_printable(buf);
	return buf;
}
