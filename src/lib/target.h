/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a run goes: HOST-TIME/ in a directory, or one compressed tar stream on standard output. */
#ifndef VMSIFT_LIB_TARGET_H
#define VMSIFT_LIB_TARGET_H

#include "codec/codec.h"
#include "lib/dump.h"
#include "sink/outdir.h"
#include "sink/tar.h"

struct target {
	struct vmsift *v;
	char name[128];		 /* HOST-TIME */
	struct outdir *top, *dir; /* NULL: a stream */
	struct sink *sink;	 /* of the stream */
	struct codec_stream *cs;
	struct tar tar;
	char prefix[132];	 /* HOST-TIME/ */
	int64_t mtime;
	uint64_t max_bytes;	 /* of a stream, compressed, for what can end early; 0: no limit */
	bool broken;		 /* the stream took a part of a member */
};

/**
 * target_open() - make HOST-TIME/, or begin the stream
 * @out:   a directory, or "-"
 * @od:	   of the directory
 * @codec: of the stream as a whole
 */
int target_open(struct target *t, struct vmsift *v, const char *out, const struct outdir_opts *od,
		const struct codec *codec, struct err *err);

/* Writes one text; called twice for a stream, whose sizes come first: the same both times. */
typedef enum vmsift_status (*target_fill)(void *ctx, FILE *f, struct err *err);

/**
 * target_text() - one text file
 * @status: what @fill returned
 *
 * Return: 0; else it is not there (with -incomplete perhaps), and @err says why.
 */
int target_text(struct target *t, const char *base, const char *suffix, target_fill fill, void *ctx,
		enum vmsift_status *status, struct err *err);

/* Sync what was closed and give it its names; nothing to do for a stream. */
int target_publish(struct target *t, struct err *err);

/* End the stream. Return: 0 or why it is not whole. */
int target_finish(struct target *t, struct err *err);
void target_close(struct target *t);

#endif
