/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/zsmalloc.h"

#include "kernel/layout_read.h"
#include "util/bytes.h"

#define ZSPAGE_MAGIC	 0x58u
#define OBJ_ALLOCATED_TAG 1u
#define HANDLE_SIZE	 8u /* ZS_HANDLE_SIZE */
#define PHYSMEM_BITS	 52u /* MAX_POSSIBLE_PHYSMEM_BITS of x86_64 and arm64 */
#define NR_CLASSES_MAX	 512u

struct zs_class {
	uint64_t nr, size, nr_objs;
	bool huge; /* one object fills the page, and has no header */
};

struct zs_object {
	const struct zs_view *v;
	uint64_t handle, word;
	pfn_t pfn; /* of the page where it begins */
	kvaddr_t page, zspage;
	struct zs_class c;
	struct err *err;
};

static int get(const struct zs_view *v, kvaddr_t base, enum layout_id id, uint64_t *ret,
	       struct err *err)
{
	return layout_read(&v->kmem, v->layout, base, id, ret, err);
}

static int corrupt(const struct zs_object *o, const char *what, uint64_t value)
{
	return err_set(o->err, ERR_CORRUPT, "zsmalloc object of handle 0x%" PRIx64 ": %s 0x%" PRIx64,
		       o->handle, what, value);
}

static kvaddr_t page_of(const struct zs_view *v, pfn_t pfn)
{
	return v->vmemmap + pfn * layout_size(v->layout, L_page);
}

static int zspage_of(const struct zs_view *v, kvaddr_t page, uint64_t *ret, struct err *err)
{
	return get(v, page, layout_has(v->layout, L_zpdesc_zspage) ? L_zpdesc_zspage : L_page_private,
		   ret, err);
}

static int read_class(struct zs_object *o, kvaddr_t pool)
{
	const struct layout_value *classes = &o->v->layout->v[L_zs_pool_size_class];
	uint64_t at, index, nr_pages;
	uint8_t raw[8];
	int rc = get(o->v, o->zspage, L_zspage_class, &o->c.nr, o->err);

	if (rc)
		return rc;
	if (!classes->known)
		return err_set(o->err, ERR_UNSUPPORTED, "the kernel shows no zs_pool.size_class");
	if (o->c.nr >= classes->count || o->c.nr >= NR_CLASSES_MAX)
		return corrupt(o, "there is no class", o->c.nr);
	rc = reader_read(&o->v->kmem, pool + (uint64_t)classes->value + 8 * o->c.nr, raw, 8, o->err);
	if (rc)
		return err_add(o->err, "zs_pool 0x%" PRIx64, pool);
	at = get_u64(raw);
	rc = get(o->v, at, L_size_class_size, &o->c.size, o->err);
	if (!rc)
		rc = get(o->v, at, L_size_class_index, &index, o->err);
	if (!rc)
		rc = get(o->v, at, L_size_class_objs_per_zspage, &o->c.nr_objs, o->err);
	if (!rc)
		rc = get(o->v, at, L_size_class_pages_per_zspage, &nr_pages, o->err);
	if (rc)
		return rc;
	/* Classes of one shape are merged; a zspage bears the number of the merged one. */
	if (index != o->c.nr || !o->c.size || !o->c.nr_objs ||
	    o->c.size > 1ull << o->v->page_shift || nr_pages > 64 ||
	    o->c.size * o->c.nr_objs > nr_pages << o->v->page_shift)
		return corrupt(o, "no size class at", at);
	o->c.huge = o->c.nr_objs == 1 && nr_pages == 1;
	return 0;
}

static int find_zspage(struct zs_object *o)
{
	uint64_t magic;
	uint8_t raw[8];
	int rc = reader_read(&o->v->kmem, o->handle, raw, 8, o->err);

	if (rc)
		return err_add(o->err, "zsmalloc handle 0x%" PRIx64, o->handle);
	o->word = get_u64(raw);
	o->pfn = o->word >> (64 - (PHYSMEM_BITS - o->v->page_shift));
	o->page = page_of(o->v, o->pfn);
	rc = zspage_of(o->v, o->page, &o->zspage, o->err);
	if (!rc)
		rc = get(o->v, o->zspage, L_zspage_magic, &magic, o->err);
	if (rc)
		return err_add(o->err, "zsmalloc handle 0x%" PRIx64, o->handle);
	return magic == ZSPAGE_MAGIC ? 0 : corrupt(o, "its zspage has magic", magic);
}

/* The page behind one of the same zspage. */
static int next_page(struct zs_object *o, pfn_t *ret)
{
	const struct layout *l = o->v->layout;
	uint64_t page, zspage, size = layout_size(l, L_page);
	enum layout_id id = layout_has(l, L_zpdesc_next)    ? L_zpdesc_next :
			    layout_has(l, L_zspage_huge)    ? L_page_index :
			    layout_has(l, L_page_freelist) ? L_page_freelist :
							     L_page_index;
	int rc = get(o->v, o->page, id, &page, o->err);

	if (rc)
		return rc;
	if (page < o->v->vmemmap || (page - o->v->vmemmap) % size)
		return corrupt(o, "the page behind is", page);
	rc = zspage_of(o->v, page, &zspage, o->err);
	if (rc)
		return rc;
	*ret = (page - o->v->vmemmap) / size;
	return zspage == o->zspage && *ret != o->pfn ? 0 : corrupt(o, "the page behind is of", zspage);
}

/* Bytes of the object from @at in its first page on; they may go on in the next page. */
static int read_bytes(struct zs_object *o, uint64_t at, uint8_t *buf, size_t size)
{
	uint64_t page_size = 1ull << o->v->page_shift;
	size_t n = at < page_size ? min_u64(size, page_size - at) : 0;
	pfn_t next = 0;
	int rc = 0;

	if (n)
		rc = reader_read(&o->v->phys, (o->pfn << o->v->page_shift) + at, buf, n, o->err);
	if (rc || n == size)
		return rc;
	rc = next_page(o, &next);
	at += n;
	return rc ? rc : reader_read(&o->v->phys, (next << o->v->page_shift) + at % page_size,
				     buf + n, size - n, o->err);
}

/* Whether the object with this index bears the handle. */
static bool is_object(struct zs_object *o, uint64_t index)
{
	const struct layout *l = o->v->layout;
	uint64_t at, found;
	uint8_t raw[8];

	if (index >= o->c.nr_objs)
		return false;
	if (o->c.huge) {
		if (get(o->v, o->page,
			layout_has(l, L_zpdesc_handle) ? L_zpdesc_handle : L_page_index, &found, NULL))
			return false;
	} else {
		at = index * o->c.size % (1ull << o->v->page_shift);
		if (read_bytes(o, at, raw, 8))
			return false;
		found = get_u64(raw);
		if (!(found & OBJ_ALLOCATED_TAG))
			return false;
	}
	return (found & ~(uint64_t)OBJ_ALLOCATED_TAG) == (o->handle & ~(uint64_t)OBJ_ALLOCATED_TAG);
}

static int find_index(struct zs_object *o, uint64_t *ret)
{
	unsigned int low_bits = 64 - (PHYSMEM_BITS - o->v->page_shift), class_bits;
	uint64_t low = o->word & ((1ull << low_bits) - 1);
	struct err *err = o->err;
	bool found = false;

	o->err = NULL;
	if (is_object(o, low >> 1)) {
		*ret = low >> 1;
		found = true;
	} else if (is_object(o, low)) {
		*ret = low;
		found = true;
	}
	/* CLASS_BITS is 8; with the number of the merged classes 9 are needed. */
	for (class_bits = 8; !found && class_bits <= 9; class_bits++) {
		uint64_t index = low & ((1ull << (low_bits - class_bits)) - 1);

		if (low >> (low_bits - class_bits) == o->c.nr && is_object(o, index)) {
			*ret = index;
			found = true;
		}
	}
	o->err = err;
	return found ? 0 : corrupt(o, "no object there bears it; its word is", o->word);
}

int zs_read(const struct zs_view *v, kvaddr_t pool, uint64_t handle, size_t size, void *buf,
	    struct err *err)
{
	struct zs_object o = { .v = v, .handle = handle, .err = err };
	uint64_t index = 0, header;
	int rc;

	if (!v->vmemmap || !layout_has(v->layout, L_page) || !layout_size(v->layout, L_page))
		return err_set(err, ERR_UNSUPPORTED, "where struct page lies is not known");
	rc = find_zspage(&o);
	if (!rc)
		rc = read_class(&o, pool);
	if (!rc)
		rc = find_index(&o, &index);
	if (rc)
		return rc;
	header = o.c.huge ? 0 : HANDLE_SIZE;
	if (size > o.c.size - header)
		return corrupt(&o, "it is larger than its class, of", o.c.size);
	return read_bytes(&o, index * o.c.size % (1ull << v->page_shift) + header, buf, size);
}
