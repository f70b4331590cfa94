/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/task_facts.h"

#include <string.h>

#include "kernel/path.h"
#include "util/bytes.h"

/* struct kernel_siginfo (include/linux/signal_types.h), _NSIG, SIGNAL_GROUP_EXIT (sched/signal.h) */
#define KERNEL_SIGINFO_SIZE 48u
#define SIGNAL_MAX	    64u
#define SIGNAL_GROUP_EXIT   0x4u
/* MAX_PID_NS_LEVEL, include/linux/pid_namespace.h */
#define PID_NS_LEVEL_MAX 32u

const char *task_limit_name(unsigned int nr)
{
	static const char *const names[TASK_LIMITS] = {
		"cpu",	   "fsize",   "data",  "stack", "core",	      "rss",	  "nproc", "nofile",
		"memlock", "as",      "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime",
	};

	return nr < TASK_LIMITS ? names[nr] : "?";
}

int task_limits(struct kernel *k, const struct task *t, struct task_limit ret[TASK_LIMITS],
		struct err *err)
{
	const struct layout_value *v = &k->layout.v[L_signal_struct_rlim];
	uint8_t raw[16 * TASK_LIMITS];
	unsigned int i;
	int rc;

	if (!v->known || v->size != sizeof(raw))
		return kernel_lacks(k, L_signal_struct_rlim, err);
	if (!t->signal)
		return err_set(err, ERR_NOTFOUND, "process %d has no limits any more", t->pid);
	rc = kmem_read(&k->km, t->signal + (uint64_t)v->value, raw, sizeof(raw), err);
	for (i = 0; !rc && i < TASK_LIMITS; i++)
		ret[i] = (struct task_limit){ get_u64(raw + 16 * i), get_u64(raw + 16 * i + 8) };
	return rc ? err_add(err, "limits of process %d", t->pid) : 0;
}

int task_siginfo(struct kernel *k, const struct task *t, uint8_t ret[SIGINFO_SIZE], struct err *err)
{
	uint64_t at;
	uint32_t signo;
	int rc = kread_member(k, t->addr, L_task_struct_last_siginfo, &at, err);

	if (!rc && !at)
		return err_set(err, ERR_NOTFOUND, "thread %d is stopped at no signal", t->pid);
	memset(ret, 0, SIGINFO_SIZE);
	if (!rc)
		rc = kmem_read(&k->km, at, ret, KERNEL_SIGINFO_SIZE, err);
	signo = get_u32(ret);
	if (!rc && (!signo || signo > SIGNAL_MAX))
		rc = err_set(err, ERR_CORRUPT, "siginfo 0x%" PRIx64 " of signal %u", at, signo);
	return rc ? err_add(err, "signal of thread %d (%s)", t->pid, t->comm) : 0;
}

int task_signal(struct kernel *k, const struct task *t)
{
	uint8_t info[SIGINFO_SIZE];
	uint64_t flags, code;

	if (!task_siginfo(k, t, info, NULL))
		return (int)get_u32(info);
	if (!t->signal || kread_member(k, t->signal, L_signal_struct_flags, &flags, NULL) ||
	    !(flags & SIGNAL_GROUP_EXIT) ||
	    kread_member(k, t->signal, L_signal_struct_group_exit_code, &code, NULL))
		return 0;
	/* As wait(2) has it: exit(3) leaves these bits 0. */
	code &= 0x7f;
	return code <= SIGNAL_MAX ? (int)code : 0;
}

static int fs_path(struct kernel *k, const struct task *t, enum layout_id which, bool own, char *buf,
		   struct err *err)
{
	uint64_t fs;
	int rc = kread_member(k, t->addr, L_task_struct_fs, &fs, err);

	if (!rc && !fs)
		rc = err_set(err, ERR_NOTFOUND, "process %d has no directories any more", t->pid);
	if (!rc && !layout_has(&k->layout, which))
		rc = kernel_lacks(k, which, err);
	return rc ? rc : struct_path_path(k, kmember_addr(k, fs, which), own ? fs : 0, buf, err);
}

int task_cwd(struct kernel *k, const struct task *t, char *buf, struct err *err)
{
	return fs_path(k, t, L_fs_struct_pwd, true, buf, err);
}

int task_root(struct kernel *k, const struct task *t, char *buf, struct err *err)
{
	return fs_path(k, t, L_fs_struct_root, false, buf, err);
}

/* Where a task's namespaces are: in its nsproxy, but for two. */
static const struct {
	const char *name;
	enum layout_id member, inum;
} namespaces[TASK_NS_NR] = {
	[TASK_NS_CGROUP] = { "cgroup", L_nsproxy_cgroup_ns, L_cgroup_namespace_ns_inum },
	[TASK_NS_IPC] = { "ipc", L_nsproxy_ipc_ns, L_ipc_namespace_ns_inum },
	[TASK_NS_MNT] = { "mnt", L_nsproxy_mnt_ns, L_mnt_namespace_ns_inum },
	[TASK_NS_NET] = { "net", L_nsproxy_net_ns, L_net_ns_inum },
	[TASK_NS_PID] = { "pid", L_upid_ns, L_pid_namespace_ns_inum },
	[TASK_NS_TIME] = { "time", L_nsproxy_time_ns, L_time_namespace_ns_inum },
	[TASK_NS_USER] = { "user", L_cred_user_ns, L_user_namespace_ns_inum },
	[TASK_NS_UTS] = { "uts", L_nsproxy_uts_ns, L_uts_namespace_ns_inum },
};

const char *task_ns_name(enum task_ns ns)
{
	return namespaces[ns].name;
}

/* task_active_pid_ns(): that of the innermost number. */
static bool pid_ns_at(struct kernel *k, const struct task *t, uint64_t *upid)
{
	const struct layout *l = &k->layout;
	uint64_t pid, level;

	if (!layout_has(l, L_pid_numbers) || !layout_has(l, L_upid) ||
	    kread_member(k, t->addr, L_task_struct_thread_pid, &pid, NULL) || !pid ||
	    kread_member(k, pid, L_pid_level, &level, NULL) || level > PID_NS_LEVEL_MAX)
		return false;
	*upid = pid + layout_off(l, L_pid_numbers) + level * layout_size(l, L_upid);
	return true;
}

bool task_ns_inum(struct kernel *k, const struct task *t, enum task_ns ns, uint32_t *ret)
{
	uint64_t holder, at, inum;

	if (ns == TASK_NS_PID) {
		if (!pid_ns_at(k, t, &holder))
			return false;
	} else if (kread_member(k, t->addr, ns == TASK_NS_USER ? L_task_struct_real_cred :
								 L_task_struct_nsproxy,
				&holder, NULL) || !holder) {
		return false;
	}
	if (kread_member(k, holder, namespaces[ns].member, &at, NULL) || !at ||
	    kread_member(k, at, namespaces[ns].inum, &inum, NULL))
		return false;
	*ret = (uint32_t)inum;
	return true;
}

int task_is_oom_victim(struct kernel *k, const struct task *t)
{
	uint64_t mm;

	if (!t->signal || kread_member(k, t->signal, L_signal_struct_oom_mm, &mm, NULL))
		return -1;
	return mm != 0;
}
