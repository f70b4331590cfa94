/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel dump in a tar stream. A member's size comes before its bytes, and a dump's size is known at its
 * end; so it goes flattened, and cut into members that are held until they are full. One behind the other
 * they are the flattened dump.
 */
#ifndef VMSIFT_LIB_KDUMP_PARTS_H
#define VMSIFT_LIB_KDUMP_PARTS_H

#include "sink/tar.h"

#define KDUMP_PART_SIZE (1u << 20)
/* Behind a dot and in six digits the part's number: names in order are parts in order. */
#define KDUMP_PART_NAME "vmcore.flat"

struct kdump_parts {
	struct tar *tar; /* the caller's, as is .prefix */
	const char *prefix;
	int64_t mtime;
	uint8_t *buf;
	size_t n;
	unsigned int nr; /* members that are in the archive, or were begun */
	bool broken;	 /* the archive took a part of a member */
};

/* @prefix: of names, "DIR/". Return: 0 or ERR_NOMEM. */
int kdump_parts_init(struct kdump_parts *p, struct tar *tar, const char *prefix, int64_t mtime,
		     struct err *err);
void kdump_parts_deinit(struct kdump_parts *p);

/* Takes the dump. Valid as long as @p. */
struct out kdump_parts_out(struct kdump_parts *p);

/* The last part. Return: 0 or the archive's failure. */
int kdump_parts_finish(struct kdump_parts *p, struct err *err);

#endif
