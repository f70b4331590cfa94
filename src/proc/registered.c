/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proc/registered.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/vma.h"
#include "util/bytes.h"

/* As src/register/register.c has them. */
#define NOTE_OWNER "VMSIFT"
#define NOTE_TYPE  0x52455347u
#define NOTE_VERSION 1u

/* struct vmsift_head: magic, version, size of a pointer, first entry. */
#define HEAD_WORDS 8u /* bytes before its pointer */
#define HEAD_MAGIC 0x48535631u

/* struct vmsift_region: magic, flags, scope, reserved; name, addr, len, next, each of a pointer's size. */
#define REGION_WORDS 16u
#define REGION_SIZE  (REGION_WORDS + 4 * 8)
#define REGION_MAGIC 0x52535631u

enum { PTR_INDIRECT = 1 << 0, LEN_INDIRECT = 1 << 1, NEVER = 1 << 2 };

/* Notes of one segment; linkers make three or four. */
#define SEGMENT_NOTES_MAX 256u
/* Written data of one module that is looked through for a head. */
#define SCAN_MAX MIB(64)

/* A name, as far as it can be had: not from memory that is in no core. */
static void read_name(struct proc *p, struct registered_region *r, char name[REGISTERED_NAME_MAX + 1])
{
	size_t n = 0;

	while (r->name_at && n < REGISTERED_NAME_MAX) {
		uvaddr_t at = r->name_at + n;
		const struct proc_area *a = proc_find_area(p, at);
		size_t part = min_u64(REGISTERED_NAME_MAX - n, 32 - at % 32);

		if (!a || a->vm_flags & VM_DONTDUMP || a->kind == AREA_DEVICE ||
		    proc_read(p, at, name + n, part, NULL))
			break;
		if (memchr(name + n, 0, part)) {
			n += strlen(name + n);
			break;
		}
		n += part;
	}
	name[n] = 0;
	r->name_size = n;
}

int registered_add(struct proc *p, struct registered *to, struct registered_region r, struct err *err)
{
	char name[REGISTERED_NAME_MAX + 1] = "";

	read_name(p, &r, name);
	r.size = min_u64(r.size, UINT64_MAX - r.addr);
	r.name = strdup(name);
	if (!r.name || !registered_vec_push(&to->regions, r)) {
		free(r.name);
		return err_nomem(err);
	}
	return 0;
}

/* Where a length is not to be had, what must never be written may reach to the end of its area. */
static void assume_size(struct proc *p, struct registered_region *r)
{
	const struct proc_area *a = proc_find_area(p, r->addr);

	r->size = a ? a->end - r->addr : 0;
}

/* One of the four at the end of an entry. */
static uint64_t region_word(const struct proc *p, const uint8_t b[REGION_SIZE], unsigned int i)
{
	unsigned int word = proc_word_size(p);

	return get_uint(b + REGION_WORDS + i * word, word);
}

static int take_region(struct proc *p, uvaddr_t at, const uint8_t b[REGION_SIZE],
		       struct registered *to, struct err *err)
{
	uint32_t flags = get_u32(b + 4);
	struct registered_region r = { .entry = at, .source = REGISTERED_VMSIFT,
				       .scope = get_u32(b + 8), .name_at = region_word(p, b, 0),
				       .addr = region_word(p, b, 1), .size = region_word(p, b, 2),
				       .never = flags & NEVER };
	bool lost_addr = flags & PTR_INDIRECT && proc_read_word(p, r.addr, &r.addr, NULL);
	bool lost_size = flags & LEN_INDIRECT && proc_read_word(p, r.size, &r.size, NULL);

	if (r.never && lost_addr) {
		err_set(&to->fault, ERR_ABSENT, "the pointer of entry 0x%" PRIx64 " is not in memory", at);
		to->never_lost = true;
	}
	if (r.never && lost_size && !lost_addr) {
		assume_size(p, &r);
	} else if (lost_addr || lost_size || !r.addr) {
		r.unknown = lost_addr || lost_size;
		r.addr = r.size = 0;
	}
	return registered_add(p, to, r, err);
}

/* Return: 0; ERR_NOMEM; ERR_CORRUPT, ERR_ABSENT if the list could not be followed to its end. */
static int walk_list(struct proc *p, uvaddr_t at, struct registered *to, struct err *err)
{
	uvaddr_t mark = 0;
	size_t n, next_mark = 1;

	/* Brent: the mark moves to the 1st, 2nd, 4th, 8th entry. */
	for (n = 1; at; n++) {
		uint8_t b[REGION_SIZE] = { 0 };
		int rc = proc_read(p, at, b, REGION_WORDS + 4 * proc_word_size(p), err);

		if (!rc && get_u32(b) != REGION_MAGIC)
			rc = err_set(err, ERR_CORRUPT, "its magic is 0x%x", get_u32(b));
		if (!rc && at == mark)
			rc = err_set(err, ERR_CORRUPT, "the list loops");
		if (!rc && to->regions.n >= REGISTERED_MAX)
			rc = err_set(err, ERR_CORRUPT, "more than %u entries", REGISTERED_MAX);
		if (rc)
			return err_add(err, "entry 0x%" PRIx64, at);
		if (n == next_mark) {
			mark = at;
			next_mark *= 2;
		}
		rc = take_region(p, at, b, to, err);
		if (rc)
			return rc;
		at = region_word(p, b, 3);
	}
	return 0;
}

static bool is_head(const struct proc *p, const uint8_t *b)
{
	return get_u32(b) == HEAD_MAGIC && get_u16(b + 4) == 1 && get_u16(b + 6) == proc_word_size(p);
}

static int walk_head(struct proc *p, uvaddr_t head, struct registered *to, struct err *err)
{
	struct err fault = { 0 };
	unsigned int word = proc_word_size(p);
	uint8_t b[HEAD_WORDS + 8] = { 0 };
	int rc = proc_read(p, head, b, HEAD_WORDS + word, &fault);

	if (!rc && !is_head(p, b))
		rc = err_set(&fault, ERR_CORRUPT, "begins with 0x%x, version %u, pointers of %u bytes",
			     get_u32(b), get_u16(b + 4), get_u16(b + 6));
	if (!rc)
		rc = walk_list(p, get_uint(b + HEAD_WORDS, word), to, &fault);
	if (rc == ERR_NOMEM)
		return err_nomem(err);
	if (rc) {
		err_add(&fault, "registered data at 0x%" PRIx64, head);
		to->fault = fault;
		to->never_lost = true;
	}
	return 0;
}

/* One note. Return: whether it is ours, with the address of the list's head. */
static bool is_our_note(struct proc *p, const uint8_t h[20], uvaddr_t desc, uvaddr_t *head)
{
	uint8_t d[8];

	if (get_u32(h) != sizeof(NOTE_OWNER) || get_u32(h + 4) < sizeof(d) ||
	    get_u32(h + 8) != NOTE_TYPE || memcmp(h + 12, NOTE_OWNER, sizeof(NOTE_OWNER)) ||
	    proc_read(p, desc, d, sizeof(d), NULL) || get_u32(d) != NOTE_VERSION)
		return false;
	*head = desc + 4 + (uint64_t)(int64_t)(int32_t)get_u32(d + 4);
	return true;
}

/* The lists that one PT_NOTE leads to. Return: 0; ERR_NOMEM; ERR_ABSENT if it cannot be read. */
static int walk_notes(struct proc *p, uvaddr_t at, uint64_t size, uint64_t align,
		      struct registered *to, struct err *err)
{
	unsigned int n;

	for (n = 0; n < SEGMENT_NOTES_MAX && size >= 12; n++) {
		uint8_t h[20] = { 0 };
		uint64_t used, desc;
		uvaddr_t head;
		int rc = proc_read(p, at, h, min_u64(size, sizeof(h)), err);

		if (rc)
			return ERR_ABSENT;
		desc = round_up_u64(12 + (uint64_t)get_u32(h), align);
		used = desc + round_up_u64(get_u32(h + 4), align);
		if (is_our_note(p, h, at + desc, &head)) {
			rc = walk_head(p, head, to, err);
			if (rc)
				return rc;
		}
		if (used >= size)
			break;
		at += used;
		size -= used;
	}
	return 0;
}

static int walk_module(struct uelf *e, struct registered *to, bool *complete, struct err *err)
{
	const struct uelf_phdr *ph;

	*complete = true;
	for (ph = e->phdrs; ph < e->phdrs + e->nr_phdrs; ph++) {
		int rc;

		if (ph->type != PT_NOTE)
			continue;
		rc = walk_notes(e->p, ph->vaddr + e->bias, ph->filesz, ph->align == 8 ? 8 : 4, to, NULL);
		if (rc == ERR_NOMEM)
			return err_nomem(err);
		*complete = *complete && !rc;
	}
	return 0;
}

/* Heads in what a module has written, where its notes are not in memory. */
static int scan_area(struct proc *p, const struct proc_area *a, struct registered *to, struct err *err)
{
	uvaddr_t at, end = a->start + min_u64(a->end - a->start, SCAN_MAX);
	uint8_t b[4096];
	size_t i;
	int rc = 0;

	for (at = a->start; at < end && !rc; at += sizeof(b)) {
		if (proc_read(p, at, b, sizeof(b), NULL))
			continue;
		for (i = 0; i + HEAD_WORDS <= sizeof(b) && !rc; i += proc_word_size(p))
			if (is_head(p, b + i))
				rc = walk_head(p, at + i, to, err);
	}
	return rc;
}

/* Whether a file is a module, or its header is not in memory so that it may be. */
static bool may_be_module(struct proc *p, uint32_t file)
{
	struct err why = { 0 }; /* without one err_add() does not know the code */
	const struct proc_area *a;
	struct uelf e;

	vec_for_each(a, &p->areas)
		if (a->file == file && a->kind == AREA_FILE_PRIVATE && !a->pgoff)
			return uelf_open(p, a->start, &e, &why) != ERR_FORMAT;
	return false;
}

static int scan_others(struct proc *p, const bool *seen, struct registered *to, struct err *err)
{
	const struct proc_area *a;
	int rc = 0;

	vec_for_each(a, &p->areas)
		if (!rc && a->kind == AREA_FILE_PRIVATE && a->has_anon && a->vm_flags & VM_WRITE &&
		    !(a->vm_flags & VM_DONTDUMP) && a->file < p->files.n && !seen[a->file] &&
		    may_be_module(p, a->file))
			rc = scan_area(p, a, to, err);
	return rc;
}

int registered_find(struct proc *p, struct uelf_vec *modules, struct registered *ret, struct err *err)
{
	bool *seen = calloc(p->files.n + 1, sizeof(*seen)), complete;
	struct uelf *e;
	int rc = seen ? 0 : err_nomem(err);

	vec_for_each(e, modules) {
		if (rc)
			break;
		rc = walk_module(e, ret, &complete, err);
		if (complete && e->file < p->files.n)
			seen[e->file] = true;
	}
	if (!rc)
		rc = scan_others(p, seen, ret, err);
	if (!rc)
		rc = registered_find_mcd(p, modules, ret, err);
	free(seen);
	if (rc)
		registered_free(ret);
	return rc;
}

void registered_free(struct registered *r)
{
	struct registered_region *i;

	vec_for_each(i, &r->regions)
		free(i->name);
	registered_vec_free(&r->regions);
}
