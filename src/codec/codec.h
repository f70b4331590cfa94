/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stream codecs: what turns a core into core.zst and the like, so that the usual programs (gunzip,
 * lzop -d, zstd -d) turn it back. Codecs for single pages of a kernel dump are in codec_page.h.
 *
 * To add one: a file codec_NAME.c with a struct codec (see codec_internal.h), a line in
 * codec_internal.h and a row in codec.c; tests/unit/test_codec.c then runs it through its decoder,
 * also a row.
 */
#ifndef VMSIFT_CODEC_CODEC_H
#define VMSIFT_CODEC_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "util/err.h"
#include "util/out.h"

struct codec_stream;

struct codec {
	const char *name;   /* "zstd": the word in --codec and in the configuration */
	const char *suffix; /* ".zst", what the decoder's program expects; "" for none */
	int level_default;
	int level_min, level_max; /* both are valid; equal where there is nothing to choose */
	const struct codec_ops *ops;
};

/* Return: the codec of that name, NULL if there is none. */
const struct codec *codec_find(const char *name);

/* The codecs in the order of their table, for help texts and tests. Return: NULL past the last. */
const struct codec *codec_at(size_t i);

/* Return: 0; ERR_INVALID with what levels there are. */
int codec_check_level(const struct codec *codec, int level, struct err *err);

/**
 * codec_stream_create() - begin a compressed stream
 * @codec: how
 * @level: within the codec's bounds; codec->level_default is a sensible choice
 * @to:    where the compressed bytes go; copied, its .ctx outlives the stream
 * @ret:   the stream; free with codec_stream_destroy(). Untouched on failure.
 *
 * All memory the stream will ever need is taken here, at most CODEC_MEMORY_MAX bytes, so that
 * running out of it shows before the first byte. Nothing is written yet.
 *
 * Return: 0; ERR_INVALID for a level out of bounds; ERR_NOMEM.
 */
int codec_stream_create(const struct codec *codec, int level, const struct out *to,
			struct codec_stream **ret, struct err *err);

/**
 * codec_stream_write() - append bytes
 *
 * What is written reaches @to when a buffer is full, or at codec_stream_finish().
 *
 * Return: 0, or what @to's write returned. After a failure the stream takes nothing more: every
 * later call returns the same code again.
 */
int codec_stream_write(struct codec_stream *s, const void *buf, size_t size, struct err *err);

/**
 * codec_stream_zeros() - append @size zero bytes that nobody holds in a buffer
 *
 * The result is what writing them would give. gzip and lzo repeat a piece that was compressed once,
 * so that a gigabyte takes milliseconds; zstd compresses them, at several gigabytes a second.
 *
 * Return: as codec_stream_write().
 */
int codec_stream_zeros(struct codec_stream *s, uint64_t size, struct err *err);

/**
 * codec_stream_finish() - write out what is left and the end of the format
 *
 * A stream nothing was written to becomes a valid empty file of its format. The stream takes
 * nothing more after this; its counters stay readable.
 *
 * Return: as codec_stream_write(); ERR_INVALID if it was finished before.
 */
int codec_stream_finish(struct codec_stream *s, struct err *err);

/* Frees without writing anything. Takes NULL. */
void codec_stream_destroy(struct codec_stream *s);

uint64_t codec_stream_bytes_in(const struct codec_stream *s);  /* before compression */
uint64_t codec_stream_bytes_out(const struct codec_stream *s); /* handed to @to so far */

/* A struct out whose bytes are compressed. Valid as long as the stream. */
struct out codec_stream_out(struct codec_stream *s);

/* Of the 8 MiB of a whole command. Kept by choice of window and tables, checked by the tests. */
#define CODEC_MEMORY_MAX (3u << 20)

#endif
