/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zswap: compressed pages in front of a swap device (mm/zswap.c), by three allocators. */
#include <string.h>

#include "kernel/module_types.h"
#include "kernel/pagecache.h"
#include "kernel/swap_internal.h"
#include "kernel/xarray.h"
#include "kernel/zbud.h"
#include "util/bytes.h"

#define TREE_SHIFT    14 /* ZSWAP_ADDRESS_SPACE_SHIFT: a tree for so many pages, since 6.8 */
#define RB_DEPTH_MAX  128u
#define HEADER_SIZE   8u /* struct zswap_header: the swap entry, to 6.4 */
#define DRIVER_SIZE   32u

static int entry_offset(struct kernel *k, kvaddr_t entry, uint64_t *ret, struct err *err)
{
	int rc;

	if (layout_has(&k->layout, L_zswap_entry_offset))
		return kread_member(k, entry, L_zswap_entry_offset, ret, err);
	rc = kread_member(k, entry, L_zswap_entry_swpentry, ret, err);
	*ret = swap_entry_offset(*ret);
	return rc;
}

/* Each returns 1 with the struct zswap_entry, 0, -1. */
static int find_in_rbtree(struct kernel *k, kvaddr_t tree, uint64_t offset, kvaddr_t *ret,
			  struct err *err)
{
	const struct layout *l = &k->layout;
	unsigned int depth;
	uint64_t node, own;

	if (!layout_has(l, L_zswap_entry_rbnode) || !layout_has(l, L_rb_root_rb_node))
		return kernel_lacks(k, L_zswap_entry_rbnode, err), -1;
	if (kread_u64(k, tree + layout_off(l, L_zswap_tree_rbroot) + layout_off(l, L_rb_root_rb_node),
		      &node, err))
		return -1;
	for (depth = 0; node && depth < RB_DEPTH_MAX; depth++) {
		*ret = node - layout_off(l, L_zswap_entry_rbnode);
		if (entry_offset(k, *ret, &own, err))
			return -1;
		if (own == offset)
			return 1;
		if (kread_member(k, node, offset < own ? L_rb_node_rb_left : L_rb_node_rb_right, &node,
				 err))
			return -1;
	}
	if (!node)
		return 0;
	err_set(err, ERR_CORRUPT, "the tree 0x%" PRIx64 " is too deep", tree);
	return -1;
}

static int find_in_xarray(struct kernel *k, kvaddr_t xa, uint64_t offset, kvaddr_t *ret,
			  struct err *err)
{
	struct reader mem = kmem_reader(&k->km);
	struct xarray_shape shape;
	struct xarray_entry e;
	uint64_t head, own;
	int found;

	if (xarray_shape_of(k, &shape, err) ||
	    kread_u64(k, xa + layout_off(&k->layout, L_xarray_xa_head), &head, err))
		return -1;
	found = xarray_next(&mem, &shape, head, offset, offset, &e, err);
	if (found <= 0 || e.kind != XARRAY_POINTER)
		return found < 0 ? -1 : 0;
	*ret = e.value;
	if (entry_offset(k, e.value, &own, err))
		return -1;
	if (own == offset)
		return 1;
	err_set(err, ERR_CORRUPT, "zswap_entry 0x%" PRIx64 " is of page %" PRIu64, e.value, own);
	return -1;
}

/* The root for a part of a swap device; *ret 0 if there is none. */
static int find_tree(struct kernel *k, unsigned int type, uint64_t offset, kvaddr_t *ret,
		     struct err *err)
{
	bool rb = layout_has(&k->layout, L_zswap_tree_rbroot);
	enum layout_id id = rb ? L_zswap_tree : L_xarray;
	uint64_t trees, nr;
	int rc = kread_u64(k, k->sym.addr[S_zswap_trees] + 8 * type, &trees, err);

	*ret = trees;
	if (rc || !trees || !k->sym.known[S_nr_zswap_trees])
		return rc;
	rc = kread_u64(k, k->sym.addr[S_nr_zswap_trees] + 4 * (type & ~1u), &nr, err);
	if (rc)
		return rc;
	nr = type & 1 ? nr >> 32 : nr & UINT32_MAX; /* unsigned int nr_zswap_trees[] */
	if (offset >> TREE_SHIFT >= nr)
		return err_set(err, ERR_CORRUPT, "there are %" PRIu64 " trees", nr);
	if (!layout_has(&k->layout, id))
		return kernel_lacks(k, id, err);
	*ret = trees + (offset >> TREE_SHIFT) * layout_size(&k->layout, id);
	return 0;
}

/* Kernel memory by address, but never a page frame with a memory error. */
static int read_good(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	struct swap *s = ctx;
	paddr_t paddr;
	int rc = kmem_translate(&s->k->km, off, &paddr, NULL, err);

	return rc ? rc : s->zs.phys.read(s->zs.phys.ctx, paddr, buf, size, err);
}

static int read_zbud(struct swap *s, uint64_t val, uint64_t handle, size_t size,
		     const char *algorithm, uint8_t *page, struct err *err)
{
	struct zbud_view v = { .kmem = { .read = read_good, .ctx = s, .size = UINT64_MAX },
			       .page_size = s->k->vc->page_size,
			       .has_header = layout_has(&s->k->layout, L_zswap_header) };
	int rc = zbud_read(&v, handle, val, size, s->packed, err);

	return rc ? rc : swap_unpack(s, algorithm, s->packed, size, page, err);
}

/* In zsmalloc there is a header only in 6.2 to 6.4, when it could write pages back. */
static int read_zsmalloc(struct swap *s, kvaddr_t pool, uint64_t val, uint64_t handle, size_t size,
			 const char *algorithm, uint8_t *page, struct err *err)
{
	uint8_t first[HEADER_SIZE];
	int rc;

	if (!layout_has(&s->k->layout, L_zswap_header))
		return swap_unpack_object(s, pool, handle, size, algorithm, page, err);
	rc = kernel_need_module_types(s->k, "zsmalloc", err);
	if (!rc)
		rc = zs_read(&s->zs, pool, handle, sizeof(first), first, err);
	if (rc)
		return rc;
	if (get_u64(first) != val)
		return swap_unpack_object(s, pool, handle, size, algorithm, page, err);
	if (size + HEADER_SIZE > s->k->vc->page_size)
		return err_set(err, ERR_CORRUPT, "zsmalloc: %zu bytes and a header", size);
	rc = zs_read(&s->zs, pool, handle, size + HEADER_SIZE, s->packed, err);
	return rc ? rc : swap_unpack(s, algorithm, s->packed + HEADER_SIZE, size, page, err);
}

/* The allocator behind an entry's pool; "" with a zs_pool where there is no choice any more. */
static int find_pool(struct kernel *k, kvaddr_t pool, char driver[DRIVER_SIZE], kvaddr_t *ret,
		     struct err *err)
{
	uint64_t zpool, drv, name;

	strcpy(driver, "zsmalloc");
	if (layout_has(&k->layout, L_zswap_pool_zs_pool))
		return kread_member(k, pool, L_zswap_pool_zs_pool, ret, err);
	if (kread_member(k, pool, L_zswap_pool_zpool, &zpool, err) ||
	    kread_member(k, zpool, L_zpool_driver, &drv, err) ||
	    kread_member(k, zpool, L_zpool_pool, ret, err) ||
	    kread_member(k, drv, L_zpool_driver_type, &name, err))
		return err->rc;
	return kmem_read_str(&k->km, name, driver, DRIVER_SIZE, err);
}

static int read_entry(struct swap *s, kvaddr_t entry, uint64_t val, uint8_t *page, struct err *err)
{
	struct kernel *k = s->k;
	uint64_t length, handle, pool, value, i;
	char algorithm[ALGORITHM_SIZE], driver[DRIVER_SIZE];
	kvaddr_t allocator;

	if (kread_member(k, entry, L_zswap_entry_length, &length, err))
		return err->rc;
	if (!length && layout_has(&k->layout, L_zswap_entry_value)) {
		if (kread_member(k, entry, L_zswap_entry_value, &value, err))
			return err->rc;
		for (i = 0; i + 8 <= k->vc->page_size; i += 8)
			put_u64(page + i, value);
		return 0;
	}
	if (!length || length > k->vc->page_size)
		return err_set(err, ERR_CORRUPT, "it has %" PRIu64 " bytes", length);
	if (!layout_has(&k->layout, L_zswap_pool_tfm_name))
		return kernel_lacks(k, L_zswap_pool_tfm_name, err);
	if (kread_member(k, entry, L_zswap_entry_handle, &handle, err) ||
	    kread_member(k, entry, L_zswap_entry_pool, &pool, err) ||
	    kmem_read_str(&k->km, kmember_addr(k, pool, L_zswap_pool_tfm_name), algorithm,
			  sizeof(algorithm), err) ||
	    find_pool(k, pool, driver, &allocator, err))
		return err->rc;
	if (!strcmp(driver, "zbud"))
		return read_zbud(s, val, handle, length, algorithm, page, err);
	if (strcmp(driver, "zsmalloc"))
		return err_set(err, ERR_UNSUPPORTED, "in pages of '%s', which is not read", driver);
	return read_zsmalloc(s, allocator, val, handle, length, algorithm, page, err);
}

int zswap_find(struct swap *s, unsigned int type, uint64_t offset, uint8_t *page, struct err *err)
{
	struct kernel *k = s->k;
	kvaddr_t tree, entry;
	int found;

	if (!k->sym.known[S_zswap_trees] || !layout_has(&k->layout, L_zswap_entry_length))
		return 0;
	if (find_tree(k, type, offset, &tree, err))
		found = -1;
	else if (!tree)
		return 0;
	else if (layout_has(&k->layout, L_zswap_tree_rbroot))
		found = find_in_rbtree(k, tree, offset, &entry, err);
	else
		found = find_in_xarray(k, tree, offset, &entry, err);
	if (found > 0 && read_entry(s, entry, swap_entry_val(type, offset), page, err)) {
		err_add(err, "zswap_entry 0x%" PRIx64, entry);
		found = -1;
	}
	if (found < 0)
		err_add(err, "zswap");
	return found;
}
