/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "kernel/path.h"
#include "lib/dump.h"
#include "lib/facts.h"
#include "lib/file_out.h"
#include "proc/proc_dump.h"
#include "util/json.h"
#include "util/str.h"

#define PS_SCHEMA 1

struct ps {
	struct kernel *k;
	FILE *out;
	bool threads;
	struct json *json; /* NULL: text */
	unsigned int lost;
	struct err *err;
};

/* What a thread waits in, and the system call that brought it there. */
static void print_kernel_side(struct ps *ps, const struct task *t)
{
	struct thread_facts f;

	thread_facts_read(ps->k, t, &f);
	str_make_printable(f.syscall);
	str_make_printable(f.wchan);
	fprintf(ps->out, "%-16s %-20s ", f.syscall[0] ? f.syscall : "-", f.wchan[0] ? f.wchan : "-");
}

static void print_text(struct ps *ps, const struct task *t, const struct subject *s, int cpu)
{
	char size[16] = "-", cpu_text[16] = "-", comm[TASK_COMM_SIZE + 1], uid[16] = "-";

	if (s->facts.known & FACT_RSS)
		str_human_size(size, sizeof(size), s->facts.rss);
	if (cpu >= 0)
		snprintf(cpu_text, sizeof(cpu_text), "%d", cpu);
	if (t->has_cred)
		snprintf(uid, sizeof(uid), "%u", t->uid);
	memcpy(comm, t->comm, sizeof(comm));
	str_make_printable(comm);
	if (ps->threads)
		fprintf(ps->out, "%7d ", t->tgid);
	fprintf(ps->out, "%7d %7d %6s %c%c %4s %11s %4u %-16s ", t->pid, t->ppid, uid, t->letter,
		t->addr == ps->k->panic_task ? '!' : ' ', cpu_text, size, s->nr_threads, comm);
	if (ps->threads)
		print_kernel_side(ps, t);
	if (s->exe) {
		char path[PATH_SIZE];

		snprintf(path, sizeof(path), "%s", s->exe);
		str_make_printable(path);
		fprintf(ps->out, "%s\n", path);
	} else {
		fputs(t->kthread ? "[kernel]\n" : "-\n", ps->out);
	}
}

static void json_thread(struct ps *ps, const struct task *t)
{
	const struct kernel_cpu *cpu = kernel_cpu_of(ps->k, t->addr);
	struct json *j = ps->json;
	char letter[2] = { t->letter, 0 };

	json_object(j, NULL);
	json_i64(j, "tid", t->pid);
	json_i64(j, "ns_tid", t->ns_pid);
	json_str(j, "comm", t->comm);
	json_str(j, "state", letter);
	if (cpu)
		json_u64(j, "cpu", cpu->nr);
	json_bool(j, "panic", t->addr == ps->k->panic_task);
	json_hex(j, "task", t->addr);
	if (ps->threads)
		thread_facts_json(j, ps->k, t);
	json_end(j);
}

static void each_thread(struct ps *ps, const struct task *leader, const struct subject *s,
			void (*fn)(struct ps *ps, const struct task *t, const struct subject *s))
{
	struct thread_iter it;
	struct err fault = { 0 };
	struct task t;
	kvaddr_t addr;

	if (thread_iter_init(&it, ps->k, leader, &fault)) {
		log_warn(ps->k->log, "process %d: %s", leader->pid, fault.text);
		return;
	}
	while (thread_iter_next(&it, &addr)) {
		if (task_read(ps->k, addr, &t, &fault)) {
			log_warn(ps->k->log, "process %d: a thread is lost: %s", leader->pid,
				 fault.text);
			ps->lost++;
			continue;
		}
		fn(ps, &t, s);
	}
	ps->lost += it.list.broken;
}

static void text_thread(struct ps *ps, const struct task *t, const struct subject *s)
{
	const struct kernel_cpu *cpu = kernel_cpu_of(ps->k, t->addr);

	print_text(ps, t, s, cpu ? (int)cpu->nr : -1);
}

static void json_thread_of(struct ps *ps, const struct task *t, const struct subject *s)
{
	(void)s;
	json_thread(ps, t);
}

static void json_process(struct ps *ps, const struct task *t, const struct subject *s)
{
	struct json *j = ps->json;
	char letter[2] = { t->letter, 0 };

	json_object(j, NULL);
	json_i64(j, "pid", t->pid);
	json_i64(j, "ns_pid", t->ns_pid);
	json_i64(j, "ppid", t->ppid);
	if (t->has_cred) {
		json_u64(j, "uid", t->uid);
		json_u64(j, "gid", t->gid);
	}
	json_str(j, "comm", t->comm);
	json_str(j, "state", letter);
	json_bool(j, "kernel", t->kthread);
	json_u64(j, "nr_threads", s->nr_threads);
	if (s->facts.known & FACT_RSS)
		json_u64(j, "rss", s->facts.rss);
	if (s->facts.known & FACT_DUMPABLE)
		json_u64(j, "dumpable", s->facts.dumpable);
	json_str(j, "exe", s->exe);
	json_str(j, "cgroup", s->cgroup);
	if (s->facts.hung_seconds >= 0)
		json_i64(j, "hung_seconds", s->facts.hung_seconds);
	json_bool(j, "panic", s->facts.panic);
	json_bool(j, "on_cpu", s->facts.on_cpu);
	facts_json(j, ps->k, t);
	json_array(j, "threads");
	each_thread(ps, t, s, json_thread_of);
	json_end(j);
	json_end(j);
}

static int print_process(void *ctx, const struct task *t)
{
	struct ps *ps = ctx;
	struct subject s;
	int rc = subject_read(ps->k, t, &s, ps->err);

	if (rc)
		; /* a line without what the dump tells would be a lie */
	else if (ps->json)
		json_process(ps, t, &s);
	else if (ps->threads)
		each_thread(ps, t, &s, text_thread);
	else
		print_text(ps, t, &s, s.cpu);
	subject_deinit(&s);
	return rc;
}

enum vmsift_status vmsift_ps(struct vmsift *v, FILE *out, bool threads, bool json,
			     struct err *err)
{
	struct ps ps = { .out = out, .threads = threads, .err = err };
	const struct out to = file_out(out);
	unsigned int lost;
	struct json j;
	int rc = vmsift_need_kernel(v, err);

	if (rc)
		return vmsift_status_of(rc);
	ps.k = v->k;
	if (json) {
		ps.json = &j;
		json_init(&j, &to);
		json_object(&j, NULL);
		json_u64(&j, "schema", PS_SCHEMA);
		json_array(&j, "processes");
	} else {
		fprintf(out, "%s%7s %7s %6s %-2s %4s %11s %4s %-16s ", threads ? "    PID " : "",
			threads ? "TID" : "PID", "PPID", "UID", "S", "CPU", "RSS", "THR", "COMM");
		if (threads)
			fprintf(out, "%-16s %-20s ", "SYSCALL", "WCHAN");
		fputs("EXE\n", out);
	}
	rc = for_each_process(v->k, print_process, &ps, &lost, err);
	if (!rc && json) {
		json_end(&j);
		json_end(&j);
		rc = json_finish(&j, err);
	}
	if (rc)
		return vmsift_status_of(rc);
	return vmsift_flush(
		out, vmsift_heed_faults(v, lost || ps.lost ? VMSIFT_PARTLY : VMSIFT_DONE), err);
}
