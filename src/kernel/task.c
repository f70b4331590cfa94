/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/task.h"

#include <string.h>

#include "util/bytes.h"

/* __state and exit_state: include/linux/sched.h, unchanged from 5.4 to 7.3. */
#define TASK_REPORT	0x7fu
#define TASK_NOLOAD	0x400u
#define TASK_RTLOCK_WAIT 0x1000u
#define TASK_FROZEN	0x8000u

/* MAX_PID_NS_LEVEL, include/linux/pid_namespace.h */
#define PID_NS_LEVEL_MAX 32u
/* x86_64 and arm64 have 52 bits of physical addresses. */
#define RSS_PAGES_MAX (1ull << 40)

/* As task_state_index() and task_state_array make it for /proc/PID/status. */
static char state_letter(uint32_t state, uint32_t exit_state)
{
	static const char letters[] = "RSDTtXZP";
	uint32_t s = (state | exit_state) & TASK_REPORT;
	unsigned int i = 0;

	if ((state & (TASK_NOLOAD | 2)) == (TASK_NOLOAD | 2) && !exit_state)
		return 'I';
	if (state & (TASK_RTLOCK_WAIT | TASK_FROZEN) && !exit_state)
		s = 2;
	while (s) {
		i++;
		s >>= 1;
	}
	return letters[i];
}

static void read_cred(struct kernel *k, struct task *t)
{
	uint64_t cred, uid, gid;

	if (kread_member(k, t->addr, L_task_struct_real_cred, &cred, NULL) ||
	    kread_member(k, cred, L_cred_uid, &uid, NULL) ||
	    kread_member(k, cred, L_cred_gid, &gid, NULL))
		return;
	t->uid = (uint32_t)uid;
	t->gid = (uint32_t)gid;
	t->has_cred = true;
}

/* The pid in the innermost namespace: thread_pid->numbers[level].nr (include/linux/pid.h). */
static void read_ns_pid(struct kernel *k, struct task *t)
{
	const struct layout *l = &k->layout;
	uint64_t pid, level, nr;

	t->ns_pid = t->pid;
	if (!layout_has(l, L_pid_numbers) || !layout_has(l, L_upid) ||
	    kread_member(k, t->addr, L_task_struct_thread_pid, &pid, NULL) || !pid ||
	    kread_member(k, pid, L_pid_level, &level, NULL) || !level || level > PID_NS_LEVEL_MAX)
		return;
	if (!kread_member(k, pid + layout_off(l, L_pid_numbers) + level * layout_size(l, L_upid),
			  L_upid_nr, &nr, NULL))
		t->ns_pid = (int32_t)nr;
}

bool task_on_cpu(struct kernel *k, kvaddr_t task)
{
	uint64_t on_cpu;

	/* What was current when the dump was opened may not be any more where it goes on running. */
	if (kernel_is_live(k) && !kread_member(k, task, L_task_struct_on_cpu, &on_cpu, NULL))
		return on_cpu != 0;
	return kernel_cpu_of(k, task) != NULL;
}

static int look_at_rest(struct kernel *k, const struct task *t, struct task_rest *ret,
			struct err *err)
{
	static const enum layout_id ids[] = { L_task_struct_nvcsw, L_task_struct_nivcsw };
	uint64_t v;
	size_t i;

	kernel_forget(k);
	ret->switches = 0;
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		if (!kread_member(k, t->addr, ids[i], &v, NULL))
			ret->switches += v;
	if (!task_on_cpu(k, t->addr))
		return 0;
	return err_set(err, ERR_NOTFOUND, "thread %d (%s) is on a CPU of a machine that goes on",
		       t->pid, t->comm);
}

int task_rest_begin(struct kernel *k, const struct task *t, struct task_rest *ret, struct err *err)
{
	memset(ret, 0, sizeof(*ret));
	return kernel_is_live(k) ? look_at_rest(k, t, ret, err) : 0;
}

int task_rest_end(struct kernel *k, const struct task *t, const struct task_rest *rest,
		  struct err *err)
{
	struct task_rest now;
	int rc = kernel_is_live(k) ? look_at_rest(k, t, &now, err) : 0;

	if (!rc && kernel_is_live(k) && now.switches != rest->switches)
		rc = err_set(err, ERR_NOTFOUND, "thread %d (%s) ran while it was looked at", t->pid,
			     t->comm);
	return rc;
}

int task_read(struct kernel *k, kvaddr_t addr, struct task *t, struct err *err)
{
	uint64_t v[8], parent;
	static const enum layout_id ids[] = {
		L_task_struct_pid,   L_task_struct_tgid,       L_task_struct_flags,
		L_task_struct_state, L_task_struct_exit_state, L_task_struct_mm,
		L_task_struct_signal,
	};
	size_t i;
	int rc;

	memset(t, 0, sizeof(*t));
	t->addr = addr;
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		rc = kread_member(k, addr, ids[i], &v[i], err);
		if (rc)
			return rc;
	}
	t->pid = (int32_t)v[0];
	t->tgid = (int32_t)v[1];
	t->flags = (uint32_t)v[2];
	t->state = (uint32_t)v[3];
	t->exit_state = (uint32_t)v[4];
	t->mm = v[5];
	t->signal = v[6];
	if (!layout_has(&k->layout, L_task_struct_comm))
		return kernel_lacks(k, L_task_struct_comm, err);
	rc = kmem_read(&k->km, kmember_addr(k, addr, L_task_struct_comm), t->comm, TASK_COMM_SIZE,
		       err);
	if (rc)
		return err_add(err, "task_struct 0x%" PRIx64, addr);
	if (t->pid < 0 || t->tgid < 0)
		return err_set(err, ERR_CORRUPT, "task_struct 0x%" PRIx64 ": pid %d, tgid %d", addr,
			       t->pid, t->tgid);
	t->letter = state_letter(t->state, t->exit_state);
	t->kthread = t->flags & PF_KTHREAD;
	t->on_cpu = task_on_cpu(k, addr);
	/* The rest is useful, and a task without it still a task. */
	if (!kread_member(k, addr, L_task_struct_stack, &v[0], NULL))
		t->stack = v[0];
	if (!kread_member(k, addr, L_task_struct_group_leader, &v[0], NULL))
		t->group_leader = v[0];
	if (!kread_member(k, addr, L_task_struct_real_parent, &parent, NULL) && parent &&
	    !kread_member(k, parent, L_task_struct_tgid, &v[0], NULL))
		t->ppid = (int32_t)v[0];
	read_cred(k, t);
	read_ns_pid(k, t);
	return 0;
}

int task_iter_init(struct task_iter *it, struct kernel *k, struct err *err)
{
	memset(it, 0, sizeof(*it));
	it->k = k;
	if (!k->sym.known[S_init_task])
		return err_set(err, ERR_UNSUPPORTED, "where init_task lies is not known");
	if (!layout_has(&k->layout, L_task_struct_tasks))
		return kernel_lacks(k, L_task_struct_tasks, err);
	klist_init(&it->list, k, kmember_addr(k, k->sym.addr[S_init_task], L_task_struct_tasks),
		   "list of processes");
	return 0;
}

bool task_iter_next(struct task_iter *it, kvaddr_t *ret)
{
	kvaddr_t node;

	/* init_task, pid 0, is the idle task and no process that anyone looks for. */
	if (!klist_next(&it->list, &node))
		return false;
	*ret = node - layout_off(&it->k->layout, L_task_struct_tasks);
	return true;
}

int thread_iter_init(struct thread_iter *it, struct kernel *k, const struct task *leader,
		     struct err *err)
{
	memset(it, 0, sizeof(*it));
	it->k = k;
	it->leader = leader->addr;
	if (!layout_has(&k->layout, L_task_struct_thread_node))
		return kernel_lacks(k, L_task_struct_thread_node, err);
	if (!layout_has(&k->layout, L_signal_struct_thread_head))
		return kernel_lacks(k, L_signal_struct_thread_head, err);
	/* A process being buried has no signal_struct any more. */
	it->leader_only = !leader->signal;
	klist_init(&it->list, k, kmember_addr(k, leader->signal, L_signal_struct_thread_head),
		   "list of threads");
	return 0;
}

bool thread_iter_next(struct thread_iter *it, kvaddr_t *ret)
{
	kvaddr_t node;

	if (it->leader_only) {
		*ret = it->leader;
		it->leader = 0;
		return *ret != 0;
	}
	if (!klist_next(&it->list, &node))
		return false;
	*ret = node - layout_off(&it->k->layout, L_task_struct_thread_node);
	return true;
}

/* A pid namespace by its depth and, where types tell, its address. */
struct pid_ns {
	uint64_t level, ns;
};

/* Address of struct upid of a level in a struct pid; 0 if types do not tell. */
static kvaddr_t upid_at(const struct kernel *k, kvaddr_t pid, uint64_t level)
{
	const struct layout *l = &k->layout;

	if (!layout_has(l, L_pid_numbers) || (level && !layout_has(l, L_upid)))
		return 0;
	return pid + layout_off(l, L_pid_numbers) + level * layout_size(l, L_upid);
}

/* The namespace that a struct pid was made in, its innermost. */
static void read_pid_ns(struct kernel *k, kvaddr_t pid, struct pid_ns *ret)
{
	kvaddr_t upid;

	memset(ret, 0, sizeof(*ret));
	if (!pid || kread_member(k, pid, L_pid_level, &ret->level, NULL) ||
	    ret->level > PID_NS_LEVEL_MAX)
		ret->level = 0;
	upid = pid ? upid_at(k, pid, ret->level) : 0;
	if (!upid || kread_member(k, upid, L_upid_ns, &ret->ns, NULL))
		ret->ns = 0;
}

/* pid_nr_ns(): the number that a struct pid has in a namespace, 0 if it is not in it. */
static int32_t pid_number(struct kernel *k, kvaddr_t pid, const struct pid_ns *in)
{
	uint64_t level = 0, ns, nr;
	kvaddr_t upid = pid ? upid_at(k, pid, in->level) : 0;

	if (!upid || (in->level && kread_member(k, pid, L_pid_level, &level, NULL)) ||
	    level < in->level)
		return 0;
	if (in->ns && (kread_member(k, upid, L_upid_ns, &ns, NULL) || ns != in->ns))
		return 0;
	return kread_member(k, upid, L_upid_nr, &nr, NULL) ? 0 : (int32_t)nr;
}

static kvaddr_t thread_pid_of(struct kernel *k, kvaddr_t task)
{
	uint64_t pid;

	return task && !kread_member(k, task, L_task_struct_thread_pid, &pid, NULL) ? pid : 0;
}

/* The struct pid of a process's group or session. */
static kvaddr_t signal_pid(struct kernel *k, const struct task *t, enum layout_id type)
{
	const struct layout *l = &k->layout;
	uint64_t pid;

	if (!t->signal || !layout_has(l, L_signal_struct_pids) || !layout_has(l, type) ||
	    layout_off(l, type) > 8 ||
	    kread_u64(k, kmember_addr(k, t->signal, L_signal_struct_pids) + 8 * layout_off(l, type),
		      &pid, NULL))
		return 0;
	return pid;
}

static void read_ids(struct kernel *k, const struct task *t, struct task_extra *x)
{
	kvaddr_t own = thread_pid_of(k, t->addr);
	uint64_t parent, leader;
	struct pid_ns ns;

	x->pid = t->pid;
	x->ppid = t->ppid;
	read_pid_ns(k, own, &ns);
	if (ns.level) {
		x->pid = pid_number(k, own, &ns);
		x->ppid = 0;
		if (!kread_member(k, t->addr, L_task_struct_real_parent, &parent, NULL) &&
		    !kread_member(k, parent, L_task_struct_group_leader, &leader, NULL))
			x->ppid = pid_number(k, thread_pid_of(k, leader), &ns);
	}
	x->pgrp = pid_number(k, signal_pid(k, t, L_PIDTYPE_PGID), &ns);
	x->sid = pid_number(k, signal_pid(k, t, L_PIDTYPE_SID), &ns);
}

void task_read_extra(struct kernel *k, const struct task *t, struct task_extra *ret)
{
	const struct {
		kvaddr_t base;
		enum layout_id id;
		uint64_t *to;
	} members[] = {
		{ t->addr, L_task_struct_utime, &ret->utime_ns },
		{ t->addr, L_task_struct_stime, &ret->stime_ns },
		{ t->addr, L_task_struct_pending_signal, &ret->sigpend },
		{ t->addr, L_task_struct_blocked, &ret->sighold },
		{ t->signal, L_signal_struct_cutime, &ret->cutime_ns },
		{ t->signal, L_signal_struct_cstime, &ret->cstime_ns },
		{ t->signal, L_signal_struct_utime, &ret->group_utime_ns },
		{ t->signal, L_signal_struct_stime, &ret->group_stime_ns },
	};
	uint64_t v;
	size_t i;

	memset(ret, 0, sizeof(*ret));
	for (i = 0; i < ARRAY_SIZE(members); i++)
		if (members[i].base && !kread_member(k, members[i].base, members[i].id, &v, NULL))
			*members[i].to = v;
	read_ids(k, t, ret);
	/* PRIO_TO_NICE(): MAX_RT_PRIO 100, NICE_WIDTH 40. */
	if (!kread_member(k, t->addr, L_task_struct_static_prio, &v, NULL) && v >= 100 && v < 140)
		ret->nice = (int)v - 120;
}

/* One counter: a long to 6.1, a struct percpu_counter since 6.2 (f1a7941243c1). @sum may wrap around. */
static bool rss_counter(struct kernel *k, kvaddr_t at, bool percpu, uint64_t *sum)
{
	const struct kernel_cpu *c;
	uint64_t v, deltas, off;

	if (!percpu) {
		if (kread_u64(k, at, &v, NULL))
			return false;
		*sum += v;
		return true;
	}
	/* Without what each CPU has added since, the sum is off by any amount. */
	if (!k->sym.known[S_per_cpu_offset] ||
	    kread_member(k, at, L_percpu_counter_count, &v, NULL))
		return false;
	*sum += v;
	if (kread_member(k, at, L_percpu_counter_counters, &deltas, NULL))
		return true;
	vec_for_each(c, &k->cpus) {
		uint32_t d;

		if (!kread_u64(k, k->sym.addr[S_per_cpu_offset] + 8ull * c->nr, &off, NULL) &&
		    !kmem_read_u32(&k->km, deltas + off, &d, NULL))
			*sum += (uint64_t)(int64_t)(int32_t)d;
	}
	return true;
}

bool mm_rss(struct kernel *k, kvaddr_t mm, uint64_t *ret)
{
	static const enum layout_id kinds[] = { L_MM_FILEPAGES, L_MM_ANONPAGES, L_MM_SHMEMPAGES };
	const struct layout_value *v = &k->layout.v[L_mm_struct_rss_stat];
	bool percpu = v->count > 1 && layout_has(&k->layout, L_percpu_counter);
	uint64_t stride = percpu ? layout_size(&k->layout, L_percpu_counter) : 8;
	uint64_t sum = 0;
	size_t i;

	if (!mm || !v->known)
		return false;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		uint64_t at;

		if (!layout_has(&k->layout, kinds[i]))
			return false;
		at = layout_off(&k->layout, kinds[i]) * stride;
		if (at + stride > v->size ||
		    !rss_counter(k, mm + (uint64_t)v->value + at, percpu, &sum))
			return false;
	}
	/* A moment's counters may be below 0; above all addresses they are damaged. */
	if ((int64_t)sum > 0 && sum > RSS_PAGES_MAX)
		return false;
	*ret = (int64_t)sum > 0 ? sum * k->vc->page_size : 0;
	return true;
}

/* The latest time, in ns of sched_clock(), that any CPU's runqueue has seen. */
uint64_t sched_now(struct kernel *k)
{
	const struct kernel_cpu *c;
	uint64_t now = 0, v;

	vec_for_each(c, &k->cpus) {
		kvaddr_t rq = kernel_percpu(k, S_runqueues, c->nr);

		if (rq && !kread_member(k, rq, L_rq_clock, &v, NULL) && (int64_t)v > 0)
			now = max_u64(now, v);
	}
	return now;
}

int64_t task_hung_seconds(struct kernel *k, const struct task *t)
{
	uint64_t arrival, now;

	if (t->letter != 'D' ||
	    kread_member(k, t->addr, L_task_struct_sched_info_last_arrival, &arrival, NULL) ||
	    !arrival)
		return -1;
	now = sched_now(k);
	return now > arrival ? (int64_t)((now - arrival) / 1000000000u) : -1;
}
