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

/* The frames of the next stretch from @pfn on; one that the dump holds only in part counts. */
static bool next_stretch(const struct page_set *ps, enum vmcore_what what, pfn_t pfn, pfn_t *start,
			 pfn_t *end)
{
	uint32_t size = ps->vc->page_size;
	paddr_t from, to;

	if (pfn > UINT64_MAX / size || !vmcore_next(ps->vc, what, pfn * size, &from, &to))
		return false;
	*start = from / size;
	*end = (to - 1) / size + 1;
	return true;
}

/* The frame behind the last that was RAM. */
static pfn_t last_frame(const struct vmcore *vc)
{
	const struct vmcore_load *l;
	paddr_t end = 0;

	vec_for_each (l, &vc->loads)
		end = max_u64(end, l->paddr + l->size);
	if (vc->segs.n)
		end = max_u64(end, vc->segs.v[vc->segs.n - 1].end);
	if (vc->filtered.n)
		end = max_u64(end, vc->filtered.v[vc->filtered.n - 1].end);
	return end ? (end - 1) / vc->page_size + 1 : 0;
}

int page_set_init(struct page_set *ps, struct vmcore *vc, struct page_classifier *pc,
		  const struct page_choice *choice, struct err *err)
{
	memset(ps, 0, sizeof(*ps));
	ps->vc = vc;
	ps->pc = pc;
	ps->choice = *choice;
	ps->max_mapnr = last_frame(vc);
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

uint64_t page_set_next(const struct page_set *ps, uint64_t nr)
{
	pfn_t from = nr << PAGE_WINDOW_SHIFT, start, end;

	if (nr >= ps->nr_windows || !next_stretch(ps, VMCORE_RAM, from, &start, &end))
		return ps->nr_windows;
	return start >> PAGE_WINDOW_SHIFT;
}

void page_set_ram(const struct page_set *ps, uint64_t nr, uint8_t *bits)
{
	pfn_t from = nr << PAGE_WINDOW_SHIFT, to = from + PAGE_WINDOW, at = from, start, end;

	memset(bits, 0, PAGE_WINDOW_BYTES);
	while (at < to && next_stretch(ps, VMCORE_RAM, at, &start, &end) && start < to) {
		bits_set(bits, start - from, min_u64(end, to) - from);
		at = end;
	}
}

static void take_run(void *ctx, pfn_t start, pfn_t end, enum page_class c)
{
	struct page_set *ps = ctx;

	if (!ps->counted)
		ps->nr_of_class[c] += end - start;
	if (!page_class_excluded(c, ps->choice.dump_level))
		bits_set(ps->window, start - ps->window_start, end - ps->window_start);
}

static void classify_stretch(struct page_set *ps, pfn_t start, pfn_t end)
{
	if (ps->pc)
		page_classify(ps->pc, start, end, take_run, ps);
	else
		take_run(ps, start, end, PAGE_UNKNOWN);
}

/* Frames that someone named; those that are not in the dump have no contents to be kept. */
static void choose(struct page_set *ps)
{
	const struct page_choice *c = &ps->choice;

	if (c->only)
		page_keep_clear_others(c->only, ps->window_start, PAGE_WINDOW, ps->window);
	if (c->keep)
		page_keep_mark(c->keep, ps->window_start, PAGE_WINDOW, ps->window);
	if (c->never)
		page_keep_clear(c->never, ps->window_start, PAGE_WINDOW, ps->window);
}

const uint8_t *page_set_get(struct page_set *ps, uint64_t nr)
{
	pfn_t at, to, start, end;

	if (ps->remembered)
		ps->window = ps->remembered + nr * PAGE_WINDOW_BYTES;
	if (ps->remembered && ps->counted)
		return ps->window;
	ps->window_start = nr << PAGE_WINDOW_SHIFT;
	memset(ps->window, 0, PAGE_WINDOW_BYTES);
	to = ps->window_start + PAGE_WINDOW;
	at = ps->window_start;
	while (at < to && next_stretch(ps, VMCORE_HELD, at, &start, &end) && start < to) {
		end = min_u64(end, to);
		classify_stretch(ps, start, end);
		at = end;
	}
	choose(ps);
	return ps->window;
}

void page_set_pass_done(struct page_set *ps)
{
	ps->counted = true;
}
