/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/corework.h"
#include "lib/datafiles.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sink/tar.h"
#include "util/str.h"

#define CODEC_DEFAULT "zstd"

int corejob_init(struct corejob *job, struct vmsift *v, const char *codec, int level,
		 struct err *err)
{
	memset(job, 0, sizeof(*job));
	job->v = v;
	job->codec = codec_find(codec ? codec : CODEC_DEFAULT);
	if (!job->codec)
		return err_set(err, ERR_INVALID, "there is no codec '%s': %s", codec,
			       vmsift_codec_names());
	job->level = level;
	return level ? codec_check_level(job->codec, level, err) : 0;
}

static void result_deinit(struct core_result *r)
{
	plan_range_vec_free(&r->map);
	data_file_vec_free(&r->data);
}

void corejob_deinit(struct corejob *job)
{
	struct core_result *r;

	vec_for_each(r, &job->results)
		result_deinit(r);
	core_result_vec_free(&job->results);
}

/* "core.COMM.PID" */
static void core_name(const struct task *t, char *buf, size_t size)
{
	char comm[TASK_COMM_SIZE + 1];

	str_file_name(comm, sizeof(comm), t->comm);
	snprintf(buf, size, "core.%s.%d", comm, t->pid);
}

static uint64_t unknown_regs(struct proc *p)
{
	const struct proc_thread *t;
	struct arch_regs regs;
	uint64_t unknown = 0;

	vec_for_each(t, &p->threads)
		if (!p->ops->regs(p, t, &regs, NULL))
			unknown |= arch_unknown_regs(p->arch, &regs, p->is_32bit);
	return unknown;
}

static void take_result(const struct corejob *job, struct work *w, const struct ucore_result *res,
			struct core_result *r)
{
	work_heed_faults(job, w);
	r->lost_size = res->lost_size;
	r->nr_threads = res->nr_threads;
	r->arch = w->plan.p->arch;
	r->unknown_regs = unknown_regs(w->plan.p);
	r->outcome = w->plan.damaged || res->lost_size ? CORE_PARTLY : CORE_WRITTEN;
}

/* @over: the base of the tiny core whose place this takes, or NULL. */
static int write_file(struct corejob *job, const struct chosen *c, struct work *w,
		      const char *over, struct core_result *r, struct err *err)
{
	struct ucore_result res;
	struct sink *s;
	struct out to;
	uint64_t used = outdir_budget(job->dir)->used;
	char base[64];
	int rc;

	core_name(&c->leader, base, sizeof(base));
	rc = over ? outdir_recreate(job->dir, over, job->codec->suffix, &s, err)
		  : outdir_create(job->dir, base, job->codec->suffix, &s, err);
	if (rc)
		return rc;
	to = sink_out(s);
	snprintf(r->file, sizeof(r->file), "%s", sink_name(s));
	snprintf(r->base, sizeof(r->base), "%s", sink_base(s));
	rc = work_write(job, w, &to, &res, err);
	if (!rc && res.ended.rc)
		rc = err_set(err, res.ended.rc, "process %d (%s): %s", c->leader.pid,
			     c->leader.comm, res.ended.text);
	if (rc) {
		/* What a limit ended is nothing; what an error ended may still be of use. */
		sink_abort(s, rc == ERR_BUDGET ? SINK_REMOVE : SINK_KEEP);
		if (rc == ERR_BUDGET)
			outdir_budget(job->dir)->used = used;
		r->timed_out = rc == ERR_BUDGET && time_is_over(w->deadline_ns);
		r->file[0] = 0;
		return rc;
	}
	take_result(job, w, &res, r);
	snprintf(base, sizeof(base), "%s", sink_base(s));
	rc = sink_close(s, err);
	/* The tiny core's are there already, and they are the same at any detail. */
	if (!rc && !over)
		datafiles_write(job, &w->plan, base, r);
	return rc;
}

/* One core as it is, its size known beforehand, as a member of the tar. */
static int write_member(struct corejob *job, const struct chosen *c, struct work *w,
			struct core_result *r, struct err *err)
{
	const struct out to = tar_out(job->tar);
	char base[64], name[256];
	struct ucore_result res;
	int rc;

	core_name(&c->leader, base, sizeof(base));
	snprintf(r->file, sizeof(r->file), "%s", base);
	snprintf(r->base, sizeof(r->base), "%s", base);
	snprintf(name, sizeof(name), "%s%s", job->tar_prefix ? job->tar_prefix : "", base);
	rc = tar_begin_member(job->tar, name, w->layout.size, job->v->k->crash_time, 0600, err);
	if (!rc)
		rc = ucore_write(&w->plan, &w->layout, &to, &res, err);
	if (!rc)
		rc = tar_end_member(job->tar, err);
	if (!rc)
		rc = datafiles_tar(job, &w->plan, job->tar, name, r, err);
	if (rc) {
		job->stream_broken = true;
		r->file[0] = 0;
		return rc;
	}
	res.lost_size += r->lost_size;
	take_result(job, w, &res, r);
	/* It is in the stream, and nothing takes it back. */
	if (res.ended.rc) {
		log_warn(job->v->log, "process %d (%s): %s: its core holds what may be another's",
			 c->leader.pid, c->leader.comm, res.ended.text);
		r->outcome = CORE_PARTLY;
	}
	return 0;
}

/* Whether it makes sense to try the next process after this failure. */
static bool is_final(const struct corejob *job, int rc)
{
	return rc == ERR_NOMEM || rc == ERR_INTERRUPTED || job->stream_broken;
}


/* Plan and write one core, with at most @max_bytes of memory. */
static int try_core(struct corejob *job, const struct chosen *c, enum core_pass pass,
		    const char *over, uint64_t max_bytes, struct core_result *r, struct err *err)
{
	struct work w;
	int rc;

	*r = (struct core_result){ .pid = c->leader.pid, .task = c->leader.addr, .detail = c->detail };
	memcpy(r->comm, c->leader.comm, sizeof(r->comm));
	if (time_is_over(job->deadline_ns))
		return err_set(err, ERR_BUDGET, "process %d (%s): max-time is reached",
			       c->leader.pid, c->leader.comm);
	rc = work_open(job, c, pass == PASS_TINY, max_bytes, &w, r, err);
	if (rc)
		return rc;
	if (job->dry_run)
		r->outcome = CORE_PLANNED;
	else if (job->tar)
		rc = write_member(job, c, &w, r, err);
	else
		rc = write_file(job, c, &w, over, r, err);
	work_close(&w);
	return rc;
}

/*
 * What a limit of bytes does not allow is tried again with as much memory as surely fits: compression
 * makes it smaller in all but the worst case, for which notes and headers get some room.
 */
static int try_smaller(struct corejob *job, const struct chosen *c, enum core_pass pass,
		       const char *over, struct core_result *r, struct err *err)
{
	const struct sink_budget *b = job->dir ? outdir_budget(job->dir) : NULL;
	uint64_t left, overhead = r->overhead;
	int rc = ERR_BUDGET;
	int tries;

	if (!b || b->max == UINT64_MAX || r->timed_out || time_is_over(job->deadline_ns))
		return rc;
	left = b->max - min_u64(b->used, b->max);
	/* First in the hope of a ratio of 3, then without any. */
	for (tries = 3; tries >= 1 && rc == ERR_BUDGET; tries -= 2) {
		uint64_t room = left * (unsigned int)tries;

		if (room <= overhead)
			continue;
		result_deinit(r);
		*err = (struct err){ 0 };
		rc = try_core(job, c, pass, over, room - overhead, r, err);
	}
	return rc;
}

/*
 * Where there is no tiny core yet, one takes the place of what its process's time, or the bytes that are
 * left, did not suffice for.
 */
static int fall_back(struct corejob *job, const struct chosen *c, struct core_result *r,
		     struct err *err)
{
	struct err first = *err;
	int rc;

	result_deinit(r);
	*err = (struct err){ 0 };
	rc = try_core(job, c, PASS_TINY, NULL, UINT64_MAX, r, err);
	if (rc == ERR_BUDGET)
		*err = first;
	if (rc)
		return rc;
	r->richer_failed = true;
	snprintf(r->why, sizeof(r->why), "%s", first.text);
	log_warn(job->v->log, "%s; a tiny core takes its place", first.text);
	return 0;
}

/* The richer core is there; the registered data was written with the tiny one. */
static void take_data_files(struct core_result *r, struct core_result *tiny)
{
	struct data_file_vec own = r->data;
	const struct data_file *f;

	r->data = tiny->data;
	tiny->data = own;
	memcpy(r->data_dir, tiny->data_dir, sizeof(r->data_dir));
	vec_for_each(f, &r->data)
		if (!f->name[0] && f->missing && tiny->outcome == CORE_PARTLY &&
		    r->outcome == CORE_WRITTEN) {
			r->outcome = CORE_PARTLY;
			memcpy(r->why, tiny->why, sizeof(r->why));
		}
}

static struct core_result *find_result(struct corejob *job, int32_t pid)
{
	struct core_result *r;

	vec_for_each(r, &job->results)
		if (r->pid == pid)
			return r;
	return NULL;
}

/* The richer core did not come about; the tiny one is there, and says why. */
static void keep_tiny(struct corejob *job, struct core_result *tiny, int rc, const struct err *why)
{
	tiny->richer_failed = true;
	snprintf(tiny->why, sizeof(tiny->why), "%s", why->text);
	log_print(job->v->log, rc == ERR_BUDGET ? LOG_WARN : LOG_ERROR, "%s%s", why->text,
		  job->stream_broken ? "" : "; the tiny core stays");
	if (rc != ERR_BUDGET)
		tiny->outcome = CORE_PARTLY;
}

int corejob_write(struct corejob *job, const struct chosen *c, enum core_pass pass, struct err *err)
{
	struct core_result *tiny = pass == PASS_RICHER ? find_result(job, c->leader.pid) : NULL;
	const char *over = tiny && tiny->file[0] ? tiny->base : NULL;
	struct core_result r;
	struct err why = { 0 };
	size_t at;
	int rc;

	if (pass == PASS_RICHER && tiny && !over)
		return 0; /* it failed at tiny already */
	/* Room for the result comes first: a core that nobody can tell of must not be written. */
	if (!over && !core_result_vec_push(&job->results, (struct core_result){ 0 }))
		return err_nomem(err);
	at = over ? (size_t)(tiny - job->results.v) : job->results.n - 1;
	rc = try_core(job, c, pass, over, UINT64_MAX, &r, &why);
	if (rc == ERR_BUDGET && pass != PASS_TINY)
		rc = try_smaller(job, c, pass, over, &r, &why);
	if (rc == ERR_BUDGET && pass == PASS_ONLY && c->detail > DETAIL_TINY)
		rc = fall_back(job, c, &r, &why);
	if (rc && over) {
		result_deinit(&r);
		keep_tiny(job, tiny, rc, &why);
		return is_final(job, rc) ? err_set(err, rc, "%s", why.text) : 0;
	}
	if (over && job->dir)
		take_data_files(&r, tiny);
	if (rc) {
		r.outcome = rc == ERR_BUDGET ? CORE_BUDGET : CORE_FAILED;
		snprintf(r.why, sizeof(r.why), "%s", why.text);
		log_print(job->v->log, rc == ERR_BUDGET ? LOG_WARN : LOG_ERROR, "%s", why.text);
	}
	result_deinit(&job->results.v[at]);
	job->results.v[at] = r;
	return is_final(job, rc) ? err_set(err, rc, "%s", why.text) : 0;
}

static int stream_one(struct corejob *job, const struct chosen *c, const struct out *to,
		      struct err *err)
{
	struct core_result r = { .pid = c->leader.pid, .task = c->leader.addr,
				 .detail = c->detail };
	struct ucore_result res;
	struct work w;
	int rc;

	if (!core_result_vec_push(&job->results, r))
		return err_nomem(err);
	memcpy(r.comm, c->leader.comm, sizeof(r.comm));
	rc = work_open(job, c, false, UINT64_MAX, &w, &r, err);
	if (!rc) {
		/* Half a core is of no use, and nothing takes back what was written. */
		w.deadline_ns = 0;
		rc = work_write(job, &w, to, &res, err);
		if (!rc)
			take_result(job, &w, &res, &r);
		work_close(&w);
	}
	if (rc) {
		r.outcome = CORE_FAILED;
		snprintf(r.why, sizeof(r.why), "%s", err->text);
	}
	job->results.v[job->results.n - 1] = r;
	return rc;
}

static int stream_tar(struct corejob *job, const struct chosen_vec *chosen, const struct out *to,
		      struct err *err)
{
	struct codec_stream *cs;
	const struct chosen *c;
	struct tar tar;
	struct out out;
	int rc = codec_stream_create(job->codec, work_level(job, UINT64_MAX), to, &cs, err);

	if (rc)
		return rc;
	out = codec_stream_out(cs);
	tar_init(&tar, &out);
	job->tar = &tar;
	vec_for_each(c, chosen) {
		rc = corejob_write(job, c, PASS_ONLY, err);
		if (rc)
			break;
	}
	job->tar = NULL;
	if (!rc)
		rc = tar_finish(&tar, err);
	if (!rc)
		rc = codec_stream_finish(cs, err);
	codec_stream_destroy(cs);
	return rc;
}

int corejob_stream(struct corejob *job, const struct chosen_vec *chosen, struct err *err)
{
	struct sink *s;
	struct out to;
	int rc = sink_open_fd(1, "standard output", &s, err);

	if (rc)
		return rc;
	to = sink_out(s);
	rc = chosen->n == 1 ? stream_one(job, &chosen->v[0], &to, err)
			    : stream_tar(job, chosen, &to, err);
	if (rc) {
		sink_abort(s, SINK_KEEP);
		return rc;
	}
	return sink_close(s, err);
}

enum vmsift_status corejob_status(const struct corejob *job)
{
	const struct core_result *r;
	size_t good = 0, bad = 0, partly = 0;

	vec_for_each(r, &job->results) {
		good += r->outcome != CORE_FAILED;
		partly += r->outcome == CORE_PARTLY;
		bad += r->outcome == CORE_FAILED;
	}
	if (bad && !good)
		return VMSIFT_NOTHING;
	return bad || partly ? VMSIFT_PARTLY : VMSIFT_DONE;
}
