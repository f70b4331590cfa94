/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No compression: bytes are only gathered, so that single pages do not become system calls. */
#include <stdlib.h>
#include <string.h>

#include "codec/codec_internal.h"

struct none_stream {
	struct codec_stream s;
	size_t used;
	uint8_t buf[CODEC_OUT_SIZE];
};

static int none_init(struct codec_stream *s, int level, struct err *err)
{
	(void)s;
	(void)level;
	(void)err;
	return 0;
}

static int none_flush(struct codec_stream *s, struct err *err)
{
	struct none_stream *n = (struct none_stream *)s;
	size_t used = n->used;

	n->used = 0;
	return codec_emit(s, n->buf, used, err);
}

static int none_write(struct codec_stream *s, const void *buf, size_t size, struct err *err)
{
	struct none_stream *n = (struct none_stream *)s;
	int rc;

	if (size > sizeof(n->buf) - n->used) {
		rc = none_flush(s, err);
		if (rc)
			return rc;
		if (size >= sizeof(n->buf))
			return codec_emit(s, buf, size, err);
	}
	memcpy(n->buf + n->used, buf, size);
	n->used += size;
	return 0;
}

/* A long run is handed on as such: a hole, where the target has holes. */
static int none_zeros(struct codec_stream *s, uint64_t size, struct err *err)
{
	int rc;

	if (size < sizeof(((struct none_stream *)s)->buf))
		return codec_write_zeros(s, size, err);
	rc = none_flush(s, err);
	if (!rc)
		rc = out_zeros(&s->to, size, err);
	if (!rc)
		s->nr_out += size;
	return rc;
}

static void none_deinit(struct codec_stream *s)
{
	(void)s;
}

static const struct codec_ops none_ops = {
	.state_size = sizeof(struct none_stream),
	.init = none_init,
	.write = none_write,
	.zeros = none_zeros,
	.finish = none_flush,
	.deinit = none_deinit,
};

const struct codec codec_none = {
	.name = "none",
	.suffix = "",
	.ops = &none_ops,
};
