/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kdump/triage.h"
#include "kernel/klist.h"
#include "kernel/mem_map.h"
#include "kernel/printk.h"

/* Of one CPU: distributions have 200 KiB. */
#define PERCPU_MAX MIB(16)
/* asm/page_64_types.h: IRQ_STACK_SIZE, EXCEPTION_STKSZ. */
#define IRQ_STACK_SIZE KIB(16)
#define EXCEPTION_STACK_SIZE KIB(4)
#define EXCEPTION_STACKS 8u
/* NT_PRSTATUS with its head. */
#define CRASH_NOTE_SIZE KIB(1)
#define NODES_MAX 1024u
#define MODULE_MAX MIB(256)

/* Stacks of NMI, double fault and so on: where the CPU finds them, in the CPU entry area. */
static void touch_exception_stacks(struct triage *t, unsigned int cpu)
{
	kvaddr_t tss = kernel_percpu(t->k, S_cpu_tss_rw, cpu), top;
	const struct layout_value *ist = &t->k->layout.v[L_tss_struct_ist];
	uint32_t i;

	for (i = 0; tss && ist->known && i < ist->count && i < EXCEPTION_STACKS; i++) {
		if (kread_u64(t->k, tss + (uint64_t)ist->value + 8ull * i, &top, NULL) || !top)
			continue;
		triage_touch(t, top - EXCEPTION_STACK_SIZE, EXCEPTION_STACK_SIZE);
		triage_words(t, top - EXCEPTION_STACK_SIZE, EXCEPTION_STACK_SIZE, true);
	}
}

static void touch_percpu(struct triage *t)
{
	const struct symbols *s = &t->k->sym;
	const struct kernel_cpu *c;
	kvaddr_t at, notes;

	if (!s->known[S_per_cpu_start] || !s->known[S_per_cpu_end] ||
	    s->addr[S_per_cpu_end] - s->addr[S_per_cpu_start] > PERCPU_MAX)
		return;
	if (!s->known[S_crash_notes] || kread_u64(t->k, s->addr[S_crash_notes], &notes, NULL))
		notes = 0;
	vec_for_each (c, &t->k->cpus) {
		if (notes && !kread_u64(t->k, s->addr[S_per_cpu_offset] + 8ull * c->nr, &at, NULL))
			triage_touch(t, notes + at, CRASH_NOTE_SIZE);
		at = kernel_percpu(t->k, S_per_cpu_start, c->nr);
		triage_touch(t, at, s->addr[S_per_cpu_end] - s->addr[S_per_cpu_start]);
		at = kernel_percpu(t->k, S_irq_stack_backing_store, c->nr);
		if (at && !triage_own_stack(t, c))
			triage_words(t, at, IRQ_STACK_SIZE, true);
		touch_exception_stacks(t, c->nr);
	}
}

static void touch_log(void *ctx, kvaddr_t va, uint64_t size)
{
	triage_touch(ctx, va, size);
}

/* Nodes of memory, and the tables of sections. */
static void touch_memory(struct triage *t)
{
	const struct symbols *s = &t->k->sym;
	struct mem_map m;
	uint64_t i, at;

	if (s->known[S_contig_page_data])
		triage_object(t, s->addr[S_contig_page_data], L_pglist_data);
	for (i = 0; s->known[S_node_data] && i < NODES_MAX; i++) {
		if (kread_u64(t->k, s->addr[S_node_data] + 8 * i, &at, NULL) || !at)
			break;
		triage_object(t, at, L_pglist_data);
	}
	if (mem_map_init(&m, &t->k->km, &t->k->layout, t->k->vmemmap,
			 s->known[S_mem_section] ? s->addr[S_mem_section] : 0,
			 layout_has(&t->k->layout, L_page) ? layout_size(&t->k->layout, L_page) : 64, NULL) ||
	    !m.roots)
		return;
	triage_touch(t, m.roots, 8 * m.nr_roots);
	for (i = 0; i < m.nr_roots; i++)
		if (!kread_u64(t->k, m.roots + 8 * i, &at, NULL) && at)
			triage_touch(t, at, m.per_root * m.section_size);
}

/* Functions whose first bytes tell crash how the kernel was compiled, and where idle tasks began. */
static void touch_probed(struct triage *t)
{
	static const enum symbol_id ids[] = { S_vfs_read, S_do_futex, S_sys_open,
					      S_sys_fork, S_sys_read, S_startup_64 };
	size_t i;

	/* Where sleeping tasks stand: crash disassembles it. */
	triage_section(t, S_sched_text_start, S_sched_text_end);
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		if (t->k->sym.known[ids[i]])
			triage_touch(t, t->k->sym.addr[ids[i]], 64);
}

void triage_kernel(struct triage *t)
{
	uint64_t cache;

	touch_probed(t);
	triage_section(t, S__sdata, S__edata);
	triage_section(t, S_bss_start, S__end);
	triage_constants(t);
	touch_percpu(t);
	printk_for_each_part(&t->k->km, touch_log, t);
	touch_memory(t);
	/* The cache of caches, at which crash looks first. */
	if (t->k->sym.known[S_kmem_cache] && !kread_u64(t->k, t->k->sym.addr[S_kmem_cache], &cache, NULL))
		triage_object(t, cache, L_kmem_cache);
	if (t->k->sym.known[S_init_nsproxy])
		triage_mounts(t, t->k->sym.addr[S_init_nsproxy]);
}

/*
 * A module, with its text: crash takes no symbols of one that it cannot read whole. Since 6.4 it lies in
 * one piece for each kind (ac3b43283923).
 */
static void touch_module(struct triage *t, kvaddr_t mod)
{
	const struct layout *l = &t->k->layout;
	uint64_t base, size;
	uint32_t i;

	triage_object(t, mod, L_module);
	if (layout_has(l, L_module_mem) && layout_has(l, L_module_memory)) {
		for (i = 0; i < l->v[L_module_mem].count; i++) {
			kvaddr_t mem = kmember_addr(t->k, mod, L_module_mem) +
				       i * layout_size(l, L_module_memory);

			if (!kread_member(t->k, mem, L_module_memory_base, &base, NULL) &&
			    !kread_member(t->k, mem, L_module_memory_size, &size, NULL) &&
			    size <= MODULE_MAX)
				triage_touch(t, base, size);
		}
		return;
	}
	base = triage_follow(t, mod, L_module_core_base);
	size = triage_follow(t, mod, L_module_core_size);
	if (size <= MODULE_MAX)
		triage_touch(t, base, size);
}

void triage_modules(struct triage *t)
{
	struct klist l;
	kvaddr_t at;

	if (!t->k->sym.known[S_modules] || !layout_has(&t->k->layout, L_module_list))
		return;
	klist_init(&l, t->k, t->k->sym.addr[S_modules], "list of modules");
	while (klist_next(&l, &at))
		touch_module(t, at - layout_off(&t->k->layout, L_module_list));
}
