/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where an output goes: a file in an output directory (outdir.h), a path or a device named on the
 * command line, a pipe. Bytes go in order; where the target allows it, holes may be left and parts
 * written again. SIGPIPE is the program's to ignore: a reader that has gone is then an error here.
 */
#ifndef VMSIFT_SINK_SINK_H
#define VMSIFT_SINK_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/err.h"
#include "util/out.h"

struct sink;

/* A limit of bytes that sinks share. .used counts what was given to the system; holes are free. */
struct sink_budget {
	uint64_t max; /* UINT64_MAX: no limit */
	uint64_t used;
};

enum sink_fate {
	SINK_KEEP,   /* what was written stays; in an output directory its name keeps -incomplete */
	SINK_REMOVE, /* the file of an output directory goes; other targets are left as they are */
};

/**
 * sink_open_path() - open an output that was named on the command line; it is written in place
 * @path:  a new file (made with mode 0600), or a pipe or device
 * @force: an existing regular file is emptied and written; it is refused otherwise
 * @ret:   end with sink_close() or sink_abort(). Untouched on failure.
 *
 * Opening a FIFO waits for its reader.
 *
 * Return: 0; ERR_EXIST for an existing regular file without @force; ERR_NOTFOUND, ERR_IO,
 * ERR_NOMEM.
 */
int sink_open_path(const char *path, bool force, struct sink **ret, struct err *err);

/**
 * sink_open_fd() - write to a file descriptor that the caller keeps, such as standard output
 * @name: for messages; copied
 *
 * Seekable only where that does not touch bytes of others: a regular file without O_APPEND that
 * ends at the current offset. Offsets are counted from there.
 */
int sink_open_fd(int fd, const char *name, struct sink **ret, struct err *err);

/* Count, and limit, by @budget from now on; it outlives the sink. NULL: no limit. */
void sink_set_budget(struct sink *s, struct sink_budget *budget);

/**
 * sink_write() - append bytes
 *
 * Return: 0; ERR_BUDGET, with nothing written, if the budget does not allow all of them;
 * ERR_NOSPACE if the target is full (a part may have been written); ERR_IO. Messages name the file.
 */
int sink_write(struct sink *s, const void *buf, size_t size, struct err *err);

/**
 * sink_skip() - append @size zero bytes: a hole in a regular file, else they are written
 *
 * Return: as sink_write(). A hole costs no budget.
 */
int sink_skip(struct sink *s, uint64_t size, struct err *err);

/* Whether sink_pwrite() works. */
bool sink_seekable(const struct sink *s);

/**
 * sink_pwrite() - write again, or fill, what was appended or skipped before
 * @off: [@off, @off + @size) lies within what was appended so far
 *
 * Return: as sink_write(); ERR_INVALID past the end or where the sink is not seekable.
 */
int sink_pwrite(struct sink *s, uint64_t off, const void *buf, size_t size, struct err *err);

uint64_t sink_size(const struct sink *s); /* bytes appended and skipped */

/*
 * The name the file will have, without its directory: "core.redis.12~2.zst". And the same without
 * the suffix, to name what belongs to it. For a path or descriptor both are the name that was
 * given.
 */
const char *sink_name(const struct sink *s);
const char *sink_base(const struct sink *s);

/**
 * sink_close() - everything was written
 *
 * A path or descriptor is synced. A file of an output directory is not: it waits, as -incomplete,
 * for outdir_publish(). @s is gone afterwards, whatever is returned.
 *
 * Return: 0; ERR_NOSPACE or ERR_IO if the end of the file could not be set, or what was written to
 * a path or descriptor did not reach it; the file of an output directory then stays -incomplete.
 */
int sink_close(struct sink *s, struct err *err);

/* Ends without having written everything. Takes NULL. */
void sink_abort(struct sink *s, enum sink_fate fate);

/* A struct out that appends, and skips. Valid as long as the sink. */
struct out sink_out(struct sink *s);

#endif
