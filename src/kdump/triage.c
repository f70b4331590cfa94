/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kdump/triage.h"

#include <stdlib.h>

#include "kernel/pagecache.h"
#include "kernel/vma.h"
#include "kernel/xarray.h"
#include "mem/pgtable.h"

/* A string of the kernel's is no longer than a path. */
#define STRING_MAX 4096u

/* The data of a kernel image; larger is no kernel's. */
#define SECTION_MAX MIB(512)

/* With all of AVX-512 and AMX it is 17 KiB. */
#define TASK_STRUCT_MAX KIB(64)

/* PID_MAX_LIMIT, include/linux/threads.h */
#define PIDS_MAX (4u << 20)

void triage_touch(struct triage *t, kvaddr_t va, uint64_t size)
{
	uint64_t page = t->k->vc->page_size;
	kvaddr_t end = va + size;

	if (!va || end < va)
		return;
	while (va < end) {
		uint64_t run;
		paddr_t pa;

		if (!kmem_translate(&t->k->km, va, &pa, &run, NULL)) {
			run = min_u64(run, end - va);
			page_record_add(t->record, pa, run);
		} else {
			run = min_u64(page - va % page, end - va);
			t->nr_missing++;
		}
		va += run;
	}
}

void triage_object(struct triage *t, kvaddr_t va, enum layout_id type)
{
	if (va && layout_has(&t->k->layout, type))
		triage_touch(t, va, layout_size(&t->k->layout, type));
}

void triage_section(struct triage *t, enum symbol_id start, enum symbol_id end)
{
	const struct symbols *s = &t->k->sym;

	if (s->known[start] && s->known[end] && s->addr[end] > s->addr[start] &&
	    s->addr[end] - s->addr[start] <= SECTION_MAX)
		triage_touch(t, s->addr[start], s->addr[end] - s->addr[start]);
}

kvaddr_t triage_follow(struct triage *t, kvaddr_t base, enum layout_id id)
{
	uint64_t v;

	return base && !kread_member(t->k, base, id, &v, NULL) ? v : 0;
}

void triage_string(struct triage *t, kvaddr_t va)
{
	char buf[STRING_MAX];

	/* Being read is being recorded. */
	if (va)
		kmem_read_str(&t->k->km, va, buf, sizeof(buf), NULL);
}

static void triage_mm(struct triage *t, kvaddr_t mm)
{
	struct vma_vec areas = { 0 };
	const struct vma *v;
	char name[64];
	uint64_t rss;

	t->last_mm = mm;
	triage_object(t, mm, L_mm_struct);
	/* Its counters have parts in per-CPU memory of their own. */
	mm_rss(t->k, mm, &rss);
	/* What could be read of a damaged map is there all the same. */
	vma_snapshot(t->k, mm, &areas, NULL);
	vec_for_each (v, &areas) {
		triage_object(t, v->addr, L_vm_area_struct);
		if (v->file)
			triage_file(t, v->file);
		else if (!vma_special_name(t->k, v, name, sizeof(name)))
			vma_anon_name(t->k, v, name, sizeof(name));
	}
	vma_vec_free(&areas);
	triage_file(t, triage_follow(t, mm, L_mm_struct_exe_file));
}

static void triage_pid(struct triage *t, kvaddr_t pid)
{
	const struct layout *l = &t->k->layout;
	uint64_t level = 0;

	if (!pid || !layout_has(l, L_pid))
		return;
	if (kread_member(t->k, pid, L_pid_level, &level, NULL) || level > 32)
		level = 0;
	/* Since 6.5 (b69f0aeb0689) the first number is no part of the structure's size. */
	triage_touch(t, pid, layout_size(l, L_pid) +
			     (layout_has(l, L_upid) ? (level + 1) * layout_size(l, L_upid) : 0));
}

/* With the FPU's state, which lies behind it on x86 since 6.16: crash reads all that the kernel allocates. */
static uint64_t task_struct_size(struct kernel *k)
{
	uint64_t known = layout_has(&k->layout, L_task_struct) ? layout_size(&k->layout, L_task_struct) : 0;
	uint32_t all;

	if (!k->sym.known[S_arch_task_struct_size] ||
	    kmem_read_u32(&k->km, k->sym.addr[S_arch_task_struct_size], &all, NULL) ||
	    all > TASK_STRUCT_MAX)
		return known;
	return max_u64(known, all);
}

/* What a thread has of its own. */
static void triage_thread(struct triage *t, kvaddr_t addr)
{
	struct task task;

	triage_touch(t, addr, t->task_size);
	if (task_read(t->k, addr, &task, NULL)) {
		t->nr_missing++;
		return;
	}
	t->nr_tasks++;
	triage_stack(t, &task);
	triage_files(t, &task);
	triage_object(t, triage_follow(t, addr, L_task_struct_real_cred), L_cred);
	triage_object(t, triage_follow(t, addr, L_task_struct_cred), L_cred);
	triage_pid(t, triage_follow(t, addr, L_task_struct_thread_pid));
	triage_object(t, triage_follow(t, addr, L_task_struct_nsproxy), L_nsproxy);
	/* A kernel thread borrows one; threads outlive the first of their process. */
	triage_object(t, triage_follow(t, addr, L_task_struct_active_mm), L_mm_struct);
	if (!task.kthread && task.mm && task.mm != t->last_mm)
		triage_mm(t, task.mm);
}

/* What the threads of a process share. */
static void triage_process(struct triage *t, const struct task *leader)
{
	triage_object(t, leader->signal, L_signal_struct);
	triage_object(t, triage_follow(t, leader->addr, L_task_struct_sighand), L_sighand_struct);
}

static void triage_tasks(struct triage *t)
{
	const struct kernel_cpu *c;
	struct thread_iter threads;
	struct task_iter it;
	struct task leader;
	kvaddr_t addr;

	vec_for_each (c, &t->k->cpus) {
		kvaddr_t rq = kernel_percpu(t->k, S_runqueues, c->nr);

		triage_thread(t, triage_follow(t, rq, L_rq_idle));
		triage_thread(t, c->current_task);
	}
	if (t->k->sym.known[S_init_task])
		triage_thread(t, t->k->sym.addr[S_init_task]);
	if (task_iter_init(&it, t->k, NULL))
		return;
	while (task_iter_next(&it, &addr)) {
		if (task_read(t->k, addr, &leader, NULL)) {
			t->nr_missing++;
			continue;
		}
		triage_thread(t, addr);
		triage_process(t, &leader);
		if (thread_iter_init(&threads, t->k, &leader, NULL))
			continue;
		while (thread_iter_next(&threads, &addr))
			if (addr != leader.addr)
				triage_thread(t, addr);
	}
}

/* The tree of pid numbers, by which crash and drgn find tasks (kernel/pid.c). */
static void triage_pids(struct triage *t)
{
	const struct layout *l = &t->k->layout;
	kvaddr_t ns = t->k->sym.known[S_init_pid_ns] ? t->k->sym.addr[S_init_pid_ns] : 0;
	struct xarray_shape shape;
	struct xarray_entry e;
	uint64_t head, at = 0;

	if (!ns || !layout_has(l, L_pid_namespace_idr) || !layout_has(l, L_xarray_xa_head) ||
	    xarray_shape_of(t->k, &shape, NULL) ||
	    kread_u64(t->k, kmember_addr(t->k, ns, L_pid_namespace_idr) + layout_off(l, L_xarray_xa_head),
		      &head, NULL))
		return;
	triage_object(t, ns, L_pid_namespace);
	while (at < PIDS_MAX &&
	       xarray_next(&t->k->kmem, &shape, head, at, PIDS_MAX, &e, NULL) > 0) {
		if (e.kind == XARRAY_POINTER)
			triage_pid(t, e.value);
		at = e.last + 1;
	}
}

static void watch(void *ctx, paddr_t paddr, uint64_t size)
{
	page_record_add(ctx, paddr, size);
}

/*
 * The page tables of the direct map and of the image, where what was recorded lies: readers that know
 * only where the top table is (libkdumpfile, drgn) find everything through them.
 */
static int touch_tables(struct triage *t, struct err *err)
{
	const struct arch_space *s = &t->k->km.space;
	struct pfn_range_vec ranges = { 0 };
	const struct pfn_range *r;
	unsigned int shift = t->record->page_shift, level;
	bool ok = true;

	page_record_settle(t->record);
	/* The record grows meanwhile. Tables are read by physical address and need none themselves. */
	vec_for_each (r, &t->record->ranges)
		ok = ok && pfn_range_vec_push(&ranges, *r);
	vec_for_each (r, &ranges) {
		paddr_t at = r->start << shift, end = r->end << shift;

		while (at < end && at < s->direct_end - s->page_offset) {
			struct pte pte = { 0 };
			uint64_t size = 1ull << shift;

			if (!pgtable_lookup(t->k->vc, t->k->km.arch, s, s->kernel_pgd,
					    s->page_offset + at, &pte, &level, NULL) &&
			    pte.kind == PTE_PAGE)
				size = pte.size;
			at = (at / size + 1) * size;
		}
	}
	pfn_range_vec_free(&ranges);
	return ok ? 0 : err_nomem(err);
}

void triage_watch(struct vmcore *vc, struct page_record *record)
{
	vmcore_watch(vc, record ? watch : NULL, record);
}

int triage_collect(struct kernel *k, struct page_record *record, uint64_t *missing, struct err *err)
{
	struct triage t = { .k = k, .record = record };
	int rc;

	/* Translations that are remembered would hide the page tables that lead there. */
	kmem_forget(&k->km);
	triage_watch(k->vc, record);
	t.task_size = task_struct_size(k);
	triage_kernel(&t);
	triage_modules(&t);
	triage_tasks(&t);
	triage_pids(&t);
	rc = touch_tables(&t, err);
	triage_watch(k->vc, NULL);
	free(t.orc_seen);
	page_record_settle(record);
	if (missing)
		*missing = t.nr_missing;
	return rc || !record->failed ? rc : err_nomem(err);
}
