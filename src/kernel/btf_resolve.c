/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Member paths through the types: offsets, sizes, array lengths, bitfields. */
#include "kernel/btf_internal.h"

#include <string.h>

#include "util/bytes.h"

#define PTR_SIZE 8 /* 64-bit kernels only */

struct member {
	uint64_t bit_off; /* from the start of the type that was asked */
	uint32_t type_id;
	uint32_t bits;	/* bitfields: width */
	bool kind_flag; /* the struct says itself which members are bitfields */
};

static bool is_struct(const struct btf_type *t)
{
	return t->kind == BTF_STRUCT || t->kind == BTF_UNION;
}

static int too_deep(uint32_t id, struct err *err)
{
	return err_set(err, ERR_CORRUPT, "BTF type id %u: too many types within each other", id);
}

static int spend(struct btf *b, uint32_t id, uint32_t steps, struct err *err)
{
	if (b->steps_left < steps)
		return too_deep(id, err);
	b->steps_left -= steps;
	return 0;
}

/* The type with this id, without typedef, const, volatile, restrict and type tags. */
static int get_type(struct btf *b, uint32_t id, struct btf_type *ret, struct err *err)
{
	int rc;

	for (int depth = 0; depth < BTF_DEPTH_MAX; depth++) {
		rc = spend(b, id, BTF_INDEX_STRIDE, err);
		if (!rc)
			rc = btf_type_by_id(b, id, ret, err);
		if (rc)
			return rc;
		switch (ret->kind) {
		case BTF_TYPEDEF:
		case BTF_CONST:
		case BTF_VOLATILE:
		case BTF_RESTRICT:
		case BTF_TYPE_TAG:
			id = ret->size_or_type;
			break;
		default:
			return 0;
		}
	}
	return too_deep(id, err);
}

static int get_array(const struct btf_type *t, uint32_t *elem, uint32_t *count, struct err *err)
{
	const uint8_t *raw;
	int rc;

	rc = btf_bytes(t->part, t->data, 12, &raw, err); /* struct btf_array */
	if (rc)
		return err_add(err, "BTF array type id %u", t->id);
	*elem = get_u32(raw);
	*count = get_u32(raw + 8);
	return 0;
}

/* Size in bytes; 0 for what has none (void, functions) or cannot be told (more than 4 GiB). */
static int size_of(struct btf *b, uint32_t id, uint64_t *ret, struct err *err)
{
	uint64_t times = 1;
	struct btf_type t;
	uint32_t count = 0;
	int rc;

	*ret = 0;
	for (int depth = 0; depth < BTF_DEPTH_MAX; depth++) {
		rc = get_type(b, id, &t, err);
		if (rc)
			return rc;
		switch (t.kind) {
		case BTF_ARRAY:
			rc = get_array(&t, &id, &count, err);
			if (rc)
				return rc;
			times *= count;
			if (times > UINT32_MAX)
				return 0;
			break;
		case BTF_PTR:
			*ret = times * PTR_SIZE;
			return 0;
		case BTF_INT:
		case BTF_STRUCT:
		case BTF_UNION:
		case BTF_ENUM:
		case BTF_ENUM64:
		case BTF_FLOAT:
			*ret = times * t.size_or_type;
			if (*ret > UINT32_MAX)
				*ret = 0;
			return 0;
		default:
			return 0;
		}
	}
	return too_deep(id, err);
}

static int find_member(struct btf *b, const struct btf_type *t, uint32_t name, int depth,
		       struct member *ret, struct err *err);

/* The member of that name within an unnamed member, if that is a struct or union. */
static int find_in_unnamed(struct btf *b, uint32_t type_id, uint32_t name, int depth,
			   struct member *ret, struct err *err)
{
	struct btf_type t;
	int rc;

	rc = get_type(b, type_id, &t, err);
	if (rc)
		return rc;
	return is_struct(&t) ? find_member(b, &t, name, depth + 1, ret, err) : ERR_NOTFOUND;
}

/*
 * The member of that name, also within unnamed structs and unions; ERR_NOTFOUND without a text. An
 * unnamed one that cannot be followed counts only if the name is not found elsewhere.
 */
static int find_member(struct btf *b, const struct btf_type *t, uint32_t name, int depth,
		       struct member *ret, struct err *err)
{
	int rc, result = ERR_NOTFOUND;
	uint32_t name_off, word;
	const uint8_t *raw;

	if (depth >= BTF_DEPTH_MAX)
		return too_deep(t->id, err);
	for (uint32_t i = 0; i < t->vlen; i++) {
		rc = spend(b, t->id, 1, err);
		if (!rc)
			rc = btf_bytes(t->part, t->data + (uint64_t)i * BTF_MEMBER_SIZE,
				       BTF_MEMBER_SIZE, &raw, err);
		if (rc)
			return err_add(err, "BTF struct type id %u", t->id);
		name_off = get_u32(raw);
		word = get_u32(raw + 8);
		if (!name_off) {
			rc = find_in_unnamed(b, get_u32(raw + 4), name, depth, ret, err);
			if (!rc)
				ret->bit_off += t->kind_flag ? word & 0xffffff : word;
			if (!rc)
				return 0;
			result = rc != ERR_NOTFOUND ? rc : result;
		} else if (btf_name_at(b, name_off) == name) {
			*ret = (struct member){ .type_id = get_u32(raw + 4),
						.kind_flag = t->kind_flag };
			ret->bit_off = t->kind_flag ? word & 0xffffff : word;
			ret->bits = t->kind_flag ? word >> 24 : 0;
			return 0;
		}
	}
	return result;
}

/* "[3]" behind a name: the member becomes that element of it. */
static int step_into_array(struct btf *b, const struct btf_step *step, struct member *m,
			   struct err *err)
{
	struct btf_type t;
	uint32_t count = 0;
	uint64_t size = 0;
	int rc;

	rc = get_type(b, m->type_id, &t, err);
	if (rc)
		return rc;
	if (t.kind != BTF_ARRAY || m->bits)
		return ERR_NOTFOUND;
	rc = get_array(&t, &m->type_id, &count, err);
	if (!rc)
		rc = size_of(b, m->type_id, &size, err);
	if (rc)
		return rc;
	if (step->index >= count || (step->index && !size))
		return ERR_NOTFOUND;
	m->bit_off += step->index * size * 8;
	return 0;
}

/* Without kind_flag a bitfield is a member of an INT that is narrower than its size. */
static int old_bitfield(struct btf *b, struct member *m, struct err *err)
{
	struct btf_type t;
	const uint8_t *raw;
	uint32_t bits, off;
	int rc;

	if (m->kind_flag)
		return 0;
	/* What is wrong with a type that cannot be followed, describe_member() says. */
	if (get_type(b, m->type_id, &t, NULL) || t.kind != BTF_INT)
		return 0;
	rc = btf_bytes(t.part, t.data, 4, &raw, err);
	if (rc)
		return err_add(err, "BTF int type id %u", t.id);
	bits = get_u32(raw) & 0xff;
	off = get_u32(raw) >> 16 & 0xff;
	if (!bits || (!off && bits == (uint64_t)t.size_or_type * 8))
		return 0;
	m->bits = bits;
	m->bit_off += off;
	return 0;
}

/* The member at the end of a path; *path then stands behind it. ERR_NOTFOUND without a text. */
static int follow_path(struct btf *b, const struct btf_type *root, const char **path,
		       struct member *ret, struct err *err)
{
	struct btf_type t = *root;
	struct btf_step step;
	uint64_t bit_off = 0;
	uint32_t name;
	int rc;

	for (;;) {
		if (!btf_step_next(path, &step))
			return err_set(err, ERR_INVALID, "\"%s\" is not a member path", *path);
		name = name_set_find(&b->set, step.s, step.len);
		if (!is_struct(&t) || name == NAME_NONE)
			return ERR_NOTFOUND;
		rc = find_member(b, &t, name, 0, ret, err);
		if (!rc && step.indexed)
			rc = step_into_array(b, &step, ret, err);
		if (rc)
			return rc;
		ret->bit_off += bit_off;
		if (step.last)
			return step.indexed ? 0 : old_bitfield(b, ret, err);
		if (ret->bits)
			return ERR_NOTFOUND;
		bit_off = ret->bit_off;
		rc = get_type(b, ret->type_id, &t, err);
		if (rc)
			return rc;
	}
}

/* Says what is known of a member; the place is known even if its type cannot be followed. */
static int describe_member(struct btf *b, const struct btf_type *root, const struct member *m,
			   struct layout_value *ret, struct err *err)
{
	struct layout_value v = { .known = true,
				  .alt = ret->alt,
				  .value = (int64_t)(m->bit_off / 8) };
	uint64_t size = 0, end;
	struct btf_type t;
	uint32_t elem;
	int rc = 0;

	if (m->bits) {
		v.bit_off = m->bit_off % 8;
		v.bit_size = (uint8_t)m->bits;
		size = (v.bit_off + m->bits + 7) / 8;
	} else {
		if (m->bit_off % 8)
			return err_set(err, ERR_CORRUPT, "BTF type id %u: a member at bit %" PRIu64,
				       root->id, m->bit_off);
		rc = size_of(b, m->type_id, &size, err);
		if (!rc)
			rc = get_type(b, m->type_id, &t, err);
		if (!rc && t.kind == BTF_ARRAY)
			rc = get_array(&t, &elem, &v.count, err);
	}
	end = m->bit_off / 8 + size;
	if (end > root->size_or_type)
		return err_set(err, ERR_CORRUPT,
			       "BTF type id %u of %u bytes: a member ends at byte %" PRIu64,
			       root->id, root->size_or_type, end);
	v.size = (uint32_t)size;
	*ret = v;
	return rc;
}

static int resolve_member(struct btf *b, const struct btf_type *root, const struct layout_def *def,
			  struct layout_value *ret, struct err *err)
{
	const char *path = def->names;
	struct member m;
	int rc;

	*ret = (struct layout_value){ 0 };
	for (; path && *path; ret->alt++) {
		rc = follow_path(b, root, &path, &m, err);
		if (!rc)
			rc = describe_member(b, root, &m, ret, err);
		if (rc != ERR_NOTFOUND) {
			if (rc)
				err_add(err, "%s.%s", def->type, def->names);
			return rc;
		}
		path += strcspn(path, "|");
		path += *path == '|';
	}
	ret->alt = 0;
	return 0;
}

static int resolve_type(struct btf *b, const struct btf_type *root, struct layout_value *ret,
			struct err *err)
{
	uint64_t size;
	int rc;

	*ret = (struct layout_value){ 0 };
	rc = size_of(b, root->id, &size, err);
	if (!rc && size)
		*ret = (struct layout_value){ .known = true,
					      .size = (uint32_t)size,
					      .value = (int64_t)size };
	return rc;
}

/* All defs of one type name in one definition of it. Return: how many of them are found. */
static size_t try_candidate(struct btf *b, uint32_t name, uint32_t id, struct layout_value *ret,
			    int *rc, struct err *err)
{
	const struct layout_def *def;
	struct err e = { 0 };
	struct btf_type root;
	size_t found = 0;
	int step;

	step = get_type(b, id, &root, &e);
	*rc = btf_first_error(*rc, err, step, &e);
	if (step)
		return 0;
	for (size_t i = 0; i < b->nr_defs; i++) {
		def = &b->defs[i];
		if (def->kind == LAYOUT_ENUM ||
		    name_set_find(&b->set, def->type, strlen(def->type)) != name)
			continue;
		if (def->kind == LAYOUT_TYPE)
			step = resolve_type(b, &root, &ret[i], &e);
		else
			step = resolve_member(b, &root, def, &ret[i], &e);
		*rc = btf_first_error(*rc, err, step, &e);
		found += ret[i].known;
	}
	return found;
}

/* How good a definition is: the number of defs found in it; of equals a struct before a typedef. */
static size_t rank_candidate(struct btf *b, uint32_t name, uint32_t id, struct layout_value *ret,
			     int *rc, struct err *err)
{
	size_t found = try_candidate(b, name, id, ret, rc, err);
	struct btf_type t;

	return found * 2 + (!btf_type_by_id(b, id, &t, NULL) && is_struct(&t));
}

static bool in_module(const struct btf *b, uint32_t id)
{
	return b->nr_parts > 1 && id >= b->part[1].first_id;
}

static int resolve_name(struct btf *b, uint32_t name, struct layout_value *ret, struct err *err)
{
	const struct btf_name *n = &b->names[name];
	size_t rank, best_rank = 0;
	uint32_t best = 0;
	int rc = 0;

	if (n->nr_candidates == 1)
		best = n->candidates[0];
	for (uint32_t i = 0; i < n->nr_candidates && n->nr_candidates > 1; i++) {
		rank = rank_candidate(b, name, n->candidates[i], ret, &rc, err);
		if (rank > best_rank ||
		    (rank == best_rank && in_module(b, n->candidates[i]) && !in_module(b, best))) {
			best = n->candidates[i];
			best_rank = rank;
		}
	}
	if (best)
		try_candidate(b, name, best, ret, &rc, err);
	return rc;
}

static void resolve_enum(const struct btf *b, const struct layout_def *def,
			 struct layout_value *ret)
{
	const char *path = def->names;
	const struct btf_name *n;
	struct btf_step step;

	for (uint8_t alt = 0; btf_step_next(&path, &step); alt++) {
		n = &b->names[name_set_find(&b->set, step.s, step.len)];
		if (n->enum_known && !n->enum_differs) {
			*ret = (struct layout_value){ .known = true,
						      .alt = alt,
						      .value = n->enum_value };
			return;
		}
		if (!*path)
			return;
		path++;
	}
}

int btf_resolve(struct btf *b, struct layout_value *ret, struct err *err)
{
	const struct layout_def *def;
	struct err e = { 0 };
	uint32_t name;
	int rc = 0, step;

	for (size_t i = 0; i < b->nr_defs; i++) {
		def = &b->defs[i];
		if (def->kind == LAYOUT_ENUM) {
			resolve_enum(b, def, &ret[i]);
			continue;
		}
		name = name_set_find(&b->set, def->type, strlen(def->type));
		if (b->names[name].done)
			continue;
		b->names[name].done = true;
		step = resolve_name(b, name, ret, &e);
		rc = btf_first_error(rc, err, step, &e);
	}
	return rc;
}
