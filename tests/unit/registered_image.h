/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process made by hand whose executable has the note of vmsift's list and the symbols of libminicoredumper's. */
#ifndef REGISTERED_IMAGE_H
#define REGISTERED_IMAGE_H

#include <elf.h>

#include "fake_proc.h"
#include "util/bytes.h"

#define EXE   0x400000ull
#define DATA  0x401000ull
#define HEAP  0x600000ull
#define STACK 0x7fe000ull
#define RW    (VM_READ | VM_WRITE)

/* In DATA. */
#define HEAD	    0x10
#define MCD_HEAD    0x40
#define MCD_VERSION 0x48
#define DYNAMIC	    0x800

struct image {
	struct fake_proc *f;
	uint8_t *exe, *data, *heap, *stack;
};

static inline void image_phdr(uint8_t *p, uint32_t type, uint64_t off, uint64_t vaddr, uint64_t size)
{
	put_u32(p, type);
	put_u32(p + 4, PF_R | (vaddr >= DATA ? PF_W : 0));
	put_u64(p + 8, off);
	put_u64(p + 16, vaddr);
	put_u64(p + 32, size);
	put_u64(p + 40, size);
	put_u64(p + 48, 4);
}

static inline void image_dyn(uint8_t *d, uint64_t tag, uint64_t v)
{
	put_u64(d, tag);
	put_u64(d + 8, v);
}

static inline void image_sym(uint8_t *s, uint32_t name, uint64_t value)
{
	put_u32(s, name);
	s[4] = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
	put_u16(s + 6, 1);
	put_u64(s + 8, value);
	put_u64(s + 16, 8);
}

/* One bucket with both symbols. */
static inline void image_symbols(struct image *im)
{
	uint8_t *e = im->exe, *d = im->data + DYNAMIC;

	memcpy(e + 0x601, "mcd_dump_data_head", 19);
	memcpy(e + 0x641, "mcd_dump_data_version", 22);
	image_sym(e + 0x400 + 24, 1, DATA + MCD_HEAD);
	image_sym(e + 0x400 + 48, 0x41, DATA + MCD_VERSION);
	put_u32(e + 0x700, 1);
	put_u32(e + 0x704, 3);
	put_u32(e + 0x708, 1);
	put_u32(e + 0x70c + 4, 2);
	image_dyn(d, DT_SYMTAB, EXE + 0x400);
	image_dyn(d + 16, DT_STRTAB, EXE + 0x600);
	image_dyn(d + 32, DT_STRSZ, 0x80);
	image_dyn(d + 48, DT_HASH, EXE + 0x700);
}

static inline void image_note(uint8_t *n, int32_t to_head)
{
	put_u32(n, 7);
	put_u32(n + 4, 8);
	put_u32(n + 8, 0x52455347);
	memcpy(n + 12, "VMSIFT", 7);
	put_u32(n + 20, 1);
	put_u32(n + 24, (uint32_t)to_head);
}

/* @exe_pages, @heap_pages: states of their pages, see fake_proc.h. */
static inline struct image image_make(const char *exe_pages, const char *heap_pages)
{
	struct image im = { .f = fake_create() };
	uint32_t exe = fake_add_file(im.f, "/bin/fake");
	uint8_t *e;

	e = im.exe = fake_add_area(im.f, EXE, 1, VM_READ | VM_EXEC, AREA_FILE_PRIVATE, exe, 0, exe_pages);
	im.data = fake_add_area(im.f, DATA, 1, RW, AREA_FILE_PRIVATE, exe, 1, "o");
	im.heap = fake_add_area(im.f, HEAP, 4, RW, AREA_ANON, AREA_NO_FILE, 0, heap_pages);
	im.stack = fake_add_area(im.f, STACK, 2, RW, AREA_ANON, AREA_NO_FILE, 0, "oo");
	fake_add_thread(im.f, STACK + 0x1f00, 0);
	memcpy(e, ELFMAG, SELFMAG);
	e[EI_CLASS] = ELFCLASS64;
	e[EI_DATA] = ELFDATA2LSB;
	put_u16(e + 16, ET_EXEC);
	put_u64(e + 32, 64);
	put_u16(e + 54, 56);
	put_u16(e + 56, 4);
	image_phdr(e + 64, PT_LOAD, 0, EXE, 0x1000);
	image_phdr(e + 120, PT_LOAD, 0x1000, DATA, 0x1000);
	image_phdr(e + 176, PT_NOTE, 0x200, EXE + 0x200, 28);
	image_phdr(e + 232, PT_DYNAMIC, 0x1000 + DYNAMIC, DATA + DYNAMIC, 80);
	image_note(e + 0x200, (int32_t)(DATA + HEAD - (EXE + 0x200 + 24)));
	put_u32(im.data + HEAD, 0x48535631);
	put_u16(im.data + HEAD + 4, 1);
	put_u16(im.data + HEAD + 6, 8);
	put_u32(im.data + MCD_VERSION, 2);
	image_symbols(&im);
	return im;
}

/* An entry at HEAP + @at, not linked. */
static inline void image_entry(struct image *im, uint64_t at, uint32_t flags, uint32_t scope,
			       uint64_t name, uint64_t addr, uint64_t len, uint64_t next)
{
	uint8_t *b = im->heap + at;

	put_u32(b, 0x52535631);
	put_u32(b + 4, flags);
	put_u32(b + 8, scope);
	put_u64(b + 16, name);
	put_u64(b + 24, addr);
	put_u64(b + 32, len);
	put_u64(b + 40, next);
}

static inline void image_first(struct image *im, uint64_t first)
{
	put_u64(im->data + HEAD + 8, first);
}

static inline uint64_t image_text(struct image *im, uint64_t at, const char *s)
{
	memcpy(im->heap + at, s, strlen(s) + 1);
	return HEAP + at;
}

/* struct mcd_dump_data at HEAP + @at. */
static inline void image_mcd(struct image *im, uint64_t at, uint32_t type, uint64_t ident,
			     uint64_t scope, uint64_t elems, uint32_t nr, uint64_t fmt, uint64_t next)
{
	uint8_t *b = im->heap + at;

	put_u32(b, type);
	put_u64(b + 8, ident);
	put_u64(b + 16, scope);
	put_u64(b + 24, elems);
	put_u32(b + 32, nr);
	put_u64(b + 40, fmt);
	put_u64(b + 48, next);
}

static inline void image_elem(struct image *im, uint64_t at, uint64_t ptr, uint64_t flags, uint64_t len,
			      uint32_t type)
{
	uint8_t *b = im->heap + at;

	put_u64(b, ptr);
	put_u64(b + 8, flags);
	put_u64(b + 16, len);
	put_u32(b + 24, type);
}

#endif
