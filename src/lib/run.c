/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main job: in order of value, each class whole and synced before the next begins. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kernel/printk.h"
#include "lib/confload.h"
#include "lib/datafiles.h"
#include "lib/file_out.h"
#include "lib/kdumpjob.h"
#include "lib/klog.h"
#include "lib/target.h"
#include "report/report.h"
#include "util/str.h"

#define MANIFEST_SCHEMA 1
/* Kept back from the budget for what says what was done; should it take more, it gets it. */
#define MANIFEST_RESERVE KIB(64)

struct run {
	struct vmsift *v;
	struct conf conf;
	size_t nr_conf_problems;
	bool *matched; /* by process section */
	struct target target;
	uint64_t milliseconds; /* that the work took, for the manifest */
	struct corejob job;
	struct kdumpjob kdump;
	unsigned int lost_processes;
	const char *at_most; /* what was asked for; NULL: as configured */
	enum detail most;    /* no process in more detail */
	bool no_cores;
	struct chosen_vec chosen;
	struct report *report;
	bool report_written, log_written, ps_written;
	bool trouble; /* something that was asked for is missing because of an error */
	struct timespec started;
};

static double seconds_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) + (double)(now.tv_nsec - t->tv_nsec) / 1e9;
}

static void load_conf(struct run *r, const char *path)
{
	struct err err = { 0 };
	int rc = conf_load(path, &r->conf, &r->nr_conf_problems, r->v->log, &err);

	/* run never fails for its configuration: what was read, or the defaults, is used. */
	if (rc == ERR_NOTFOUND && !path)
		log_info(r->v->log, "%s: there is none: the defaults hold", CONF_DEFAULT_PATH);
	else if (rc) {
		log_error(r->v->log, "%s; the defaults hold", err.text);
		r->nr_conf_problems++;
	}
}

/* What fills a text knows the run. */
struct text {
	struct run *r;
	enum vmsift_status (*fill)(struct run *r, FILE *f, struct err *err);
};

static enum vmsift_status fill_text(void *ctx, FILE *f, struct err *err)
{
	const struct text *t = ctx;

	return t->fill(t->r, f, err);
}

/* One text file of the run; @fill writes it. */
static bool write_text(struct run *r, const char *base, const char *suffix,
		       enum vmsift_status (*fill)(struct run *r, FILE *f, struct err *err))
{
	struct text text = { r, fill };
	enum vmsift_status status;
	struct err err = { 0 };
	bool ok = !target_text(&r->target, base, suffix, fill_text, &text, &status, &err);
	bool limited = err.rc == ERR_BUDGET;

	if (!ok)
		log_print(r->v->log, limited ? LOG_WARN : LOG_ERROR, "%s", err.text);
	if (ok ? status != VMSIFT_DONE : !limited)
		r->trouble = true;
	return ok;
}

static void publish(struct run *r)
{
	struct err err = { 0 };

	if (target_publish(&r->target, &err)) {
		log_error(r->v->log, "%s", err.text);
		r->trouble = true;
	}
}

static enum vmsift_status fill_report(struct run *r, FILE *f, struct err *err)
{
	(void)err;
	fputs(r->report->text, f);
	return r->report->starved ? VMSIFT_PARTLY : VMSIFT_DONE;
}

/* The crashed kernel's own console log survives in pmsg, where the platform keeps one. */
static void report_to_pmsg(const struct report *rep)
{
	int fd = open("/dev/pmsg0", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	/* One write is one record; a platform that refuses it loses nothing else. */
	if (write(fd, rep->text, rep->n) < 0)
		errno = 0;
	close(fd);
}

/* First of all, and also where it can be seen if nothing can be stored. */
static void write_report(struct run *r)
{
	struct task_vec leaders = { 0 };
	const struct chosen *c;

	r->report = calloc(1, sizeof(*r->report));
	vec_for_each(c, &r->chosen)
		if (!task_vec_push(&leaders, c->leader)) {
			log_error(r->v->log, "report: out of memory: it does not show the chosen processes");
			r->trouble = true;
			break;
		}
	if (r->report) {
		report_make(r->v->k, &leaders, r->report);
		if (r->report->starved)
			log_error(r->v->log, "the report lacks what there was no memory for");
		if (r->v->log && r->v->log->out && r->v->log->level >= LOG_INFO)
			fputs(r->report->text, r->v->log->out);
		report_to_pmsg(r->report);
		r->report_written = write_text(r, "report", ".txt", fill_report);
	} else {
		log_error(r->v->log, "report: out of memory: there is none");
		r->trouble = true;
	}
	task_vec_free(&leaders);
}

static enum vmsift_status fill_log(struct run *r, FILE *f, struct err *err)
{
	return vmsift_log(r->v, f, err);
}

static enum vmsift_status fill_ps(struct run *r, FILE *f, struct err *err)
{
	return vmsift_ps(r->v, f, true, false, err);
}

static int write_pass(struct run *r, enum core_pass pass, struct err *err)
{
	struct chosen *c;
	int rc = 0;

	vec_for_each(c, &r->chosen)
		if (!rc && !(pass == PASS_RICHER && c->detail == DETAIL_TINY))
			rc = corejob_write(&r->job, c, pass, err);
	return rc;
}

/* The smallest useful core of every process is safe before any grows. */
static void write_cores(struct run *r)
{
	struct err err = { 0 };
	int rc;

	r->job.conf = &r->conf;
	if (r->no_cores)
		return;
	if (r->job.dry_run) {
		rc = write_pass(r, PASS_ONLY, &err);
	} else {
		rc = write_pass(r, PASS_TINY, &err);
		publish(r);
		if (!rc)
			rc = write_pass(r, PASS_RICHER, &err);
	}
	if (rc) {
		log_error(r->v->log, "%s", err.text);
		r->trouble = true;
	}
}

static void find_chosen(struct run *r)
{
	struct err err = { 0 };
	struct chosen *c;

	if (chosen_by_conf(r->v, &r->conf, r->matched, &r->chosen, &r->lost_processes, &err)) {
		log_error(r->v->log, "%s", err.text);
		r->trouble = true;
	}
	vec_for_each(c, &r->chosen)
		if (c->detail > r->most)
			c->detail = r->most;
}

/* Less than configured: see struct vmsift_run_opts. */
static int limit_set(struct run *r, const char *word, struct err *err)
{
	r->most = DETAIL_FULL;
	if (!word)
		return 0;
	r->at_most = word;
	r->no_cores = !strcmp(word, "none");
	if (!r->no_cores && !detail_parse(word, &r->most))
		return err_set(err, ERR_INVALID, "there is no detail '%s': none|%s", word,
			       vmsift_detail_names());
	return 0;
}

static void manifest_conf(struct run *r, struct json *j)
{
	size_t i;

	json_object(j, "configuration");
	json_u64(j, "mistakes", r->nr_conf_problems);
	json_array(j, "sections_without_match");
	for (i = 0; i < r->conf.processes.n; i++)
		if (!r->matched[i])
			json_str(j, NULL, r->conf.processes.v[i].title);
	json_end(j);
	json_end(j);
}

static enum vmsift_status fill_manifest(struct run *r, FILE *f, struct err *err)
{
	const struct out to = file_out(f);
	const struct kernel *k = r->v->k;
	const struct degraded *d;
	char when[32];
	struct json j;

	json_init(&j, &to);
	json_object(&j, NULL);
	json_u64(&j, "schema", MANIFEST_SCHEMA);
	json_str(&j, "vmsift", VMSIFT_VERSION);
	json_bool(&j, "complete", !r->trouble);
	json_u64(&j, "milliseconds", r->milliseconds);
	if (k) {
		json_str(&j, "host", k->nodename);
		json_str(&j, "release", k->release);
		json_str(&j, "build_id", k->build_id);
		json_i64(&j, "crash_time", k->crash_time);
		json_str(&j, "crashed", vmsift_time_text(k->crash_time, when, sizeof(when)));
		json_str(&j, "types_from", k->types_from);
		json_str(&j, "symbols_from", k->symbols_from);
	}
	if (r->at_most)
		json_str(&j, "at_most", r->at_most);
	json_bool(&j, "report", r->report_written);
	json_bool(&j, "log", r->log_written);
	json_bool(&j, "ps", r->ps_written);
	json_u64(&j, "lost_processes", r->lost_processes);
	json_array(&j, "degraded");
	if (k)
		vec_for_each(d, &k->degraded)
			json_str(&j, NULL, d->text);
	json_end(&j);
	manifest_conf(r, &j);
	corejob_json(&r->job, &j);
	kdumpjob_json(&r->kdump, &j);
	json_end(&j);
	return json_finish(&j, err) ? VMSIFT_NOTHING : VMSIFT_DONE;
}

static void published(void *ctx, const char *name, const struct err *err)
{
	struct run *r = ctx;
	const struct {
		const char *name;
		bool *written;
	} texts[] = { { "report.txt", &r->report_written },
		      { "vmcore-dmesg.txt", &r->log_written },
		      { "ps.txt", &r->ps_written } };
	const char *slash = strrchr(name, '/');
	struct core_result *c;
	size_t i;

	if (!err) {
		log_info(r->v->log, "%s", name);
		return;
	}
	log_error(r->v->log, "%s", err->text);
	r->trouble = true;
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (!strcmp(slash ? slash + 1 : name, texts[i].name))
			*texts[i].written = false;
	vec_for_each(c, &r->job.results)
		/* @name is DIR/FILE of the tree, or FILE alone. */
		if (!datafiles_published(c, name, err) && c->file[0] && strlen(name) >= strlen(c->file) &&
		    !strcmp(name + strlen(name) - strlen(c->file), c->file)) {
			c->outcome = CORE_FAILED;
			c->file[0] = 0;
			snprintf(c->why, sizeof(c->why), "%s", err->text);
		}
}

static int open_target(struct run *r, const struct vmsift_run_opts *o, struct err *err)
{
	struct outdir_opts od = { .create = true, .published = published, .ctx = r };
	int rc;

	od.max_bytes = r->conf.max_bytes.v == CONF_UNLIMITED ? 0 : r->conf.max_bytes.v;
	if (o->max_bytes && (!od.max_bytes || o->max_bytes < od.max_bytes))
		od.max_bytes = o->max_bytes;
	if (od.max_bytes > 2 * MANIFEST_RESERVE)
		od.max_bytes -= MANIFEST_RESERVE;
	rc = target_open(&r->target, r->v, o->out, &od, r->job.codec, err);
	if (rc)
		return rc;
	r->job.dir = r->target.dir;
	if (!r->job.dir) {
		r->job.tar = &r->target.tar;
		r->job.tar_prefix = r->target.prefix;
		if (od.max_bytes)
			log_warn(r->v->log, "of a stream max-bytes limits the kernel dump alone");
	}
	return 0;
}

/* Kernel pages, last. */
static void write_kernel(struct run *r)
{
	if (r->at_most)
		return;
	kdumpjob_run(&r->kdump, r->v, &r->conf, &r->target, r->job.deadline_ns);
	publish(r);
	r->trouble = r->trouble || r->kdump.failed;
}

/* What was done, after everything else. */
static void write_manifest(struct run *r)
{
	struct err err = { 0 };

	if (r->target.dir)
		outdir_budget(r->target.dir)->max = UINT64_MAX;
	r->milliseconds = (uint64_t)(seconds_since(&r->started) * 1e3);
	if (!write_text(r, "manifest", ".json", fill_manifest))
		r->trouble = true;
	publish(r);
	if (target_finish(&r->target, &err)) {
		log_error(r->v->log, "%s", err.text);
		r->trouble = true;
	}
}

static enum vmsift_status do_run(struct run *r, const struct vmsift_run_opts *o, struct err *err)
{
	struct err fault = { 0 };
	enum vmsift_status status;
	bool has_kernel = !vmsift_need_kernel(r->v, &fault);
	int rc = open_target(r, o, err);

	if (rc)
		return vmsift_status_of(rc);
	if (r->conf.max_time.v != CONF_UNLIMITED || o->max_seconds)
		r->job.deadline_ns = corejob_deadline(
			o->max_seconds ? min_u64(o->max_seconds, r->conf.max_time.v)
				       : r->conf.max_time.v);
	if (has_kernel) {
		find_chosen(r);
		write_report(r);
	}
	r->log_written = write_text(r, "vmcore-dmesg", ".txt", fill_log);
	publish(r);
	if (!has_kernel) {
		/* The log needs no types; nothing else can be had without. */
		log_error(r->v->log, "%s", fault.text);
		r->trouble = true;
	} else {
		r->ps_written = write_text(r, "ps", ".txt", fill_ps);
		publish(r);
		write_cores(r);
		r->target.broken |= r->job.stream_broken;
	}
	publish(r);
	if (has_kernel)
		write_kernel(r);
	status = corejob_status(&r->job);
	r->trouble = r->trouble || r->lost_processes || r->nr_conf_problems ||
		     status == VMSIFT_PARTLY || (status == VMSIFT_NOTHING && r->job.results.n) ||
		     vmsift_heed_faults(r->v, VMSIFT_DONE) != VMSIFT_DONE;
	write_manifest(r);
	if (!r->report_written && !r->log_written && !r->ps_written && !r->kdump.written &&
	    (!r->job.results.n || status == VMSIFT_NOTHING)) {
		if (!err->rc)
			err_set(err, ERR_IO, "nothing could be written to %s", o->out);
		return VMSIFT_NOTHING;
	}
	return r->trouble ? VMSIFT_PARTLY : VMSIFT_DONE;
}

/* What is not about one core. */
static void print_rest(const struct run *r, FILE *out)
{
	const struct conf *conf = &r->conf;
	size_t i;

	for (i = 0; i < conf->processes.n; i++)
		if (!r->matched[i])
			fprintf(out, "process section \"%s\" matches no process\n",
				conf->processes.v[i].title);
	if (conf->kernel.present && !r->no_cores)
		fprintf(out, "a kernel dump of level %llu after them; its size is not known beforehand\n",
			(unsigned long long)conf->kernel.dump_level.v);
	if (r->nr_conf_problems)
		fprintf(out, "mistakes in the configuration: %zu, see vmsift conf --check\n",
			r->nr_conf_problems);
}

static enum vmsift_status dry_run(struct run *r, const struct vmsift_run_opts *o, struct err *err)
{
	const struct out to = file_out(o->report);
	struct json j;
	int rc = vmsift_need_kernel(r->v, err);

	if (rc)
		return vmsift_status_of(rc);
	r->job.dry_run = true;
	find_chosen(r);
	write_cores(r);
	if (o->json) {
		json_init(&j, &to);
		json_object(&j, NULL);
		json_u64(&j, "schema", MANIFEST_SCHEMA);
		manifest_conf(r, &j);
		corejob_json(&r->job, &j);
		json_end(&j);
		json_finish(&j, NULL);
	} else {
		corejob_print(&r->job, o->report);
		print_rest(r, o->report);
	}
	r->trouble = r->trouble || r->nr_conf_problems || r->lost_processes ||
		     corejob_status(&r->job) != VMSIFT_DONE ||
		     vmsift_heed_faults(r->v, VMSIFT_DONE) != VMSIFT_DONE;
	return vmsift_flush(o->report, r->trouble ? VMSIFT_PARTLY : VMSIFT_DONE, err);
}

enum vmsift_status vmsift_run(struct vmsift *v, const struct vmsift_run_opts *o, struct err *err)
{
	struct run r = { .v = v };
	enum vmsift_status status;
	int rc;

	clock_gettime(CLOCK_MONOTONIC, &r.started);
	if (v->vc->is_kcore) {
		err_set(err, ERR_INVALID, "%s: run saves a crash, and this kernel runs: take report and core", v->vc->path);
		return VMSIFT_USAGE;
	}
	if (limit_set(&r, o->detail, err))
		return VMSIFT_USAGE;
	load_conf(&r, o->conf);
	r.matched = calloc(r.conf.processes.n + 1, sizeof(*r.matched));
	rc = corejob_init(&r.job, v, conf_codec_name((enum conf_codec)r.conf.codec.v), 0, err);
	if (!rc && !r.matched)
		rc = err_nomem(err);
	status = rc ? vmsift_status_of(rc) : o->dry_run ? dry_run(&r, o, err) : do_run(&r, o, err);
	target_close(&r.target);
	corejob_deinit(&r.job);
	free(r.matched);
	free(r.report);
	chosen_vec_free(&r.chosen);
	conf_free(&r.conf);
	return status;
}
