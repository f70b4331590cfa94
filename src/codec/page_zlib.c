/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages in zlib's format (RFC 1950), by libdeflate, which is quicker than zlib on single pages. */
#include <libdeflate.h>

#include "codec/page_internal.h"

struct zlib_compressor {
	struct page_ctx ctx;
	struct libdeflate_compressor *c;
};

struct zlib_decompressor {
	struct page_ctx ctx;
	struct libdeflate_decompressor *d;
};

static int compressor_init(struct page_ctx *ctx, int level, struct err *err)
{
	struct zlib_compressor *z = (struct zlib_compressor *)ctx;

	z->c = libdeflate_alloc_compressor(level);
	return z->c ? 0 : err_nomem(err);
}

static size_t compress(struct page_ctx *ctx, const void *in, size_t size, void *out, size_t cap)
{
	return libdeflate_zlib_compress(((struct zlib_compressor *)ctx)->c, in, size, out, cap);
}

static void compressor_deinit(struct page_ctx *ctx)
{
	libdeflate_free_compressor(((struct zlib_compressor *)ctx)->c);
}

static int decompressor_init(struct page_ctx *ctx, struct err *err)
{
	struct zlib_decompressor *z = (struct zlib_decompressor *)ctx;

	z->d = libdeflate_alloc_decompressor();
	return z->d ? 0 : err_nomem(err);
}

static bool decompress(struct page_ctx *ctx, const void *in, size_t size, void *out, size_t cap,
		       size_t *ret)
{
	return libdeflate_zlib_decompress(((struct zlib_decompressor *)ctx)->d, in, size, out, cap,
					  ret) == LIBDEFLATE_SUCCESS;
}

static void decompressor_deinit(struct page_ctx *ctx)
{
	libdeflate_free_decompressor(((struct zlib_decompressor *)ctx)->d);
}

static const struct page_ops ops = {
	.compressor_size = sizeof(struct zlib_compressor),
	.decompressor_size = sizeof(struct zlib_decompressor),
	.compressor_init = compressor_init,
	.compress = compress,
	.compressor_deinit = compressor_deinit,
	.decompressor_init = decompressor_init,
	.decompress = decompress,
	.decompressor_deinit = decompressor_deinit,
};

const struct page_codec page_zlib = {
	.name = "zlib",
	.pd_flag = 1, /* DUMP_DH_COMPRESSED_ZLIB */
	/* libdeflate's 1 is quicker still, but its output larger than zlib's 1, which makedumpfile uses. */
	.level_default = 2,
	.level_small = 6,
	.level_min = 1,
	.level_max = 9, /* the levels from 10 to 12 need 9 MB */
	.ops = &ops,
};
