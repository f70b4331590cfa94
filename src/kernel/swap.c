/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/swap.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/module_types.h"
#include "kernel/page.h"
#include "kernel/swap_internal.h"
#include "util/bytes.h"

#define S_IFMT_MASK 0170000u
#define S_IFBLK_BITS 0060000u
#define DISK_NAME_LEN 32u
/* include/linux/swap.h: 32 less 9 at the most (7.3 has 24, 6.2 with all options 23). */
#define MAX_SWAPFILES_MIN 16u

/* So many words may lie between swap_info[] and a symbol that is aligned to 32 bytes, as GCC aligns structures. */
#define SWAP_INFO_PADDING 3u

/*
 * MAX_SWAPFILES is told by nothing but the size of swap_info[], and that only by where the next symbol
 * begins: it is this or SWAP_INFO_PADDING less (27 is taken for 28 with PREEMPT_RT).
 */
static unsigned int max_swapfiles(struct kernel *k)
{
	kvaddr_t at = k->sym.addr[S_swap_info];
	char name[KALLSYMS_NAME_SIZE];
	unsigned int n;
	uint64_t off;

	if (k->max_swapfiles)
		return (unsigned int)min_u64(k->max_swapfiles, SWAP_TYPES_MAX);
	if (!k->sym.known[S_swap_info] || kernel_need_kallsyms(k, NULL))
		return 0;
	for (n = MAX_SWAPFILES_MIN; n <= SWAP_TYPES_MAX; n++)
		if (kallsyms_lookup_addr(&k->ks, at + 8 * n, name, sizeof(name), &off, NULL) ||
		    off != 8 * n)
			return n <= 30 && n > MAX_SWAPFILES_MIN ? n : 0;
	return 0;
}

static void find_types(struct swap *s)
{
	struct kernel *k = s->k;
	uint64_t nr = 0;
	int64_t bits;

	s->types.max_swapfiles = max_swapfiles(k);
	s->types.has_hwpoison = layout_has(&k->layout, L_PG_hwpoison);
	s->types.has_read_exclusive = layout_has(&k->layout, L_PG_anon_exclusive);
	/* SWP_PFN_BITS; before 6.1 there are no flags above the frame, and these bits are 0. */
	s->types.pfn_bits = 40;
	if (vmcoreinfo_number(&k->vc->info, "NUMBER(MAX_PHYSMEM_BITS)", &bits) &&
	    bits > k->km.space.page_shift && bits <= 52)
		s->types.pfn_bits = (unsigned int)bits - k->km.space.page_shift;
	if (!s->types.max_swapfiles)
		kernel_degrade(k, "swap: migration entries and markers cannot be told apart: the size of swap_info is not known");
	/* It is a 32-bit number. */
	if (k->sym.known[S_nr_swapfiles] && !kread_u64(k, k->sym.addr[S_nr_swapfiles], &nr, NULL))
		nr &= UINT32_MAX;
	s->nr_devices = (unsigned int)min_u64(nr, s->types.max_swapfiles ? s->types.max_swapfiles
									 : SWAP_TYPES_MAX);
}

/* Page frames for zsmalloc: never one with a memory error. */
static int read_phys(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	struct kernel *k = ctx;

	if (page_is_poisoned(k, off / k->vc->page_size))
		return err_set(err, ERR_ABSENT, "page frame 0x%" PRIx64 " has a memory error",
			       off / k->vc->page_size);
	return vmcore_read(k->vc, off, buf, size, err);
}

static int swap_create(struct kernel *k, struct err *err)
{
	struct swap *s = calloc(1, sizeof(*s));
	unsigned int i;
	int rc;

	if (!s)
		return err_nomem(err);
	s->k = k;
	rc = unpack_create(&s->unpack, err);
	s->packed = malloc(k->vc->page_size);
	for (i = 0; i < SWAP_PAGES_KEPT; i++) {
		s->slots[i].data = malloc(k->vc->page_size);
		if (!s->slots[i].data)
			rc = err_nomem(err);
	}
	if (rc || !s->packed) {
		swap_destroy(s);
		return err_nomem(err);
	}
	s->zs = (struct zs_view){ .kmem = k->kmem,
				  .phys = { .read = read_phys, .ctx = k, .size = UINT64_MAX },
				  .layout = &k->layout,
				  .vmemmap = k->vmemmap,
				  .page_shift = k->km.space.page_shift };
	find_types(s);
	k->swap = s;
	return 0;
}

void swap_destroy(struct swap *s)
{
	unsigned int i;

	if (!s)
		return;
	for (i = 0; i < SWAP_PAGES_KEPT; i++)
		free(s->slots[i].data);
	free(s->packed);
	unpack_destroy(s->unpack);
	free(s);
}

/* Whether the page itself, or the entry, shows that it is such an entry. */
static bool entry_is_sure(struct kernel *k, const struct swap_entry *e)
{
	uint64_t flags;

	switch (e->kind) {
	case SWAP_ENTRY_HWPOISON:
		return page_is_poisoned(k, e->pfn);
	case SWAP_ENTRY_MIGRATION: /* locked from before the entry is there until it is gone (mm/migrate.c) */
		return !page_flags(k, e->pfn, &flags, NULL) && layout_bit(&k->layout, L_PG_locked, flags);
	case SWAP_ENTRY_MARKER:
	case SWAP_ENTRY_POISON_MARKER:
		return true;
	default:
		return false;
	}
}

/* A type of no swap device. Where the page speaks against what MAX_SWAPFILES makes of it, a lower one is tried. */
static struct swap_entry special_entry(struct kernel *k, unsigned int type, uint64_t offset)
{
	struct swap_types types = k->swap->types;
	struct swap_entry first = swap_entry_decode(&types, type, offset), e = first;
	unsigned int least = types.max_swapfiles > MAX_SWAPFILES_MIN + SWAP_INFO_PADDING ?
				     types.max_swapfiles - SWAP_INFO_PADDING : types.max_swapfiles;

	while (!entry_is_sure(k, &e)) {
		if (types.max_swapfiles <= least)
			return first;
		types.max_swapfiles--;
		e = swap_entry_decode(&types, type, offset);
	}
	return e;
}

struct swap_entry swap_entry_of(struct kernel *k, unsigned int type, uint64_t offset)
{
	struct swap_entry unknown = { .kind = SWAP_ENTRY_UNKNOWN };

	if (!k->swap && swap_create(k, NULL))
		return unknown;
	/* A type that a swap device has is that device, whatever the bound. */
	if (type < k->swap->nr_devices)
		return (struct swap_entry){ .kind = SWAP_ENTRY_SWAPPED };
	return special_entry(k, type, offset);
}

/* What the swap space is on: only a whole block device can be a zram. */
static int open_backing(struct swap *s, struct swap_device *d)
{
	struct kernel *k = s->k;
	uint64_t file, inode, mode, bdev, disk, start_sect = 0;
	char name[DISK_NAME_LEN];
	struct err *err = &d->zram_fault;

	if (kread_member(k, d->info, L_swap_info_struct_swap_file, &file, err) ||
	    kread_member(k, file, L_file_f_mapping, &inode, err) ||
	    kread_member(k, inode, L_address_space_host, &inode, err) ||
	    kread_member(k, inode, L_inode_i_mode, &mode, err))
		return err->rc;
	if ((mode & S_IFMT_MASK) != S_IFBLK_BITS)
		return 0;
	if (kread_member(k, d->info, L_swap_info_struct_bdev, &bdev, err) ||
	    kread_member(k, bdev, L_block_device_bd_disk, &disk, err))
		return err->rc;
	if (!layout_has(&k->layout, L_gendisk_disk_name))
		return kernel_lacks(k, L_gendisk_disk_name, err);
	if (kmem_read_str(&k->km, kmember_addr(k, disk, L_gendisk_disk_name), name, sizeof(name), err))
		return err->rc;
	if (strncmp(name, "zram", 4))
		return 0;
	d->is_zram = true;
	if (layout_has(&k->layout, L_block_device_bd_start_sect) &&
	    kread_member(k, bdev, L_block_device_bd_start_sect, &start_sect, err))
		return err->rc;
	if (kernel_need_module_types(k, "zram", err))
		return err->rc;
	return zram_open(k, disk, start_sect, &d->zram, err);
}

static int open_device(struct swap *s, unsigned int type, struct swap_device *d)
{
	struct kernel *k = s->k;
	struct err *err = &d->fault;
	uint64_t own;

	if (!k->sym.known[S_swap_info])
		return err_set(err, ERR_UNSUPPORTED, "swap_info is not known");
	if (type >= s->nr_devices)
		return err_set(err, ERR_CORRUPT, "there are only %u swap devices", s->nr_devices);
	if (kread_u64(k, k->sym.addr[S_swap_info] + 8 * type, &d->info, err) ||
	    kread_member(k, d->info, L_swap_info_struct_type, &own, err) ||
	    kread_member(k, d->info, L_swap_info_struct_max, &d->nr_pages, err))
		return err->rc;
	if (own != type)
		return err_set(err, ERR_CORRUPT, "swap_info_struct 0x%" PRIx64 " is of type %" PRIu64,
			       d->info, own);
	if (open_backing(s, d))
		err_add(&d->zram_fault, "swap device %u", type);
	return 0;
}

int swap_unpack(struct swap *s, const char *algorithm, const void *in, size_t size, uint8_t *page,
		struct err *err)
{
	return unpack_page(s->unpack, algorithm, in, size, page, s->k->vc->page_size, err);
}

int swap_unpack_object(struct swap *s, kvaddr_t pool, uint64_t handle, size_t size,
		       const char *algorithm, uint8_t *page, struct err *err)
{
	size_t page_size = s->k->vc->page_size;
	int rc;

	if (!size || size > page_size)
		return err_set(err, ERR_CORRUPT, "an object of %zu bytes", size);
	rc = kernel_need_module_types(s->k, "zsmalloc", err);
	if (!rc)
		rc = zs_read(&s->zs, pool, handle, size, size == page_size ? page : s->packed, err);
	/* What does not get smaller is kept as it is. */
	if (rc || size == page_size)
		return rc;
	return swap_unpack(s, algorithm, s->packed, size, page, err);
}

static enum swap_loss loss_of(int rc)
{
	return rc == ERR_UNSUPPORTED || rc == ERR_NOTFOUND ? SWAP_LOST_UNSUPPORTED :
							       SWAP_LOST_DAMAGED;
}

static int find_packed(struct swap *s, const struct swap_device *d, unsigned int type,
		       uint64_t offset, struct swap_slot *slot, enum swap_loss *loss, struct err *err)
{
	int found = zswap_find(s, type, offset, slot->data, err), rc;

	slot->where = SWAP_ZSWAP;
	if (found > 0)
		return 0;
	if (found < 0) {
		*loss = loss_of(err->rc);
		return err->rc;
	}
	slot->where = SWAP_ZRAM;
	if (d->zram_fault.rc) {
		*loss = loss_of(d->zram_fault.rc);
		return err_set(err, d->zram_fault.rc, "%s", d->zram_fault.text);
	}
	if (!d->is_zram) {
		*loss = SWAP_LOST_DEVICE;
		return err_set(err, ERR_ABSENT, "it is not in RAM");
	}
	*loss = SWAP_LOST_NONE;
	rc = zram_read(s, &d->zram, offset, slot->data, loss, err);
	if (rc && !*loss)
		*loss = loss_of(rc);
	return rc;
}

static int find_page(struct swap *s, unsigned int type, uint64_t offset, struct swap_page *ret,
		     struct err *err)
{
	struct swap_device *d = &s->devices[type];
	struct swap_slot *slot = &s->slots[s->next_slot];
	int found, rc;

	if (!d->tried) {
		d->tried = true;
		d->fault.rc = open_device(s, type, d);
	}
	ret->loss = SWAP_LOST_DAMAGED;
	if (d->fault.rc) {
		ret->loss = loss_of(d->fault.rc);
		return err_set(err, d->fault.rc, "%s", d->fault.text);
	}
	if (!offset || offset >= d->nr_pages)
		return err_set(err, ERR_CORRUPT, "it has %" PRIu64 " pages", d->nr_pages);
	found = swap_cache_find(s->k, d, type, offset, ret, err);
	if (found > 0) {
		ret->where = SWAP_CACHE;
		return 0;
	}
	/* A damaged swap cache may have held a newer page: then nothing below is true. */
	if (found < 0)
		return err->rc;
	found = swap_zero_find(s->k, d, offset, err);
	ret->where = SWAP_ZERO;
	if (found)
		return found < 0 ? err->rc : 0;
	slot->valid = false;
	rc = find_packed(s, d, type, offset, slot, &ret->loss, err);
	if (rc)
		return rc;
	*slot = (struct swap_slot){ .valid = true, .type = type, .offset = offset,
				    .where = slot->where, .data = slot->data };
	s->next_slot = (s->next_slot + 1) % SWAP_PAGES_KEPT;
	ret->where = slot->where;
	ret->data = slot->data;
	return 0;
}

static const struct swap_slot *find_slot(const struct swap *s, unsigned int type, uint64_t offset)
{
	unsigned int i;

	for (i = 0; i < SWAP_PAGES_KEPT; i++)
		if (s->slots[i].valid && s->slots[i].type == type && s->slots[i].offset == offset)
			return &s->slots[i];
	return NULL;
}

int swap_find(struct kernel *k, unsigned int type, uint64_t offset, struct swap_page *ret,
	      struct err *err)
{
	const struct swap_slot *slot;
	struct err fault = { 0 };
	struct swap *s;
	int rc;

	*ret = (struct swap_page){ .loss = SWAP_LOST_UNSUPPORTED };
	if (!k->swap && swap_create(k, err))
		return ERR_NOMEM;
	s = k->swap;
	if (type >= SWAP_TYPES_MAX)
		return err_set(err, ERR_CORRUPT, "swap type %u", type);
	slot = find_slot(s, type, offset);
	if (slot) {
		*ret = (struct swap_page){ .where = slot->where, .data = slot->data };
		return 0;
	}
	rc = find_page(s, type, offset, ret, &fault);
	if (!rc) {
		ret->loss = SWAP_LOST_NONE;
		return 0;
	}
	err_add(&fault, "swap device %u, page %" PRIu64, type, offset);
	if (ret->loss != SWAP_LOST_DEVICE && !s->warned[ret->loss])
		log_warn(k->log, "%s", fault.text);
	s->warned[ret->loss] = true;
	return err_set(err, rc, "%s", fault.text);
}
