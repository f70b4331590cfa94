/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/kdump_keep.h"

#include "kdump/triage.h"
#include "kernel/page_facts.h"
#include "lib/corejob.h"
#include "proc/proc_dump.h"

/*
 * Stands before a process's provider while its plan is made: what the plan looks at to decide (the
 * symbols of libc, say) is needed again when a core is made of the dump.
 */
struct recorder {
	struct proc_ops ops; /* first: p->ops leads here */
	const struct proc_ops *real;
	struct pfn_range_vec *keep;
};

static int map_and_keep(struct proc *p, paddr_t paddr, size_t want, const void **ptr, size_t *size,
			struct err *err)
{
	const struct recorder *r = (const struct recorder *)p->ops;
	int rc = r->real->map(p, paddr, want, ptr, size, err);

	if (rc)
		return rc;
	return page_keep_add(r->keep, paddr / p->page_size, (paddr + *size - 1) / p->page_size + 1,
			     err);
}

/* The frames behind everything that the plan captures; a page that is kept in part is kept whole.
 */
static int add_plan(const struct plan *plan, struct pfn_range_vec *keep, struct err *err)
{
	struct proc *p = plan->p;
	struct plan_load load;
	struct proc_walk *w;
	struct proc_run r;
	size_t at = 0;
	int rc = p->ops->walk_open(p, &w, err);

	if (rc)
		return rc;
	while (!rc && plan_load_next(plan, &at, &load)) {
		p->ops->walk_range(w, &p->areas.v[load.area], load.start, load.file_end, true);
		while (!rc && p->ops->walk_next(w, &r))
			if (r.state == PAGE_CAPTURED)
				rc = page_keep_add(
					keep, r.paddr / p->page_size,
					(r.paddr + (r.end - r.start) - 1) / p->page_size + 1, err);
	}
	p->ops->walk_close(w);
	return rc;
}

/* Frames that hold a byte of what must never be written; they are taken out as a whole. */
static int add_never(const struct plan *plan, struct pfn_range_vec *never, struct err *err)
{
	struct proc *p = plan->p;
	const struct plan_range *i;
	struct proc_walk *w;
	struct proc_run r;
	int rc = p->ops->walk_open(p, &w, err);

	if (rc)
		return rc;
	vec_for_each (i, &plan->ranges) {
		if (i->reason != REASON_EXCLUDED || rc)
			continue;
		p->ops->walk_range(w, &p->areas.v[i->area], i->start, i->end, true);
		while (!rc && p->ops->walk_next(w, &r))
			if (r.state == PAGE_CAPTURED)
				rc = page_keep_add(
					never, r.paddr / p->page_size,
					(r.paddr + (r.end - r.start) - 1) / p->page_size + 1, err);
	}
	p->ops->walk_close(w);
	return rc;
}

/* Whether the level keeps anything that a process could exclude. */
static bool keeps_user_data(const struct kdump_want *w)
{
	const unsigned int all = DUMP_LEVEL_CACHE | DUMP_LEVEL_CACHE_PRIVATE | DUMP_LEVEL_USER;

	return (w->dump_level & all) != all || (w->set && w->set->selections.n);
}

static bool section_excludes(const struct conf_process *s)
{
	return s->exclude.n || s->exclude_lost_line;
}

static bool excludes(const struct conf *conf, const struct chosen *c)
{
	size_t i;

	for (i = 0; i < conf->processes.n && i < CONF_MAX_SECTIONS; i++)
		if (c->sections[i / 64] >> i % 64 & 1 && section_excludes(&conf->processes.v[i]))
			return true;
	return conf->exclude_lost_line || conf->exclude_all.n;
}

static int append(struct pfn_range_vec *to, const struct pfn_range_vec *from, struct err *err)
{
	const struct pfn_range *r;
	int rc = 0;

	vec_for_each (r, from)
		if (!rc)
			rc = page_keep_add(to, r->start, r->end, err);
	return rc;
}

/*
 * @chosen: keep what the plan names; else only what it must not hold matters. Nothing is kept of a
 * process whose exclusions are not known.
 */
static int add_process(struct vmsift *v, const struct kdump_want *w, const struct chosen *c,
		       bool chosen, struct kdump_keep *ret, struct err *err)
{
	const struct conf_process *sections[CONF_MAX_SECTIONS];
	struct pfn_range_vec keep = { 0 };
	struct recorder recorder = { .keep = &keep };
	struct plan plan = { 0 };
	struct keep_opts o;
	struct proc *p;
	int rc = proc_open(v->k, &c->leader, &p, err);

	if (rc)
		return rc;
	chosen_keep_opts(v, w->conf, c, sections, &o);
	if (!chosen)
		o.detail = DETAIL_TINY;
	recorder.real = p->ops;
	recorder.ops = *p->ops;
	recorder.ops.map = map_and_keep;
	if (chosen)
		p->ops = &recorder.ops;
	if (p->has_memory)
		rc = plan_make(p, &o, &plan, err);
	p->ops = recorder.real;
	if (!rc && p->has_memory && chosen)
		rc = add_plan(&plan, &keep, err);
	if (!rc && p->has_memory)
		rc = add_never(&plan, &ret->never, err);
	page_keep_settle(&keep);
	if (!rc)
		rc = append(&ret->keep, &keep, err);
	pfn_range_vec_free(&keep);
	plan_deinit(&plan);
	proc_close(p);
	return rc;
}

/* One process, of which nothing but the want of memory stops the others. */
static int try_process(struct vmsift *v, const struct kdump_want *w, const struct chosen *c,
		       bool chosen, struct kdump_keep *ret, struct err *err)
{
	struct err fault = { 0 };
	int rc;

	if (chosen && w->record)
		triage_watch(v->vc, w->record);
	rc = add_process(v, w, c, chosen, ret, &fault);
	triage_watch(v->vc, NULL);
	if (!rc)
		return 0;
	err_add(&fault, "process %d (%s)", c->leader.pid, c->leader.comm);
	if (rc == ERR_NOMEM || rc == ERR_UNSUPPORTED)
		return err_set(err, rc, "%s", fault.text);
	log_error(v->log, "%s", fault.text);
	ret->lost++;
	ret->never_lost = ret->never_lost || excludes(w->conf, c);
	return 0;
}

static bool is_among(const struct chosen_vec *v, kvaddr_t task)
{
	const struct chosen *c;

	vec_for_each (c, v)
		if (c->leader.addr == task)
			return true;
	return false;
}

static int add_chosen(struct vmsift *v, const struct kdump_want *w, struct chosen_vec *chosen,
		      struct kdump_keep *ret, struct err *err)
{
	const struct chosen *c;
	int rc = w->set && w->set->selections.n
			 ? chosen_find(v, w->set, w->conf, w->detail, chosen, &ret->lost, err)
			 : 0;

	ret->nr_chosen = chosen->n;
	vec_for_each (c, chosen)
		if (!rc)
			rc = try_process(v, w, c, true, ret, err);
	return rc;
}

/* Processes that were not chosen, and may have something that no output may hold. */
struct excluding {
	struct vmsift *v;
	const struct kdump_want *w;
	const struct chosen_vec *chosen;
	struct kdump_keep *ret;
	struct err *err;
};

static int exclude_of(void *ctx, const struct task *leader)
{
	struct excluding *e = ctx;
	const struct conf *conf = e->w->conf;
	struct chosen c = { .leader = *leader };
	struct subject s;
	size_t i;
	int rc;

	if (is_among(e->chosen, leader->addr))
		return 0;
	rc = subject_read(e->v->k, leader, &s, e->err);
	for (i = 0; i < conf->processes.n && !rc; i++)
		if (selection_set_may_match(&conf->processes.v[i].match, &s.facts))
			chosen_add_section(&c, conf, i);
	subject_deinit(&s);
	if (rc)
		return rc;
	return excludes(conf, &c) ? try_process(e->v, e->w, &c, false, e->ret, e->err) : 0;
}

static int add_excluding(struct vmsift *v, const struct kdump_want *w,
			 const struct chosen_vec *chosen, struct kdump_keep *ret, struct err *err)
{
	struct excluding e = { v, w, chosen, ret, err };
	unsigned int lost;
	int rc = for_each_process(v->k, exclude_of, &e, &lost, err);

	/* One that cannot even be read may be one that excludes. */
	ret->never_lost = ret->never_lost || lost;
	return rc;
}

bool kdump_conf_excludes(const struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->processes.n; i++)
		if (section_excludes(&conf->processes.v[i]))
			return true;
	return conf->exclude_lost_line || conf->exclude_all.n;
}

int kdump_keep_collect(struct vmsift *v, const struct kdump_want *w, struct kdump_keep *ret,
		       struct err *err)
{
	struct chosen_vec chosen = { 0 };
	int rc = add_chosen(v, w, &chosen, ret, err);

	if (!rc && kdump_conf_excludes(w->conf) && keeps_user_data(w))
		rc = add_excluding(v, w, &chosen, ret, err);
	/* Whatever stopped it: what comes after is not known. */
	ret->never_lost = ret->never_lost || (rc && kdump_conf_excludes(w->conf));
	if (w->record)
		page_record_settle(w->record);
	page_keep_settle(&ret->keep);
	page_keep_settle(&ret->never);
	chosen_vec_free(&chosen);
	return rc;
}

void kdump_use_keep(struct vmsift *v, const struct kdump_keep *keep, struct kdump_opts *ko)
{
	const unsigned int user = DUMP_LEVEL_CACHE | DUMP_LEVEL_CACHE_PRIVATE | DUMP_LEVEL_USER;

	ko->never = &keep->never;
	ko->keep = &keep->keep;
	if (!keep->never_lost)
		return;
	/* A secret that is written cannot be taken back. */
	ko->keep = NULL;
	log_warn(v->log, "what the configuration excludes cannot be told: no user data is written");
	ko->dump_level |= user;
	ko->must_tell = true;
}

void kdump_keep_free(struct kdump_keep *k)
{
	pfn_range_vec_free(&k->keep);
	pfn_range_vec_free(&k->never);
}
