/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Streams of LZO made by hand and by lzo2, and pages by the other algorithms of zram and zswap. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <libdeflate.h>
#include <lz4.h>
#include <lzo/lzo1x.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "codec/lzo_rle.h"
#include "codec/unpack.h"
#include "util/types.h"

#define PAGE 4096u

struct row {
	const char *what;
	const char *in;
	size_t in_size;
	const char *out;
	size_t out_size;
	const char *fault;
};

#define IN(s)  s, sizeof(s) - 1
#define END    "\x11\0\0"

static const struct row rows[] = {
	{ "nothing but the end mark", IN(END), IN(""), NULL },
	{ "three literals first", IN("\x14" "abc" END), IN("abc"), NULL },
	{ "five literals first", IN("\x16" "abcde" END), IN("abcde"), NULL },
	{ "a version 1 stream", IN("\x11\x01\x16" "abcde" END), IN("abcde"), NULL },
	{ "a run of zeros", IN("\x11\x01\x14" "abc" "\x19\xfc\xff\x00" END), IN("abc\0\0\0\0\0"), NULL },
	{ "a run of zeros, then literals", IN("\x11\x01\x14" "abc" "\x18\xfe\xff\x00" "xy" END), IN("abc\0\0\0\0xy"), NULL },
	{ "a long run of zeros", IN("\x11\x01\x14" "abc" "\x1b\xfc\xff\x01" END), IN("abc\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), NULL },
	{ "what is a run of zeros in version 1 is a match in version 0", IN("\x14" "abc" "\x19\xfc\xff" END), IN("abc"), "a match before the beginning at byte 7" },
	{ "a match of 2 after literals of a match", IN("\x12" "a" "\x00\x00" END), IN("aaa"), NULL },
	{ "a match of 3 after many literals is 2 KiB back", IN("\x16" "abcde" "\x00\x00" END), IN("abcde"), "a match before the beginning" },
	{ "a match that overlaps itself", IN("\x13" "ab" "\x64\x00" END), IN("abababa"), "less than a page" },
	{ "a match of 4 from 2 back", IN("\x13" "ab" "\x64\x00" END), IN("ababab"), NULL },
	{ "a match of 8 from 1 back", IN("\x12" "a" "\xe0\x00" END), IN("aaaaaaaaa"), NULL },
	{ "a match within 16 KiB", IN("\x12" "a" "\x24\x00\x00" END), IN("aaaaaaa"), NULL },
	{ "a match with its length behind it", IN("\x12" "a" "\x20\x01\x00\x00" END), IN("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), NULL },
	{ "a literal run with its length behind it", IN("\x00\x01" "0123456789abcdefghi" END), IN("0123456789abcdefghi"), NULL },
	{ "literals after a match", IN("\x12" "a" "\x41\x00" "z" END), IN("aaaaz"), NULL },
	{ "an empty input", IN(""), IN(""), "no end mark at byte 0" },
	{ "no end mark", IN("\x14" "abc"), IN("abc"), "no end mark at byte 4" },
	{ "cut within literals", IN("\x18" "abc"), IN("abc"), "the stream ends within literals" },
	{ "cut within a match", IN("\x12" "a" "\x24\x00"), IN("aaaaaaa"), "the stream ends within a match" },
	{ "cut within a length", IN("\x00\x00\x00\x00"), IN("a"), "the stream ends within a length" },
	{ "a length that is all zeros to the end", IN("\x12" "a" "\x20\x00\x00"), IN("a"), "the stream ends within a length" },
	{ "bytes after the end mark", IN("\x14" "abc" END "x"), IN("abc"), "bytes after the end mark" },
	{ "an end mark of another length", IN("\x14" "abc" "\x12\0\0"), IN("abc"), "a damaged end mark" },
	{ "more than fits", IN("\x16" "abcde" END), IN("abcd"), "more than a page" },
	{ "a match with more than fits", IN("\x12" "a" "\xe0\x00" END), IN("aaaaa"), "more than a page" },
	{ "a run of zeros with more than fits", IN("\x11\x01\x14" "abc" "\x19\xfc\xff\x00" END), IN("abc\0\0"), "more than a page" },
	{ "less than a page", IN("\x14" "abc" END), IN("abcd"), "less than a page" },
	{ "a version that is not known", IN("\x11\x02\x14" "abc" END), IN("abc"), "stream version 2" },
};

static void test_streams(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		/* Exact sizes, so that the sanitizer sees a byte too far. */
		char *in = malloc(r->in_size + 1), *out = malloc(r->out_size + 1);
		struct err err = { 0 };
		int rc;

		memcpy(in, r->in, r->in_size);
		in = realloc(in, r->in_size ? r->in_size : 1);
		out = realloc(out, r->out_size ? r->out_size : 1);
		rc = lzo_rle_decode(in, r->in_size, out, r->out_size, &err);
		if (r->fault ? !rc || !strstr(err.text, r->fault)
			     : rc || memcmp(out, r->out, r->out_size))
			fail_msg("%s: %d '%s'", r->what, rc, err.text);
		free(in);
		free(out);
	}
}

/* Pages of several kinds, by a generator with a fixed seed. */
static void make_page(uint8_t *page, unsigned int kind)
{
	uint32_t x = 12345 + kind;
	unsigned int i;

	for (i = 0; i < PAGE; i++) {
		x = x * 1664525 + 1013904223;
		page[i] = (uint8_t)(kind % 4 == 0 ? x >> 24 :
				    kind % 4 == 1 ? (uint8_t)"some text "[i % 10] :
				    kind % 4 == 2 ? (x >> 28 ? 0 : x >> 20) :
						    i / (1 + kind));
	}
}

#define PACKED_MAX (2 * PAGE)

static size_t pack_lzo(const uint8_t *page, uint8_t *out)
{
	static lzo_align_t work[LZO1X_1_MEM_COMPRESS / sizeof(lzo_align_t) + 1];
	lzo_uint n = 0;

	assert_int_equal(lzo_init(), LZO_E_OK);
	assert_int_equal(lzo1x_1_compress(page, PAGE, out, &n, work), LZO_E_OK);
	return n;
}

static size_t pack_lzo_best(const uint8_t *page, uint8_t *out)
{
	static lzo_align_t work[LZO1X_999_MEM_COMPRESS / sizeof(lzo_align_t) + 1];
	lzo_uint n = 0;

	assert_int_equal(lzo1x_999_compress(page, PAGE, out, &n, work), LZO_E_OK);
	return n;
}

static size_t pack_lz4(const uint8_t *page, uint8_t *out)
{
	return (size_t)LZ4_compress_default((const char *)page, (char *)out, PAGE, PACKED_MAX);
}

static size_t pack_zstd(const uint8_t *page, uint8_t *out)
{
	return ZSTD_compress(out, PACKED_MAX, page, PAGE, 3);
}

static size_t pack_deflate(const uint8_t *page, uint8_t *out)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
	size_t n = libdeflate_deflate_compress(c, page, PAGE, out, PACKED_MAX);

	libdeflate_free_compressor(c);
	return n;
}

static const struct {
	const char *name;
	size_t (*pack)(const uint8_t *page, uint8_t *out);
} packers[] = {
	{ "lzo", pack_lzo },   { "lzo-rle", pack_lzo_best }, { "lz4", pack_lz4 },
	{ "lz4hc", pack_lz4 }, { "zstd", pack_zstd },	     { "deflate", pack_deflate },
};

static void test_pages(void **state)
{
	static uint8_t page[PAGE], packed[PACKED_MAX], out[PAGE];
	struct err err = { 0 };
	struct unpack *u;
	unsigned int kind;
	size_t i, n;

	(void)state;
	assert_int_equal(unpack_create(&u, &err), 0);
	for (i = 0; i < ARRAY_SIZE(packers); i++)
		for (kind = 0; kind < 16; kind++) {
			make_page(page, kind);
			n = packers[i].pack(page, packed);
			if (unpack_page(u, packers[i].name, packed, n, out, PAGE, &err) ||
			    memcmp(page, out, PAGE))
				fail_msg("%s of kind %u: '%s'", packers[i].name, kind, err.text);
			/* Cut, and of another size. */
			if (!unpack_page(u, packers[i].name, packed, n - 1, out, PAGE, &err))
				fail_msg("%s of kind %u, cut, passes", packers[i].name, kind);
			if (!unpack_page(u, packers[i].name, packed, n, out, PAGE - 1, &err))
				fail_msg("%s of kind %u passes as less", packers[i].name, kind);
		}
	assert_int_equal(unpack_page(u, "842", packed, 4, out, PAGE, &err), ERR_UNSUPPORTED);
	assert_string_equal(err.text, "compressed by '842', which is not read");
	unpack_destroy(u);
	unpack_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
