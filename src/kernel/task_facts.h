/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc/PID/{limits,cwd,root,ns} would say of a process. */
#ifndef VMSIFT_KERNEL_TASK_FACTS_H
#define VMSIFT_KERNEL_TASK_FACTS_H

#include "kernel/kernel.h"
#include "kernel/task.h"

/* include/uapi/asm-generic/resource.h: RLIM_NLIMITS, RLIM_INFINITY */
#define TASK_LIMITS	    16u
#define TASK_LIMIT_INFINITY UINT64_MAX

struct task_limit {
	uint64_t soft, hard;
};

/* "cpu", "fsize" ...: the words of getrlimit(2), by number. */
const char *task_limit_name(unsigned int nr);

/* Return: 0; ERR_NOTFOUND for a process being buried; ERR_UNSUPPORTED, ERR_ABSENT, ERR_CORRUPT. */
int task_limits(struct kernel *k, const struct task *t, struct task_limit ret[TASK_LIMITS],
		struct err *err);

/**
 * task_cwd() - the working directory, as the process itself sees it
 * @buf: PATH_SIZE bytes; untrusted bytes, terminated
 *
 * Return: 0; ERR_NOTFOUND if it has none (it is ending); as struct_path_path().
 */
int task_cwd(struct kernel *k, const struct task *t, char *buf, struct err *err);

/* Its root directory, from the top of its tree of mounts: "/" unless it is in a chroot. Likewise. */
int task_root(struct kernel *k, const struct task *t, char *buf, struct err *err);

/* siginfo_t as NT_SIGINFO has it (SI_MAX_SIZE); the kernel's own is the beginning of it, 48 bytes. */
#define SIGINFO_SIZE 128u

/**
 * task_siginfo() - the signal that a thread is stopped at
 *
 * task_struct.last_siginfo is there only while ptrace holds the thread (ptrace_stop(), kernel/signal.c).
 *
 * Return: 0; ERR_NOTFOUND if there is none; ERR_CORRUPT, ERR_ABSENT, ERR_UNSUPPORTED.
 */
int task_siginfo(struct kernel *k, const struct task *t, uint8_t ret[SIGINFO_SIZE], struct err *err);

/* The signal that a thread is stopped at, or that its process was being ended by; 0: none. */
int task_signal(struct kernel *k, const struct task *t);

enum task_ns { TASK_NS_CGROUP, TASK_NS_IPC, TASK_NS_MNT, TASK_NS_NET, TASK_NS_PID, TASK_NS_TIME,
	       TASK_NS_USER, TASK_NS_UTS, TASK_NS_NR };

const char *task_ns_name(enum task_ns ns);

/* The number of a namespace, as /proc/PID/ns/NAME shows it. Return: whether it is known. */
bool task_ns_inum(struct kernel *k, const struct task *t, enum task_ns ns, uint32_t *ret);

/**
 * task_is_oom_victim() - whether the OOM killer chose a process
 *
 * It leaves the victim's mm in signal->oom_mm (mark_oom_victim, mm/oom_kill.c), until the process is gone.
 *
 * Return: 1, 0, or -1 if that is not known.
 */
int task_is_oom_victim(struct kernel *k, const struct task *t);

#endif
