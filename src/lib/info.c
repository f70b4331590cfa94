/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "lib/dump.h"
#include "lib/file_out.h"
#include "util/json.h"
#include "util/str.h"

#define INFO_SCHEMA 1

struct counts {
	unsigned int processes, user_processes, threads;
};

static int count_process(void *ctx, const struct task *t)
{
	struct counts *c = ctx;

	c->processes++;
	c->user_processes += t->mm && !t->kthread;
	return 0;
}

static void panic_text(struct kernel *k, char *buf, size_t size)
{
	struct task t;

	if (k->panic_task && !task_read(k, k->panic_task, &t, NULL)) {
		str_make_printable(t.comm);
		snprintf(buf, size, "%d (%s) on CPU %d", t.pid, t.comm, k->panic_cpu);
	} else {
		snprintf(buf, size, "not known");
	}
}

static void print_text(struct vmsift *v, const struct counts *c, FILE *out)
{
	const struct kernel *k = v->k;
	const struct arch_space *s = &k->km.space;
	uint64_t ram = vmcore_nr_pages(v->vc) * v->vc->page_size;
	const struct kernel_cpu *cpu;
	const struct degraded *d;
	char size[16], when[32], panic[64];
	unsigned int answered = 0;

	vec_for_each(cpu, &k->cpus)
		answered += cpu->has_regs;
	panic_text(v->k, panic, sizeof(panic));
	fprintf(out, "dump:         %s%s\n", v->vc->path, v->vc->is_kcore ? " (live)" : "");
	fprintf(out, "host:         %s\n", k->nodename[0] ? k->nodename : "not known");
	fprintf(out, "kernel:       %s %s %s\n", k->release, k->version, k->km.arch->name);
	fprintf(out, "build-id:     %s\n", k->build_id[0] ? k->build_id : "not known");
	if (v->vc->is_kcore) {
		fputs("crashed:      not: it runs, and nothing here is of one instant\n", out);
		fprintf(out, "CPUs:         %zu, and registers of what runs on them cannot be had\n",
			k->cpus.n);
	} else {
		fprintf(out, "crashed:      %s\n",
			vmsift_time_text(k->crash_time, when, sizeof(when)));
		fprintf(out, "panic task:   %s\n", panic);
		fprintf(out, "CPUs:         %zu, of which %u answered\n", k->cpus.n, answered);
	}
	fprintf(out, "memory:       %s in the dump (%s)\n", str_human_size(size, sizeof(size), ram),
		vmcore_format(v->vc));
	fprintf(out, "page tables:  %u levels, direct map at 0x%" PRIx64 "%s\n", s->levels,
		s->page_offset, s->page_offset_found ? "" : " (assumed)");
	fprintf(out, "kernel stack: %" PRIu64 " KiB, %" PRIu64 " bytes of padding%s\n",
		k->thread_size >> 10, k->stack_pad,
		k->stack_checked ? "" : " (not confirmed by any task)");
	fprintf(out, "types:        %s\n", k->types_from);
	fprintf(out, "symbols:      %s\n", k->symbols_from);
	fprintf(out, "processes:    %u, of which %u with user memory\n", c->processes,
		c->user_processes);
	vec_for_each(d, &k->degraded)
		fprintf(out, "degraded:     %s\n", d->text);
	if (!k->degraded.n)
		fputs("degraded:     nothing\n", out);
}

static int print_json(struct vmsift *v, const struct counts *c, FILE *out, struct err *err)
{
	const struct kernel *k = v->k;
	const struct out to = file_out(out);
	const struct kernel_cpu *cpu;
	const struct degraded *d;
	struct json j;

	json_init(&j, &to);
	json_object(&j, NULL);
	json_u64(&j, "schema", INFO_SCHEMA);
	json_str(&j, "dump", v->vc->path);
	json_bool(&j, "live", v->vc->is_kcore);
	json_str(&j, "host", k->nodename);
	json_str(&j, "release", k->release);
	json_str(&j, "version", k->version);
	json_str(&j, "machine", k->km.arch->name);
	json_str(&j, "build_id", k->build_id);
	json_i64(&j, "crash_time", k->crash_time);
	json_i64(&j, "panic_cpu", k->panic_cpu);
	json_hex(&j, "panic_task", k->panic_task);
	json_str(&j, "format", vmcore_format(v->vc));
	json_u64(&j, "memory", vmcore_nr_pages(v->vc) * v->vc->page_size);
	json_u64(&j, "missing", v->vc->missing_size);
	json_u64(&j, "page_table_levels", k->km.space.levels);
	json_hex(&j, "page_offset", k->km.space.page_offset);
	json_u64(&j, "thread_size", k->thread_size);
	json_u64(&j, "stack_padding", k->stack_pad);
	json_str(&j, "types_from", k->types_from);
	json_str(&j, "symbols_from", k->symbols_from);
	json_u64(&j, "processes", c->processes);
	json_u64(&j, "user_processes", c->user_processes);
	json_array(&j, "cpus");
	vec_for_each(cpu, &k->cpus) {
		json_object(&j, NULL);
		json_u64(&j, "cpu", cpu->nr);
		json_bool(&j, "answered", cpu->has_regs);
		json_hex(&j, "task", cpu->current_task);
		json_end(&j);
	}
	json_end(&j);
	json_array(&j, "degraded");
	vec_for_each(d, &k->degraded)
		json_str(&j, NULL, d->text);
	json_end(&j);
	json_end(&j);
	return json_finish(&j, err);
}

enum vmsift_status vmsift_info(struct vmsift *v, FILE *out, bool json, bool check, struct err *err)
{
	struct counts c = { 0 };
	unsigned int lost;
	int rc = vmsift_need_kernel(v, err);

	if (!rc)
		rc = for_each_process(v->k, count_process, &c, &lost, err);
	if (!rc && lost)
		kernel_degrade(v->k, "processes: at least %u could not be read", lost);
	if (!rc && v->vc->missing_size)
		kernel_degrade(v->k, "memory: the file was cut, %" PRIu64 " bytes are missing",
			       v->vc->missing_size);
	vmsift_heed_faults(v, VMSIFT_DONE);
	if (!rc && json)
		rc = print_json(v, &c, out, err);
	else if (!rc)
		print_text(v, &c, out);
	if (rc)
		return vmsift_status_of(rc);
	return vmsift_flush(out, check && v->k->degraded.n ? VMSIFT_PARTLY : VMSIFT_DONE, err);
}
