/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kdump-compressed file of 8 pages of RAM, built from the format's description. Frame n holds the byte n
 * everywhere but in every 16th place, which counts up.
 */
#ifndef VMSIFT_TESTS_UNIT_SMALL_KDUMP_H
#define VMSIFT_TESTS_UNIT_SMALL_KDUMP_H

#include <stdlib.h>
#include <string.h>

#include "codec/codec_page.h"
#include "util/bytes.h"
#include "vmcore/kdump_format.h"

#define SMALL_PAGE 4096u
#define SMALL_MAX  (16 * SMALL_PAGE)

/* Frames, by what is special about them. */
enum { SMALL_FILTERED = 1, SMALL_RAW = 2, SMALL_ZLIB = 3, SMALL_LZO = 4, SMALL_ZSTD = 5,
       SMALL_ZERO = 6, SMALL_EMPTY = 7, SMALL_FILTERED_TOO = 8, SMALL_HOLE = 9, SMALL_MAPNR = 16 };

/* Where things are. */
enum { SMALL_SUB = SMALL_PAGE, SMALL_NOTE = SMALL_SUB + KSH_SIZE, SMALL_BITMAP1 = 2 * SMALL_PAGE,
       SMALL_BITMAP2 = 3 * SMALL_PAGE, SMALL_DESC = 4 * SMALL_PAGE, SMALL_DATA = 5 * SMALL_PAGE };

static inline void small_page(unsigned int pfn, uint8_t *page)
{
	size_t i;

	memset(page, pfn == SMALL_ZERO ? 0 : (int)pfn, SMALL_PAGE);
	for (i = 0; pfn != SMALL_ZERO && i < SMALL_PAGE; i += 16)
		page[i] = (uint8_t)(i / 16);
}

static inline size_t small_compress(unsigned int pfn, const uint8_t *page, uint8_t *to,
				    uint32_t *flag)
{
	const char *const names[] = { [SMALL_ZLIB] = "zlib", [SMALL_LZO] = "lzo",
				      [SMALL_ZSTD] = "zstd" };
	const struct page_codec *c;
	struct page_ctx *ctx;
	size_t n;

	*flag = 0;
	if (pfn < SMALL_ZLIB || pfn > SMALL_ZSTD) {
		memcpy(to, page, SMALL_PAGE);
		return SMALL_PAGE;
	}
	c = page_codec_find(names[pfn]);
	if (page_compressor_create(c, c->level_default, SMALL_PAGE, &ctx, NULL))
		abort();
	n = page_compress(ctx, page, SMALL_PAGE, to, SMALL_PAGE);
	page_ctx_destroy(ctx);
	*flag = c->pd_flag;
	return n;
}

/* @b: SMALL_MAX bytes. Return: the file's size. */
static inline size_t small_kdump(uint8_t *b)
{
	static const char info[] = "OSRELEASE=6.1.0-small\nPAGESIZE=4096\n";
	size_t at = SMALL_DATA, desc = SMALL_DESC;
	unsigned int pfn;

	memset(b, 0, SMALL_MAX);
	memcpy(b, KDUMP_SIGNATURE, KDUMP_SIGNATURE_SIZE);
	put_u32(b + DDH_VERSION, KDUMP_VERSION);
	memcpy(b + DDH_UTSNAME + 4 * DDH_UTS_FIELD, "x86_64", 6);
	put_u32(b + DDH_BLOCK_SIZE, SMALL_PAGE);
	put_u32(b + DDH_SUB_HDR_BLOCKS, 1);
	put_u32(b + DDH_BITMAP_BLOCKS, 2);
	put_u32(b + DDH_NR_CPUS, 1);
	put_u64(b + SMALL_SUB + KSH_MAX_MAPNR, SMALL_MAPNR);
	put_u64(b + SMALL_SUB + KSH_OFFSET_NOTE, SMALL_NOTE);
	put_u64(b + SMALL_SUB + KSH_SIZE_NOTE, 12 + 12 + sizeof(info));
	put_u32(b + SMALL_NOTE, 11);
	put_u32(b + SMALL_NOTE + 4, sizeof(info) - 1);
	memcpy(b + SMALL_NOTE + 12, "VMCOREINFO", 10);
	memcpy(b + SMALL_NOTE + 24, info, sizeof(info) - 1);
	put_u16(b + SMALL_BITMAP1, 0x1fe);
	put_u16(b + SMALL_BITMAP2, 0x0fc);
	for (pfn = SMALL_RAW; pfn <= SMALL_EMPTY; pfn++, desc += PAGE_DESC_SIZE) {
		uint8_t page[SMALL_PAGE];
		uint32_t flag;
		size_t n;

		if (pfn == SMALL_EMPTY)
			continue;
		small_page(pfn, page);
		n = small_compress(pfn, page, b + at, &flag);
		put_u64(b + desc + PAGE_DESC_OFF, at);
		put_u32(b + desc + PAGE_DESC_BYTES, (uint32_t)n);
		put_u32(b + desc + PAGE_DESC_FLAGS, flag);
		at += n;
	}
	return at;
}

#endif
