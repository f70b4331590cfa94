/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a page of zbud, read at any handle: what is given lies within the page, behind zbud's header, and
 * is what stands there; then it is decompressed, as zswap does. The input: which way, size, handle, entry, page.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/unpack.h"
#include "kernel/zbud.h"
#include "util/bytes.h"

#define BASE  0xffff888000010000ull
#define FRONT 12u

struct page {
	uint8_t bytes[65536];
	size_t size;
	bool strayed;
};

static int read_page(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	struct page *p = ctx;

	if (off - BASE < p->size / 64 || off - BASE > p->size || size > p->size - (off - BASE))
		p->strayed = true;
	if (off < BASE || off - BASE > p->size || size > p->size - (off - BASE))
		return err_set(err, ERR_ABSENT, "address 0x%" PRIx64 " is not in the dump", off);
	memcpy(buf, p->bytes + (off - BASE), size);
	return 0;
}

static void unpack(uint8_t which, const void *in, size_t size)
{
	static const char *const names[] = { "lzo", "lzo-rle", "lz4", "zstd", "deflate", "842" };
	struct err err = { 0 };
	uint8_t page[4096];
	struct unpack *u;
	int rc;

	if (unpack_create(&u, &err))
		abort();
	rc = unpack_page(u, names[which % ARRAY_SIZE(names)], in, size, page, sizeof(page), &err);
	if (rc && rc != err.rc)
		abort();
	unpack_destroy(u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct zbud_view v;
	struct page *p;
	uint64_t handle, entry;
	size_t want, front;
	uint8_t *buf;
	int rc;

	if (size < FRONT)
		return 0;
	p = calloc(1, sizeof(*p));
	if (!p)
		abort();
	p->size = data[0] & 1 ? sizeof(p->bytes) : 4096;
	v = (struct zbud_view){ { read_page, p, UINT64_MAX }, p->size, data[0] & 2 };
	want = get_u16(data + 1);
	/* In the page of the bytes, or, by the last bit, anywhere. */
	handle = data[0] & 4 ? get_u64(data + 4) : BASE + get_u16(data + 4) % p->size;
	entry = get_u64(data + 4);
	memcpy(p->bytes, data + FRONT, size - FRONT < p->size ? size - FRONT : p->size);
	buf = malloc(want ? want : 1);
	if (!buf)
		abort();
	front = v.has_header ? 8 : 0;
	rc = zbud_read(&v, handle, entry, want, buf, &err);
	if (rc && rc != err.rc)
		abort();
	if (!rc && (p->strayed || memcmp(buf, p->bytes + (handle - BASE) + front, want) ||
		    (front && get_u64(p->bytes + (handle - BASE)) != entry)))
		abort();
	if (!rc)
		unpack(data[3], buf, want);
	free(buf);
	free(p);
	return 0;
}
