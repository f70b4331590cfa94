/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes and threads: struct task_struct (include/linux/sched.h, sched/signal.h). */
#ifndef VMSIFT_KERNEL_TASK_H
#define VMSIFT_KERNEL_TASK_H

#include "kernel/kernel.h"
#include "kernel/klist.h"

#define TASK_COMM_SIZE 16

/* task_struct.flags: #defines, the same from 5.4 to 7.3 (include/linux/sched.h). */
#define PF_EXITING	0x00000004u
#define PF_IO_WORKER	0x00000010u /* since 5.12; PF_VCPU before, which no user task bears for long */
#define PF_DUMPCORE	0x00000200u
#define PF_USER_WORKER	0x00004000u /* since 6.4 */
#define PF_KTHREAD	0x00200000u

struct task {
	kvaddr_t addr;
	kvaddr_t mm, signal, stack, group_leader;
	int32_t pid, tgid, ppid; /* as the initial pid namespace sees them; ppid of the process */
	int32_t ns_pid;		 /* in its own namespace; equal to pid outside of any */
	uint32_t uid, gid;
	bool has_cred;
	uint32_t flags, state, exit_state;
	char letter;		 /* state as ps shows it: R S D T t X Z P I */
	bool kthread;
	bool on_cpu;		 /* is current on a CPU */
	char comm[TASK_COMM_SIZE + 1]; /* untrusted bytes, terminated */
};

/* Threads of the kernel, and its workers in a process, have never been in user mode: no register is theirs. */
static inline bool task_has_user_mode(const struct task *t)
{
	return !t->kthread && !(t->flags & (PF_IO_WORKER | PF_USER_WORKER));
}

/**
 * task_read() - what we want to know of one task
 * @addr: of its task_struct
 *
 * Return: 0; ERR_ABSENT, ERR_CORRUPT as kmem_read(), with the address; ERR_UNSUPPORTED if a member
 * that identifies a task is not known.
 */
int task_read(struct kernel *k, kvaddr_t addr, struct task *ret, struct err *err);

/* Whether it was current on a CPU; of a machine that goes on: whether it is. */
bool task_on_cpu(struct kernel *k, kvaddr_t task);

/* How often a thread had been switched out: nvcsw and nivcsw. */
struct task_rest {
	uint64_t switches;
};

/**
 * task_rest_begin() - begin to look at what a thread leaves in memory when it is switched out
 *
 * Of /proc/kcore: only what lies between this and a task_rest_end() that agrees is of one moment. Of a
 * dump both always agree.
 *
 * Return: 0; ERR_NOTFOUND if it is on a CPU, or has been meanwhile.
 */
int task_rest_begin(struct kernel *k, const struct task *t, struct task_rest *ret, struct err *err);
int task_rest_end(struct kernel *k, const struct task *t, const struct task_rest *rest,
		  struct err *err);

/* All processes: init_task and the list through task_struct.tasks. */
struct task_iter {
	struct kernel *k;
	struct klist list;
	bool first;
};

int task_iter_init(struct task_iter *it, struct kernel *k, struct err *err);

/**
 * task_iter_next() - the next process's leader
 * @ret: its task_struct's address
 *
 * A broken list is followed from its other end; what cannot be reached is warned of.
 *
 * Return: whether there is one.
 */
bool task_iter_next(struct task_iter *it, kvaddr_t *ret);

/* All threads of a process: signal_struct.thread_head through task_struct.thread_node. */
struct thread_iter {
	struct kernel *k;
	struct klist list;
	kvaddr_t leader;
	bool leader_only;
};

int thread_iter_init(struct thread_iter *it, struct kernel *k, const struct task *leader,
		     struct err *err);
bool thread_iter_next(struct thread_iter *it, kvaddr_t *ret);

/*
 * What core notes say of a task besides; 0 where it is not known. Ids are those of the task's own pid
 * namespace, as in a core that the kernel writes (fill_prstatus(), fs/binfmt_elf.c): 0 for what is
 * outside of it. .pid is that of the thread.
 */
struct task_extra {
	int32_t pid, ppid, pgrp, sid;
	uint64_t utime_ns, stime_ns;	     /* of the thread */
	uint64_t cutime_ns, cstime_ns;	     /* of the process's waited-for children */
	uint64_t group_utime_ns, group_stime_ns; /* of the process's threads that have ended */
	uint64_t sigpend, sighold;
	int nice;
};

void task_read_extra(struct kernel *k, const struct task *t, struct task_extra *ret);

/* Resident bytes of an mm by its counters, as VmRSS; false where they are not known. */
bool mm_rss(struct kernel *k, kvaddr_t mm, uint64_t *ret);

/* The latest time, in ns since boot, that any CPU's runqueue has seen; 0: not known. */
uint64_t sched_now(struct kernel *k);

/**
 * task_hung_seconds() - how long a task has been in D state
 *
 * Since it last came to a CPU: sched_info.last_arrival against the latest runqueue clock. (last_switch_time
 * is in jiffies, whose rate a dump does not show, and is kept only while hung-task detection looks.)
 *
 * Return: -1 if it is not in D state, or that is not known.
 */
int64_t task_hung_seconds(struct kernel *k, const struct task *t);

#endif
