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

/* The first that ends behind @pfn: an index, up to keep->n. */
static size_t range_from(const struct pfn_range_vec *keep, pfn_t pfn)
{
	size_t lo = 0, hi = keep->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (keep->v[mid].end <= pfn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void apply(const struct pfn_range_vec *keep, pfn_t first, uint64_t nr, uint8_t *bits,
		  void (*fn)(uint8_t *bits, uint64_t start, uint64_t end))
{
	size_t i;

	for (i = range_from(keep, first); i < keep->n && keep->v[i].start < first + nr; i++)
		fn(bits, max_u64(keep->v[i].start, first) - first,
		   min_u64(keep->v[i].end, first + nr) - first);
}

void page_keep_mark(const struct pfn_range_vec *keep, pfn_t first, uint64_t nr, uint8_t *bits)
{
	apply(keep, first, nr, bits, bits_set);
}

void page_keep_clear(const struct pfn_range_vec *keep, pfn_t first, uint64_t nr, uint8_t *bits)
{
	apply(keep, first, nr, bits, bits_clear);
}

void page_keep_clear_others(const struct pfn_range_vec *keep, pfn_t first, uint64_t nr,
			    uint8_t *bits)
{
	pfn_t at = first;
	size_t i;

	for (i = range_from(keep, first); i < keep->n && keep->v[i].start < first + nr; i++) {
		if (keep->v[i].start > at)
			bits_clear(bits, at - first, keep->v[i].start - first);
		at = min_u64(keep->v[i].end, first + nr);
	}
	bits_clear(bits, at - first, nr);
}
