/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sink.c and outdir.c share; nobody else includes it. */
#ifndef VMSIFT_SINK_SINK_INTERNAL_H
#define VMSIFT_SINK_SINK_INTERNAL_H

#include "sink/outdir.h"
#include "sink/sink.h"

struct sink {
	int fd;
	bool can_seek;	 /* pwrite works and touches nothing of others */
	bool can_hole;	 /* what was never written reads as zeros */
	uint64_t start;	 /* file offset of our byte 0 */
	uint64_t size;	 /* appended and skipped */
	uint64_t filled; /* end of what was really written */
	struct sink_budget *budget;
	char *label; /* for messages: the path */
	char *name;
	char *base;

	/* Of a file in an outdir. */
	struct outdir *dir;
	struct sink *next; /* in the list of those that wait */
	bool over;	   /* takes the place of a file of this run */
};

/* Takes over @fd, also on failure. @name and @base are copied; @label too. */
int sink_new(int fd, const char *label, const char *name, const char *base, struct sink **ret,
	     struct err *err);
void sink_free(struct sink *s);

/* A file was closed (it waits now, and belongs to the outdir), or dropped. */
void outdir_add_pending(struct sink *s);
void outdir_drop(struct sink *s, enum sink_fate fate);
void outdir_release(struct sink *s); /* without touching the file */

/* Sync (a pipe or the like has nothing to sync) and close; the close is an error's last chance. */
int sink_sync(struct sink *s, struct err *err);

/* Whether this is what fsync() says of things that have no disk below them. */
bool sync_is_senseless(int e);

#endif
