/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that are whole: synced, named, and the names synced. In this order, so that a final name
 * never stands for less than the whole file, whenever the power goes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sink/outdir_internal.h"
#include "sink/sink_internal.h"
#include "util/types.h"

static void remember(struct outdir *top, const struct err *err)
{
	if (!top->failed.rc)
		top->failed = *err;
}

static void tell(struct sink *s, const struct err *err)
{
	struct outdir *top = s->dir->top;
	char name[2 * OUTDIR_NAME_SIZE];

	if (!top->opts.published)
		return;
	snprintf(name, sizeof(name), "%s%s%s", s->dir->name, *s->dir->name ? "/" : "", s->name);
	top->opts.published(top->opts.ctx, name, err);
}

/* The file system knows no flags of renameat2(): a hard link does not replace either. */
static int link_over(int dirfd, const char *from, const char *to)
{
	struct stat st;

	if (!linkat(dirfd, from, dirfd, to, 0))
		return unlinkat(dirfd, from, 0);
	if (errno == EEXIST)
		return -1;
	/* Nor hard links: look first. Only who may write into our directory could come between. */
	if (!fstatat(dirfd, to, &st, AT_SYMLINK_NOFOLLOW))
		errno = EEXIST;
	else if (errno == ENOENT)
		return renameat(dirfd, from, dirfd, to);
	return -1;
}

/* renameat2() is refused with EINVAL by file systems (NFS), with ENOSYS by old kernels. */
static int rename_noreplace(int dirfd, const char *from, const char *to)
{
	if (!renameat2(dirfd, from, dirfd, to, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
		return -1;
	return link_over(dirfd, from, to);
}

static int give_name(struct sink *s, struct err *err)
{
	struct outdir *d = s->dir;
	char tmp[OUTDIR_NAME_SIZE];
	int rc;

	snprintf(tmp, sizeof(tmp), "%s" OUTDIR_INCOMPLETE, s->name);
	if (d->top->opts.replace || s->over)
		rc = renameat(d->fd, tmp, d->fd, s->name);
	else
		rc = rename_noreplace(d->fd, tmp, s->name);
	if (rc)
		return err_errno(err, "%s: giving it its name %s", s->label, s->name);
	d->needs_sync = true;
	return 0;
}

/*
 * Whether one syncfs() and one fsync() put every file on the disk that fsync() of each would. Known
 * of these: ext2 to ext4, XFS, btrfs and f2fs write their journal or log and flush the disk in
 * ->sync_fs; vfat has none, the fsync() flushes; tmpfs has no disk. Not so FUSE, whose server is
 * told by fsync() only (fs/fuse/inode.c, fuse_sync_fs()), nor what is not listed.
 */
static bool syncfs_is_enough(int dirfd)
{
	static const unsigned long known[] = { EXT4_SUPER_MAGIC,  XFS_SUPER_MAGIC,
					       BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC,
					       MSDOS_SUPER_MAGIC, TMPFS_MAGIC };
	struct statfs fs;
	size_t i;

	if (fstatfs(dirfd, &fs))
		return false;
	for (i = 0; i < ARRAY_SIZE(known); i++)
		if ((unsigned long)fs.f_type == known[i])
			return true;
	return false;
}

/*
 * Sync all that wait at once: fsync() of each means a flush of the disk's cache for each. Return:
 * false if that is not known to have worked; then each is to be synced by itself.
 */
static bool sync_together(const struct outdir *top)
{
	if (!top->pending || !top->pending->next)
		return false;
	return syncfs_is_enough(top->fd) && !syncfs(top->fd) && !fsync(top->pending->fd);
}

/* What sync_together() met in writing out this file; syncfs() itself tells since Linux 5.8 only. */
static int check_file(struct sink *s, struct err *err)
{
	int fd = s->fd;

	if (sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE)) {
		if (errno == EIO || errno == ENOSPC || errno == EDQUOT)
			return err_errno(err, "%s", s->label);
		return sink_sync(s, err);
	}
	s->fd = -1;
	if (close(fd) && errno != EINTR)
		return err_errno(err, "%s", s->label);
	return 0;
}

static void sync_dir(struct outdir *d)
{
	struct err err = { 0 };

	if (!d->needs_sync)
		return;
	d->needs_sync = false;
	if (!fsync(d->fd) || sync_is_senseless(errno))
		return;
	err_errno(&err, "%s", d->path);
	remember(d->top, &err);
}

/* Runs @step on all that wait; what fails is reported and leaves the list. */
static void for_pending(struct outdir *top, int (*step)(struct sink *s, struct err *err))
{
	struct sink **at = &top->pending, *s;
	struct err err;

	while ((s = *at)) {
		memset(&err, 0, sizeof(err));
		if (!step(s, &err)) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		remember(top, &err);
		tell(s, &err);
		outdir_drop(s, SINK_KEEP);
	}
}

static void publish(struct outdir *top)
{
	struct sink *s, *next;

	if (top->kept)
		syncfs(top->fd);
	top->kept = false;
	for_pending(top, sync_together(top) ? check_file : sink_sync);
	for_pending(top, give_name);
	for (s = top->pending; s; s = s->next)
		sync_dir(s->dir);
	sync_dir(top);
	for (s = top->pending; s; s = next) {
		next = s->next;
		tell(s, NULL);
		outdir_release(s);
	}
	top->pending = NULL;
	top->pending_end = &top->pending;
	top->nr_pending = 0;
}

void outdir_add_pending(struct sink *s)
{
	struct outdir *top = s->dir->top;

	s->next = NULL;
	*top->pending_end = s;
	top->pending_end = &s->next;
	if (++top->nr_pending >= top->pending_max)
		publish(top);
}

int outdir_publish(struct outdir *d, struct err *err)
{
	struct outdir *top = d->top;
	int rc;

	publish(top);
	rc = top->failed.rc;
	if (rc)
		err_set(err, rc, "%s", top->failed.text);
	memset(&top->failed, 0, sizeof(top->failed));
	return rc;
}
