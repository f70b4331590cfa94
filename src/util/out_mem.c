/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/out_mem.h"

#include <stdlib.h>
#include <string.h>

static int mem_write(void *ctx, const void *buf, size_t size, struct err *err)
{
	struct out_mem *m = ctx;
	uint8_t *v;
	size_t cap;

	if (size > m->cap - m->n) {
		if (size > SIZE_MAX / 4 || m->n > SIZE_MAX / 4)
			return err_nomem(err);
		cap = (m->n + size) * 3 / 2 + 4096;
		v = realloc(m->v, cap);
		if (!v)
			return err_nomem(err);
		m->v = v;
		m->cap = cap;
	}
	memcpy(m->v + m->n, buf, size);
	m->n += size;
	return 0;
}

struct out out_to_mem(struct out_mem *m)
{
	return (struct out){ .write = mem_write, .ctx = m };
}

void out_mem_free(struct out_mem *m)
{
	free(m->v);
	memset(m, 0, sizeof(*m));
}
