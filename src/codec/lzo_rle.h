/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LZO as Linux writes it: LZO1X (version 0 of the stream) and lzo-rle (version 1, since 5.1), which adds
 * runs of zeros and which lzo2 cannot read. The format: Documentation/staging/lzo.rst of Linux.
 */
#ifndef VMSIFT_CODEC_LZO_RLE_H
#define VMSIFT_CODEC_LZO_RLE_H

#include <stddef.h>
#include <stdint.h>

#include "util/err.h"

/**
 * lzo_rle_decode() - decompress a block, from any bytes
 * @out:  receives exactly @out_size bytes; undefined on failure
 *
 * The whole of @in must be the stream, with its end mark.
 *
 * Return: 0; ERR_CORRUPT, saying where; ERR_UNSUPPORTED for a version of the stream above 1.
 */
int lzo_rle_decode(const void *in, size_t in_size, void *out, size_t out_size, struct err *err);

#endif
