/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unwind/ustack.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "kernel/vma.h"
#include "unwind/cfi.h"
#include "util/bytes.h"
#include "util/str.h"

/* A frame is not larger than this, when only its pointer says so. */
#define FRAME_SIZE_MAX MIB(1)
/* Guesses: this far up the stack, and this many. */
#define GUESS_SPAN KIB(4)
#define GUESS_MAX  8u

struct state {
	struct proc *p;
	const struct uelf_vec *modules;
	struct reader mem;
	struct cfi_regs regs;
	bool exact;
	struct ustack *ret;
};

static int read_mem(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	return proc_read(ctx, off, buf, size, err);
}

const struct uelf *ustack_module(const struct uelf_vec *modules, uvaddr_t pc)
{
	const struct uelf *e;

	vec_for_each(e, modules)
		if (pc >= e->start && pc < e->end)
			return e;
	return NULL;
}

static bool is_code(const struct proc *p, uvaddr_t va)
{
	const struct proc_area *a = proc_find_area(p, va);

	return a && a->vm_flags & VM_EXEC;
}

static bool add(struct state *s, uvaddr_t pc, enum uframe_how how, bool exact)
{
	if (s->ret->n == USTACK_FRAMES_MAX)
		return false;
	s->ret->f[s->ret->n++] = (struct uframe){ pc, how, exact };
	return true;
}

/* Return: 0; ERR_NOTFOUND at the outermost frame or where there is no table. */
static int step_cfi(struct state *s)
{
	const struct uelf *e = ustack_module(s->modules, s->regs.r[CFI_RA] - !s->exact);
	const struct uelf_phdr *ph = e ? uelf_phdr(e, PT_GNU_EH_FRAME) : NULL;
	uvaddr_t sp = s->regs.r[CFI_RSP];
	struct err err = { 0 };
	int rc;

	if (!ph)
		return ERR_ABSENT;
	rc = cfi_step(&s->mem, ph->vaddr + e->bias, ph->memsz, &s->regs, &s->exact, &err);
	if (rc == ERR_NOTFOUND && strstr(err.text, "outermost")) {
		s->ret->complete = true;
		return ERR_NOTFOUND;
	}
	if (rc)
		return ERR_ABSENT;
	/* The first frame of a thread may return to 0; any other must lie further up and be code. */
	if (!s->regs.r[CFI_RA]) {
		s->ret->complete = true;
		return ERR_NOTFOUND;
	}
	return s->regs.r[CFI_RSP] > sp && is_code(s->p, s->regs.r[CFI_RA]) ? 0 : ERR_CORRUPT;
}

/* push %rbp; mov %rsp,%rbp: the caller's frame pointer and the return address lie together. */
static bool step_pointer(struct state *s)
{
	uint64_t bp = s->regs.r[CFI_RBP], sp = s->regs.r[CFI_RSP];
	uint8_t b[16];

	if (!(s->regs.known >> CFI_RBP & 1) || bp < sp || bp - sp > FRAME_SIZE_MAX || bp & 7 ||
	    proc_read(s->p, bp, b, sizeof(b), NULL) || !is_code(s->p, get_u64(b + 8)))
		return false;
	s->regs.known = 1u << CFI_RA | 1u << CFI_RSP | 1u << CFI_RBP;
	s->regs.r[CFI_RBP] = get_u64(b);
	s->regs.r[CFI_RA] = get_u64(b + 8);
	s->regs.r[CFI_RSP] = bp + 16;
	s->exact = false;
	return true;
}

static void guess(struct state *s)
{
	uint64_t at = s->regs.r[CFI_RSP] & ~7ull, end = at + GUESS_SPAN;
	unsigned int n = 0;
	uint8_t b[8];

	for (; at < end && n < GUESS_MAX; at += 8) {
		if (proc_read(s->p, at, b, sizeof(b), NULL))
			return;
		if (!is_code(s->p, get_u64(b)))
			continue;
		n++;
		if (!add(s, get_u64(b), UFRAME_GUESS, false))
			return;
	}
}

static void walk(struct state *s)
{
	enum uframe_how how = UFRAME_PC;
	int rc;

	while (add(s, s->regs.r[CFI_RA], how, s->exact)) {
		struct cfi_regs before = s->regs;
		bool exact = s->exact;

		how = UFRAME_CFI;
		rc = step_cfi(s);
		if (!rc)
			continue;
		if (s->ret->complete)
			return;
		s->regs = before;
		s->exact = exact;
		/* A function that is just being entered, or makes no frame, has its caller's pointer still: one is skipped. */
		how = s->ret->n == 1 ? UFRAME_GUESS : UFRAME_POINTER;
		if (rc == ERR_ABSENT && step_pointer(s))
			continue;
		guess(s);
		return;
	}
}

int ustack_unwind(struct proc *p, const struct uelf_vec *modules, const struct proc_thread *t,
		  struct ustack *ret, struct err *err)
{
	struct state s = { .p = p, .modules = modules, .exact = true, .ret = ret,
			   .mem = { .read = read_mem, .ctx = p, .size = UINT64_MAX } };
	struct arch_regs regs;
	unsigned int i;
	int rc;

	memset(ret, 0, sizeof(*ret));
	rc = p->ops->regs(p, t, &regs, err);
	if (rc)
		return rc;
	if (p->is_32bit)
		return err_set(err, ERR_UNSUPPORTED, "a 32-bit process");
	for (i = 0; i < CFI_REGS; i++)
		s.regs.r[i] = regs.r[p->arch->dwarf_regs[i]];
	s.regs.known = (1u << CFI_REGS) - 1;
	walk(&s);
	return 0;
}

const char *uframe_name(const struct proc *p, const struct uelf_vec *modules,
			const struct uframe *f, char *buf, size_t size)
{
	const struct uelf *e = ustack_module(modules, f->pc);
	const char *mark = f->how == UFRAME_GUESS ? "? " : "";
	const char *path = e && e->file < p->files.n ? p->files.v[e->file].path : NULL;
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!e)
		snprintf(buf, size, "%s0x%" PRIx64, mark, f->pc);
	else
		snprintf(buf, size, "%s%.64s+0x%" PRIx64, mark,
			 slash ? slash + 1 : path ? path : "[vdso]", f->pc - e->bias);
	str_make_printable(buf);
	return buf;
}
