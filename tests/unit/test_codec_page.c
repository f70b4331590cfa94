/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page codecs: both ways, against other implementations, and with damaged input. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <zlib.h>

#include "codec/codec_page.h"
#include "files.h"
#include "util/types.h"

#define PAGE 4096u

/* Pages as a dump has them; the last two cannot be made smaller. */
enum page_kind { ZEROS, ONES, POINTERS, TEXT, HALF, RANDOM, NR_KINDS };

static const char *const kind_names[] = { "zeros", "ones",	  "pointers",
					  "text",  "half random", "random" };

static void fill(enum page_kind kind, uint8_t *p, size_t size)
{
	uint64_t state = 12345 + kind, v;
	size_t i;

	memset(p, kind == ONES ? 0xff : 0, size);
	for (i = 0; i + 8 <= size; i += 8) {
		v = next_random(&state);
		if (kind == POINTERS)
			v = 0xffff888100000000u | (v & 0x3fffc0);
		else if (kind == TEXT)
			v = 0x2020202020202020u | (v & 0x0f0f000f0f000f0fu);
		else if (kind == HALF)
			v = i < size / 2 ? v : 0;
		if (kind > ONES)
			memcpy(p + i, &v, sizeof(v));
	}
}

static void test_pages_come_back(void **state)
{
	static const size_t sizes[] = { PAGE, 16 * 1024, 64 * 1024, 512, 1 };
	static uint8_t page[PAGE_CODEC_SIZE_MAX], packed[PAGE_CODEC_SIZE_MAX],
		back[PAGE_CODEC_SIZE_MAX];
	const struct page_codec *c;
	struct page_ctx *comp, *dec;
	struct err err = { 0 };
	size_t i, j, n;
	int level;
	enum page_kind kind;

	(void)state;
	for (i = 0; (c = page_codec_at(i)); i++) {
		assert_int_equal(page_decompressor_create(c, &dec, &err), 0);
		for (level = c->level_min; level <= c->level_max; level++) {
			assert_int_equal(
				page_compressor_create(c, level, sizeof(page), &comp, &err), 0);
			for (j = 0; j < ARRAY_SIZE(sizes) * NR_KINDS; j++) {
				kind = j % NR_KINDS;
				fill(kind, page, sizes[j / NR_KINDS]);
				n = page_compress(comp, page, sizes[j / NR_KINDS], packed,
						  sizes[j / NR_KINDS] - 1);
				if (!n) {
					assert_true(kind == RANDOM || sizes[j / NR_KINDS] < PAGE);
					continue;
				}
				if (page_decompress(dec, packed, n, back, sizes[j / NR_KINDS],
						    &err) ||
				    memcmp(page, back, sizes[j / NR_KINDS]))
					fail_msg("%s %d, %s: %s", c->name, level, kind_names[kind],
						 err.text);
			}
			page_ctx_destroy(comp);
		}
		page_ctx_destroy(dec);
	}
	page_ctx_destroy(NULL);
}

/* zlib itself reads what libdeflate wrote, and the other way round. */
static void test_zlib_pages_are_zlib(void **state)
{
	const struct page_codec *c = page_codec_find("zlib");
	uint8_t page[PAGE], packed[2 * PAGE], back[PAGE];
	struct page_ctx *comp, *dec;
	struct err err = { 0 };
	enum page_kind kind;
	uLongf n;
	size_t m;

	(void)state;
	assert_int_equal(page_compressor_create(c, c->level_default, PAGE, &comp, &err), 0);
	assert_int_equal(page_decompressor_create(c, &dec, &err), 0);
	for (kind = 0; kind < NR_KINDS; kind++) {
		fill(kind, page, PAGE);
		m = page_compress(comp, page, PAGE, packed, sizeof(packed));
		assert_int_not_equal(m, 0);
		n = sizeof(back);
		assert_int_equal(uncompress(back, &n, packed, m), Z_OK);
		assert_int_equal(n, PAGE);
		assert_memory_equal(back, page, PAGE);

		n = sizeof(packed);
		assert_int_equal(compress2(packed, &n, page, PAGE, 9), Z_OK);
		memset(back, 0, sizeof(back));
		assert_int_equal(page_decompress(dec, packed, n, back, PAGE, &err), 0);
		assert_memory_equal(back, page, PAGE);
	}
	page_ctx_destroy(comp);
	page_ctx_destroy(dec);
}

static void test_zstd_pages_are_zstd(void **state)
{
	const struct page_codec *c = page_codec_find("zstd");
	uint8_t page[PAGE], packed[2 * PAGE];
	struct files tmp;
	struct page_ctx *comp;
	struct err err = { 0 };
	enum page_kind kind;
	size_t n, got;
	char *back;
	FILE *f;

	(void)state;
	assert_true(files_make(&tmp));
	assert_int_equal(page_compressor_create(c, c->level_default, PAGE, &comp, &err), 0);
	for (kind = 0; kind < NR_KINDS; kind++) {
		fill(kind, page, PAGE);
		n = page_compress(comp, page, PAGE, packed, sizeof(packed));
		assert_int_not_equal(n, 0);
		f = fopen(in_dir(&tmp, "page.zst"), "w");
		assert_int_equal(fwrite(packed, 1, n, f), n);
		fclose(f);
		back = output_of(&got, "zstd -qdc '%s'", in_dir(&tmp, "page.zst"));
		assert_non_null(back);
		assert_int_equal(got, PAGE);
		assert_memory_equal(back, page, PAGE);
		free(back);
	}
	page_ctx_destroy(comp);
	files_remove(&tmp);
}

/* Cut off at every length, changed at every byte: an error, or exactly a page. */
static void test_damaged_pages_are_refused(void **state)
{
	uint8_t *page = malloc(PAGE), *packed = malloc(2 * PAGE), *bad, *back = malloc(PAGE);
	const struct page_codec *c;
	struct page_ctx *comp, *dec;
	struct err err = { 0 };
	char text[100];
	size_t i, j, n;

	(void)state;
	for (i = 0; (c = page_codec_at(i)); i++) {
		assert_int_equal(page_compressor_create(c, c->level_default, PAGE, &comp, &err), 0);
		assert_int_equal(page_decompressor_create(c, &dec, &err), 0);
		fill(HALF, page, PAGE);
		n = page_compress(comp, page, PAGE, packed, 2 * PAGE);
		assert_int_not_equal(n, 0);
		for (j = 0; j < n; j++) {
			bad = malloc(j ? j : 1); /* so that reading on is seen */
			memcpy(bad, packed, j);
			memset(&err, 0, sizeof(err));
			assert_int_equal(page_decompress(dec, bad, j, back, PAGE, &err),
					 ERR_CORRUPT);
			assert_true(strstr(err.text, c->name) == err.text);
			free(bad);
		}
		bad = malloc(n);
		for (j = 0; j < n; j++) {
			memcpy(bad, packed, n);
			bad[j] ^= 0x5a;
			if (page_decompress(dec, bad, n, back, PAGE, &err))
				assert_int_equal(err.rc, ERR_CORRUPT);
			else
				assert_string_not_equal(c->name, "zlib"); /* it has a checksum */
		}
		free(bad);
		/* Whole, but of another size. */
		assert_int_equal(page_decompress(dec, packed, n, back, PAGE - 1, &err),
				 ERR_CORRUPT);
		bad = malloc(PAGE + 1);
		assert_int_equal(page_decompress(dec, packed, n, bad, PAGE + 1, &err), ERR_CORRUPT);
		snprintf(text, sizeof(text), "%s: %zu compressed bytes hold 4096 bytes, not 4097",
			 c->name, n);
		assert_string_equal(err.text, text);
		free(bad);
		page_ctx_destroy(comp);
		page_ctx_destroy(dec);
	}
	free(page);
	free(packed);
	free(back);
}

/* @cap is honoured to the byte: what does not fit is "store it as it is". */
static void test_output_keeps_to_its_buffer(void **state)
{
	uint8_t page[PAGE], packed[2 * PAGE], *small;
	const struct page_codec *c;
	struct page_ctx *comp;
	struct err err = { 0 };
	size_t i, n, cap;

	(void)state;
	for (i = 0; (c = page_codec_at(i)); i++) {
		assert_int_equal(page_compressor_create(c, c->level_default, PAGE, &comp, &err), 0);
		fill(TEXT, page, PAGE);
		n = page_compress(comp, page, PAGE, packed, sizeof(packed));
		for (cap = n > 40 ? n - 40 : 0; cap < n; cap++) {
			small = malloc(cap ? cap : 1);
			assert_int_equal(page_compress(comp, page, PAGE, small, cap), 0);
			free(small);
		}
		assert_int_equal(page_compress(comp, page, 0, packed, sizeof(packed)), 0);
		assert_int_equal(page_compress(comp, page, PAGE + 1, packed, sizeof(packed)), 0);
		page_ctx_destroy(comp);
	}
}

static void test_memory_is_taken_at_creation(void **state)
{
	uint8_t page[PAGE], packed[PAGE], back[PAGE];
	const struct page_codec *c;
	struct page_ctx *comp, *dec;
	size_t i, n, before, made;
	int j;

	(void)state;
	if (!heap_is_known())
		skip();
	for (i = 0; (c = page_codec_at(i)); i++) {
		before = heap_now();
		assert_int_equal(page_compressor_create(c, c->level_max, PAGE, &comp, NULL), 0);
		assert_int_equal(page_decompressor_create(c, &dec, NULL), 0);
		made = heap_now();
		assert_in_range(made - before, 1, 1u << 20);
		for (j = 0; j < 2000; j++) {
			fill((enum page_kind)(j % NR_KINDS), page, PAGE);
			n = page_compress(comp, page, PAGE, packed, PAGE - 1);
			if (n)
				assert_int_equal(page_decompress(dec, packed, n, back, PAGE, NULL),
						 0);
			assert_int_equal(heap_now(), made);
		}
		page_ctx_destroy(comp);
		page_ctx_destroy(dec);
		assert_int_equal(heap_now(), before);
	}
}

static void test_codecs_are_found(void **state)
{
	static const struct {
		const char *name;
		uint32_t flag;
	} rows[] = { { "zlib", 1 }, { "lzo", 2 }, { "zstd", 0x20 } };
	struct page_ctx *ctx = NULL;
	struct err err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_ptr_equal(page_codec_find(rows[i].name), page_codec_at(i));
		assert_ptr_equal(page_codec_of_flag(rows[i].flag), page_codec_at(i));
	}
	assert_null(page_codec_at(i));
	assert_null(page_codec_find("snappy"));
	assert_null(page_codec_find("none"));
	assert_null(page_codec_of_flag(0));
	assert_null(page_codec_of_flag(3));
	assert_null(page_codec_of_flag(4));

	assert_int_equal(page_compressor_create(page_codec_find("zlib"), 10, PAGE, &ctx, &err),
			 ERR_INVALID);
	assert_string_equal(err.text, "codec zlib knows levels 1 to 9, not 10");
	assert_int_equal(page_compressor_create(page_codec_find("lzo"), 3, PAGE_CODEC_SIZE_MAX + 1,
						&ctx, &err),
			 ERR_INVALID);
	assert_string_equal(err.text, "codec lzo: pages of 65537 bytes");
	assert_null(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_come_back),
		cmocka_unit_test(test_zlib_pages_are_zlib),
		cmocka_unit_test(test_zstd_pages_are_zstd),
		cmocka_unit_test(test_damaged_pages_are_refused),
		cmocka_unit_test(test_output_keeps_to_its_buffer),
		cmocka_unit_test(test_memory_is_taken_at_creation),
		cmocka_unit_test(test_codecs_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
