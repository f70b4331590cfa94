/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/vma.h"

#include "kernel/maple.h"
#include "util/bytes.h"

static int vma_read(struct kernel *k, kvaddr_t addr, struct vma *v, struct err *err)
{
	const struct {
		enum layout_id id;
		uint64_t *to;
	} members[] = {
		{ L_vm_area_struct_vm_start, &v->start },
		{ L_vm_area_struct_vm_end, &v->end },
		{ L_vm_area_struct_vm_flags, &v->flags },
		{ L_vm_area_struct_vm_pgoff, &v->pgoff },
		{ L_vm_area_struct_vm_file, &v->file },
		{ L_vm_area_struct_anon_vma, &v->anon_vma },
		{ L_vm_area_struct_vm_ops, &v->ops },
		{ L_vm_area_struct_vm_private_data, &v->private_data },
	};
	size_t i;

	*v = (struct vma){ .addr = addr };
	for (i = 0; i < ARRAY_SIZE(members); i++) {
		int rc;

		if (!layout_has(&k->layout, members[i].id) && members[i].to == &v->private_data)
			continue;
		rc = kread_member(k, addr, members[i].id, members[i].to, err);
		if (rc)
			return rc;
	}
	return 0;
}

/* Whether an area can be believed to follow what is there. */
static int vma_check(const struct kernel *k, const struct vma *v, uvaddr_t last_end,
		     struct err *err)
{
	uint64_t page_mask = k->vc->page_size - 1;

	if (v->start >= v->end || (v->start | v->end) & page_mask ||
	    v->end > k->km.space.user_end)
		return err_set(err, ERR_CORRUPT,
			       "vm_area_struct 0x%" PRIx64 ": 0x%" PRIx64 "-0x%" PRIx64
			       " is no area",
			       v->addr, v->start, v->end);
	if (v->start < last_end)
		return err_set(err, ERR_CORRUPT,
			       "vm_area_struct 0x%" PRIx64 " starts at 0x%" PRIx64
			       ", which is not above 0x%" PRIx64,
			       v->addr, v->start, last_end);
	return 0;
}

static int add_vma(struct kernel *k, kvaddr_t addr, struct vma_vec *ret, struct err *err)
{
	struct vma v;
	int rc = vma_read(k, addr, &v, err);

	if (!rc)
		rc = vma_check(k, &v, ret->n ? ret->v[ret->n - 1].end : 0, err);
	if (!rc && !vma_vec_push(ret, v))
		rc = err_nomem(err);
	return rc;
}

static int snapshot_maple(struct kernel *k, kvaddr_t mm, size_t max, struct vma_vec *ret,
			  struct err *err)
{
	struct reader kmem = kmem_reader(&k->km);
	struct maple_entry_vec entries = { 0 };
	const struct maple_entry *e;
	struct err fault = { 0 };
	uint64_t root;
	int rc;

	if (!layout_has(&k->layout, L_maple_tree_ma_root))
		return kernel_lacks(k, L_maple_tree_ma_root, err);
	rc = kread_u64(k,
		       kmember_addr(k, mm, L_mm_struct_mm_mt) +
			       layout_off(&k->layout, L_maple_tree_ma_root),
		       &root, err);
	if (!rc)
		rc = maple_walk(&kmem, root, max, &entries, err);
	vec_for_each(e, &entries) {
		int bad = add_vma(k, e->entry, ret, &fault);
		const struct vma *v = !bad && ret->n ? &ret->v[ret->n - 1] : NULL;

		if (v && (v->start != e->first || v->end != e->last + 1)) {
			bad = err_set(&fault, ERR_CORRUPT,
				      "vm_area_struct 0x%" PRIx64 " says 0x%" PRIx64 "-0x%" PRIx64
				      ", its maple node 0x%" PRIx64 "-0x%" PRIx64,
				      v->addr, v->start, v->end, e->first, e->last + 1);
			ret->n--;
		}
		/* One damaged area does not take the others with it. */
		if (bad && !rc)
			rc = err_set(err, bad, "%s", fault.text);
	}
	maple_entry_vec_free(&entries);
	return rc;
}

static int snapshot_list(struct kernel *k, kvaddr_t mm, size_t max, struct vma_vec *ret,
			 struct err *err)
{
	uint64_t at;
	int rc = kread_member(k, mm, L_mm_struct_mmap, &at, err);

	while (!rc && at) {
		if (ret->n >= max)
			return err_set(err, ERR_CORRUPT, "more than %zu areas", max);
		rc = add_vma(k, at, ret, err);
		if (!rc)
			rc = kread_member(k, at, L_vm_area_struct_vm_next, &at, err);
	}
	return rc;
}

int vma_snapshot(struct kernel *k, kvaddr_t mm, struct vma_vec *ret, struct err *err)
{
	uint64_t count;
	int rc = kread_member(k, mm, L_mm_struct_map_count, &count, err);

	if (rc)
		return rc;
	/* The count may lag behind by few; a wild one must not bound what is there. */
	count = count > VMA_COUNT_MAX ? VMA_COUNT_MAX : count + 64;
	if (layout_has(&k->layout, L_mm_struct_mm_mt))
		rc = snapshot_maple(k, mm, count, ret, err);
	else if (layout_has(&k->layout, L_mm_struct_mmap))
		rc = snapshot_list(k, mm, count, ret, err);
	else
		return kernel_lacks(k, L_mm_struct_mm_mt, err);
	return rc ? err_add(err, "mm_struct 0x%" PRIx64, mm) : 0;
}

bool vma_special_name(struct kernel *k, const struct vma *v, char *buf, size_t size)
{
	static const enum symbol_id ops[] = { S_special_mapping_vmops,
					      S_legacy_special_mapping_vmops };
	uint64_t name;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		if (v->ops && k->sym.known[ops[i]] && v->ops == k->sym.addr[ops[i]])
			return !kread_member(k, v->private_data, L_vm_special_mapping_name, &name,
					     NULL) &&
			       !kmem_read_str(&k->km, name, buf, size, NULL) && buf[0];
	return false;
}

bool vma_anon_name(struct kernel *k, const struct vma *v, char *buf, size_t size)
{
	uint64_t name;

	if (v->file || !layout_has(&k->layout, L_anon_vma_name_name) ||
	    kread_member(k, v->addr, L_vm_area_struct_anon_name, &name, NULL) || !name)
		return false;
	return !kmem_read_str(&k->km, name + layout_off(&k->layout, L_anon_vma_name_name), buf,
			      size, NULL) &&
	       buf[0];
}
