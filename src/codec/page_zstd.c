/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages as one zstd frame each (RFC 8878), with their size in the header and without a checksum. */
#include <stdlib.h>
#include <zstd.h>

#include "codec/page_internal.h"
#include "util/bytes.h"
#include "util/cleanup.h"

/*
 * At level 1 up to half of the time goes into Huffman codes of literals. Pages of which most words are empty have
 * few literals: without codes, and with shorter matches instead, they take 0.6 of the time and no more room.
 * (Measured on pages of -d 31 dumps of 6.1, by how many words are empty; of fuller pages the size grows by 6 % and more.)
 */
#define TUNED_LEVEL 1
#define SHORT_MATCH 4

enum way { WAY_NONE, WAY_DENSE, WAY_SPARSE };

struct zstd_compressor {
	struct page_ctx ctx;
	ZSTD_CCtx *c;
	bool tuned;
	enum way way; /* that .c is set to */
};

struct zstd_decompressor {
	struct page_ctx ctx;
	ZSTD_DCtx *d;
};

/* Whether most words are empty. */
static bool is_sparse(const uint8_t *page, size_t size)
{
	size_t empty = 0, i;

	for (i = 0; i + 8 <= size; i += 8)
		empty += !get_u64(page + i);
	return empty > size / 8 / 2;
}

/* Valid for the frames that follow; what a page becomes depends on nothing but the page. */
static void set_way(struct zstd_compressor *z, enum way way)
{
	if (z->way == way)
		return;
	z->way = way;
	/* With a target length the fast strategy leaves literals as they are. */
	ZSTD_CCtx_setParameter(z->c, ZSTD_c_targetLength, way == WAY_SPARSE);
	ZSTD_CCtx_setParameter(z->c, ZSTD_c_minMatch, way == WAY_SPARSE ? SHORT_MATCH : 0);
}

static size_t compress(struct page_ctx *ctx, const void *in, size_t size, void *out, size_t cap)
{
	struct zstd_compressor *z = (struct zstd_compressor *)ctx;
	size_t n;

	if (z->tuned)
		set_way(z, is_sparse(in, size) ? WAY_SPARSE : WAY_DENSE);
	n = ZSTD_compress2(z->c, out, cap, in, size);
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
	z->tuned = level == TUNED_LEVEL;
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
	.level_small = 5,
	.level_min = 1,
	.level_max = 12,
	.ops = &ops,
};
