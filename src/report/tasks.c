/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/tasks.h"

#include <stdio.h>
#include <string.h>

#include "kernel/stack.h"
#include "kernel/sysinfo.h"
#include "kernel/task_facts.h"
#include "proc/proc_dump.h"
#include "unwind/kstack.h"
#include "unwind/ustack.h"
#include "util/str.h"

#define FRAMES_PANIC 24
#define FRAMES_CPU   6
#define FRAMES_HUNG  8
#define FRAMES_OTHER 4
#define NR_HUNG	     5
#define NR_LARGEST   6
#define NR_OOM	     4
#define CPUS_SHOWN   16
#define THREADS_SHOWN 8 /* of one process that was asked for */

static void put_stack(struct report *r, struct kernel *k, const struct kframe *f, size_t n, size_t max,
		      size_t limit)
{
	char name[256];
	size_t i;

	for (i = 0; i < n && i < max; i++)
		report_put(r, limit, "    %s\n", kframe_name(k, &f[i], name, sizeof(name)));
	if (n > max)
		report_put(r, limit, "    ... %zu more\n", n - max);
}

/* Whether this build-id is in the report already; else remember it. */
static bool was_seen(struct report *r, const struct uelf *e)
{
	size_t size = min_u64(e->build_id_size, sizeof(r->seen[0].id)), i;

	for (i = 0; i < r->nr_seen; i++)
		if (r->seen[i].size == size && !memcmp(r->seen[i].id, e->build_id, size))
			return true;
	if (r->nr_seen < ARRAY_SIZE(r->seen)) {
		memcpy(r->seen[r->nr_seen].id, e->build_id, size);
		r->seen[r->nr_seen++].size = (uint8_t)size;
	}
	return false;
}

/* Modules that the frames are in, each once in the report, by what finds their debug information. */
static void put_modules(struct report *r, const struct proc *p, const struct uelf_vec *modules,
			const struct ustack *us, size_t max, size_t limit)
{
	const struct uelf *e;
	size_t i, b;
	char id[2 * UELF_BUILD_ID_MAX + 1], name[80];

	for (i = 0; i < us->n && i < max; i++) {
		e = ustack_module(modules, us->f[i].pc);
		if (!e || !e->build_id_size || was_seen(r, e))
			continue;
		for (b = 0; b < e->build_id_size && b < UELF_BUILD_ID_MAX; b++)
			sprintf(id + 2 * b, "%02x", e->build_id[b]);
		uframe_name(p, modules, &us->f[i], name, sizeof(name));
		name[strcspn(name + 2, "+") + 2] = 0;
		report_put(r, limit, "    build-id %s %s\n", id, name[0] == '?' ? name + 2 : name);
	}
}

static const struct proc_thread *find_thread(const struct proc *p, kvaddr_t task)
{
	const struct proc_thread *t;

	vec_for_each(t, &p->threads)
		if (t->task.addr == task)
			return t;
	return NULL;
}

/* In the place of frames. */
static void put_lost(struct report *r, int rc, const struct err *err, size_t limit)
{
	r->starved |= rc == ERR_NOMEM;
	report_put(r, limit, "    user stack not to be had: %s\n", err->text);
}

/* Return: whether there was any. */
static bool put_frames(struct report *r, struct proc *p, const struct task *t, size_t max,
		       size_t limit)
{
	const struct proc_thread *th = find_thread(p, t->addr);
	struct uelf_vec modules = { 0 };
	struct ustack us = { .n = 0 };
	struct err err = { 0 };
	char name[128];
	size_t i;
	int rc = th ? uelf_open_all(p, &modules, &err) : 0;

	if (th && !rc)
		rc = ustack_unwind(p, &modules, th, &us, &err);
	if (rc) {
		put_lost(r, rc, &err, limit);
	} else if (th) {
		for (i = 0; i < us.n && i < max; i++)
			report_put(r, limit, "    user %s\n",
				   uframe_name(p, &modules, &us.f[i], name, sizeof(name)));
		if (us.n > max)
			report_put(r, limit, "    user ... %zu more\n", us.n - max);
		put_modules(r, p, &modules, &us, max, limit);
	}
	uelf_vec_free(&modules);
	return us.n;
}

/* The system call of a task that came into the kernel by one, and where it was in user mode. */
static void put_user(struct report *r, struct kernel *k, struct proc *p, const struct task *t,
		     size_t max, size_t limit)
{
	const struct arch *a = k->km.arch;
	struct arch_regs regs;
	char name[64];

	if (task_user_regs(k, t, &regs, NULL))
		return;
	if (sysinfo_task_syscall(k, t, name, sizeof(name)))
		report_put(r, limit, "    system call %s\n", name);
	if (!p || !put_frames(r, p, t, max, limit))
		report_put(r, limit, "    user pc 0x%llx sp 0x%llx\n",
			   (unsigned long long)regs.r[a->reg_pc],
			   (unsigned long long)regs.r[a->reg_sp]);
}

/* The program, and the cgroup, which names the service. */
static void put_program(struct report *r, const struct proc *p, size_t limit)
{
	char exe[128], cgroup[128];

	snprintf(exe, sizeof(exe), "%s", p->exe);
	snprintf(cgroup, sizeof(cgroup), "%s", p->cgroup);
	str_make_printable(exe);
	str_make_printable(cgroup);
	report_put(r, limit, "    program %s%s%s\n", exe[0] ? exe : "?",
		   cgroup[0] && strcmp(cgroup, "/") ? ", cgroup " : "",
		   strcmp(cgroup, "/") ? cgroup : "");
}

static void put_kernel(struct report *r, struct kernel *k, const struct task *t, const char *what,
		       size_t frames, size_t limit)
{
	char comm[TASK_COMM_SIZE + 1], name[256], kind[32] = "";
	const struct kframe *wait;
	struct kstack ks;
	struct err err = { 0 };
	size_t i;

	memcpy(comm, t->comm, sizeof(comm));
	str_make_printable(comm);
	if (t->pid != t->tgid)
		snprintf(kind, sizeof(kind), " (thread of %d)", t->tgid);
	else if (t->kthread)
		snprintf(kind, sizeof(kind), " (kernel thread)");
	if (kstack_unwind(k, t, &ks, &err)) {
		report_put(r, limit, "%s %d %s %c%s: %s\n", what, t->pid, comm, t->letter, kind,
			   err.text);
		return;
	}
	wait = t->on_cpu || t->letter == 'R' ? NULL : kstack_wait_frame(k, &ks);
	report_put(r, limit, "%s %d %s %c%s%s%s\n", what, t->pid, comm, t->letter, kind,
		   wait ? " waits in " : "",
		   wait ? kframe_name(k, wait, name, sizeof(name)) : "");
	if (t->on_cpu && !ks.n)
		report_put(r, limit, "    in user mode\n");
	/* From where it waits: that it has called the scheduler goes without saying. */
	i = wait ? (size_t)(wait - ks.f) : 0;
	put_stack(r, k, ks.f + i, ks.n - i, frames, limit);
}

static void put_task(struct report *r, struct kernel *k, const struct task *t, const char *what,
		     size_t frames, size_t limit)
{
	struct err err = { 0 };
	struct task leader;
	struct proc *p = NULL;
	int rc;

	put_kernel(r, k, t, what, frames, limit);
	/* Unwinding costs something that nobody would see. */
	if (!t->mm || limit <= r->full)
		return;
	rc = task_read(k, t->group_leader, &leader, &err);
	if (!rc)
		rc = proc_open(k, &leader, &p, &err);
	if (rc) {
		p = NULL;
		put_lost(r, rc, &err, limit);
	}
	if (p && r->program_of != t->tgid)
		put_program(r, p, limit);
	r->program_of = t->tgid;
	put_user(r, k, p, t, frames, limit);
	proc_close(p);
}

void report_cpus(struct report *r, struct kernel *k, size_t limit)
{
	const struct kernel_cpu *c;
	unsigned int shown = 0;
	struct task t;
	char what[32];

	if (k->panic_task && !task_read(k, k->panic_task, &t, NULL)) {
		snprintf(what, sizeof(what), "panic    CPU %d:", k->panic_cpu);
		put_task(r, k, &t, what, FRAMES_PANIC, limit);
	} else if (!kernel_is_live(k)) {
		report_put(r, limit, "panic    which task panicked is not known\n");
	}
	vec_for_each(c, &k->cpus) {
		if (c->current_task == k->panic_task || !c->current_task)
			continue;
		if (shown++ == CPUS_SHOWN) {
			report_put(r, limit, "         more CPUs are not shown\n");
			break;
		}
		if (task_read(k, c->current_task, &t, NULL)) {
			report_put(r, limit, "CPU      %u: its task cannot be read\n", c->nr);
			continue;
		}
		if (!t.pid) {
			report_put(r, limit, "CPU      %u: idle\n", c->nr);
			continue;
		}
		snprintf(what, sizeof(what), "CPU      %u:", c->nr);
		put_task(r, k, &t, what, FRAMES_CPU, limit);
	}
}

/* Calls for every thread of every process that can be read. */
static void each_task(struct kernel *k, void (*fn)(void *ctx, const struct task *t), void *ctx)
{
	struct thread_iter threads;
	struct task_iter it;
	struct task leader, t;
	kvaddr_t addr;

	if (task_iter_init(&it, k, NULL))
		return;
	while (task_iter_next(&it, &addr)) {
		if (task_read(k, addr, &leader, NULL) || thread_iter_init(&threads, k, &leader, NULL))
			continue;
		while (thread_iter_next(&threads, &addr))
			if (!task_read(k, addr, &t, NULL))
				fn(ctx, &t);
	}
}

struct hung {
	struct kernel *k;
	struct task t[NR_HUNG];
	int64_t seconds[NR_HUNG];
	unsigned int n, all;
};

static void add_hung(void *ctx, const struct task *t)
{
	struct hung *h = ctx;
	int64_t s = t->letter == 'D' ? task_hung_seconds(h->k, t) : -1;
	unsigned int at;

	if (t->letter != 'D')
		return;
	h->all++;
	for (at = 0; at < h->n && h->seconds[at] >= s; at++)
		;
	if (at == NR_HUNG)
		return;
	if (h->n < NR_HUNG)
		h->n++;
	memmove(&h->t[at + 1], &h->t[at], (h->n - at - 1) * sizeof(h->t[0]));
	memmove(&h->seconds[at + 1], &h->seconds[at], (h->n - at - 1) * sizeof(h->seconds[0]));
	h->t[at] = *t;
	h->seconds[at] = s;
}

void report_hung(struct report *r, struct kernel *k, size_t limit)
{
	struct hung h = { .k = k };
	unsigned int i;
	char what[48];

	each_task(k, add_hung, &h);
	if (h.all > h.n)
		report_put(r, limit, "hung     %u tasks in D state, the longest:\n", h.all);
	for (i = 0; i < h.n; i++) {
		if (h.seconds[i] >= 0)
			snprintf(what, sizeof(what), "hung     %lld s:", (long long)h.seconds[i]);
		else
			snprintf(what, sizeof(what), "hung     for an unknown time:");
		put_task(r, k, &h.t[i], what, FRAMES_HUNG, limit);
	}
}

void report_oom(struct report *r, struct kernel *k, size_t limit)
{
	struct task_iter it;
	struct task t;
	kvaddr_t addr;
	unsigned int shown = 0;

	if (task_iter_init(&it, k, NULL))
		return;
	while (task_iter_next(&it, &addr)) {
		if (task_read(k, addr, &t, NULL) || task_is_oom_victim(k, &t) <= 0)
			continue;
		if (shown++ == NR_OOM) {
			report_put(r, limit, "oom      more are not shown\n");
			return;
		}
		str_make_printable(t.comm);
		report_put(r, limit, "oom      %d %s %c: chosen to be killed for want of memory, and still there\n",
			   t.pid, t.comm, t.letter);
	}
}

static void put_process(struct report *r, struct kernel *k, const struct task *leader, size_t limit)
{
	unsigned int shown = 0, more = 0;
	struct thread_iter it;
	struct task t;
	kvaddr_t addr;

	if (thread_iter_init(&it, k, leader, NULL))
		return;
	while (thread_iter_next(&it, &addr)) {
		if (task_read(k, addr, &t, NULL) || t.on_cpu || t.letter == 'D')
			continue;
		if (shown++ < THREADS_SHOWN)
			put_task(r, k, &t, "process ", FRAMES_OTHER, limit);
		else
			more++;
	}
	if (more)
		report_put(r, limit, "    ... %u more threads of %d\n", more, leader->pid);
}

void report_chosen(struct report *r, struct kernel *k, const struct task_vec *chosen, size_t limit)
{
	const struct task *leader;

	vec_for_each(leader, chosen)
		put_process(r, k, leader, limit);
}

struct counts {
	unsigned int threads, running, blocked;
};

static void count_task(void *ctx, const struct task *t)
{
	struct counts *c = ctx;

	c->threads++;
	c->running += t->letter == 'R';
	c->blocked += t->letter == 'D';
}

void report_counts(struct report *r, struct kernel *k, size_t limit)
{
	struct counts c = { 0 };

	each_task(k, count_task, &c);
	report_put(r, limit, "tasks    %u in all, %u runnable, %u in D state\n", c.threads, c.running,
		   c.blocked);
}

struct largest {
	struct kernel *k;
	struct task t[NR_LARGEST];
	uint64_t rss[NR_LARGEST];
	unsigned int n;
};

static void add_large(struct largest *l, const struct task *t)
{
	unsigned int at;
	uint64_t rss;

	if (!mm_rss(l->k, t->mm, &rss) || !rss)
		return;
	for (at = 0; at < l->n && l->rss[at] >= rss; at++)
		;
	if (at == NR_LARGEST)
		return;
	if (l->n < NR_LARGEST)
		l->n++;
	memmove(&l->t[at + 1], &l->t[at], (l->n - at - 1) * sizeof(l->t[0]));
	memmove(&l->rss[at + 1], &l->rss[at], (l->n - at - 1) * sizeof(l->rss[0]));
	l->t[at] = *t;
	l->rss[at] = rss;
}

void report_largest(struct report *r, struct kernel *k, size_t limit)
{
	struct largest l = { .k = k };
	struct task_iter it;
	struct task t;
	kvaddr_t addr;
	unsigned int i;
	char size[16];

	if (task_iter_init(&it, k, NULL))
		return;
	while (task_iter_next(&it, &addr))
		if (!task_read(k, addr, &t, NULL) && t.mm && !t.kthread)
			add_large(&l, &t);
	for (i = 0; i < l.n; i++) {
		str_make_printable(l.t[i].comm);
		report_put(r, limit, "resident %10s  %d %s\n",
			   str_human_size(size, sizeof(size), l.rss[i]), l.t[i].pid, l.t[i].comm);
	}
}
