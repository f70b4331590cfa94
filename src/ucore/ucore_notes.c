/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ucore/ucore_notes.h"

#include <elf.h>
#include <string.h>

#include "kernel/task_facts.h"
#include "util/bytes.h"

#define PRSTATUS_MAX 512u
#define PRPSINFO_SIZE 136u
#define PRPSINFO32_SIZE 124u
#define PRSTATUS32_SIZE 144u
#define OVERFLOW_ID 65534u /* what an id that has no room becomes (include/linux/highuid.h) */

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

/* A word of the process: 4 or 8 bytes. */
static uint8_t *put_word(uint8_t *at, unsigned int word, uint64_t v)
{
	if (word == 8)
		put_u64(at, v);
	else
		put_u32(at, (uint32_t)v);
	return at + word;
}

static uint8_t *put_timeval(uint8_t *at, unsigned int word, uint64_t ns)
{
	at = put_word(at, word, ns / 1000000000u);
	return put_word(at, word, ns % 1000000000u / 1000);
}

static uint8_t *put_ids(uint8_t *at, const struct task_extra *x)
{
	put_u32(at, (uint32_t)x->pid);
	put_u32(at + 4, (uint32_t)x->ppid);
	put_u32(at + 8, (uint32_t)x->pgrp);
	put_u32(at + 12, (uint32_t)x->sid);
	return at + 16;
}

/*
 * struct elf_prstatus (include/linux/elfcore.h) and compat_elf_prstatus: signals and ids, 4 times,
 * registers, pr_fpvalid.
 */
static int write_prstatus(const struct plan *plan, const struct proc_thread *t,
			  const struct arch_regs *regs, bool fpvalid, const struct out *out,
			  struct err *err)
{
	const struct arch *a = plan->p->arch;
	const struct proc *p = plan->p;
	bool leader = t->task.pid == p->leader.pid;
	uint8_t d[PRSTATUS_MAX] = { 0 }, *at;
	struct task_extra x = { .pid = t->task.pid, .ppid = t->task.ppid };
	unsigned int i, word = proc_word_size(p), nr = p->is_32bit ? a->nr_gregs32 : a->nr_gregs;

	if (p->k)
		task_read_extra(p->k, &t->task, &x);
	if (p->k) {
		put_u32(d, (uint32_t)task_signal(p->k, &t->task)); /* pr_info.si_signo, and */
		put_u16(d + 12, (uint16_t)get_u32(d));		   /* pr_cursig */
	}
	at = put_word(d + 16, word, x.sigpend);
	at = put_word(at, word, x.sighold);
	at = put_ids(at, &x);
	at = put_timeval(at, word, x.utime_ns + (leader ? x.group_utime_ns : 0));
	at = put_timeval(at, word, x.stime_ns + (leader ? x.group_stime_ns : 0));
	at = put_timeval(at, word, x.cutime_ns);
	at = put_timeval(at, word, x.cstime_ns);
	for (i = 0; i < nr; i++)
		at = put_word(at, word, regs->r[p->is_32bit ? a->gregs32[i] : i]);
	put_u32(at, fpvalid);
	return note_write(out, "CORE", NT_PRSTATUS, d, p->is_32bit ? PRSTATUS32_SIZE : a->prstatus_size,
			  err);
}

/* NT_SIGINFO, where it is real: gdb's $_siginfo of this thread. A 32-bit process's is another structure. */
static int write_siginfo(const struct plan *plan, const struct proc_thread *t, const struct out *out,
			 struct err *err)
{
	uint8_t info[SIGINFO_SIZE];

	if (!plan->p->k || plan->p->is_32bit || task_siginfo(plan->p->k, &t->task, info, NULL))
		return 0;
	return note_write(out, "CORE", NT_SIGINFO, info, sizeof(info), err);
}

/* struct elf_prpsinfo, as fill_psinfo() makes it. */
static int write_prpsinfo(const struct plan *plan, const struct out *out, struct err *err)
{
	static const char snames[] = "RSDTZW";
	const struct proc *p = plan->p;
	const struct task *t = &p->leader;
	uint8_t d[PRPSINFO_SIZE] = { 0 }, *at;
	struct task_extra x = { .pid = t->pid, .ppid = t->ppid };
	char letter = (char)(t->letter == 't' ? 'T' : t->letter == 'I' ? 'D' : t->letter);
	const char *s = letter ? strchr(snames, letter) : NULL;
	size_t i, n = p->cmdline_size;

	if (p->k)
		task_read_extra(p->k, t, &x);
	d[0] = (uint8_t)(s ? s - snames : 0);
	d[1] = (uint8_t)letter;
	d[2] = t->letter == 'Z';
	d[3] = (uint8_t)(int8_t)x.nice;
	at = put_word(d + proc_word_size(p), proc_word_size(p), t->flags);
	if (p->is_32bit) {
		put_u16(at, (uint16_t)(t->uid > UINT16_MAX ? OVERFLOW_ID : t->uid));
		put_u16(at + 2, (uint16_t)(t->gid > UINT16_MAX ? OVERFLOW_ID : t->gid));
		at += 4;
	} else {
		put_u32(at, t->uid);
		put_u32(at + 4, t->gid);
		at += 8;
	}
	at = put_ids(at, &x);
	memcpy(at, t->comm, 16);
	at += 16;
	n = min_u64(n, 79);
	for (i = 0; i < n; i++)
		at[i] = p->cmdline[i] ? (uint8_t)p->cmdline[i] : ' ';
	return note_write(out, "CORE", NT_PRPSINFO, d, p->is_32bit ? PRPSINFO32_SIZE : PRPSINFO_SIZE,
			  err);
}

/* NT_FILE: count, page size, {start, end, offset in pages} each, then the names. */
static int write_files(const struct plan *plan, const struct out *out, struct err *err)
{
	uint64_t count = 0, names = 0, size;
	unsigned int word = proc_word_size(plan->p);
	struct plan_file f;
	uint8_t head[16];
	size_t at;
	int rc;

	for (at = 0; plan_file_next(plan, &at, &f); count++)
		names += strlen(plan->p->files.v[f.file].path) + 1;
	size = 2 * word + 3 * word * count + names;
	if (!count || size > UINT32_MAX)
		return 0;
	put_word(put_word(head, word, count), word, plan->p->page_size);
	rc = note_begin(out, "CORE", NT_FILE, (uint32_t)size, err);
	if (!rc)
		rc = out_write(out, head, 2 * word, err);
	for (at = 0; !rc && plan_file_next(plan, &at, &f);) {
		uint8_t e[24];

		put_word(put_word(put_word(e, word, f.start), word, f.end), word, f.pgoff);
		rc = out_write(out, e, 3 * word, err);
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
		    const struct arch_regs *regs, const struct out *out, struct err *err)
{
	struct proc *p = plan->p;
	uint8_t xs[XSTATE_SIZE_MAX];
	size_t size;
	bool has_xs = p->ops->xstate && !p->ops->xstate(p, t, xs, &size, NULL);
	int rc;

	if (has_xs)
		memcpy(fx, xs, XSAVE_XCR0);
	rc = p->is_32bit ? note32_fp(fx, regs, out, err)
			 : note_write(out, "CORE", NT_PRFPREG, fx, FXSAVE_SIZE, err);
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
		if (!rc)
			rc = write_siginfo(plan, t, out, err);
		if (!rc && has_fx)
			rc = write_fp(plan, t, fx, &regs, out, err);
		if (!rc && p->is_32bit)
			rc = note32_tls(p, t, out, err);
		++*nr_threads;
	}
	if (!rc && !*nr_threads)
		rc = write_process_notes(plan, out, err);
	return rc ? rc : vmsift_note_write(plan, out, err);
}
