/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page codecs: the pages of a kernel dump, each compressed by itself (struct page_desc of
 * makedumpfile's format bears one flag per page, so that they may be mixed in one file). Both ways:
 * the kdump writer compresses, the reader of saved dumps decompresses what may be damaged or
 * hostile.
 *
 * To add one: a file page_NAME.c with a struct page_codec (see page_internal.h), a line in
 * page_internal.h and a row in codec_page.c. A context must not be used by two threads at once.
 */
#ifndef VMSIFT_CODEC_CODEC_PAGE_H
#define VMSIFT_CODEC_CODEC_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "util/err.h"

struct page_ctx;

struct page_codec {
	const char *name;  /* "zlib", "lzo", "zstd" */
	uint32_t pd_flag;  /* in page_desc.flags and, for the file, in disk_dump_header.status */
	int level_default; /* what makedumpfile uses, or near it */
	int level_small;   /* for a dump of few pages: costs more time, and little more memory */
	int level_min, level_max;
	const struct page_ops *ops;
};

/* Return: the codec of that name, NULL if there is none; "none" is not a codec here. */
const struct page_codec *page_codec_find(const char *name);

/* Return: the codec whose flag it is (exactly one bit), NULL if there is none. */
const struct page_codec *page_codec_of_flag(uint32_t pd_flag);

/* The codecs in the order of their table. Return: NULL past the last. */
const struct page_codec *page_codec_at(size_t i);

/**
 * page_compressor_create() - take all memory for compressing pages
 * @level:     within the codec's bounds
 * @page_size: the most that is compressed at a time; at most PAGE_CODEC_SIZE_MAX
 * @ret:       free with page_ctx_destroy(). Untouched on failure.
 *
 * Return: 0; ERR_INVALID for a level or size out of bounds; ERR_NOMEM.
 */
int page_compressor_create(const struct page_codec *codec, int level, size_t page_size,
			   struct page_ctx **ret, struct err *err);

/**
 * page_compress() - compress one page
 * @in:   @size bytes, at most the page_size of the context
 * @out:  @cap bytes
 *
 * Return: bytes in @out; 0 if they would be more than @cap, which is no error: such a page is
 * stored as it is (give @cap as @size - 1).
 */
size_t page_compress(struct page_ctx *ctx, const void *in, size_t size, void *out, size_t cap);

/* As page_compressor_create(), for page_decompress(); there is no level. */
int page_decompressor_create(const struct page_codec *codec, struct page_ctx **ret,
			     struct err *err);

/**
 * page_decompress() - decompress one page, from any bytes
 * @out: receives exactly @out_size bytes; undefined on failure
 *
 * Return: 0; ERR_CORRUPT if @in is damaged or does not give exactly @out_size bytes.
 */
int page_decompress(struct page_ctx *ctx, const void *in, size_t in_size, void *out,
		    size_t out_size, struct err *err);

/* Takes NULL. */
void page_ctx_destroy(struct page_ctx *ctx);

/* The largest page of any architecture (64 KiB pages of arm64 and ppc64). */
#define PAGE_CODEC_SIZE_MAX (64u << 10)

#endif
