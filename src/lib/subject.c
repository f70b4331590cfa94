/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "kernel/path.h"
#include "kernel/task_facts.h"
#include "lib/dump.h"
#include "proc/proc_dump.h"

/* What the threads of a process have in common: letters, CPUs, the longest in D. */
static void read_threads(struct kernel *k, struct subject *s)
{
	struct select_subject *f = &s->facts;
	struct thread_iter it;
	bool all = true;
	kvaddr_t addr;
	struct task t;

	f->hung_seconds = -1;
	if (thread_iter_init(&it, k, &s->leader, NULL))
		return;
	while (thread_iter_next(&it, &addr)) {
		const struct kernel_cpu *cpu = kernel_cpu_of(k, addr);
		int64_t hung;

		if (task_read(k, addr, &t, NULL) || t.tgid != s->leader.tgid) {
			all = false;
			continue;
		}
		s->nr_threads++;
		if (!strchr(s->letters, t.letter) && strlen(s->letters) < sizeof(s->letters) - 1)
			s->letters[strlen(s->letters)] = t.letter;
		if (cpu) {
			f->on_cpu = true;
			s->cpu = (int)cpu->nr;
		}
		if (k->panic_task == addr)
			f->panic = true;
		hung = task_hung_seconds(k, &t);
		if (t.letter == 'D' && hung < 0)
			all = false;
		if (hung > f->hung_seconds)
			f->hung_seconds = hung;
	}
	f->known |= all ? FACT_STATE | FACT_HUNG : 0;
}

static void read_oom(struct kernel *k, struct subject *s)
{
	int victim = task_is_oom_victim(k, &s->leader);

	if (victim < 0)
		return;
	s->facts.oom_victim = victim;
	s->facts.known |= FACT_OOM_VICTIM;
}

int subject_read(struct kernel *k, const struct task *leader, struct subject *s, struct err *err)
{
	struct select_subject *f = &s->facts;
	char path[PATH_SIZE];

	memset(s, 0, sizeof(*s));
	s->leader = *leader;
	s->cpu = -1;
	memcpy(s->comm, leader->comm, sizeof(s->comm));
	s->mm = proc_find_mm(k, leader);
	f->known = FACT_PID | FACT_COMM;
	f->pid = (uint32_t)leader->pid;
	f->comm = s->comm;
	f->state = s->letters;
	if (leader->has_cred) {
		f->uid = leader->uid;
		f->known |= FACT_UID;
	}
	if (k->cpus.n)
		f->known |= FACT_ON_CPU;
	if (k->panic_task)
		f->known |= FACT_PANIC;
	read_threads(k, s);
	read_oom(k, s);
	if (!proc_exe_path(k, leader, s->mm, path, NULL)) {
		f->exe = s->exe = strdup(path);
		f->known |= FACT_EXE;
		if (!s->exe)
			return err_nomem(err);
	}
	if (!task_cgroup(k, leader->addr, path, NULL)) {
		f->cgroup = s->cgroup = strdup(path);
		f->known |= FACT_CGROUP;
		if (!s->cgroup)
			return err_nomem(err);
	}
	if (mm_rss(k, s->mm, &f->rss))
		f->known |= FACT_RSS;
	if (s->mm) {
		int dumpable = proc_dumpable(k, leader, s->mm);

		if (dumpable >= 0) {
			f->dumpable = (unsigned int)dumpable;
			f->known |= FACT_DUMPABLE;
		}
	}
	return 0;
}

bool subject_left_out(struct kernel *k, const struct subject *s)
{
	bool known = s->facts.known & FACT_DUMPABLE;

	log_warn(k->log, "process %d (%s) is left out: %s, and was not named", s->leader.pid,
		 s->leader.comm,
		 known ? "it is not dumpable (prctl(2))" :
			 "whether it is dumpable (prctl(2)) cannot be told");
	return !known;
}

void subject_deinit(struct subject *s)
{
	free(s->exe);
	free(s->cgroup);
	s->exe = s->cgroup = NULL;
}

int for_each_process(struct kernel *k, int (*fn)(void *ctx, const struct task *leader), void *ctx,
		     unsigned int *lost, struct err *err)
{
	struct task_iter it;
	struct err fault = { 0 };
	struct task t;
	kvaddr_t addr;
	int rc = task_iter_init(&it, k, err);

	*lost = 0;
	while (!rc && task_iter_next(&it, &addr)) {
		if (task_read(k, addr, &t, &fault)) {
			++*lost;
			log_warn(k->log, "a process is lost: %s", fault.text);
			continue;
		}
		rc = fn(ctx, &t);
	}
	/* How many could not be reached nobody knows. */
	*lost += it.list.broken;
	return rc;
}
