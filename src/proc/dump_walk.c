/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proc/dump_walk.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/page.h"
#include "kernel/vma.h"
#include "mem/pgtable.h"

struct proc_walk {
	struct proc *p;
	const struct proc_area *a;
	struct pgwalk pg;
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

static void walk_range(struct proc_walk *w, const struct proc_area *a, uvaddr_t start, uvaddr_t end)
{
	w->a = a;
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

/* A page in memory. Only what may be touched is looked at. */
static void classify_page(struct proc_walk *w, const struct pgrun *g, struct proc_run *r)
{
	struct kernel *k = w->p->k;
	uint64_t page = k->vc->page_size;
	pfn_t pfn = g->pte.paddr / page;

	if (!vmcore_has(k->vc, g->pte.paddr)) {
		unavailable(r, REASON_NOT_IN_DUMP);
		return;
	}
	if (is_zero_page(k, g)) {
		r->state = PAGE_ZERO;
		return;
	}
	r->state = PAGE_CAPTURED;
	r->source = g->pte.raw & 1 ? SOURCE_PTE : SOURCE_PROT_NONE;
	r->paddr = g->pte.paddr;
	r->dirty = g->pte.dirty;
	/* Within a huge page each small page is looked at by itself: one may be poisoned or left out. */
	if (r->end - r->start > page || k->may_have_poison) {
		if (page_is_poisoned(k, pfn))
			unavailable(r, REASON_POISONED);
	}
}

/* Nothing was ever there: what that means depends on what is mapped. */
static void classify_empty(const struct proc_area *a, struct proc_run *r)
{
	switch (a->kind) {
	case AREA_ANON:
		r->state = PAGE_ZERO;
		break;
	case AREA_FILE_PRIVATE:
	case AREA_FILE_SHARED:
		/* Another process may have written to a file that can be written through a mapping. */
		if (a->kind == AREA_FILE_SHARED && a->vm_flags & VM_MAYWRITE)
			unavailable(r, REASON_NOT_MAPPED);
		else
			r->state = PAGE_IN_FILE;
		break;
	default:
		unavailable(r, REASON_NOT_MAPPED);
	}
}

static void classify(struct proc_walk *w, const struct pgrun *g, struct proc_run *r)
{
	*r = (struct proc_run){ .start = g->start, .end = g->end };
	if (g->rc) {
		unavailable(r, REASON_BAD_TABLE);
		return;
	}
	if (w->a->kind == AREA_DEVICE) {
		unavailable(r, REASON_IO);
		return;
	}
	switch (g->pte.kind) {
	case PTE_EMPTY:
		classify_empty(w->a, r);
		break;
	case PTE_PAGE:
		classify_page(w, g, r);
		break;
	case PTE_SWAP:
		unavailable(r, REASON_SWAPPED);
		break;
	default:
		unavailable(r, REASON_BAD_TABLE);
	}
}

/* Whether @b continues @a: the same in every way, and in the next frame. */
static bool continues(const struct proc_run *a, const struct proc_run *b)
{
	return a->state == b->state && a->source == b->source && a->reason == b->reason &&
	       a->end == b->start && a->dirty == b->dirty &&
	       (a->state != PAGE_CAPTURED || a->paddr + (a->end - a->start) == b->paddr);
}

/* One entry of the page tables; of a huge page one small page at a time where poison may be in it. */
static bool next_entry(struct proc_walk *w, struct proc_run *r)
{
	struct pgrun g;
	uint64_t page = w->p->page_size;

	if (!pgwalk_next(&w->pg, &g))
		return false;
	if (!g.rc && g.pte.kind == PTE_PAGE && g.end - g.start > page &&
	    w->p->k->may_have_poison && layout_has(&w->p->k->layout, L_PG_hwpoison)) {
		w->pg.at = g.start + page;
		g.end = g.start + page;
	}
	classify(w, &g, r);
	/* The end of a segment may lie within a huge page. */
	if (r->state == PAGE_CAPTURED && r->end - r->start > page) {
		uint64_t n = page;

		while (n < r->end - r->start && vmcore_has(w->p->k->vc, r->paddr + n))
			n += page;
		w->pg.at = r->end = r->start + n;
	}
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

static int map(struct proc *p, paddr_t paddr, size_t want, const void **ptr, size_t *size,
	       struct err *err)
{
	return vmcore_map(p->k->vc, paddr, want, ptr, size, err);
}

static int regs(struct proc *p, const struct proc_thread *t, struct arch_regs *ret, struct err *err)
{
	return task_user_regs(p->k, &t->task, ret, err);
}

static int fxsave(struct proc *p, const struct proc_thread *t, uint8_t ret[FXSAVE_SIZE],
		  struct err *err)
{
	return task_fxsave(p->k, &t->task, ret, err);
}

const struct proc_ops proc_dump_ops = {
	.walk_open = walk_open,
	.walk_range = walk_range,
	.walk_next = walk_next,
	.walk_close = walk_close,
	.map = map,
	.regs = regs,
	.fxsave = fxsave,
};
