/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ucore/ucore_notes.h"

#include <elf.h>
#include <string.h>

#include "util/bytes.h"

#define PRSTATUS_MAX 512u
#define PRPSINFO_SIZE 136u

int note_begin(const struct out *out, const char *name, uint32_t type, uint32_t size,
	       struct err *err)
{
	uint32_t namesz = (uint32_t)strlen(name) + 1;
	uint8_t h[12 + 16] = { 0 };

	put_u32(h, namesz);
	put_u32(h + 4, size);
	put_u32(h + 8, type);
	memcpy(h + 12, name, namesz);
	return out_write(out, h, 12 + round_up_u64(namesz, 4), err);
}

int note_pad(const struct out *out, uint64_t size, struct err *err)
{
	return size % 4 ? out_write(out, "\0\0\0", 4 - size % 4, err) : 0;
}

int note_write(const struct out *out, const char *name, uint32_t type, const void *desc,
	       size_t size, struct err *err)
{
	int rc = note_begin(out, name, type, (uint32_t)size, err);

	if (!rc)
		rc = out_write(out, desc, size, err);
	return rc ? rc : note_pad(out, size, err);
}

static void put_timeval(uint8_t *at, uint64_t ns)
{
	put_u64(at, ns / 1000000000u);
	put_u64(at + 8, ns % 1000000000u / 1000);
}

/* struct elf_prstatus (include/linux/elfcore.h): 48 bytes of signals and ids, 4 times, registers. */
static int write_prstatus(const struct plan *plan, const struct proc_thread *t,
			  const struct arch_regs *regs, bool fpvalid, const struct out *out,
			  struct err *err)
{
	const struct arch *a = plan->p->arch;
	const struct proc *p = plan->p;
	bool leader = t->task.pid == p->leader.pid;
	uint8_t d[PRSTATUS_MAX] = { 0 };
	struct task_extra x = { .pid = t->task.pid, .ppid = t->task.ppid };
	unsigned int i;

	if (p->k)
		task_read_extra(p->k, &t->task, &x);
	put_u64(d + 16, x.sigpend);
	put_u64(d + 24, x.sighold);
	put_u32(d + 32, (uint32_t)x.pid);
	put_u32(d + 36, (uint32_t)x.ppid);
	put_u32(d + 40, (uint32_t)x.pgrp);
	put_u32(d + 44, (uint32_t)x.sid);
	put_timeval(d + 48, x.utime_ns + (leader ? x.group_utime_ns : 0));
	put_timeval(d + 64, x.stime_ns + (leader ? x.group_stime_ns : 0));
	put_timeval(d + 80, x.cutime_ns);
	put_timeval(d + 96, x.cstime_ns);
	for (i = 0; i < a->nr_gregs; i++)
		put_u64(d + a->prstatus_off_reg + 8 * i, regs->r[i]);
	put_u32(d + a->prstatus_off_fpvalid, fpvalid);
	return note_write(out, "CORE", NT_PRSTATUS, d, a->prstatus_size, err);
}

/* struct elf_prpsinfo, as fill_psinfo() makes it. */
static int write_prpsinfo(const struct plan *plan, const struct out *out, struct err *err)
{
	static const char snames[] = "RSDTZW";
	const struct proc *p = plan->p;
	const struct task *t = &p->leader;
	uint8_t d[PRPSINFO_SIZE] = { 0 };
	struct task_extra x = { .pid = t->pid, .ppid = t->ppid };
	const char *s = strchr(snames, t->letter);
	size_t i, n = p->cmdline_size;

	if (p->k)
		task_read_extra(p->k, t, &x);
	d[0] = (uint8_t)(s ? s - snames : 0);
	d[1] = (uint8_t)(t->letter == 't' ? 'T' : t->letter == 'I' ? 'D' : t->letter);
	d[2] = t->letter == 'Z';
	d[3] = (uint8_t)(int8_t)x.nice;
	put_u64(d + 8, t->flags);
	put_u32(d + 16, t->uid);
	put_u32(d + 20, t->gid);
	put_u32(d + 24, (uint32_t)x.pid);
	put_u32(d + 28, (uint32_t)x.ppid);
	put_u32(d + 32, (uint32_t)x.pgrp);
	put_u32(d + 36, (uint32_t)x.sid);
	memcpy(d + 40, t->comm, 16);
	n = min_u64(n, 79);
	for (i = 0; i < n; i++)
		d[56 + i] = p->cmdline[i] ? (uint8_t)p->cmdline[i] : ' ';
	return note_write(out, "CORE", NT_PRPSINFO, d, sizeof(d), err);
}

/* NT_FILE: count, page size, {start, end, offset in pages} each, then the names. */
static int write_files(const struct plan *plan, const struct out *out, struct err *err)
{
	uint64_t count = 0, names = 0, size;
	struct plan_file f;
	uint8_t head[16];
	size_t at;
	int rc;

	for (at = 0; plan_file_next(plan, &at, &f); count++)
		names += strlen(plan->p->files.v[f.file].path) + 1;
	size = 16 + 24 * count + names;
	if (!count || size > UINT32_MAX)
		return 0;
	put_u64(head, count);
	put_u64(head + 8, plan->p->page_size);
	rc = note_begin(out, "CORE", NT_FILE, (uint32_t)size, err);
	if (!rc)
		rc = out_write(out, head, sizeof(head), err);
	for (at = 0; !rc && plan_file_next(plan, &at, &f);) {
		uint8_t e[24];

		put_u64(e, f.start);
		put_u64(e + 8, f.end);
		put_u64(e + 16, f.pgoff);
		rc = out_write(out, e, sizeof(e), err);
	}
	for (at = 0; !rc && plan_file_next(plan, &at, &f);) {
		const char *path = plan->p->files.v[f.file].path;

		rc = out_write(out, path, strlen(path) + 1, err);
	}
	return rc ? rc : note_pad(out, size, err);
}

static int write_process_notes(const struct plan *plan, const struct out *out, struct err *err)
{
	int rc = write_prpsinfo(plan, out, err);

	if (!rc && plan->p->auxv_size)
		rc = note_write(out, "CORE", NT_AUXV, plan->p->auxv, plan->p->auxv_size, err);
	return rc ? rc : write_files(plan, out, err);
}

/*
 * NT_PRFPREG, and NT_X86_XSTATE where the CPU has XSAVE. Parts of the FXSAVE image that are in their
 * initial state hold older bytes in memory; the XSAVE header tells, so its image serves both notes.
 */
static int write_fp(const struct plan *plan, const struct proc_thread *t, uint8_t *fx,
		    const struct out *out, struct err *err)
{
	struct proc *p = plan->p;
	uint8_t xs[XSTATE_SIZE_MAX];
	size_t size;
	bool has_xs = p->ops->xstate && !p->ops->xstate(p, t, xs, &size, NULL);
	int rc;

	if (has_xs)
		memcpy(fx, xs, XSAVE_XCR0);
	rc = note_write(out, "CORE", NT_PRFPREG, fx, FXSAVE_SIZE, err);
	return rc || !has_xs ? rc : note_write(out, "LINUX", NT_X86_XSTATE, xs, size, err);
}

int ucore_notes_write(const struct plan *plan, const struct out *out, uint64_t *nr_threads,
		      struct err *err)
{
	struct proc *p = plan->p;
	size_t i;
	int rc = 0;

	*nr_threads = 0;
	for (i = 0; i < p->threads.n && !rc; i++) {
		const struct proc_thread *t = &p->threads.v[i];
		uint8_t fx[FXSAVE_SIZE];
		struct arch_regs regs;
		bool has_fx;

		/* A thread without registers is in the VMSIFT note only: nothing is invented for it. */
		if (p->ops->regs(p, t, &regs, NULL))
			continue;
		has_fx = plan->detail >= DETAIL_SMALL && !p->ops->fxsave(p, t, fx, NULL);
		rc = write_prstatus(plan, t, &regs, has_fx, out, err);
		if (!rc && !*nr_threads)
			rc = write_process_notes(plan, out, err);
		if (!rc && has_fx)
			rc = write_fp(plan, t, fx, out, err);
		++*nr_threads;
	}
	if (!rc && !*nr_threads)
		rc = write_process_notes(plan, out, err);
	return rc ? rc : vmsift_note_write(plan, out, err);
}
