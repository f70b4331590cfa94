/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "lib/confload.h"
#include "lib/datafiles.h"
#include "lib/file_out.h"
#include "util/str.h"

#define CORE_SCHEMA 1

static void published(void *ctx, const char *name, const struct err *err)
{
	struct corejob *job = ctx;
	struct core_result *r;

	if (!err)
		return;
	log_error(job->v->log, "%s", err->text);
	vec_for_each(r, &job->results)
		if (!datafiles_published(r, name, err) && !strcmp(r->file, name)) {
			r->outcome = CORE_FAILED;
			r->file[0] = 0;
			snprintf(r->why, sizeof(r->why), "%s", err->text);
		}
}

static bool wants_data_files(const struct conf *conf)
{
	const struct conf_process *s;

	vec_for_each(s, &conf->processes)
		if (s->data_files.n)
			return true;
	return false;
}

/* Refuse before work starts what is there already. */
static int check_names(struct corejob *job, const struct chosen_vec *chosen, struct err *err)
{
	const struct chosen *c;

	vec_for_each(c, chosen) {
		char comm[TASK_COMM_SIZE + 1], base[64];
		int rc;

		str_file_name(comm, sizeof(comm), c->leader.comm);
		snprintf(base, sizeof(base), "core.%s.%d", comm, c->leader.pid);
		rc = outdir_check(job->dir, base, job->codec->suffix, err);
		if (!rc && wants_data_files(job->conf))
			rc = outdir_check(job->dir, base, ".data", err);
		if (rc)
			return rc;
	}
	return 0;
}

static int write_all(struct corejob *job, const struct vmsift_core_opts *o,
		     const struct chosen_vec *chosen, struct err *err)
{
	const struct outdir_opts od = { .create = true, .replace = o->force,
					.max_bytes = o->max_bytes, .published = published,
					.ctx = job };
	const struct chosen *c;
	struct err fault = { 0 };
	int rc = 0;

	if (!job->dry_run) {
		rc = outdir_open(o->out, &od, &job->dir, err);
		if (!rc)
			rc = check_names(job, chosen, err);
	}
	vec_for_each(c, chosen)
		if (!rc)
			rc = corejob_write(job, c, PASS_ONLY, err);
	if (job->dir) {
		/* What was finished gets its name, whatever stopped the rest. */
		outdir_publish(job->dir, &fault);
		outdir_close(job->dir);
		job->dir = NULL;
	}
	return rc;
}

static void print_dry_run(const struct corejob *job, const struct vmsift_core_opts *o)
{
	const struct out to = file_out(o->report);
	struct json j;

	if (!o->json) {
		corejob_print(job, o->report);
		return;
	}
	json_init(&j, &to);
	json_object(&j, NULL);
	json_u64(&j, "schema", CORE_SCHEMA);
	corejob_json(job, &j);
	json_end(&j);
	json_finish(&j, NULL);
}

static enum vmsift_status core_chosen(struct corejob *job, const struct vmsift_core_opts *o,
				      const struct chosen_vec *chosen, unsigned int lost,
				      struct err *err)
{
	bool stream = !o->dry_run && !strcmp(o->out, "-");
	enum vmsift_status status;
	int rc;

	if (!chosen->n && lost) {
		err_set(err, ERR_ABSENT, "no process matches among those that could be read");
		return VMSIFT_NOTHING;
	}
	if (!chosen->n) {
		err_set(err, ERR_NOTFOUND, "no process matches");
		return VMSIFT_NO_MATCH;
	}
	if (o->max_seconds)
		job->deadline_ns = corejob_deadline(o->max_seconds);
	if (stream && o->max_bytes)
		log_warn(job->v->log, "max-bytes has no effect on a stream");
	rc = stream ? corejob_stream(job, chosen, err) : write_all(job, o, chosen, err);
	if (rc && !job->results.n)
		return vmsift_status_of(rc);
	if (o->dry_run) {
		print_dry_run(job, o);
		return vmsift_flush(o->report, corejob_status(job), err);
	}
	status = corejob_status(job);
	if (rc)
		return status == VMSIFT_NOTHING || stream ? VMSIFT_NOTHING : VMSIFT_PARTLY;
	return status == VMSIFT_DONE && lost ? VMSIFT_PARTLY : status;
}

/* A configuration that was named must be there; its mistakes are said, and what could be read holds. */
static int load_conf(struct vmsift *v, const struct vmsift_core_opts *o, struct conf *conf,
		     struct err *err)
{
	struct err fault = { 0 };
	size_t nr_problems;
	int rc = conf_load(o->conf, conf, &nr_problems, v->log, &fault);

	if (rc == ERR_NOTFOUND && !o->conf)
		return 0;
	return rc ? err_set(err, ERR_INVALID, "%s", fault.text) : 0;
}

enum vmsift_status vmsift_core(struct vmsift *v, const struct vmsift_core_opts *o, struct err *err)
{
	struct selection_set fallback = { 0 };
	struct chosen_vec chosen = { 0 };
	enum detail detail = DETAIL_DEFAULT;
	enum vmsift_status status;
	struct corejob job;
	struct conf conf;
	unsigned int lost = 0;
	int rc = corejob_init(&job, v, o->codec, o->codec_level, err);

	if (rc)
		conf_init(&conf);
	else
		rc = load_conf(v, o, &conf, err);
	job.dry_run = o->dry_run;
	job.conf = &conf;
	job.file_pages = o->file_pages;
	if (!rc && o->detail && !detail_parse(o->detail, &detail))
		rc = err_set(err, ERR_INVALID, "there is no detail '%s': %s", o->detail,
			     vmsift_detail_names());
	if (!rc && !o->selection)
		rc = chosen_default(&fallback, err);
	if (!rc)
		rc = vmsift_need_kernel(v, err);
	if (!rc)
		rc = chosen_find(v, o->selection ? &o->selection->set : &fallback, &conf,
				 o->detail ? &detail : NULL, &chosen, &lost, err);
	status = rc ? vmsift_status_of(rc) : core_chosen(&job, o, &chosen, lost, err);
	chosen_vec_free(&chosen);
	selection_set_free(&fallback);
	corejob_deinit(&job);
	conf_free(&conf);
	return vmsift_heed_faults(v, status);
}

const char *vmsift_codec_names(void)
{
	return "none|gzip|lzo|zstd";
}

const char *vmsift_detail_names(void)
{
	return "tiny|small|data|full";
}
