/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/facts.h"

#include <stdio.h>
#include <string.h>

#include "kernel/open_files.h"
#include "kernel/path.h"
#include "kernel/sysinfo.h"
#include "kernel/task_facts.h"
#include "unwind/kstack.h"

static void json_limit(struct json *j, uint64_t v)
{
	if (v == TASK_LIMIT_INFINITY)
		json_str(j, NULL, "unlimited");
	else
		json_u64(j, NULL, v);
}

static void json_limits(struct json *j, struct kernel *k, const struct task *t)
{
	struct task_limit limits[TASK_LIMITS];
	unsigned int i;

	if (task_limits(k, t, limits, NULL)) {
		json_null(j, "limits");
		return;
	}
	json_object(j, "limits");
	for (i = 0; i < TASK_LIMITS; i++) {
		json_array(j, task_limit_name(i));
		json_limit(j, limits[i].soft);
		json_limit(j, limits[i].hard);
		json_end(j);
	}
	json_end(j);
}

static void json_namespaces(struct json *j, struct kernel *k, const struct task *t)
{
	unsigned int i;
	uint32_t inum;

	json_object(j, "namespaces");
	for (i = 0; i < TASK_NS_NR; i++)
		if (task_ns_inum(k, t, (enum task_ns)i, &inum))
			json_u64(j, task_ns_name((enum task_ns)i), inum);
	json_end(j);
}

static void json_file(struct json *j, struct kernel *k, const struct open_file *f, kvaddr_t fs,
		      char *path)
{
	char flags[16];

	json_object(j, NULL);
	json_u64(j, "fd", f->fd);
	json_str(j, "path", file_path(k, f->file, fs, path, NULL) ? NULL : path);
	if (f->has_flags) {
		snprintf(flags, sizeof(flags), "0%o", f->flags);
		json_str(j, "flags", flags);
	}
	if (f->has_pos)
		json_i64(j, "pos", (int64_t)f->pos);
	json_end(j);
}

static void json_files(struct json *j, struct kernel *k, const struct task *t, char *path)
{
	struct open_files_iter it;
	struct open_file f;
	uint64_t nr = 0, fs = 0;

	if (open_files_init(&it, k, t, NULL)) {
		json_null(j, "files");
		return;
	}
	if (kread_member(k, t->addr, L_task_struct_fs, &fs, NULL))
		fs = 0;
	json_array(j, "files");
	for (; open_files_next(&it, &f); nr++)
		if (nr < FACTS_FILES_MAX)
			json_file(j, k, &f, fs, path);
	json_end(j);
	json_u64(j, "nr_files", nr);
	if (it.fault.rc)
		json_str(j, "files_fault", it.fault.text);
}

void facts_json(struct json *j, struct kernel *k, const struct task *t)
{
	char path[PATH_SIZE];

	if (t->kthread)
		return;
	json_str(j, "cwd", task_cwd(k, t, path, NULL) ? NULL : path);
	json_str(j, "root", task_root(k, t, path, NULL) ? NULL : path);
	json_namespaces(j, k, t);
	json_limits(j, k, t);
	json_files(j, k, t, path);
}

/* One that can run waits for nothing but a CPU, and one that has ended for nobody. */
static const struct kframe *wait_frame(struct kernel *k, const struct task *t,
				       const struct kstack *ks)
{
	return t->on_cpu || t->letter == 'R' || t->exit_state ? NULL : kstack_wait_frame(k, ks);
}

void thread_facts_read(struct kernel *k, const struct task *t, struct thread_facts *ret)
{
	const struct kframe *wait;
	struct kstack ks;
	char *plus;

	memset(ret, 0, sizeof(*ret));
	if (!sysinfo_task_syscall(k, t, ret->syscall, sizeof(ret->syscall)))
		ret->syscall[0] = 0;
	if (kstack_unwind(k, t, &ks, NULL))
		return;
	wait = wait_frame(k, t, &ks);
	if (!wait || wait->guess)
		return;
	kframe_name(k, wait, ret->wchan, sizeof(ret->wchan));
	plus = strrchr(ret->wchan, '+');
	if (plus)
		*plus = 0;
}

void thread_facts_json(struct json *j, struct kernel *k, const struct task *t)
{
	struct err err = { 0 };
	const struct kframe *wait;
	struct kstack ks;
	char name[256];
	size_t i;

	if (sysinfo_task_syscall(k, t, name, sizeof(name)))
		json_str(j, "syscall", name);
	if (kstack_unwind(k, t, &ks, &err)) {
		json_str(j, "stack_fault", err.text);
		return;
	}
	wait = wait_frame(k, t, &ks);
	if (wait)
		json_str(j, "wchan", kframe_name(k, wait, name, sizeof(name)));
	json_array(j, "stack");
	for (i = 0; i < ks.n; i++)
		json_str(j, NULL, kframe_name(k, &ks.f[i], name, sizeof(name)));
	json_end(j);
	json_bool(j, "stack_complete", ks.complete || !ks.n);
}
