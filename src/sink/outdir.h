/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory that outputs go to. A file bears "-incomplete" at the end of its name until it is
 * whole and on the disk: sink_close() says that it is whole; outdir_publish() syncs all files that
 * are whole and gives them their names. Everything goes through directory descriptors, makes
 * nothing that others can read, and follows no symbolic link below the directory itself.
 */
#ifndef VMSIFT_SINK_OUTDIR_H
#define VMSIFT_SINK_OUTDIR_H

#include <stdbool.h>
#include <stdint.h>

#include "sink/sink.h"
#include "util/err.h"

#define OUTDIR_INCOMPLETE "-incomplete"

/* Equal names become NAME~2 to NAME~99: more of them are not outputs of a sane dump. */
#define OUTDIR_SAME_MAX 99

/* The longest base and suffix together: 255 bytes less "~99" and "-incomplete". */
#define OUTDIR_NAME_MAX 241

/*
 * Files that are whole wait with their descriptor open, so that their sync reports their own
 * errors. At this many they are published without being asked, each with a directory of its own at worst,
 * to stay below 1024 descriptors; at a third of what the process may have where that is less.
 */
#define OUTDIR_PENDING_MAX 384

struct outdir;

struct outdir_opts {
	bool create;	    /* make the last component of the path, mode 0700, if it is missing */
	bool replace;	    /* files of before (-f) are replaced when the new ones are published */
	uint64_t max_bytes; /* of all sinks together; 0: no limit */
	/*
	 * Told for every file that was closed: @name relative to the directory, @err NULL if it has
	 * its name now, else why it keeps -incomplete. May be NULL.
	 */
	void (*published)(void *ctx, const char *name, const struct err *err);
	void *ctx;
};

/**
 * outdir_open() - a directory as the target
 * @path: may be, or go through, symbolic links: it is the operator's word
 * @opts: copied
 * @ret:  free with outdir_close(). Untouched on failure.
 *
 * Return: 0; ERR_NOTFOUND; ERR_NOSPACE; ERR_IO, also if it is no directory; ERR_NOMEM.
 */
int outdir_open(const char *path, const struct outdir_opts *opts, struct outdir **ret,
		struct err *err);

/**
 * outdir_subdir() - a new directory in it, mode 0700, named BASE[~N]SUFFIX
 *
 * Its files are published by outdir_publish() of the directory above, with which it shares options
 * and budget. With .replace a directory of before is used again.
 *
 * @ret: free with outdir_close(), before the directory above; its sinks may outlast it.
 */
int outdir_subdir(struct outdir *dir, const char *base, const char *suffix, struct outdir **ret,
		  struct err *err);

/**
 * outdir_check() - whether BASE + SUFFIX is free, to refuse before work starts
 *
 * Return: 0 (always with .replace); ERR_EXIST if it, or its -incomplete, is there; ERR_INVALID for
 * a name with '/', empty, "." or "..", or longer than OUTDIR_NAME_MAX; ERR_IO.
 */
int outdir_check(struct outdir *dir, const char *base, const char *suffix, struct err *err);

/**
 * outdir_create() - a new file in it, mode 0600
 * @base, @suffix: the file will be BASE + SUFFIX, or BASE~2 + SUFFIX and so on where that is taken,
 *		   by a file of before (but for .replace) or of this run
 * @ret:	   end with sink_close() or sink_abort(), before the outdir is closed
 *
 * Return: 0; ERR_EXIST if OUTDIR_SAME_MAX such names are taken; ERR_INVALID as outdir_check();
 * ERR_NOSPACE, ERR_IO, ERR_NOMEM.
 */
int outdir_create(struct outdir *dir, const char *base, const char *suffix, struct sink **ret,
		  struct err *err);

/**
 * outdir_recreate() - a better version of a file that this run has published
 * @base, @suffix: as outdir_create() made it of, with its number if it has one: sink_base()
 *
 * The file of before stands until outdir_publish() puts this one in its place by one rename.
 */
int outdir_recreate(struct outdir *dir, const char *base, const char *suffix, struct sink **ret,
		    struct err *err);

/**
 * outdir_publish() - sync the files that were closed, then give them their names, then sync those
 *
 * To be called once for each class of value. One file that cannot be synced or named keeps
 * -incomplete and does not stop the others. Applies to the whole tree, also when called for a
 * subdirectory.
 *
 * Return: 0; the first error there was since the last call, its file or directory in the message.
 */
int outdir_publish(struct outdir *dir, struct err *err);

/* What the sinks of the whole tree wrote, and may write: raise .max for the manifest at the end. */
struct sink_budget *outdir_budget(struct outdir *dir);

const char *outdir_path(const struct outdir *dir); /* as opened, for messages */
const char *outdir_name(const struct outdir *dir); /* of a subdirectory: BASE[~N]SUFFIX; else "" */

/* Closed files that were not published keep -incomplete. Takes NULL. */
void outdir_close(struct outdir *dir);

#endif
