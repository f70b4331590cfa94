/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hand-made kallsyms for tests, as scripts/kallsyms.c of several kernels would place and encode
 * them, in a small image of a kernel's memory; and checks of what is found there. Include cmocka.h
 * before it.
 */
#ifndef VMSIFT_TESTS_UNIT_KSYMS_IMAGE_H
#define VMSIFT_TESTS_UNIT_KSYMS_IMAGE_H

/* Rows leave out what is none. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#include <stdio.h>
#include <string.h>

#include "kernel/kallsyms.h"
#include "util/bytes.h"

#define IMAGE_START UINT64_C(0xffffffff81000000)
#define IMAGE_STEXT (IMAGE_START + 0x1000)
#define IMAGE_SIZE  KIB(512)
#define IMAGE_SYMS  2000u
#ifndef IMAGE_AT
#define IMAGE_AT 0x10000 /* where kallsyms begin in the image, or a few bytes above */
#endif
#define NR_PERCPU 10u /* symbols below all others, in the per-CPU encoding */

enum placement { TO_6_1, TO_6_4, TO_6_19, FROM_7_0 }; /* 6.2 to 6.4: with seqs_of_names */

struct image_kind {
	const char *what;
	enum placement placement;
	enum kallsyms_encoding encoding;
	uint32_t nr_syms; /* odd numbers need padding */
	bool two_byte_lengths;
	bool too_long; /* symbol 50 expands to more than any name is */
	uint32_t gap;  /* bytes of another table between markers and tokens */
};

struct image {
	uint8_t bytes[IMAGE_SIZE];
	struct kallsyms_where where;
	uint64_t size;
	uint64_t hole; /* a page that cannot be read begins here; 0: none */
	uint32_t name_off[IMAGE_SYMS + 1];
};

static int image_read(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	const struct image *im = ctx;

	if (off < IMAGE_START || off - IMAGE_START > IMAGE_SIZE ||
	    size > IMAGE_SIZE - (off - IMAGE_START))
		return err_set(err, ERR_ABSENT, "0x%llx is not in the dump", (long long)off);
	off -= IMAGE_START;
	if (im->hole && off < im->hole + KIB(4) && off + size > im->hole)
		return err_set(err, ERR_ABSENT, "page 0x%llx is not in the dump",
			       (long long)(IMAGE_START + im->hole));
	memcpy(buf, im->bytes + off, size);
	return 0;
}

static struct reader image_reader(struct image *im)
{
	return (struct reader){ image_read, im, UINT64_MAX };
}

/* Symbol i: addresses ascend by 16; 0x40 symbols of one address at the end of a block. */
static kvaddr_t image_addr(const struct image_kind *kind, uint32_t i)
{
	if (kind->encoding == KALLSYMS_PERCPU && i < NR_PERCPU)
		return i * 8u;
	if (i >= 0x1e0 && i < 0x220)
		i = 0x1e0;
	return IMAGE_STEXT + (uint64_t)i * 16 - (uint64_t)NR_PERCPU * 16;
}

/* nm's letter and the name of symbol i. */
static void image_name(const struct image_kind *kind, uint32_t i, char buf[KALLSYMS_NAME_SIZE])
{
	static const struct {
		uint32_t i;
		const char *name;
	} own[] = {
		{ NR_PERCPU, "T_stext" },    { 20, "tmodules" },
		{ 300, "dmodules" },	     { 301, "dmodules" },
		{ 700, "D_totalram_pages" }, { 701, "Dtotalram_pages" },
		{ 1023, "Binit_task" },	     { 1024, "Rxstate_flags.llvm.123" },
	};

	snprintf(buf, KALLSYMS_NAME_SIZE, "tsome_function_%u", i);
	for (size_t n = 0; n < ARRAY_SIZE(own); n++) {
		if (own[n].i == i)
			strcpy(buf, own[n].name);
	}
	if (i >= 1 && i <= 5) /* names that _stext begins with */
		strcpy(buf, "t_ste");
	/* A length of 127 tokens and one of 300, before 6.1 none above 255. */
	if (i == 40 || i == 41) {
		memset(buf + 1, 'x', 600);
		buf[i == 40 ? 127 : kind->two_byte_lengths ? 300 : 255] = '\0';
	}
}

/* Tokens: each character itself, but some codes that stand for more. */
static const char *image_token(uint32_t code, char buf[2])
{
	switch (code) {
	case 0x01:
		return "some_";
	case 0x80:
		return "function_";
	case 0xff:
		return "tsome_";
	default:
		buf[0] = code >= '!' && code <= '~' ? (char)code : '\0';
		buf[1] = '\0';
		return buf;
	}
}

static uint64_t image_align(uint64_t at, enum placement placement)
{
	return round_up_u64(at, placement == FROM_7_0 ? 4 : 8);
}

static uint64_t image_put_names(struct image *im, const struct image_kind *kind, uint64_t at)
{
	static char name[KALLSYMS_NAME_SIZE];
	uint64_t start = at;

	for (uint32_t i = 0; i < kind->nr_syms; i++) {
		uint8_t codes[KALLSYMS_NAME_SIZE];
		uint32_t n = 0;

		image_name(kind, i, name);
		for (const char *s = name; *s;) {
			codes[n] = (uint8_t)*s;
			if (!strncmp(s, "tsome_", 6))
				codes[n] = 0xff;
			else if (!strncmp(s, "function_", 9))
				codes[n] = 0x80;
			s += codes[n] == 0xff ? 6 : codes[n] == 0x80 ? 9 : 1;
			n++;
		}
		if (kind->too_long && i == 50) {
			memset(codes + 1, 0x80, 300);
			n = 301;
		}
		im->name_off[i] = (uint32_t)(at - start);
		if (kind->two_byte_lengths && n > 0x7f) {
			im->bytes[at++] = (uint8_t)(n | 0x80);
			im->bytes[at++] = (uint8_t)(n >> 7);
		} else {
			im->bytes[at++] = (uint8_t)n;
		}
		memcpy(im->bytes + at, codes, n);
		at += n;
	}
	im->name_off[kind->nr_syms] = (uint32_t)(at - start);
	return at;
}

static uint64_t image_put_addrs(struct image *im, const struct image_kind *kind, uint64_t at)
{
	/* Base-relative offsets are unsigned: some go beyond 2 GiB. */
	const kvaddr_t base = IMAGE_START - (kind->encoding == KALLSYMS_BASE ? 0x90000000 : 0);
	uint64_t table = at;

	for (uint32_t i = 0; i < kind->nr_syms; i++) {
		kvaddr_t addr = image_addr(kind, i);
		uint32_t word = (uint32_t)(addr - base);

		if (kind->encoding == KALLSYMS_ABSOLUTE) {
			put_u64(im->bytes + at, addr);
			at += 8;
			continue;
		}
		if (kind->encoding == KALLSYMS_PLACE)
			word = (uint32_t)(addr - (IMAGE_START + at));
		else if (kind->encoding == KALLSYMS_PERCPU)
			word = i < NR_PERCPU ? (uint32_t)addr : (uint32_t)(base - 1 - addr);
		put_u32(im->bytes + at, word);
		at += 4;
	}
	if (kind->encoding == KALLSYMS_ABSOLUTE) {
		im->where.addresses = IMAGE_START + table;
		return at;
	}
	im->where.offsets = IMAGE_START + table;
	if (kind->encoding == KALLSYMS_PLACE)
		return at;
	at = round_up_u64(at, 8);
	im->where.relative_base = IMAGE_START + at;
	put_u64(im->bytes + at, base);
	return at + 8;
}

static uint64_t image_put_tokens(struct image *im, enum placement placement, uint64_t at)
{
	uint64_t table = at, index;
	uint16_t off[256];
	char buf[2];

	for (uint32_t code = 0; code < 256; code++) {
		const char *token = image_token(code, buf);

		off[code] = (uint16_t)(at - table);
		strcpy((char *)im->bytes + at, token);
		at += strlen(token) + 1;
	}
	index = image_align(at, placement);
	for (uint32_t code = 0; code < 256; code++)
		put_u16(im->bytes + index + (uint64_t)code * 2, off[code]);
	im->where.token_table = IMAGE_START + table;
	im->where.token_index = IMAGE_START + index;
	return index + 512;
}

static void image_make(struct image *im, const struct image_kind *kind)
{
	bool addrs_first = kind->placement <= TO_6_4;
	uint64_t at = IMAGE_AT + (kind->placement == FROM_7_0 ? 4 : 8);

	memset(im, 0, sizeof(*im));
	memset(im->bytes, 0xcc, sizeof(im->bytes));
	if (addrs_first)
		at = image_put_addrs(im, kind, at);
	at = image_align(at, kind->placement);
	im->where.num_syms = IMAGE_START + at;
	put_u32(im->bytes + at, kind->nr_syms);
	at = image_align(at + 4, kind->placement);
	im->where.names = IMAGE_START + at;
	at = image_align(image_put_names(im, kind, at), kind->placement);
	im->where.markers = IMAGE_START + at;
	for (uint32_t i = 0; i < kind->nr_syms; i += 256, at += 4)
		put_u32(im->bytes + at, im->name_off[i]);
	at = image_align(at, kind->placement);
	if (kind->placement == TO_6_4) /* seqs_of_names: 3 bytes each */
		at = image_align(at + kind->nr_syms * 3, kind->placement);
	at = image_put_tokens(im, kind->placement, at + kind->gap);
	if (!addrs_first)
		at = image_put_addrs(im, kind, image_align(at, kind->placement));
	im->size = at;
	assert_true(at + KIB(8) < IMAGE_SIZE);
}

/* All that kernels have had. */
__attribute__((unused)) static const struct image_kind kinds[] = {
	{ "5.10 on x86_64: offsets first, per-CPU", TO_6_1, KALLSYMS_PERCPU, 2000, false },
	{ "the same with an odd number of symbols", TO_6_1, KALLSYMS_PERCPU, 1999, false },
	{ "5.10 on arm64: offsets first, base", TO_6_1, KALLSYMS_BASE, 1999, false },
	{ "5.4 with addresses first", TO_6_1, KALLSYMS_ABSOLUTE, 1999, false },
	{ "6.1: lengths of two bytes", TO_6_1, KALLSYMS_PERCPU, 2000, true },
	{ "6.2: seqs_of_names before the tokens", TO_6_4, KALLSYMS_PERCPU, 1999, true },
	{ "6.2 on arm64", TO_6_4, KALLSYMS_BASE, 2000, true },
	{ "6.5: offsets last, per-CPU", TO_6_19, KALLSYMS_PERCPU, 1999, true },
	{ "6.17: offsets last, base", TO_6_19, KALLSYMS_BASE, 1999, true },
	{ "6.5 with addresses last", TO_6_19, KALLSYMS_ABSOLUTE, 2000, true },
	{ "7.0: relative to their place, aligned to 4", FROM_7_0, KALLSYMS_PLACE, 2000, true },
	{ "the same with an odd number of symbols", FROM_7_0, KALLSYMS_PLACE, 1999, true },
	{ "exactly four blocks of names", FROM_7_0, KALLSYMS_PLACE, 1280, true },
	{ "one symbol more than six blocks", TO_6_19, KALLSYMS_BASE, 1537, true },
	{ "the same, offsets first", TO_6_1, KALLSYMS_BASE, 1537, true },
};

struct listing {
	const struct image_kind *kind;
	uint32_t nr, stop_at;
};

static int check_symbol(void *ctx, kvaddr_t addr, char type, const char *name)
{
	static char expected[KALLSYMS_NAME_SIZE];
	struct listing *l = ctx;

	image_name(l->kind, l->nr, expected);
	assert_string_equal(name, expected + 1);
	assert_int_equal(type, expected[0]);
	assert_int_equal(addr, image_addr(l->kind, l->nr));
	l->nr++;
	return l->stop_at && l->nr == l->stop_at ? 77 : 0;
}

/* What is looked for in all of them. */
static const struct {
	const char *what, *names;
	uint32_t symbol; /* 0: not there */
	uint32_t min_syms;
} wanted[] = {
	{ "a symbol", "_stext", NR_PERCPU, 0 },
	{ "a later one", "init_task", 1023, 0 },
	{ "none of that name", "nonesuch", 0, 0 },
	{ "data before text of the same name, the first of two", "modules", 300, 0 },
	{ "the first alternative", "_totalram_pages|totalram_pages", 700, 0 },
	{ "the second alternative", "nonesuch|totalram_pages", 701, 0 },
	{ "not a longer name", "xstate_flags", 0, 0 },
	{ "not a part of a name", "function_17", 0, 0 },
	{ "one of the last", "some_function_1270", 1270, 0 },
};

__attribute__((unused)) static void check_find(const struct kallsyms *ks,
					       const struct image_kind *kind)
{
	struct symbol_def defs[ARRAY_SIZE(wanted)];
	struct symbols found;
	struct err err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		defs[i] = (struct symbol_def){ wanted[i].what, wanted[i].names };
	memset(&found, 0xff, sizeof(found));
	assert_int_equal(kallsyms_find(ks, defs, ARRAY_SIZE(defs), &found, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		assert_int_equal(found.known[i], !!wanted[i].symbol);
		if (wanted[i].symbol)
			assert_int_equal(found.addr[i], image_addr(kind, wanted[i].symbol));
	}
}

/* The symbol of an address, and how far in it is; or why not. */
static void check_lookup(const struct kallsyms *ks, const struct image_kind *kind)
{
	const uint32_t last = kind->nr_syms - 1;
	const struct {
		kvaddr_t addr;
		uint32_t symbol; /* 0: none */
		uint64_t off;
	} rows[] = {
		{ IMAGE_STEXT, NR_PERCPU, 0 },
		{ IMAGE_STEXT + 15, NR_PERCPU, 15 },
		{ image_addr(kind, 1023) + 3, 1023, 3 },
		{ image_addr(kind, 41), 41, 0 },
		{ image_addr(kind, 0x1e0), 0x1e0, 0 }, /* the first of many at that address */
		{ image_addr(kind, 0x1e0) + 7, 0x1e0, 7 },
		{ image_addr(kind, last), last, 0 },
		{ image_addr(kind, last) + 1, 0, 0 },
		{ UINT64_MAX, 0, 0 },
		{ IMAGE_START - GIB(1), 0, 0 },
		{ 0x7f0000001000, 0, 0 },
	};
	static char name[KALLSYMS_NAME_SIZE], expected[KALLSYMS_NAME_SIZE];
	struct err err = { 0 };
	uint64_t off;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int rc = kallsyms_lookup_addr(ks, rows[i].addr, name, sizeof(name), &off, &err);

		assert_int_equal(rc, rows[i].symbol ? 0 : ERR_NOTFOUND);
		if (rc) {
			assert_non_null(strstr(err.text, "is in no symbol of the kernel"));
			continue;
		}
		image_name(kind, rows[i].symbol, expected);
		assert_string_equal(name, expected + 1);
		assert_int_equal(off, rows[i].off);
	}
	assert_int_equal(kallsyms_lookup_addr(ks, IMAGE_STEXT, name, 4, &off, &err), 0);
	assert_string_equal(name, "_st");
}

__attribute__((unused)) static void check_all(const struct kallsyms *ks, const struct image *im,
					      const struct image_kind *kind)
{
	struct listing all = { .kind = kind }, some = { .kind = kind, .stop_at = 500 };
	struct err err = { 0 };

	assert_int_equal(ks->encoding, kind->encoding);
	assert_int_equal(ks->nr_syms, kind->nr_syms);
	assert_int_equal(ks->where.names, im->where.names);
	assert_int_equal(ks->where.markers, im->where.markers);
	assert_int_equal(kallsyms_for_each(ks, check_symbol, &all, &err), 0);
	assert_int_equal(all.nr, kind->nr_syms);
	assert_int_equal(kallsyms_for_each(ks, check_symbol, &some, &err), 77);
	assert_int_equal(some.nr, 500);
	check_find(ks, kind);
	check_lookup(ks, kind);
}

#endif
