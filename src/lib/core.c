/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "lib/confload.h"
#include "lib/datafiles.h"
#include "lib/file_out.h"
#include "util/str.h"

#define CORE_SCHEMA 1

struct choice {
	struct kernel *k;
	const struct selection_set *set;
	const struct conf *conf;
	const enum detail *detail;
	struct chosen_vec chosen;
	struct err *err;
};

void chosen_add_section(struct chosen *c, const struct conf *conf, size_t section)
{
	enum detail detail = conf_process_detail(conf, &conf->processes.v[section]);

	if (section < CONF_MAX_SECTIONS)
		c->sections[section / 64] |= 1ull << section % 64;
	if (detail > c->detail)
		c->detail = detail;
}

size_t chosen_keep_opts(const struct vmsift *v, const struct conf *conf, const struct chosen *c,
			const struct conf_process *sections[CONF_MAX_SECTIONS],
			struct keep_opts *ret)
{
	size_t i, nr = 0;

	keep_opts_init(ret, c->detail);
	for (i = 0; conf && i < conf->processes.n && i < CONF_MAX_SECTIONS; i++)
		if (c->sections[i / 64] >> i % 64 & 1)
			sections[nr++] = &conf->processes.v[i];
	keep_opts_merge(ret, sections, nr);
	ret->exclude_lost_line = conf ? conf->exclude_lost_line : 0;
	ret->exclude_all = conf ? &conf->exclude_all : NULL;
	ret->user_symbols = v->lf ? &v->lf->user_symbols : NULL;
	return nr;
}

/* Sections that match a process hold for it, also where something else selected it: exclusions above all. */
static void add_sections(const struct choice *ch, const struct subject *s, struct chosen *c)
{
	bool any = false;
	size_t i;

	for (i = 0; i < ch->conf->processes.n; i++)
		if (selection_set_matches(&ch->conf->processes.v[i].match, &s->facts)) {
			chosen_add_section(c, ch->conf, i);
			any = true;
		}
	if (!any)
		c->detail = (enum detail)ch->conf->detail.v;
	if (ch->detail)
		c->detail = *ch->detail;
}

static int choose(void *ctx, const struct task *leader)
{
	struct choice *ch = ctx;
	struct chosen c = { .leader = *leader };
	enum select_verdict verdict;
	struct subject s;

	subject_read(ch->k, leader, &s);
	verdict = selection_set_judge(ch->set, &s.facts);
	if (verdict == SELECT_YES)
		add_sections(ch, &s, &c);
	subject_deinit(&s);
	if (verdict == SELECT_NOT_NAMED && s.mm)
		log_warn(ch->k->log,
			 "process %d (%s) is left out: it is not dumpable (prctl(2)), and was not named",
			 leader->pid, leader->comm);
	/* Kernel threads and zombies match wildcards, and have nothing to write: only a name brings them here. */
	if (verdict != SELECT_YES)
		return 0;
	return chosen_vec_push(&ch->chosen, c) ? 0 : err_nomem(ch->err);
}

int chosen_find(struct vmsift *v, const struct selection_set *set, const struct conf *conf,
		const enum detail *detail, struct chosen_vec *ret, unsigned int *lost,
		struct err *err)
{
	struct choice ch = { .k = v->k, .set = set, .conf = conf, .detail = detail, .err = err };
	int rc = for_each_process(v->k, choose, &ch, lost, err);

	*ret = ch.chosen;
	return rc;
}

static int default_selection(struct selection_set *set, struct err *err)
{
	int rc = selection_set_add(set, "panic", err);

	return rc ? rc : selection_set_add(set, "on-cpu", err);
}

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
	if (o->max_seconds)
		job->deadline_ns = corejob_deadline(o->max_seconds);
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
	rc = stream ? corejob_stream(job, chosen, err) : write_all(job, o, chosen, err);
	if (rc && !job->results.n)
		return vmsift_status_of(rc);
	if (o->dry_run) {
		print_dry_run(job, o);
		return vmsift_flush(o->report, corejob_status(job, err), err);
	}
	status = corejob_status(job, rc ? NULL : err);
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
		rc = default_selection(&fallback, err);
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
	return status;
}

const char *vmsift_codec_names(void)
{
	return "none|gzip|lzo|zstd";
}

const char *vmsift_detail_names(void)
{
	return "tiny|small|data|full";
}
