/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/kmem_search.h"

#include <stdlib.h>
#include <string.h>

#define PATTERN_MAX 64
#define STEP \
	KIB(4) /* what is given up for a byte that cannot be read; no kernel has smaller pages */

int kmem_search_init(struct kmem_search *s, const struct reader *kmem, kvaddr_t start, kvaddr_t end,
		     const void *pattern, size_t pattern_size, struct err *err)
{
	*s = (struct kmem_search){ .kmem = kmem,
				   .end = end,
				   .pattern = pattern,
				   .pattern_size = pattern_size,
				   .buf_start = start };
	if (!pattern_size || pattern_size > PATTERN_MAX || start > end)
		return err_set(err, ERR_INVALID,
			       "search of %zu bytes in [0x%" PRIx64 ", 0x%" PRIx64 ")",
			       pattern_size, start, end);
	s->buf = malloc(PATTERN_MAX + KMEM_SEARCH_CHUNK);
	return s->buf ? 0 : err_nomem(err);
}

void kmem_search_deinit(struct kmem_search *s)
{
	free(s->buf);
	*s = (struct kmem_search){ 0 };
}

/* Keeps the tail in which the pattern may begin, and reads on behind it. False at the end. */
static bool search_fill(struct kmem_search *s)
{
	size_t tail = s->len < s->pattern_size ? s->len : s->pattern_size - 1;
	kvaddr_t at = s->buf_start + s->len;
	uint64_t size;

	memmove(s->buf, s->buf + s->len - tail, tail);
	while (at < s->end) {
		/* Up to the end of an aligned chunk, so that the steps below stay within pages. */
		size = min_u64(s->end - at, KMEM_SEARCH_CHUNK - at % KMEM_SEARCH_CHUNK);
		if (reader_read(s->kmem, at, s->buf + tail, size, NULL)) {
			size = min_u64(size, STEP - at % STEP);
			if (reader_read(s->kmem, at, s->buf + tail, size, NULL)) {
				at += size;
				tail = 0;
				continue;
			}
		}
		s->buf_start = at - tail;
		s->len = tail + size;
		s->pos = 0;
		return true;
	}
	s->buf_start = s->end;
	s->len = s->pos = 0;
	return false;
}

bool kmem_search_next(struct kmem_search *s, kvaddr_t *ret)
{
	const uint8_t *hit;

	do {
		hit = memmem(s->buf + s->pos, s->len - s->pos, s->pattern, s->pattern_size);
		if (hit) {
			s->pos = (size_t)(hit - s->buf) + 1;
			*ret = s->buf_start + (kvaddr_t)(hit - s->buf);
			return true;
		}
	} while (search_fill(s));
	return false;
}
