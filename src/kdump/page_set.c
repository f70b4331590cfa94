/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kdump/page_set.h"

#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"

static void bits_fill(uint8_t *bits, uint64_t start, uint64_t end, bool set)
{
	while (start < end && start & 7) {
		bits[start >> 3] = (uint8_t)(set ? bits[start >> 3] | 1u << (start & 7)
						 : bits[start >> 3] & ~(1u << (start & 7)));
		start++;
	}
	if (start >= end)
		return;
	memset(bits + (start >> 3), set ? 0xff : 0, (end >> 3) - (start >> 3));
	for (start = end & ~7ull; start < end; start++)
		bits[start >> 3] = (uint8_t)(set ? bits[start >> 3] | 1u << (start & 7)
						 : bits[start >> 3] & ~(1u << (start & 7)));
}

void bits_set(uint8_t *bits, uint64_t start, uint64_t end)
{
	bits_fill(bits, start, end, true);
}

void bits_clear(uint8_t *bits, uint64_t start, uint64_t end)
{
	bits_fill(bits, start, end, false);
}

/* First bit in [at, end) that is @set. */
static uint64_t bits_find(const uint8_t *bits, uint64_t at, uint64_t end, bool set)
{
	uint64_t flip = set ? 0 : ~0ull;

	while (at < end) {
		uint64_t word;

		if (at & 63 || end - at < 64) {
			if (bit_test(bits, at) == set)
				return at;
			at++;
			continue;
		}
		word = get_u64(bits + (at >> 3)) ^ flip;
		if (word)
			return at + (uint64_t)__builtin_ctzll(word);
		at += 64;
	}
	return end;
}

bool bits_next_run(const uint8_t *bits, uint64_t *start, uint64_t end, uint64_t *stop)
{
	*start = bits_find(bits, *start, end, true);
	if (*start >= end)
		return false;
	*stop = bits_find(bits, *start, end, false);
	return true;
}

uint64_t bits_count(const uint8_t *bits, size_t bytes)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i + 8 <= bytes; i += 8)
		n += (uint64_t)__builtin_popcountll(get_u64(bits + i));
	for (; i < bytes; i++)
		n += (uint64_t)__builtin_popcount(bits[i]);
	return n;
}

/* Frames of a segment; one that the dump holds only in part counts. */
static pfn_t seg_start(const struct page_set *ps, const struct vmcore_seg *s)
{
	return s->start / ps->vc->page_size;
}

static pfn_t seg_end(const struct page_set *ps, const struct vmcore_seg *s)
{
	return (s->end - 1) / ps->vc->page_size + 1;
}

int page_set_init(struct page_set *ps, struct vmcore *vc, struct page_classifier *pc,
		  unsigned int dump_level, struct err *err)
{
	memset(ps, 0, sizeof(*ps));
	ps->vc = vc;
	ps->pc = pc;
	ps->dump_level = dump_level;
	if (vc->segs.n)
		ps->max_mapnr = seg_end(ps, &vc->segs.v[vc->segs.n - 1]);
	ps->nr_windows = (ps->max_mapnr + PAGE_WINDOW - 1) / PAGE_WINDOW;
	if (ps->nr_windows <= PAGE_SET_REMEMBER)
		ps->remembered = malloc((ps->nr_windows + 1) * PAGE_WINDOW_BYTES);
	ps->window = ps->remembered ? ps->remembered : malloc(PAGE_WINDOW_BYTES);
	return ps->window ? 0 : err_nomem(err);
}

void page_set_deinit(struct page_set *ps)
{
	free(ps->remembered ? ps->remembered : ps->window);
	ps->remembered = ps->window = NULL;
}

/* First segment that reaches beyond @pfn. */
static const struct vmcore_seg *first_seg(const struct page_set *ps, pfn_t pfn)
{
	size_t lo = 0, hi = ps->vc->segs.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (seg_end(ps, &ps->vc->segs.v[mid]) <= pfn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return ps->vc->segs.v + lo;
}

bool page_set_any(const struct page_set *ps, uint64_t nr)
{
	const struct vmcore_seg *s = first_seg(ps, nr << PAGE_WINDOW_SHIFT);

	return s < ps->vc->segs.v + ps->vc->segs.n &&
	       seg_start(ps, s) < (nr + 1) << PAGE_WINDOW_SHIFT;
}

/* Calls @fn for each stretch of the window that is in the dump, relative to the window. */
static void for_each_stretch(struct page_set *ps, uint64_t nr,
			     void (*fn)(struct page_set *ps, pfn_t start, pfn_t end))
{
	pfn_t from = nr << PAGE_WINDOW_SHIFT, to = from + PAGE_WINDOW, at = from;
	const struct vmcore_seg *s;

	for (s = first_seg(ps, from); s < ps->vc->segs.v + ps->vc->segs.n; s++) {
		pfn_t start = max_u64(seg_start(ps, s), at), end = min_u64(seg_end(ps, s), to);

		if (start >= to)
			break;
		/* Two segments may share a frame. */
		if (start < end) {
			fn(ps, start, end);
			at = end;
		}
	}
}

void page_set_ram(const struct page_set *ps, uint64_t nr, uint8_t *bits)
{
	pfn_t from = nr << PAGE_WINDOW_SHIFT, to = from + PAGE_WINDOW;
	const struct vmcore_seg *s;

	memset(bits, 0, PAGE_WINDOW_BYTES);
	for (s = first_seg(ps, from); s < ps->vc->segs.v + ps->vc->segs.n; s++) {
		if (seg_start(ps, s) >= to)
			break;
		bits_set(bits, max_u64(seg_start(ps, s), from) - from,
			 min_u64(seg_end(ps, s), to) - from);
	}
}

static void take_run(void *ctx, pfn_t start, pfn_t end, enum page_class c)
{
	struct page_set *ps = ctx;

	if (!ps->counted)
		ps->nr_of_class[c] += end - start;
	if (!page_class_excluded(c, ps->dump_level))
		bits_set(ps->window, start - ps->window_start, end - ps->window_start);
}

static void classify_stretch(struct page_set *ps, pfn_t start, pfn_t end)
{
	if (ps->pc)
		page_classify(ps->pc, start, end, take_run, ps);
	else
		take_run(ps, start, end, PAGE_UNKNOWN);
}

const uint8_t *page_set_get(struct page_set *ps, uint64_t nr)
{
	if (ps->remembered)
		ps->window = ps->remembered + nr * PAGE_WINDOW_BYTES;
	if (ps->remembered && ps->counted)
		return ps->window;
	ps->window_start = nr << PAGE_WINDOW_SHIFT;
	memset(ps->window, 0, PAGE_WINDOW_BYTES);
	for_each_stretch(ps, nr, classify_stretch);
	return ps->window;
}

void page_set_pass_done(struct page_set *ps)
{
	ps->counted = true;
}
