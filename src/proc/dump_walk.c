/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proc/dump_walk.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/folio.h"
#include "kernel/page.h"
#include "kernel/pagecache.h"
#include "kernel/swap.h"
#include "kernel/vma.h"
#include "mem/pgtable.h"

struct proc_walk {
	struct proc *p;
	const struct proc_area *a;
	struct pgwalk pg;
	bool cached;
	uint64_t cache_budget; /* entries of page caches: a loop ends */
	struct proc_run ahead; /* read, and not yet returned: it did not fit the run before */
	bool has_ahead;
};

static int walk_open(struct proc *p, struct proc_walk **ret, struct err *err)
{
	struct kernel *k = p->k;
	struct proc_walk *w = calloc(1, sizeof(*w));
	uint64_t pgd;
	paddr_t root;
	int rc;

	if (!w)
		return err_nomem(err);
	w->p = p;
	/* A file may be mapped more than once, but not each of its pages in hundreds of places. */
	w->cache_budget = 256 * vmcore_nr_pages(k->vc);
	rc = kread_member(k, p->mm, L_mm_struct_pgd, &pgd, err);
	if (!rc)
		rc = kmem_translate(&k->km, pgd, &root, NULL, err);
	if (!rc)
		rc = pgwalk_init(&w->pg, k->vc, k->km.arch, &k->km.space, root, err);
	if (rc) {
		pgwalk_deinit(&w->pg);
		free(w);
		return err_add(err, "page tables of process %d", p->leader.pid);
	}
	*ret = w;
	return 0;
}

static void walk_close(struct proc_walk *w)
{
	pgwalk_deinit(&w->pg);
	free(w);
}

static void walk_range(struct proc_walk *w, const struct proc_area *a, uvaddr_t start, uvaddr_t end,
		       bool cached)
{
	w->a = a;
	w->cached = cached;
	w->has_ahead = false;
	pgwalk_range(&w->pg, start, end);
}

/* The shared zero pages: reading them gives zeros, and keeping each of many costs. */
static bool is_zero_page(struct kernel *k, const struct pgrun *g)
{
	enum symbol_id id = g->level > 1 ? S_huge_zero_pfn : S_zero_pfn;
	paddr_t pa = round_down_u64(g->pte.paddr, k->vc->page_size);
	uint64_t pfn;

	if (g->level == 1 && k->sym.known[S_empty_zero_page] &&
	    !kmem_translate(&k->km, k->sym.addr[S_empty_zero_page], &pa, NULL, NULL) &&
	    pa == round_down_u64(g->pte.paddr, k->vc->page_size))
		return true;
	if (!k->sym.known[id] || kread_u64(k, k->sym.addr[id], &pfn, NULL) || !pfn || pfn == ~0ull)
		return false;
	pa = g->pte.paddr & ~(g->pte.size - 1);
	return pa == pfn * k->vc->page_size;
}

static void unavailable(struct proc_run *r, enum page_reason why)
{
	r->state = PAGE_UNAVAILABLE;
	r->reason = why;
}

/* What is in a page frame is had, unless the frame is not in the dump or must not be touched. */
static void take_frame(struct proc_walk *w, struct proc_run *r, paddr_t paddr,
		       enum page_source source)
{
	struct kernel *k = w->p->k;

	r->paddr = paddr;
	if (!vmcore_has(k->vc, paddr)) {
		unavailable(r, vmcore_was_filtered(k->vc, paddr) ? REASON_FILTERED :
								   REASON_NOT_IN_DUMP);
		return;
	}
	/* Within a huge page each small page is looked at by itself: one may be poisoned or left out. */
	if (k->may_have_poison && page_is_poisoned(k, paddr / k->vc->page_size)) {
		unavailable(r, REASON_POISONED);
		return;
	}
	r->state = PAGE_CAPTURED;
	r->source = source;
}

/*
 * Whose a mapped page of a file mapping is, and whether the file on disk is older. Return: whether its
 * struct page says so.
 */
static bool look_at_folio(struct proc_walk *w, struct proc_run *r)
{
	struct kernel *k = w->p->k;
	struct err err = { 0 };
	struct folio f;
	int rc = folio_of_pfn(k, r->paddr / k->vc->page_size, &f, &err);

	if (rc) {
		if (rc != ERR_UNSUPPORTED)
			proc_facts_lost(w->p, &err);
		r->own = w->a->kind == AREA_FILE_PRIVATE && w->a->has_anon;
		return false;
	}
	r->own = f.mapping & FOLIO_MAPPING_ANON;
	r->dirty |= !r->own && (folio_has_flag(k, &f, L_PG_dirty) ||
				folio_has_flag(k, &f, L_PG_writeback));
	return true;
}

/* A page that was filtered out of the dump: if it is clean, its bytes are still in its file. */
static void look_for_file(struct proc_walk *w, struct proc_run *r)
{
	const struct proc_area *a = w->a;
	const struct proc_file *f = a->file < w->p->files.n ? &w->p->files.v[a->file] : NULL;

	if (r->reason != REASON_FILTERED || !f || f->shmem ||
	    (a->kind != AREA_FILE_PRIVATE && a->kind != AREA_FILE_SHARED))
		return;
	if (look_at_folio(w, r) && !r->own && !r->dirty) {
		r->state = PAGE_IN_FILE;
		r->reason = REASON_NONE;
	}
}

/* A page in memory. Only what may be touched is looked at. */
static void classify_page(struct proc_walk *w, const struct pgrun *g, struct proc_run *r)
{
	if (vmcore_has(w->p->k->vc, g->pte.paddr) && is_zero_page(w->p->k, g)) {
		r->state = PAGE_ZERO;
		return;
	}
	take_frame(w, r, g->pte.paddr, g->pte.raw & 1 ? SOURCE_PTE : SOURCE_PROT_NONE);
	r->dirty = g->pte.dirty;
	if (r->state != PAGE_CAPTURED) {
		look_for_file(w, r);
		return;
	}
	if (w->a->kind == AREA_FILE_PRIVATE || w->a->kind == AREA_FILE_SHARED)
		look_at_folio(w, r);
}

/* A page that was swapped out: where it is found, if it is. */
static void take_swapped(struct proc_walk *w, struct proc_run *r, unsigned int type,
			 uint64_t offset)
{
	static const enum page_reason reasons[SWAP_LOST_NR] = {
		[SWAP_LOST_NONE] = REASON_SWAPPED,
		[SWAP_LOST_DEVICE] = REASON_SWAPPED,
		[SWAP_LOST_WRITEBACK] = REASON_WRITEBACK,
		[SWAP_LOST_DAMAGED] = REASON_SWAP_DAMAGED,
		[SWAP_LOST_UNSUPPORTED] = REASON_SWAP_UNSUPPORTED,
	};
	uint64_t page = w->p->page_size;
	struct swap_page s;

	r->end = min_u64(r->end, round_down_u64(r->start, page) + page);
	if (swap_find(w->p->k, type, offset, &s, NULL)) {
		unavailable(r, reasons[s.loss]);
		return;
	}
	if (s.where == SWAP_ZERO) {
		r->state = PAGE_ZERO;
		return;
	}
	r->own = r->dirty = true;
	if (s.where == SWAP_CACHE) {
		take_frame(w, r, s.pfn * page + r->start % page, SOURCE_SWAP_CACHE);
		return;
	}
	r->state = PAGE_CAPTURED;
	r->source = s.where == SWAP_ZSWAP ? SOURCE_ZSWAP : SOURCE_ZRAM;
	r->swap = (uint64_t)type << 58 | offset;
}

/* What a file has where the page cache has nothing. */
static void classify_hole(const struct proc_file *f, struct proc_run *r)
{
	if (!f->shmem)
		r->state = PAGE_IN_FILE;
	else if (f->size != UINT64_MAX)
		r->state = PAGE_ZERO;
	else
		unavailable(r, REASON_NOT_MAPPED);
}

/* A stretch of a file that is in no page table: what is at its start, as far as that goes. */
static void classify_cached(struct proc_walk *w, const struct proc_file *f, struct proc_run *r)
{
	uint64_t page = w->p->page_size;
	uint64_t first = w->a->pgoff + (r->start - w->a->start) / page;
	uint64_t last = w->a->pgoff + (r->end - 1 - w->a->start) / page;
	uint64_t nr_in_file = f->size / page + (f->size % page != 0);
	struct pagecache_entry e;
	int found;

	if (first >= nr_in_file) {
		unavailable(r, REASON_NOT_MAPPED); /* SIGBUS */
		return;
	}
	last = min_u64(last, nr_in_file - 1);
	found = f->mapping ? pagecache_next(w->p->k, f->mapping, first, last, &w->cache_budget, &e,
					    NULL)
			   : -1;
	if (found > 0)
		last = e.index > first ? e.index - 1 : first + (e.is_swap ? e.nr : 1) - 1;
	r->end = min_u64(r->end, round_down_u64(r->start, page) + (last - first + 1) * page);
	if (found < 0 && f->shmem)
		unavailable(r, REASON_NOT_MAPPED);
	else if (found <= 0 || e.index > first)
		classify_hole(f, r);
	else if (e.is_swap)
		take_swapped(w, r, swap_entry_type(e.swap), swap_entry_offset(e.swap));
	else {
		take_frame(w, r, e.pfn * page + r->start % page, SOURCE_PAGE_CACHE);
		r->dirty = e.dirty;
		if (r->reason == REASON_FILTERED && !f->shmem && !e.dirty)
			*r = (struct proc_run){ .start = r->start, .end = r->end, .state = PAGE_IN_FILE };
	}
}

/* vdso pages that were never touched: the kernel has the image (arch/x86/entry/vdso/vma.c). */
static void classify_special(struct proc_walk *w, struct proc_run *r)
{
	struct kernel *k = w->p->k;
	uint64_t image, data, size, base, off = r->start - w->a->start, page = w->p->page_size;
	paddr_t paddr;

	unavailable(r, REASON_NOT_MAPPED);
	if (kread_member(k, w->p->mm, L_mm_struct_context_vdso, &base, NULL) ||
	    base != w->a->start ||
	    kread_member(k, w->p->mm, L_mm_struct_context_vdso_image, &image, NULL) ||
	    kread_member(k, image, L_vdso_image_data, &data, NULL) ||
	    kread_member(k, image, L_vdso_image_size, &size, NULL) ||
	    off >= size || kmem_translate(&k->km, data + off, &paddr, NULL, NULL))
		return;
	r->end = min_u64(r->end, round_down_u64(r->start, page) + page);
	r->reason = REASON_NONE;
	take_frame(w, r, paddr, SOURCE_VDSO_IMAGE);
}

/* Nothing was ever there: what that means depends on what is mapped. May shorten the run. */
static void classify_empty(struct proc_walk *w, struct proc_run *r)
{
	const struct proc_area *a = w->a;
	const struct proc_file *f = a->file < w->p->files.n ? &w->p->files.v[a->file] : NULL;

	if (a->kind == AREA_ANON)
		r->state = PAGE_ZERO;
	else if (a->kind == AREA_SPECIAL)
		classify_special(w, r);
	else if (!f || a->kind == AREA_HUGETLB)
		unavailable(r, REASON_NOT_MAPPED);
	/* Another process may have written to what this one could write to, or to shared memory. */
	else if (w->cached || f->shmem || (a->kind == AREA_FILE_SHARED && a->vm_flags & VM_MAYWRITE))
		classify_cached(w, f, r);
	else
		r->state = PAGE_IN_FILE;
}

/* The page that an entry names by its frame; of a huge one the part that is looked at. */
static void classify_moved(struct proc_walk *w, const struct pgrun *g, pfn_t pfn,
			   struct proc_run *r)
{
	struct kernel *k = w->p->k;
	uint64_t size = 1ull << k->km.arch->level_shift(&k->km.space, g->level);

	take_frame(w, r, pfn * w->p->page_size + (g->start & (size - 1)), SOURCE_MIGRATION);
	if (r->state == PAGE_CAPTURED &&
	    (w->a->kind == AREA_FILE_PRIVATE || w->a->kind == AREA_FILE_SHARED))
		look_at_folio(w, r);
}

/* What is in a page table in place of a page. May shorten the run. */
static void classify_swap_entry(struct proc_walk *w, const struct pgrun *g, struct proc_run *r)
{
	struct swap_entry e = swap_entry_of(w->p->k, g->pte.swap_type, g->pte.swap_offset);

	switch (e.kind) {
	case SWAP_ENTRY_SWAPPED:
		if (g->level > 1) /* pages of a huge page are swapped out one by one */
			unavailable(r, REASON_BAD_TABLE);
		else
			take_swapped(w, r, g->pte.swap_type, g->pte.swap_offset);
		break;
	case SWAP_ENTRY_MIGRATION:
	case SWAP_ENTRY_DEVICE_EXCLUSIVE:
		classify_moved(w, g, e.pfn, r);
		break;
	case SWAP_ENTRY_HWPOISON:
	case SWAP_ENTRY_POISON_MARKER:
		unavailable(r, REASON_POISONED);
		break;
	case SWAP_ENTRY_DEVICE_PRIVATE:
		unavailable(r, REASON_IO);
		break;
	case SWAP_ENTRY_MARKER:
		/* Of a file the page is where it was; of anonymous memory there is none. */
		if (w->a->kind == AREA_ANON)
			unavailable(r, REASON_MARKER);
		else
			classify_empty(w, r);
		break;
	case SWAP_ENTRY_ERROR:
		unavailable(r, REASON_SWAPPED);
		break;
	default:
		unavailable(r, REASON_SWAP_UNSUPPORTED);
	}
}

static void classify(struct proc_walk *w, const struct pgrun *g, struct proc_run *r)
{
	*r = (struct proc_run){ .start = g->start, .end = g->end };
	if (g->rc) {
		unavailable(r, g->rc == ERR_ABSENT && vmcore_was_filtered(w->p->k->vc, w->pg.table_paddr[g->level]) ?
				       REASON_FILTERED : REASON_BAD_TABLE);
		return;
	}
	if (w->a->kind == AREA_DEVICE) {
		unavailable(r, REASON_IO);
		return;
	}
	switch (g->pte.kind) {
	case PTE_EMPTY:
		classify_empty(w, r);
		break;
	case PTE_PAGE:
		classify_page(w, g, r);
		break;
	case PTE_SWAP:
		classify_swap_entry(w, g, r);
		break;
	default:
		unavailable(r, REASON_BAD_TABLE);
	}
}

/* Whether @b continues @a: the same in every way, and in the next frame. */
static bool continues(const struct proc_run *a, const struct proc_run *b)
{
	return a->state == b->state && a->source == b->source && a->reason == b->reason &&
	       a->end == b->start && a->dirty == b->dirty && a->own == b->own &&
	       !run_is_packed(a) && (a->state != PAGE_CAPTURED || a->paddr + (a->end - a->start) == b->paddr);
}

/* One entry of the page tables; of a huge page one small page at a time where poison may be in it. */
static bool next_entry(struct proc_walk *w, struct proc_run *r)
{
	struct pgrun g;
	uint64_t page = w->p->page_size;
	uvaddr_t next;

	if (!pgwalk_next(&w->pg, &g))
		return false;
	next = round_down_u64(g.start, page) + page;
	if (!g.rc && (g.pte.kind == PTE_PAGE || g.pte.kind == PTE_SWAP) && g.end > next && w->p->k->may_have_poison &&
	    layout_has(&w->p->k->layout, L_PG_hwpoison))
		w->pg.at = g.end = next;
	classify(w, &g, r);
	/* The end of a segment may lie within a huge page, and a filtered dump may hold a part of it. */
	if (r->paddr && r->end > next) {
		bool has = vmcore_has(w->p->k->vc, r->paddr);

		while (next < r->end && vmcore_has(w->p->k->vc, r->paddr + (next - r->start)) == has)
			next += page;
		r->end = min_u64(r->end, next);
	}
	w->pg.at = r->end;
	return true;
}

static bool walk_next(struct proc_walk *w, struct proc_run *ret)
{
	if (w->has_ahead)
		*ret = w->ahead;
	else if (!next_entry(w, ret))
		return false;
	w->has_ahead = false;
	while (next_entry(w, &w->ahead)) {
		if (!continues(ret, &w->ahead)) {
			w->has_ahead = true;
			break;
		}
		ret->end = w->ahead.end;
	}
	return true;
}

/* Of long runs so much is read at a time: that costs less than to have the pages mapped and unmapped. */
#define STRETCH KIB(128)

static int map(struct proc *p, paddr_t paddr, size_t want, const void **ptr, size_t *size,
	       struct err *err)
{
	if (want >= STRETCH && !p->stretch)
		p->stretch = malloc(STRETCH);
	if (want >= STRETCH && p->stretch)
		return vmcore_fetch(p->k->vc, paddr, p->stretch, STRETCH, ptr, size, err);
	return vmcore_map(p->k->vc, paddr, want, ptr, size, err);
}

static int unpack(struct proc *p, uint64_t swap, const void **page, struct err *err)
{
	struct swap_page s;
	int rc = swap_find(p->k, swap_entry_type(swap), swap_entry_offset(swap), &s, err);

	if (rc)
		return rc;
	if (!s.data)
		return err_set(err, ERR_CORRUPT, "swap entry 0x%" PRIx64 " is not compressed any more",
			       swap);
	*page = s.data;
	return 0;
}

static int regs(struct proc *p, const struct proc_thread *t, struct arch_regs *ret, struct err *err)
{
	if (!p->live)
		return task_user_regs(p->k, &t->task, ret, err);
	if (!t->live_regs)
		return err_set(err, ERR_NOTFOUND, "thread %d (%s) was running", t->task.pid,
			       t->task.comm);
	*ret = *t->live_regs;
	return 0;
}

static int tls(struct proc *p, const struct proc_thread *t, uint64_t ret[TLS_DESCS],
	       struct err *err)
{
	return task_tls(p->k, &t->task, ret, err);
}

static int fxsave(struct proc *p, const struct proc_thread *t, uint8_t ret[FXSAVE_SIZE],
		  struct err *err)
{
	int rc = task_fxsave(p->k, &t->task, ret, err);

	return rc ? rc : task_rest_end(p->k, &t->task, &t->rest, err);
}

static int file_page(struct proc *p, uint32_t file, uint64_t index, paddr_t *ret, struct err *err)
{
	struct kernel *k = p->k;
	uint64_t budget = 2;
	struct pagecache_entry e;
	int found = pagecache_next(k, p->files.v[file].mapping, index, index, &budget, &e, err);

	if (found < 0)
		return err_add(err, "page %" PRIu64, index);
	if (!found || e.is_swap || page_is_poisoned(k, e.pfn))
		return err_set(err, ERR_ABSENT, "page %" PRIu64 " is not in the page cache", index);
	*ret = e.pfn * k->vc->page_size;
	return 0;
}

static int xstate(struct proc *p, const struct proc_thread *t, uint8_t ret[XSTATE_SIZE_MAX],
		  size_t *size, struct err *err)
{
	int rc = task_xstate(p->k, &t->task, ret, size, err);

	return rc ? rc : task_rest_end(p->k, &t->task, &t->rest, err);
}

const struct proc_ops proc_dump_ops = {
	.walk_open = walk_open,
	.walk_range = walk_range,
	.walk_next = walk_next,
	.walk_close = walk_close,
	.map = map,
	.unpack = unpack,
	.file_page = file_page,
	.regs = regs,
	.tls = tls,
	.fxsave = fxsave,
	.xstate = xstate,
};
