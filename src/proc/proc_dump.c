/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proc/proc_dump.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/pagecache.h"
#include "kernel/path.h"
#include "kernel/vma.h"
#include "proc/dump_walk.h"
#include "util/bytes.h"

/* Arguments are read this far; MAX_ARG_STRLEN allows far more than anyone looks at. */
#define CMDLINE_MAX 4096u
#define EXEC_BITS   0111u
/* A process of more threads than pids exist is a loop that was not found. */
#define THREADS_MAX (4u << 20)

kvaddr_t proc_find_mm(struct kernel *k, const struct task *leader)
{
	struct thread_iter it;
	struct task t;
	kvaddr_t addr;

	if (leader->kthread)
		return 0;
	if (leader->mm || thread_iter_init(&it, k, leader, NULL))
		return leader->mm;
	while (thread_iter_next(&it, &addr))
		if (!task_read(k, addr, &t, NULL) && t.mm)
			return t.mm;
	return 0;
}

static kvaddr_t task_fs(struct kernel *k, const struct task *t)
{
	uint64_t fs;

	return kread_member(k, t->addr, L_task_struct_fs, &fs, NULL) ? 0 : fs;
}

int proc_exe_path(struct kernel *k, const struct task *leader, kvaddr_t mm, char *exe,
		  struct err *err)
{
	uint64_t file;
	int rc;

	if (!mm)
		return err_set(err, ERR_NOTFOUND, "no memory");
	rc = kread_member(k, mm, L_mm_struct_exe_file, &file, err);
	if (!rc && !file)
		rc = err_set(err, ERR_NOTFOUND, "no executable");
	return rc ? rc : file_path(k, file, task_fs(k, leader), exe, err);
}

int proc_dumpable(struct kernel *k, const struct task *leader, kvaddr_t mm)
{
	uint64_t v;

	/* In struct task_exec_state since 7.2, two low bits of mm->flags before. */
	if (layout_has(&k->layout, L_task_struct_exec_state) &&
	    layout_has(&k->layout, L_task_exec_state_dumpable)) {
		uint64_t state;

		if (!kread_member(k, leader->addr, L_task_struct_exec_state, &state, NULL) &&
		    !kread_member(k, state, L_task_exec_state_dumpable, &v, NULL) && v <= 2)
			return (int)v;
		return -1;
	}
	if (!mm || kread_member(k, mm, L_mm_struct_flags, &v, NULL))
		return -1;
	return (int)(v & 3);
}

/*
 * What is read of a thread that goes on must be of one moment, or the stack that is kept would not be the one
 * that the registers are of: they are read once, and what is read later holds if it has rested since.
 */
static int keep_live(struct proc *p, struct proc_thread *t)
{
	struct arch_regs *regs = calloc(1, sizeof(*regs));
	uint64_t nr;

	if (!regs)
		return ERR_NOMEM;
	if (!task_rest_begin(p->k, &t->task, &t->rest, NULL) &&
	    !task_user_regs(p->k, &t->task, regs, NULL) &&
	    !task_rest_end(p->k, &t->task, &t->rest, NULL)) {
		t->live_regs = regs;
		t->cpu = -1;
		return 0;
	}
	free(regs);
	t->cpu = -1;
	if (task_on_cpu(p->k, t->task.addr) &&
	    !kread_member(p->k, t->task.addr, L_task_struct_cpu, &nr, NULL) && nr < KERNEL_CPUS_MAX)
		t->cpu = (int)nr;
	return 0;
}

static int add_thread(struct proc *p, kvaddr_t addr, struct err *err)
{
	const struct kernel_cpu *cpu = kernel_cpu_of(p->k, addr);
	struct proc_thread t = { .cpu = cpu ? (int)cpu->nr : -1 };
	struct err fault = { 0 };

	if (task_read(p->k, addr, &t.task, &fault)) {
		p->nr_lost_threads++;
		log_warn(p->log, "process %d (%s): a thread is lost: %s", p->leader.pid,
			 p->leader.comm, fault.text);
		return 0;
	}
	if (t.task.tgid != p->leader.tgid) {
		p->nr_lost_threads++;
		log_warn(p->log, "process %d (%s): task_struct 0x%" PRIx64 " is of process %d",
			 p->leader.pid, p->leader.comm, addr, t.task.tgid);
		return 0;
	}
	t.stale = !p->live && cpu && !cpu->has_regs;
	if (p->live && keep_live(p, &t))
		return err_nomem(err);
	if (proc_thread_vec_push(&p->threads, t))
		return 0;
	free(t.live_regs);
	return err_nomem(err);
}

/* Bring the thread to the front that a debugger should show first. */
static void put_first(struct proc *p)
{
	size_t i, best = 0;
	int best_rank = -1;

	for (i = 0; i < p->threads.n; i++) {
		const struct proc_thread *t = &p->threads.v[i];
		int rank = t->task.addr == p->k->panic_task ? 3 :
			   t->cpu >= 0			    ? 2 :
			   t->task.pid == p->leader.pid && t->task.mm ? 1 : 0;

		if (rank > best_rank) {
			best_rank = rank;
			best = i;
		}
	}
	if (best) {
		struct proc_thread t = p->threads.v[best];

		memmove(p->threads.v + 1, p->threads.v, best * sizeof(t));
		p->threads.v[0] = t;
	}
}

static int read_threads(struct proc *p, struct err *err)
{
	struct thread_iter it;
	struct err fault = { 0 };
	kvaddr_t addr;
	int rc;

	if (thread_iter_init(&it, p->k, &p->leader, &fault)) {
		log_warn(p->log, "process %d (%s): %s", p->leader.pid, p->leader.comm, fault.text);
		return add_thread(p, p->leader.addr, err);
	}
	while (p->threads.n < THREADS_MAX && thread_iter_next(&it, &addr)) {
		rc = add_thread(p, addr, err);
		if (rc)
			return rc;
	}
	p->nr_lost_threads += it.list.broken;
	if (!p->threads.n) {
		p->nr_lost_threads++;
		rc = add_thread(p, p->leader.addr, err);
		if (rc)
			return rc;
	}
	put_first(p);
	return 0;
}

/* Index of a struct file in p->files, added if it is new. */
static int find_file(struct proc *p, kvaddr_t file, uint32_t *ret, struct err *err)
{
	struct proc_file f = { .file = file, .size = UINT64_MAX };
	struct err fault = { 0 };
	char path[PATH_SIZE];
	uint64_t inode, v;
	size_t i;

	/* Areas of one file follow each other, so look from the end; a new one costs a full look. */
	for (i = p->files.n; i-- > 0;)
		if (p->files.v[i].file == file) {
			*ret = (uint32_t)i;
			return 0;
		}
	if (file_path(p->k, file, task_fs(p->k, &p->leader), path, &fault)) {
		strcpy(path, "?");
		proc_facts_lost(p, &fault);
	}
	f.path = strdup(path);
	if (!f.path)
		return err_nomem(err);
	if (!kread_member(p->k, file, L_file_f_mapping, &v, NULL))
		f.mapping = v;
	f.shmem = f.mapping && pagecache_is_shmem(p->k, f.mapping);
	if (!kread_member(p->k, file, L_file_f_inode, &inode, NULL)) {
		if (!kread_member(p->k, inode, L_inode_i_nlink, &v, NULL))
			f.unlinked = !v;
		if (!kread_member(p->k, inode, L_inode_i_mode, &v, NULL))
			f.executable = v & EXEC_BITS;
		if (!kread_member(p->k, inode, L_inode_i_size, &v, NULL) && v <= INT64_MAX)
			f.size = v;
	}
	*ret = (uint32_t)p->files.n;
	if (!proc_file_vec_push(&p->files, f)) {
		free(f.path);
		return err_nomem(err);
	}
	return 0;
}

static enum area_kind area_kind(struct proc *p, const struct vma *v, const struct proc_file *f)
{
	char name[32];

	if (v->flags & (VM_IO | VM_PFNMAP))
		return AREA_DEVICE;
	if (v->flags & VM_HUGETLB)
		return AREA_HUGETLB;
	if (f)
		return !(v->flags & VM_SHARED) ? AREA_FILE_PRIVATE :
		       f->unlinked	       ? AREA_SHMEM :
						 AREA_FILE_SHARED;
	if (vma_special_name(p->k, v, name, sizeof(name)))
		return AREA_SPECIAL;
	return AREA_ANON;
}

static int read_areas(struct proc *p, struct err *err)
{
	struct vma_vec vmas = { 0 };
	const struct vma *v;
	int rc = vma_snapshot(p->k, p->mm, &vmas, &p->map_fault);

	p->map_fault.rc = rc;
	if (rc == ERR_NOMEM) {
		vma_vec_free(&vmas);
		return err_nomem(err);
	}
	if (rc)
		log_warn(p->log, "process %d (%s): %s; %zu areas could be read", p->leader.pid,
			 p->leader.comm, p->map_fault.text, vmas.n);
	rc = 0;
	vec_for_each(v, &vmas) {
		struct proc_area a = { .start = v->start, .end = v->end, .vm_flags = v->flags,
				       .pgoff = v->pgoff, .file = AREA_NO_FILE,
				       .has_anon = v->anon_vma != 0, .vma = v->addr };

		if (v->file)
			rc = find_file(p, v->file, &a.file, err);
		if (rc)
			break;
		a.kind = area_kind(p, v, v->file ? &p->files.v[a.file] : NULL);
		if (!proc_area_vec_push(&p->areas, a)) {
			rc = err_nomem(err);
			break;
		}
	}
	vma_vec_free(&vmas);
	return rc;
}

static int read_auxv(struct proc *p, struct err *err)
{
	const struct layout_value *l = &p->k->layout.v[L_mm_struct_saved_auxv];
	size_t i, size = l->known && l->size <= 4096 ? l->size : 0;
	unsigned int word = proc_word_size(p); /* 32-bit processes have words of theirs there */
	struct err fault = { 0 };

	p->auxv = malloc(size + 16);
	if (!p->auxv)
		return err_nomem(err);
	if (!size || kmem_read(&p->k->km, p->mm + (uint64_t)l->value, p->auxv, size, &fault)) {
		log_warn(p->log, "process %d (%s): auxv: %s", p->leader.pid, p->leader.comm,
			 fault.text);
		size = 0;
	}
	for (i = 0; i + 2 * word <= size; i += 2 * word)
		if (!get_uint(p->auxv + i, word)) { /* AT_NULL */
			i += 2 * word;
			break;
		}
	p->auxv_size = i;
	return 0;
}

/* What is not in the page tables of the process is not its command line: no guess. */
static int read_cmdline(struct proc *p, struct err *err)
{
	struct err fault = { 0 };
	uint64_t start, end;
	int rc;

	if (kread_member(p->k, p->mm, L_mm_struct_arg_start, &start, NULL) ||
	    kread_member(p->k, p->mm, L_mm_struct_arg_end, &end, NULL) || end <= start)
		return 0;
	p->cmdline = malloc(CMDLINE_MAX + 1);
	if (!p->cmdline)
		return err_nomem(err);
	p->cmdline_size = min_u64(end - start, CMDLINE_MAX);
	rc = proc_read(p, start, p->cmdline, p->cmdline_size, &fault);
	if (rc)
		p->cmdline_size = 0;
	p->cmdline[p->cmdline_size] = 0;
	return rc == ERR_NOMEM ? err_nomem(err) : 0;
}

/* x32 has the address space of 32-bit processes and the code of others: its threads tell. */
static bool runs_64bit_code(struct proc *p)
{
	const struct proc_thread *t;
	struct arch_regs r;
	bool any = false;

	vec_for_each(t, &p->threads) {
		if (p->ops->regs(p, t, &r, NULL))
			continue;
		any = true;
		if (!p->arch->regs_are_32bit || p->arch->regs_are_32bit(&r))
			return false;
	}
	return any;
}

static int read_identity(struct proc *p, struct err *err)
{
	char path[PATH_SIZE];
	uint64_t v;

	if (!proc_exe_path(p->k, &p->leader, p->mm, path, NULL)) {
		p->exe = strdup(path);
		if (!p->exe)
			return err_nomem(err);
	}
	if (!task_cgroup(p->k, p->leader.addr, path, NULL)) {
		p->cgroup = strdup(path);
		if (!p->cgroup)
			return err_nomem(err);
	}
	p->dumpable = proc_dumpable(p->k, &p->leader, p->mm);
	p->coredump_filter = DUMP_DEFAULT;
	if (p->mm && !kread_member(p->k, p->mm, L_mm_struct_flags, &v, NULL))
		p->coredump_filter = v >> 2 & 0x1ff;
	/* Set at exec: the end of what the process may map. */
	if (p->mm && !kread_member(p->k, p->mm, L_mm_struct_task_size, &v, NULL))
		p->is_32bit = v && v <= GIB(4);
	p->is_x32 = p->is_32bit && runs_64bit_code(p);
	return 0;
}

static int fill(struct proc *p, struct err *err)
{
	int rc = read_threads(p, err);

	if (!rc)
		rc = read_identity(p, err);
	if (rc || !p->mm)
		return rc;
	p->has_memory = true;
	rc = read_areas(p, err);
	if (!rc)
		rc = read_auxv(p, err);
	if (!rc)
		rc = read_cmdline(p, err);
	return rc;
}

static char *or_empty(char *s)
{
	return s ? s : strdup("");
}

int proc_still_lives(struct proc *p, struct err *err)
{
	struct task now;

	if (!p->live || !p->k)
		return 0;
	kernel_forget(p->k);
	if (!task_read(p->k, p->leader.addr, &now, NULL) && now.pid == p->leader.pid &&
	    now.tgid == p->leader.tgid && now.signal == p->leader.signal &&
	    proc_find_mm(p->k, &now) == p->mm)
		return 0;
	return err_set(err, ERR_ABSENT, "has ended or become another while it was looked at");
}

int proc_open(struct kernel *k, const struct task *leader, struct proc **ret, struct err *err)
{
	struct proc *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return err_nomem(err);
	p->ops = &proc_dump_ops;
	p->k = k;
	p->arch = k->km.arch;
	p->log = k->log;
	p->page_size = k->vc->page_size;
	p->live = kernel_is_live(k);
	p->leader = *leader;
	p->mm = proc_find_mm(k, leader);
	rc = fill(p, err);
	if (!rc)
		rc = proc_still_lives(p, err);
	if (!rc) {
		p->exe = or_empty(p->exe);
		p->cmdline = or_empty(p->cmdline);
		p->cgroup = or_empty(p->cgroup);
		if (!p->exe || !p->cmdline || !p->cgroup)
			rc = err_nomem(err);
	}
	if (rc) {
		proc_close(p);
		return err_add(err, "process %d (%s)", leader->pid, leader->comm);
	}
	*ret = p;
	return 0;
}
