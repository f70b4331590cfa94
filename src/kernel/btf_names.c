/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names that are wanted, and their places in the string sections. Only whole strings are looked
 * for: neither libbpf nor gcc lets one string be the tail of another.
 */
#include "kernel/btf_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define HOLE_STEP KIB(4) /* given up for a byte that cannot be read */

bool btf_step_next(const char **path, struct btf_step *ret)
{
	const char *s = *path;

	*ret = (struct btf_step){ .s = s };
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	ret->len = (uint32_t)(s - *path);
	if (*s == '[') {
		ret->indexed = true;
		for (s++; isdigit((unsigned char)*s); s++) {
			if (ret->index > 99999)
				return false;
			ret->index = ret->index * 10 + (uint32_t)(*s - '0');
		}
		if (*s++ != ']')
			return false;
	}
	ret->last = *s == '|' || !*s;
	if (!ret->len || ret->len >= BTF_NAME_SIZE || (!ret->last && *s != '.'))
		return false;
	*path = ret->last ? s : s + 1;
	return true;
}

static int want(struct btf *b, const char *s, size_t len, uint8_t what)
{
	uint32_t name = len && len < BTF_NAME_SIZE ? name_set_add(&b->set, s, len) : NAME_NONE;

	if (name == NAME_NONE)
		return -1;
	b->names[name].want |= what;
	return 0;
}

static int want_names(struct btf *b, const struct layout_def *def)
{
	uint8_t what = def->kind == LAYOUT_ENUM ? WANT_ENUM : WANT_MEMBER;
	const char *path = def->names;
	struct btf_step step;

	if (def->type && want(b, def->type, strlen(def->type), WANT_TYPE))
		return -1;
	if (!path)
		return 0;
	do {
		if (!btf_step_next(&path, &step) || want(b, step.s, step.len, what))
			return -1;
		if (step.last && *path == '|') {
			path++;
			step.last = false;
		}
	} while (!step.last);
	return 0;
}

/* No more names than this are in the defs. */
static size_t count_names(const struct btf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->nr_defs; i++) {
		n += 2;
		for (const char *s = b->defs[i].names; s && *s; s++)
			n += *s == '.' || *s == '|';
	}
	return n;
}

int btf_names_init(struct btf *b, struct err *err)
{
	uint32_t cap = (uint32_t)count_names(b);
	int rc;

	rc = name_set_init(&b->set, cap, err);
	if (rc)
		return rc;
	b->names = calloc(cap ? cap : 1, sizeof(*b->names));
	if (!b->names)
		return err_nomem(err);
	for (size_t i = 0; i < b->nr_defs; i++) {
		if (want_names(b, &b->defs[i]))
			return err_set(err, ERR_INVALID,
				       "layout entry %s: \"%s\" is not well formed", b->defs[i].id,
				       b->defs[i].names ? b->defs[i].names : "");
	}
	b->places_mask = 15;
	while (b->places_mask < b->set.n * 8)
		b->places_mask = b->places_mask * 2 + 1;
	b->places = calloc((size_t)b->places_mask + 1, sizeof(*b->places));
	return b->places ? 0 : err_nomem(err);
}

void btf_names_deinit(struct btf *b)
{
	name_set_deinit(&b->set);
	free(b->names);
	free(b->places);
	b->names = NULL;
	b->places = NULL;
}

static struct btf_place *place_slot(const struct btf *b, uint32_t off)
{
	uint32_t at = off * 2654435761u >> 7 & b->places_mask;

	while (b->places[at].name && b->places[at].off != off)
		at = (at + 1) & b->places_mask;
	return &b->places[at];
}

uint32_t btf_name_at(const struct btf *b, uint32_t string_off)
{
	return place_slot(b, string_off)->name - 1;
}

/* A string of the section ends; it is compared with the wanted ones. */
static void note_string(struct btf *b, uint32_t off, const char *s, uint32_t len, uint32_t hash)
{
	uint32_t name = name_set_find_hashed(&b->set, s, len, hash);
	struct btf_name *n;

	if (name == NAME_NONE)
		return;
	n = &b->names[name];
	if (n->nr_places >= BTF_PLACES)
		return;
	n->nr_places++;
	*place_slot(b, off) = (struct btf_place){ .off = off, .name = name + 1 };
}

struct string_scan {
	char s[BTF_NAME_SIZE]; /* the string so far */
	uint32_t len;	       /* BTF_NAME_SIZE: longer than any that is wanted */
	uint32_t hash;
	uint32_t start; /* its string offset */
	bool torn;	/* its beginning could not be read */
};

static void scan_bytes(struct btf *b, struct string_scan *scan, const uint8_t *bytes, size_t size,
		       uint32_t off)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i]) {
			if (scan->len < BTF_NAME_SIZE) {
				scan->s[scan->len++] = (char)bytes[i];
				scan->hash = name_hash_step(scan->hash, bytes[i]);
			}
			continue;
		}
		if (!scan->torn && scan->len && scan->len < BTF_NAME_SIZE)
			note_string(b, scan->start, scan->s, scan->len, scan->hash);
		scan->len = 0;
		scan->hash = NAME_HASH_INIT;
		scan->start = off + (uint32_t)i + 1;
		scan->torn = false;
	}
}

/**
 * btf_names_locate() - find the wanted names in the strings of a part
 *
 * Bytes that cannot be read are stepped over; the first error is returned after the rest was done.
 */
int btf_names_locate(struct btf *b, struct btf_part *p, struct err *err)
{
	struct string_scan scan = { .hash = NAME_HASH_INIT, .start = p->first_str };
	uint32_t off = 0, size;
	const uint8_t *bytes;
	struct err e = { 0 };
	int rc = 0, step;

	p->window_want = BTF_WINDOW;
	while (off < p->strings_size) {
		size = (uint32_t)min_u64(p->strings_size - off, BTF_WINDOW);
		step = btf_bytes(p, p->strings + off, size, &bytes, &e);
		if (step) {
			size = (uint32_t)min_u64(size, HOLE_STEP);
			step = btf_bytes(p, p->strings + off, size, &bytes, &e);
		}
		if (step)
			scan.torn = true;
		else
			scan_bytes(b, &scan, bytes, size, p->first_str + off);
		rc = btf_first_error(rc, err, step, &e);
		off += size;
	}
	if (rc)
		err_add(err, "BTF strings");
	return rc;
}
