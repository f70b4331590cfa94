/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmcore/damage.h"

#ifdef VMSIFT_DAMAGE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/types.h"
#include "util/vec.h"

struct patch {
	uint64_t off, size;
	int fail;	/* errno, or 0 */
	uint8_t *bytes; /* NULL: zeros, unless .fail */
};
DEFINE_VEC(patch_vec, struct patch);

struct damage {
	struct patch_vec patches;
};

static int hex_bytes(const char *s, struct patch *p)
{
	size_t cap = strlen(s) / 2 + 1;
	unsigned int byte;
	int used;

	p->bytes = malloc(cap);
	if (!p->bytes)
		return -1;
	p->size = 0;
	while (sscanf(s, " %2x%n", &byte, &used) == 1) {
		p->bytes[p->size++] = (uint8_t)byte;
		s += used;
	}
	return p->size ? 0 : -1;
}

static int parse_patch(char *line, struct patch *p)
{
	char *at;

	memset(p, 0, sizeof(*p));
	p->off = strtoull(line, &at, 0);
	if (at == line)
		return -1;
	if (*at == '+')
		p->size = strtoull(at + 1, &at, 0);
	at += strspn(at, " \t");
	at[strcspn(at, "\n")] = 0;
	if (!strncmp(at, "bytes ", 6))
		return hex_bytes(at + 6, p);
	if (!strcmp(at, "eio"))
		p->fail = EIO;
	else if (!strcmp(at, "efault"))
		p->fail = EFAULT;
	else if (strcmp(at, "zero"))
		return -1;
	return p->size ? 0 : -1;
}

int damage_open(struct damage **ret, struct err *err)
{
	const char *path = getenv("VMSIFT_DAMAGE");
	struct damage *d;
	struct patch p;
	char *line = NULL;
	size_t cap = 0;
	int rc = 0;
	FILE *f;

	*ret = NULL;
	if (!path || !*path)
		return 0;
	f = fopen(path, "re");
	if (!f)
		return err_errno(err, "damage overlay %s", path);
	d = calloc(1, sizeof(*d));
	while (d && !rc && getline(&line, &cap, f) > 0) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (parse_patch(line, &p) || !patch_vec_push(&d->patches, p)) {
			free(p.bytes);
			rc = err_set(err, ERR_INVALID, "damage overlay %s: '%s'", path, line);
		}
	}
	free(line);
	fclose(f);
	if (!d)
		return err_nomem(err);
	if (rc) {
		damage_close(d);
		return rc;
	}
	*ret = d;
	return 0;
}

void damage_close(struct damage *d)
{
	struct patch *p;

	if (!d)
		return;
	vec_for_each(p, &d->patches)
		free(p->bytes);
	patch_vec_free(&d->patches);
	free(d);
}

static bool overlaps(const struct patch *p, uint64_t off, uint64_t size)
{
	return p->off < off + size && off < p->off + p->size;
}

bool damage_hits(const struct damage *d, uint64_t off, uint64_t size)
{
	const struct patch *p;

	if (d)
		vec_for_each(p, &d->patches)
			if (overlaps(p, off, size))
				return true;
	return false;
}

int damage_errno(const struct damage *d, uint64_t off, uint64_t size)
{
	const struct patch *p;

	if (d)
		vec_for_each(p, &d->patches)
			if (p->fail && overlaps(p, off, size))
				return p->fail;
	return 0;
}

void damage_apply(const struct damage *d, uint64_t off, uint8_t *buf, size_t size)
{
	const struct patch *p;
	uint64_t at, end;

	if (!d)
		return;
	vec_for_each(p, &d->patches) {
		if (p->fail || !overlaps(p, off, size))
			continue;
		at = max_u64(off, p->off);
		end = min_u64(off + size, p->off + p->size);
		for (; at < end; at++)
			buf[at - off] = p->bytes ? p->bytes[at - p->off] : 0;
	}
}

#else
typedef int damage_unused; /* an empty translation unit is not ISO C */
#endif
