/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tar archive as a stream: ustar (POSIX.1-1988), with pax headers (POSIX.1-2001) for what it
 * cannot say. Sizes are given before the data. Regular files only; directories arise from the
 * names.
 */
#ifndef VMSIFT_SINK_TAR_H
#define VMSIFT_SINK_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/err.h"
#include "util/out.h"

/* The longest name of a member, its path within the archive. */
#define TAR_NAME_MAX 1023

/* Owned by the caller; needs no freeing. */
struct tar {
	struct out out;
	bool in_member;
	uint64_t size, left; /* bytes of the member, and those that are still to come */
	char name[TAR_NAME_MAX + 1];
};

/* The archive goes to @out, which is copied; its .ctx outlives the writer. */
void tar_init(struct tar *t, const struct out *out);

/**
 * tar_begin_member() - the next file
 * @name:  relative, with '/' between components; none of them empty, "." or ".."
 * @size:  bytes that will follow, exactly
 * @mtime: seconds since 1970
 * @mode:  permission bits, 0600
 *
 * Names that ustar's two fields do not hold, 8 GiB and more, and times that its field does not hold
 * go into a pax header. Such a size also stands in the ustar header as GNU tar writes it (base
 * 256), for readers that skip pax headers, as busybox does.
 *
 * Return: 0; ERR_INVALID for another name, or while the member before is not ended; what @out's
 * write returned.
 */
int tar_begin_member(struct tar *t, const char *name, uint64_t size, int64_t mtime,
		     unsigned int mode, struct err *err);

/* Return: 0; ERR_INVALID, and nothing is written, past the member's size; @out's failure. */
int tar_write(struct tar *t, const void *buf, size_t size, struct err *err);
int tar_zeros(struct tar *t, uint64_t size, struct err *err);

/* Return: 0; ERR_INVALID if the member is short of its size; @out's failure. */
int tar_end_member(struct tar *t, struct err *err);

/* The end of the archive. Return: 0; ERR_INVALID inside a member; @out's failure. */
int tar_finish(struct tar *t, struct err *err);

/* A struct out that is tar_write(). Valid as long as the writer. */
struct out tar_out(struct tar *t);

#endif
