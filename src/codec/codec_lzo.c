/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lzop container, as lzop 1.04 writes it by default and reads it. All numbers are big-endian:
 *
 *	magic, 9 bytes
 *	u16 version, u16 version of the library, u16 version needed to read it
 *	u8 method, u8 level, u32 flags, u32 mode, u32 mtime, u32 high half of mtime
 *	u8 length of the file name, the name
 *	u32 adler32 of all from version to the name
 *	blocks: u32 size, u32 size as stored, u32 adler32 of the data before compression, data
 *		(both sizes equal: stored as it is)
 *	u32 0
 *
 * Blocks of any size up to 64 MiB are valid; lzop makes them of 256 KiB, and so do we.
 */
#include <lzo/lzo1x.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec_internal.h"

#define LZOP_VERSION	    0x1040
#define LZOP_VERSION_NEEDED 0x0940
#define LZOP_FLAG_ADLER32   0x00000001u /* of the data of each block */
#define LZOP_FLAG_STDIN	    0x00000004u /* the name and time below mean nothing */
#define LZOP_FLAG_STDOUT    0x00000008u
#define LZOP_OS_UNIX	    0x03000000u
#define LZOP_MODE	    0100600u

#define BLOCK_SIZE	  (256u << 10)
#define BLOCK_HEADER_SIZE 12

/* What lzo1x needs when nothing can be compressed (LZO's doc/LZO.FAQ). */
#define BLOCK_BOUND (BLOCK_SIZE + BLOCK_SIZE / 16 + 64 + 3)

/* A block of zeros, compressed: 1,075 bytes with lzo 2.10. */
#define ZERO_BLOCK_MAX 2048

/*
 * lzop's method lzo1x_1, its default, which stands as level 5 in the header whatever of -2 to -6
 * was said. lzo1x_1_15 (-1) was measured: no quicker and no smaller. lzo1x_999 (-7 to -9) is slower
 * than zstd and compresses less.
 */
#define LZOP_METHOD 1
#define LZOP_LEVEL  5

struct lzo_stream {
	struct codec_stream s;
	size_t used;	  /* bytes in .in */
	size_t zero_size; /* bytes in .zero_block; 0 until it is made */
	bool begun;	  /* the header is out */
	lzo_align_t work[LZO1X_1_MEM_COMPRESS / sizeof(lzo_align_t) + 1];
	uint8_t zero_block[ZERO_BLOCK_MAX]; /* with its header */
	uint8_t in[BLOCK_SIZE];
	uint8_t out[BLOCK_HEADER_SIZE + BLOCK_BOUND];
};

static uint8_t *put_be(uint8_t *at, uint32_t v, int size)
{
	int i;

	for (i = 0; i < size; i++)
		at[i] = (uint8_t)(v >> 8 * (size - 1 - i));
	return at + size;
}

static int lzo_stream_init(struct codec_stream *s, int level, struct err *err)
{
	(void)s;
	(void)level;
	if (lzo_init() != LZO_E_OK)
		return err_set(err, ERR_UNSUPPORTED, "the lzo library does not fit this program");
	return 0;
}

static int write_header(struct lzo_stream *l, struct err *err)
{
	static const uint8_t magic[] = { 0x89, 'L', 'Z', 'O', 0, '\r', '\n', 0x1a, '\n' };
	uint8_t h[64], *start, *p;

	memcpy(h, magic, sizeof(magic));
	p = start = h + sizeof(magic);
	p = put_be(p, LZOP_VERSION, 2);
	p = put_be(p, lzo_version() & 0xffff, 2);
	p = put_be(p, LZOP_VERSION_NEEDED, 2);
	p = put_be(p, LZOP_METHOD, 1);
	p = put_be(p, LZOP_LEVEL, 1);
	p = put_be(p, LZOP_FLAG_ADLER32 | LZOP_FLAG_STDIN | LZOP_FLAG_STDOUT | LZOP_OS_UNIX, 4);
	p = put_be(p, LZOP_MODE, 4);
	p = put_be(p, 0, 4);
	p = put_be(p, 0, 4);
	p = put_be(p, 0, 1);
	p = put_be(p, lzo_adler32(1, start, (size_t)(p - start)), 4);
	l->begun = true;
	return codec_emit(&l->s, h, (size_t)(p - h), err);
}

/* Makes a block of @size bytes of .in, in .out. */
static int make_block(struct lzo_stream *l, size_t size, size_t *ret, struct err *err)
{
	uint8_t *data = l->out + BLOCK_HEADER_SIZE;
	lzo_uint stored = 0;

	if (lzo1x_1_compress(l->in, size, data, &stored, l->work) != LZO_E_OK)
		return err_set(err, ERR_IO, "lzo: compression failed");
	if (stored >= size) {
		stored = size;
		memcpy(data, l->in, size);
	}
	put_be(l->out, (uint32_t)size, 4);
	put_be(l->out + 4, (uint32_t)stored, 4);
	put_be(l->out + 8, lzo_adler32(1, l->in, size), 4);
	*ret = BLOCK_HEADER_SIZE + stored;
	return 0;
}

static int flush_block(struct lzo_stream *l, struct err *err)
{
	size_t size;
	int rc;

	if (!l->begun) {
		rc = write_header(l, err);
		if (rc)
			return rc;
	}
	if (!l->used)
		return 0;
	rc = make_block(l, l->used, &size, err);
	if (rc)
		return rc;
	l->used = 0;
	return codec_emit(&l->s, l->out, size, err);
}

static int lzo_write(struct codec_stream *s, const void *buf, size_t size, struct err *err)
{
	struct lzo_stream *l = (struct lzo_stream *)s;
	const uint8_t *p = buf;
	size_t n;
	int rc;

	while (size) {
		n = sizeof(l->in) - l->used;
		if (n > size)
			n = size;
		memcpy(l->in + l->used, p, n);
		l->used += n;
		p += n;
		size -= n;
		if (l->used < sizeof(l->in))
			break;
		rc = flush_block(l, err);
		if (rc)
			return rc;
	}
	return 0;
}

/* The block for BLOCK_SIZE zeros, once. Needs .in empty. */
static int make_zero_block(struct lzo_stream *l, struct err *err)
{
	size_t size;
	int rc;

	memset(l->in, 0, sizeof(l->in));
	rc = make_block(l, sizeof(l->in), &size, err);
	if (rc)
		return rc;
	if (size > sizeof(l->zero_block))
		return err_set(err, ERR_IO, "lzo: %zu bytes for a block of zeros", size);
	memcpy(l->zero_block, l->out, size);
	l->zero_size = size;
	return 0;
}

static int lzo_zeros(struct codec_stream *s, uint64_t size, struct err *err)
{
	struct lzo_stream *l = (struct lzo_stream *)s;
	size_t fill = sizeof(l->in) - l->used;
	int rc;

	if (size >= fill + sizeof(l->in)) {
		memset(l->in + l->used, 0, fill);
		l->used = sizeof(l->in);
		size -= fill;
		rc = flush_block(l, err);
		if (!rc && !l->zero_size)
			rc = make_zero_block(l, err);
		for (; !rc && size >= sizeof(l->in); size -= sizeof(l->in))
			rc = codec_emit(s, l->zero_block, l->zero_size, err);
		if (rc)
			return rc;
	}
	return codec_write_zeros(s, size, err);
}

static int lzo_finish(struct codec_stream *s, struct err *err)
{
	static const uint8_t end[4];
	int rc = flush_block((struct lzo_stream *)s, err);

	return rc ? rc : codec_emit(s, end, sizeof(end), err);
}

static void lzo_deinit(struct codec_stream *s)
{
	(void)s;
}

static const struct codec_ops lzo_ops = {
	.state_size = sizeof(struct lzo_stream),
	.init = lzo_stream_init,
	.write = lzo_write,
	.zeros = lzo_zeros,
	.finish = lzo_finish,
	.deinit = lzo_deinit,
};

const struct codec codec_lzo = {
	.name = "lzo",
	.suffix = ".lzo",
	.level_default = 3, /* lzop -3 is its default */
	.level_min = 3,
	.level_max = 3,
	.ops = &lzo_ops,
};
