/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The damage overlay of test builds (-DVMSIFT_DAMAGE): the file named by $VMSIFT_DAMAGE lists bytes to
 * change and reads to fail, so that a corruption test needs no copy of a dump. Lines:
 *
 *	OFFSET bytes HEX...	the file's bytes from OFFSET on read as these
 *	OFFSET+SIZE zero	... as zeros
 *	OFFSET+SIZE eio		reading any of these fails with EIO; efault likewise
 *
 * Numbers are hexadecimal with 0x, or decimal. The file named by $VMSIFT_TRACE gets a line OFFSET+SIZE for
 * each different read, in the order of the first of each, so that a test can damage what matters. In
 * other builds all of this is nothing.
 */
#ifndef VMSIFT_VMCORE_DAMAGE_H
#define VMSIFT_VMCORE_DAMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/err.h"

struct damage;

#ifdef VMSIFT_DAMAGE
int damage_open(struct damage **ret, struct err *err);
void damage_close(struct damage *d);
/*
 * The whole of @fd, a file of @size bytes, changed as the overlay says, to be read until damage_close(); NULL: it
 * cannot be mapped, or nothing is asked of the overlay. Commands are run on damaged dumps by the ten thousand,
 * and most of their time would be the mapping of windows.
 */
const uint8_t *damage_map(struct damage *d, int fd, uint64_t size);
/* Whether any of [off, off + size) is changed or fails. */
bool damage_hits(const struct damage *d, uint64_t off, uint64_t size);
/* The errno that reading [off, off + size) must fail with, or 0. */
int damage_errno(const struct damage *d, uint64_t off, uint64_t size);
/* Change @buf, which holds [off, off + size). */
void damage_apply(const struct damage *d, uint64_t off, uint8_t *buf, size_t size);
/* Somebody looks at [off, off + size). */
void damage_trace(struct damage *d, uint64_t off, uint64_t size);
#else
static inline int damage_open(struct damage **ret, struct err *err)
{
	(void)err;
	*ret = NULL;
	return 0;
}

static inline void damage_close(struct damage *d)
{
	(void)d;
}

static inline const uint8_t *damage_map(struct damage *d, int fd, uint64_t size)
{
	(void)d, (void)fd, (void)size;
	return NULL;
}

static inline bool damage_hits(const struct damage *d, uint64_t off, uint64_t size)
{
	(void)d, (void)off, (void)size;
	return false;
}

static inline int damage_errno(const struct damage *d, uint64_t off, uint64_t size)
{
	(void)d, (void)off, (void)size;
	return 0;
}

static inline void damage_apply(const struct damage *d, uint64_t off, uint8_t *buf, size_t size)
{
	(void)d, (void)off, (void)buf, (void)size;
}

static inline void damage_trace(struct damage *d, uint64_t off, uint64_t size)
{
	(void)d, (void)off, (void)size;
}
#endif

#endif
