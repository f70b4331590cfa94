/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/stack.h"

#include <string.h>

#include "util/bytes.h"

/* THREAD_SIZE_ORDER 2, one more with KASAN, of 4 KiB pages: asm/page_64_types.h. */
#define THREAD_SIZE_DEFAULT KIB(16)
#define FRED_PAD	    16u
/* This many user tasks are enough to tell. */
#define VOTERS 16

static int read_pt_regs(struct kernel *k, const struct task *t, uint64_t thread_size, uint64_t pad,
			struct arch_regs *ret, struct err *err)
{
	const struct arch *a = k->km.arch;
	uint32_t size = layout_size(&k->layout, L_pt_regs);
	uint8_t raw[ARCH_GREGS_MAX * 8];
	uint64_t pt[ARCH_GREGS_MAX];
	unsigned int i;
	int rc;

	if (!layout_has(&k->layout, L_pt_regs))
		return kernel_lacks(k, L_pt_regs, err);
	if (!t->stack || size < a->nr_pt_regs * 8)
		return err_set(err, ERR_CORRUPT, "task_struct 0x%" PRIx64 " has no kernel stack",
			       t->addr);
	rc = kmem_read(&k->km, t->stack + thread_size - pad - size, raw, a->nr_pt_regs * 8, err);
	if (rc)
		return err_add(err, "kernel stack 0x%" PRIx64, t->stack);
	for (i = 0; i < a->nr_pt_regs; i++)
		pt[i] = get_u64(raw + 8 * i);
	if (!a->regs_from_pt_regs(pt, ret))
		return err_set(err, ERR_CORRUPT,
			       "kernel stack 0x%" PRIx64 " holds no user registers", t->stack);
	return 0;
}

/* A user register set whose stack pointer and program counter are user addresses. */
static bool plausible(struct kernel *k, const struct task *t, uint64_t size, uint64_t pad)
{
	const struct arch *a = k->km.arch;
	struct arch_regs r;

	return !read_pt_regs(k, t, size, pad, &r, NULL) && r.r[a->reg_pc] && r.r[a->reg_sp] &&
	       r.r[a->reg_pc] < k->km.space.user_end && r.r[a->reg_sp] < k->km.space.user_end;
}

static unsigned int collect_voters(struct kernel *k, struct task *v)
{
	struct task_iter it;
	kvaddr_t addr;
	unsigned int n = 0;

	if (task_iter_init(&it, k, NULL))
		return 0;
	while (n < VOTERS && task_iter_next(&it, &addr))
		if (!task_read(k, addr, &v[n], NULL) && v[n].mm && task_has_user_mode(&v[n]) &&
		    !(v[n].flags & PF_EXITING))
			n++;
	return n;
}

uint64_t stack_size_by_symbols(const struct symbols *s)
{
	if (s->known[S_start_init_stack] && s->known[S_end_init_stack]) {
		uint64_t size = s->addr[S_end_init_stack] - s->addr[S_start_init_stack];

		if (is_pow2(size) && size >= KIB(4) && size <= KIB(64))
			return size;
	}
	return 0;
}

uint64_t stack_pad_by_symbols(const struct symbols *s, const struct layout *l)
{
	/* __top_init_kernel_stack is where pt_regs begins at the init task's stack (6.9, vmlinux.lds.S). */
	if (s->known[S_end_init_stack] && s->known[S_top_init_kernel_stack] &&
	    layout_has(l, L_pt_regs)) {
		uint64_t pad = s->addr[S_end_init_stack] - s->addr[S_top_init_kernel_stack] -
			       layout_size(l, L_pt_regs);

		if (pad <= 64 && pad % 8 == 0)
			return pad;
	}
	return layout_has(l, L_fred_frame) ? FRED_PAD : 0;
}

/* What a layout file says comes first, then what symbols do. */
static uint64_t guess_thread_size(const struct kernel *k)
{
	uint64_t size = k->thread_size ? k->thread_size : stack_size_by_symbols(&k->sym);

	return size ? size : THREAD_SIZE_DEFAULT;
}

static uint64_t guess_pad(const struct kernel *k)
{
	return k->stack_pad != UINT64_MAX ? k->stack_pad : stack_pad_by_symbols(&k->sym, &k->layout);
}

void kernel_find_stack(struct kernel *k)
{
	uint64_t sizes[] = { guess_thread_size(k), KIB(16), KIB(32), KIB(64), KIB(8) };
	uint64_t pads[] = { guess_pad(k), 0, FRED_PAD };
	struct task voters[VOTERS];
	unsigned int n = collect_voters(k, voters), best = 0, votes, i;
	size_t s, p;

	k->thread_size = sizes[0];
	k->stack_pad = pads[0];
	/* Nothing beats a pair that all agree on. */
	for (s = 0; s < ARRAY_SIZE(sizes) && best < n; s++)
		for (p = 0; p < ARRAY_SIZE(pads) && best < n; p++) {
			for (votes = 0, i = 0; i < n; i++)
				votes += plausible(k, &voters[i], sizes[s], pads[p]);
			/* The first pair is the suggested one and wins a draw. */
			if (votes > best) {
				best = votes;
				k->thread_size = sizes[s];
				k->stack_pad = pads[p];
			}
		}
	k->stack_checked = best > n / 2;
	if (!k->stack_checked)
		kernel_degrade(k, "registers: %u of %u user tasks have some where THREAD_SIZE %" PRIu64
				  " and padding %" PRIu64 " say", best, n, k->thread_size,
			       k->stack_pad);
}

static void set_bases(struct kernel *k, const struct task *t, struct arch_regs *r)
{
	static const struct {
		unsigned int reg;
		enum layout_id id;
	} saved[] = {
		{ X86_64_REG_FS_BASE, L_thread_struct_fsbase },
		{ X86_64_REG_GS_BASE, L_thread_struct_gsbase },
		{ X86_64_REG_DS, L_thread_struct_ds },
		{ X86_64_REG_ES, L_thread_struct_es },
		{ X86_64_REG_FS, L_thread_struct_fsindex },
		{ X86_64_REG_GS, L_thread_struct_gsindex },
	};
	const struct kernel_cpu *cpu = kernel_cpu_of(k, t->addr);
	kvaddr_t thread = kmember_addr(k, t->addr, L_task_struct_thread);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(saved); i++) {
		uint64_t v = 0;

		if (thread && !kread_member(k, thread, saved[i].id, &v, NULL)) {
			r->r[saved[i].reg] = v;
			r->unknown &= ~(1ull << saved[i].reg);
		}
	}
	/* The note has user fs and gs base even if the CPU was in the kernel: crash_save_cpu(). */
	if (cpu && cpu->has_regs) {
		r->r[X86_64_REG_FS_BASE] = cpu->regs.r[X86_64_REG_FS_BASE];
		r->r[X86_64_REG_GS_BASE] = cpu->regs.r[X86_64_REG_GS_BASE];
		r->unknown &= ~(1ull << X86_64_REG_FS_BASE | 1ull << X86_64_REG_GS_BASE);
	}
}

static int no_user_mode(const struct task *t, struct err *err)
{
	return err_set(err, ERR_NOTFOUND, "thread %d (%s) has no user mode", t->pid, t->comm);
}

int task_user_regs(struct kernel *k, const struct task *t, struct arch_regs *ret, struct err *err)
{
	struct task_rest rest;
	int rc;

	if (!task_has_user_mode(t))
		return no_user_mode(t, err);
	rc = task_rest_begin(k, t, &rest, err);
	if (!rc)
		rc = read_pt_regs(k, t, k->thread_size, k->stack_pad, ret, err);
	if (!rc)
		rc = task_rest_end(k, t, &rest, err);
	if (rc)
		return err_add(err, "registers of thread %d (%s)", t->pid, t->comm);
	set_bases(k, t, ret);
	return 0;
}

int task_tls(struct kernel *k, const struct task *t, uint64_t ret[TLS_DESCS], struct err *err)
{
	const struct layout_value *v = &k->layout.v[L_thread_struct_tls_array];
	kvaddr_t thread = kmember_addr(k, t->addr, L_task_struct_thread);
	uint8_t raw[8 * TLS_DESCS];
	size_t i;
	int rc;

	if (!thread || !v->known || v->size < sizeof(raw))
		return kernel_lacks(k, L_thread_struct_tls_array, err);
	rc = kmem_read(&k->km, thread + (uint64_t)v->value, raw, sizeof(raw), err);
	for (i = 0; !rc && i < TLS_DESCS; i++)
		ret[i] = get_u64(raw + 8 * i);
	return rc ? err_add(err, "TLS of thread %d (%s)", t->pid, t->comm) : 0;
}

/* Three generations, told apart by their members. */
int task_find_fxsave(struct kernel *k, const struct task *t, kvaddr_t *ret, kvaddr_t *fpstate,
		     struct err *err)
{
	const struct layout *l = &k->layout;
	kvaddr_t thread = kmember_addr(k, t->addr, L_task_struct_thread);
	int rc;

	*fpstate = 0;
	if (!task_has_user_mode(t))
		return no_user_mode(t, err);
	if (thread && layout_has(l, L_thread_fpu_state)) {
		*ret = kmember_addr(k, thread, L_thread_fpu_state);
		return 0;
	}
	if (!layout_has(l, L_fpstate_regs))
		return kernel_lacks(k, L_fpstate_regs, err);
	if (thread && layout_has(l, L_thread_fpu_fpstate))
		rc = kread_member(k, thread, L_thread_fpu_fpstate, fpstate, err);
	else if (layout_has(l, L_task_struct) && layout_has(l, L_fpu_fpstate))
		/* x86_task_fpu(): struct fpu lies right behind task_struct since 6.16. */
		rc = kread_member(k, t->addr + layout_size(l, L_task_struct), L_fpu_fpstate,
				  fpstate, err);
	else
		return kernel_lacks(k, L_thread_fpu_fpstate, err);
	if (rc)
		return rc;
	*ret = kmember_addr(k, *fpstate, L_fpstate_regs);
	return 0;
}

int task_fxsave(struct kernel *k, const struct task *t, uint8_t ret[FXSAVE_SIZE], struct err *err)
{
	kvaddr_t at = 0, fpstate;
	struct task_rest rest;
	int rc;

	if (t->on_cpu)
		return err_set(err, ERR_NOTFOUND,
			       "thread %d was on a CPU: its live registers are in no dump", t->pid);
	rc = task_rest_begin(k, t, &rest, err);
	if (!rc)
		rc = task_find_fxsave(k, t, &at, &fpstate, err);
	if (!rc)
		rc = kmem_read(&k->km, at, ret, FXSAVE_SIZE, err);
	if (!rc)
		rc = task_rest_end(k, t, &rest, err);
	if (rc)
		return err_add(err, "floating-point registers of thread %d (%s)", t->pid, t->comm);
	return 0;
}
