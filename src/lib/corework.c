/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/corework.h"

#include <string.h>
#include <time.h>

#include "proc/proc_dump.h"
#include "select/budget.h"

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t corejob_deadline(uint64_t seconds)
{
	return now_ns() + min_u64(seconds, UINT64_MAX / 4000000000u) * 1000000000u;
}

bool time_is_over(uint64_t deadline_ns)
{
	return deadline_ns && now_ns() >= deadline_ns;
}

void work_close(struct work *w)
{
	ucore_layout_deinit(&w->layout);
	plan_deinit(&w->plan);
	proc_close(w->p);
	memset(w, 0, sizeof(*w));
}

/* The sections of the configuration that hold for a process. Return: how many. */
static size_t find_sections(const struct corejob *job, const struct chosen *c,
			    const struct conf_process *ret[CONF_MAX_SECTIONS])
{
	const struct conf *conf = job->conf;
	size_t i, nr = 0;

	for (i = 0; conf && i < conf->processes.n && i < CONF_MAX_SECTIONS; i++)
		if (c->sections[i / 64] >> i % 64 & 1)
			ret[nr++] = &conf->processes.v[i];
	return nr;
}

/* When the work on a process must end, if it begins now: the run's time, or that of its sections. */
static uint64_t find_deadline(const struct corejob *job, const struct chosen *c)
{
	const struct conf_process *sections[CONF_MAX_SECTIONS];
	size_t i, nr = find_sections(job, c, sections);
	uint64_t deadline = job->deadline_ns;

	for (i = 0; i < nr; i++)
		if (sections[i]->max_time.line) {
			uint64_t own = corejob_deadline(sections[i]->max_time.v);

			deadline = deadline ? min_u64(deadline, own) : own;
		}
	return deadline;
}

/* What the configuration and the command ask for. */
static int make_plan(const struct corejob *job, const struct chosen *c, bool tiny, uint64_t max_bytes,
		     struct work *w, struct err *err)
{
	const struct conf_process *sections[CONF_MAX_SECTIONS];
	struct keep_opts o;
	size_t i, nr = chosen_keep_opts(job->v, job->conf, c, sections, &o);
	int rc;

	o.file_pages |= job->file_pages;
	/* Exclusions hold at every detail; the rest of a section is for the richer core. */
	if (tiny) {
		o.detail = DETAIL_TINY;
		o.anchors = o.file_pages = false;
	}
	rc = plan_make(w->p, &o, &w->plan, err);
	for (i = 0; i < nr; i++)
		if (sections[i]->max_bytes.line)
			max_bytes = min_u64(max_bytes, sections[i]->max_bytes.v);
	if (!rc && plan_shrink(&w->plan, max_bytes) == UINT64_MAX)
		rc = err_nomem(err);
	return rc;
}

/* At tiny the map is not in the core, whose size it would double. */
static int take_map(const struct plan *plan, struct core_result *r, struct err *err)
{
	const struct plan_range *i;

	if (plan->detail > DETAIL_TINY)
		return 0;
	vec_for_each(i, &plan->ranges)
		if (i->state == PAGE_CAPTURED && !plan_range_vec_push(&r->map, *i))
			return err_nomem(err);
	return 0;
}

void work_heed_faults(const struct corejob *job, struct work *w)
{
	struct err fault = { 0 };
	const char *last;

	if (vmcore_faults(job->v->vc, &last) == w->nr_faults)
		return;
	err_set(&fault, ERR_ABSENT, "%s", last);
	proc_facts_lost(w->p, &fault);
	w->plan.damaged = true;
}

int work_open(const struct corejob *job, const struct chosen *c, bool tiny, uint64_t max_bytes,
	      struct work *w, struct core_result *r, struct err *err)
{
	int rc;

	memset(w, 0, sizeof(*w));
	/* The tiny core comes whatever its process may take; the run's time holds for all. */
	w->deadline_ns = tiny ? job->deadline_ns : find_deadline(job, c);
	w->nr_faults = vmcore_faults(job->v->vc, NULL);
	rc = proc_open(job->v->k, &c->leader, &w->p, err);
	if (!rc && !w->p->has_memory)
		rc = err_set(err, ERR_ABSENT, "%s",
			     c->leader.kthread ? "is a kernel thread: it has no user memory" :
						 "has ended: it has no memory any more");
	if (!rc)
		rc = make_plan(job, c, tiny, max_bytes, w, err);
	if (!rc)
		rc = ucore_layout_make(&w->plan, &w->layout, err);
	if (!rc)
		rc = take_map(&w->plan, r, err);
	if (!rc)
		rc = data_file_list(&w->plan, &r->data, err);
	if (rc) {
		work_close(w);
		return err_add(err, "process %d (%s)", c->leader.pid, c->leader.comm);
	}
	work_heed_faults(job, w);
	r->size = w->layout.size;
	r->overhead = w->layout.size - w->layout.data_size;
	r->nr_all_threads = w->p->threads.n + w->p->nr_lost_threads;
	memcpy(r->bytes, w->plan.bytes, sizeof(r->bytes));
	memcpy(r->unavailable, w->plan.unavailable, sizeof(r->unavailable));
	memcpy(r->kept, w->plan.kept, sizeof(r->kept));
	r->detail = w->plan.detail;
	return 0;
}

/* Up to this size a core is compressed better than by default: some milliseconds for a tenth less. */
#define SMALL_CORE MIB(1)
#define SMALL_CORE_LEVEL 9

int work_level(const struct corejob *job, uint64_t size)
{
	if (job->level)
		return job->level;
	if (size > SMALL_CORE || job->codec->level_default > SMALL_CORE_LEVEL)
		return job->codec->level_default;
	return job->codec->level_max < SMALL_CORE_LEVEL ? job->codec->level_max : SMALL_CORE_LEVEL;
}

/* An out that ends the work when the time is up. */
struct timed {
	struct out to;
	uint64_t deadline_ns;
};

static int check_time(const struct timed *t, struct err *err)
{
	if (time_is_over(t->deadline_ns))
		return err_set(err, ERR_BUDGET, "max-time is reached");
	return 0;
}

static int timed_write(void *ctx, const void *buf, size_t size, struct err *err)
{
	struct timed *t = ctx;
	int rc = check_time(t, err);

	return rc ? rc : out_write(&t->to, buf, size, err);
}

static int timed_zeros(void *ctx, uint64_t size, struct err *err)
{
	struct timed *t = ctx;
	int rc = check_time(t, err);

	return rc ? rc : out_zeros(&t->to, size, err);
}

int work_write(const struct corejob *job, const struct work *w, const struct out *to,
	       struct ucore_result *res, struct err *err)
{
	struct timed timed = { .deadline_ns = w->deadline_ns };
	const struct out out = { .write = timed_write, .ctx = &timed, .zeros = timed_zeros };
	struct codec_stream *cs;
	int rc = codec_stream_create(job->codec, work_level(job, w->layout.size), to, &cs, err);

	if (rc)
		return rc;
	/* Before the codec: it may take much and give nothing for a while. */
	timed.to = codec_stream_out(cs);
	rc = ucore_write(&w->plan, &w->layout, &out, res, err);
	if (!rc)
		rc = codec_stream_finish(cs, err);
	codec_stream_destroy(cs);
	return rc;
}
