/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codec/codec_page.h"

#include <stdlib.h>
#include <string.h>

#include "codec/page_internal.h"
#include "util/types.h"

static const struct page_codec *const codecs[] = {
	&page_zlib,
	&page_lzo,
	&page_zstd,
};

const struct page_codec *page_codec_at(size_t i)
{
	return i < ARRAY_SIZE(codecs) ? codecs[i] : NULL;
}

const struct page_codec *page_codec_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codecs); i++)
		if (!strcmp(codecs[i]->name, name))
			return codecs[i];
	return NULL;
}

const struct page_codec *page_codec_of_flag(uint32_t pd_flag)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codecs); i++)
		if (codecs[i]->pd_flag == pd_flag)
			return codecs[i];
	return NULL;
}

int page_compressor_create(const struct page_codec *codec, int level, size_t page_size,
			   struct page_ctx **ret, struct err *err)
{
	struct page_ctx *ctx;
	int rc;

	if (level < codec->level_min || level > codec->level_max)
		return err_set(err, ERR_INVALID, "codec %s knows levels %d to %d, not %d",
			       codec->name, codec->level_min, codec->level_max, level);
	if (!page_size || page_size > PAGE_CODEC_SIZE_MAX)
		return err_set(err, ERR_INVALID, "codec %s: pages of %zu bytes", codec->name,
			       page_size);
	ctx = calloc(1, codec->ops->compressor_size);
	if (!ctx)
		return err_nomem(err);
	ctx->codec = codec;
	ctx->page_size = page_size;
	ctx->deinit = codec->ops->compressor_deinit;
	rc = codec->ops->compressor_init(ctx, level, err);
	if (rc) {
		page_ctx_destroy(ctx);
		return rc;
	}
	*ret = ctx;
	return 0;
}

size_t page_compress(struct page_ctx *ctx, const void *in, size_t size, void *out, size_t cap)
{
	if (!size || size > ctx->page_size)
		return 0;
	return ctx->codec->ops->compress(ctx, in, size, out, cap);
}

int page_decompressor_create(const struct page_codec *codec, struct page_ctx **ret, struct err *err)
{
	struct page_ctx *ctx;
	int rc;

	ctx = calloc(1, codec->ops->decompressor_size);
	if (!ctx)
		return err_nomem(err);
	ctx->codec = codec;
	ctx->deinit = codec->ops->decompressor_deinit;
	rc = codec->ops->decompressor_init(ctx, err);
	if (rc) {
		page_ctx_destroy(ctx);
		return rc;
	}
	*ret = ctx;
	return 0;
}

int page_decompress(struct page_ctx *ctx, const void *in, size_t in_size, void *out,
		    size_t out_size, struct err *err)
{
	size_t n = 0;

	if (!ctx->codec->ops->decompress(ctx, in, in_size, out, out_size, &n))
		return err_set(err, ERR_CORRUPT, "%s: %zu compressed bytes are damaged",
			       ctx->codec->name, in_size);
	if (n != out_size)
		return err_set(err, ERR_CORRUPT, "%s: %zu compressed bytes hold %zu bytes, not %zu",
			       ctx->codec->name, in_size, n, out_size);
	return 0;
}

void page_ctx_destroy(struct page_ctx *ctx)
{
	if (!ctx)
		return;
	ctx->deinit(ctx);
	free(ctx);
}
