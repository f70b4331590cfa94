/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/sources.h"

#include <stdio.h>
#include <string.h>

#include "kernel/btf.h"
#include "kernel/kallsyms_scan.h"
#include "kernel/kmem_search.h"
#include "kernel/task.h"
#include "mem/pgtable.h"
#include "util/cleanup.h"

/* Where VMCOREINFO says the tables are: since 6.0, 5fd8fea935a1 and f09bddbd8661, and backports. */
static bool where_by_vmcoreinfo(const struct vmcoreinfo *vi, struct kallsyms_where *w)
{
	const struct {
		const char *name;
		kvaddr_t *to;
	} keys[] = {
		{ "kallsyms_names", &w->names },
		{ "kallsyms_num_syms", &w->num_syms },
		{ "kallsyms_token_table", &w->token_table },
		{ "kallsyms_token_index", &w->token_index },
		{ "kallsyms_offsets", &w->offsets },
		{ "kallsyms_relative_base", &w->relative_base },
		{ "kallsyms_addresses", &w->addresses },
	};
	size_t i;

	memset(w, 0, sizeof(*w));
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		vmcoreinfo_symbol(vi, keys[i].name, keys[i].to);
	return w->names && w->num_syms && w->token_table && w->token_index &&
	       (w->offsets || w->addresses);
}

/* What the kernel's page tables map of the gigabyte that is set aside for its image. */
static void mapped_range(const struct kernel *k, kvaddr_t *start, kvaddr_t *end)
{
	const struct arch_space *s = &k->km.space;
	kvaddr_t low = *end, high = *start;
	struct pgwalk walk;
	struct pgrun run;

	if (!pgwalk_init(&walk, k->vc, k->km.arch, s, s->kernel_pgd, NULL)) {
		pgwalk_range(&walk, *start, *end);
		while (pgwalk_next(&walk, &run)) {
			if (!run.rc && run.pte.kind == PTE_EMPTY)
				continue;
			/* Of a table that cannot be read nobody knows what it maps. */
			low = min_u64(low, run.start);
			high = max_u64(high, run.end);
		}
	}
	pgwalk_deinit(&walk);
	if (low < high) {
		*start = low;
		*end = high;
	}
}

/* The kernel image: the segment of an ELF dump that has it, else by the page tables. */
static void image_range(const struct kernel *k, kvaddr_t *start, kvaddr_t *end)
{
	const struct vmcore_load *l;
	const struct arch_space *s = &k->km.space;

	*start = s->image_start;
	*end = s->image_end;
	vec_for_each(l, &k->vc->loads)
		if (l->vaddr >= s->image_start && l->vaddr < s->image_end) {
			*start = l->vaddr;
			*end = min_u64(l->vaddr + l->size, s->image_end);
			return;
		}
	mapped_range(k, start, end);
}

static int open_kallsyms(struct kernel *k, kvaddr_t stext, struct err *err)
{
	struct kallsyms_where where;
	struct err fault = { 0 };
	kvaddr_t start, end;
	int rc;

	if (where_by_vmcoreinfo(&k->vc->info, &where)) {
		rc = kallsyms_init(&k->ks, &k->kmem, &where, stext, &fault);
		if (!rc) {
			k->kallsyms_how = "by VMCOREINFO";
			return 0;
		}
		kallsyms_deinit(&k->ks);
		if (rc == ERR_NOMEM)
			return err_nomem(err);
		kernel_degrade(k, "kallsyms by VMCOREINFO: %s", fault.text);
	}
	image_range(k, &start, &end);
	k->kallsyms_how = "by scanning the kernel image";
	rc = kallsyms_scan(&k->ks, &k->kmem, start, end, stext, err);
	if (rc)
		kallsyms_deinit(&k->ks);
	return rc;
}

int kernel_need_kallsyms(struct kernel *k, struct err *err)
{
	uint64_t stext;

	if (!k->kallsyms_tried) {
		k->kallsyms_tried = true;
		k->kallsyms_err.rc =
			vmcoreinfo_symbol(&k->vc->info, "_stext", &stext)
				? open_kallsyms(k, stext, &k->kallsyms_err)
				: err_set(&k->kallsyms_err, ERR_FORMAT,
					  "VMCOREINFO has no SYMBOL(_stext)");
	}
	return k->kallsyms_err.rc ? err_set(err, k->kallsyms_err.rc, "%s", k->kallsyms_err.text)
				  : 0;
}

/* A few symbols are in VMCOREINFO itself: all there is when kallsyms cannot be had. */
static void symbols_by_vmcoreinfo(struct kernel *k)
{
	size_t i;

	for (i = 0; i < SYMBOL_NR; i++)
		if (!k->sym.known[i] &&
		    vmcoreinfo_symbol(&k->vc->info, symbol_defs[i].names, &k->sym.addr[i]))
			k->sym.known[i] = true;
}

static int find_symbols(struct kernel *k, struct err *err)
{
	struct err fault = { 0 };
	int rc = kernel_need_kallsyms(k, &fault);

	if (rc == ERR_NOMEM)
		return err_nomem(err);
	if (rc) {
		kernel_degrade(k, "symbols: %s", fault.text);
		strcpy(k->symbols_from, "VMCOREINFO only");
	} else {
		snprintf(k->symbols_from, sizeof(k->symbols_from),
			 "kallsyms in the dump, %s (%u symbols, %s addresses)", k->kallsyms_how,
			 k->ks.nr_syms, kallsyms_encoding_name(k->ks.encoding));
		rc = kallsyms_find(&k->ks, symbol_defs, SYMBOL_NR, &k->sym, &fault);
		if (rc == ERR_NOMEM)
			return err_nomem(err);
		if (rc)
			kernel_degrade(k, "symbols: %s", fault.text);
	}
	k->has_data_symbols = k->sym.known[S_init_task];
	symbols_by_vmcoreinfo(k);
	return 0;
}

/* What only symbols lead to. A kernel that has data symbols, and not these, has not the thing either. */
static void degrade_without_symbols(struct kernel *k)
{
	static const struct {
		enum symbol_id id;
		const char *text;
	} features[] = {
		{ S_swap_info, "swap: no swap_info: swapped pages are not looked for in RAM" },
		{ S_runqueues, "hung tasks: no runqueues: for how long is not known" },
		{ S_modules, "report: no symbols of modules, memory and load: these are not in it" },
		{ S_xstate_offsets, "registers: no xstate_offsets: extended ones up to AVX only" },
	};
	size_t i;

	kernel_degrade(k, "symbols: kallsyms has none of data (CONFIG_KALLSYMS_ALL off?)%s",
		       k->sym.known[S_init_task] ? "" : ": init_task was not found by its name either");
	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (!k->sym.known[features[i].id])
			kernel_degrade(k, "%s", features[i].text);
	if (!k->sym.known[S_per_cpu_offset] && k->layout.v[L_mm_struct_rss_stat].count > 1 &&
	    layout_has(&k->layout, L_percpu_counter))
		kernel_degrade(k, "resident memory: no __per_cpu_offset: CPUs keep parts of it (since 6.2)");
}

/* Whether the list of tasks agrees that a task_struct is at @task. */
static bool is_in_task_list(struct kernel *k, kvaddr_t task)
{
	kvaddr_t tasks = task + layout_off(&k->layout, L_task_struct_tasks);
	uint64_t next, back;

	return !kread_u64(k, tasks, &next, NULL) && !kread_u64(k, next + 8, &back, NULL) && back == tasks;
}

/*
 * Without data symbols (CONFIG_KALLSYMS_ALL=n) init_task is found by its name in the kernel image; its
 * list of tasks must agree with it.
 */
static void find_init_task(struct kernel *k)
{
	/* Of a kernel for several CPUs, and for one; each is searched for by what they share. */
	static const char names[][TASK_COMM_SIZE] = { "swapper/0", "swapper" };
	const struct layout *l = &k->layout;
	CLEANUP(kmem_search_deinit) struct kmem_search search = { 0 }; /* also where it is not begun */
	unsigned int nr[ARRAY_SIZE(names)] = { 0 };
	kvaddr_t start, end, hit, task, found[ARRAY_SIZE(names)] = { 0 };
	char comm[TASK_COMM_SIZE];
	size_t i;

	if (k->sym.known[S_init_task] || !layout_has(l, L_task_struct_comm) ||
	    !layout_has(l, L_task_struct_tasks))
		return;
	image_range(k, &start, &end);
	if (kmem_search_init(&search, &k->kmem, start, end, names[1], strlen(names[1]), NULL))
		return;
	while (kmem_search_next(&search, &hit)) {
		if (reader_read(&k->kmem, hit, comm, sizeof(comm), NULL))
			continue;
		task = hit - layout_off(l, L_task_struct_comm);
		for (i = 0; i < ARRAY_SIZE(names); i++) {
			if (memcmp(comm, names[i], sizeof(comm)) || !is_in_task_list(k, task))
				continue;
			found[i] = task;
			nr[i]++;
		}
	}
	i = nr[0] ? 0 : 1;
	k->sym.known[S_init_task] = nr[i] == 1;
	k->sym.addr[S_init_task] = found[i];
}

static int read_blob(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	const struct kernel_blob *b = ctx;

	return reader_read(b->kmem, b->start + off, buf, size, err);
}

struct reader kernel_blob_reader(struct kernel *k, struct kernel_blob *b, kvaddr_t start,
				 uint64_t size)
{
	*b = (struct kernel_blob){ .kmem = &k->kmem, .start = start };
	return (struct reader){ .read = read_blob, .ctx = b, .size = size };
}

/* The kernel's BTF by its symbols. */
static bool btf_by_symbols(struct kernel *k)
{
	if (!k->sym.known[S_start_BTF] || !k->sym.known[S_stop_BTF] ||
	    k->sym.addr[S_stop_BTF] <= k->sym.addr[S_start_BTF] ||
	    k->sym.addr[S_stop_BTF] - k->sym.addr[S_start_BTF] > BTF_SIZE_MAX)
		return false;
	k->btf_start = k->sym.addr[S_start_BTF];
	k->btf_size = k->sym.addr[S_stop_BTF] - k->btf_start;
	return true;
}

static int find_types(struct kernel *k, struct err *err)
{
	struct kernel_blob blob;
	struct reader btf;
	struct err fault = { 0 };
	kvaddr_t start, end;
	const char *how = "by __start_BTF";
	int rc = 0;

	if (!btf_by_symbols(k)) {
		how = "by its magic number";
		image_range(k, &start, &end);
		rc = btf_find(&k->kmem, start, end, &k->btf_start, &k->btf_size, err);
	}
	if (rc)
		return err_add(err, "%s: the kernel's types (BTF)", k->vc->path);
	btf = kernel_blob_reader(k, &blob, k->btf_start, k->btf_size);
	rc = btf_fill_layout(&btf, layout_defs, LAYOUT_NR, k->layout.v, &fault);
	if (rc == ERR_NOMEM)
		return err_nomem(err);
	if (rc)
		kernel_degrade(k, "types: BTF: %s", fault.text);
	snprintf(k->types_from, sizeof(k->types_from), "BTF in the dump, %s (%" PRIu64 " KiB)", how,
		 btf.size >> 10);
	if (!layout_has(&k->layout, L_task_struct_tasks))
		return err_set(err, rc ? rc : ERR_UNSUPPORTED,
			       "%s: BTF at 0x%" PRIx64 " does not describe task_struct: %s",
			       k->vc->path, blob.start, rc ? fault.text : "no such type");
	return 0;
}

/* Types and symbols from a layout file; its symbols moved with the kernel (KASLR), per-CPU ones not. */
static int take_layout_file(struct kernel *k, const struct layout_file *lf, struct err *err)
{
	uint64_t stext;
	size_t i;

	if (!vmcoreinfo_symbol(&k->vc->info, "_stext", &stext))
		return err_set(err, ERR_FORMAT, "%s: VMCOREINFO has no SYMBOL(_stext)", k->vc->path);
	k->layout = lf->layout;
	for (i = 0; i < SYMBOL_NR; i++) {
		k->sym.known[i] = lf->sym.known[i];
		k->sym.addr[i] = lf->percpu[i] ? lf->sym.addr[i]
					       : lf->sym.addr[i] - lf->stext + stext;
	}
	symbols_by_vmcoreinfo(k);
	btf_by_symbols(k);
	k->max_swapfiles = lf->max_swapfiles;
	strcpy(k->types_from, "layout file");
	strcpy(k->symbols_from, "layout file");
	k->has_layout_file = true;
	if (lf->thread_size)
		k->thread_size = lf->thread_size;
	k->stack_pad = lf->stack_pad;
	memcpy(k->module_build_id, lf->module_build_id, sizeof(k->module_build_id));
	return 0;
}

int kernel_find_sources(struct kernel *k, const struct layout_file *lf, struct err *err)
{
	int rc;

	k->kmem = kmem_reader(&k->km);
	if (lf)
		return take_layout_file(k, lf, err);
	rc = find_symbols(k, err);
	if (!rc)
		rc = find_types(k, err);
	if (rc)
		return rc;
	find_init_task(k);
	if (!k->has_data_symbols)
		degrade_without_symbols(k);
	return 0;
}
