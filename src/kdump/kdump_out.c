/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kdump/kdump_out.h"

#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "vmcore/kdump_format.h"

static int put(struct kdump_out *o, const void *buf, size_t size, struct err *err)
{
	int rc = out_write(&o->to, buf, size, err);

	if (!rc)
		o->written += size;
	return rc;
}

int kdump_out_init(struct kdump_out *o, struct sink *sink, const struct out *stream, bool flattened,
		   uint64_t size, struct err *err)
{
	uint8_t h[FLAT_HEADER_SIZE] = FLAT_SIGNATURE;

	o->sink = sink;
	o->to = sink ? sink_out(sink) : *stream;
	o->flattened = flattened || !sink || !sink_seekable(sink);
	o->written = 0;
	if (!o->flattened)
		return sink_skip(sink, size, err);
	put_be64(h + FLAT_TYPE, 1);
	put_be64(h + FLAT_VERSION, 1);
	return put(o, h, sizeof(h), err);
}

int kdump_out_extend(struct kdump_out *o, uint64_t size, struct err *err)
{
	return o->flattened ? 0 : sink_skip(o->sink, size, err);
}

int kdump_out_write(struct kdump_out *o, uint64_t off, const void *buf, size_t size,
		    struct err *err)
{
	uint8_t h[FLAT_RECORD_SIZE];
	int rc;

	if (!size)
		return 0;
	if (!o->flattened) {
		if (off == sink_size(o->sink))
			return put(o, buf, size, err);
		rc = sink_pwrite(o->sink, off, buf, size, err);
		if (!rc)
			o->written += size;
		return rc;
	}
	put_be64(h, off);
	put_be64(h + 8, size);
	rc = put(o, h, sizeof(h), err);
	return rc ? rc : put(o, buf, size, err);
}

int kdump_out_finish(struct kdump_out *o, struct err *err)
{
	uint8_t h[FLAT_RECORD_SIZE];

	if (!o->flattened)
		return 0;
	memset(h, 0xff, sizeof(h));
	return put(o, h, sizeof(h), err);
}

int kdump_buf_init(struct kdump_buf *b, struct kdump_out *out, uint64_t off, size_t cap,
		   struct err *err)
{
	b->out = out;
	b->off = off;
	b->n = 0;
	b->cap = cap;
	b->data = malloc(cap);
	return b->data ? 0 : err_nomem(err);
}

void kdump_buf_deinit(struct kdump_buf *b)
{
	free(b->data);
	b->data = NULL;
}

int kdump_buf_flush(struct kdump_buf *b, struct err *err)
{
	int rc = kdump_out_write(b->out, b->off, b->data, b->n, err);

	if (rc)
		return rc;
	b->off += b->n;
	b->n = 0;
	return 0;
}

int kdump_buf_reserve(struct kdump_buf *b, size_t size, uint8_t **ret, struct err *err)
{
	int rc = b->n + size > b->cap ? kdump_buf_flush(b, err) : 0;

	*ret = b->data + b->n;
	return rc;
}

int kdump_buf_put(struct kdump_buf *b, const void *data, size_t size, struct err *err)
{
	const uint8_t *p = data;

	while (size) {
		size_t n = size < b->cap ? size : b->cap;
		uint8_t *to;
		int rc = kdump_buf_reserve(b, n, &to, err);

		if (rc)
			return rc;
		memcpy(to, p, n);
		b->n += n;
		p += n;
		size -= n;
	}
	return 0;
}
