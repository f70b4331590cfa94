/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What vmsift knows of the dumped kernel's types: offsets, sizes, array lengths and enum values, each
 * named once in layout.def. Values come from BTF or from a layout file; a kernel version never decides.
 */
#ifndef VMSIFT_KERNEL_LAYOUT_H
#define VMSIFT_KERNEL_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum layout_kind {
	LAYOUT_TYPE,   /* the size of a struct or union */
	LAYOUT_MEMBER, /* the place of a member */
	LAYOUT_ENUM,   /* the value of an enumerator */
};

/* What is lost where an entry is missing; FEAT_CORE entries are needed for anything at all. */
enum layout_feature {
	FEAT_NONE, /* an alternative or a refinement: nothing is lost */
	FEAT_TASKS,
	FEAT_VMAS,
	FEAT_PATHS,
	FEAT_CGROUPS,
	FEAT_CREDS,
	FEAT_REGS,
	FEAT_FPU,
	FEAT_PAGES,
	FEAT_PAGECACHE,
	FEAT_SWAP,
	FEAT_MODULES,
	FEAT_NAMESPACES,
	FEAT_FILES,
	FEAT_NR,
};

enum layout_id {
#define TYPE(id, type, feature)		L_##id,
#define MEMBER(id, type, paths, feature) L_##id,
#define ENUM(id, names, feature)	L_##id,
#define MODULE_TYPE(module, id, type, feature)		L_##id,
#define MODULE_MEMBER(module, id, type, paths, feature) L_##id,
#define MODULE_ENUM(module, id, names, feature)		L_##id,
#include "kernel/layout.def"
#undef TYPE
#undef MEMBER
#undef ENUM
#undef MODULE_TYPE
#undef MODULE_MEMBER
#undef MODULE_ENUM
	LAYOUT_NR
};

struct layout_def {
	enum layout_kind kind;
	enum layout_feature feature;
	const char *id;	  /* "task_struct_tasks" */
	const char *type; /* "task_struct" (struct or union of that tag, or typedef); NULL for enumerators */
	/*
	 * Alternatives separated by '|', the first that exists wins: "__state|state". A member path
	 * may go through members with dots ("thread.fpu.fpstate"); anonymous structs and unions on the
	 * way are not named. For an enumerator: its name ("PG_hwpoison"), in whatever enum it stands.
	 */
	const char *names;
	const char *module; /* may be a module's: which; NULL: the kernel's own */
};

extern const struct layout_def layout_defs[LAYOUT_NR];

struct layout_value {
	bool known;
	uint8_t alt;	   /* which of the alternatives served, from 0 */
	uint8_t bit_off;   /* bitfields: first bit, counted from bit 0 of the byte at .value (little-endian) */
	uint8_t bit_size;  /* bitfields: width in bits; else 0 */
	uint32_t size;	   /* size of the type, or of the member, in bytes (whole array); 0 where not known */
	uint32_t count;	   /* members that are arrays: number of elements; else 0 */
	int64_t value;	   /* MEMBER: byte offset; ENUM: value; TYPE: size */
};

struct layout {
	struct layout_value v[LAYOUT_NR];
};

static inline bool layout_has(const struct layout *l, enum layout_id id)
{
	return l->v[id].known;
}

/* Byte offset of a member (or enum value, or size of a type). Only where layout_has(). */
static inline uint64_t layout_off(const struct layout *l, enum layout_id id)
{
	return (uint64_t)l->v[id].value;
}

static inline uint32_t layout_size(const struct layout *l, enum layout_id id)
{
	return l->v[id].size;
}

/* Whether the bit that an enumerator numbers (PG_locked) is set; not where the kernel has none, or it is no bit. */
static inline bool layout_bit(const struct layout *l, enum layout_id id, uint64_t flags)
{
	return layout_has(l, id) && layout_off(l, id) < 64 && flags >> layout_off(l, id) & 1;
}

/* The modules that entries may be of, in no order. Return: NULL past the last. */
#define LAYOUT_MODULES 2
const char *layout_module_at(size_t i);

const char *layout_feature_name(enum layout_feature feature);

#endif
