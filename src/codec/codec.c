/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codec/codec.h"

#include <stdlib.h>
#include <string.h>

#include "codec/codec_internal.h"
#include "util/types.h"

static const struct codec *const codecs[] = {
	&codec_none,
	&codec_gzip,
	&codec_lzo,
	&codec_zstd,
};

const struct codec *codec_at(size_t i)
{
	return i < ARRAY_SIZE(codecs) ? codecs[i] : NULL;
}

const struct codec *codec_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codecs); i++)
		if (!strcmp(codecs[i]->name, name))
			return codecs[i];
	return NULL;
}

int codec_check_level(const struct codec *c, int level, struct err *err)
{
	if (level >= c->level_min && level <= c->level_max)
		return 0;
	if (!c->level_max)
		return err_set(err, ERR_INVALID, "codec %s has no levels", c->name);
	if (c->level_min == c->level_max)
		return err_set(err, ERR_INVALID, "codec %s knows level %d only, not %d", c->name,
			       c->level_min, level);
	return err_set(err, ERR_INVALID, "codec %s knows levels %d to %d, not %d", c->name,
		       c->level_min, c->level_max, level);
}

int codec_stream_create(const struct codec *codec, int level, const struct out *to,
			struct codec_stream **ret, struct err *err)
{
	struct codec_stream *s;
	int rc;

	rc = codec_check_level(codec, level, err);
	if (rc)
		return rc;
	s = calloc(1, codec->ops->state_size);
	if (!s)
		return err_nomem(err);
	s->codec = codec;
	s->to = *to;
	rc = codec->ops->init(s, level, err);
	if (rc) {
		codec_stream_destroy(s);
		return rc;
	}
	*ret = s;
	return 0;
}

/* Whether the stream still takes bytes. */
static int check_open(const struct codec_stream *s, struct err *err)
{
	if (s->state == CODEC_OPEN)
		return 0;
	if (s->state == CODEC_FINISHED)
		return err_set(err, ERR_INVALID, "%s stream: finished before", s->codec->name);
	return err_set(err, s->rc, "%s stream: a write before this one failed", s->codec->name);
}

static int keep_failure(struct codec_stream *s, int rc)
{
	if (rc) {
		s->state = CODEC_FAILED;
		s->rc = rc;
	}
	return rc;
}

int codec_stream_write(struct codec_stream *s, const void *buf, size_t size, struct err *err)
{
	int rc = check_open(s, err);

	if (rc || !size)
		return rc;
	s->nr_in += size;
	return keep_failure(s, s->codec->ops->write(s, buf, size, err));
}

int codec_write_zeros(struct codec_stream *s, uint64_t size, struct err *err)
{
	static const char zeros[16384];
	size_t n;
	int rc;

	for (; size; size -= n) {
		n = (size_t)min_u64(size, sizeof(zeros));
		rc = s->codec->ops->write(s, zeros, n, err);
		if (rc)
			return rc;
	}
	return 0;
}

int codec_stream_zeros(struct codec_stream *s, uint64_t size, struct err *err)
{
	int rc = check_open(s, err);

	if (rc || !size)
		return rc;
	s->nr_in += size;
	if (!s->codec->ops->zeros)
		return keep_failure(s, codec_write_zeros(s, size, err));
	return keep_failure(s, s->codec->ops->zeros(s, size, err));
}

int codec_stream_finish(struct codec_stream *s, struct err *err)
{
	int rc = check_open(s, err);

	if (rc)
		return rc;
	rc = keep_failure(s, s->codec->ops->finish(s, err));
	if (!rc)
		s->state = CODEC_FINISHED;
	return rc;
}

void codec_stream_destroy(struct codec_stream *s)
{
	if (!s)
		return;
	s->codec->ops->deinit(s);
	free(s);
}

int codec_emit(struct codec_stream *s, const void *buf, size_t size, struct err *err)
{
	int rc;

	if (!size)
		return 0;
	rc = out_write(&s->to, buf, size, err);
	if (!rc)
		s->nr_out += size;
	return rc;
}

uint64_t codec_stream_bytes_in(const struct codec_stream *s)
{
	return s->nr_in;
}

uint64_t codec_stream_bytes_out(const struct codec_stream *s)
{
	return s->nr_out;
}

static int write_out(void *ctx, const void *buf, size_t size, struct err *err)
{
	return codec_stream_write(ctx, buf, size, err);
}

static int zeros_out(void *ctx, uint64_t size, struct err *err)
{
	return codec_stream_zeros(ctx, size, err);
}

struct out codec_stream_out(struct codec_stream *s)
{
	return (struct out){ .write = write_out, .ctx = s, .zeros = zeros_out };
}
