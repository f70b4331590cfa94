/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BTF reader on damaged, unknown and hostile BTF: what stays known, and what it says. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "btf_blob.h"
#include "kernel/btf.h"

static struct blob blob;

/* What is wanted in the tests of damage: something early, the last struct, an enumerator. */
static const struct layout_def wanted[] = {
	{ LAYOUT_MEMBER, FEAT_NONE, "list_head_prev", "list_head", "prev", NULL },
	{ LAYOUT_TYPE, FEAT_NONE, "late", "late", NULL, NULL },
	{ LAYOUT_ENUM, FEAT_NONE, "PG_head", NULL, "PG_head", NULL },
};

static const struct row late = { STRUCT, "late", 8, .parts = { { "x", LONG, 0 } } };

#define AT(off) ((off) + 1)

static const struct damaged {
	const char *what;
	struct row extra;   /* a type before the last */
	bool layout;	    /* there is a layout section, up to kind 25: */
	uint8_t each;	    /* bytes per element */
	uint32_t at, value; /* the header's word AT(offset) gets that value; 0: none */
	uint32_t cut;	    /* so many bytes are missing at the end */
	uint64_t hole;	    /* in the blob; 0: none. 64 bytes */
	int rc;
	const char *known; /* which of the three */
	const char *message;
} damaged[] = {
	{ "nothing", { INT, "int", 4 }, .known = "123" },
	{ "an unknown kind",
	  { 25, "new", 4 },
	  .rc = ERR_UNSUPPORTED,
	  .known = "1-3",
	  .message = "BTF kind 25 of type id 57 is not known" },
	{ "an unknown kind that the layout section tells of",
	  { 25, "new", 4 },
	  .layout = true,
	  .known = "123" },
	{ "an unknown kind with elements that it tells of",
	  { 25, "new", 4, .vlen = 1 },
	  .layout = true,
	  .each = 200,
	  .rc = ERR_CORRUPT,
	  .known = "1-3",
	  .message = "type id 57 reaches past the types" },
	{ "an unknown kind that it does not tell of",
	  { 26, "new", 4 },
	  .layout = true,
	  .rc = ERR_UNSUPPORTED,
	  .known = "1-3",
	  .message = "BTF kind 26 of type id 57 is not known" },
	{ "kind 0",
	  { 0, "zero", 4 },
	  .rc = ERR_CORRUPT,
	  .known = "1-3",
	  .message = "type id 57 is of kind 0" },
	{ "a struct with more members than fit",
	  { STRUCT, "long", 8, .vlen = 0xffffff },
	  .rc = ERR_CORRUPT,
	  .known = "1-3",
	  .message = "type id 57 reaches past the types" },
	{ "another magic number",
	  { INT, "int", 4 },
	  .at = AT(1),
	  .value = 0x01eb9f,
	  .rc = ERR_FORMAT,
	  .known = "---",
	  .message = "not BTF: it begins with 0x9f9f, not 0xeb9f" },
	{ "another byte order",
	  { INT, "int", 4 },
	  .at = AT(0),
	  .value = 0x01009feb,
	  .rc = ERR_UNSUPPORTED,
	  .known = "---",
	  .message = "big-endian" },
	{ "another version",
	  { INT, "int", 4 },
	  .at = AT(0),
	  .value = 0x0002eb9f,
	  .rc = ERR_UNSUPPORTED,
	  .known = "---",
	  .message = "BTF: version 2" },
	{ "a short header",
	  { INT, "int", 4 },
	  .at = AT(4),
	  .value = 20,
	  .rc = ERR_FORMAT,
	  .known = "---",
	  .message = "header of 20 bytes" },
	{ "a huge header",
	  { INT, "int", 4 },
	  .at = AT(4),
	  .value = 0x10000,
	  .rc = ERR_FORMAT,
	  .known = "---",
	  .message = "header of 65536 bytes" },
	{ "types past the end",
	  { INT, "int", 4 },
	  .at = AT(12),
	  .value = 0x100000,
	  .rc = ERR_FORMAT,
	  .known = "---",
	  .message = "its types at 0x18 + 0x100000 reach past the end" },
	{ "types that wrap around",
	  { INT, "int", 4 },
	  .at = AT(8),
	  .value = 0xfffffff0,
	  .rc = ERR_FORMAT,
	  .known = "---",
	  .message = "its types at 0x100000008" },
	{ "strings past the end",
	  { INT, "int", 4 },
	  .at = AT(20),
	  .value = 0xffffff,
	  .rc = ERR_FORMAT,
	  .known = "---",
	  .message = "its strings at" },
	{ "strings among the types",
	  { INT, "int", 4 },
	  .at = AT(16),
	  .value = 8,
	  .rc = ERR_FORMAT,
	  .known = "---",
	  .message = "its types and strings overlap" },
	{ "layouts past the end",
	  { INT, "int", 4 },
	  .layout = true,
	  .at = AT(28),
	  .value = 0x10000,
	  .rc = ERR_FORMAT,
	  .known = "---",
	  .message = "its layouts at" },
	{ "the end is missing",
	  { INT, "int", 4 },
	  .cut = 1,
	  .rc = ERR_FORMAT,
	  .known = "---",
	  .message = "its strings at" },
	{ "all but a few bytes is missing",
	  { INT, "int", 4 },
	  .cut = 0xffffffff,
	  .rc = ERR_FORMAT,
	  .known = "---",
	  .message = "not BTF: only 10 bytes" },
	{ "a header that cannot be read",
	  { INT, "int", 4 },
	  .hole = 1,
	  .rc = ERR_ABSENT,
	  .known = "---",
	  .message = "BTF header: byte 0x1 is not in the dump" },
	{ "types that cannot be read",
	  { INT, "int", 4 },
	  .hole = 600,
	  .rc = ERR_ABSENT,
	  .known = "1--",
	  .message = "BTF type id 23: byte 0x258 is not in the dump" },
};

static void damage(struct blob *b, const struct damaged *d)
{
	make_kernel(b);
	blob_add(b, &d->extra);
	blob_add(b, &late);
	for (uint32_t kind = 0; d->layout && kind <= 25; kind++)
		blob_layout(b, 0, d->each);
	blob_finish(b);
	if (d->at)
		put_u32(b->all + d->at - 1, d->value);
	b->size = d->cut == 0xffffffff ? 10 : b->size - d->cut;
}

static void test_damaged(void **state)
{
	struct layout_value v[ARRAY_SIZE(wanted)];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		const struct damaged *d = &damaged[i];
		struct memory m = { blob.all, d->hole, d->hole ? d->hole + 64 : 0 };
		struct reader r = { read_memory, &m, 0 };
		struct err err = { 0 };
		char known[4] = "---";
		int rc;

		print_message("  %s\n", d->what);
		damage(&blob, d);
		r.size = blob.size;
		memset(v, 0xff, sizeof(v));
		rc = btf_fill_layout(&r, wanted, ARRAY_SIZE(wanted), v, &err);
		for (size_t n = 0; n < ARRAY_SIZE(v); n++)
			known[n] = v[n].known ? (char)('1' + n) : '-';
		assert_int_equal(rc, d->rc);
		assert_string_equal(known, d->known);
		assert_string_contains(err.text, d->message);
	}
}

/*
 * Strings in a page that cannot be read are lost; those before and behind it are not. The rest of
 * the string that ends behind it is not put to the beginning of the one that began before it.
 */
static void test_hole_in_strings(void **state)
{
	static const struct row first = { STRUCT, "first", 8, .parts = { { "xabc", LONG, 0 } } };
	static const struct layout_def defs[] = {
		{ LAYOUT_TYPE, FEAT_NONE, "first", "first", NULL, NULL },
		{ LAYOUT_TYPE, FEAT_NONE, "late", "late", NULL, NULL },
		{ LAYOUT_TYPE, FEAT_NONE, "torn", "1232345", NULL, NULL },
	};
	/* In the strings, which are read 4 KiB at a time here: "123|45" and "1|2345". */
	const uint32_t torn = 8189, hole = 9000, resumed = 12288;
	struct layout_value v[ARRAY_SIZE(defs)];
	struct memory m = { .bytes = blob.all };
	struct reader r = { read_memory, &m, 0 };
	struct err err = { 0 };

	(void)state;
	blob_begin(&blob, NULL);
	blob_add(&blob, &kernel[LONG]);
	blob_add(&blob, &first);
	for (int i = 0; i < 3000; i++)
		blob_add(&blob, &(struct row){ STRUCT, "12345", 8, .parts = { { "", LONG, 0 } } });
	blob_add(&blob, &late);
	put_u32(blob.types + blob.types_size - 24, torn); /* the name of the last */
	blob_add(&blob, &late);
	blob_finish(&blob);
	assert_string_equal(blob.strings + torn, "12345");
	assert_string_equal(blob.strings + resumed, "2345");
	r.size = blob.size;
	m.hole = 24 + blob.types_size + hole;
	m.hole_end = m.hole + 1;
	assert_int_equal(btf_fill_layout(&r, defs, ARRAY_SIZE(defs), v, &err), ERR_ABSENT);
	assert_string_contains(err.text, "BTF strings: byte ");
	assert_true(v[0].known);
	assert_true(v[1].known);
	assert_false(v[2].known);
}

/* One string a thousand times, and a long one. */
static void test_same_strings(void **state)
{
	static const struct layout_def def = { LAYOUT_TYPE, FEAT_NONE, "wanted", "same", NULL, NULL };
	struct reader r = READER_OF_BUFFER(blob.all, 0);
	struct layout_value v;
	struct err err = { 0 };
	char name[1000];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	blob_begin(&blob, NULL);
	blob_add(&blob, &kernel[LONG]);
	blob_add(&blob, &(struct row){ STRUCT, name, 8, .parts = { { "x", LONG, 0 } } });
	for (int i = 0; i < 1000; i++)
		blob_add(&blob, &(struct row){ STRUCT, "same", 8, .parts = { { "x", LONG, 0 } } });
	blob_finish(&blob);
	r.size = blob.size;
	assert_int_equal(btf_fill_layout(&r, &def, 1, &v, &err), 0);
	assert_true(v.known);
}

/* A struct with many anonymous members of its own kind must not cost more than a moment. */
static void test_bounded(void **state)
{
	static const struct layout_def def = { LAYOUT_MEMBER, FEAT_NONE, "wanted", "wide0",
					       "nonesuch", NULL };
	struct reader r = READER_OF_BUFFER(blob.all, 0);
	struct layout_value v;
	struct err err = { 0 };
	char name[16];

	(void)state;
	blob_begin(&blob, NULL);
	for (uint32_t id = 1; id < 30; id++) {
		struct row row = { STRUCT, name, 8 };

		snprintf(name, sizeof(name), "wide%u", id - 1);
		for (size_t i = 0; i < ARRAY_SIZE(row.parts); i++)
			row.parts[i] = (struct part){ "", id + 1, 0 };
		blob_add(&blob, &row);
	}
	blob_add(&blob, &(struct row){ STRUCT, "end", 8, .parts = { { "x", 0, 0 } } });
	blob_finish(&blob);
	r.size = blob.size;
	assert_int_equal(btf_fill_layout(&r, &def, 1, &v, &err), ERR_CORRUPT);
	assert_false(v.known);
	assert_string_contains(err.text, "too many types within each other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_hole_in_strings),
		cmocka_unit_test(test_same_strings),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
