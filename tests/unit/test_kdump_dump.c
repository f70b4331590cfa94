/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading kdump-compressed files, plain and flattened: each kind of page, and what damage is called. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "files.h"
#include "small_kdump.h"
#include "util/types.h"
#include "vmcore/vmcore.h"

static struct files tmp;
static uint8_t image[SMALL_MAX];

static void write_bytes(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static int open_bytes(const void *data, size_t size, struct vmcore **vc, struct err *err)
{
	write_bytes(in_dir(&tmp, "dump"), data, size);
	return vmcore_open(in_dir(&tmp, "dump"), NULL, vc, err);
}

static const struct {
	const char *what;
	unsigned int pfn;
	int rc;
	const char *says;
} pages[] = {
	{ "a page as it is", SMALL_RAW, 0, NULL },
	{ "by zlib", SMALL_ZLIB, 0, NULL },
	{ "by lzo", SMALL_LZO, 0, NULL },
	{ "by zstd", SMALL_ZSTD, 0, NULL },
	{ "zeros", SMALL_ZERO, 0, NULL },
	{ "without contents", SMALL_EMPTY, ERR_ABSENT,
	  "page frame 0x7: did not get into the dump" },
	{ "filtered out", SMALL_FILTERED, ERR_ABSENT,
	  "page frame 0x1 was filtered out of the dump" },
	{ "filtered out behind", SMALL_FILTERED_TOO, ERR_ABSENT, "was filtered out" },
	{ "no RAM", SMALL_HOLE, ERR_ABSENT, "page frame 0x9 is not in the dump" },
	{ "beyond the last", SMALL_MAPNR, ERR_ABSENT, "page frame 0x10 is not in the dump" },
	{ "far beyond", 1u << 31, ERR_ABSENT, "is not in the dump" },
};

static void check_pages(struct vmcore *vc)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		uint8_t want[SMALL_PAGE], got[SMALL_PAGE];
		paddr_t paddr = (paddr_t)pages[i].pfn * SMALL_PAGE;
		struct err err = { 0 };
		int rc = vmcore_read(vc, paddr, got, sizeof(got), &err);

		print_message("%s\n", pages[i].what);
		assert_int_equal(rc, pages[i].rc);
		if (rc) {
			assert_non_null(strstr(err.text, pages[i].says));
			continue;
		}
		small_page(pages[i].pfn, want);
		assert_memory_equal(got, want, sizeof(got));
		assert_int_equal(vmcore_read(vc, paddr + 100, got, 8, NULL), 0);
		assert_memory_equal(got, want + 100, 8);
	}
}

static void reads_every_kind_of_page(void **state)
{
	struct err err = { 0 };
	struct vmcore *vc;

	(void)state;
	assert_int_equal(open_bytes(image, small_kdump(image), &vc, &err), 0);
	assert_int_equal(vmcore_nr_pages(vc), 6);
	assert_int_equal(vc->e_machine, 62);
	assert_int_equal(vc->page_size, SMALL_PAGE);
	check_pages(vc);
	check_pages(vc); /* from the cache */
	vmcore_close(vc);
}

static void tells_stretches(void **state)
{
	paddr_t start, end;
	struct vmcore *vc;

	(void)state;
	assert_int_equal(open_bytes(image, small_kdump(image), &vc, NULL), 0);
	assert_true(vmcore_next(vc, VMCORE_HELD, 0, &start, &end));
	assert_int_equal(start, SMALL_RAW * SMALL_PAGE);
	assert_int_equal(end, (SMALL_EMPTY + 1) * SMALL_PAGE);
	assert_false(vmcore_next(vc, VMCORE_HELD, end, &start, &end));
	assert_true(vmcore_next(vc, VMCORE_RAM, 0x1800, &start, &end));
	assert_int_equal(start, 0x1800);
	assert_int_equal(end, SMALL_HOLE * SMALL_PAGE);
	vmcore_close(vc);
}

static const struct {
	const char *what;
	unsigned int off, size;
	uint64_t value;
	const char *says; /* when it is opened */
	unsigned int pfn; /* else: this one, when it is read */
	const char *page_says;
} damages[] = {
	{ "a block size of 5000", DDH_BLOCK_SIZE, 4, 5000, "block size 5000", 0, NULL },
	{ "no sub header", DDH_SUB_HDR_BLOCKS, 4, 0, "sub header of 0 blocks", 0, NULL },
	{ "another byte order", DDH_VERSION, 4, 0x06000000, "big-endian?", 0, NULL },
	{ "one bitmap", DDH_BITMAP_BLOCKS, 4, 1, "two bitmaps of 1 blocks", 0, NULL },
	{ "bitmaps behind the end", DDH_BITMAP_BLOCKS, 4, 2000, "cut before its page descriptors", 0,
	  NULL },
	{ "bitmaps without end", DDH_BITMAP_BLOCKS, 4, UINT32_MAX, "two bitmaps", 0, NULL },
	{ "more frames than bits", SMALL_SUB + KSH_MAX_MAPNR, 8, 1 << 20, "1048576 page frames", 0,
	  NULL },
	{ "no frames", SMALL_SUB + KSH_MAX_MAPNR, 8, 0, "0 page frames", 0, NULL },
	{ "a part of a split dump", SMALL_SUB + KSH_SPLIT, 4, 1, "is missing; give all parts", 0, NULL },
	{ "no notes", SMALL_SUB + KSH_SIZE_NOTE, 8, 0, "no notes and no VMCOREINFO", 0, NULL },
	{ "a descriptor behind the end", SMALL_DESC + PAGE_DESC_OFF, 8, 1ull << 60, NULL, SMALL_RAW,
	  "past its end" },
	{ "a page larger than a page", SMALL_DESC + PAGE_DESC_BYTES, 4, 4097, NULL, SMALL_RAW,
	  "descriptor is damaged: 4097 bytes" },
	{ "a page of no bytes", SMALL_DESC + PAGE_DESC_BYTES, 4, 0, NULL, SMALL_RAW,
	  "descriptor is damaged" },
	{ "less than a page as it is", SMALL_DESC + PAGE_DESC_BYTES, 4, 100, NULL, SMALL_RAW,
	  "descriptor is damaged" },
	{ "a codec that nobody knows", SMALL_DESC + PAGE_DESC_FLAGS, 4, 4, NULL, SMALL_RAW,
	  "compression (flags 0x4) is not known" },
	{ "two codecs", SMALL_DESC + PAGE_DESC_FLAGS, 4, 3, NULL, SMALL_RAW,
	  "(flags 0x3) is not known" },
	{ "the wrong codec", SMALL_DESC + PAGE_DESC_SIZE + PAGE_DESC_FLAGS, 4, 0x20, NULL,
	  SMALL_ZLIB, "page frame 0x3: zstd:" },
};

static void names_damage(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(damages); i++) {
		uint8_t value[8], page[SMALL_PAGE];
		struct err err = { 0 };
		struct vmcore *vc;
		int rc;

		print_message("%s\n", damages[i].what);
		n = small_kdump(image);
		put_u64(value, damages[i].value);
		memcpy(image + damages[i].off, value, damages[i].size);
		rc = open_bytes(image, n, &vc, &err);
		if (damages[i].says) {
			assert_int_not_equal(rc, 0);
			assert_non_null(strstr(err.text, damages[i].says));
			continue;
		}
		assert_int_equal(rc, 0);
		assert_int_equal(vmcore_read(vc, damages[i].pfn * SMALL_PAGE, page, sizeof(page),
					     &err),
				 ERR_ABSENT);
		assert_non_null(strstr(err.text, damages[i].page_says));
		assert_int_not_equal(vmcore_faults(vc, NULL), 0);
		/* The rest is as it was. */
		assert_int_equal(vmcore_read(vc, SMALL_LZO * SMALL_PAGE, page, sizeof(page), NULL), 0);
		vmcore_close(vc);
	}
}

/* The flattened form, in records of @step bytes, the last first. */
static size_t flatten(const uint8_t *from, size_t size, size_t step, uint8_t *to)
{
	size_t off, n, at = FLAT_HEADER_SIZE;

	memset(to, 0, at);
	memcpy(to, FLAT_SIGNATURE, sizeof(FLAT_SIGNATURE));
	put_be64(to + FLAT_TYPE, 1);
	put_be64(to + FLAT_VERSION, 1);
	for (off = (size - 1) / step * step;; off -= step) {
		n = min_u64(step, size - off);
		put_be64(to + at, off);
		put_be64(to + at + 8, n);
		memcpy(to + at + FLAT_RECORD_SIZE, from + off, n);
		at += FLAT_RECORD_SIZE + n;
		if (!off)
			break;
	}
	memset(to + at, 0xff, FLAT_RECORD_SIZE);
	return at + FLAT_RECORD_SIZE;
}

static uint8_t flat[4 * SMALL_MAX];

static void reads_flattened(void **state)
{
	static const size_t steps[] = { 4096, 1000, 100, 65536 };
	struct vmcore *vc;
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		n = flatten(image, small_kdump(image), steps[i], flat);
		assert_int_equal(open_bytes(flat, n, &vc, NULL), 0);
		assert_string_equal(vmcore_format(vc), "kdump-compressed, flattened");
		check_pages(vc);
		vmcore_close(vc);
	}
}

static const struct {
	const char *what;
	uint64_t off, size; /* of the first record */
	const char *says;
} records[] = {
	{ "a record of no bytes", 0, 0, "is for 0x0 bytes at 0x0" },
	{ "a record beyond any file", 1ull << 63, 100, "is for 0x64 bytes" },
	{ "a record that wraps around", INT64_MAX, 100, "is for 0x64 bytes at 0x7fffffffffffffff" },
	{ "records that overlap", 0x2010, 4096, "overlap: rearrange it by makedumpfile -R" },
};

static void names_damaged_records(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(records); i++) {
		struct err err = { 0 };
		struct vmcore *vc;

		print_message("%s\n", records[i].what);
		small_kdump(image);
		n = flatten(image, SMALL_DATA, 4096, flat);
		put_be64(flat + FLAT_HEADER_SIZE, records[i].off);
		put_be64(flat + FLAT_HEADER_SIZE + 8, records[i].size);
		assert_int_not_equal(open_bytes(flat, n, &vc, &err), 0);
		assert_non_null(strstr(err.text, records[i].says));
	}
}

/* However short the file is, it is refused or read; what is there is right. */
static void takes_cut_files(void **state)
{
	size_t size, n = small_kdump(image);

	(void)state;
	for (size = 0; size <= n; size += size < 600 ? 7 : 509) {
		struct err err = { 0 };
		struct vmcore *vc;
		uint8_t want[SMALL_PAGE], got[SMALL_PAGE];

		if (open_bytes(image, size, &vc, &err)) {
			assert_true(err.text[0]);
			assert_true(size < SMALL_DESC + PAGE_DESC_SIZE);
			continue;
		}
		if (!vmcore_read(vc, SMALL_RAW * SMALL_PAGE, got, sizeof(got), &err)) {
			small_page(SMALL_RAW, want);
			assert_memory_equal(got, want, sizeof(got));
			assert_true(size >= SMALL_DATA + SMALL_PAGE);
		}
		vmcore_close(vc);
	}
}

static int setup(void **state)
{
	(void)state;
	return files_make(&tmp) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	files_remove(&tmp);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_kind_of_page),
		cmocka_unit_test(tells_stretches),
		cmocka_unit_test(names_damage),
		cmocka_unit_test(reads_flattened),
		cmocka_unit_test(names_damaged_records),
		cmocka_unit_test(takes_cut_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
