/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/kdumpjob.h"

#include <stdio.h>
#include <string.h>

/* The header, notes and bitmaps of any dump take more; a smaller budget is none. */
#define KDUMP_LEAST KIB(64)

static const char *codec_name(const struct conf *conf)
{
	return conf_codec_name((enum conf_codec)conf->kernel.codec.v);
}

static int fill_opts(const struct conf *conf, struct outdir *dir, struct kdump_opts *ko,
		     struct err *err)
{
	const struct sink_budget *b = outdir_budget(dir);
	const char *name = codec_name(conf);

	*ko = (struct kdump_opts){ .dump_level = (unsigned int)conf->kernel.dump_level.v };
	if (strcmp(name, "none")) {
		ko->codec = page_codec_find(name);
		if (!ko->codec)
			return err_set(err, ERR_INVALID, "there is no page codec '%s'", name);
	}
	if (b->max != UINT64_MAX) {
		ko->max_bytes = b->max - min_u64(b->used, b->max);
		if (ko->max_bytes < KDUMP_LEAST)
			return err_set(err, ERR_BUDGET, "vmcore: nothing is left of max-bytes");
	}
	return 0;
}

static int write_dump(struct kdumpjob *job, struct vmsift *v, const struct conf *conf,
		      struct outdir *dir, struct err *err)
{
	struct kdump_opts ko;
	struct sink *s;
	int rc = fill_opts(conf, dir, &ko, err);

	if (!rc)
		rc = outdir_create(dir, "vmcore", "", &s, err);
	if (rc)
		return rc;
	snprintf(job->file, sizeof(job->file), "%s", sink_name(s));
	rc = kdump_write(v->vc, &v->k->km, v->k, s, &ko, &job->stats, err);
	if (rc) {
		sink_abort(s, rc == ERR_BUDGET && !job->stats.started ? SINK_REMOVE : SINK_KEEP);
		return rc;
	}
	rc = sink_close(s, err);
	job->written = !rc;
	return rc;
}

void kdumpjob_run(struct kdumpjob *job, struct vmsift *v, const struct conf *conf,
		  struct outdir *dir)
{
	struct err err = { 0 };
	int rc;

	job->asked_for = conf->kernel.present;
	if (!job->asked_for)
		return;
	if (conf->kernel.with.selections.n || conf->kernel.triage.v) {
		log_warn(v->log, "kernel section: 'with' and 'triage' have no effect yet in this version");
		job->failed = true;
	}
	rc = write_dump(job, v, conf, dir, &err);
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
		json_bool(j, "incomplete", st->incomplete);
		json_u64(j, "pages_kept", st->nr_kept);
		json_u64(j, "pages_written", st->nr_written);
		json_u64(j, "pages_unreadable", st->nr_failed);
		json_u64(j, "size", st->bytes);
		if (st->missing[0])
			json_str(j, "not_told_apart", st->missing);
		if (job->why[0])
			json_str(j, "why", job->why);
	}
	json_end(j);
}
