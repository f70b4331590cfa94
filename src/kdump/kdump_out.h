/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file written at places, not in order: with pwrite where the sink seeks, else as flattened records.
 */
#ifndef VMSIFT_KDUMP_KDUMP_OUT_H
#define VMSIFT_KDUMP_KDUMP_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "sink/sink.h"
#include "util/out.h"

struct kdump_out {
	struct sink *sink; /* NULL: a stream */
	struct out to;	   /* appends, wherever it goes */
	bool flattened;
	uint64_t written; /* bytes that went to the sink, records' heads included */
};

/**
 * kdump_out_init() - begin
 * @sink:      NULL: @stream takes flattened records in its place
 * @flattened: also where @sink could seek
 * @size:      bytes before the part that grows: these may be written in any order, or left as zeros
 */
int kdump_out_init(struct kdump_out *o, struct sink *sink, const struct out *stream, bool flattened,
		   uint64_t size, struct err *err);

/* [off, off + size) lies within the part of fixed size, or begins where the file ends so far. */
int kdump_out_write(struct kdump_out *o, uint64_t off, const void *buf, size_t size,
		    struct err *err);

/* @size bytes more belong to the part of fixed size; before the part that grows was begun. */
int kdump_out_extend(struct kdump_out *o, uint64_t size, struct err *err);

/* The end mark of the flattened form. */
int kdump_out_finish(struct kdump_out *o, struct err *err);

/* Bytes collected for one place that grows: descriptors, notes, pages. */
struct kdump_buf {
	struct kdump_out *out;
	uint64_t off; /* of .data in the file */
	size_t n, cap;
	uint8_t *data;
};

int kdump_buf_init(struct kdump_buf *b, struct kdump_out *out, uint64_t off, size_t cap,
		   struct err *err);
void kdump_buf_deinit(struct kdump_buf *b);
int kdump_buf_flush(struct kdump_buf *b, struct err *err);

/* Room for @size bytes, at most .cap, flushing if need be; to be followed by b->n += what was used. */
int kdump_buf_reserve(struct kdump_buf *b, size_t size, uint8_t **ret, struct err *err);
int kdump_buf_put(struct kdump_buf *b, const void *data, size_t size, struct err *err);

#endif
