/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What codec.c and the codecs share; nobody else includes it. */
#ifndef VMSIFT_CODEC_CODEC_INTERNAL_H
#define VMSIFT_CODEC_CODEC_INTERNAL_H

#include "codec/codec.h"

enum codec_state { CODEC_OPEN, CODEC_FINISHED, CODEC_FAILED };

/* The first member of every codec's own state. */
struct codec_stream {
	const struct codec *codec;
	struct out to;
	uint64_t nr_in, nr_out; /* bytes; kept by codec.c */
	enum codec_state state;
	int rc; /* of the failure, in CODEC_FAILED */
};

/* Every function but init is called only on an open stream, and never again after it failed. */
struct codec_ops {
	size_t state_size; /* of the codec's own struct, which comes zeroed */

	/* Takes all memory. @level is within bounds. On failure deinit is called. */
	int (*init)(struct codec_stream *s, int level, struct err *err);
	int (*write)(struct codec_stream *s, const void *buf, size_t size, struct err *err);
	/* NULL: zeros are written like other bytes. */
	int (*zeros)(struct codec_stream *s, uint64_t size, struct err *err);
	int (*finish)(struct codec_stream *s, struct err *err);
	void (*deinit)(struct codec_stream *s);
};

/* Hand compressed bytes on and count them. */
int codec_emit(struct codec_stream *s, const void *buf, size_t size, struct err *err);

/* Zeros by way of ops->write, for a codec that has nothing better for so few. */
int codec_write_zeros(struct codec_stream *s, uint64_t size, struct err *err);

/* Compressed bytes are handed on in pieces of this size: few system calls, little memory. */
#define CODEC_OUT_SIZE (64u << 10)

extern const struct codec codec_none;
extern const struct codec codec_gzip;
extern const struct codec codec_lzo;
extern const struct codec codec_zstd;

#endif
