/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/kdump_keep.h"

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

static int add_process(struct vmsift *v, const struct chosen *c, struct pfn_range_vec *keep,
		       struct pfn_range_vec *never, struct err *err)
{
	struct recorder recorder = { .keep = keep };
	struct plan plan = { 0 };
	struct keep_opts o;
	struct proc *p;
	int rc = proc_open(v->k, &c->leader, &p, err);

	if (rc)
		return rc;
	keep_opts_init(&o, c->detail);
	o.user_symbols = v->lf ? &v->lf->user_symbols : NULL;
	recorder.real = p->ops;
	recorder.ops = *p->ops;
	recorder.ops.map = map_and_keep;
	p->ops = &recorder.ops;
	if (p->has_memory)
		rc = plan_make(p, &o, &plan, err);
	p->ops = recorder.real;
	if (!rc && p->has_memory)
		rc = add_plan(&plan, keep, err);
	if (!rc && p->has_memory)
		rc = add_never(&plan, never, err);
	plan_deinit(&plan);
	proc_close(p);
	return rc ? err_add(err, "process %d (%s)", c->leader.pid, c->leader.comm) : 0;
}

int kdump_keep_collect(struct vmsift *v, const struct selection_set *set, enum detail detail,
		       struct pfn_range_vec *keep, unsigned int *lost, struct err *err)
{
	struct chosen_vec chosen = { 0 };
	struct pfn_range_vec never = { 0 };
	const struct chosen *c;
	struct conf conf;
	int rc;

	conf_init(&conf);
	rc = chosen_find(v, set, &conf, &detail, &chosen, lost, err);
	if (!rc && !chosen.n)
		rc = err_set(err, ERR_NOTFOUND, "no process matches");
	vec_for_each (c, &chosen) {
		struct err fault = { 0 };
		int one = rc ? 0 : add_process(v, c, keep, &never, &fault);

		if (one == ERR_NOMEM || one == ERR_UNSUPPORTED)
			rc = err_set(err, one, "%s", fault.text);
		if (one) {
			log_error(v->log, "%s", fault.text);
			(*lost)++;
		}
	}
	page_keep_settle(keep);
	page_keep_settle(&never);
	if (!rc)
		rc = page_keep_subtract(keep, &never, err);
	pfn_range_vec_free(&never);
	chosen_vec_free(&chosen);
	conf_free(&conf);
	return rc;
}
