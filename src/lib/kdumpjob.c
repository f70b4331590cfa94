/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/kdumpjob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kdump_keep.h"
#include "lib/kdump_parts.h"
#include "lib/kdump_triage.h"

/* The header, notes and bitmaps of any dump take more; a smaller budget is none. */
#define KDUMP_LEAST KIB(64)
/* Of a stream's limit: what its codec holds back and what comes after the dump; beside it a 256th for heads of parts. */
#define STREAM_RESERVE KIB(512)

static const char *codec_name(const struct conf *conf)
{
	if (conf->kernel.triage.v && !conf->kernel.codec.line)
		return KDUMP_TRIAGE_CODEC;
	return conf_codec_name((enum conf_codec)conf->kernel.codec.v);
}

/* What the choice of pages rests on while the dump is written. */
struct pages {
	struct page_record *record;
	struct kdump_keep keep;
	char *layout;
};

static void pages_free(struct pages *p)
{
	page_record_destroy(p->record);
	kdump_keep_free(&p->keep);
	free(p->layout);
}

/* What the dump may take of what was allowed for all. UINT64_MAX: all it wants. */
static uint64_t room(const struct target *t)
{
	const struct sink_budget *b = t->dir ? outdir_budget(t->dir) : NULL;
	uint64_t used;

	if (b)
		return b->max == UINT64_MAX ? b->max : b->max - min_u64(b->used, b->max);
	if (!t->max_bytes)
		return UINT64_MAX;
	used = sink_size(t->sink) + STREAM_RESERVE + t->max_bytes / 256;
	return t->max_bytes - min_u64(used, t->max_bytes);
}

static int fill_opts(const struct conf *conf, const struct target *t, struct kdump_opts *ko,
		     struct err *err)
{
	const char *name = codec_name(conf);
	uint64_t max = room(t);

	*ko = (struct kdump_opts){ .dump_level = (unsigned int)conf->kernel.dump_level.v };
	if (strcmp(name, "none")) {
		ko->codec = page_codec_find(name);
		if (!ko->codec)
			return err_set(err, ERR_INVALID, "there is no page codec '%s'", name);
	}
	if (max != UINT64_MAX) {
		ko->max_bytes = max;
		if (max < KDUMP_LEAST)
			return err_set(err, ERR_BUDGET, "vmcore: nothing is left of max-bytes");
	}
	return 0;
}

/* Which pages: triage, processes, exclusions. What cannot be had of processes does not stop the rest. */
static int choose(struct kdumpjob *job, struct vmsift *v, const struct conf *conf, struct pages *p,
		  struct kdump_opts *ko, struct err *err)
{
	const enum detail detail = (enum detail)conf->kernel.detail.v;
	struct kdump_want want = { .set = &conf->kernel.with,
				   .conf = conf,
				   .detail = &detail,
				   .dump_level = ko->dump_level };
	struct err fault = { 0 };
	int rc = 0;

	job->triage = conf->kernel.triage.v;
	if (job->triage) {
		ko->dump_level = want.dump_level = DUMP_LEVEL_MAX;
		rc = kdump_triage(v, &p->record, ko, err);
	}
	want.record = p->record;
	if (!rc && kdump_keep_collect(v, &want, &p->keep, &fault)) {
		log_error(v->log, "%s: the kernel's pages are written all the same", fault.text);
		job->failed = true;
	}
	if (!rc && (job->triage || p->keep.nr_chosen))
		rc = kdump_layout_text(v->k, &p->layout, err);
	ko->layout = p->layout;
	kdump_use_keep(v, &p->keep, ko);
	job->nr_processes = p->keep.nr_chosen;
	job->nr_lost = p->keep.lost;
	job->user_data_left_out = p->keep.never_lost;
	job->failed |= p->keep.lost != 0;
	if (!rc && conf->kernel.with.selections.n && !p->keep.nr_chosen)
		log_warn(v->log, "kernel section: no process matches 'with'");
	return rc;
}

static int stream_dump(struct kdumpjob *job, struct vmsift *v, struct target *t,
		       struct kdump_opts *ko, struct err *err)
{
	struct kdump_parts parts;
	struct out out;
	int rc = kdump_parts_init(&parts, &t->tar, t->prefix, t->mtime, err);

	if (rc)
		return rc;
	snprintf(job->file, sizeof(job->file), KDUMP_PART_NAME);
	out = kdump_parts_out(&parts);
	ko->stream = &out;
	rc = kdump_write(v->vc, &v->k->km, v->k, NULL, ko, &job->stats, err);
	if (!rc)
		rc = kdump_parts_finish(&parts, err);
	job->written = !rc;
	job->nr_parts = parts.nr;
	t->broken |= parts.broken;
	ko->stream = NULL; /* it is of this function */
	kdump_parts_deinit(&parts);
	return rc;
}

static int write_dump(struct kdumpjob *job, struct vmsift *v,
		      struct outdir *dir, struct kdump_opts *ko, struct err *err)
{
	struct sink *s;
	int rc = outdir_create(dir, "vmcore", "", &s, err);

	if (rc)
		return rc;
	snprintf(job->file, sizeof(job->file), "%s", sink_name(s));
	rc = kdump_write(v->vc, &v->k->km, v->k, s, ko, &job->stats, err);
	if (rc) {
		sink_abort(s, rc == ERR_BUDGET && !job->stats.started ? SINK_REMOVE : SINK_KEEP);
		return rc;
	}
	rc = sink_close(s, err);
	job->written = !rc;
	return rc;
}

void kdumpjob_run(struct kdumpjob *job, struct vmsift *v, const struct conf *conf,
		  struct target *t, uint64_t deadline_ns)
{
	struct pages pages = { 0 };
	struct kdump_opts ko;
	struct err err = { 0 };
	int rc;

	job->asked_for = conf->kernel.present;
	if (!job->asked_for)
		return;
	rc = t->broken ? err_set(&err, ERR_IO, "no kernel dump: the stream is broken")
		       : fill_opts(conf, t, &ko, &err);
	ko.deadline_ns = deadline_ns;
	if (!rc)
		rc = choose(job, v, conf, &pages, &ko, &err);
	if (!rc)
		rc = t->dir ? write_dump(job, v, t->dir, &ko, &err) :
			      stream_dump(job, v, t, &ko, &err);
	pages_free(&pages);
	if (!rc) {
		job->failed |= job->stats.nr_failed != 0;
		return;
	}
	job->failed |= rc != ERR_BUDGET;
	snprintf(job->why, sizeof(job->why), "%s", err.text);
	log_print(v->log, rc == ERR_BUDGET ? LOG_WARN : LOG_ERROR, "%s", err.text);
}

void kdumpjob_json(const struct kdumpjob *job, struct json *j)
{
	const struct kdump_stats *st = &job->stats;

	json_object(j, "kernel_dump");
	json_bool(j, "asked_for", job->asked_for);
	if (job->asked_for) {
		json_str(j, "file", job->written ? job->file : NULL);
		if (job->nr_parts)
			json_u64(j, "parts", job->nr_parts);
		json_bool(j, "incomplete", st->incomplete);
		json_u64(j, "pages_kept", st->nr_kept);
		json_u64(j, "pages_written", st->nr_written);
		json_u64(j, "pages_unreadable", st->nr_failed);
		json_u64(j, "size", st->bytes);
		json_bool(j, "triage", job->triage);
		json_u64(j, "processes", job->nr_processes);
		json_u64(j, "processes_lost", job->nr_lost);
		if (st->over_budget || st->out_of_time)
			json_str(j, "ended_by", st->over_budget ? "max-bytes" : "max-time");
		if (job->user_data_left_out)
			json_str(j, "left_out", "all user data: what the configuration excludes is not known");
		if (st->missing[0])
			json_str(j, "not_told_apart", st->missing);
		if (job->why[0])
			json_str(j, "why", job->why);
	}
	json_end(j);
}
