/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proc/linkmap.h"

#include <elf.h>
#include <string.h>

#include "util/bytes.h"

#define NAME_MAX_SIZE 4096u

/* Length of a string with its NUL; 0 if it cannot be read or does not end. */
static uint32_t string_size(struct proc *p, uvaddr_t at)
{
	uint32_t size = 0;

	while (size < NAME_MAX_SIZE) {
		char buf[64];
		/* Not across a page: the next one may not be there. */
		size_t n = min_u64(sizeof(buf), p->page_size - at % p->page_size);
		const char *nul;

		if (proc_read(p, at, buf, n, NULL))
			return 0;
		nul = memchr(buf, 0, n);
		if (nul)
			return size + (uint32_t)(nul - buf) + 1;
		size += (uint32_t)n;
		at += n;
	}
	return 0;
}

/* The list of one namespace. */
static int walk_maps(struct proc *p, uvaddr_t at, struct linkmap *lm, struct err *err)
{
	unsigned int word = proc_word_size(p);
	uvaddr_t prev = 0;

	while (at) {
		struct linkmap_entry e = { .at = at };
		uint8_t b[LINK_MAP_SIZE];
		int rc = proc_read(p, at, b, LINK_MAP_WORDS * word, err);

		if (!rc && get_uint(b + 4 * word, word) != prev)
			rc = err_set(err, ERR_CORRUPT, "l_prev is 0x%" PRIx64 " instead of 0x%" PRIx64,
				     get_uint(b + 4 * word, word), prev);
		/* Every module has an area of its own, so that a loop ends. */
		if (!rc && lm->maps.n > p->areas.n + 16)
			rc = err_set(err, ERR_CORRUPT, "more modules than areas");
		if (rc)
			return err_add(err, "link_map 0x%" PRIx64, at);
		e.addr = get_uint(b, word);
		e.name = get_uint(b + word, word);
		e.ld = get_uint(b + 2 * word, word);
		e.name_size = string_size(p, e.name);
		if (!linkmap_vec_push(&lm->maps, e))
			return err_nomem(err);
		prev = at;
		at = get_uint(b + 3 * word, word);
	}
	return 0;
}

static int walk_r_debug(struct proc *p, uvaddr_t at, struct linkmap *lm, struct err *err)
{
	unsigned int word = proc_word_size(p);

	while (at && lm->nr_r_debug < ARRAY_SIZE(lm->r_debug)) {
		uint8_t b[R_DEBUG_SIZE] = { 0 };
		uint32_t version, size = (R_DEBUG_WORDS - 1) * word;
		int rc = proc_read(p, at, b, size, err);

		version = get_u32(b);
		if (!rc && version >= 2) {
			size = R_DEBUG_WORDS * word;
			rc = proc_read(p, at, b, size, err);
		}
		if (rc)
			return err_add(err, "r_debug 0x%" PRIx64, at);
		lm->r_debug[lm->nr_r_debug].at = at;
		lm->r_debug[lm->nr_r_debug++].size = size;
		rc = walk_maps(p, get_uint(b + word, word), lm, err);
		if (rc)
			return rc;
		at = version >= 2 ? get_uint(b + 5 * word, word) : 0;
	}
	return 0;
}

/* By AT_PHDR; where there is no auxv by the area that maps the start of the executable. */
static int find_exe(struct proc *p, struct linkmap *lm, struct err *err)
{
	const struct proc_area *a = NULL, *i;
	uint64_t phdr, phnum;
	int rc;

	if (proc_auxv(p, AT_PHDR, &phdr)) {
		lm->phdrs = phdr;
		if (proc_auxv(p, AT_PHNUM, &phnum) && phnum <= UELF_PHDRS_MAX)
			lm->phdrs_size = phnum * (p->is_32bit ? 32 : 56);
		a = proc_find_area(p, phdr);
		/* The headers may be in another area than the start of the file. */
		if (a && a->pgoff && a->file != AREA_NO_FILE)
			while (a > p->areas.v && a[-1].file == a->file && a->pgoff)
				a--;
	}
	if (!a)
		vec_for_each(i, &p->areas)
			if (i->file != AREA_NO_FILE && !i->pgoff &&
			    !strcmp(p->files.v[i->file].path, p->exe)) {
				a = i;
				break;
			}
	if (!a)
		return err_set(err, ERR_NOTFOUND, "the executable is not mapped");
	rc = uelf_open(p, a->start, &lm->exe, err);
	lm->has_exe = !rc;
	if (!rc && !lm->phdrs) {
		lm->phdrs = lm->exe.phdrs_at;
		lm->phdrs_size = lm->exe.nr_phdrs * lm->exe.phdr_size;
	}
	return rc;
}

int linkmap_read(struct proc *p, struct linkmap *ret, struct err *err)
{
	const struct uelf_phdr *dyn;
	struct err *fault = &ret->fault;
	int rc;

	memset(ret, 0, sizeof(*ret));
	rc = find_exe(p, ret, fault);
	if (!rc) {
		dyn = uelf_phdr(&ret->exe, PT_DYNAMIC);
		if (dyn) {
			ret->dynamic = dyn->vaddr + ret->exe.bias;
			ret->dynamic_size = min_u64(dyn->memsz, 8192);
		}
		rc = walk_r_debug(p, ret->exe.debug, ret, fault);
	}
	fault->rc = rc;
	if (rc == ERR_NOMEM) {
		linkmap_free(ret);
		return err_nomem(err);
	}
	return 0;
}

void linkmap_free(struct linkmap *lm)
{
	linkmap_vec_free(&lm->maps);
}
