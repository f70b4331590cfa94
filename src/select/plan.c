/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "select/plan.h"

#include <string.h>

#include "select/policy.h"

/* A hole of zeros this long is worth a PT_LOAD of its own (56 bytes, and a lookup in the debugger). */
#define ZERO_GAP_MAX KIB(64)

static bool same_kind(const struct plan_range *a, const struct plan_range *b)
{
	return a->area == b->area && a->end == b->start && a->state == b->state &&
	       a->source == b->source && a->reason == b->reason;
}

static bool can_mix(const struct plan *plan, const struct plan_range *a,
		    const struct plan_range *b)
{
	return plan->ranges.n >= PLAN_RANGES_FINE && a->area == b->area && a->end == b->start &&
	       (a->state == PAGE_CAPTURED || a->mixed) && b->state <= PAGE_ZERO;
}

static int add_range(struct plan *plan, struct plan_range r, struct err *err)
{
	struct plan_range *last = plan->ranges.n ? &plan->ranges.v[plan->ranges.n - 1] : NULL;

	plan->bytes[r.state] += r.end - r.start;
	if (r.state == PAGE_UNAVAILABLE)
		plan->unavailable[r.reason] += r.end - r.start;
	if (last && same_kind(last, &r)) {
		last->end = r.end;
		return 0;
	}
	if (last && can_mix(plan, last, &r)) {
		last->mixed = last->mixed || r.state == PAGE_ZERO;
		last->end = r.end;
		return 0;
	}
	return plan_range_vec_push(&plan->ranges, r) ? 0 : err_nomem(err);
}

/* Whether the bytes of a run are also those of the file, on disk. */
static bool is_in_file(const struct plan *plan, const struct proc_area *a,
		       const struct proc_run *run)
{
	bool shmem = a->file < plan->p->files.n && plan->p->files.v[a->file].shmem;

	if (run->state == PAGE_IN_FILE)
		return true;
	/* Pages of tmpfs are always dirty; a program that runs from there still has its file somewhere. */
	return run->state == PAGE_CAPTURED &&
	       ((a->kind == AREA_FILE_PRIVATE && !run->own && (!run->dirty || shmem)) ||
		(a->kind == AREA_FILE_SHARED && !run->dirty && !shmem));
}

/* What a run becomes where the policy does not keep it. */
static void leave_out(const struct plan *plan, const struct proc_area *a, enum page_reason why,
		      const struct proc_run *run, struct plan_range *r)
{
	if (r->state == PAGE_UNAVAILABLE)
		return;
	r->source = SOURCE_NONE;
	if (is_in_file(plan, a, run)) {
		r->state = PAGE_IN_FILE;
	} else {
		r->state = PAGE_UNAVAILABLE;
		r->reason = (uint8_t)why;
	}
}

/* Split off, page by page, what turns out not to be readable. */
static int add_captured(struct plan *plan, struct plan_range r, paddr_t paddr, struct err *err)
{
	struct proc *p = plan->p;
	uvaddr_t end = r.end;
	int rc = 0;

	while (r.start < end && !rc) {
		struct plan_range part = r;
		const void *ptr;
		size_t n;

		if (p->ops->map(p, paddr, end - r.start, &ptr, &n, NULL)) {
			n = min_u64(p->page_size, end - r.start);
			part.state = PAGE_UNAVAILABLE;
			part.source = SOURCE_NONE;
			part.reason = REASON_READ_ERROR;
			plan->damaged = true;
		}
		part.end = r.start + n;
		rc = add_range(plan, part, err);
		r.start += n;
		paddr += n;
	}
	return rc;
}

static int plan_stretch(struct plan *plan, struct proc_walk *w, uint32_t area, uvaddr_t start,
			uvaddr_t end, bool keep, enum page_reason why, struct err *err)
{
	const struct proc_area *a = &plan->p->areas.v[area];
	struct proc_run run;
	int rc = 0;

	plan->p->ops->walk_range(w, a, start, end, false);
	while (!rc && plan->p->ops->walk_next(w, &run)) {
		struct plan_range r = { run.start,	      run.end, area, (uint8_t)run.state,
					(uint8_t)run.source, (uint8_t)run.reason, false };

		if (run.reason == REASON_BAD_TABLE || run.reason == REASON_NOT_IN_DUMP)
			plan->damaged = true;
		if (!keep)
			leave_out(plan, a, why, &run, &r);
		rc = r.state == PAGE_CAPTURED ? add_captured(plan, r, run.paddr, err)
					      : add_range(plan, r, err);
	}
	return rc;
}

static int plan_area(struct plan *plan, struct proc_walk *w, uint32_t area, struct err *err)
{
	const struct proc_area *a = &plan->p->areas.v[area];
	enum page_reason why;
	enum keep keep = policy_full(plan->p, a, &why);
	uvaddr_t cut = keep == KEEP_ALL ? a->end
		     : keep == KEEP_FIRST_PAGE ? a->start + plan->p->page_size : a->start;
	int rc = 0;

	/* Secrets and devices are not even looked at. */
	if (why == REASON_DONTDUMP || why == REASON_IO) {
		struct plan_range r = { a->start, a->end, area, PAGE_UNAVAILABLE, SOURCE_NONE,
					(uint8_t)why, false };

		return add_range(plan, r, err);
	}
	if (cut > a->start)
		rc = plan_stretch(plan, w, area, a->start, cut, true, REASON_NONE, err);
	if (!rc && cut < a->end)
		rc = plan_stretch(plan, w, area, cut, a->end, false, why, err);
	return rc;
}

int plan_make(struct proc *p, enum detail detail, struct plan *ret, struct err *err)
{
	struct proc_walk *w;
	uint32_t i;
	int rc = 0;

	memset(ret, 0, sizeof(*ret));
	ret->p = p;
	ret->detail = detail;
	ret->damaged = p->map_fault.rc || p->nr_lost_threads;
	if (!p->has_memory)
		return 0;
	rc = p->ops->walk_open(p, &w, err);
	if (rc)
		return rc;
	for (i = 0; i < p->areas.n && !rc; i++)
		rc = plan_area(ret, w, i, err);
	p->ops->walk_close(w);
	if (rc)
		plan_deinit(ret);
	return rc;
}

void plan_deinit(struct plan *plan)
{
	plan_range_vec_free(&plan->ranges);
}

bool plan_load_next(const struct plan *plan, size_t *at, struct plan_load *ret)
{
	const struct plan_range_vec *v = &plan->ranges;
	size_t i = *at;

	while (i < v->n && v->v[i].state > PAGE_ZERO)
		i++;
	if (i == v->n)
		return false;
	*ret = (struct plan_load){ v->v[i].start, v->v[i].start, v->v[i].start, v->v[i].area };
	for (; i < v->n; i++) {
		const struct plan_range *r = &v->v[i];

		if (r->state > PAGE_ZERO || r->area != ret->area || r->start != ret->mem_end)
			break;
		if (r->state == PAGE_CAPTURED) {
			if (ret->mem_end - ret->file_end > ZERO_GAP_MAX)
				break;
			ret->file_end = r->end;
		}
		ret->mem_end = r->end;
	}
	*at = i;
	return true;
}

bool plan_file_next(const struct plan *plan, size_t *at, struct plan_file *ret)
{
	const struct plan_range_vec *v = &plan->ranges;
	const struct proc_area *a = NULL;
	size_t i;

	for (i = *at; i < v->n; i++) {
		const struct plan_range *r = &v->v[i];

		if (r->state != PAGE_CAPTURED && r->state != PAGE_IN_FILE)
			continue;
		a = &plan->p->areas.v[r->area];
		if (a->kind == AREA_FILE_PRIVATE || a->kind == AREA_FILE_SHARED ||
		    a->kind == AREA_SHMEM)
			break;
	}
	if (i >= v->n)
		return false;
	ret->start = ret->end = v->v[i].start;
	ret->pgoff = a->pgoff + (ret->start - a->start) / plan->p->page_size;
	ret->file = a->file;
	for (; i < v->n; i++) {
		const struct plan_range *r = &v->v[i];

		if ((r->state != PAGE_CAPTURED && r->state != PAGE_IN_FILE) ||
		    &plan->p->areas.v[r->area] != a || r->start != ret->end)
			break;
		ret->end = r->end;
	}
	*at = i;
	return true;
}
