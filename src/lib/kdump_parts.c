/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/kdump_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/types.h"

int kdump_parts_init(struct kdump_parts *p, struct tar *tar, const char *prefix, int64_t mtime,
		     struct err *err)
{
	*p = (struct kdump_parts){ .tar = tar, .prefix = prefix, .mtime = mtime };
	p->buf = malloc(KDUMP_PART_SIZE);
	return p->buf ? 0 : err_nomem(err);
}

void kdump_parts_deinit(struct kdump_parts *p)
{
	free(p->buf);
	p->buf = NULL;
}

int kdump_parts_finish(struct kdump_parts *p, struct err *err)
{
	char name[256];
	int rc;

	if (!p->n)
		return 0;
	snprintf(name, sizeof(name), "%s" KDUMP_PART_NAME ".%06u", p->prefix, ++p->nr);
	rc = tar_begin_member(p->tar, name, p->n, p->mtime, 0600, err);
	if (!rc)
		rc = tar_write(p->tar, p->buf, p->n, err);
	if (!rc)
		rc = tar_end_member(p->tar, err);
	p->broken = rc != 0;
	p->n = 0;
	return rc;
}

static int write_part(void *ctx, const void *buf, size_t size, struct err *err)
{
	struct kdump_parts *p = ctx;
	const uint8_t *from = buf;
	int rc = 0;

	while (size && !rc) {
		size_t n = (size_t)min_u64(size, KDUMP_PART_SIZE - p->n);

		memcpy(p->buf + p->n, from, n);
		p->n += n;
		from += n;
		size -= n;
		if (p->n == KDUMP_PART_SIZE)
			rc = kdump_parts_finish(p, err);
	}
	return rc;
}

struct out kdump_parts_out(struct kdump_parts *p)
{
	return (struct out){ .write = write_part, .ctx = p };
}
