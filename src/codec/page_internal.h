/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What codec_page.c and the page codecs share; nobody else includes it. */
#ifndef VMSIFT_CODEC_PAGE_INTERNAL_H
#define VMSIFT_CODEC_PAGE_INTERNAL_H

#include <stdbool.h>

#include "codec/codec_page.h"

/* The first member of every codec's own contexts. */
struct page_ctx {
	const struct page_codec *codec;
	size_t page_size;
	void (*deinit)(struct page_ctx *ctx); /* of the ops that made it */
};

struct page_ops {
	/* Sizes of the codec's own structs, which come zeroed. deinit follows a failed init. */
	size_t compressor_size, decompressor_size;

	/* .page_size is set before. */
	int (*compressor_init)(struct page_ctx *ctx, int level, struct err *err);
	size_t (*compress)(struct page_ctx *ctx, const void *in, size_t size, void *out,
			   size_t cap);
	void (*compressor_deinit)(struct page_ctx *ctx);

	int (*decompressor_init)(struct page_ctx *ctx, struct err *err);
	/* Return: false if damaged; else *ret bytes came out, at most @cap. */
	bool (*decompress)(struct page_ctx *ctx, const void *in, size_t size, void *out, size_t cap,
			   size_t *ret);
	void (*decompressor_deinit)(struct page_ctx *ctx);
};

extern const struct page_codec page_zlib;
extern const struct page_codec page_lzo;
extern const struct page_codec page_zstd;

#endif
