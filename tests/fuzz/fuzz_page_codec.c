/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a page of a kernel dump, compressed by one of its codecs: it gives a whole page or an error.
 * And the other way: what is compressed here comes out the same. The first byte chooses.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/codec_page.h"

#define PAGE 4096u

static void both_ways(const struct page_codec *c, const uint8_t *data, size_t size, int level)
{
	struct page_ctx *to, *from;
	uint8_t *page = calloc(1, PAGE), *packed = malloc(PAGE), *again = malloc(PAGE);
	struct err err = { 0 };
	size_t n;

	if (!page || !packed || !again || page_compressor_create(c, level, PAGE, &to, &err) ||
	    page_decompressor_create(c, &from, &err))
		abort();
	memcpy(page, data, size < PAGE ? size : PAGE);
	n = page_compress(to, page, PAGE, packed, PAGE - 1);
	if (n >= PAGE || (n && (page_decompress(from, packed, n, again, PAGE, &err) ||
				memcmp(page, again, PAGE))))
		abort();
	page_ctx_destroy(to);
	page_ctx_destroy(from);
	free(page);
	free(packed);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct page_codec *c;
	struct page_ctx *ctx;
	struct err err = { 0 };
	uint8_t *out;
	int rc;

	if (!size || !(c = page_codec_at(data[0] & 3)))
		return 0;
	if (data[0] & 4) {
		both_ways(c, data + 1, size - 1, c->level_min);
		return 0;
	}
	out = malloc(PAGE);
	if (!out || page_decompressor_create(c, &ctx, &err))
		abort();
	rc = page_decompress(ctx, data + 1, size - 1, out, PAGE, &err);
	if (rc ? rc != err.rc : memchr(out, 1, PAGE) == out + PAGE)
		abort();
	page_ctx_destroy(ctx);
	free(out);
	return 0;
}
