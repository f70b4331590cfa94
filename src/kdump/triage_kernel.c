/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kdump/triage.h"
#include "kernel/klist.h"
#include "kernel/mem_map.h"
#include "kernel/printk.h"

/* The data of a kernel image; larger is no kernel's. */
#define SECTION_MAX MIB(512)
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

static void touch_section(struct triage *t, enum symbol_id start, enum symbol_id end)
{
	const struct symbols *s = &t->k->sym;

	if (s->known[start] && s->known[end] && s->addr[end] > s->addr[start] &&
	    s->addr[end] - s->addr[start] <= SECTION_MAX)
		triage_touch(t, s->addr[start], s->addr[end] - s->addr[start]);
}

/* kallsyms_seqs_of_names (6.2, 60443c88f3a8): three bytes for each symbol, big-endian, a number below all. */
static bool is_sequence(struct triage *t, kvaddr_t at, uint32_t nr)
{
	uint8_t e[3];
	uint32_t i;

	for (i = 0; i < 64 && i < nr; i++)
		if (kmem_read(&t->k->km, at + 3 * i, e, 3, NULL) ||
		    ((uint32_t)e[0] << 16 | (uint32_t)e[1] << 8 | e[2]) >= nr)
			return false;
	return nr >= 64;
}

/* The tables of symbol names: as large as all other constants, and of no use beside debugging information. */
static bool find_names(struct triage *t, kvaddr_t *start, kvaddr_t *end)
{
	const struct kallsyms_where *w = &t->k->ks.where;
	const kvaddr_t all[] = { w->names, w->markers, w->token_table, w->token_index,
				 w->offsets, w->relative_base, w->num_syms };
	uint64_t nr = t->k->ks.nr_syms;
	size_t i;

	if (kernel_need_kallsyms(t->k, NULL) || !w->names || !w->token_index || !w->offsets)
		return false;
	*start = *end = w->names;
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		if (all[i] && all[i] < *start)
			*start = all[i];
		*end = max_u64(*end, all[i]);
	}
	if (*end == w->token_index)
		*end += 512; /* 256 entries of 16 bits */
	else if (*end == w->relative_base && is_sequence(t, *end + 8, (uint32_t)nr))
		*end += 8 + 3 * nr;
	else if (*end == w->offsets) {
		*end += 4 * nr;
		/* Behind them is the sequence, aligned to 4 bytes, or to 8. */
		if (is_sequence(t, *end, (uint32_t)nr))
			*end += 3 * nr;
		else if (is_sequence(t, round_up_u64(*end, 8), (uint32_t)nr))
			*end = round_up_u64(*end, 8) + 3 * nr;
	}
	return true;
}

/* Constants, and what is never written to after boot, but for names and types. */
static void touch_constants(struct triage *t)
{
	const struct symbols *s = &t->k->sym;
	kvaddr_t cut[2][2] = { { 0 } }, at, end;
	size_t i;

	if (!s->known[S_start_rodata] || !s->known[S_end_rodata])
		return;
	if (!find_names(t, &cut[0][0], &cut[0][1]))
		cut[0][0] = cut[0][1] = 0;
	if (t->k->btf_size) {
		cut[1][0] = t->k->btf_start;
		cut[1][1] = t->k->btf_start + t->k->btf_size;
	}
	at = s->addr[S_start_rodata];
	end = s->addr[S_end_rodata];
	/* Behind it exported symbols, exception tables, types. */
	if (s->known[S_start_ksymtab] && s->addr[S_start_ksymtab] > at && s->addr[S_start_ksymtab] < end)
		end = s->addr[S_start_ksymtab];
	if (end <= at || end - at > SECTION_MAX)
		return;
	for (i = 0; i < 2; i++) {
		size_t next = (cut[0][0] > cut[1][0]) ^ i;

		if (cut[next][0] < at || cut[next][0] >= end)
			continue;
		triage_touch(t, at, cut[next][0] - at);
		at = cut[next][1];
	}
	if (at < end)
		triage_touch(t, at, end - at);
}

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
		if (at)
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
	touch_section(t, S_sched_text_start, S_sched_text_end);
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		if (t->k->sym.known[ids[i]])
			triage_touch(t, t->k->sym.addr[ids[i]], 64);
}

void triage_kernel(struct triage *t)
{
	uint64_t cache;

	touch_probed(t);
	touch_section(t, S__sdata, S__edata);
	touch_section(t, S_bss_start, S__end);
	touch_constants(t);
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
