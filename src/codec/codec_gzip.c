/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gzip (RFC 1952) around a raw deflate stream (RFC 1951) made by zlib. Header and trailer are
 * written here rather than by zlib, because runs of zeros are put in as ready-made pieces that zlib
 * does not see: after a full flush the stream stands at a byte boundary and nothing later refers
 * back across it.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "codec/codec_internal.h"
#include "util/bytes.h"
#include "util/types.h"

/* So many zeros are one piece, of about 1 KiB when compressed: deflate cannot do better. */
#define ZERO_PIECE     (1u << 20)
#define ZERO_PIECE_MAX 2048

struct gzip_stream {
	struct codec_stream s;
	z_stream z;
	int level;
	uint32_t crc;
	bool begun;	  /* the header is out */
	size_t zero_size; /* bytes in .zero_piece; 0 until it is made */
	uint32_t zero_crc;
	uint8_t zero_piece[ZERO_PIECE_MAX];
	uint8_t out[CODEC_OUT_SIZE];
};

static int gzip_init(struct codec_stream *s, int level, struct err *err)
{
	struct gzip_stream *g = (struct gzip_stream *)s;
	int z;

	g->level = level;
	z = deflateInit2(&g->z, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);

	if (z == Z_MEM_ERROR)
		return err_nomem(err);
	if (z != Z_OK)
		return err_set(err, ERR_UNSUPPORTED, "zlib: deflateInit2: %s", zError(z));
	g->crc = (uint32_t)crc32(0, NULL, 0);
	g->z.next_out = g->out;
	g->z.avail_out = sizeof(g->out);
	return 0;
}

static int gzip_emit(struct gzip_stream *g, struct err *err)
{
	/* RFC 1952 2.3: method deflate, no flags, no time, XFL 0, OS Unix. */
	static const uint8_t header[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
	size_t size = sizeof(g->out) - g->z.avail_out;
	int rc;

	if (!g->begun) {
		g->begun = true;
		rc = codec_emit(&g->s, header, sizeof(header), err);
		if (rc)
			return rc;
	}
	g->z.next_out = g->out;
	g->z.avail_out = sizeof(g->out);
	return codec_emit(&g->s, g->out, size, err);
}

/* Runs deflate until it has taken all input and, for a flush or the end, has put all out. */
static int gzip_deflate(struct gzip_stream *g, int flush, struct err *err)
{
	int z, rc;

	do {
		if (!g->z.avail_out) {
			rc = gzip_emit(g, err);
			if (rc)
				return rc;
		}
		z = deflate(&g->z, flush);
		if (z != Z_OK && z != Z_STREAM_END && z != Z_BUF_ERROR)
			return err_set(err, ERR_IO, "zlib: deflate: %s", zError(z));
	} while (flush == Z_FINISH ? z != Z_STREAM_END : !g->z.avail_out);
	return 0;
}

static int gzip_write(struct codec_stream *s, const void *buf, size_t size, struct err *err)
{
	struct gzip_stream *g = (struct gzip_stream *)s;
	const uint8_t *p = buf;
	uInt n;
	int rc;

	while (size) {
		n = (uInt)min_u64(size, 1u << 30);
		g->crc = (uint32_t)crc32(g->crc, p, n);
		g->z.next_in = (z_const Bytef *)p;
		g->z.avail_in = n;
		rc = gzip_deflate(g, Z_NO_FLUSH, err);
		if (rc)
			return rc;
		p += n;
		size -= n;
	}
	return 0;
}

/*
 * Lets deflate compress a piece of zeros between two full flushes, into .out, and keeps the bytes.
 * Needs .out empty and the stream just flushed. The piece itself is not part of the output yet.
 * Run lengths only: level 1 would refer back by a whole match, four times the size.
 */
static int make_zero_piece(struct gzip_stream *g, struct err *err)
{
	static const uint8_t zeros[4096];
	size_t i;
	int z;

	g->z.avail_in = 0;
	z = deflateParams(&g->z, g->level, Z_RLE);
	for (i = 0; i < ZERO_PIECE / sizeof(zeros) && z == Z_OK; i++) {
		g->z.next_in = (z_const Bytef *)zeros;
		g->z.avail_in = sizeof(zeros);
		z = deflate(&g->z, i + 1 < ZERO_PIECE / sizeof(zeros) ? Z_NO_FLUSH : Z_FULL_FLUSH);
		g->zero_crc = (uint32_t)crc32(g->zero_crc, zeros, sizeof(zeros));
	}
	g->zero_size = sizeof(g->out) - g->z.avail_out;
	if (z != Z_OK || g->z.avail_in || g->zero_size > sizeof(g->zero_piece))
		return err_set(err, ERR_IO, "zlib: %zu bytes for a piece of zeros", g->zero_size);
	memcpy(g->zero_piece, g->out, g->zero_size);
	g->z.next_out = g->out;
	g->z.avail_out = sizeof(g->out);
	z = deflateParams(&g->z, g->level, Z_DEFAULT_STRATEGY);
	if (z != Z_OK || g->z.avail_out != sizeof(g->out))
		return err_set(err, ERR_IO, "zlib: deflateParams: %s", zError(z));
	return 0;
}

/* As many pieces as go into .out at a time, so that a terabyte is no million small writes. */
static int put_zero_pieces(struct gzip_stream *g, uint64_t nr, struct err *err)
{
	int rc;

	for (; nr; nr--) {
		if (g->z.avail_out < g->zero_size) {
			rc = gzip_emit(g, err);
			if (rc)
				return rc;
		}
		memcpy(g->z.next_out, g->zero_piece, g->zero_size);
		g->z.next_out += g->zero_size;
		g->z.avail_out -= (uInt)g->zero_size;
		g->crc = (uint32_t)crc32_combine(g->crc, g->zero_crc, ZERO_PIECE);
	}
	return 0;
}

static int gzip_zeros(struct codec_stream *s, uint64_t size, struct err *err)
{
	struct gzip_stream *g = (struct gzip_stream *)s;
	int rc;

	/* A flush costs a few bytes and forgets what could be referred to: for long runs only. */
	if (size >= ZERO_PIECE) {
		g->z.avail_in = 0;
		rc = gzip_deflate(g, Z_FULL_FLUSH, err);
		if (!rc && !g->zero_size) {
			rc = gzip_emit(g, err);
			if (!rc)
				rc = make_zero_piece(g, err);
		}
		if (!rc)
			rc = put_zero_pieces(g, size / ZERO_PIECE, err);
		if (rc)
			return rc;
		size %= ZERO_PIECE;
	}
	return codec_write_zeros(s, size, err);
}

static int gzip_finish(struct codec_stream *s, struct err *err)
{
	struct gzip_stream *g = (struct gzip_stream *)s;
	uint8_t trailer[8];
	int rc;

	g->z.avail_in = 0;
	rc = gzip_deflate(g, Z_FINISH, err);
	if (!rc)
		rc = gzip_emit(g, err);
	if (rc)
		return rc;
	put_u32(trailer, g->crc);
	put_u32(trailer + 4, (uint32_t)s->nr_in); /* modulo 2^32, as RFC 1952 wants it */
	return codec_emit(s, trailer, sizeof(trailer), err);
}

static void gzip_deinit(struct codec_stream *s)
{
	deflateEnd(&((struct gzip_stream *)s)->z);
}

static const struct codec_ops gzip_ops = {
	.state_size = sizeof(struct gzip_stream),
	.init = gzip_init,
	.write = gzip_write,
	.zeros = gzip_zeros,
	.finish = gzip_finish,
	.deinit = gzip_deinit,
};

const struct codec codec_gzip = {
	.name = "gzip",
	.suffix = ".gz",
	.level_default = 1,
	.level_min = 1,
	.level_max = 9,
	.ops = &gzip_ops,
};
