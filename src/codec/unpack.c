/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codec/unpack.h"

#include <libdeflate.h>
#include <limits.h>
#include <lz4.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec_page.h"
#include "codec/lzo_rle.h"
#include "util/types.h"

struct unpack {
	struct page_ctx *zstd;
	struct libdeflate_decompressor *deflate;
};

static int unpack_lzo(struct unpack *u, const void *in, size_t in_size, void *out, size_t out_size,
		      struct err *err)
{
	(void)u;
	return lzo_rle_decode(in, in_size, out, out_size, err);
}

/* A block without any header, as lib/lz4 and crypto/lz4.c have it. */
static int unpack_lz4(struct unpack *u, const void *in, size_t in_size, void *out, size_t out_size,
		      struct err *err)
{
	int n;

	(void)u;
	if (in_size > INT_MAX || out_size > INT_MAX)
		return err_set(err, ERR_CORRUPT, "lz4: %zu bytes", in_size);
	n = LZ4_decompress_safe(in, out, (int)in_size, (int)out_size);
	if (n < 0 || (size_t)n != out_size)
		return err_set(err, ERR_CORRUPT, "lz4: %zu bytes do not give a page", in_size);
	return 0;
}

static int unpack_zstd(struct unpack *u, const void *in, size_t in_size, void *out, size_t out_size,
		       struct err *err)
{
	int rc = u->zstd ? 0 : page_decompressor_create(page_codec_find("zstd"), &u->zstd, err);

	return rc ? rc : page_decompress(u->zstd, in, in_size, out, out_size, err);
}

/* crypto/deflate.c: raw, without zlib's header. */
static int unpack_deflate(struct unpack *u, const void *in, size_t in_size, void *out,
			  size_t out_size, struct err *err)
{
	size_t n = 0;

	if (!u->deflate)
		u->deflate = libdeflate_alloc_decompressor();
	if (!u->deflate)
		return err_nomem(err);
	if (libdeflate_deflate_decompress(u->deflate, in, in_size, out, out_size, &n) !=
		    LIBDEFLATE_SUCCESS ||
	    n != out_size)
		return err_set(err, ERR_CORRUPT, "deflate: %zu bytes do not give a page", in_size);
	return 0;
}

static const struct {
	const char *name;
	int (*unpack)(struct unpack *u, const void *in, size_t in_size, void *out, size_t out_size,
		      struct err *err);
} algorithms[] = {
	{ "lzo", unpack_lzo },	 { "lzo-rle", unpack_lzo }, { "lz4", unpack_lz4 },
	{ "lz4hc", unpack_lz4 }, { "zstd", unpack_zstd },   { "deflate", unpack_deflate },
};

int unpack_create(struct unpack **ret, struct err *err)
{
	struct unpack *u = calloc(1, sizeof(*u));

	if (!u)
		return err_nomem(err);
	*ret = u;
	return 0;
}

void unpack_destroy(struct unpack *u)
{
	if (!u)
		return;
	page_ctx_destroy(u->zstd);
	libdeflate_free_decompressor(u->deflate);
	free(u);
}

int unpack_page(struct unpack *u, const char *algorithm, const void *in, size_t in_size, void *out,
		size_t out_size, struct err *err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (!strcmp(algorithm, algorithms[i].name))
			return algorithms[i].unpack(u, in, in_size, out, out_size, err);
	return err_set(err, ERR_UNSUPPORTED, "compressed by '%s', which is not read", algorithm);
}
