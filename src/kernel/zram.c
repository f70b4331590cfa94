/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zram: a disk whose pages are compressed in RAM (drivers/block/zram/zram_drv.c). */
#include <string.h>

#include "kernel/swap_internal.h"
#include "util/bytes.h"

#define SECTOR_SIZE 512u

/* "[lzo-rle]" and the like: the name of one stream's algorithm. */
static void read_algorithms(struct kernel *k, struct zram *z)
{
	const struct layout_value *algs = &k->layout.v[L_zram_comp_algs];
	const struct layout *l = &k->layout;
	uint64_t name, dict;
	unsigned int i;

	if (layout_has(l, L_zram_compressor)) {
		kmem_read_str(&k->km, kmember_addr(k, z->addr, L_zram_compressor), z->algorithms[0],
			      ALGORITHM_SIZE, NULL);
		return;
	}
	for (i = 0; algs->known && i < algs->count && i < COMP_ALGS_MAX; i++) {
		if (!kread_u64(k, z->addr + (uint64_t)algs->value + 8 * i, &name, NULL) && name)
			kmem_read_str(&k->km, name, z->algorithms[i], ALGORITHM_SIZE, NULL);
		if (layout_has(l, L_zram_params) && layout_has(l, L_zcomp_params))
			z->has_dict[i] =
				kread_member(k, z->addr + layout_off(l, L_zram_params) +
						i * layout_size(l, L_zcomp_params),
					     L_zcomp_params_dict, &dict, NULL) || dict;
	}
}

int zram_open(struct kernel *k, kvaddr_t disk, uint64_t start_sect, struct zram *z, struct err *err)
{
	const struct layout *l = &k->layout;
	uint64_t own_disk, size;

	memset(z, 0, sizeof(*z));
	if (kread_member(k, disk, L_gendisk_private_data, &z->addr, err) ||
	    kread_member(k, z->addr, L_zram_disk, &own_disk, err) ||
	    kread_member(k, z->addr, L_zram_table, &z->table, err) ||
	    kread_member(k, z->addr, L_zram_mem_pool, &z->pool, err) ||
	    kread_member(k, z->addr, L_zram_disksize, &size, err))
		return err->rc;
	if (own_disk != disk)
		return err_set(err, ERR_CORRUPT, "zram 0x%" PRIx64 " is of disk 0x%" PRIx64 ", not 0x%"
			       PRIx64, z->addr, own_disk, disk);
	if (!layout_has(l, L_zram_table_entry))
		return kernel_lacks(k, L_zram_table_entry, err);
	/* The flags stand above the size, in the order of their enum. */
	if (!layout_has(l, L_ZRAM_SAME))
		return kernel_lacks(k, L_ZRAM_SAME, err);
	z->flag_shift = (unsigned int)layout_off(l, L_ZRAM_SAME);
	if (layout_has(l, L_ZRAM_LOCK))
		z->flag_shift = (unsigned int)min_u64(z->flag_shift, layout_off(l, L_ZRAM_LOCK));
	if (z->flag_shift > 32)
		return err_set(err, ERR_UNSUPPORTED, "ZRAM_SAME is %u", z->flag_shift);
	z->nr_pages = size / k->vc->page_size;
	z->first_page = start_sect / (k->vc->page_size / SECTOR_SIZE);
	read_algorithms(k, z);
	return 0;
}

static void fill_same(uint8_t *page, size_t size, uint64_t word)
{
	size_t i;

	for (i = 0; i + 8 <= size; i += 8)
		put_u64(page + i, word);
}

static int unpack_entry(struct swap *s, const struct zram *z, uint64_t handle, uint64_t flags,
			uint8_t *page, struct err *err)
{
	size_t size = flags & ((1ull << z->flag_shift) - 1);
	unsigned int prio = layout_bit(&s->k->layout, L_ZRAM_COMP_PRIORITY_BIT1, flags) |
			    layout_bit(&s->k->layout, L_ZRAM_COMP_PRIORITY_BIT2, flags) << 1;

	if (!handle)
		return err_set(err, ERR_CORRUPT, "zram has nothing there");
	if (!z->algorithms[prio][0] && size != s->k->vc->page_size)
		return err_set(err, ERR_UNSUPPORTED, "zram: which compression it is is not known");
	if (z->has_dict[prio])
		return err_set(err, ERR_UNSUPPORTED, "zram: %s with a dictionary", z->algorithms[prio]);
	return swap_unpack_object(s, z->pool, handle, size, z->algorithms[prio], page, err);
}

int zram_read(struct swap *s, const struct zram *z, uint64_t offset, uint8_t *page,
	      enum swap_loss *loss, struct err *err)
{
	struct kernel *k = s->k;
	uint64_t index = offset + z->first_page, handle, flags;
	kvaddr_t entry;

	if (index < offset || index >= z->nr_pages)
		return err_set(err, ERR_CORRUPT, "zram has %" PRIu64 " pages", z->nr_pages);
	entry = z->table + index * layout_size(&k->layout, L_zram_table_entry);
	if (kread_member(k, entry, L_zram_table_entry_handle, &handle, err) ||
	    kread_member(k, entry, L_zram_table_entry_flags, &flags, err))
		return err->rc;
	if (layout_bit(&k->layout, L_ZRAM_WB, flags)) {
		*loss = SWAP_LOST_WRITEBACK;
		return err_set(err, ERR_ABSENT, "zram has written it to its backing device");
	}
	/* In a page of one word over and over, the word takes the handle's place. */
	if (layout_bit(&k->layout, L_ZRAM_SAME, flags)) {
		fill_same(page, k->vc->page_size, handle);
		return 0;
	}
	if (unpack_entry(s, z, handle, flags, page, err))
		return err_add(err, "zram_table_entry 0x%" PRIx64, entry);
	return 0;
}
