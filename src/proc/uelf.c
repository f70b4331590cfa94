/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proc/uelf.h"

#include <elf.h>
#include <string.h>

#include "kernel/vma.h"
#include "util/bytes.h"

#define EHDR_SIZE 64u
#define PHDR_SIZE 56u
#define EHDR32_SIZE 52u
#define PHDR32_SIZE 32u
#define DYN_MAX	  512u
/* A note segment longer than this holds no build-id worth reading. */
#define NOTE_SEG_MAX 4096u

static int read_ehdr(struct uelf *e, uint64_t *phoff, struct err *err)
{
	uint8_t h[EHDR_SIZE];
	bool is32 = e->p->is_32bit;
	int rc = proc_read(e->p, e->base, h, is32 ? EHDR32_SIZE : EHDR_SIZE, err);
	const uint8_t *tail = h + (is32 ? 40 : 52); /* e_ehsize */

	if (rc)
		return rc;
	if (memcmp(h, ELFMAG, SELFMAG) || h[EI_CLASS] != (is32 ? ELFCLASS32 : ELFCLASS64) ||
	    h[EI_DATA] != ELFDATA2LSB)
		return err_set(err, ERR_FORMAT, "there is no %d-bit ELF header", is32 ? 32 : 64);
	e->type = get_u16(h + 16);
	*phoff = is32 ? get_u32(h + 28) : get_u64(h + 32);
	e->shoff = is32 ? get_u32(h + 32) : get_u64(h + 40);
	e->nr_phdrs = get_u16(tail + 4);
	e->shnum = get_u16(tail + 8);
	e->phdr_size = is32 ? PHDR32_SIZE : PHDR_SIZE;
	if (get_u16(tail + 2) != e->phdr_size || !e->nr_phdrs || e->nr_phdrs > UELF_PHDRS_MAX)
		return err_set(err, ERR_CORRUPT, "%u program headers of %u bytes", e->nr_phdrs,
			       get_u16(tail + 2));
	return 0;
}

static struct uelf_phdr take_phdr(const struct uelf *e, const uint8_t *b)
{
	if (e->phdr_size == PHDR32_SIZE)
		return (struct uelf_phdr){ get_u32(b),	    get_u32(b + 24), get_u32(b + 4),
					   get_u32(b + 8),  get_u32(b + 16), get_u32(b + 20),
					   get_u32(b + 28) };
	return (struct uelf_phdr){ get_u32(b),	    get_u32(b + 4),  get_u64(b + 8), get_u64(b + 16),
				   get_u64(b + 32), get_u64(b + 40), get_u64(b + 48) };
}

/* From memory where the first segment covers them, else from the file. */
static int read_phdrs(struct uelf *e, uint64_t phoff, struct err *err)
{
	uint8_t raw[UELF_PHDRS_MAX * PHDR_SIZE];
	size_t size = (size_t)e->nr_phdrs * e->phdr_size;
	const struct proc_area *a = proc_find_area(e->p, e->base);
	unsigned int i;
	int rc;

	if (a && phoff < a->end - e->base && size <= a->end - e->base - phoff) {
		e->phdrs_at = e->base + phoff;
		rc = proc_read(e->p, e->phdrs_at, raw, size, err);
	} else {
		rc = proc_read_file(e->p, e->file, phoff, raw, size, err);
	}
	for (i = 0; !rc && i < e->nr_phdrs; i++)
		e->phdrs[i] = take_phdr(e, raw + i * e->phdr_size);
	return rc ? err_add(err, "program headers") : 0;
}

/* The header is at file offset 0, which the first PT_LOAD (its page) maps. */
static int find_extent(struct uelf *e, struct err *err)
{
	uint64_t page = e->p->page_size, lo = UINT64_MAX, hi = 0;
	const struct uelf_phdr *ph;
	bool found = false;

	for (ph = e->phdrs; ph < e->phdrs + e->nr_phdrs; ph++) {
		if (ph->type != PT_LOAD || !ph->memsz)
			continue;
		if (ph->vaddr + ph->memsz < ph->vaddr)
			return err_set(err, ERR_CORRUPT, "a PT_LOAD of 0x%" PRIx64 " bytes", ph->memsz);
		if (!found && ph->off < page) {
			e->bias = e->base - (ph->vaddr - ph->off);
			found = true;
		}
		lo = min_u64(lo, round_down_u64(ph->vaddr, page));
		hi = max_u64(hi, round_up_u64(ph->vaddr + ph->memsz, page));
	}
	if (!found)
		return err_set(err, ERR_CORRUPT, "no PT_LOAD holds the ELF header");
	e->start = lo + e->bias;
	e->end = hi + e->bias;
	if (e->start > e->end)
		return err_set(err, ERR_CORRUPT, "PT_LOADs wrap around");
	return 0;
}

/* ld.so of glibc has relocated these pointers, musl and the vdso have not. */
static uvaddr_t dyn_pointer(const struct uelf *e, uint64_t v)
{
	if (v >= e->start && v < e->end)
		return v;
	v += e->bias;
	return v >= e->start && v < e->end ? v : 0;
}

static void read_dynamic(struct uelf *e)
{
	const struct uelf_phdr *ph = uelf_phdr(e, PT_DYNAMIC);
	unsigned int word = proc_word_size(e->p);
	uint64_t i, n = ph ? min_u64(ph->memsz / (2 * word), DYN_MAX) : 0;

	for (i = 0; i < n; i++) {
		uint8_t d[16];
		uvaddr_t at = ph->vaddr + e->bias + i * 2 * word;
		uint64_t v;

		if (proc_read(e->p, at, d, 2 * word, NULL) || !get_uint(d, word))
			return;
		v = get_uint(d + word, word);
		switch (get_uint(d, word)) {
		case DT_SYMTAB:
			e->symtab = dyn_pointer(e, v);
			break;
		case DT_STRTAB:
			e->strtab = dyn_pointer(e, v);
			break;
		case DT_STRSZ:
			e->strsz = v;
			break;
		case DT_HASH:
			e->hash = dyn_pointer(e, v);
			break;
		case DT_GNU_HASH:
			e->gnu_hash = dyn_pointer(e, v);
			break;
		case DT_DEBUG:
			e->debug_at = at + word;
			e->debug = v;
			break;
		}
	}
}

/* The note of owner "GNU" and type NT_GNU_BUILD_ID, in one PT_NOTE. */
static bool take_build_id(struct uelf *e, const uint8_t *n, size_t size)
{
	size_t at = 0;

	while (size - at >= 12) {
		uint32_t namesz = get_u32(n + at), descsz = get_u32(n + at + 4);
		uint64_t desc = at + 12 + round_up_u64(namesz, 4);

		if (desc > size || descsz > size - desc)
			return false;
		if (get_u32(n + at + 8) == NT_GNU_BUILD_ID && namesz == 4 &&
		    !memcmp(n + at + 12, "GNU", 4) && descsz <= sizeof(e->build_id)) {
			memcpy(e->build_id, n + desc, descsz);
			e->build_id_size = descsz;
			return true;
		}
		at = min_u64(desc + round_up_u64(descsz, 4), size);
	}
	return false;
}

static void read_build_id(struct uelf *e)
{
	const struct uelf_phdr *ph;

	for (ph = e->phdrs; ph < e->phdrs + e->nr_phdrs; ph++) {
		uint8_t notes[NOTE_SEG_MAX];
		size_t size = min_u64(ph->filesz, sizeof(notes));

		if (ph->type == PT_NOTE &&
		    !proc_read(e->p, ph->vaddr + e->bias, notes, size, NULL) &&
		    take_build_id(e, notes, size))
			return;
	}
}

int uelf_open(struct proc *p, uvaddr_t base, struct uelf *ret, struct err *err)
{
	const struct proc_area *a = proc_find_area(p, base);
	struct uelf e = { .p = p, .file = a ? a->file : AREA_NO_FILE, .base = base };
	uint64_t phoff = 0;
	int rc = read_ehdr(&e, &phoff, err);

	if (!rc)
		rc = read_phdrs(&e, phoff, err);
	if (!rc)
		rc = find_extent(&e, err);
	if (rc)
		return err_add(err, "ELF module at 0x%" PRIx64, base);
	read_dynamic(&e);
	read_build_id(&e);
	*ret = e;
	return 0;
}

/* As many as a process may sensibly have; each takes 2 KiB here. */
#define MODULES_MAX 2048u

int uelf_open_all(struct proc *p, struct uelf_vec *ret, struct err *err)
{
	const struct proc_area *a;
	struct uelf e;

	vec_for_each(a, &p->areas) {
		bool candidate = a->kind == AREA_SPECIAL ||
				 (a->kind == AREA_FILE_PRIVATE && !a->pgoff);

		if (!candidate || a->vm_flags & VM_DONTDUMP || ret->n >= MODULES_MAX ||
		    uelf_open(p, a->start, &e, NULL))
			continue;
		if (!uelf_vec_push(ret, e))
			return err_nomem(err);
	}
	return 0;
}

const struct uelf_phdr *uelf_phdr(const struct uelf *e, uint32_t type)
{
	unsigned int i;

	for (i = 0; i < e->nr_phdrs; i++)
		if (e->phdrs[i].type == type)
			return &e->phdrs[i];
	return NULL;
}
