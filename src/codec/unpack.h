/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages as the kernel compresses them in RAM (zram, zswap), by the names of its crypto API. To add one:
 * a function and a row in unpack.c.
 */
#ifndef VMSIFT_CODEC_UNPACK_H
#define VMSIFT_CODEC_UNPACK_H

#include <stddef.h>

#include "util/err.h"

struct unpack; /* memory that decoders need: some 150 KiB for zstd once it is met */

/* Return: 0; ERR_NOMEM. Free with unpack_destroy(), which takes NULL. */
int unpack_create(struct unpack **ret, struct err *err);
void unpack_destroy(struct unpack *u);

/**
 * unpack_page() - decompress one page, from any bytes
 * @algorithm: "lzo", "lzo-rle", "lz4", "lz4hc", "zstd", "deflate"
 * @out:       receives exactly @out_size bytes; undefined on failure
 *
 * Return: 0; ERR_CORRUPT if @in does not give exactly @out_size bytes; ERR_UNSUPPORTED for any other
 * algorithm, naming it; ERR_NOMEM.
 */
int unpack_page(struct unpack *u, const char *algorithm, const void *in, size_t in_size, void *out,
		size_t out_size, struct err *err);

#endif
