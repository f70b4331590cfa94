/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Somewhere bytes go, in order. Codecs write to one and are one; so are sinks. */
#ifndef VMSIFT_UTIL_OUT_H
#define VMSIFT_UTIL_OUT_H

#include <stddef.h>
#include <stdint.h>

#include "util/err.h"

struct out {
	/* Takes all of buf, or fails and is not used again. */
	int (*write)(void *ctx, const void *buf, size_t size, struct err *err);
	void *ctx;
	/* Zeros that nobody holds in a buffer: a file hole, say. NULL where there is nothing better. */
	int (*zeros)(void *ctx, uint64_t size, struct err *err);
};

static inline int out_write(const struct out *out, const void *buf, size_t size, struct err *err)
{
	return out->write(out->ctx, buf, size, err);
}

static inline int out_zeros(const struct out *out, uint64_t size, struct err *err)
{
	static const char zeros[4096];

	if (out->zeros)
		return out->zeros(out->ctx, size, err);
	while (size) {
		size_t n = size < sizeof(zeros) ? (size_t)size : sizeof(zeros);
		int rc = out->write(out->ctx, zeros, n, err);

		if (rc)
			return rc;
		size -= n;
	}
	return 0;
}

/* An out that only counts: a layout is made by writing it twice, first to this. */
static inline int out_count_write_(void *ctx, const void *buf, size_t size, struct err *err)
{
	(void)buf, (void)err;
	*(uint64_t *)ctx += size;
	return 0;
}

static inline int out_count_zeros_(void *ctx, uint64_t size, struct err *err)
{
	(void)err;
	*(uint64_t *)ctx += size;
	return 0;
}

#define OUT_COUNTING(counter)                                                                      \
	{ .write = out_count_write_, .ctx = (counter), .zeros = out_count_zeros_ }

#endif
