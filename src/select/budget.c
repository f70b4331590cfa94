/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "select/budget.h"

#include <stdlib.h>
#include <string.h>

/* Captured bytes of each area. */
static uint64_t *count_areas(const struct plan *plan)
{
	uint64_t *n = calloc(plan->p->areas.n + 1, sizeof(*n));
	const struct plan_range *r;

	if (n)
		vec_for_each(r, &plan->ranges)
			if (r->state == PAGE_CAPTURED)
				n[r->area] += r->end - r->start;
	return n;
}

/* The largest limit for each area by which all fit. */
static uint64_t find_limit(const uint64_t *n, size_t nr, uint64_t max)
{
	uint64_t lo = 0, hi = max;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo + 1) / 2, sum = 0;
		size_t i;

		for (i = 0; i < nr && sum <= max; i++)
			sum += min_u64(n[i], mid);
		if (sum <= max)
			lo = mid;
		else
			hi = mid - 1;
	}
	return lo;
}

static void give_up(struct plan *plan, struct plan_range r)
{
	uint64_t size = r.end - r.start;

	plan->bytes[r.state] -= size;
	plan->bytes[PAGE_UNAVAILABLE] += size;
	plan->unavailable[REASON_BUDGET] += size;
	if (r.rule < RULE_NR)
		plan->kept[r.rule] -= min_u64(plan->kept[r.rule], size);
}

static bool put(struct plan_range_vec *out, struct plan_range r)
{
	return r.start >= r.end || plan_range_vec_push(out, r);
}

/* Areas that a thread's stack is in: what is in use there lies at the end. */
static bool *find_stacks(const struct plan *plan)
{
	struct proc *p = plan->p;
	bool *is_stack = calloc(p->areas.n + 1, sizeof(*is_stack));
	const struct proc_area *a;
	struct arch_regs regs;
	size_t i;

	for (i = 0; is_stack && i < p->threads.n; i++) {
		if (p->ops->regs(p, &p->threads.v[i], &regs, NULL))
			continue;
		a = proc_find_area(p, regs.r[p->arch->reg_sp]);
		if (a)
			is_stack[a - p->areas.v] = true;
	}
	return is_stack;
}

/* Copy a range, less the first *excess captured bytes, which are given up. */
static bool cut_head(struct plan *plan, struct plan_range_vec *out, const struct plan_range *r,
		     uint64_t *excess, uint64_t *lost)
{
	struct plan_range keep = *r, drop = *r;
	uint64_t n;

	if (r->state != PAGE_CAPTURED || !*excess)
		return put(out, *r);
	n = min_u64(round_up_u64(*excess, plan->p->page_size), r->end - r->start);
	*excess -= min_u64(n, *excess);
	drop.end = keep.start = r->start + n;
	give_up(plan, drop);
	*lost += n;
	drop.state = PAGE_UNAVAILABLE;
	drop.source = SOURCE_NONE;
	drop.reason = REASON_BUDGET;
	drop.mixed = false;
	return put(out, drop) && put(out, keep);
}

/* Copy a range, less what of it is beyond @left. */
static bool cut_range(struct plan *plan, struct plan_range_vec *out, const struct plan_range *r,
		      uint64_t *left, uint64_t *lost)
{
	struct plan_range keep = *r, drop = *r;
	uint64_t n;

	if (r->state != PAGE_CAPTURED)
		return put(out, *r);
	n = min_u64(*left, r->end - r->start);
	if (n < r->end - r->start)
		n = round_down_u64(n, plan->p->page_size);
	*left -= n;
	keep.end = drop.start = r->start + n;
	if (drop.start < drop.end) {
		give_up(plan, drop);
		*lost += drop.end - drop.start;
		*left = 0;
		drop.state = PAGE_UNAVAILABLE;
		drop.source = SOURCE_NONE;
		drop.reason = REASON_BUDGET;
		drop.mixed = false;
	}
	return put(out, keep) && put(out, drop);
}

static bool shrink_ranges(struct plan *plan, const uint64_t *areas, const bool *is_stack,
			  uint64_t limit, struct plan_range_vec *out, uint64_t *lost)
{
	uint64_t left = 0, excess = 0;
	const struct plan_range *r;
	uint32_t area = UINT32_MAX;
	bool ok = true;

	vec_for_each(r, &plan->ranges) {
		if (r->area != area) {
			area = r->area;
			left = limit;
			excess = areas[area] - min_u64(areas[area], limit);
		}
		ok = ok && (is_stack[area] ? cut_head(plan, out, r, &excess, lost)
					   : cut_range(plan, out, r, &left, lost));
	}
	return ok;
}

uint64_t plan_shrink(struct plan *plan, uint64_t max)
{
	struct plan_range_vec out = { 0 };
	uint64_t *areas, lost = 0;
	bool *is_stack, ok = false;

	if (plan->bytes[PAGE_CAPTURED] <= max)
		return 0;
	areas = count_areas(plan);
	is_stack = find_stacks(plan);
	if (areas && is_stack)
		ok = shrink_ranges(plan, areas, is_stack,
				   find_limit(areas, plan->p->areas.n, max), &out, &lost);
	free(areas);
	free(is_stack);
	if (!ok) {
		plan_range_vec_free(&out);
		return UINT64_MAX;
	}
	plan_range_vec_free(&plan->ranges);
	plan->ranges = out;
	return lost;
}
