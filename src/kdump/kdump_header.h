/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands before the bitmaps: both headers and the notes. */
#ifndef VMSIFT_KDUMP_KDUMP_HEADER_H
#define VMSIFT_KDUMP_KDUMP_HEADER_H

#include "kdump/kdump_out.h"
#include "kernel/kernel.h"

/* Where everything is. */
struct kdump_places {
	uint32_t block_size;
	uint64_t note_size, sub_hdr_blocks;
	uint64_t bitmap_size; /* of one */
	uint64_t off_bitmap1, off_bitmap2, off_desc;
};

/* @max_mapnr: frame behind the last. @layout: of the layout note, or NULL. Return: 0; ERR_UNSUPPORTED if the format cannot say it. */
int kdump_places_init(struct kdump_places *p, const struct vmcore *vc, pfn_t max_mapnr,
		      const char *layout, struct err *err);

struct kdump_identity {
	unsigned int dump_level;
	pfn_t max_mapnr;
	const struct kernel *k; /* NULL: what VMCOREINFO tells */
	const char *layout; /* of the layout note, or NULL: none of our own */
};

/**
 * kdump_header_write() - both headers and the notes
 *
 * The status word is left out of a flattened file, as it may be written once only; elsewhere it says
 * INCOMPLETE until kdump_status_write() tells otherwise, so that a file that was cut says so.
 */
int kdump_header_write(struct kdump_out *out, struct vmcore *vc, const struct kdump_places *p,
		       const struct kdump_identity *id, struct err *err);

int kdump_status_write(struct kdump_out *out, uint32_t status, struct err *err);

#endif
