/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BTF reader, on hand-made BTF; oracle_btf does the same on that of real kernels. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "btf_blob.h"
#include "kernel/btf.h"

static struct blob blob, module;

/* A value as the rows below write it. */
static const char *value_text(const struct layout_value *v, char *buf, size_t size)
{
	int n;

	if (!v->known)
		return "not known";
	n = snprintf(buf, size, "%lld size %u", (long long)v->value, v->size);
	if (v->bit_size)
		n += snprintf(buf + n, size - (size_t)n, " bit %u width %u", v->bit_off,
			      v->bit_size);
	if (v->count)
		n += snprintf(buf + n, size - (size_t)n, " count %u", v->count);
	if (v->alt)
		snprintf(buf + n, size - (size_t)n, " alternative %u", v->alt);
	return buf;
}

static struct layout_def make_def(const char *type, const char *names)
{
	enum layout_kind kind = !type ? LAYOUT_ENUM : names ? LAYOUT_MEMBER : LAYOUT_TYPE;

	return (struct layout_def){ kind, FEAT_NONE, "wanted", type, names, NULL };
}

static const struct found {
	const char *what, *type, *names, *expected, *message;
} found[] = {
	{ "the size of a struct", "list_head", NULL, "16 size 16" },
	{ "the size of a typedef's struct", "atomic_t", NULL, "4 size 4" },
	{ "no type of that name", "nonesuch", NULL, "not known" },
	{ "a first and a later member", "list_head", "next", "0 size 8" },
	{ "a pointer", "list_head", "prev", "8 size 8" },
	{ "no member of that name", "list_head", "nonesuch", "not known" },
	{ "a wanted name that is not a member", "list_head", "next.prev", "not known" },
	{ "a member with tag, restrict, volatile, const, typedef", "page", "flags", "0 size 8" },
	{ "a forward declaration and an empty struct are passed over", "page", NULL, "64 size 64" },
	{ "in an anonymous struct in an anonymous union", "page", "mapping", "24 size 8" },
	{ "in an anonymous union", "page", "compound_head", "16 size 8" },
	{ "a struct in the anonymous ones, and its member", "page", "lru.prev", "16 size 8" },
	{ "an array", "page", "name", "32 size 16 count 16" },
	{ "an element of an array", "page", "name[3]", "35 size 1" },
	{ "an element that the array does not have", "page", "name[16]", "not known" },
	{ "an element of what is not an array", "page", "flags[0]", "not known" },
	{ "through a typedef", "page", "refs.counter", "48 size 4" },
	{ "a double", "page", "weight", "56 size 8" },
	{ "by way of a typedef of the struct", "pgtable_t", "lru.next", "8 size 8" },
	{ "the second alternative", "page", "compound_info|compound_head",
	  "16 size 8 alternative 1" },
	{ "the first of two alternatives", "page", "mapping|flags", "24 size 8" },
	{ "a longer alternative", "page", "lru.nonesuch|name[1]|flags", "33 size 1 alternative 1" },
	{ "a bitfield", "zspage", "class", "0 size 2 bit 3 width 9" },
	{ "a bitfield of one bit", "zspage", "huge", "0 size 1 bit 0 width 1" },
	{ "a bitfield in later bytes", "zspage", "magic", "1 size 2 bit 7 width 8" },
	{ "beside bitfields", "zspage", "inuse", "4 size 4" },
	{ "into a bitfield", "zspage", "class.counter", "not known" },
	{ "into a bitfield of a struct", "zspage", "lists.prev", "not known" },
	{ "an old bitfield", "old", "first", "0 size 1 bit 0 width 3" },
	{ "an old bitfield in later bytes", "old", "second", "2 size 1 bit 3 width 3" },
	{ "an old bitfield with an offset of its own", "old", "third", "3 size 1 bit 5 width 2" },
	{ "beside old bitfields", "old", "whole", "4 size 4" },
	{ "an array of structs", "module", "mem", "0 size 48 count 3" },
	{ "a member of an element", "module", "mem[2].prev", "40 size 8" },
	{ "two dimensions", "module", "grid", "48 size 96 count 2" },
	{ "an element of two dimensions", "module", "grid[1]", "96 size 48 count 3" },
	{ "a flexible array", "module", "rest", "144 size 0" },
	{ "an element that a flexible array need not have", "module", "rest[0]", "not known" },
	{ "a pointer is not followed", "module", "page.flags", "not known" },
	{ "the richer of two structs", "mount", "parent", "8 size 8" },
	{ "a struct before a typedef of that name", "both", "next", "16 size 8" },
	{ "a member 4 MiB away", "huge_struct", "far", "4194304 size 8" },
	{ "an enumerator", NULL, "PG_head", "6 size 0" },
	{ "an enumerator of value 0", NULL, "PG_locked", "0 size 0" },
	{ "an enumerator of an anonymous enum", NULL, "MM_ANONPAGES", "1 size 0" },
	{ "an enumerator of 64 bits", NULL, "LARGE", "554642532233 size 0" },
	{ "an enumerator below zero", NULL, "NEGATIVE", "-3 size 0" },
	{ "an enumerator that has the highest bit", NULL, "HIGH", "4294967293 size 0" },
	{ "the second name of an enumerator", NULL, "PG_nonesuch|PG_head",
	  "6 size 0 alternative 1" },
	{ "an enumerator with two values", NULL, "TWICE", "not known" },
	{ "an enumerator that stands twice with one value", NULL, "SAME", "5 size 0" },
	{ "a member's name is no enumerator", NULL, "flags", "not known" },
	{ "a type's name is no enumerator", NULL, "page", "not known" },
	{ "a struct in itself, as deep as it is followed", "self", "it", "0 size 8" },
	{ "not in a struct in itself", "self", "missing", "not known",
	  "too many types within each other" },
	{ "a typedef of itself", "loop_t", NULL, "not known", "too many types within each other" },
	{ "beside an anonymous typedef of itself", "loops", "good", "0 size 8" },
	{ "of a type that is a typedef of itself", "loops", "bad", "8 size 0",
	  "too many types within each other" },
	{ "not in what can be followed", "loops", "missing", "not known",
	  "too many types within each other" },
	{ "an array of itself", "outside", "arrays", "0 size 0 count 2" },
	{ "an array of more than 4 GiB", "outside", "endless", "0 size 0 count 4294967295" },
	{ "a member that is not a bitfield, at an odd bit", "odd", "at_3", "not known",
	  "type id 49: a member at bit 3" },
	{ "a member that ends behind its struct", "outside", "beyond", "not known",
	  "type id 50 of 8 bytes: a member ends at byte 9" },
	{ "of a type that does not exist", "dangling", "nothing", "0 size 0",
	  "type id 4711 is past the last that could be read, 56" },
	{ "a path that ends in a dot", "page", "lru.", "not known", "\"lru.\" is not well formed" },
	{ "a path without an index", "page", "name[", "not known", "\"name[\" is not well formed" },
	{ "a name of 64 characters", "page",
	  "a123456789012345678901234567890123456789012345678901234567890123", "not known",
	  "is not well formed" },
};

static void test_found(void **state)
{
	struct layout_value v;
	char buf[100];

	(void)state;
	make_kernel(&blob);
	for (size_t i = 0; i < ARRAY_SIZE(found); i++) {
		const struct found *f = &found[i];
		struct layout_def def = make_def(f->type, f->names);
		struct memory m = { .bytes = blob.all };
		struct reader r = { read_memory, &m, blob.size };
		struct err err = { 0 };
		int rc = btf_fill_layout(&r, &def, 1, &v, &err);

		print_message("  %s\n", f->what);
		assert_string_equal(value_text(&v, buf, sizeof(buf)), f->expected);
		assert_int_equal(!!rc, !!f->message);
		assert_int_equal(rc, err.rc);
		assert_string_contains(err.text, f->message);
	}
}

#define NR_OTHERS 10000

/* The same among ten thousand others, all of which are wanted: through windows, across their ends.
 */
static void test_found_among_many(void **state)
{
	static struct layout_def defs[ARRAY_SIZE(found) + NR_OTHERS];
	static struct layout_value v[ARRAY_SIZE(defs)];
	static char names[NR_OTHERS][40];
	struct memory m = { .bytes = blob.all };
	struct reader r = { read_memory, &m, 0 };
	struct err err = { 0 };
	char buf[100];
	size_t nr = 0, n = 0;

	(void)state;
	blob_begin(&blob, NULL);
	for (uint32_t id = 1; id < NR_IDS; id++)
		blob_add(&blob, &kernel[id]);
	for (size_t i = 0; i < ARRAY_SIZE(found); i++) {
		if (!found[i].message)
			defs[nr++] = make_def(found[i].type, found[i].names);
	}
	for (uint32_t i = 0; i < NR_OTHERS; i++) {
		struct row row = { STRUCT, names[i], i + 1, .parts = { { "x", LONG, 0 } } };

		snprintf(names[i], sizeof(names[i]), "some_name_%u", i);
		blob_add(&blob, &row);
		defs[nr++] = make_def(names[i], NULL);
	}
	blob_finish(&blob);
	r.size = blob.size;
	assert_true(blob.strings_size > KIB(128));
	assert_int_equal(btf_fill_layout(&r, defs, nr, v, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(found); i++) {
		if (!found[i].message)
			assert_string_equal(value_text(&v[n++], buf, sizeof(buf)),
					    found[i].expected);
	}
	for (uint32_t i = 0; i < NR_OTHERS; i++)
		assert_int_equal(v[n++].value, i + 1);
}

static void test_split(void **state)
{
	const struct row zram = { STRUCT, "zram", 32,
				  .parts = { { "table", POINTER, 0 },
					     { "list", LIST, 64 },
					     { "own", NR_IDS + 1, 192 } } };
	static const struct row own = { STRUCT, "own", 8, .parts = { { "field", LONG, 0 } } };
	static const struct row mount = {
		STRUCT, "mount", 300, .parts = { { "mnt", LONG, 16 }, { "parent", LONG, 128 } }
	};
	static const struct row flags = { ENUM, "", 4, .parts = { { "ZRAM_SAME", 14 } } };
	static const struct {
		const char *type, *names, *expected;
	} rows[] = {
		{ "zram", NULL, "32 size 32" },	      { "zram", "list.prev", "16 size 8" },
		{ "zram", "own.field", "24 size 8" }, { "page", "mapping", "24 size 8" },
		{ "mount", "parent", "16 size 8" }, /* of equally good ones the module's */
		{ NULL, "ZRAM_SAME", "14 size 0" },   { NULL, "PG_head", "6 size 0" },
	};
	struct layout_value v;
	struct layout_def def;
	uint64_t total;
	char buf[100];

	(void)state;
	make_kernel(&blob);
	blob_begin(&module, &blob);
	blob_add(&module, &zram);
	blob_add(&module, &own);
	blob_add(&module, &mount);
	blob_add(&module, &flags);
	blob_finish(&module);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reader base = READER_OF_BUFFER(blob.all, blob.size);
		struct reader split = READER_OF_BUFFER(module.all, module.size);
		struct err err = { 0 };

		def = make_def(rows[i].type, rows[i].names);
		assert_int_equal(btf_fill_layout_split(&base, &split, &def, 1, &v, &err), 0);
		assert_string_equal(value_text(&v, buf, sizeof(buf)), rows[i].expected);
		assert_int_equal(btf_check_header(&split, &total, &err), ERR_FORMAT);
		assert_string_equal(err.text,
				    "BTF: its strings do not begin and end as a kernel's do");
		split.size = 3;
		assert_int_equal(btf_fill_layout_split(&base, &split, &def, 1, &v, &err),
				 ERR_FORMAT);
		assert_string_equal(err.text, "module: not BTF: only 3 bytes");
	}
}

/* Where the kernel's types cannot all be read, the ids of the module's are not known. */
static void test_split_of_unknown(void **state)
{
	static const struct row own = { STRUCT, "own", 8, .parts = { { "field", LONG, 0 } } };
	const struct layout_def defs[] = { make_def("page", "mapping"), make_def("own", "field") };
	struct layout_value v[ARRAY_SIZE(defs)];
	struct reader base, split;
	struct err err = { 0 };

	(void)state;
	make_kernel(&blob);
	blob_add(&blob, &(struct row){ 99, "unknown", 0 });
	blob_finish(&blob);
	blob_begin(&module, &blob);
	blob_add(&module, &own);
	blob_finish(&module);
	base = (struct reader)READER_OF_BUFFER(blob.all, blob.size);
	split = (struct reader)READER_OF_BUFFER(module.all, module.size);
	assert_int_equal(btf_fill_layout_split(&base, &split, defs, ARRAY_SIZE(defs), v, &err),
			 ERR_UNSUPPORTED);
	assert_true(v[0].known);
	assert_false(v[1].known);
}

#define IMAGE UINT64_C(0xffffffff81000000)

static int read_image(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	struct memory *m = ctx;

	if (off < IMAGE || off - IMAGE + size > sizeof(blob.all))
		return err_set(err, ERR_ABSENT, "0x%llx is not there", (long long)off);
	return read_memory(m, off - IMAGE, buf, size, err);
}

/* The kernel's BTF lies at an odd address, between smaller ones, across a missing page. */
static void test_find(void **state)
{
	static uint8_t image[sizeof(blob.all)];
	struct memory m = { .bytes = image };
	struct reader r = { read_image, &m, UINT64_MAX };
	uint64_t size = 0;
	struct err err = { 0 };
	kvaddr_t at = 0;

	(void)state;
	assert_int_equal(btf_find(&r, IMAGE, IMAGE + sizeof(image), &at, &size, &err),
			 ERR_NOTFOUND);
	assert_string_equal(err.text, "no BTF in [0xffffffff81000000, 0xffffffff81113000)");
	blob_begin(&blob, NULL);
	blob_add(&blob, &kernel[LONG]);
	blob_finish(&blob);
	memcpy(image + 100, blob.all, blob.size);
	memcpy(image + KIB(256), blob.all, blob.size);
	make_kernel(&blob);
	memcpy(image + 5000, blob.all, 40);
	memcpy(image + KIB(128) - 3, blob.all, blob.size);
	m.hole = KIB(64) + 1;
	m.hole_end = m.hole + 1;
	assert_int_equal(btf_find(&r, IMAGE, IMAGE + sizeof(image), &at, &size, &err), 0);
	assert_int_equal(at, IMAGE + KIB(128) - 3);
	assert_int_equal(size, blob.size);
}

/* A header alone, with memory of unknown size behind it. */
static void test_check_header(void **state)
{
	struct reader r = READER_OF_BUFFER(blob.all, UINT64_MAX);
	static const char message[] = "BTF: its strings do not begin and end as a kernel's do";
	uint64_t total = 0;
	struct err err = { 0 };
	uint8_t *strings, *ends[4];

	(void)state;
	make_kernel(&blob);
	assert_int_equal(btf_check_header(&r, &total, &err), 0);
	assert_int_equal(total, blob.size);
	strings = blob.all + 24 + blob.types_size;
	ends[0] = strings;
	ends[1] = strings + 1;
	ends[2] = strings + blob.strings_size - 2;
	ends[3] = strings + blob.strings_size - 1;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		make_kernel(&blob);
		*ends[i] = *ends[i] ? '\0' : 'x';
		assert_int_equal(btf_check_header(&r, &total, &err), ERR_FORMAT);
		assert_string_equal(err.text, message);
	}
	blob_begin(&blob, NULL);
	blob_finish(&blob);
	assert_int_equal(btf_check_header(&r, &total, &err), ERR_FORMAT);
	assert_string_equal(err.text, "BTF: no types or no strings");
	blob_begin(&blob, NULL);
	blob_add(&blob, &(struct row){ STRUCT, "long", 8, .vlen = 2 });
	blob_finish(&blob);
	assert_int_equal(btf_check_header(&r, &total, &err), ERR_FORMAT);
	assert_string_equal(err.text, "BTF: its first type reaches past the types");
}

/* Every path that layout.def wants is one that the reader takes. */
static void test_layout_def(void **state)
{
	static struct layout layout;
	struct reader r = READER_OF_BUFFER(blob.all, 0);
	struct err err = { 0 };

	(void)state;
	make_kernel(&blob);
	r.size = blob.size;
	btf_fill_layout(&r, layout_defs, LAYOUT_NR, layout.v, &err);
	assert_null(strstr(err.text, "not well formed"));
	assert_true(layout_has(&layout, L_page));
	assert_int_equal(layout_off(&layout, L_page_mapping), 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),	   cmocka_unit_test(test_found_among_many),
		cmocka_unit_test(test_split),	   cmocka_unit_test(test_split_of_unknown),
		cmocka_unit_test(test_find),	   cmocka_unit_test(test_check_header),
		cmocka_unit_test(test_layout_def),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
