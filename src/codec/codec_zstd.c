/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One zstd frame (RFC 8878) with a checksum. Several frames would also be valid, and would allow
 * ready-made runs of zeros, but some readers stop after the first.
 */
#include <stdlib.h>
#include <zstd.h>

#include "codec/codec_internal.h"
#include "util/types.h"

/*
 * Memory is the window, a block beside it, the tables and the sequences of one block. These bounds
 * keep it under CODEC_MEMORY_MAX at every level; test_codec checks it for each. Up to level 3
 * zstd's own table sizes (0: as the level says) do. From 13 on the optimal parser needs a megabyte
 * more, and compresses a few MB/s: of no use here.
 */
#define WINDOW_LOG	 19
#define TABLE_LOG(level) ((level) > 3 ? 17 : 0)

struct zstd_stream {
	struct codec_stream s;
	ZSTD_CCtx *ctx;
	uint8_t out[CODEC_OUT_SIZE];
	size_t used;
};

static int zstd_error(struct err *err, const char *what, size_t z)
{
	return err_set(err, ERR_IO, "zstd: %s: %s", what, ZSTD_getErrorName(z));
}

static int set_parameters(ZSTD_CCtx *ctx, int level, struct err *err)
{
	const struct {
		ZSTD_cParameter param;
		int value;
	} params[] = {
		{ ZSTD_c_compressionLevel, level },
		{ ZSTD_c_windowLog, WINDOW_LOG },
		{ ZSTD_c_checksumFlag, 1 },
		{ ZSTD_c_hashLog, TABLE_LOG(level) },
		{ ZSTD_c_chainLog, TABLE_LOG(level) },
	};
	size_t i, z;

	for (i = 0; i < ARRAY_SIZE(params); i++) {
		z = ZSTD_CCtx_setParameter(ctx, params[i].param, params[i].value);
		if (ZSTD_isError(z))
			return zstd_error(err, "setting a parameter", z);
	}
	return 0;
}

static int zstd_run(struct zstd_stream *z, ZSTD_inBuffer *in, ZSTD_EndDirective end,
		    struct err *err)
{
	ZSTD_outBuffer out = { z->out, sizeof(z->out), z->used };
	size_t left;
	int rc;

	do {
		if (out.pos == out.size) {
			rc = codec_emit(&z->s, z->out, out.pos, err);
			if (rc)
				return rc;
			out.pos = 0;
		}
		left = ZSTD_compressStream2(z->ctx, &out, in, end);
		if (ZSTD_isError(left))
			return zstd_error(err, "compressing", left);
	} while (end == ZSTD_e_continue ? in->pos < in->size : left != 0);
	z->used = out.pos;
	return 0;
}

static int zstd_init(struct codec_stream *s, int level, struct err *err)
{
	struct zstd_stream *z = (struct zstd_stream *)s;
	ZSTD_inBuffer none = { "", 0, 0 };
	int rc;

	z->ctx = ZSTD_createCCtx();
	if (!z->ctx)
		return err_nomem(err);
	rc = set_parameters(z->ctx, level, err);
	if (rc)
		return rc;
	/* The first call takes the memory, whether it is given bytes or not. */
	rc = zstd_run(z, &none, ZSTD_e_continue, err);
	return rc ? err_nomem(err) : 0;
}

static int zstd_write(struct codec_stream *s, const void *buf, size_t size, struct err *err)
{
	ZSTD_inBuffer in = { buf, size, 0 };

	return zstd_run((struct zstd_stream *)s, &in, ZSTD_e_continue, err);
}

static int zstd_finish(struct codec_stream *s, struct err *err)
{
	struct zstd_stream *z = (struct zstd_stream *)s;
	ZSTD_inBuffer none = { "", 0, 0 };
	int rc = zstd_run(z, &none, ZSTD_e_end, err);

	return rc ? rc : codec_emit(s, z->out, z->used, err);
}

static void zstd_deinit(struct codec_stream *s)
{
	ZSTD_freeCCtx(((struct zstd_stream *)s)->ctx);
}

static const struct codec_ops zstd_ops = {
	.state_size = sizeof(struct zstd_stream),
	.init = zstd_init,
	.write = zstd_write,
	.finish = zstd_finish,
	.deinit = zstd_deinit,
};

const struct codec codec_zstd = {
	.name = "zstd",
	.suffix = ".zst",
	.level_default = 1,
	.level_min = 1,
	.level_max = 12,
	.ops = &zstd_ops,
};
