/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kdump/page_record.h"

#include <stdlib.h>

int page_record_create(uint32_t page_size, size_t max, struct page_record **ret, struct err *err)
{
	struct page_record *r = calloc(1, sizeof(*r));

	if (!r)
		return err_nomem(err);
	r->page_shift = (unsigned int)__builtin_ctz(page_size);
	r->max = max;
	*ret = r;
	return 0;
}

void page_record_destroy(struct page_record *r)
{
	if (r)
		pfn_range_vec_free(&r->ranges);
	free(r);
}

static void join_near(struct page_record *r)
{
	struct pfn_range *v = r->ranges.v;
	size_t i, n = 0;

	for (i = 0; i < r->ranges.n; i++) {
		if (n && v[i].start - v[n - 1].end <= r->gap)
			v[n - 1].end = v[i].end;
		else
			v[n++] = v[i];
	}
	r->ranges.n = n;
}

void page_record_settle(struct page_record *r)
{
	page_keep_settle(&r->ranges);
	join_near(r);
}

static void add_range(struct page_record *r, pfn_t start, pfn_t end)
{
	struct pfn_range *last = r->ranges.n ? &r->ranges.v[r->ranges.n - 1] : NULL;
	const struct pfn_range range = { start, end };

	if (last && start >= last->start && start <= last->end) {
		last->end = max_u64(last->end, end);
		return;
	}
	if (r->ranges.n >= r->max) {
		page_record_settle(r);
		/* Half of the room is free afterwards, so that this is rare. */
		while (r->ranges.n > r->max / 2) {
			r->gap = r->gap ? 2 * r->gap : 1;
			join_near(r);
		}
	}
	if (!pfn_range_vec_push(&r->ranges, range))
		r->failed = true;
}

void page_record_add(struct page_record *r, paddr_t paddr, uint64_t size)
{
	pfn_t first = paddr >> r->page_shift, last;
	pfn_t *slot = &r->recent[first % PAGE_RECORD_RECENT];

	if (!size || paddr > UINT64_MAX - size)
		return;
	last = (paddr + size - 1) >> r->page_shift;
	if (first == last && *slot == first + 1)
		return;
	*slot = first + 1;
	add_range(r, first, last + 1);
}
