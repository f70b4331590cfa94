/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/tar.h"

#include <stdio.h>
#include <string.h>

#include "util/bytes.h"
#include "util/types.h"

#define BLOCK 512

/* The header block of POSIX.1-1988, in octal digits but for the names. */
struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], chksum[8], typeflag;
	char linkname[100], magic[6], version[2], uname[32], gname[32], devmajor[8], devminor[8];
	char prefix[155], pad[12];
};

_Static_assert(sizeof(struct ustar) == BLOCK, "a header is one block");

/* 11 octal digits and a NUL. */
#define OCTAL_MAX 077777777777u

void tar_init(struct tar *t, const struct out *out)
{
	memset(t, 0, sizeof(*t));
	t->out = *out;
}

static void put_octal(char *field, size_t size, uint64_t v)
{
	size_t i;

	for (i = size - 1; i--; v >>= 3)
		field[i] = (char)('0' + (v & 7));
}

/* GNU tar's way for what 11 digits do not hold: the top bit, then a big-endian number. */
static void put_number(char field[12], uint64_t v)
{
	if (v <= OCTAL_MAX) {
		put_octal(field, 12, v);
		return;
	}
	memset(field, 0, 4);
	field[0] = (char)0x80;
	put_be64(field + 4, v);
}

/* The name in the two fields, split at a '/'. Return: false if it does not fit and was cut off. */
static bool put_name(struct ustar *h, const char *name)
{
	size_t size = strlen(name);
	const char *slash;

	if (size <= sizeof(h->name)) {
		memcpy(h->name, name, size);
		return true;
	}
	for (slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		if ((size_t)(slash - name) > sizeof(h->prefix))
			break;
		if (strlen(slash + 1) > sizeof(h->name))
			continue;
		memcpy(h->prefix, name, (size_t)(slash - name));
		memcpy(h->name, slash + 1, strlen(slash + 1));
		return true;
	}
	memcpy(h->name, name, sizeof(h->name));
	return false;
}

static int write_header(struct tar *t, struct ustar *h, char type, uint64_t size, int64_t mtime,
			unsigned int mode, struct err *err)
{
	const unsigned char *b = (const unsigned char *)h;
	unsigned int sum = 0, i;

	put_octal(h->mode, sizeof(h->mode), mode & 07777);
	put_octal(h->uid, sizeof(h->uid), 0);
	put_octal(h->gid, sizeof(h->gid), 0);
	put_number(h->size, size);
	put_number(h->mtime, mtime < 0 ? 0 : (uint64_t)mtime);
	h->typeflag = type;
	memcpy(h->magic, "ustar", 6);
	memcpy(h->version, "00", 2);
	strcpy(h->uname, "root");
	strcpy(h->gname, "root");
	memset(h->chksum, ' ', sizeof(h->chksum));
	for (i = 0; i < sizeof(*h); i++)
		sum += b[i];
	put_octal(h->chksum, 7, sum);
	h->chksum[6] = 0;
	return out_write(&t->out, h, sizeof(*h), err);
}

/* A record "LENGTH key=value\n", whose length counts its own digits. Return: its end. */
static char *put_record(char *at, const char *key, const char *value)
{
	size_t rest = strlen(key) + strlen(value) + 3, size = rest + 1, digits;

	do {
		digits = (size_t)snprintf(NULL, 0, "%zu", size);
		size = rest + digits;
	} while ((size_t)snprintf(NULL, 0, "%zu", size) != digits);
	return at + sprintf(at, "%zu %s=%s\n", size, key, value);
}

static int write_pax(struct tar *t, const char *path, uint64_t size, int64_t mtime, struct err *err)
{
	char data[2 * BLOCK + TAR_NAME_MAX] = "", number[24], *end = data;
	struct ustar h = { .name = "pax_header" };
	size_t padded;
	int rc;

	if (path)
		end = put_record(end, "path", path);
	if (size > OCTAL_MAX) {
		snprintf(number, sizeof(number), "%" PRIu64, size);
		end = put_record(end, "size", number);
	}
	if (mtime < 0 || mtime > (int64_t)OCTAL_MAX) {
		snprintf(number, sizeof(number), "%" PRId64, mtime);
		end = put_record(end, "mtime", number);
	}
	if (end == data)
		return 0;
	rc = write_header(t, &h, 'x', (uint64_t)(end - data), 0, 0600, err);
	if (rc)
		return rc;
	padded = (size_t)round_up_u64((uint64_t)(end - data), BLOCK);
	return out_write(&t->out, data, padded, err);
}

static bool name_is_sound(const char *name)
{
	size_t n;

	if (strlen(name) > TAR_NAME_MAX)
		return false;
	for (;; name += n + 1) {
		n = strcspn(name, "/");
		if (!n || (n == 1 && *name == '.') || (n == 2 && !memcmp(name, "..", 2)))
			return false;
		if (!name[n])
			return true;
	}
}

int tar_begin_member(struct tar *t, const char *name, uint64_t size, int64_t mtime,
		     unsigned int mode, struct err *err)
{
	struct ustar h = { 0 };
	bool fits;
	int rc;

	if (t->in_member)
		return err_set(err, ERR_INVALID, "tar: %s: not ended before the next", t->name);
	if (!name_is_sound(name))
		return err_set(err, ERR_INVALID, "tar: no name for a member: \"%.100s\"", name);
	fits = put_name(&h, name);
	rc = write_pax(t, fits ? NULL : name, size, mtime, err);
	if (!rc)
		rc = write_header(t, &h, '0', size, mtime, mode, err);
	if (rc)
		return rc;
	strcpy(t->name, name);
	t->in_member = true;
	t->size = t->left = size;
	return 0;
}

static int take(struct tar *t, uint64_t size, struct err *err)
{
	if (!t->in_member)
		return err_set(err, ERR_INVALID, "tar: data outside a member");
	if (size > t->left)
		return err_set(err, ERR_INVALID, "tar: %s: more than its %" PRIu64 " bytes",
			       t->name, t->size);
	t->left -= size;
	return 0;
}

int tar_write(struct tar *t, const void *buf, size_t size, struct err *err)
{
	int rc = take(t, size, err);

	return rc || !size ? rc : out_write(&t->out, buf, size, err);
}

int tar_zeros(struct tar *t, uint64_t size, struct err *err)
{
	int rc = take(t, size, err);

	return rc ? rc : out_zeros(&t->out, size, err);
}

int tar_end_member(struct tar *t, struct err *err)
{
	if (!t->in_member)
		return err_set(err, ERR_INVALID, "tar: no member to end");
	if (t->left)
		return err_set(err, ERR_INVALID, "tar: %s: %" PRIu64 " bytes short of its %" PRIu64,
			       t->name, t->left, t->size);
	t->in_member = false;
	return out_zeros(&t->out, -t->size % BLOCK, err);
}

int tar_finish(struct tar *t, struct err *err)
{
	if (t->in_member)
		return err_set(err, ERR_INVALID, "tar: %s: not ended before the archive", t->name);
	return out_zeros(&t->out, 2 * BLOCK, err);
}

static int write_tar(void *ctx, const void *buf, size_t size, struct err *err)
{
	return tar_write(ctx, buf, size, err);
}

static int zeros_tar(void *ctx, uint64_t size, struct err *err)
{
	return tar_zeros(ctx, size, err);
}

struct out tar_out(struct tar *t)
{
	return (struct out){ .write = write_tar, .ctx = t, .zeros = zeros_tar };
}
