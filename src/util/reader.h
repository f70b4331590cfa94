/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run of bytes that can be read anywhere: a table in the dump, or a buffer in a test. Decoders take
 * this, so that they know nothing of where the bytes lie.
 */
#ifndef VMSIFT_UTIL_READER_H
#define VMSIFT_UTIL_READER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "util/err.h"

struct reader {
	/* Copies [off, off + size) to buf whole, or fails. The caller keeps within .size. */
	int (*read)(void *ctx, uint64_t off, void *buf, size_t size, struct err *err);
	void *ctx;
	uint64_t size; /* bytes there are; UINT64_MAX where that is not known */
};

static inline int reader_read(const struct reader *r, uint64_t off, void *buf, size_t size,
			      struct err *err)
{
	if (off > r->size || size > r->size - off)
		return err_set(err, ERR_CORRUPT, "offset 0x%llx + 0x%zx is past the end at 0x%llx",
			       (unsigned long long)off, size, (unsigned long long)r->size);
	return r->read(r->ctx, off, buf, size, err);
}

/* A reader over a buffer that outlives it: .ctx = (void *)buffer. */
static inline int reader_read_buffer(void *ctx, uint64_t off, void *buf, size_t size,
				     struct err *err)
{
	(void)err;
	memcpy(buf, (const char *)ctx + off, size);
	return 0;
}

#define READER_OF_BUFFER(buffer, nbytes)                                                           \
	{ .read = reader_read_buffer, .ctx = (void *)(buffer), .size = (nbytes) }

#endif
