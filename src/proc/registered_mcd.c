/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of libminicoredumper, version 2 (its dump_data_private.h), for 64-bit pointers. An entry is
 * linked by one store when it is whole; the list has no regions that must be left out.
 */
#include <string.h>

#include "proc/registered.h"
#include "util/bytes.h"

#define MCD_VERSION 2u

/* struct mcd_dump_data: type, ident, dump_scope, es, es_n, fmt, next. */
#define DATA_SIZE 56u
/* struct dump_data_elem: data_ptr, flags, length or its address, fmt_type. */
#define ELEM_SIZE 32u

enum { MCD_BIN = 0, MCD_TEXT = 1 };
enum { MCD_PTR_INDIRECT = 1 << 1, MCD_LEN_INDIRECT = 1 << 3, MCD_NODUMP = 1 << 4 };

static int read_elem(struct proc *p, uvaddr_t at, struct registered_elem *ret, uint64_t *flags,
		     struct err *err)
{
	uint8_t b[ELEM_SIZE];
	int rc = proc_read(p, at, b, sizeof(b), err);

	if (rc)
		return rc;
	*flags = get_u64(b + 8);
	*ret = (struct registered_elem){ get_u64(b), get_u64(b + 16), (int32_t)get_u32(b + 24) };
	return 0;
}

int registered_elem(struct proc *p, const struct registered_region *r, uint32_t i,
		    struct registered_elem *ret, struct err *err)
{
	uint64_t flags;

	if (i >= r->nr_elems)
		return err_set(err, ERR_NOTFOUND, "a text of %u values", r->nr_elems);
	return read_elem(p, r->elems + (uint64_t)i * ELEM_SIZE, ret, &flags, err);
}

static int take_bin(struct proc *p, struct registered_region r, uvaddr_t elems, struct registered *to,
		    struct err *err)
{
	struct registered_elem e = { 0 };
	uint64_t flags = 0;

	r.source = REGISTERED_MCD;
	r.unknown = read_elem(p, elems, &e, &flags, NULL) ||
		    (flags & MCD_PTR_INDIRECT && proc_read_word(p, e.addr, &e.addr, NULL)) ||
		    (flags & MCD_LEN_INDIRECT && proc_read_word(p, e.size, &e.size, NULL));
	/* Only a place into which something is put back later. */
	if (flags & MCD_NODUMP)
		return 0;
	if (!r.unknown && e.addr) {
		r.addr = e.addr;
		r.size = e.size;
	}
	return registered_add(p, to, r, err);
}

static int take_entry(struct proc *p, uvaddr_t at, const uint8_t b[DATA_SIZE], struct registered *to,
		      struct err *err)
{
	struct registered_region r = { .entry = at, .name_at = get_u64(b + 8),
				       .scope = get_u64(b + 16) };
	uint32_t nr = get_u32(b + 32);

	if (get_u32(b) == MCD_BIN)
		return nr ? take_bin(p, r, get_u64(b + 24), to, err) : 0;
	if (get_u32(b) != MCD_TEXT)
		return err_set(err, ERR_CORRUPT, "its type is %u", get_u32(b));
	r.source = REGISTERED_MCD_TEXT;
	r.elems = get_u64(b + 24);
	r.nr_elems = nr < REGISTERED_ELEMS_MAX ? nr : REGISTERED_ELEMS_MAX;
	r.fmt = get_u64(b + 40);
	return registered_add(p, to, r, err);
}

static int walk_list(struct proc *p, uvaddr_t at, struct registered *to, struct err *err)
{
	uvaddr_t mark = 0;
	size_t n, next_mark = 1;

	for (n = 1; at; n++) {
		uint8_t b[DATA_SIZE];
		int rc = proc_read(p, at, b, sizeof(b), err);

		if (!rc && at == mark)
			rc = err_set(err, ERR_CORRUPT, "the list loops");
		/* Not every entry becomes a region. */
		if (!rc && (n > REGISTERED_MAX || to->regions.n >= REGISTERED_MAX))
			rc = err_set(err, ERR_CORRUPT, "more than %u entries", REGISTERED_MAX);
		if (!rc) {
			if (n == next_mark) {
				mark = at;
				next_mark *= 2;
			}
			rc = take_entry(p, at, b, to, err);
		}
		if (rc)
			return rc == ERR_NOMEM ? rc : err_add(err, "entry 0x%" PRIx64, at);
		at = get_u64(b + 48);
	}
	return 0;
}

int registered_find_mcd(struct proc *p, struct uelf_vec *modules, struct registered *ret,
			struct err *err)
{
	struct uelf *e;

	vec_for_each(e, modules) {
		struct uelf_symbol head, version;
		struct err fault = { 0 };
		uint8_t v[4];
		uint64_t first;
		int rc;

		if (uelf_find_symbol(e, "mcd_dump_data_head", &head, NULL) ||
		    uelf_find_symbol(e, "mcd_dump_data_version", &version, NULL))
			continue;
		rc = p->is_32bit ? err_set(&fault, ERR_UNSUPPORTED, "its 32-bit lists are not read") :
				   proc_read(p, version.addr, v, sizeof(v), &fault);
		if (!rc && get_u32(v) != MCD_VERSION)
			rc = err_set(&fault, ERR_UNSUPPORTED, "its version is %u, not %u", get_u32(v),
				     MCD_VERSION);
		if (!rc)
			rc = proc_read_word(p, head.addr, &first, &fault);
		if (!rc)
			rc = walk_list(p, first, ret, &fault);
		if (rc == ERR_NOMEM)
			return err_nomem(err);
		if (rc && !ret->fault.rc) {
			err_add(&fault, "data registered by libminicoredumper");
			ret->fault = fault;
		}
	}
	return 0;
}
