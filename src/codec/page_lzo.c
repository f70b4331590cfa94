/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages by lzo1x, without a header. */
#include <lzo/lzo1x.h>
#include <string.h>

#include "codec/page_internal.h"

/* What lzo1x needs when nothing can be compressed (LZO's doc/LZO.FAQ). */
#define LZO_BOUND(size) ((size) + (size) / 16 + 64 + 3)

struct lzo_compressor {
	struct page_ctx ctx;
	lzo_align_t work[LZO1X_1_MEM_COMPRESS / sizeof(lzo_align_t) + 1];
	uint8_t out[LZO_BOUND(PAGE_CODEC_SIZE_MAX)]; /* lzo knows no limit but this one */
};

static int init(struct err *err)
{
	if (lzo_init() != LZO_E_OK)
		return err_set(err, ERR_UNSUPPORTED, "the lzo library does not fit this program");
	return 0;
}

static int compressor_init(struct page_ctx *ctx, int level, struct err *err)
{
	(void)ctx;
	(void)level;
	return init(err);
}

static size_t compress(struct page_ctx *ctx, const void *in, size_t size, void *out, size_t cap)
{
	struct lzo_compressor *l = (struct lzo_compressor *)ctx;
	lzo_uint n = 0;

	if (lzo1x_1_compress(in, size, l->out, &n, l->work) != LZO_E_OK || n > cap)
		return 0;
	memcpy(out, l->out, n);
	return n;
}

static int decompressor_init(struct page_ctx *ctx, struct err *err)
{
	(void)ctx;
	return init(err);
}

static bool decompress(struct page_ctx *ctx, const void *in, size_t size, void *out, size_t cap,
		       size_t *ret)
{
	lzo_uint n = cap;
	int rc;

	(void)ctx;
	rc = lzo1x_decompress_safe(in, size, out, &n, NULL);
	*ret = n;
	return rc == LZO_E_OK && n <= cap;
}

static void deinit(struct page_ctx *ctx)
{
	(void)ctx;
}

static const struct page_ops ops = {
	.compressor_size = sizeof(struct lzo_compressor),
	.decompressor_size = sizeof(struct page_ctx),
	.compressor_init = compressor_init,
	.compress = compress,
	.compressor_deinit = deinit,
	.decompressor_init = decompressor_init,
	.decompress = decompress,
	.decompressor_deinit = deinit,
};

const struct page_codec page_lzo = {
	.name = "lzo",
	.pd_flag = 2, /* DUMP_DH_COMPRESSED_LZO */
	.level_default = 3,
	.level_small = 3, /* LZO1X-999 costs more than zlib, and is larger */
	.level_min = 3,
	.level_max = 3,
	.ops = &ops,
};
