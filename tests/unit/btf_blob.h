/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hand-made BTF for tests: types as rows, in the order of their ids. Include cmocka.h before it. */
#ifndef VMSIFT_TESTS_UNIT_BTF_BLOB_H
#define VMSIFT_TESTS_UNIT_BTF_BLOB_H

/* Rows leave out what is none. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#include <stdint.h>
#include <string.h>

#include "util/bytes.h"
#include "util/err.h"
#include "util/types.h"

/* Kinds of include/uapi/linux/btf.h */
enum {
	INT = 1, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC,
	FUNC_PROTO, VAR, DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64,
	KFLAG = 0x100, /* "kind_flag" */
};

struct part {
	const char *name; /* of a member or enumerator; "" is none */
	uint64_t a, b;	  /* member: type, bit offset; enumerator: value */
};

/* A type; what .of and .size mean depends on the kind. */
struct row {
	uint32_t kind;
	const char *name;
	uint32_t size; /* or type */
	uint32_t a, b; /* INT: bits, offset; ARRAY: element type, number */
	struct part parts[7];
	uint32_t vlen; /* if not the number of parts */
};

/* Bit offset of a bitfield with kind_flag. */
#define BITS(width, at) ((uint64_t)(width) << 24 | (at))

struct blob {
	uint8_t types[512 << 10];
	size_t types_size;
	char strings[512 << 10];
	size_t strings_size;
	uint8_t layouts[128 * 4];
	size_t layouts_size;
	uint32_t nr;	   /* types */
	uint32_t base_str; /* of a module: bytes of the kernel's strings */
	uint8_t all[1100 << 10];
	size_t size;
};

static inline uint32_t blob_string(struct blob *b, const char *s)
{
	size_t at = b->strings_size;

	if (!s || !*s)
		return 0;
	assert_true(at + strlen(s) < sizeof(b->strings));
	strcpy(b->strings + at, s);
	b->strings_size += strlen(s) + 1;
	return b->base_str + (uint32_t)at;
}

static inline void blob_u32(struct blob *b, uint64_t v)
{
	assert_true(b->types_size + 4 <= sizeof(b->types));
	put_u32(b->types + b->types_size, (uint32_t)v);
	b->types_size += 4;
}

static inline void blob_parts(struct blob *b, const struct row *r, uint32_t kind, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		blob_u32(b, blob_string(b, r->parts[i].name));
		blob_u32(b, r->parts[i].a);
		if (kind == ENUM64)
			blob_u32(b, r->parts[i].a >> 32);
		else if (kind == STRUCT || kind == UNION || kind == DATASEC)
			blob_u32(b, r->parts[i].b);
	}
}

/* Return: the id of the new type. */
static inline uint32_t blob_add(struct blob *b, const struct row *r)
{
	uint32_t kind = r->kind & 0xff, nr = 0;

	while (nr < ARRAY_SIZE(r->parts) && r->parts[nr].name)
		nr++;
	blob_u32(b, blob_string(b, r->name));
	blob_u32(b, (r->vlen ? r->vlen : nr) | kind << 24 | (r->kind & KFLAG ? 1u << 31 : 0));
	blob_u32(b, r->size);
	if (kind == INT)
		blob_u32(b, r->b << 16 | (r->a ? r->a : r->size * 8));
	if (kind == ARRAY) {
		blob_u32(b, r->a);
		blob_u32(b, 1);
		blob_u32(b, r->b);
	}
	if (kind == VAR || kind == DECL_TAG)
		blob_u32(b, 0);
	blob_parts(b, r, kind, nr);
	return ++b->nr;
}

static inline void blob_layout(struct blob *b, uint8_t once, uint8_t each)
{
	b->layouts[b->layouts_size] = once;
	b->layouts[b->layouts_size + 1] = each;
	b->layouts_size += 4;
}

/* Puts header, types, strings and layouts together. */
static inline void blob_finish(struct blob *b)
{
	uint32_t hdr = b->layouts_size ? 32 : 24;
	uint8_t *h = b->all;

	memset(h, 0, hdr);
	memcpy(h, "\x9f\xeb\x01\x00", 4);
	put_u32(h + 4, hdr);
	put_u32(h + 12, (uint32_t)b->types_size);
	put_u32(h + 16, (uint32_t)b->types_size);
	put_u32(h + 20, (uint32_t)b->strings_size);
	if (b->layouts_size) {
		put_u32(h + 24, (uint32_t)(b->types_size + b->strings_size));
		put_u32(h + 28, (uint32_t)b->layouts_size);
	}
	memcpy(h + hdr, b->types, b->types_size);
	memcpy(h + hdr + b->types_size, b->strings, b->strings_size);
	memcpy(h + hdr + b->types_size + b->strings_size, b->layouts, b->layouts_size);
	b->size = hdr + b->types_size + b->strings_size + b->layouts_size;
}

/* Begins a blob: of a kernel, whose first string is empty, or of a module after @base. */
static inline void blob_begin(struct blob *b, const struct blob *base)
{
	memset(b, 0, sizeof(*b));
	b->strings_size = base ? 0 : 1;
	b->base_str = base ? (uint32_t)base->strings_size : 0;
}

/* The types of a small kernel. */
enum id {
	VOID, LONG, CHAR, UINT, POINTER, ULONG, CONST_ULONG, VOLATILE_ULONG, TAGGED, NAME, LIST,
	LRU, IN_PAGE, PAGE_FWD, PAGE_EMPTY, PAGE, BITFIELDS, INT3, INT2_AT5, OLD_BITFIELDS,
	LISTS, GRID, FLEXIBLE, MODULE, MOUNT_POOR, MOUNT, ATOMIC_ANON, ATOMIC, PAGEFLAGS,
	COUNTERS, WIDE, SIGNED, UNSIGNED, TWICE_A, TWICE_B, SAME_A, SAME_B, PROTO, FUNCTION,
	VARIABLE, SECTION, REAL, TAG, RESTRICTED, SELF, LOOP_A, LOOP_B, LOOPS, NESTED_ARRAY,
	ODD_BIT, OUTSIDE, DANGLING, TYPEDEF_PAGE, ENDLESS_ARRAY, BOTH_TYPEDEF, BOTH, HUGE_STRUCT,
	NR_IDS
};

__attribute__((unused)) static const struct row kernel[NR_IDS] = {
	[LONG] = { INT, "long", 8 },
	[CHAR] = { INT, "char", 1 },
	[UINT] = { INT, "unsigned int", 4 },
	[POINTER] = { PTR, "", LIST },
	[ULONG] = { TYPEDEF, "ulong", LONG },
	[CONST_ULONG] = { CONST, "", ULONG },
	[VOLATILE_ULONG] = { VOLATILE, "", CONST_ULONG },
	[TAGGED] = { TYPE_TAG | KFLAG, "user", RESTRICTED },
	[NAME] = { ARRAY, "", 0, CHAR, 16 },
	[LIST] = { STRUCT, "list_head", 16, .parts = { { "next", POINTER, 0 },
		   { "prev", POINTER, 64 } } },
	[LRU] = { STRUCT, "", 24, .parts = { { "lru", LIST, 0 }, { "mapping", POINTER, 128 } } },
	[IN_PAGE] = { UNION, "", 24, .parts = { { "", LRU, 0 },
		      { "compound_head", VOLATILE_ULONG, 64 } } },
	[PAGE_FWD] = { FWD, "page", 0 },
	[PAGE_EMPTY] = { STRUCT, "page", 1 },
	[PAGE] = { STRUCT, "page", 64, .parts = { { "flags", TAGGED, 0 }, { "", IN_PAGE, 64 },
		   { "name", NAME, 256 }, { "refs", ATOMIC, 384 }, { "weight", REAL, 448 } } },
	[BITFIELDS] = { STRUCT | KFLAG, "zspage", 8, .parts = { { "huge", UINT, BITS(1, 0) },
			{ "class", UINT, BITS(9, 3) }, { "", UINT, BITS(2, 12) },
			{ "magic", UINT, BITS(8, 15) }, { "inuse", UINT, 32 },
			{ "lists", LIST, BITS(8, 24) } } },
	[INT3] = { INT, "unsigned int", 4, 3 },
	[INT2_AT5] = { INT, "unsigned int", 4, 2, 5 },
	[OLD_BITFIELDS] = { STRUCT, "old", 8, .parts = { { "first", INT3, 0 },
			    { "second", INT3, 19 },
			    { "third", INT2_AT5, 24 }, { "whole", UINT, 32 } } },
	[LISTS] = { ARRAY, "", 0, LIST, 3 },
	[GRID] = { ARRAY, "", 0, LISTS, 2 },
	[FLEXIBLE] = { ARRAY, "", 0, LONG, 0 },
	[MODULE] = { STRUCT, "module", 144, .parts = { { "mem", LISTS, 0 }, { "grid", GRID, 384 },
		     { "rest", FLEXIBLE, 1152 }, { "page", POINTER, 0 } } },
	[MOUNT_POOR] = { STRUCT, "mount", 100, .parts = { { "mnt", LONG, 0 } } },
	[MOUNT] = { STRUCT, "mount", 200, .parts = { { "mnt", LONG, 8 }, { "parent", LONG, 64 } } },
	[ATOMIC_ANON] = { STRUCT, "", 4, .parts = { { "counter", UINT, 0 } } },
	[ATOMIC] = { TYPEDEF, "atomic_t", ATOMIC_ANON },
	[PAGEFLAGS] = { ENUM, "pageflags", 4, .parts = { { "PG_locked", 0 }, { "PG_head", 6 } } },
	[COUNTERS] = { ENUM, "", 4, .parts = { { "MM_ANONPAGES", 1 } } },
	[WIDE] = { ENUM64, "wide", 8, .parts = { { "SMALL", 1 }, { "LARGE", 0x8123456789ull } } },
	[SIGNED] = { ENUM | KFLAG, "", 4, .parts = { { "NEGATIVE", 0xfffffffd } } },
	[UNSIGNED] = { ENUM, "", 4, .parts = { { "HIGH", 0xfffffffd } } },
	[TWICE_A] = { ENUM, "", 4, .parts = { { "TWICE", 1 } } },
	[TWICE_B] = { ENUM, "", 4, .parts = { { "TWICE", 2 } } },
	[SAME_A] = { ENUM, "", 4, .parts = { { "SAME", 5 } } },
	[SAME_B] = { ENUM, "", 4, .parts = { { "SAME", 5 } } },
	[PROTO] = { FUNC_PROTO, "", UINT, .parts = { { "argc", UINT }, { "argv", POINTER } } },
	[FUNCTION] = { FUNC, "page", PROTO },
	[VARIABLE] = { VAR, "page", PAGE },
	[SECTION] = { DATASEC, ".data..percpu", 64, .parts = { { "", VARIABLE, 0 } } },
	[REAL] = { FLOAT, "double", 8 },
	[TAG] = { DECL_TAG | KFLAG, "tag", PAGE },
	[RESTRICTED] = { RESTRICT, "", VOLATILE_ULONG },
	[SELF] = { STRUCT, "self", 8, .parts = { { "", SELF, 0 }, { "", SELF, 0 },
		   { "it", LONG, 0 } } },
	[LOOP_A] = { TYPEDEF, "loop_t", LOOP_B },
	[LOOP_B] = { CONST, "", LOOP_A },
	[LOOPS] = { STRUCT, "loops", 16, .parts = { { "", LOOP_A, 0 }, { "good", LONG, 0 },
		    { "bad", LOOP_A, 64 } } },
	[NESTED_ARRAY] = { ARRAY, "", 0, NESTED_ARRAY, 2 },
	[ODD_BIT] = { STRUCT, "odd", 8, .parts = { { "at_3", LONG, 3 } } },
	[OUTSIDE] = { STRUCT, "outside", 8, .parts = { { "inside", LONG, 0 }, { "beyond", LONG, 8 },
		      { "arrays", NESTED_ARRAY, 0 }, { "endless", ENDLESS_ARRAY, 0 } } },
	[DANGLING] = { STRUCT, "dangling", 8, .parts = { { "nothing", 4711, 0 } } },
	[TYPEDEF_PAGE] = { TYPEDEF, "pgtable_t", PAGE },
	[ENDLESS_ARRAY] = { ARRAY, "", 0, PAGE, 0xffffffff },
	[BOTH_TYPEDEF] = { TYPEDEF, "both", LIST },
	[BOTH] = { STRUCT, "both", 24, .parts = { { "next", POINTER, 128 } } },
	[HUGE_STRUCT] = { STRUCT, "huge_struct", MIB(5), .parts = { { "far", LONG, MIB(4) * 8 } } },
};

__attribute__((unused)) static void make_kernel(struct blob *b)
{
	blob_begin(b, NULL);
	for (uint32_t id = 1; id < NR_IDS; id++)
		assert_int_equal(blob_add(b, &kernel[id]), id);
	blob_finish(b);
}

/* Reads of more than the reader promises fail the test; [hole, hole_end) cannot be read. */
struct memory {
	const uint8_t *bytes;
	uint64_t hole, hole_end;
};

__attribute__((unused)) static int read_memory(void *ctx, uint64_t off, void *buf, size_t size,
					       struct err *err)
{
	const struct memory *m = ctx;

	assert_true(size <= KIB(64));
	if (off < m->hole_end && off + size > m->hole)
		return err_set(err, ERR_ABSENT, "byte 0x%llx is not in the dump",
			       (long long)m->hole);
	memcpy(buf, m->bytes + off, size);
	return 0;
}

/* @part may be NULL. */
__attribute__((unused)) static void assert_string_contains(const char *s, const char *part)
{
	if (part && !strstr(s, part))
		fail_msg("\"%s\" does not contain \"%s\"", s, part);
}

#endif
