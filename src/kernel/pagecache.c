/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/pagecache.h"

#include "kernel/folio.h"
#include "kernel/page.h"
#include "kernel/xarray.h"

int xarray_shape_of(struct kernel *k, struct xarray_shape *ret, struct err *err)
{
	const struct layout *l = &k->layout;
	static const enum layout_id needed[] = { L_address_space_i_pages, L_xarray_xa_head,
						 L_xa_node_shift, L_xa_node_slots };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (!layout_has(l, needed[i]))
			return kernel_lacks(k, needed[i], err);
	ret->shift_off = (uint32_t)layout_off(l, L_xa_node_shift);
	ret->slots_off = (uint32_t)layout_off(l, L_xa_node_slots);
	ret->nr_slots = l->v[L_xa_node_slots].count;
	return 0;
}

/* Value entries are swap entries in shmem, and shadows or DAX frames elsewhere. */
bool pagecache_is_shmem(struct kernel *k, kvaddr_t mapping)
{
	uint64_t ops;

	return k->sym.known[S_shmem_aops] &&
	       !kread_member(k, mapping, L_address_space_a_ops, &ops, NULL) &&
	       ops == k->sym.addr[S_shmem_aops];
}

static int take_folio(struct kernel *k, kvaddr_t mapping, const struct xarray_entry *e,
		      uint64_t last, struct pagecache_entry *ret, struct err *err)
{
	struct folio f;
	uint64_t in;
	pfn_t pfn;
	int rc;

	if (!page_to_pfn(k, e->value, &pfn))
		return err_set(err, ERR_CORRUPT, "index %" PRIu64 " has 0x%" PRIx64
			       ", which is no struct page", e->index, e->value);
	rc = folio_of_pfn(k, pfn, &f, err);
	if (rc)
		return rc;
	if (f.mapping != mapping)
		return err_set(err, ERR_CORRUPT,
			       "index %" PRIu64 " has page frame 0x%" PRIx64 " of mapping 0x%" PRIx64,
			       e->index, f.head, f.mapping);
	if (layout_has(&k->layout, L_PG_uptodate) && !folio_has_flag(k, &f, L_PG_uptodate))
		return err_set(err, ERR_NOTFOUND, "index %" PRIu64 " is not up to date", e->index);
	/* Folios are aligned to their size in the file too (folio_file_page()). */
	in = e->index & ((1ull << f.order) - 1);
	ret->index = e->index;
	ret->pfn = f.head + in;
	ret->nr = min_u64((1ull << f.order) - in, last - e->index + 1);
	ret->is_swap = false;
	ret->dirty = folio_has_flag(k, &f, L_PG_dirty) || folio_has_flag(k, &f, L_PG_writeback);
	return 0;
}

static int search(struct kernel *k, kvaddr_t mapping, uint64_t start, uint64_t last,
		  uint64_t *budget, struct pagecache_entry *ret, struct err *err)
{
	struct reader mem = kmem_reader(&k->km);
	bool shmem = pagecache_is_shmem(k, mapping);
	struct xarray_shape shape;
	struct xarray_entry e;
	uint64_t head;
	int found;

	if (xarray_shape_of(k, &shape, err) ||
	    kread_u64(k, mapping + layout_off(&k->layout, L_address_space_i_pages) +
				 layout_off(&k->layout, L_xarray_xa_head), &head, err))
		return -1;
	while (*budget) {
		--*budget;
		found = xarray_next(&mem, &shape, head, start, last, &e, err);
		if (found <= 0)
			return found;
		if (e.kind == XARRAY_VALUE && shmem) {
			/* A large swap entry is that of its first index. */
			*ret = (struct pagecache_entry){
				.index = e.index, .nr = min_u64(e.last, last) - e.index + 1,
				.is_swap = true, .swap = e.value + (e.index - e.first) };
			return 1;
		}
		if (e.kind == XARRAY_POINTER) {
			int rc = take_folio(k, mapping, &e, last, ret, err);

			if (rc != ERR_NOTFOUND)
				return rc ? -1 : 1;
		}
		if (e.last >= last)
			return 0;
		start = e.last + 1;
	}
	err_set(err, ERR_CORRUPT, "more pages in the page cache than the machine can have");
	return -1;
}

int pagecache_next(struct kernel *k, kvaddr_t mapping, uint64_t start, uint64_t last,
		   uint64_t *budget, struct pagecache_entry *ret, struct err *err)
{
	int found;

	if (!mapping || start > last)
		return 0;
	found = search(k, mapping, start, last, budget, ret, err);
	if (found < 0)
		err_add(err, "page cache of address_space 0x%" PRIx64, mapping);
	return found;
}
