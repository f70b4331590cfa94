/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/outdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink/outdir_internal.h"
#include "sink/sink_internal.h"
#include "util/cleanup.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

static void outdir_free(struct outdir *d)
{
	if (d->fd >= 0)
		close(d->fd);
	free(d->path);
	free(d->name);
	name_vec_free(&d->names);
	free(d);
}

static void outdir_put(struct outdir *d)
{
	if (!--d->refs)
		outdir_free(d);
}

/* Takes over @fd, also on failure. @path is taken over as well; NULL is out of memory. */
static int outdir_new(int fd, char *path, const char *name, struct outdir *top, struct outdir **ret,
		      struct err *err)
{
	struct outdir *d = calloc(1, sizeof(*d));

	if (!d) {
		close(fd);
		free(path);
		return err_nomem(err);
	}
	d->fd = fd;
	d->path = path;
	d->name = strdup(name);
	d->refs = 1;
	d->top = top ? top : d;
	d->pending_end = &d->pending;
	if (!d->path || !d->name) {
		outdir_free(d);
		return err_nomem(err);
	}
	*ret = d;
	return 0;
}

/* Make the name of a new directory last; a parent that cannot be opened or synced is no failure. */
static void sync_parent(const char *path)
{
	AUTO_FREE char *parent = strdup(path);
	AUTO_CLOSE int fd = -1;
	size_t n;

	if (!parent)
		return;
	for (n = strlen(parent); n && parent[n - 1] == '/'; n--)
		;
	for (; n && parent[n - 1] != '/'; n--)
		;
	parent[n] = 0;
	fd = open(n ? parent : ".", DIR_FLAGS);
	if (fd >= 0)
		fsync(fd);
}

static unsigned int find_pending_max(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) || rl.rlim_cur / 3 >= OUTDIR_PENDING_MAX)
		return OUTDIR_PENDING_MAX;
	return rl.rlim_cur < 6 ? 1 : (unsigned int)(rl.rlim_cur / 3);
}

int outdir_open(const char *path, const struct outdir_opts *opts, struct outdir **ret,
		struct err *err)
{
	bool made = false;
	int fd, rc;

	if (opts->create) {
		made = !mkdir(path, 0700);
		if (!made && errno != EEXIST)
			return err_errno(err, "%s", path);
	}
	fd = open(path, DIR_FLAGS | (made ? O_NOFOLLOW : 0));
	if (fd < 0)
		return err_errno(err, "%s", path);
	if (made)
		sync_parent(path);
	rc = outdir_new(fd, strdup(path), "", NULL, ret, err);
	if (rc)
		return rc;
	(*ret)->opts = *opts;
	(*ret)->pending_max = find_pending_max();
	(*ret)->budget.max = opts->max_bytes ? opts->max_bytes : UINT64_MAX;
	return 0;
}

static int check_name(const struct outdir *d, const char *base, const char *suffix, struct err *err)
{
	size_t size = strlen(base) + strlen(suffix);

	if (!size || strchr(base, '/') || strchr(suffix, '/') ||
	    (!*suffix && (!strcmp(base, ".") || !strcmp(base, ".."))))
		return err_set(err, ERR_INVALID, "%s: no name for a file: \"%s%s\"", d->path, base,
			       suffix);
	if (size > OUTDIR_NAME_MAX)
		return err_set(err, ERR_INVALID,
			       "%s: name of %zu bytes, more than %d: \"%.40s...\"", d->path, size,
			       OUTDIR_NAME_MAX, base);
	return 0;
}

/* FNV-1a. */
static uint64_t hash_name(const char *s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	return h;
}

/* Whether this run made it: then it is not replaced. A false yes only costs the name a "~2". */
static bool made_here(const struct outdir *d, const char *name)
{
	uint64_t h = hash_name(name);
	size_t i;

	for (i = 0; i < d->names.n; i++)
		if (d->names.v[i] == h)
			return true;
	return false;
}

/* Return: 0 and whether there is something of that name. */
static int exists(const struct outdir *d, const char *name, bool *ret, struct err *err)
{
	struct stat st;

	if (!fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW))
		*ret = true;
	else if (errno == ENOENT)
		*ret = false;
	else
		return err_errno(err, "%s/%s", d->path, name);
	return 0;
}

int outdir_check(struct outdir *d, const char *base, const char *suffix, struct err *err)
{
	static const char *const ends[] = { "", OUTDIR_INCOMPLETE };
	char name[OUTDIR_NAME_SIZE];
	bool there = false;
	size_t i;
	int rc;

	rc = check_name(d, base, suffix, err);
	for (i = 0; i < 2 && !rc && !d->top->opts.replace; i++) {
		snprintf(name, sizeof(name), "%s%s%s", base, suffix, ends[i]);
		rc = exists(d, name, &there, err);
		if (!rc && there)
			rc = err_set(err, ERR_EXIST, "%s/%s: exists already", d->path, name);
	}
	return rc;
}

/* Return: 0 and the descriptor; ERR_EXIST if the name is taken, without a word. */
static int try_file(struct outdir *d, const char *name, int *ret, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	bool replace = d->top->opts.replace && !made_here(d, name), there = false;
	char tmp[OUTDIR_NAME_SIZE];
	int rc;

	snprintf(tmp, sizeof(tmp), "%s" OUTDIR_INCOMPLETE, name);
	if (!replace) {
		rc = exists(d, name, &there, err);
		if (rc || there)
			return rc ? rc : ERR_EXIST;
	}
	*ret = openat(d->fd, tmp, flags, 0600);
	if (*ret < 0 && errno == EEXIST && replace && !unlinkat(d->fd, tmp, 0))
		*ret = openat(d->fd, tmp, flags, 0600);
	if (*ret >= 0)
		return 0;
	return errno == EEXIST ? ERR_EXIST : err_errno(err, "%s/%s", d->path, tmp);
}

static int try_dir(struct outdir *d, const char *name, int *ret, struct err *err)
{
	bool made = !mkdirat(d->fd, name, 0700);

	if (!made && errno != EEXIST)
		return err_errno(err, "%s/%s", d->path, name);
	if (!made && (!d->top->opts.replace || made_here(d, name)))
		return ERR_EXIST;
	*ret = openat(d->fd, name, DIR_FLAGS | O_NOFOLLOW);
	if (*ret < 0)
		return err_errno(err, "%s/%s", d->path, name);
	d->needs_sync |= made;
	return 0;
}

/* What a new file or directory got. */
struct made {
	int fd;
	char base[OUTDIR_NAME_SIZE], name[OUTDIR_NAME_SIZE];
};

static int make_numbered(struct outdir *d, const char *base, const char *suffix,
			 int (*try)(struct outdir *d, const char *name, int *ret, struct err *err),
			 struct made *ret, struct err *err)
{
	char number[8] = "";
	int i, rc;

	rc = check_name(d, base, suffix, err);
	if (rc)
		return rc;
	for (i = 1; i <= OUTDIR_SAME_MAX; i++) {
		if (i > 1)
			snprintf(number, sizeof(number), "~%d", i);
		snprintf(ret->base, sizeof(ret->base), "%s%s", base, number);
		snprintf(ret->name, sizeof(ret->name), "%s%s%s", base, number, suffix);
		rc = try(d, ret->name, &ret->fd, err);
		if (rc != ERR_EXIST)
			break;
	}
	if (rc == ERR_EXIST)
		return err_set(err, rc, "%s/%s%s: exists already, and so do ~2 to ~%d", d->path,
			       base, suffix, OUTDIR_SAME_MAX);
	if (!rc && d->top->opts.replace && !name_vec_push(&d->names, hash_name(ret->name))) {
		close(ret->fd);
		return err_nomem(err);
	}
	return rc;
}

static char *join(const char *dir, const char *name, const char *end)
{
	char *s;

	return asprintf(&s, "%s/%s%s", dir, name, end) < 0 ? NULL : s;
}

int outdir_subdir(struct outdir *d, const char *base, const char *suffix, struct outdir **ret,
		  struct err *err)
{
	struct made made;
	int rc;

	rc = make_numbered(d, base, suffix, try_dir, &made, err);
	if (rc)
		return rc;
	return outdir_new(made.fd, join(d->path, made.name, ""), made.name, d->top, ret, err);
}

static int new_sink(struct outdir *d, const struct made *made, struct sink **ret, struct err *err)
{
	AUTO_FREE char *path = join(d->path, made->name, OUTDIR_INCOMPLETE);
	int rc;

	if (!path) {
		close(made->fd);
		return err_nomem(err);
	}
	rc = sink_new(made->fd, path, made->name, made->base, ret, err);
	if (rc)
		return rc;
	sink_set_budget(*ret, &d->top->budget);
	(*ret)->dir = d;
	d->refs++;
	return 0;
}

int outdir_create(struct outdir *d, const char *base, const char *suffix, struct sink **ret,
		  struct err *err)
{
	struct made made;
	int rc = make_numbered(d, base, suffix, try_file, &made, err);

	return rc ? rc : new_sink(d, &made, ret, err);
}

int outdir_recreate(struct outdir *d, const char *base, const char *suffix, struct sink **ret,
		    struct err *err)
{
	char tmp[OUTDIR_NAME_SIZE + sizeof(OUTDIR_INCOMPLETE)];
	struct made made;
	int rc = check_name(d, base, suffix, err);

	if (rc)
		return rc;
	snprintf(made.base, sizeof(made.base), "%s", base);
	snprintf(made.name, sizeof(made.name), "%s%s", base, suffix);
	snprintf(tmp, sizeof(tmp), "%s" OUTDIR_INCOMPLETE, made.name);
	made.fd = openat(d->fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (made.fd < 0)
		return err_errno(err, "%s/%s", d->path, tmp);
	rc = new_sink(d, &made, ret, err);
	if (!rc)
		(*ret)->over = true;
	return rc;
}

void outdir_release(struct sink *s)
{
	struct outdir *d = s->dir;

	sink_free(s);
	outdir_put(d);
}

void outdir_drop(struct sink *s, enum sink_fate fate)
{
	struct outdir *d = s->dir;
	char tmp[OUTDIR_NAME_SIZE];

	if (fate == SINK_REMOVE) {
		snprintf(tmp, sizeof(tmp), "%s" OUTDIR_INCOMPLETE, s->name);
		unlinkat(d->fd, tmp, 0);
	} else {
		d->top->kept = true;
	}
	outdir_release(s);
}

struct sink_budget *outdir_budget(struct outdir *d)
{
	return &d->top->budget;
}

const char *outdir_path(const struct outdir *d)
{
	return d->path;
}

const char *outdir_name(const struct outdir *d)
{
	return d->name;
}

void outdir_close(struct outdir *d)
{
	struct sink *s, *next;

	if (!d)
		return;
	if (d->top == d) {
		for (s = d->pending; s; s = next) {
			next = s->next;
			outdir_drop(s, SINK_KEEP);
		}
	}
	outdir_put(d);
}
