/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Used stacks: from the stack pointer to where the thread's use of it began. */
#include "select/keep_set.h"

#include "kernel/vma.h"
#include "util/bytes.h"

/*
 * Where the end of a stack cannot be told (coroutines, Go) this much from the stack pointer is kept: the
 * area may be a heap of gigabytes.
 */
#define UNKNOWN_STACK_MAX KIB(64)
/* A signal stack below a signal stack below ... */
#define SIGSTACK_DEPTH 4

struct keep_thread {
	uvaddr_t sp, tp; /* stack and thread pointer */
};

struct stack {
	uvaddr_t start, end;
	enum keep_rule rule;
};

struct sigstack {
	uvaddr_t start, end;
	uint64_t sp, size; /* as sigaltstack(2) was told */
};

static bool read_sigstack(const struct keep_ctx *c, const struct proc_thread *t, struct sigstack *ret)
{
	struct kernel *k = c->p->k;
	uint64_t sp, size;

	if (!k || kread_member(k, t->task.addr, L_task_struct_sas_ss_sp, &sp, NULL) ||
	    kread_member(k, t->task.addr, L_task_struct_sas_ss_size, &size, NULL) || !sp || !size ||
	    sp + size < sp)
		return false;
	*ret = (struct sigstack){ sp, sp + size, sp, size };
	return true;
}

static void take_to(struct keep_ctx *c, const struct proc_area *a, struct stack *s, uvaddr_t end)
{
	s->end = min_u64(end, a->end);
	c->is_stack[a - c->p->areas.v] = true;
}

/* Where the stack that @sp points into ends. Return: false if @sp points nowhere. */
static bool find_stack(struct keep_ctx *c, const struct keep_thread *th,
		       const struct sigstack *alt, struct stack *s)
{
	const struct proc_area *a = proc_find_area(c->p, th->sp);
	struct kernel *k = c->p->k;
	uint64_t start_stack = 0;

	/* A stack that is all unused: its end is the start of the next area. */
	if (!a || !keep_is_writable(a))
		return false;
	s->start = max_u64(th->sp - c->p->arch->red_zone, a->start);
	s->rule = RULE_STACK;
	if (alt && th->sp >= alt->start && th->sp < alt->end) {
		s->rule = RULE_SIGSTACK;
		take_to(c, a, s, alt->end);
		return true;
	}
	/* The kernel puts argc at start_stack; arguments, environment and auxv lie above it. */
	if (k && !kread_member(k, c->p->mm, L_mm_struct_start_stack, &start_stack, NULL) &&
	    start_stack >= th->sp && start_stack < a->end) {
		take_to(c, a, s, c->o.detail > DETAIL_TINY ? a->end : start_stack + 8);
		return true;
	}
	/* glibc and musl put the thread control block on top of the stack. */
	if (th->tp > th->sp && th->tp < a->end) {
		take_to(c, a, s, th->tp);
		return true;
	}
	if (a->vm_flags & VM_GROWSDOWN) {
		take_to(c, a, s, a->end);
		return true;
	}
	s->end = min_u64(a->end, s->start + UNKNOWN_STACK_MAX);
	return true;
}

static int add_stack(struct keep_ctx *c, const struct stack *s)
{
	uint64_t size = s->end - s->start, max = c->o.stack_max, base = c->o.stack_base;
	int rc;

	if (size <= max || (base <= size && max >= size - base))
		return keep_add(c, s->start, size, s->rule);
	rc = keep_add(c, s->start, max, s->rule);
	base = min_u64(base, size);
	return rc ? rc : keep_add(c, s->end - base, base, RULE_STACK_BASE);
}

/*
 * The stack pointer that a signal interrupted, from struct rt_sigframe (arch/x86/include/asm/sigframe.h,
 * uapi/asm/ucontext.h): its uc_stack repeats what sigaltstack(2) was told, and the registers follow, r8 to
 * r15, di, si, bp, bx, dx, ax, cx, sp; of 32-bit code four selectors, di, si, bp, sp. Handlers of 32-bit
 * code without SA_SIGINFO have an older frame, which tells nothing of the signal stack.
 */
static bool interrupted_sp(struct keep_ctx *c, const struct stack *s, const struct sigstack *alt,
			   uvaddr_t *ret)
{
	enum { UC_STACK_FLAGS = 1, UC_STACK_SIZE, REGS, SP32 = REGS + 7, SP64 = REGS + 15, NR };
	unsigned int word = proc_word_size(c->p), sp = c->p->is_32bit ? SP32 : SP64;
	uvaddr_t at;

	for (at = round_up_u64(s->start, word); at + word * (sp + 1) <= s->end; at += word) {
		uint8_t w[8 * NR];

		if (proc_read(c->p, at, w, word, NULL))
			return false;
		if (get_uint(w, word) != alt->sp || proc_read(c->p, at, w, word * (sp + 1), NULL) ||
		    get_uint(w + word * UC_STACK_SIZE, word) != alt->size)
			continue;
		*ret = get_uint(w + word * sp, word);
		return true;
	}
	return false;
}

/* The one that the kernel made: no C library puts anything of a thread on it. */
static bool is_first_stack(const struct keep_ctx *c, uvaddr_t sp)
{
	const struct proc_area *a = proc_find_area(c->p, sp);

	return a && a->vm_flags & VM_GROWSDOWN;
}

static int keep_stack(struct keep_ctx *c, const struct proc_thread *t)
{
	struct keep_thread th;
	struct arch_regs regs;
	struct sigstack alt = { 0 };
	bool has_alt;
	unsigned int i;

	if (!keep_thread_regs(c, t, &regs))
		return 0;
	th.sp = regs.r[c->p->arch->reg_sp];
	if (!proc_thread_pointer(c->p, t, &regs, &th.tp)) {
		/* Its thread-local variables may lie on it. */
		if (c->tls_lost && !is_first_stack(c, th.sp))
			return 0;
		th.tp = 0;
	}
	has_alt = read_sigstack(c, t, &alt);
	for (i = 0; i < SIGSTACK_DEPTH; i++) {
		struct stack s;
		int rc;

		if (!find_stack(c, &th, has_alt ? &alt : NULL, &s))
			return 0;
		rc = add_stack(c, &s);
		if (rc || s.rule != RULE_SIGSTACK || !interrupted_sp(c, &s, &alt, &th.sp))
			return rc;
	}
	return 0;
}

int keep_stacks(struct keep_ctx *c)
{
	const struct proc_thread *t;
	int rc = 0;

	vec_for_each(t, &c->p->threads) {
		rc = keep_stack(c, t);
		if (rc)
			break;
	}
	return rc;
}
