/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmcore/damage.h"

#ifdef VMSIFT_DAMAGE

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
	uint64_t low, high; /* all patches are within */
	bool fails;	    /* any of them */
	uint8_t *map;	    /* see damage_map() */
	uint64_t map_size;
	FILE *trace;
	struct span {
		uint64_t off, size; /* size 0: free */
	} *seen;
	size_t nr_seen, cap; /* .cap is a power of 2 */
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

static int read_patches(struct damage *d, const char *path, struct err *err)
{
	struct patch p;
	char *line = NULL;
	size_t cap = 0;
	int rc = 0;
	FILE *f;

	f = fopen(path, "re");
	if (!f)
		return err_errno(err, "damage overlay %s", path);
	while (!rc && getline(&line, &cap, f) > 0) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (parse_patch(line, &p) || !patch_vec_push(&d->patches, p)) {
			free(p.bytes);
			rc = err_set(err, ERR_INVALID, "damage overlay %s: '%s'", path, line);
			break;
		}
		d->fails |= p.fail != 0;
		d->low = min_u64(d->low, p.off);
		d->high = max_u64(d->high, p.off + p.size);
	}
	free(line);
	fclose(f);
	return rc;
}

int damage_open(struct damage **ret, struct err *err)
{
	const char *patches = getenv("VMSIFT_DAMAGE"), *trace = getenv("VMSIFT_TRACE");
	struct damage *d;
	int rc = 0;

	*ret = NULL;
	if ((!patches || !*patches) && (!trace || !*trace))
		return 0;
	d = calloc(1, sizeof(*d));
	if (!d)
		return err_nomem(err);
	d->low = UINT64_MAX;
	if (patches && *patches)
		rc = read_patches(d, patches, err);
	if (!rc && trace && *trace && !(d->trace = fopen(trace, "we")))
		rc = err_errno(err, "trace %s", trace);
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
	if (d->trace)
		fclose(d->trace);
	if (d->map)
		munmap(d->map, d->map_size);
	free(d->seen);
	free(d);
}

static bool overlaps(const struct patch *p, uint64_t off, uint64_t size)
{
	return p->off < off + size && off < p->off + p->size;
}

bool damage_hits(const struct damage *d, uint64_t off, uint64_t size)
{
	const struct patch *p;

	if (d && off < d->high && d->low < off + size)
		vec_for_each(p, &d->patches)
			if (overlaps(p, off, size))
				return true;
	return false;
}

int damage_errno(const struct damage *d, uint64_t off, uint64_t size)
{
	const struct patch *p;

	if (d && d->fails && off < d->high && d->low < off + size)
		vec_for_each(p, &d->patches)
			if (p->fail && overlaps(p, off, size))
				return p->fail;
	return 0;
}

void damage_apply(const struct damage *d, uint64_t off, uint8_t *buf, size_t size)
{
	const struct patch *p;
	uint64_t at, end;

	if (!d || off >= d->high || d->low >= off + size)
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

const uint8_t *damage_map(struct damage *d, int fd, uint64_t size)
{
	void *p;

	if (!d || d->map || !size)
		return d ? d->map : NULL;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
	if (p == MAP_FAILED)
		return NULL;
	d->map = p;
	d->map_size = size;
	damage_apply(d, 0, d->map, size);
	return d->map;
}

/* Where @off, @size is, or would go. */
static struct span *span_find(const struct damage *d, uint64_t off, uint64_t size)
{
	uint64_t h = (off * 31 + size) * 0x9e3779b97f4a7c15u;
	size_t i = h >> 20 & (d->cap - 1);

	while (d->seen[i].size && (d->seen[i].off != off || d->seen[i].size != size))
		i = (i + 1) & (d->cap - 1);
	return &d->seen[i];
}

static bool grow_seen(struct damage *d)
{
	struct damage old = *d;
	size_t i;

	d->cap = old.cap ? 2 * old.cap : 4096;
	d->seen = calloc(d->cap, sizeof(*d->seen));
	if (!d->seen) {
		*d = old;
		return false;
	}
	for (i = 0; i < old.cap; i++)
		if (old.seen[i].size)
			*span_find(d, old.seen[i].off, old.seen[i].size) = old.seen[i];
	free(old.seen);
	return true;
}

void damage_trace(struct damage *d, uint64_t off, uint64_t size)
{
	struct span *s;

	if (!d || !d->trace || !size || (2 * d->nr_seen >= d->cap && !grow_seen(d)))
		return;
	s = span_find(d, off, size);
	if (s->size)
		return;
	*s = (struct span){ off, size };
	d->nr_seen++;
	fprintf(d->trace, "0x%" PRIx64 "+%" PRIu64 "\n", off, size);
}

#else
typedef int damage_unused; /* an empty translation unit is not ISO C */
#endif
