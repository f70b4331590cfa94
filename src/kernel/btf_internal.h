/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by btf.c (header, types), btf_names.c (strings) and btf_resolve.c (member paths). */
#ifndef VMSIFT_KERNEL_BTF_INTERNAL_H
#define VMSIFT_KERNEL_BTF_INTERNAL_H

#include "kernel/btf.h"
#include "kernel/name_set.h"
#include "util/vec.h"

/* include/uapi/linux/btf.h */
enum btf_kind {
	BTF_VOID,
	BTF_INT,
	BTF_PTR,
	BTF_ARRAY,
	BTF_STRUCT,
	BTF_UNION,
	BTF_ENUM,
	BTF_FWD,
	BTF_TYPEDEF,
	BTF_VOLATILE,
	BTF_CONST,
	BTF_RESTRICT,
	BTF_FUNC,
	BTF_FUNC_PROTO,
	BTF_VAR,
	BTF_DATASEC,
	BTF_FLOAT,
	BTF_DECL_TAG,
	BTF_TYPE_TAG,
	BTF_ENUM64,
	BTF_NR_KINDS,
	BTF_KIND_LIMIT = 0x80,
};

#define BTF_TYPE_SIZE	 12u	  /* struct btf_type */
#define BTF_MEMBER_SIZE	 12u	  /* struct btf_member */
#define BTF_MAX_ID	 0xfffffu /* BTF_MAX_TYPE */
#define BTF_INDEX_STRIDE 8u	  /* of so many types the place of one is kept: 512 KiB at most */
#define BTF_WINDOW	 KIB(64)  /* read ahead while streaming */
#define BTF_WINDOW_JUMP	 KIB(4)	  /* and while following type ids */
#define BTF_NAME_SIZE	 64u	  /* wanted names are shorter */
#define BTF_DEPTH_MAX	 32 /* modifiers, dimensions, and anonymous members within each other */
#define BTF_SAME_NAME	 16 /* definitions of one name that are tried */
#define BTF_PLACES	 4  /* of one string; half of the slots for them at most are taken */
#define BTF_STEPS_MAX	 (1u << 20) /* members and types looked at: 80 times what 7.3 takes */

DEFINE_VEC(btf_u32_vec, uint32_t);

/* One blob: the kernel's, or a module's that goes on where the kernel's ends. */
struct btf_part {
	const struct reader *r;
	uint64_t types, strings; /* offsets of the sections in the blob */
	uint32_t types_size, strings_size;
	uint32_t first_id;		    /* id of its first type */
	uint32_t first_str;		    /* string offset of its first string */
	uint32_t nr_types;		    /* that could be read */
	uint32_t nr_layouts;		    /* kinds that the layout section tells of */
	uint8_t layouts[BTF_KIND_LIMIT][2]; /* bytes once, bytes per element */
	struct btf_u32_vec index; /* offset in the section of every BTF_INDEX_STRIDE-th type */
	uint8_t *window;	  /* BTF_WINDOW bytes */
	uint64_t window_start;	  /* offset in the blob */
	size_t window_len;
	size_t window_want;
};

struct btf_type {
	struct btf_part *part;
	uint32_t id;
	uint32_t name;
	uint32_t vlen;
	uint8_t kind;
	bool kind_flag;
	uint32_t size_or_type;
	uint64_t data; /* offset in the blob of what follows the 12 bytes */
};

enum { WANT_TYPE = 1, WANT_MEMBER = 2, WANT_ENUM = 4 };

struct btf_name {
	uint8_t want;
	uint8_t nr_places; /* string offsets */
	uint8_t nr_candidates;
	bool done; /* the type has been looked at */
	bool enum_known;
	bool enum_differs; /* two enums contradict each other */
	int64_t enum_value;
	uint32_t candidates[BTF_SAME_NAME]; /* type ids */
};

/* A string offset that is one of the wanted names. */
struct btf_place {
	uint32_t off;
	uint32_t name; /* number + 1; 0 is free */
};

struct btf {
	struct btf_part part[2];
	unsigned int nr_parts;
	const struct layout_def *defs;
	size_t nr_defs;
	struct name_set set;
	struct btf_name *names;
	struct btf_place *places; /* open addressing by offset */
	uint32_t places_mask;
	uint32_t steps_left;
};

/* A component of a member path: "mem[0]" in "mem[0].base". */
struct btf_step {
	const char *s;
	uint32_t len;
	bool indexed;
	bool last;
	uint32_t index;
};

/*
 * Takes the next component off *path, which then stands at what follows the dot, or at the '|' or
 * NUL after the last. False if the path is not well formed.
 */
bool btf_step_next(const char **path, struct btf_step *ret);

/* Keeps the error of whichever step failed first. */
static inline int btf_first_error(int rc, struct err *err, int step_rc, const struct err *step_err)
{
	if (!rc && step_rc && err)
		*err = *step_err;
	return rc ? rc : step_rc;
}

/* btf_names.c */
int btf_names_init(struct btf *b, struct err *err);
void btf_names_deinit(struct btf *b);
int btf_names_locate(struct btf *b, struct btf_part *p, struct err *err);
uint32_t btf_name_at(const struct btf *b, uint32_t string_off);

/* btf.c */
int btf_bytes(struct btf_part *p, uint64_t off, size_t size, const uint8_t **ret, struct err *err);
int btf_type_by_id(struct btf *b, uint32_t id, struct btf_type *ret, struct err *err);

/* btf_resolve.c; fills ret[] for all defs. Return: 0, or the first error, after doing the rest. */
int btf_resolve(struct btf *b, struct layout_value *ret, struct err *err);

#endif
