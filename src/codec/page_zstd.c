/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages as one zstd frame each (RFC 8878), with their size in the header and without a checksum. */
#include <stdlib.h>
#include <zstd.h>

#include "codec/page_internal.h"
#include "util/cleanup.h"

struct zstd_compressor {
	struct page_ctx ctx;
	ZSTD_CCtx *c;
};

struct zstd_decompressor {
	struct page_ctx ctx;
	ZSTD_DCtx *d;
};

static size_t compress(struct page_ctx *ctx, const void *in, size_t size, void *out, size_t cap)
{
	size_t n = ZSTD_compress2(((struct zstd_compressor *)ctx)->c, out, cap, in, size);

	return ZSTD_isError(n) ? 0 : n;
}

static int compressor_init(struct page_ctx *ctx, int level, struct err *err)
{
	struct zstd_compressor *z = (struct zstd_compressor *)ctx;
	AUTO_FREE void *zeros = calloc(1, ctx->page_size);
	uint8_t out[256];

	z->c = ZSTD_createCCtx();
	if (!z->c || !zeros)
		return err_nomem(err);
	if (ZSTD_isError(ZSTD_CCtx_setParameter(z->c, ZSTD_c_compressionLevel, level)))
		return err_set(err, ERR_INVALID, "zstd: level %d", level);
	/* Tables are made for the size at hand: the largest page takes all memory there will be. */
	return compress(ctx, zeros, ctx->page_size, out, sizeof(out)) ? 0 : err_nomem(err);
}

static void compressor_deinit(struct page_ctx *ctx)
{
	ZSTD_freeCCtx(((struct zstd_compressor *)ctx)->c);
}

static int decompressor_init(struct page_ctx *ctx, struct err *err)
{
	struct zstd_decompressor *z = (struct zstd_decompressor *)ctx;

	z->d = ZSTD_createDCtx();
	return z->d ? 0 : err_nomem(err);
}

/* Takes several frames in a row too; never more than @cap bytes come out. */
static bool decompress(struct page_ctx *ctx, const void *in, size_t size, void *out, size_t cap,
		       size_t *ret)
{
	*ret = ZSTD_decompressDCtx(((struct zstd_decompressor *)ctx)->d, out, cap, in, size);
	return !ZSTD_isError(*ret);
}

static void decompressor_deinit(struct page_ctx *ctx)
{
	ZSTD_freeDCtx(((struct zstd_decompressor *)ctx)->d);
}

static const struct page_ops ops = {
	.compressor_size = sizeof(struct zstd_compressor),
	.decompressor_size = sizeof(struct zstd_decompressor),
	.compressor_init = compressor_init,
	.compress = compress,
	.compressor_deinit = compressor_deinit,
	.decompressor_init = decompressor_init,
	.decompress = decompress,
	.decompressor_deinit = decompressor_deinit,
};

const struct page_codec page_zstd = {
	.name = "zstd",
	.pd_flag = 0x20, /* DUMP_DH_COMPRESSED_ZSTD */
	.level_default = 1,
	.level_min = 1,
	.level_max = 12,
	.ops = &ops,
};
