/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "select/plan.h"

#include <string.h>

#include "kernel/vma.h"
#include "select/policy.h"

/* A hole of zeros this long is worth a PT_LOAD of its own (56 bytes, and a lookup in the debugger). */
#define ZERO_GAP_MAX KIB(64)

static bool same_kind(const struct plan_range *a, const struct plan_range *b)
{
	return a->area == b->area && a->end == b->start && a->state == b->state &&
	       a->source == b->source && a->reason == b->reason && a->rule == b->rule;
}

static bool can_mix(const struct plan *plan, const struct plan_range *a,
		    const struct plan_range *b)
{
	return plan->ranges.n >= PLAN_RANGES_FINE && a->area == b->area && a->end == b->start &&
	       (a->state == PAGE_CAPTURED || a->mixed) && b->state <= PAGE_ZERO && a->rule == b->rule;
}

static int add_range(struct plan *plan, struct plan_range r, struct err *err)
{
	struct plan_range *last = plan->ranges.n ? &plan->ranges.v[plan->ranges.n - 1] : NULL;

	plan->bytes[r.state] += r.end - r.start;
	if (r.state == PAGE_UNAVAILABLE)
		plan->unavailable[r.reason] += r.end - r.start;
	if (r.state == PAGE_CAPTURED)
		plan->kept[r.rule] += r.end - r.start;
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

/* Planning one process. */
struct planner {
	struct plan *plan;
	struct proc_walk *w;
	struct keep keep;
	struct err *err;
};

/* What a run becomes where nothing asks for it. */
static void leave_out(const struct plan *plan, const struct proc_area *a, enum page_reason why,
		      const struct proc_run *run, struct plan_range *r)
{
	r->rule = RULE_NONE;
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
static int add_captured(struct plan *plan, struct plan_range r, const struct proc_run *run,
			struct err *err)
{
	struct proc *p = plan->p;
	uvaddr_t end = r.end;
	int rc = 0;

	while (r.start < end && !rc) {
		struct plan_range part = r;
		const void *ptr;
		size_t n;

		if (proc_map_run(p, run, r.start - run->start, end - r.start, &ptr, &n, NULL)) {
			n = min_u64(p->page_size - r.start % p->page_size, end - r.start);
			part.state = PAGE_UNAVAILABLE;
			part.source = SOURCE_NONE;
			part.reason = REASON_READ_ERROR;
			part.rule = RULE_NONE;
			plan->damaged = true;
		}
		part.end = r.start + n;
		rc = add_range(plan, part, err);
		r.start += n;
	}
	return rc;
}

/* Whether a rule keeps the bytes of a run: some ask only for what is, or is not, in a file. */
static bool rule_keeps(const struct plan *plan, const struct proc_area *a, enum keep_rule rule,
		       const struct proc_run *run)
{
	if (rule == RULE_NONE)
		return false;
	if (rule == RULE_FILE_PAGES)
		return is_in_file(plan, a, run);
	/* A live core holds clean pages too, where it holds a mapping at all. */
	return !keep_rule_is_written_only(rule) || plan->detail == DETAIL_FULL ||
	       !is_in_file(plan, a, run);
}

/* A stretch of one area for which one rule holds, or none. */
static int plan_stretch(struct planner *pl, uint32_t area, uvaddr_t start, uvaddr_t end,
			enum keep_rule rule, enum page_reason why)
{
	struct plan *plan = pl->plan;
	const struct proc_area *a = &plan->p->areas.v[area];
	bool cached = rule != RULE_NONE && rule != RULE_FILTER && !keep_rule_is_written_only(rule);
	struct proc_run run;
	int rc = 0;

	plan->p->ops->walk_range(pl->w, a, start, end, cached);
	while (!rc && plan->p->ops->walk_next(pl->w, &run)) {
		struct plan_range r = { .start = run.start, .end = run.end, .area = area,
					.state = (uint8_t)run.state, .source = (uint8_t)run.source,
					.reason = (uint8_t)run.reason, .rule = (uint8_t)rule };

		if (run.reason == REASON_BAD_TABLE || run.reason == REASON_NOT_IN_DUMP ||
		    run.reason == REASON_SWAP_DAMAGED)
			plan->damaged = true;
		if (!rule_keeps(plan, a, rule, &run))
			leave_out(plan, a, why, &run, &r);
		else if (r.state > PAGE_ZERO)
			r.rule = RULE_NONE;
		rc = r.state == PAGE_CAPTURED ? add_captured(plan, r, &run, pl->err)
					      : add_range(plan, r, pl->err);
	}
	return rc;
}

static int add_whole(struct planner *pl, uint32_t area, uvaddr_t start, uvaddr_t end,
		     enum page_state state, enum page_reason why)
{
	struct plan_range r = { .start = start, .end = end, .area = area, .state = (uint8_t)state,
				.reason = (uint8_t)why };

	return start < end ? add_range(pl->plan, r, pl->err) : 0;
}

/*
 * What no rule asks for. Only where pages may be in a file it matters which: elsewhere the cost is to
 * follow what is kept, not what there is.
 */
static int plan_rest(struct planner *pl, uint32_t area, uvaddr_t start, uvaddr_t end,
		     enum page_reason why)
{
	const struct proc_area *a = &pl->plan->p->areas.v[area];

	if (start >= end)
		return 0;
	if (a->kind == AREA_FILE_PRIVATE ||
	    (a->kind == AREA_FILE_SHARED && pl->plan->detail == DETAIL_FULL))
		return plan_stretch(pl, area, start, end, RULE_NONE, why);
	if (a->kind == AREA_FILE_SHARED && !(a->vm_flags & VM_MAYWRITE) &&
	    !(a->file < pl->plan->p->files.n && pl->plan->p->files.v[a->file].shmem))
		return add_whole(pl, area, start, end, PAGE_IN_FILE, REASON_NONE);
	return add_whole(pl, area, start, end, PAGE_UNAVAILABLE, why);
}

/* A stretch outside of what must never be kept: what rules ask for, and the rest. */
static int plan_allowed(struct planner *pl, uint32_t area, uvaddr_t at, uvaddr_t end,
			enum page_reason why)
{
	const struct keep_range_vec *v = &pl->keep.ranges;
	size_t i;
	int rc = 0;

	for (i = keep_range_find(v, at); i < v->n && v->v[i].start < end && !rc; i++) {
		uvaddr_t from = max_u64(at, v->v[i].start), to = min_u64(end, v->v[i].end);

		rc = plan_rest(pl, area, at, from, why);
		if (!rc)
			rc = plan_stretch(pl, area, from, to, (enum keep_rule)v->v[i].rule, why);
		at = to;
	}
	return rc ? rc : plan_rest(pl, area, at, end, why);
}

static int plan_area(struct planner *pl, uint32_t area)
{
	const struct keep_range_vec *never = &pl->keep.never;
	const struct proc_area *a = &pl->plan->p->areas.v[area];
	enum page_reason why;
	uvaddr_t at = a->start;
	size_t i;
	int rc = 0;

	policy_full(pl->plan->p, a, &why);
	/* Secrets and devices are not even looked at. */
	if (why == REASON_DONTDUMP || why == REASON_IO)
		return add_whole(pl, area, a->start, a->end, PAGE_UNAVAILABLE, why);
	if (pl->plan->detail < DETAIL_FULL)
		why = REASON_DETAIL;
	for (i = keep_range_find(never, at); i < never->n && never->v[i].start < a->end && !rc; i++) {
		uvaddr_t from = max_u64(at, never->v[i].start);
		uvaddr_t to = min_u64(a->end, never->v[i].end);

		rc = plan_allowed(pl, area, at, from, why);
		if (!rc)
			rc = add_whole(pl, area, from, to, PAGE_UNAVAILABLE, REASON_EXCLUDED);
		at = to;
	}
	return rc ? rc : plan_allowed(pl, area, at, a->end, why);
}

int plan_make(struct proc *p, const struct keep_opts *o, struct plan *ret, struct err *err)
{
	struct planner pl = { .plan = ret, .err = err };
	uint32_t i;
	int rc;

	memset(ret, 0, sizeof(*ret));
	ret->p = p;
	ret->detail = o->detail;
	ret->damaged = p->map_fault.rc || p->nr_lost_threads;
	if (!p->has_memory)
		return 0;
	rc = keep_make(p, o, &pl.keep, err);
	if (rc)
		return rc;
	ret->detail = pl.keep.detail;
	ret->registered = pl.keep.registered;
	memset(&pl.keep.registered, 0, sizeof(pl.keep.registered));
	rc = p->ops->walk_open(p, &pl.w, err);
	for (i = 0; i < p->areas.n && !rc; i++)
		rc = plan_area(&pl, i);
	ret->damaged |= p->facts_lost;
	if (pl.w)
		p->ops->walk_close(pl.w);
	keep_deinit(&pl.keep);
	if (rc)
		plan_deinit(ret);
	return rc;
}

void plan_deinit(struct plan *plan)
{
	plan_range_vec_free(&plan->ranges);
	registered_free(&plan->registered);
}

size_t plan_range_find(const struct plan *plan, uvaddr_t at)
{
	size_t lo = 0, hi = plan->ranges.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (plan->ranges.v[mid].end > at)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

bool plan_may_show(const struct plan *plan, uvaddr_t start, uint64_t size)
{
	size_t i = plan_range_find(plan, start);
	uvaddr_t end = start + size;

	if (end < start)
		return false;
	for (; start < end; i++) {
		const struct plan_range *r = &plan->ranges.v[i];

		if (i >= plan->ranges.n || r->start > start || r->reason == REASON_EXCLUDED ||
		    r->reason == REASON_DONTDUMP || r->reason == REASON_IO)
			return false;
		start = r->end;
	}
	return true;
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

static bool is_of_file(const struct plan *plan, const struct plan_range *r)
{
	enum area_kind kind = plan->p->areas.v[r->area].kind;

	return (r->state == PAGE_CAPTURED || r->state == PAGE_IN_FILE) &&
	       (kind == AREA_FILE_PRIVATE || kind == AREA_FILE_SHARED || kind == AREA_SHMEM);
}

bool plan_file_next(const struct plan *plan, size_t *at, struct plan_file *ret)
{
	const struct plan_range_vec *v = &plan->ranges;
	uint64_t page = plan->p->page_size;
	size_t i = *at;

	while (i < v->n) {
		const struct plan_range *first;
		const struct proc_area *a;
		uvaddr_t end;

		if (!is_of_file(plan, &v->v[i])) {
			i++;
			continue;
		}
		first = &v->v[i];
		for (end = first->start; i < v->n && is_of_file(plan, &v->v[i]) &&
					 v->v[i].area == first->area && v->v[i].start == end; i++)
			end = v->v[i].end;
		/* A page of which a part is not available has no cover: the file's bytes are not the process's. */
		ret->start = round_up_u64(first->start, page);
		ret->end = round_down_u64(end, page);
		if (ret->start >= ret->end)
			continue;
		a = &plan->p->areas.v[first->area];
		ret->pgoff = a->pgoff + (ret->start - a->start) / page;
		ret->file = a->file;
		*at = i;
		return true;
	}
	*at = i;
	return false;
}
