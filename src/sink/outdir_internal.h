/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What outdir.c and outdir_publish.c share; nobody else includes it. */
#ifndef VMSIFT_SINK_OUTDIR_INTERNAL_H
#define VMSIFT_SINK_OUTDIR_INTERNAL_H

#include "sink/outdir.h"
#include "util/vec.h"

DEFINE_VEC(name_vec, uint64_t);

/* NAME_MAX and a NUL. */
#define OUTDIR_NAME_SIZE 256

struct outdir {
	int fd;
	char *path;	       /* for messages */
	char *name;	       /* below the directory that was opened; "" for that one */
	unsigned int refs;     /* the caller, and every sink that is not published */
	bool needs_sync;       /* names in it were made or changed */
	struct name_vec names; /* hashes of what this run made in it; with .replace only */
	struct outdir *top;    /* the directory that was opened */

	/* Of the top only. */
	struct outdir_opts opts;
	struct sink_budget budget;
	struct sink *pending, **pending_end;
	unsigned int nr_pending, pending_max;
	bool kept;	   /* an aborted file was kept, and not synced */
	struct err failed; /* the first since outdir_publish() was last called */
};

#endif
