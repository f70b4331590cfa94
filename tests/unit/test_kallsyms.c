/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kallsyms in every encoding and placement that kernels have had; VMCOREINFO tells where. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "ksyms_image.h"

static struct image im;

static void test_told(void **state)
{
	struct reader r = image_reader(&im);
	struct kallsyms_where where;
	struct err err = { 0 };
	struct kallsyms ks;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		print_message("  %s\n", kinds[i].what);
		image_make(&im, &kinds[i]);
		where = im.where;
		for (int told = 0; told < 2; told++) {
			if (!told) /* as in VMCOREINFO: they are found */
				where.markers = 0;
			else
				where.markers = im.where.markers;
			if (kallsyms_init(&ks, &r, &where, IMAGE_STEXT, &err))
				fail_msg("%s", err.text);
			check_all(&ks, &im, &kinds[i]);
			kallsyms_deinit(&ks);
		}
	}
}

/* A missing page in the names costs the symbols there, no others: the markers tell where to go on.
 */
static void test_hole_in_names(void **state)
{
	static const char *const names[] = { "some_function_250", "some_function_900",
					     "some_function_1600", "some_function_1900" };
	struct reader r = image_reader(&im);
	struct symbol_def defs[ARRAY_SIZE(names)];
	struct kallsyms_where where;
	struct symbols found;
	struct err err = { 0 };
	struct kallsyms ks;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		defs[i] = (struct symbol_def){ names[i], names[i] };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].nr_syms < 1999)
			continue;
		image_make(&im, &kinds[i]);
		im.hole = round_down_u64(im.where.names - IMAGE_START + im.name_off[900], KIB(4));
		where = im.where;
		where.markers = 0;
		if (kallsyms_init(&ks, &r, &where, IMAGE_STEXT, &err))
			fail_msg("%s", err.text);
		assert_int_equal(kallsyms_find(&ks, defs, ARRAY_SIZE(defs), &found, &err),
				 ERR_ABSENT);
		assert_non_null(strstr(err.text, "kallsyms_names: page 0xffffffff810"));
		assert_true(found.known[0]);
		assert_false(found.known[1]);
		assert_true(found.known[2]);
		assert_true(found.known[3]);
		assert_int_equal(found.addr[3], image_addr(&kinds[i], 1900));
		kallsyms_deinit(&ks);
	}
}

static int count_symbol(void *ctx, kvaddr_t addr, char type, const char *name)
{
	(void)addr;
	(void)type;
	assert_true(strlen(name) < KALLSYMS_NAME_SIZE - 1);
	++*(uint32_t *)ctx;
	return 0;
}

/* A name that is longer than names can be is left out, the others are not. */
static void test_too_long(void **state)
{
	const struct image_kind kind = { "", FROM_7_0, KALLSYMS_PLACE, 2000, true, true };
	static char name[KALLSYMS_NAME_SIZE];
	struct reader r = image_reader(&im);
	struct err err = { 0 };
	struct kallsyms ks;
	uint32_t nr = 0;
	uint64_t off;

	(void)state;
	image_make(&im, &kind);
	assert_int_equal(kallsyms_init(&ks, &r, &im.where, IMAGE_STEXT, &err), 0);
	check_find(&ks, &kind);
	assert_int_equal(kallsyms_for_each(&ks, count_symbol, &nr, &err), 0);
	assert_int_equal(nr, 1999);
	assert_int_equal(
		kallsyms_lookup_addr(&ks, image_addr(&kind, 50), name, sizeof(name), &off, &err),
		ERR_CORRUPT);
	assert_string_equal(err.text, "kallsyms: symbol 50 has no name");
	kallsyms_deinit(&ks);
}

/* What is changed in an image of 7.0, or of 6.5 in the per-CPU encoding, and what is said of it. */
static const struct damaged {
	const char *what;
	uint32_t kind; /* of kinds[] */
	size_t table;  /* offsetof(struct kallsyms_where, ...) */
	uint64_t off;  /* the byte of that table which is changed */
	uint8_t bytes[8];
	size_t nr_bytes; /* 0: the table is not known */
	int rc;
	const char *message;
} damaged[] = {
#define TABLE(name) offsetof(struct kallsyms_where, name)
	{ "names are not known",
	  10,
	  TABLE(names),
	  0,
	  { 0 },
	  0,
	  ERR_ABSENT,
	  "not known where all of its tables are" },
	{ "offsets are not known",
	  10,
	  TABLE(offsets),
	  0,
	  { 0 },
	  0,
	  ERR_ABSENT,
	  "not known where all of its tables are" },
	{ "no symbols",
	  10,
	  TABLE(num_syms),
	  0,
	  { 0, 0 },
	  2,
	  ERR_CORRUPT,
	  "kallsyms_num_syms: 0 symbols" },
	{ "too many symbols",
	  10,
	  TABLE(num_syms),
	  2,
	  { 0xff },
	  1,
	  ERR_CORRUPT,
	  "kallsyms_num_syms: 16713680 symbols" },
	{ "more symbols than names",
	  10,
	  TABLE(num_syms),
	  1,
	  { 0x40 },
	  1,
	  ERR_CORRUPT,
	  "kallsyms_markers: not ascending" },
	{ "a token that is longer than the index says",
	  10,
	  TABLE(token_table),
	  0,
	  { 'x' },
	  1,
	  ERR_CORRUPT,
	  "kallsyms_token_table: token 0 does not end where the index says" },
	{ "an index that does not begin with 0",
	  10,
	  TABLE(token_index),
	  0,
	  { 1 },
	  1,
	  ERR_CORRUPT,
	  "kallsyms_token_index: goes from 1 to" },
	{ "an index that goes too far",
	  10,
	  TABLE(token_index),
	  511,
	  { 0xff },
	  1,
	  ERR_CORRUPT,
	  "which no token table does" },
	{ "a name of length 0",
	  10,
	  TABLE(names),
	  0,
	  { 0 },
	  1,
	  ERR_CORRUPT,
	  "kallsyms_names: name of 0 tokens at +0x0" },
	{ "a name without a type letter",
	  10,
	  TABLE(names),
	  1,
	  { '1' },
	  1,
	  ERR_CORRUPT,
	  "kallsyms_names: symbol 0 at +0x0 has no type letter" },
	{ "a name that is too long",
	  10,
	  TABLE(names),
	  0,
	  { 0xff, 0x7f },
	  2,
	  ERR_CORRUPT,
	  "kallsyms_names: " },
	{ "a marker that the names do not fit",
	  10,
	  TABLE(markers),
	  8,
	  { 0xff },
	  1,
	  ERR_CORRUPT,
	  "kallsyms_markers: symbol 512 at +0x" },
	{ "markers that do not ascend",
	  10,
	  TABLE(markers),
	  8,
	  { 0, 0 },
	  2,
	  ERR_CORRUPT,
	  "kallsyms_markers: not ascending" },
	{ "an offset of _stext that is off by one",
	  10,
	  TABLE(offsets),
	  NR_PERCPU * 4,
	  { 0x01 },
	  1,
	  ERR_UNSUPPORTED,
	  "no known encoding of addresses puts symbol 10, _stext, at 0xffffffff81001000" },
	{ "another relative base",
	  7,
	  TABLE(relative_base),
	  2,
	  { 0x77 },
	  1,
	  ERR_UNSUPPORTED,
	  "no known encoding of addresses puts symbol 10, _stext, at 0xffffffff81001000" },
	{ "no _stext",
	  7,
	  TABLE(names),
	  0,
	  { 0 },
	  8,
	  ERR_NOTFOUND,
	  "kallsyms: no _stext among its 1999" },
#undef TABLE
};

static void damage(const struct damaged *d, struct kallsyms_where *where)
{
	kvaddr_t *table = (kvaddr_t *)((char *)&im.where + d->table);
	uint64_t at = *table - IMAGE_START + d->off;

	image_make(&im, &kinds[d->kind]);
	at = *table - IMAGE_START + d->off;
	*where = im.where;
	if (!d->nr_bytes)
		*(kvaddr_t *)((char *)where + d->table) = 0;
	else if (d->rc == ERR_NOTFOUND) /* T_stext becomes Txstext */
		im.bytes[at + im.name_off[NR_PERCPU] + 2] = 'x';
	else
		memcpy(im.bytes + at, d->bytes, d->nr_bytes);
}

static void test_damaged(void **state)
{
	struct reader r = image_reader(&im);
	struct kallsyms_where where;
	struct kallsyms ks;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		struct err err = { 0 };

		print_message("  %s\n", damaged[i].what);
		damage(&damaged[i], &where);
		assert_int_equal(kallsyms_init(&ks, &r, &where, IMAGE_STEXT, &err), damaged[i].rc);
		if (!strstr(err.text, damaged[i].message))
			fail_msg("\"%s\" does not contain \"%s\"", err.text, damaged[i].message);
		kallsyms_deinit(&ks);
	}
}

/* Markers that are found by trial and do not fit are left aside. */
static void test_wrong_guess(void **state)
{
	struct reader r = image_reader(&im);
	struct kallsyms_where where;
	struct err err = { 0 };
	struct kallsyms ks;

	(void)state;
	image_make(&im, &kinds[10]);
	im.bytes[im.where.markers - IMAGE_START + 8] ^= 1;
	where = im.where;
	where.markers = 0;
	assert_int_equal(kallsyms_init(&ks, &r, &where, IMAGE_STEXT, &err), 0);
	assert_int_equal(ks.where.markers, 0);
	check_find(&ks, &kinds[10]);
	kallsyms_deinit(&ks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),	 cmocka_unit_test(test_hole_in_names),
		cmocka_unit_test(test_damaged),	 cmocka_unit_test(test_wrong_guess),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
