/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/swap_entry.h"

/* include/linux/swapops.h PTE_MARKER_...: the first two since 6.1 and 6.2 (5.19), the third since 6.15. */
#define MARKER_UFFD_WP	1u
#define MARKER_POISONED 2u
#define MARKER_GUARD	4u
#define MARKER_MASK	7u

/*
 * How many types stand for device memory, of those that are left above the migration entries. With two
 * migration entries (to 5.18) all are: 0, 2 or 4. Later one or two markers follow, and device entries
 * are 4, or 3 since 6.15, or none.
 */
static int nr_device_types(bool has_read_exclusive, unsigned int rest)
{
	if (!has_read_exclusive)
		return rest == 0 || rest == 2 || rest == 4 ? (int)rest : -1;
	switch (rest) {
	case 0:
	case 1:
	case 2:
		return 0;
	case 4:
		return 3;
	case 5:
	case 6:
		return 4;
	default:
		return -1;
	}
}

static enum swap_entry_kind marker_kind(uint64_t offset)
{
	if (!offset || offset & ~(uint64_t)MARKER_MASK)
		return SWAP_ENTRY_ERROR; /* its own type without markers: the frame that was to be filled */
	return offset & MARKER_POISONED ? SWAP_ENTRY_POISON_MARKER : SWAP_ENTRY_MARKER;
}

struct swap_entry swap_entry_decode(const struct swap_types *t, unsigned int type, uint64_t offset)
{
	struct swap_entry e = { .kind = SWAP_ENTRY_UNKNOWN };
	unsigned int nr_migration = t->has_read_exclusive ? 3 : 2, rest, at;
	int nr_device;

	if (type >= SWAP_TYPES_MAX || !t->max_swapfiles || t->max_swapfiles > SWAP_TYPES_MAX)
		return e;
	if (type < t->max_swapfiles) {
		e.kind = SWAP_ENTRY_SWAPPED;
		return e;
	}
	rest = SWAP_TYPES_MAX - t->max_swapfiles;
	if (rest < t->has_hwpoison + nr_migration)
		return e;
	rest -= t->has_hwpoison + nr_migration;
	nr_device = nr_device_types(t->has_read_exclusive, rest);
	if (nr_device < 0)
		return e;
	at = type - t->max_swapfiles;
	e.pfn = t->pfn_bits < 64 ? offset & ((1ull << t->pfn_bits) - 1) : offset;
	if (t->has_hwpoison && at-- == 0) {
		e.kind = SWAP_ENTRY_HWPOISON;
	} else if (at < nr_migration) {
		e.kind = SWAP_ENTRY_MIGRATION;
	} else if (at < nr_migration + (unsigned int)nr_device) {
		e.kind = at < nr_migration + 2 ? SWAP_ENTRY_DEVICE_PRIVATE :
						 SWAP_ENTRY_DEVICE_EXCLUSIVE;
	} else if (at == nr_migration + (unsigned int)nr_device) {
		e.kind = marker_kind(offset);
	} else {
		e.kind = SWAP_ENTRY_ERROR;
	}
	return e;
}
