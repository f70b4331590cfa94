/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/btf_internal.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/kmem_search.h"
#include "util/bytes.h"
#include "util/cleanup.h"

#define BTF_MAGIC	 0xeb9f
#define BTF_VERSION	 1
#define BTF_HDR_SIZE	 24u /* to 7.1 */
#define BTF_HDR_LAYOUT	 32u /* with layout_off and layout_len: 7.2 */
#define BTF_HDR_SIZE_MAX 4096u

/* Bytes after struct btf_type: once, and for each of its vlen elements. */
static const uint8_t kind_sizes[BTF_NR_KINDS][2] = {
	[BTF_INT] = { 4, 0 },	  [BTF_ARRAY] = { 12, 0 },   [BTF_STRUCT] = { 0, 12 },
	[BTF_UNION] = { 0, 12 },  [BTF_ENUM] = { 0, 8 },     [BTF_FUNC_PROTO] = { 0, 8 },
	[BTF_VAR] = { 4, 0 },	  [BTF_DATASEC] = { 0, 12 }, [BTF_DECL_TAG] = { 4, 0 },
	[BTF_ENUM64] = { 0, 12 },
};

struct btf_section {
	uint64_t start, size; /* offset in the blob */
};

static int check_section(const struct btf_part *p, const char *what, const struct btf_section *s,
			 struct err *err)
{
	uint64_t room = min_u64(p->r->size, BTF_SIZE_MAX);

	if (s->start > room || s->size > room - s->start)
		return err_set(err, ERR_FORMAT,
			       "BTF: its %s at 0x%" PRIx64 " + 0x%" PRIx64
			       " reach past the end at 0x%" PRIx64,
			       what, s->start, s->size, room);
	return 0;
}

static bool sections_overlap(const struct btf_section *a, const struct btf_section *b)
{
	return a->start < b->start + b->size && b->start < a->start + a->size;
}

static int check_magic(const uint8_t *h, struct err *err)
{
	uint16_t magic = get_u16(h);

	if (magic == (BTF_MAGIC >> 8 | (BTF_MAGIC & 0xff) << 8))
		return err_set(err, ERR_UNSUPPORTED, "BTF: big-endian");
	if (magic != BTF_MAGIC)
		return err_set(err, ERR_FORMAT, "not BTF: it begins with 0x%04x, not 0x%04x", magic,
			       BTF_MAGIC);
	if (h[2] != BTF_VERSION)
		return err_set(err, ERR_UNSUPPORTED, "BTF: version %u", h[2]);
	return 0;
}

static int read_layouts(struct btf_part *p, const struct btf_section *layouts, struct err *err)
{
	uint8_t raw[BTF_KIND_LIMIT * 4]; /* struct btf_layout */
	uint32_t nr = (uint32_t)min_u64(layouts->size / 4, BTF_KIND_LIMIT);
	int rc;

	rc = reader_read(p->r, layouts->start, raw, (size_t)nr * 4, err);
	if (rc)
		return err_add(err, "BTF layout section");
	for (uint32_t i = 0; i < nr; i++)
		memcpy(p->layouts[i], raw + (size_t)i * 4, 2);
	p->nr_layouts = nr;
	return 0;
}

/* Where the sections lie. total: end of the last one. */
static int read_header(struct btf_part *p, uint64_t *total, struct err *err)
{
	struct btf_section types, strings, layouts = { 0 };
	uint8_t h[BTF_HDR_LAYOUT];
	uint32_t hdr_len;
	int rc;

	if (p->r->size < BTF_HDR_SIZE)
		return err_set(err, ERR_FORMAT, "not BTF: only %" PRIu64 " bytes", p->r->size);
	rc = reader_read(p->r, 0, h, BTF_HDR_SIZE, err);
	if (rc)
		return err_add(err, "BTF header");
	rc = check_magic(h, err);
	if (rc)
		return rc;
	hdr_len = get_u32(h + 4);
	if (hdr_len < BTF_HDR_SIZE || hdr_len > BTF_HDR_SIZE_MAX)
		return err_set(err, ERR_FORMAT, "BTF: header of %u bytes", hdr_len);
	types = (struct btf_section){ hdr_len + (uint64_t)get_u32(h + 8), get_u32(h + 12) };
	strings = (struct btf_section){ hdr_len + (uint64_t)get_u32(h + 16), get_u32(h + 20) };
	if (hdr_len >= BTF_HDR_LAYOUT) {
		rc = reader_read(p->r, 0, h, BTF_HDR_LAYOUT, err);
		if (rc)
			return err_add(err, "BTF header");
		layouts = (struct btf_section){ hdr_len + (uint64_t)get_u32(h + 24),
						get_u32(h + 28) };
	}
	rc = check_section(p, "types", &types, err);
	if (!rc)
		rc = check_section(p, "strings", &strings, err);
	if (!rc && layouts.size)
		rc = check_section(p, "layouts", &layouts, err);
	if (rc)
		return rc;
	if (sections_overlap(&types, &strings))
		return err_set(err, ERR_FORMAT, "BTF: its types and strings overlap");
	p->types = types.start;
	p->types_size = (uint32_t)types.size;
	p->strings = strings.start;
	p->strings_size = (uint32_t)strings.size;
	*total = max_u64(types.start + types.size, strings.start + strings.size);
	if (!layouts.size)
		return 0;
	*total = max_u64(*total, layouts.start + layouts.size);
	return read_layouts(p, &layouts, err);
}

/* Bytes that the data of a type takes, or ERR_UNSUPPORTED. */
static int type_data_size(const struct btf_part *p, uint32_t id, uint32_t info, uint64_t *ret,
			  struct err *err)
{
	uint32_t kind = info >> 24 & 0x7f, vlen = info & 0xffffff;
	const uint8_t *sizes;

	if (kind == BTF_VOID)
		return err_set(err, ERR_CORRUPT, "BTF type id %u is of kind 0", id);
	if (kind < BTF_NR_KINDS)
		sizes = kind_sizes[kind];
	else if (kind < p->nr_layouts)
		sizes = p->layouts[kind];
	else
		return err_set(err, ERR_UNSUPPORTED,
			       "BTF kind %u of type id %u is not known, and the BTF does not tell "
			       "its size",
			       kind, id);
	*ret = sizes[0] + (uint64_t)sizes[1] * vlen;
	return 0;
}

int btf_bytes(struct btf_part *p, uint64_t off, size_t size, const uint8_t **ret, struct err *err)
{
	uint64_t room = min_u64(p->r->size, BTF_SIZE_MAX);
	size_t want = p->window_want;
	int rc;

	if (off >= p->window_start && off - p->window_start <= p->window_len &&
	    size <= p->window_len - (size_t)(off - p->window_start)) {
		*ret = p->window + (off - p->window_start);
		return 0;
	}
	p->window_start = off;
	p->window_len = 0;
	if (off > room || size > room - off || size > BTF_WINDOW)
		return err_set(err, ERR_CORRUPT, "BTF ends before offset 0x%" PRIx64, off + size);
	if (want > room - off)
		want = (size_t)(room - off);
	if (want <= size || reader_read(p->r, off, p->window, want, NULL)) {
		want = size; /* what lies behind need not be readable */
		rc = reader_read(p->r, off, p->window, want, err);
		if (rc)
			return rc;
	}
	p->window_len = want;
	*ret = p->window;
	return 0;
}

int btf_check_header(const struct reader *btf, uint64_t *total_size, struct err *err)
{
	struct btf_part p = { .r = btf };
	uint8_t type[BTF_TYPE_SIZE], first[2], last[2];
	uint64_t total = 0, data;
	int rc;

	rc = read_header(&p, &total, err);
	if (rc)
		return rc;
	if (p.types_size < BTF_TYPE_SIZE || p.strings_size < 3)
		return err_set(err, ERR_FORMAT, "BTF: no types or no strings");
	rc = reader_read(btf, p.types, type, sizeof(type), err);
	if (!rc)
		rc = reader_read(btf, p.strings, first, 2, err);
	if (!rc)
		rc = reader_read(btf, p.strings + p.strings_size - 2, last, 2, err);
	if (rc) {
		err_add(err, "BTF");
		return rc;
	}
	/* Those of a module's BTF do not begin with the empty one, and only that is empty. */
	if (first[0] || !first[1] || !last[0] || last[1])
		return err_set(err, ERR_FORMAT,
			       "BTF: its strings do not begin and end as a kernel's do");
	rc = type_data_size(&p, 1, get_u32(type + 4), &data, err);
	if (rc)
		return rc;
	if (data > p.types_size - BTF_TYPE_SIZE)
		return err_set(err, ERR_FORMAT, "BTF: its first type reaches past the types");
	*total_size = total;
	return 0;
}

struct btf_at {
	const struct reader *kmem;
	kvaddr_t start;
};

static int read_at(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	const struct btf_at *at = ctx;

	return reader_read(at->kmem, at->start + off, buf, size, err);
}

int btf_find(const struct reader *kmem, kvaddr_t start, kvaddr_t end, kvaddr_t *ret, uint64_t *size,
	     struct err *err)
{
	static const uint8_t magic[] = { BTF_MAGIC & 0xff, BTF_MAGIC >> 8, BTF_VERSION, 0 };
	CLEANUP(kmem_search_deinit) struct kmem_search search;
	struct btf_at at = { .kmem = kmem };
	struct reader r = { .read = read_at, .ctx = &at };
	kvaddr_t best = 0;
	uint64_t total, best_size = 0;
	int rc;

	rc = kmem_search_init(&search, kmem, start, end, magic, sizeof(magic), err);
	if (rc)
		return rc;
	while (kmem_search_next(&search, &at.start)) {
		r.size = end - at.start;
		if (btf_check_header(&r, &total, NULL) || total <= best_size)
			continue;
		best = at.start;
		best_size = total;
	}
	if (!best_size)
		return err_set(err, ERR_NOTFOUND, "no BTF in [0x%" PRIx64 ", 0x%" PRIx64 ")", start,
			       end);
	*ret = best;
	*size = best_size;
	return 0;
}

static void decode_type(struct btf_part *p, uint32_t id, const uint8_t *raw, uint64_t off,
			struct btf_type *ret)
{
	uint32_t info = get_u32(raw + 4);

	*ret = (struct btf_type){
		.part = p,
		.id = id,
		.name = get_u32(raw),
		.vlen = info & 0xffffff,
		.kind = info >> 24 & 0x7f,
		.kind_flag = info >> 31,
		.size_or_type = get_u32(raw + 8),
		.data = off + BTF_TYPE_SIZE,
	};
}

/* The type at off in the types; next: offset of the one behind it. */
static int read_type(struct btf_part *p, uint32_t id, uint64_t off, struct btf_type *ret,
		     uint64_t *next, struct err *err)
{
	const uint8_t *raw;
	uint64_t data = 0;
	int rc;

	if (off > p->types_size || p->types_size - off < BTF_TYPE_SIZE)
		return err_set(err, ERR_CORRUPT, "BTF type id %u reaches past the types", id);
	rc = btf_bytes(p, p->types + off, BTF_TYPE_SIZE, &raw, err);
	if (rc)
		return err_add(err, "BTF type id %u", id);
	rc = type_data_size(p, id, get_u32(raw + 4), &data, err);
	if (rc)
		return rc;
	if (data > p->types_size - off - BTF_TYPE_SIZE)
		return err_set(err, ERR_CORRUPT, "BTF type id %u reaches past the types", id);
	decode_type(p, id, raw, p->types + off, ret);
	*next = off + BTF_TYPE_SIZE + data;
	return 0;
}

int btf_type_by_id(struct btf *b, uint32_t id, struct btf_type *ret, struct err *err)
{
	struct btf_part *p = &b->part[0];
	uint32_t nr, at;
	uint64_t off, next;
	int rc;

	*ret = (struct btf_type){ .id = id, .kind = BTF_VOID };
	if (!id)
		return 0;
	if (b->nr_parts > 1 && id >= b->part[1].first_id)
		p = &b->part[1];
	nr = id - p->first_id;
	if (nr >= p->nr_types)
		return err_set(err, ERR_CORRUPT,
			       "BTF type id %u is past the last that could be read, %u", id,
			       p->first_id + p->nr_types - 1);
	at = nr - nr % BTF_INDEX_STRIDE;
	off = p->index.v[at / BTF_INDEX_STRIDE];
	for (;; at++, off = next) {
		rc = read_type(p, p->first_id + at, off, ret, &next, err);
		if (rc || at == nr)
			return rc;
	}
}

static void note_enum_value(struct btf_name *name, int64_t value)
{
	if (name->enum_known && name->enum_value != value)
		name->enum_differs = true;
	name->enum_known = true;
	name->enum_value = value;
}

static int note_enum(struct btf *b, const struct btf_type *t, struct err *err)
{
	uint32_t each = kind_sizes[t->kind][1], name;
	const uint8_t *raw;
	int64_t value;
	int rc;

	for (uint32_t i = 0; i < t->vlen; i++) {
		rc = btf_bytes(t->part, t->data + (uint64_t)i * each, each, &raw, err);
		if (rc)
			return err_add(err, "BTF enum type id %u", t->id);
		name = btf_name_at(b, get_u32(raw));
		if (name == NAME_NONE || !(b->names[name].want & WANT_ENUM))
			continue;
		if (t->kind == BTF_ENUM64)
			value = (int64_t)((uint64_t)get_u32(raw + 8) << 32 | get_u32(raw + 4));
		else if (t->kind_flag)
			value = (int32_t)get_u32(raw + 4);
		else
			value = get_u32(raw + 4);
		note_enum_value(&b->names[name], value);
	}
	return 0;
}

/* Takes note of a type that may be wanted. */
static int note_type(struct btf *b, const struct btf_type *t, struct err *err)
{
	struct btf_name *n;
	uint32_t name;

	if (t->kind == BTF_ENUM || t->kind == BTF_ENUM64)
		return note_enum(b, t, err);
	if (t->kind != BTF_TYPEDEF && !((t->kind == BTF_STRUCT || t->kind == BTF_UNION) && t->vlen))
		return 0;
	name = btf_name_at(b, t->name);
	if (name == NAME_NONE)
		return 0;
	n = &b->names[name];
	if ((n->want & WANT_TYPE) && n->nr_candidates < BTF_SAME_NAME)
		n->candidates[n->nr_candidates++] = t->id;
	return 0;
}

static int scan_types(struct btf *b, struct btf_part *p, struct err *err)
{
	struct btf_type t;
	uint64_t off = 0, next;
	int rc;

	p->window_want = BTF_WINDOW;
	while (off < p->types_size) {
		if (p->nr_types >= BTF_MAX_ID - p->first_id)
			return err_set(err, ERR_CORRUPT, "BTF: more than %u types", BTF_MAX_ID);
		rc = read_type(p, p->first_id + p->nr_types, off, &t, &next, err);
		if (rc)
			return rc;
		if (p->nr_types % BTF_INDEX_STRIDE == 0 &&
		    !btf_u32_vec_push(&p->index, (uint32_t)off))
			return err_nomem(err);
		p->nr_types++;
		rc = note_type(b, &t, err);
		if (rc)
			return rc;
		off = next;
	}
	return 0;
}

static int fill(struct btf *b, struct layout_value *ret, struct err *err)
{
	struct err e = { 0 };
	int rc = 0, step;

	for (unsigned int i = 0; i < b->nr_parts; i++) {
		step = btf_names_locate(b, &b->part[i], &e);
		rc = btf_first_error(rc, err, step, &e);
	}
	for (unsigned int i = 0; i < b->nr_parts; i++) {
		if (i)
			b->part[i].first_id = b->part[0].first_id + b->part[0].nr_types;
		step = scan_types(b, &b->part[i], &e);
		rc = btf_first_error(rc, err, step, &e);
		if (step) /* the ids of what follows are not known */
			b->nr_parts = i + 1;
	}
	for (unsigned int i = 0; i < b->nr_parts; i++) {
		b->part[i].window_want = BTF_WINDOW_JUMP;
		b->part[i].window_len = 0;
	}
	step = rc == ERR_NOMEM ? 0 : btf_resolve(b, ret, &e);
	return btf_first_error(rc, err, step, &e);
}

static int open_part(struct btf *b, const struct reader *r, struct err *err)
{
	struct btf_part *p = &b->part[b->nr_parts];
	uint64_t total;
	int rc;

	p->r = r;
	p->first_id = 1;
	p->first_str = b->nr_parts ? b->part[0].strings_size : 0;
	rc = read_header(p, &total, err);
	if (rc)
		return rc;
	p->window = malloc(BTF_WINDOW);
	if (!p->window)
		return err_nomem(err);
	b->nr_parts++;
	return 0;
}

static void btf_deinit(struct btf *b)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(b->part); i++) {
		free(b->part[i].window);
		btf_u32_vec_free(&b->part[i].index);
	}
	btf_names_deinit(b);
}

int btf_fill_layout_split(const struct reader *base, const struct reader *module,
			  const struct layout_def *defs, size_t nr, struct layout_value *ret,
			  struct err *err)
{
	CLEANUP(btf_deinit)
	struct btf b = { .defs = defs, .nr_defs = nr, .steps_left = BTF_STEPS_MAX };
	int rc;

	memset(ret, 0, nr * sizeof(*ret));
	rc = open_part(&b, base, err);
	if (rc)
		return rc;
	if (module) {
		rc = open_part(&b, module, err);
		if (rc)
			return err_add(err, "module");
	}
	rc = btf_names_init(&b, err);
	return rc ? rc : fill(&b, ret, err);
}

int btf_fill_layout(const struct reader *btf, const struct layout_def *defs, size_t nr,
		    struct layout_value *ret, struct err *err)
{
	return btf_fill_layout_split(btf, NULL, defs, nr, ret, err);
}
