/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A flattened file (kdump_format.h) seen as the file that it stands for. */
#ifndef VMSIFT_VMCORE_FLAT_MAP_H
#define VMSIFT_VMCORE_FLAT_MAP_H

#include "util/err.h"
#include "vmcore/window.h"

/* 6 MiB of them; vmsift and makedumpfile write hundreds of KiB into one, so 64 GiB and more. */
#define FLAT_RECORDS_MAX (1u << 18)

struct flat_map;

/* Whether a file that begins with these bytes is flattened. */
bool flat_map_probe(const uint8_t *head, size_t size);

/**
 * flat_map_open() - read the heads of all records
 * @file_size: of the flattened file; a record that ends behind it is cut, and so is the map there
 * @ret:       free with flat_map_close(). Untouched on failure.
 *
 * A place that two records name alike is the later one's. Records that overlap otherwise are refused, as
 * readers of this format do not agree on what they mean.
 *
 * Return: 0; ERR_FORMAT, ERR_CORRUPT; ERR_UNSUPPORTED for too many records; what reading says; ERR_NOMEM.
 */
int flat_map_open(struct window_cache *wc, uint64_t file_size, struct flat_map **ret,
		  struct err *err);
void flat_map_close(struct flat_map *fm);

/* Of the file that it stands for. */
uint64_t flat_map_size(const struct flat_map *fm);

/* Whether the end mark was missing. */
bool flat_map_was_cut(const struct flat_map *fm);

/**
 * flat_map_find() - where the byte at @off is
 * @file_off: in the flattened file
 * @size:     bytes for which the answer holds
 *
 * Return: false if no record has it: such bytes are zeros.
 */
bool flat_map_find(const struct flat_map *fm, uint64_t off, uint64_t *file_off, uint64_t *size);

#endif
