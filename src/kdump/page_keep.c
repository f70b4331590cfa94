/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kdump/page_keep.h"

#include "kdump/page_set.h"

int page_keep_add(struct pfn_range_vec *keep, pfn_t start, pfn_t end, struct err *err)
{
	struct pfn_range *last = keep->n ? &keep->v[keep->n - 1] : NULL;
	struct pfn_range r = { start, end };

	if (start >= end)
		return 0;
	if (last && start >= last->start && start <= last->end) {
		last->end = max_u64(last->end, end);
		return 0;
	}
	if (keep->n >= PAGE_KEEP_MAX)
		page_keep_settle(keep);
	if (keep->n >= PAGE_KEEP_MAX)
		return err_set(err, ERR_UNSUPPORTED,
			       "the chosen processes have more than %u stretches of pages",
			       PAGE_KEEP_MAX);
	return pfn_range_vec_push(keep, r) ? 0 : err_nomem(err);
}

static int range_cmp(const void *a, const void *b)
{
	const struct pfn_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

void page_keep_settle(struct pfn_range_vec *keep)
{
	size_t i, n = 0;

	if (!keep->n)
		return;
	qsort(keep->v, keep->n, sizeof(*keep->v), range_cmp);
	for (i = 0; i < keep->n; i++) {
		if (n && keep->v[i].start <= keep->v[n - 1].end)
			keep->v[n - 1].end = max_u64(keep->v[n - 1].end, keep->v[i].end);
		else
			keep->v[n++] = keep->v[i];
	}
	keep->n = n;
}

int page_keep_subtract(struct pfn_range_vec *keep, const struct pfn_range_vec *less, struct err *err)
{
	struct pfn_range_vec out = { 0 };
	const struct pfn_range *k;
	bool ok = true;
	size_t i = 0, j;

	vec_for_each (k, keep) {
		pfn_t at = k->start;

		while (i < less->n && less->v[i].end <= at)
			i++;
		for (j = i; j < less->n && less->v[j].start < k->end; j++) {
			if (less->v[j].start > at)
				ok = ok && pfn_range_vec_push(&out, (struct pfn_range){ at, less->v[j].start });
			at = max_u64(at, less->v[j].end);
		}
		if (at < k->end)
			ok = ok && pfn_range_vec_push(&out, (struct pfn_range){ at, k->end });
	}
	if (!ok) {
		pfn_range_vec_free(&out);
		return err_nomem(err);
	}
	pfn_range_vec_free(keep);
	*keep = out;
	return 0;
}

void page_keep_mark(const struct pfn_range_vec *keep, pfn_t first, uint64_t nr, uint8_t *bits)
{
	size_t lo = 0, hi = keep->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (keep->v[mid].end <= first)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < keep->n && keep->v[lo].start < first + nr; lo++)
		bits_set(bits, max_u64(keep->v[lo].start, first) - first,
			 min_u64(keep->v[lo].end, first + nr) - first);
}
