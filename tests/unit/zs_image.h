/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory with a zsmalloc pool in it, for tests and for the fuzzer: 4 page frames behind the structures. */
#ifndef ZS_IMAGE_H
#define ZS_IMAGE_H

#include <string.h>

#include "kernel/zsmalloc.h"
#include "util/bytes.h"

#define ZS_BASE	   0xffff888000010000ull /* of the structures */
#define ZS_VMEMMAP (ZS_BASE + 0x400)	 /* struct page of frame n: 64 bytes each */
#define ZS_HANDLE  (ZS_BASE + 0x100)	 /* the word that says where the object is */
#define ZS_ZSPAGE  (ZS_BASE + 0x200)
#define ZS_CLASS   (ZS_BASE + 0x240)
#define ZS_POOL	   (ZS_BASE + 0x280)
#define ZS_NR_CLASSES 16u
#define ZS_STRUCTS 0x800u
#define ZS_FRAMES  4u
#define ZS_PAGE	   4096u

struct zs_image {
	uint8_t structs[ZS_STRUCTS];
	uint8_t frames[ZS_FRAMES * ZS_PAGE];
	struct layout layout;
	struct zs_view view;
};

static inline int zs_image_kmem(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	const struct zs_image *m = ctx;

	if (off < ZS_BASE || off - ZS_BASE > ZS_STRUCTS || size > ZS_STRUCTS - (off - ZS_BASE))
		return err_set(err, ERR_ABSENT, "address 0x%" PRIx64 " is not in the dump", off);
	memcpy(buf, m->structs + (off - ZS_BASE), size);
	return 0;
}

static inline int zs_image_phys(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	const struct zs_image *m = ctx;

	if (off > sizeof(m->frames) || size > sizeof(m->frames) - off)
		return err_set(err, ERR_ABSENT, "page frame 0x%" PRIx64 " is not in the dump",
			       off / ZS_PAGE);
	memcpy(buf, m->frames + off, size);
	return 0;
}

static inline void zs_member(struct zs_image *m, enum layout_id id, int64_t off, uint32_t size)
{
	m->layout.v[id] = (struct layout_value){ .known = true, .value = off, .size = size };
}

/* As 6.1 has it, or with struct zpdesc as 6.14 and later. */
static inline void zs_image_init(struct zs_image *m, bool zpdesc)
{
	memset(m, 0, sizeof(*m));
	zs_member(m, L_page, 64, 64);
	zs_member(m, L_page_private, 40, 8);
	zs_member(m, L_page_index, 32, 8);
	if (zpdesc) {
		zs_member(m, L_zpdesc_zspage, 40, 8);
		zs_member(m, L_zpdesc_next, 32, 8);
		zs_member(m, L_zpdesc_handle, 32, 8);
	}
	zs_member(m, L_zspage_huge, 0, 4);
	m->layout.v[L_zspage_class] = (struct layout_value){ true, 0, 3, 9, 2, 0, 0 };
	m->layout.v[L_zspage_magic] = (struct layout_value){ true, 0, 7, 8, 2, 0, 1 };
	zs_member(m, L_zs_pool_size_class, 8, 8 * ZS_NR_CLASSES);
	m->layout.v[L_zs_pool_size_class].count = ZS_NR_CLASSES;
	zs_member(m, L_size_class_size, 0, 4);
	zs_member(m, L_size_class_objs_per_zspage, 4, 4);
	zs_member(m, L_size_class_pages_per_zspage, 8, 4);
	zs_member(m, L_size_class_index, 12, 4);
	m->view = (struct zs_view){ .kmem = { zs_image_kmem, m, UINT64_MAX },
				    .phys = { zs_image_phys, m, UINT64_MAX },
				    .layout = &m->layout, .vmemmap = ZS_VMEMMAP, .page_shift = 12 };
}

static inline uint8_t *zs_at(struct zs_image *m, kvaddr_t va)
{
	return m->structs + (va - ZS_BASE);
}

/* A zspage of the frames 1 and 2 with objects of @size bytes, @nr of them, in class @class. */
static inline void zs_image_fill(struct zs_image *m, uint32_t class, uint32_t size, uint32_t nr,
				 uint32_t nr_pages)
{
	uint32_t n;

	put_u32(zs_at(m, ZS_ZSPAGE), class << 3 | 0x58u << 15);
	put_u32(zs_at(m, ZS_CLASS), size);
	put_u32(zs_at(m, ZS_CLASS + 4), nr);
	put_u32(zs_at(m, ZS_CLASS + 8), nr_pages);
	put_u32(zs_at(m, ZS_CLASS + 12), class);
	put_u64(zs_at(m, ZS_POOL + 8 + 8 * (class % ZS_NR_CLASSES)), ZS_CLASS);
	for (n = 1; n <= 2; n++)
		put_u64(zs_at(m, ZS_VMEMMAP + 64 * n + 40), ZS_ZSPAGE);
	put_u64(zs_at(m, ZS_VMEMMAP + 64 * 1 + 32), ZS_VMEMMAP + 64 * 2);
}

#endif
