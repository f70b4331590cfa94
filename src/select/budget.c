/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "select/budget.h"

#include <stdlib.h>
#include <string.h>

/* The bulk. What a backtrace needs, and what was asked for by name, is never given up. */
static bool may_shrink(const struct plan_range *r)
{
	return r->state == PAGE_CAPTURED &&
	       (r->rule == RULE_NONE || r->rule == RULE_ANCHOR || r->rule == RULE_DATA ||
		r->rule == RULE_FILTER || r->rule == RULE_FILE_PAGES || r->rule == RULE_MAPPING);
}

/* Bytes of each area that can be given up; *fixed: of all areas, those that cannot. */
static uint64_t *count_areas(const struct plan *plan, uint64_t *fixed)
{
	uint64_t *n = calloc(plan->p->areas.n + 1, sizeof(*n));
	const struct plan_range *r;

	*fixed = 0;
	if (n)
		vec_for_each(r, &plan->ranges) {
			if (may_shrink(r))
				n[r->area] += r->end - r->start;
			else if (r->state == PAGE_CAPTURED)
				*fixed += r->end - r->start;
		}
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

/* Copy a range, less what of it is beyond @left. */
static bool cut_range(struct plan *plan, struct plan_range_vec *out, const struct plan_range *r,
		      uint64_t *left, uint64_t *lost)
{
	struct plan_range keep = *r, drop = *r;
	uint64_t n;

	if (!may_shrink(r))
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

uint64_t plan_shrink(struct plan *plan, uint64_t max)
{
	struct plan_range_vec out = { 0 };
	uint64_t *areas, limit, fixed, lost = 0, left = 0;
	const struct plan_range *r;
	uint32_t area = UINT32_MAX;
	bool ok = true;

	if (plan->bytes[PAGE_CAPTURED] <= max)
		return 0;
	areas = count_areas(plan, &fixed);
	if (!areas)
		return UINT64_MAX;
	limit = find_limit(areas, plan->p->areas.n, max - min_u64(max, fixed));
	free(areas);
	vec_for_each(r, &plan->ranges) {
		if (r->area != area) {
			area = r->area;
			left = limit;
		}
		ok = ok && cut_range(plan, &out, r, &left, &lost);
	}
	if (!ok) {
		plan_range_vec_free(&out);
		return UINT64_MAX;
	}
	plan_range_vec_free(&plan->ranges);
	plan->ranges = out;
	return lost;
}
