/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink/sink_internal.h"
#include "util/types.h"

/* No file system takes more; off_t cannot say more. */
#define SIZE_MAX_FILE ((uint64_t)INT64_MAX)

void sink_free(struct sink *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s->label);
	free(s->name);
	free(s->base);
	free(s);
}

int sink_new(int fd, const char *label, const char *name, const char *base, struct sink **ret,
	     struct err *err)
{
	struct sink *s = calloc(1, sizeof(*s));
	struct stat st;
	off_t at;
	int flags;

	if (!s) {
		close(fd);
		return err_nomem(err);
	}
	s->fd = fd;
	s->label = strdup(label);
	s->name = strdup(name);
	s->base = strdup(base);
	if (!s->label || !s->name || !s->base) {
		sink_free(s);
		return err_nomem(err);
	}
	/* With O_APPEND pwrite() appends (open(2), BUGS). */
	flags = fcntl(fd, F_GETFL);
	at = lseek(fd, 0, SEEK_CUR);
	if (flags >= 0 && !(flags & O_APPEND) && at >= 0 && !fstat(fd, &st)) {
		s->can_hole = S_ISREG(st.st_mode) && st.st_size <= at;
		s->can_seek = s->can_hole || S_ISBLK(st.st_mode);
		s->start = s->can_seek ? (uint64_t)at : 0;
	}
	*ret = s;
	return 0;
}

static int refuse_existing(const char *path, struct err *err)
{
	return err_set(err, ERR_EXIST, "%s: exists already", path);
}

/* What is there under the name: a pipe, a device, or with @force a file. */
static int open_existing(const char *path, bool force, int *ret, struct err *err)
{
	struct stat st;
	int fd, rc;

	/* Looked at before opening, which may wait, and again behind it. */
	if (stat(path, &st))
		return err_errno(err, "%s", path);
	if (S_ISREG(st.st_mode) && !force)
		return refuse_existing(path, err);
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_errno(err, "%s", path);
	if (fstat(fd, &st) || (S_ISREG(st.st_mode) && force && ftruncate(fd, 0))) {
		rc = err_errno(err, "%s", path);
		close(fd);
		return rc;
	}
	if (S_ISREG(st.st_mode) && !force) {
		close(fd);
		return refuse_existing(path, err);
	}
	*ret = fd;
	return 0;
}

int sink_open_path(const char *path, bool force, struct sink **ret, struct err *err)
{
	int fd, rc;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0 && errno != EEXIST)
		return err_errno(err, "%s", path);
	if (fd < 0) {
		rc = open_existing(path, force, &fd, err);
		if (rc)
			return rc;
	}
	return sink_new(fd, path, path, path, ret, err);
}

int sink_open_fd(int fd, const char *name, struct sink **ret, struct err *err)
{
	/* A copy of our own to close, which makes NFS report what it could not store. */
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (copy < 0)
		return err_errno(err, "%s", name);
	return sink_new(copy, name, name, name, ret, err);
}

void sink_set_budget(struct sink *s, struct sink_budget *budget)
{
	s->budget = budget;
}

static int take_budget(struct sink *s, uint64_t size, struct err *err)
{
	struct sink_budget *b = s->budget;

	if (!b || !size)
		return 0;
	if (b->used > b->max || size > b->max - b->used)
		return err_set(err, ERR_BUDGET,
			       "%s: %" PRIu64 " bytes more would exceed the limit of %" PRIu64,
			       s->label, size, b->max);
	b->used += size;
	return 0;
}

/* A descriptor that was opened O_NONBLOCK by somebody else: wait until it takes something. */
static int wait_writable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, -1) < 0 && errno != EINTR ? -1 : 0;
}

/* All of @size bytes at @off, or behind each other where the sink does not seek. */
static int write_all(struct sink *s, uint64_t off, const void *buf, size_t size, struct err *err)
{
	const char *p = buf;
	ssize_t n;

	while (size) {
		if (s->can_seek)
			n = pwrite(s->fd, p, size, (off_t)(s->start + off));
		else
			n = write(s->fd, p, size);
		if (n < 0 && errno == EAGAIN)
			n = wait_writable(s->fd);
		else if (n < 0 && errno == EINTR)
			n = 0;
		else if (!n)
			return err_set(err, ERR_IO, "%s: took no more bytes", s->label);
		if (n < 0)
			return err_errno(err, "%s", s->label);
		p += n;
		off += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

static int check_size(const struct sink *s, uint64_t size, struct err *err)
{
	if (s->start <= SIZE_MAX_FILE - s->size && size <= SIZE_MAX_FILE - s->size - s->start)
		return 0;
	return err_set(err, ERR_NOSPACE, "%s: larger than any file", s->label);
}

static int append(struct sink *s, const void *buf, size_t size, struct err *err)
{
	int rc = write_all(s, s->size, buf, size, err);

	if (rc)
		return rc;
	s->size += size;
	s->filled = s->size;
	return 0;
}

int sink_write(struct sink *s, const void *buf, size_t size, struct err *err)
{
	int rc = check_size(s, size, err);

	if (!rc)
		rc = take_budget(s, size, err);
	return rc ? rc : append(s, buf, size, err);
}

int sink_skip(struct sink *s, uint64_t size, struct err *err)
{
	static const char zeros[16384];
	size_t n;
	int rc;

	rc = check_size(s, size, err);
	if (!rc && s->can_hole)
		s->size += size;
	else if (!rc)
		rc = take_budget(s, size, err);
	if (rc || s->can_hole)
		return rc;
	for (; size && !rc; size -= n) {
		n = (size_t)min_u64(size, sizeof(zeros));
		rc = append(s, zeros, n, err);
	}
	return rc;
}

bool sink_seekable(const struct sink *s)
{
	return s->can_seek;
}

int sink_pwrite(struct sink *s, uint64_t off, const void *buf, size_t size, struct err *err)
{
	int rc;

	if (!s->can_seek)
		return err_set(err, ERR_INVALID, "%s: cannot be written out of order", s->label);
	if (off > s->size || size > s->size - off)
		return err_set(err, ERR_INVALID,
			       "%s: offset 0x%" PRIx64 " + 0x%zx is past what was written",
			       s->label, off, size);
	rc = take_budget(s, size, err);
	if (!rc)
		rc = write_all(s, off, buf, size, err);
	if (rc)
		return rc;
	s->filled = max_u64(s->filled, off + size);
	return 0;
}

uint64_t sink_size(const struct sink *s)
{
	return s->size;
}

const char *sink_name(const struct sink *s)
{
	return s->name;
}

const char *sink_base(const struct sink *s)
{
	return s->base;
}

bool sync_is_senseless(int e)
{
	return e == EINVAL || e == EROFS || e == ENOTSUP;
}

/* Give a file that ends in a hole its size. Behind us the caller's descriptor stands at the end. */
static int set_end(struct sink *s, struct err *err)
{
	off_t end = (off_t)(s->start + s->size);

	if (!s->can_seek)
		return 0;
	if (s->can_hole && s->size > s->filled && ftruncate(s->fd, end))
		return err_errno(err, "%s", s->label);
	if (lseek(s->fd, end, SEEK_SET) < 0)
		return err_errno(err, "%s", s->label);
	return 0;
}

int sink_sync(struct sink *s, struct err *err)
{
	int fd = s->fd;

	if (fsync(fd) && !sync_is_senseless(errno))
		return err_errno(err, "%s", s->label);
	s->fd = -1;
	/* Here at the latest NFS reports what it could not store. EINTR: Linux closed it anyway. */
	if (close(fd) && errno != EINTR)
		return err_errno(err, "%s", s->label);
	return 0;
}

int sink_close(struct sink *s, struct err *err)
{
	int rc = set_end(s, err);

	if (s->dir) {
		if (rc)
			outdir_drop(s, SINK_KEEP);
		else
			outdir_add_pending(s);
		return rc;
	}
	if (!rc)
		rc = sink_sync(s, err);
	sink_free(s);
	return rc;
}

void sink_abort(struct sink *s, enum sink_fate fate)
{
	if (!s)
		return;
	if (s->dir) {
		outdir_drop(s, fate);
		return;
	}
	sink_free(s);
}

static int write_sink(void *ctx, const void *buf, size_t size, struct err *err)
{
	return sink_write(ctx, buf, size, err);
}

static int skip_sink(void *ctx, uint64_t size, struct err *err)
{
	return sink_skip(ctx, size, err);
}

struct out sink_out(struct sink *s)
{
	return (struct out){ .write = write_sink, .ctx = s, .zeros = skip_sink };
}
