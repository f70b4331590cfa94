/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of cores, or would: for people and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/corejob.h"
#include "lib/datafiles.h"
#include "lib/facts.h"
#include "util/str.h"

static const char *outcome_name(enum core_outcome o)
{
	static const char *const names[] = { "written", "partly", "failed", "budget", "planned" };

	return names[o];
}

/* What is in a core, by what asked for it. */
static void print_kept(const struct core_result *r, FILE *out)
{
	char size[16];
	bool any = false;
	int i;

	for (i = 0; i < RULE_NR; i++)
		if (r->kept[i]) {
			fprintf(out, "%s %s=%s", any ? "" : "        kept:",
				keep_rule_name((enum keep_rule)i),
				str_human_size(size, sizeof(size), r->kept[i]));
			any = true;
		}
	if (any)
		fputc('\n', out);
}

void corejob_print(const struct corejob *job, FILE *out)
{
	const struct core_result *r;
	char size[5][16], comm[TASK_COMM_SIZE + 1];
	uint64_t sum = 0;
	int i;

	fprintf(out, "%7s %-16s %-6s %11s %11s %11s %11s %11s  %s\n", "PID", "COMM", "DETAIL",
		"CORE", "CAPTURED", "ZERO", "IN-FILES", "UNAVAILABLE", "WHY");
	vec_for_each(r, &job->results) {
		memcpy(comm, r->comm, sizeof(comm));
		str_make_printable(comm);
		str_human_size(size[4], sizeof(size[4]), r->size);
		for (i = 0; i < 4; i++)
			str_human_size(size[i], sizeof(size[i]), r->bytes[i]);
		fprintf(out, "%7d %-16s %-6s %11s %11s %11s %11s %11s ", r->pid, comm,
			detail_name(r->detail), size[4], size[0], size[1], size[2], size[3]);
		for (i = 0; i < REASON_NR; i++)
			if (r->unavailable[i])
				fprintf(out, " %s=%s", page_reason_name((enum page_reason)i),
					str_human_size(size[0], sizeof(size[0]),
						       r->unavailable[i]));
		fprintf(out, "%s%s\n", r->why[0] ? " " : "", r->why);
		print_kept(r, out);
		datafiles_print(r, out);
		sum += r->size;
	}
	if (job->results.n)
		fprintf(out, "cores: %zu, %s before they are compressed\n", job->results.n,
			str_human_size(size[4], sizeof(size[4]), sum));
}

static void json_kept(const struct core_result *r, struct json *j)
{
	const struct plan_range *m;
	int i;

	json_object(j, "kept_by_rule");
	for (i = 0; i < RULE_NR; i++)
		if (r->kept[i])
			json_u64(j, keep_rule_name((enum keep_rule)i), r->kept[i]);
	json_end(j);
	if (!r->map.n)
		return;
	json_array(j, "captured_map");
	vec_for_each(m, &r->map) {
		json_object(j, NULL);
		json_hex(j, "start", m->start);
		json_hex(j, "end", m->end);
		json_str(j, "source", page_source_name((enum page_source)m->source));
		json_str(j, "rule", keep_rule_name((enum keep_rule)m->rule));
		json_end(j);
	}
	json_end(j);
}

/* Registers that the core has zeros for, in one thread at least: its note says in which. */
static void json_unknown_regs(const struct core_result *r, struct json *j)
{
	unsigned int i;

	if (!r->unknown_regs)
		return;
	json_array(j, "unknown_registers");
	for (i = 0; i < ARCH_GREGS_MAX; i++)
		if (r->unknown_regs >> i & 1 && r->arch->greg_names && r->arch->greg_names[i])
			json_str(j, NULL, r->arch->greg_names[i]);
	json_end(j);
}

/* Of the process itself, which is read once more: it costs less than to keep it. */
static void json_facts(const struct corejob *job, const struct core_result *r, struct json *j)
{
	struct task t;

	if (!job->v || !job->v->k || !r->task || task_read(job->v->k, r->task, &t, NULL))
		return;
	json_object(j, "process");
	facts_json(j, job->v->k, &t);
	json_end(j);
}

void corejob_json(const struct corejob *job, struct json *j)
{
	const struct core_result *r;
	int i;

	json_array(j, "cores");
	vec_for_each(r, &job->results) {
		json_object(j, NULL);
		json_i64(j, "pid", r->pid);
		json_str(j, "comm", r->comm);
		json_str(j, "detail", detail_name(r->detail));
		json_str(j, "outcome", outcome_name(r->outcome));
		json_str(j, "file", r->file[0] ? r->file : NULL);
		json_u64(j, "core_size", r->size);
		json_u64(j, "threads", r->nr_all_threads);
		if (r->outcome != CORE_PLANNED)
			json_u64(j, "threads_with_registers", r->nr_threads);
		json_unknown_regs(r, j);
		json_object(j, "bytes");
		for (i = 0; i < 4; i++)
			json_u64(j, page_state_name((enum page_state)i), r->bytes[i]);
		json_end(j);
		json_object(j, "unavailable_by_reason");
		for (i = 0; i < REASON_NR; i++)
			if (r->unavailable[i])
				json_u64(j, page_reason_name((enum page_reason)i),
					 r->unavailable[i]);
		json_end(j);
		json_kept(r, j);
		json_facts(job, r, j);
		datafiles_json(r, j);
		if (r->lost_size)
			json_u64(j, "lost_while_writing", r->lost_size);
		if (r->why[0])
			json_str(j, "why", r->why);
		json_end(j);
	}
	json_end(j);
}
