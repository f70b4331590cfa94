/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/page_class.h"

#include <string.h>

#include "util/bytes.h"

int page_classifier_init(struct page_classifier *pc, struct kmem *km, const struct kernel *k,
			 char *missing, size_t missing_size, struct err *err)
{
	kvaddr_t vmemmap = 0, symbol = 0;

	memset(pc, 0, sizeof(*pc));
	if (!page_facts_init(&pc->facts, k ? &k->layout : NULL, &km->vc->info, missing,
			     missing_size))
		return err_set(
			err, ERR_UNSUPPORTED,
			"the dump does not describe struct page: no page can be told from another");
	pc->may_have_poison = pc->facts.hwpoison && (!k || k->may_have_poison);
	if (k) {
		vmemmap = k->vmemmap;
		symbol = k->sym.known[S_mem_section] ? k->sym.addr[S_mem_section] : 0;
	} else {
		vmcoreinfo_symbol(&km->vc->info, "vmemmap", &vmemmap);
	}
	return mem_map_init(&pc->map, km, k ? &k->layout : NULL, vmemmap, symbol, pc->facts.size,
			    err);
}

/* Where the runs go; equal neighbours are put together. */
struct runs {
	void (*fn)(void *ctx, pfn_t start, pfn_t end, enum page_class c);
	void *ctx;
	pfn_t start, end;
	enum page_class c;
};

static void runs_add(struct runs *r, pfn_t start, pfn_t end, enum page_class c)
{
	if (r->start < r->end && c == r->c) {
		r->end = end;
		return;
	}
	if (r->start < r->end)
		r->fn(r->ctx, r->start, r->end, r->c);
	r->start = start;
	r->end = end;
	r->c = c;
}

/* Struct pages as they lie in the dump, as many as can be seen at once. */
struct batch {
	const uint8_t *p;
	size_t n;	       /* struct pages */
	uint8_t copy[2 * 256]; /* where one, and the one behind it, are not in one piece */
};

/* @nr: wanted. Return: false if not even the first can be read. */
static bool batch_get(struct page_classifier *pc, kvaddr_t va, uint64_t nr, struct batch *b)
{
	struct kmem *km = pc->map.km;
	uint32_t size = pc->facts.size;
	uint64_t run;
	const void *p;
	paddr_t pa;
	size_t got;

	if (kmem_translate(km, va, &pa, &run, NULL))
		return false;
	if (!vmcore_map(km->vc, pa, min_u64(run, nr * size), &p, &got, NULL) &&
	    got >= 2 * (size_t)size) {
		b->p = p;
		b->n = got / size;
		return true;
	}
	/* The last one of a piece. */
	if (kmem_read(km, va, b->copy, size, NULL))
		return false;
	b->p = b->copy;
	b->n = nr > 1 && !kmem_read(km, va + size, b->copy + size, size, NULL) ? 2 : 1;
	return true;
}

/* Single frames of a block that must not be touched, whatever their block is. */
static void add_poisoned(struct page_classifier *pc, const uint8_t *p, pfn_t start, pfn_t end,
			 enum page_class c, struct runs *r)
{
	pfn_t pfn;

	for (pfn = start; pfn < end; pfn++, p += pc->facts.size)
		runs_add(r, pfn, pfn + 1,
			 get_u64(p + pc->facts.off_flags) & pc->facts.hwpoison ? PAGE_HWPOISON : c);
}

/*
 * Frames from @pfn on whose struct pages are @b. The last one is left for the next batch where it
 * might begin a compound page and more follow, as the struct page behind it tells what that is.
 * Return: the frame behind those that were told.
 */
static pfn_t classify_batch(struct page_classifier *pc, const struct batch *b, pfn_t pfn, pfn_t end,
			    struct runs *r)
{
	const struct page_facts *f = &pc->facts;
	pfn_t first = pfn, limit = min_u64(end, pfn + b->n);

	while (pfn < limit) {
		const uint8_t *p = b->p + (pfn - first) * f->size;
		bool has_next = pfn + 1 - first < b->n;
		pfn_t stop;

		if (pfn < pc->block_end) {
			stop = min_u64(pc->block_end, limit);
			if (pc->may_have_poison)
				add_poisoned(pc, p, pfn, stop, pc->block_class, r);
			else
				runs_add(r, pfn, stop, pc->block_class);
			pfn = stop;
			continue;
		}
		if (!has_next && pfn > first && pfn + 1 < end &&
		    get_u64(p + f->off_flags) & f->head)
			break;
		do {
			unsigned int order;
			enum page_class c = page_facts_classify(f, p, has_next ? p + f->size : NULL,
								pfn, &order);

			if (order) {
				pc->block_class = c;
				pc->block_end = pfn + (1ull << order);
				break;
			}
			runs_add(r, pfn, pfn + 1, c);
			p += f->size;
			has_next = ++pfn + 1 - first < b->n;
		} while (pfn < limit && has_next);
	}
	return pfn;
}

/* The rest of a block may be known although its struct pages were not looked at. */
static pfn_t skip_block(struct page_classifier *pc, pfn_t pfn, pfn_t end, struct runs *r)
{
	pfn_t stop = min_u64(pc->block_end, end);

	if (pfn >= stop || pc->may_have_poison)
		return pfn;
	runs_add(r, pfn, stop, pc->block_class);
	return stop;
}

void page_classify(struct page_classifier *pc, pfn_t start, pfn_t end,
		   void (*fn)(void *ctx, pfn_t start, pfn_t end, enum page_class c), void *ctx)
{
	struct runs r = { .fn = fn, .ctx = ctx };
	uint64_t per_page = max_u64(pc->map.km->vc->page_size / pc->facts.size, 1);
	pfn_t pfn = start;
	struct batch b;

	if (pc->next != start)
		pc->block_end = 0;
	while (pfn < end) {
		pfn_t stop;
		kvaddr_t va;

		pfn = skip_block(pc, pfn, end, &r);
		if (pfn >= end)
			break;
		mem_map_find(&pc->map, pfn, &va, &stop);
		stop = min_u64(stop, end);
		if (va && batch_get(pc, va, stop - pfn, &b)) {
			pfn = classify_batch(pc, &b, pfn, stop, &r);
			continue;
		}
		/* What cannot be read is a page of struct pages at least. */
		if (va)
			stop = min_u64(stop, (pfn / per_page + 1) * per_page);
		runs_add(&r, pfn, stop, PAGE_UNKNOWN);
		pfn = stop;
	}
	if (r.start < r.end)
		fn(ctx, r.start, r.end, r.c);
	pc->next = end;
}
