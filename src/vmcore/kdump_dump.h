/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kdump-compressed side of a dump (kdump_format.h), by makedumpfile or vmsift. Used by vmcore.c alone. */
#ifndef VMSIFT_VMCORE_KDUMP_DUMP_H
#define VMSIFT_VMCORE_KDUMP_DUMP_H

#include "vmcore/vmcore.h"

struct kdump_dump;

bool kdump_dump_probe(const uint8_t *head, size_t size);

/**
 * kdump_dump_open() - read headers, notes and the second bitmap
 * @vc: .kd, .e_machine, .loads and .notes are filled
 *
 * Return: 0; ERR_FORMAT, ERR_CORRUPT, ERR_UNSUPPORTED; ERR_NOMEM.
 */
int kdump_dump_open(struct vmcore *vc, struct err *err);
void kdump_dump_close(struct kdump_dump *kd);

/* As vmcore_map(); a page at the most. Decompressed pages are remembered in a small cache. */
int kdump_dump_map(struct vmcore *vc, paddr_t paddr, size_t want, const void **ptr, size_t *size,
		   struct err *err);

/* As vmcore_next(). */
bool kdump_dump_next(struct vmcore *vc, enum vmcore_what what, paddr_t from, paddr_t *start,
		     paddr_t *end);

/* Whether the page of @paddr has contents in the file, as far as the bitmap tells. */
bool kdump_dump_has(struct vmcore *vc, paddr_t paddr);

/* Whether it was RAM and was left out. */
bool kdump_dump_was_filtered(struct vmcore *vc, paddr_t paddr);

uint64_t kdump_dump_nr_pages(const struct kdump_dump *kd);

/* Whether it is a part of a split dump, and which frames' contents it has. */
bool kdump_dump_part(const struct kdump_dump *kd, pfn_t *start, pfn_t *end, pfn_t *max_mapnr);

/* For info: level, INCOMPLETE. */
unsigned int kdump_dump_level(const struct kdump_dump *kd);
bool kdump_dump_incomplete(const struct kdump_dump *kd);

#endif
