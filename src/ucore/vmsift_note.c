/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The note of owner VMSIFT: what a Linux core has no place for, as lines of text. See doc/core-note.md. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/sysinfo.h"
#include "ucore/ucore_notes.h"
#include "unwind/kstack.h"
#include "util/out_mem.h"

struct text {
	const struct out *out;
	struct err *err;
	uint64_t size;
	int rc;
};

static void put(struct text *t, const char *s, size_t n)
{
	if (t->rc)
		return;
	t->rc = out_write(t->out, s, n, t->err);
	t->size += n;
}

__attribute__((format(printf, 2, 3))) static void putf(struct text *t, const char *fmt, ...)
{
	char buf[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n > 0)
		put(t, buf, min_u64((uint64_t)n, sizeof(buf) - 1));
}

/* A word: bytes that would end it or leave ASCII are \xNN. */
static void put_word(struct text *t, const char *s)
{
	for (; *s; s++)
		if (*s > ' ' && *s < 0x7f && *s != '\\')
			put(t, s, 1);
		else
			putf(t, "\\x%02x", (unsigned char)*s);
}

static void put_key_word(struct text *t, const char *key, const char *s)
{
	putf(t, " %s=", key);
	put_word(t, s);
}

static void put_dump(struct text *t, const struct kernel *k)
{
	put(t, "dump", 4);
	put_key_word(t, "host", k->nodename);
	put_key_word(t, "release", k->release);
	put_key_word(t, "build-id", k->build_id);
	putf(t, " crash-time=%lld live=%d%s\n", (long long)k->crash_time, k->vc->is_kcore,
	     k->vc->is_kcore ? " instant=no" : "");
}

/* Of registers that are not known the core has zeros, which no debugger can tell from values. */
static void put_unknown_regs(struct text *t, const struct proc *p, const struct arch_regs *regs)
{
	uint64_t unknown = arch_unknown_regs(p->arch, regs, p->is_32bit);
	const char *sep = " unknown-regs=";
	unsigned int i;

	for (i = 0; i < ARCH_GREGS_MAX; i++)
		if (unknown >> i & 1 && p->arch->greg_names && p->arch->greg_names[i]) {
			putf(t, "%s%s", sep, p->arch->greg_names[i]);
			sep = ",";
		}
}

static void put_thread(struct text *t, const struct plan *plan, const struct proc_thread *th)
{
	struct proc *p = plan->p;
	struct arch_regs regs;
	uint8_t fx[FXSAVE_SIZE];
	bool has_regs = !p->ops->regs(p, th, &regs, NULL);

	putf(t, "thread tid=%d ns-tid=%d state=%c cpu=%d regs=%s fp=%s", th->task.pid,
	     th->task.ns_pid, th->task.letter, th->cpu, !has_regs ? "unavailable" : th->stale ? "stale" : "saved",
	     th->cpu >= 0 && task_has_user_mode(&th->task) ? "lost-in-cpu" :
	     p->ops->fxsave(p, th, fx, NULL) ? "unavailable" : "saved");
	if (has_regs)
		put_unknown_regs(t, p, &regs);
	put_key_word(t, "comm", th->task.comm);
	put(t, "\n", 1);
}

/* The system call that a thread came into the kernel by. */
static void put_syscall(struct text *t, struct kernel *k, const struct task *task)
{
	char name[64];

	if (sysinfo_task_syscall(k, task, name, sizeof(name)))
		put_key_word(t, "syscall", name);
}

static void put_frame(struct text *t, struct kernel *k, const struct kframe *f)
{
	const struct kframe sure = { .ip = f->ip, .exact = f->exact };
	char name[256];

	put(t, f->guess ? "?" : "", f->guess);
	put_word(t, kframe_name(k, &sure, name, sizeof(name)));
}

/* What a thread was doing in the kernel. */
static void put_kernel_side(struct text *t, struct kernel *k, const struct proc_thread *th)
{
	const struct kframe *wait;
	struct err err = { 0 };
	struct kstack ks;
	size_t i;
	int rc = kstack_unwind(k, &th->task, &ks, &err);

	putf(t, "kernel tid=%d", th->task.pid);
	put_syscall(t, k, &th->task);
	if (rc) {
		put_key_word(t, "fault", err.text);
		put(t, "\n", 1);
		return;
	}
	/* One that can run waits for nothing but a CPU. */
	wait = th->task.on_cpu || th->task.letter == 'R' ? NULL : kstack_wait_frame(k, &ks);
	if (wait) {
		put(t, " wchan=", 7);
		put_frame(t, k, wait);
	}
	putf(t, " complete=%d stack=", ks.complete || !ks.n);
	for (i = 0; i < ks.n; i++) {
		put(t, ",", i != 0);
		put_frame(t, k, &ks.f[i]);
	}
	put(t, "\n", 1);
}

static void put_registered(struct text *t, const struct registered_region *r)
{
	static const char *const lists[] = { "vmsift", "mcd", "mcd-text" };

	putf(t, "registered addr=0x%" PRIx64 " size=%" PRIu64 " scope=%" PRIu64 " never=%d kept=%d list=%s",
	     r->addr, r->size, r->scope, r->never, r->kept, lists[r->source]);
	if (r->source == REGISTERED_MCD_TEXT)
		putf(t, " values=%u", r->nr_elems);
	if (r->unknown)
		put(t, " fault=unreadable", 17);
	put_key_word(t, "name", r->name);
	put(t, "\n", 1);
}

static int write_text(const struct plan *plan, const struct out *out, uint64_t *size,
		      struct err *err)
{
	const struct proc *p = plan->p;
	struct text t = { .out = out, .err = err };
	const struct proc_thread *th;
	const struct registered_region *reg;
	const struct plan_range *r;

	putf(&t, "vmsift 1\ndetail %s\n", detail_name(plan->detail));
	if (p->k)
		put_dump(&t, p->k);
	putf(&t, "process pid=%d ns-pid=%d ppid=%d uid=%u gid=%u dumpable=%d filter=0x%x",
	     p->leader.pid, p->leader.ns_pid, p->leader.ppid, p->leader.uid, p->leader.gid,
	     p->dumpable, p->coredump_filter);
	put_key_word(&t, "comm", p->leader.comm);
	put_key_word(&t, "exe", p->exe);
	put_key_word(&t, "cgroup", p->cgroup);
	put(&t, "\n", 1);
	if (p->map_fault.rc) {
		put(&t, "fault", 5);
		put_key_word(&t, "map", p->map_fault.text);
		put(&t, "\n", 1);
	}
	if (p->nr_lost_threads)
		putf(&t, "fault lost-threads=%u\n", p->nr_lost_threads);
	vec_for_each(th, &p->threads)
		put_thread(&t, plan, th);
	vec_for_each(th, &p->threads)
		if (p->k)
			put_kernel_side(&t, p->k, th);
	if (plan->registered.fault.rc) {
		put(&t, "fault", 5);
		put_key_word(&t, "registered", plan->registered.fault.text);
		put(&t, "\n", 1);
	}
	vec_for_each(reg, &plan->registered.regions)
		put_registered(&t, reg);
	vec_for_each(r, &plan->ranges)
		if (plan->detail > DETAIL_TINY)
			putf(&t, "map %" PRIx64 "-%" PRIx64 " %s %s %s %s\n", r->start, r->end,
			     r->mixed ? "captured+zero" : page_state_name(r->state),
			     page_source_name(r->source), page_reason_name(r->reason),
			     keep_rule_name((enum keep_rule)r->rule));
	*size = t.size;
	return t.rc;
}

/* Of what goes on running the text is made once: a second time it would be another. */
static int write_live(const struct plan *plan, const struct out *out, struct err *err)
{
	struct out_mem text = { .n = 0 };
	const struct out keeper = out_to_mem(&text);
	uint64_t size;
	int rc = write_text(plan, &keeper, &size, err);

	if (!rc && text.n > UINT32_MAX / 2)
		rc = err_set(err, ERR_UNSUPPORTED, "the map of this process is too large to note");
	if (!rc)
		rc = note_write(out, "VMSIFT", NT_VMSIFT_TEXT, text.v, text.n, err);
	out_mem_free(&text);
	return rc;
}

int vmsift_note_write(const struct plan *plan, const struct out *out, struct err *err)
{
	uint64_t counted = 0, size;
	const struct out counter = OUT_COUNTING(&counted);
	int rc;

	if (plan->p->live)
		return write_live(plan, out, err);
	rc = write_text(plan, &counter, &size, err);
	if (!rc && size > UINT32_MAX / 2)
		return err_set(err, ERR_UNSUPPORTED, "the map of this process is too large to note");
	if (!rc)
		rc = note_begin(out, "VMSIFT", NT_VMSIFT_TEXT, (uint32_t)size, err);
	if (!rc)
		rc = write_text(plan, out, &size, err);
	return rc ? rc : note_pad(out, size, err);
}
