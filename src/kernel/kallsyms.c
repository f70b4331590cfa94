/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/kallsyms.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/kallsyms_names.h"
#include "kernel/name_set.h"
#include "util/bytes.h"
#include "util/cleanup.h"

#define SYMBOL_SIZE_MAX \
	MIB(64)		  /* no symbol of a kernel is larger: the largest are log buffers, 32 MiB */
#define ALIASES_MAX 4096u /* symbols at one address */

static const char *const encoding_names[KALLSYMS_NR_ENCODINGS] = {
	[KALLSYMS_PERCPU] = "percpu",
	[KALLSYMS_BASE] = "base",
	[KALLSYMS_PLACE] = "place",
	[KALLSYMS_ABSOLUTE] = "absolute",
};

const char *kallsyms_encoding_name(enum kallsyms_encoding encoding)
{
	return encoding < KALLSYMS_NR_ENCODINGS ? encoding_names[encoding] : "?";
}

void kallsyms_deinit(struct kallsyms *ks)
{
	free(ks->tokens);
	free(ks->block_off);
	*ks = (struct kallsyms){ 0 };
}

/* Bytes of an entry of the address table, and where the table is. */
static size_t addr_entry_size(const struct kallsyms *ks)
{
	return ks->encoding == KALLSYMS_ABSOLUTE ? 8 : 4;
}

static kvaddr_t addr_table(const struct kallsyms *ks)
{
	return ks->encoding == KALLSYMS_ABSOLUTE ? ks->where.addresses : ks->where.offsets;
}

static kvaddr_t decode_addr(const struct kallsyms *ks, uint32_t i, const uint8_t *entry)
{
	int64_t off = (int32_t)get_u32(entry);

	switch (ks->encoding) {
	case KALLSYMS_PERCPU:
		return off >= 0 ? (kvaddr_t)off : ks->base - 1 - (uint64_t)off;
	case KALLSYMS_BASE:
		return ks->base + (uint32_t)off;
	case KALLSYMS_PLACE:
		return ks->where.offsets + (uint64_t)i * 4 + (uint64_t)off;
	default:
		return get_u64(entry);
	}
}

/* Addresses of @nr symbols from @first; @buf holds 8 bytes for each. */
static int read_addrs(const struct kallsyms *ks, uint32_t first, uint32_t nr, uint8_t *buf,
		      struct err *err)
{
	size_t size = addr_entry_size(ks);
	int rc;

	rc = reader_read(ks->kmem, addr_table(ks) + first * size, buf, nr * size, err);
	if (rc)
		err_add(err, "kallsyms address of symbol %u", first);
	return rc;
}

static int read_addr(const struct kallsyms *ks, uint32_t i, kvaddr_t *ret, struct err *err)
{
	uint8_t entry[8];
	int rc;

	rc = read_addrs(ks, i, 1, entry, err);
	if (!rc)
		*ret = decode_addr(ks, i, entry);
	return rc;
}

static bool encoding_possible(const struct kallsyms *ks, enum kallsyms_encoding encoding)
{
	switch (encoding) {
	case KALLSYMS_PERCPU:
	case KALLSYMS_BASE:
		return ks->where.offsets && ks->where.relative_base;
	case KALLSYMS_PLACE: /* with a base it would only be tried on a table that is off by one */
		return ks->where.offsets && !ks->where.relative_base;
	default:
		return ks->where.addresses;
	}
}

/* The encoding that gives _stext its address. */
static int choose_encoding(struct kallsyms *ks, const struct kallsyms_walk *walk, kvaddr_t stext,
			   struct err *err)
{
	kvaddr_t addr, last = 0;
	int rc;

	for (int encoding = 0; encoding < KALLSYMS_NR_ENCODINGS; encoding++) {
		if (!encoding_possible(ks, encoding))
			continue;
		ks->encoding = encoding;
		for (uint32_t i = 0; i < walk->nr_stext; i++) {
			rc = read_addr(ks, walk->stext[i], &addr, err);
			if (rc)
				return rc;
			if (addr == stext)
				return 0;
			last = addr;
		}
	}
	return err_set(
		err, ERR_UNSUPPORTED,
		"kallsyms: no known encoding of addresses puts symbol %u, _stext, at 0x%" PRIx64
		"; the last of them says 0x%" PRIx64,
		walk->stext[0], stext, last);
}

static int read_outline(struct kallsyms *ks, struct err *err)
{
	const struct kallsyms_where *w = &ks->where;
	uint8_t word[8];
	int rc;

	if (!w->names || !w->num_syms || !w->token_table || !w->token_index ||
	    (!w->offsets && !w->addresses))
		return err_set(err, ERR_ABSENT,
			       "kallsyms: it is not known where all of its tables are");
	rc = reader_read(ks->kmem, w->num_syms, word, 4, err);
	if (rc)
		return err_add(err, "kallsyms_num_syms");
	ks->nr_syms = get_u32(word);
	if (!ks->nr_syms || ks->nr_syms > KALLSYMS_MAX_SYMS)
		return err_set(err, ERR_CORRUPT, "kallsyms_num_syms: %u symbols", ks->nr_syms);
	if (w->relative_base) {
		rc = reader_read(ks->kmem, w->relative_base, word, 8, err);
		if (rc)
			return err_add(err, "kallsyms_relative_base");
		ks->base = get_u64(word);
	}
	return kallsyms_load_tokens(ks, err);
}

/* With the markers if they can be guessed; they are given up if the names do not fit them. */
static int index_names(struct kallsyms *ks, struct kallsyms_walk *walk, struct err *err)
{
	int rc;

	if (ks->where.markers)
		return kallsyms_index_names(ks, walk, err);
	ks->where.markers = kallsyms_guess_markers(ks);
	rc = kallsyms_index_names(ks, walk, err);
	if (rc && ks->where.markers) {
		ks->where.markers = 0;
		rc = kallsyms_index_names(ks, walk, err);
	}
	return rc;
}

int kallsyms_init(struct kallsyms *ks, const struct reader *kmem,
		  const struct kallsyms_where *where, kvaddr_t stext, struct err *err)
{
	struct kallsyms_walk walk = { 0 };
	struct err unused;
	int rc;

	if (!err) /* codes must not get lost */
		err = &unused;
	*ks = (struct kallsyms){ .kmem = kmem, .where = *where };
	rc = read_outline(ks, err);
	if (!rc)
		rc = index_names(ks, &walk, err);
	if (rc)
		return rc;
	if (!walk.nr_stext)
		return err_set(err, ERR_NOTFOUND, "kallsyms: no _stext among its %u symbols",
			       ks->nr_syms);
	return choose_encoding(ks, &walk, stext, err);
}

/* Called for each symbol with its letter and name; nonzero stops the walk. */
typedef int (*visit_fn)(void *ctx, uint32_t i, const char *name, size_t len);

/* Symbols [i, end) of one block; @f: only those that pass it, NULL: all. */
static int walk_block(struct names_window *w, uint32_t i, uint32_t end, const struct names_filter *f,
		      visit_fn visit, void *ctx, bool *stop, struct err *err)
{
	uint64_t off = w->ks->block_off[i / KALLSYMS_BLOCK];
	char name[KALLSYMS_NAME_SIZE];
	struct names_entry e;
	size_t len;
	int rc;

	for (; i < end; i++, off = e.next) {
		rc = kallsyms_entry(w, off, &e, err);
		if (rc)
			return rc;
		if (f && !names_filter_pass(f, w->ks, &e))
			continue;
		len = kallsyms_expand(w->ks, &e, name);
		rc = len > 1 ? visit(ctx, i, name, len) : 0;
		if (rc) {
			*stop = true;
			return rc;
		}
	}
	return 0;
}

/* All blocks, also behind one that cannot be read; the first error is returned. */
static int walk_names(const struct kallsyms *ks, const struct names_filter *f, visit_fn visit, void *ctx,
		      struct err *err)
{
	struct names_window w = { .ks = ks };
	struct err e = { 0 };
	bool stop = false;
	int rc = 0, step;

	for (uint32_t i = 0; i < ks->nr_syms && !stop; i += KALLSYMS_BLOCK) {
		step = walk_block(&w, i, (uint32_t)min_u64(ks->nr_syms, i + KALLSYMS_BLOCK), f,
				  visit, ctx, &stop, &e);
		if (stop)
			return step;
		if (step && !rc) {
			rc = step;
			if (err)
				*err = e;
		}
	}
	return rc;
}

enum { RANK_NONE, RANK_TEXT, RANK_DATA };

struct hit {
	uint32_t index;
	uint8_t rank;
};

struct find {
	struct name_set set;
	struct names_filter filter;
	struct hit *hits;
};

static void find_deinit(struct find *f)
{
	name_set_deinit(&f->set);
	free(f->hits);
}

static int find_visit(void *ctx, uint32_t i, const char *name, size_t len)
{
	uint8_t rank = strchr("TtWw", name[0]) ? RANK_TEXT : RANK_DATA;
	struct find *f = ctx;
	uint32_t n = name_set_find(&f->set, name + 1, len - 1);

	if (n != NAME_NONE && rank > f->hits[n].rank)
		f->hits[n] = (struct hit){ .index = i, .rank = rank };
	return 0;
}

/* Takes the first alternative off *names. Return: its length. */
static size_t next_alternative(const char **names, const char **ret)
{
	size_t len = strcspn(*names, "|");

	*ret = *names;
	*names += len + ((*names)[len] == '|');
	return len;
}

static int find_init(struct find *f, const struct symbol_def *defs, size_t nr, struct err *err)
{
	uint32_t cap = (uint32_t)nr;
	const char *names, *name;
	int rc;

	for (size_t i = 0; i < nr; i++) {
		for (names = defs[i].names; *names; names++)
			cap += *names == '|';
	}
	rc = name_set_init(&f->set, cap, err);
	if (rc)
		return rc;
	f->hits = calloc(cap ? cap : 1, sizeof(*f->hits));
	if (!f->hits)
		return err_nomem(err);
	for (size_t i = 0; i < nr; i++) {
		for (names = defs[i].names; *names;) {
			size_t len = next_alternative(&names, &name);

			name_set_add(&f->set, name, len);
			names_filter_add(&f->filter, name, len);
		}
	}
	return 0;
}

/* The address of the first alternative that was seen. */
static int find_addr(const struct kallsyms *ks, const struct find *f, const struct symbol_def *def,
		     bool *known, kvaddr_t *ret, struct err *err)
{
	const char *names = def->names, *name;
	const struct hit *hit;
	int rc;

	while (*names) {
		size_t len = next_alternative(&names, &name);

		hit = &f->hits[name_set_find(&f->set, name, len)];
		if (hit->rank == RANK_NONE)
			continue;
		rc = read_addr(ks, hit->index, ret, err);
		if (rc)
			return err_add(err, "%s", def->id);
		*known = true;
		return 0;
	}
	return 0;
}

int kallsyms_find(const struct kallsyms *ks, const struct symbol_def *defs, size_t nr,
		  struct symbols *ret, struct err *err)
{
	CLEANUP(find_deinit) struct find f = { 0 };
	struct err e = { 0 };
	int rc, step;

	if (nr > SYMBOL_NR)
		return err_set(err, ERR_INVALID, "%zu symbols are wanted, there is room for %d", nr,
			       SYMBOL_NR);
	memset(ret->known, 0, nr * sizeof(ret->known[0]));
	memset(ret->addr, 0, nr * sizeof(ret->addr[0]));
	rc = find_init(&f, defs, nr, err);
	if (rc)
		return rc;
	rc = walk_names(ks, &f.filter, find_visit, &f, err);
	for (size_t i = 0; i < nr; i++) {
		step = find_addr(ks, &f, &defs[i], &ret->known[i], &ret->addr[i], &e);
		if (step && !rc) {
			rc = step;
			if (err)
				*err = e;
		}
	}
	return rc;
}

/* The last symbol at or below the address, and of those at its address the first. */
static int nearest_symbol(const struct kallsyms *ks, kvaddr_t addr, uint32_t *ret,
			  kvaddr_t *ret_addr, struct err *err)
{
	uint32_t low = 0, high = ks->nr_syms, mid; /* the symbol wanted is in [low - 1, high - 1] */
	kvaddr_t at;
	int rc;

	while (low < high) {
		mid = low + (high - low) / 2;
		rc = read_addr(ks, mid, &at, err);
		if (rc)
			return rc;
		if (at <= addr) {
			*ret_addr = at;
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	if (!low || addr - *ret_addr >= SYMBOL_SIZE_MAX ||
	    (low == ks->nr_syms && addr != *ret_addr))
		return err_set(err, ERR_NOTFOUND, "0x%" PRIx64 " is in no symbol of the kernel",
			       addr);
	*ret = low - 1;
	for (uint32_t n = 0; n < ALIASES_MAX && *ret; n++) {
		rc = read_addr(ks, *ret - 1, &at, err);
		if (rc)
			return rc;
		if (at != *ret_addr)
			break;
		--*ret;
	}
	return 0;
}

struct name_out {
	uint32_t index;
	char *name;
	size_t size, len;
};

static int copy_name(void *ctx, uint32_t i, const char *name, size_t len)
{
	struct name_out *out = ctx;

	if (i != out->index)
		return 0;
	out->len = min_u64(len - 1, out->size - 1);
	memcpy(out->name, name + 1, out->len);
	out->name[out->len] = '\0';
	return 1;
}

int kallsyms_lookup_addr(const struct kallsyms *ks, kvaddr_t addr, char *name, size_t size,
			 uint64_t *off, struct err *err)
{
	struct names_window w = { .ks = ks };
	struct name_out out = { .name = name, .size = size };
	kvaddr_t start = 0;
	bool stop = false;
	int rc;

	if (!size)
		return err_set(err, ERR_INVALID, "no room for a symbol's name");
	rc = nearest_symbol(ks, addr, &out.index, &start, err);
	if (rc)
		return rc;
	rc = walk_block(&w, out.index - out.index % KALLSYMS_BLOCK, out.index + 1, NULL, copy_name, &out,
			&stop, err);
	if (rc && !stop)
		return rc;
	if (!out.len)
		return err_set(err, ERR_CORRUPT, "kallsyms: symbol %u has no name", out.index);
	*off = addr - start;
	return 0;
}

struct each {
	const struct kallsyms *ks;
	kallsyms_fn fn;
	void *ctx;
	uint8_t addrs[KALLSYMS_BLOCK * 8]; /* of one block */
	uint32_t next;			   /* the first symbol behind that block */
	bool have;
	int rc;
	struct err err;
};

static void each_load(struct each *each, uint32_t block)
{
	uint32_t first = block * KALLSYMS_BLOCK, nr;
	struct err e = { 0 };
	int rc;

	nr = (uint32_t)min_u64(KALLSYMS_BLOCK, each->ks->nr_syms - first);
	rc = read_addrs(each->ks, first, nr, each->addrs, &e);
	each->have = !rc;
	each->next = first + nr;
	if (rc && !each->rc) {
		each->rc = rc;
		each->err = e;
	}
}

static int each_visit(void *ctx, uint32_t i, const char *name, size_t len)
{
	struct each *each = ctx;
	const uint8_t *entry;

	(void)len;
	if (i >= each->next)
		each_load(each, i / KALLSYMS_BLOCK);
	if (!each->have)
		return 0;
	entry = each->addrs + i % KALLSYMS_BLOCK * addr_entry_size(each->ks);
	return each->fn(each->ctx, decode_addr(each->ks, i, entry), name[0], name + 1);
}

int kallsyms_for_each(const struct kallsyms *ks, kallsyms_fn fn, void *ctx, struct err *err)
{
	struct each each = { .ks = ks, .fn = fn, .ctx = ctx };
	int rc = walk_names(ks, NULL, each_visit, &each, err);

	if (rc || !each.rc)
		return rc;
	if (err)
		*err = each.err;
	return each.rc;
}
