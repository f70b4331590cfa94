/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/cpu.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/task.h"
#include "util/bytes.h"

/* Symbols of per-CPU variables below this are offsets into the area, not addresses (x86_64 to 6.14). */
#define PERCPU_ABSOLUTE_MAX MIB(16)

kvaddr_t kernel_percpu(struct kernel *k, enum symbol_id id, unsigned int cpu)
{
	uint64_t off;

	if (!k->sym.known[id] || !k->sym.known[S_per_cpu_offset] || cpu >= KERNEL_CPUS_MAX ||
	    kread_u64(k, k->sym.addr[S_per_cpu_offset] + 8ull * cpu, &off, NULL))
		return 0;
	return k->sym.addr[id] + off;
}

const struct kernel_cpu *kernel_cpu_of(const struct kernel *k, kvaddr_t task)
{
	const struct kernel_cpu *c;

	if (task)
		vec_for_each(c, &k->cpus)
			if (c->current_task == task)
				return c;
	return NULL;
}

/* What runs on a CPU: current_task, but pcpu_hot from 6.2 to 6.14; else its runqueue knows. */
static kvaddr_t read_current(struct kernel *k, unsigned int cpu)
{
	kvaddr_t at = kernel_percpu(k, S_current_task, cpu);
	uint64_t task = 0;

	if (!at) {
		at = kernel_percpu(k, S_pcpu_hot, cpu);
		at = at ? kmember_addr(k, at, L_pcpu_hot_current_task) : 0;
	}
	if (!at) {
		at = kernel_percpu(k, S_runqueues, cpu);
		at = at ? kmember_addr(k, at, L_rq_curr) : 0;
	}
	if (!at || kread_u64(k, at, &task, NULL))
		return 0;
	return task;
}

static bool take_prstatus(const struct kernel *k, struct kernel_cpu *c, const uint8_t *desc)
{
	const struct arch *a = k->km.arch;
	unsigned int i;

	c->note_pid = (int32_t)get_u32(desc + a->prstatus_off_pid);
	for (i = 0; i < a->nr_gregs; i++)
		c->regs.r[i] = get_u64(desc + a->prstatus_off_reg + 8 * i);
	c->has_regs = true;
	return true;
}

/* The note that this CPU wrote for itself: struct elf note "CORE", NT_PRSTATUS (crash_save_cpu). */
static bool read_crash_note(struct kernel *k, struct kernel_cpu *c)
{
	const struct arch *a = k->km.arch;
	uint8_t note[20 + 512];
	kvaddr_t at;
	uint64_t base, off;

	if (!k->sym.known[S_crash_notes] || !k->sym.known[S_per_cpu_offset])
		return false;
	at = k->sym.addr[S_crash_notes];
	if (kread_u64(k, at, &base, NULL) ||
	    kread_u64(k, k->sym.addr[S_per_cpu_offset] + 8ull * c->nr, &off, NULL) ||
	    a->prstatus_size > sizeof(note) - 20 ||
	    kmem_read(&k->km, base + off, note, 20 + a->prstatus_size, NULL))
		return false;
	if (get_u32(note) != 5 || get_u32(note + 4) != a->prstatus_size ||
	    get_u32(note + 8) != NT_PRSTATUS || memcmp(note + 12, "CORE", 5))
		return false;
	return take_prstatus(k, c, note + 20);
}

/* Without crash_notes: the note whose pid is that of the task that ran here, if just one has it. */
static bool find_note_by_pid(struct kernel *k, struct kernel_cpu *c)
{
	const struct arch *a = k->km.arch;
	const struct note *n, *found = NULL;
	uint8_t desc[512];
	uint64_t pid;

	if (!c->current_task || a->prstatus_size > sizeof(desc) ||
	    kread_member(k, c->current_task, L_task_struct_pid, &pid, NULL) || !pid)
		return false;
	vec_for_each(n, &k->vc->notes) {
		if (n->type != NT_PRSTATUS || n->desc_size != a->prstatus_size ||
		    vmcore_read_file(k->vc, n->desc_off, desc, a->prstatus_size, NULL) ||
		    get_u32(desc + a->prstatus_off_pid) != pid)
			continue;
		if (found)
			return false;
		found = n;
	}
	if (!found || vmcore_read_file(k->vc, found->desc_off, desc, a->prstatus_size, NULL))
		return false;
	return take_prstatus(k, c, desc);
}

static bool cpu_in_mask(struct kernel *k, enum symbol_id mask, unsigned int cpu)
{
	uint64_t word;

	return !k->sym.known[mask] ||
	       kread_u64(k, k->sym.addr[mask] + cpu / 64 * 8, &word, NULL) ||
	       word >> cpu % 64 & 1;
}

static int read_int(struct kernel *k, enum symbol_id id, int32_t *ret)
{
	uint32_t v;

	if (!k->sym.known[id] || kmem_read_u32(&k->km, k->sym.addr[id], &v, NULL))
		return -1;
	*ret = (int32_t)v;
	return 0;
}

static void find_panic(struct kernel *k)
{
	static const enum symbol_id ids[] = { S_panic_redirect_cpu, S_panic_cpu, S_crashing_cpu };
	const struct kernel_cpu *c;
	int32_t cpu = -1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids) && cpu < 0; i++)
		if (read_int(k, ids[i], &cpu))
			cpu = -1;
	vec_for_each(c, &k->cpus)
		if (cpu >= 0 && c->nr == (unsigned int)cpu) {
			k->panic_cpu = cpu;
			k->panic_task = c->current_task;
		}
	if (k->panic_cpu < 0 && !kernel_is_live(k))
		kernel_degrade(k, "panic task: which CPU panicked is not known");
}

/* What a thread says of itself: that it was on a CPU, and on which. */
static bool add_cpu_of(struct kernel *k, kvaddr_t task)
{
	struct kernel_cpu c = { .current_task = task }, *other;
	uint64_t on_cpu, nr;

	if (kread_member(k, task, L_task_struct_on_cpu, &on_cpu, NULL) || !on_cpu ||
	    kread_member(k, task, L_task_struct_cpu, &nr, NULL) || nr >= KERNEL_CPUS_MAX)
		return true;
	c.nr = (unsigned int)nr;
	/* One of two was being switched out; which one is not told. */
	vec_for_each(other, &k->cpus)
		if (other->nr == c.nr) {
			other->current_task = 0;
			return true;
		}
	if (!kernel_is_live(k))
		find_note_by_pid(k, &c);
	return kernel_cpu_vec_push(&k->cpus, c);
}

static int cpu_cmp(const void *a, const void *b)
{
	const struct kernel_cpu *x = a, *y = b;

	return x->nr < y->nr ? -1 : x->nr > y->nr;
}

/*
 * Without the symbols of per-CPU data: threads know whether they were on a CPU. Idle CPUs are not found
 * that way, and which of them panicked is not either.
 */
static void read_cpus_by_tasks(struct kernel *k)
{
	struct thread_iter threads;
	struct task_iter it;
	struct task leader;
	kvaddr_t addr;

	if (!layout_has(&k->layout, L_task_struct_on_cpu) ||
	    !layout_has(&k->layout, L_task_struct_cpu) || task_iter_init(&it, k, NULL)) {
		kernel_degrade(k, "CPUs: no __per_cpu_offset or nr_cpu_ids: what ran on them is not known");
		return;
	}
	while (task_iter_next(&it, &addr)) {
		if (task_read(k, addr, &leader, NULL) ||
		    thread_iter_init(&threads, k, &leader, NULL))
			continue;
		while (thread_iter_next(&threads, &addr))
			if (!add_cpu_of(k, addr))
				return;
	}
	if (k->cpus.n)
		qsort(k->cpus.v, k->cpus.n, sizeof(*k->cpus.v), cpu_cmp);
	kernel_degrade(k, "CPUs: no __per_cpu_offset or nr_cpu_ids: only those that ran a task are known, by it; which panicked is not");
}

void kernel_read_cpus(struct kernel *k)
{
	int32_t nr = 0;
	unsigned int i, silent = 0;

	if (!k->sym.known[S_per_cpu_offset] || read_int(k, S_nr_cpu_ids, &nr) || nr <= 0 ||
	    (uint32_t)nr > KERNEL_CPUS_MAX) {
		read_cpus_by_tasks(k);
		return;
	}
	for (i = 0; i < (unsigned int)nr; i++) {
		struct kernel_cpu c = { .nr = i };

		if (!cpu_in_mask(k, S_cpu_possible_mask, i))
			continue;
		c.current_task = read_current(k, i);
		/* Of a machine that goes on no CPU has left its registers, whatever is in such notes. */
		if (!kernel_is_live(k) && !read_crash_note(k, &c) && !find_note_by_pid(k, &c) &&
		    cpu_in_mask(k, S_cpu_online_mask, i))
			silent++;
		/* A CPU that was never brought up has no task. */
		if ((c.current_task || c.has_regs) && !kernel_cpu_vec_push(&k->cpus, c)) {
			k->starved = true;
			return;
		}
	}
	if (silent)
		kernel_degrade(k, "CPUs: %u did not answer at the crash: registers of their tasks are stale",
			       silent);
	find_panic(k);
}
