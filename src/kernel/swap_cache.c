/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The swap cache: pages that are in RAM and have a place in swap. Up to 6.17 they are in address spaces of
 * 2^14 pages each (mm/swap_state.c), since 6.18 in a table for each cluster of swap (mm/swap_table.h).
 */
#include "kernel/folio.h"
#include "kernel/page.h"
#include "kernel/pagecache.h"
#include "kernel/swap_internal.h"
#include "kernel/xarray.h"
#include "util/bytes.h"

#define SPACE_SHIFT 14 /* SWAP_ADDRESS_SPACE_SHIFT */

/* Of table entries, since 7.1: bits of the tag below a page frame. */
#define TABLE_PFN_MARK 2u
#define TABLE_PFN_SHIFT 2
#define TABLE_PFN_BITS 40
/* Since 7.2 (swap_info_struct has no zeromap any more): the lowest of the five flags at the top. */
#define TABLE_ZERO_FLAG (1ull << 59)

/*
 * Whether a page frame is that of a swap entry: only then 1. A page that is being read back (not up to
 * date) is not it, and what is below still is.
 */
static int check_folio(struct kernel *k, pfn_t pfn, unsigned int type, uint64_t offset,
		       struct swap_page *ret, struct err *err)
{
	struct folio f;
	uint64_t entry, in;
	kvaddr_t head;
	int rc = folio_of_pfn(k, pfn, &f, err);

	if (rc)
		return -1;
	in = offset & ((1ull << f.order) - 1);
	head = k->vmemmap + f.head * layout_size(&k->layout, L_page);
	if (kread_member(k, head, L_page_private, &entry, err))
		return -1;
	/* Pages of a folio have consecutive places, aligned as the folio is (folio_alloc_swap()). */
	if (!folio_has_flag(k, &f, L_PG_swapcache) || !folio_has_flag(k, &f, L_PG_swapbacked) ||
	    entry + in != swap_entry_val(type, offset)) {
		err_set(err, ERR_CORRUPT, "page frame 0x%" PRIx64 " is in the swap cache for entry 0x%"
			PRIx64, f.head, entry);
		return -1;
	}
	if (!folio_has_flag(k, &f, L_PG_uptodate))
		return 0;
	ret->pfn = f.head + in;
	return 1;
}

/* The index in an address space: the whole offset, or since 6.11 the offset in it. Each is tried. */
static int find_in_space(struct kernel *k, kvaddr_t space, unsigned int type, uint64_t offset,
			 struct swap_page *ret, struct err *err)
{
	const uint64_t tries[] = { offset, offset & ((1u << SPACE_SHIFT) - 1) };
	struct reader mem = kmem_reader(&k->km);
	struct xarray_shape shape;
	struct xarray_entry e;
	uint64_t xa_head;
	pfn_t pfn;
	size_t i;

	if (xarray_shape_of(k, &shape, err) ||
	    kread_u64(k, space + layout_off(&k->layout, L_address_space_i_pages) +
				 layout_off(&k->layout, L_xarray_xa_head), &xa_head, err))
		return -1;
	for (i = 0; i < ARRAY_SIZE(tries) && (!i || tries[i] != tries[0]); i++) {
		int found = xarray_next(&mem, &shape, xa_head, tries[i], tries[i], &e, err);

		if (found < 0)
			return -1;
		if (!found || e.kind != XARRAY_POINTER)
			continue;
		if (!page_to_pfn(k, e.value, &pfn)) {
			err_set(err, ERR_CORRUPT, "0x%" PRIx64 " is no struct page", e.value);
			return -1;
		}
		found = check_folio(k, pfn, type, offset, ret, err);
		/* With the wrong index it may be another entry's. */
		if (found >= 0 || i + 1 == ARRAY_SIZE(tries) || tries[0] == tries[1])
			return found;
	}
	return 0;
}

static int find_in_spaces(struct kernel *k, unsigned int type, uint64_t offset,
			  struct swap_page *ret, struct err *err)
{
	uint64_t spaces, size = layout_size(&k->layout, L_address_space);

	if (!layout_has(&k->layout, L_address_space) || !layout_has(&k->layout, L_address_space_i_pages))
		return kernel_lacks(k, L_address_space_i_pages, err), -1;
	if (kread_u64(k, k->sym.addr[S_swapper_spaces] + 8 * type, &spaces, err))
		return -1;
	if (!spaces)
		return 0;
	return find_in_space(k, spaces + (offset >> SPACE_SHIFT) * size, type, offset, ret, err);
}

/* The entry in the table of a swap cluster. Return: 1, 0 if there is no table, -1. */
static int table_entry(struct kernel *k, const struct swap_device *d, uint64_t offset,
		       uint64_t *ret, struct err *err)
{
	uint64_t nr = k->layout.v[L_swap_table_entries].count, clusters, table;

	if (!nr || !layout_has(&k->layout, L_swap_cluster_info)) {
		err_set(err, ERR_UNSUPPORTED, "kernel %s shows no size of a swap cluster", k->release);
		return -1;
	}
	if (kread_member(k, d->info, L_swap_info_struct_cluster_info, &clusters, err) ||
	    kread_member(k, clusters + offset / nr * layout_size(&k->layout, L_swap_cluster_info),
			 L_swap_cluster_info_table, &table, err))
		return -1;
	if (!table)
		return 0;
	return kread_u64(k, table + offset % nr * 8, ret, err) ? -1 : 1;
}

static int find_in_table(struct kernel *k, const struct swap_device *d, unsigned int type,
			 uint64_t offset, struct swap_page *ret, struct err *err)
{
	uint64_t e;
	pfn_t pfn;
	int found = table_entry(k, d, offset, &e, err);

	/* Bit 0: a shadow of what is not in the cache. */
	if (found <= 0 || !e || e & 1)
		return found < 0 ? -1 : 0;
	if ((e & 3) == TABLE_PFN_MARK)
		pfn = e >> TABLE_PFN_SHIFT & ((1ull << TABLE_PFN_BITS) - 1);
	else if (!page_to_pfn(k, e, &pfn)) {
		err_set(err, ERR_CORRUPT, "its entry in the swap table is 0x%" PRIx64, e);
		return -1;
	}
	return check_folio(k, pfn, type, offset, ret, err);
}

int swap_cache_find(struct kernel *k, const struct swap_device *d, unsigned int type,
		    uint64_t offset, struct swap_page *ret, struct err *err)
{
	int found;

	if (layout_has(&k->layout, L_swap_cluster_info_table))
		found = find_in_table(k, d, type, offset, ret, err);
	else if (k->sym.known[S_swapper_spaces])
		found = find_in_spaces(k, type, offset, ret, err);
	else {
		err_set(err, ERR_UNSUPPORTED, "kernel %s shows neither swapper_spaces nor a swap table",
			k->release);
		found = -1;
	}
	if (found < 0)
		err_add(err, "swap cache");
	return found;
}

static int test_bit(struct kernel *k, kvaddr_t map, uint64_t nr, struct err *err)
{
	uint64_t word;

	if (!map)
		return 0;
	if (kread_u64(k, map + nr / 64 * 8, &word, err)) {
		err_add(err, "zeromap");
		return -1;
	}
	return (int)(word >> nr % 64 & 1);
}

/* Since 7.2 it is in the cluster: a flag below the count in the table's entry, or a bitmap beside it. */
static int zero_by_cluster(struct kernel *k, const struct swap_device *d, uint64_t offset,
			   struct err *err)
{
	uint64_t nr = k->layout.v[L_swap_table_entries].count, clusters, map, e;
	int found;

	if (layout_has(&k->layout, L_swap_cluster_info_zero_bitmap) && nr) {
		if (kread_member(k, d->info, L_swap_info_struct_cluster_info, &clusters, err) ||
		    kread_member(k, clusters + offset / nr *
					    layout_size(&k->layout, L_swap_cluster_info),
				 L_swap_cluster_info_zero_bitmap, &map, err))
			return -1;
		return test_bit(k, map, offset % nr, err);
	}
	found = table_entry(k, d, offset, &e, err);
	return found > 0 ? e & 1 && e & TABLE_ZERO_FLAG : found;
}

int swap_zero_find(struct kernel *k, const struct swap_device *d, uint64_t offset, struct err *err)
{
	uint64_t map;

	if (layout_has(&k->layout, L_swap_info_struct_zeromap))
		return kread_member(k, d->info, L_swap_info_struct_zeromap, &map, err) ?
			       -1 : test_bit(k, map, offset, err);
	if (layout_has(&k->layout, L_swap_cluster_info_table))
		return zero_by_cluster(k, d, offset, err);
	return 0;
}
