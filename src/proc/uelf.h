/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF modules of a process as its memory shows them: program headers, dynamic section, symbols. What it
 * has not touched comes from the page cache. Everything in them is untrusted.
 */
#ifndef VMSIFT_PROC_UELF_H
#define VMSIFT_PROC_UELF_H

#include "proc/proc.h"

/* Linkers make about a dozen. */
#define UELF_PHDRS_MAX 32u
#define UELF_BUILD_ID_MAX 64u

struct uelf_phdr {
	uint32_t type, flags;
	uint64_t off, vaddr, filesz, memsz, align;
};

struct uelf {
	struct proc *p;
	uint32_t file;	      /* index in p->files, AREA_NO_FILE for the vdso */
	uvaddr_t base;	      /* of the ELF header */
	uint64_t bias;	      /* run-time address less p_vaddr, modulo 2^64 */
	uvaddr_t start, end;  /* of all PT_LOADs, page by page */
	uint16_t type;	      /* ET_EXEC, ET_DYN */
	uint64_t shoff;	      /* of the section headers in the file; 0: none */
	uint16_t shnum;
	uvaddr_t phdrs_at;
	unsigned int nr_phdrs, phdr_size;
	struct uelf_phdr phdrs[UELF_PHDRS_MAX];
	/* Of the dynamic section; 0 where it says nothing. */
	uvaddr_t symtab, strtab, hash, gnu_hash;
	uint64_t strsz;
	uvaddr_t debug_at;    /* where the value of DT_DEBUG stands */
	uint64_t debug;	      /* its value: struct r_debug */
	size_t build_id_size; /* 0: none, or not in memory */
	uint8_t build_id[UELF_BUILD_ID_MAX];
};

/**
 * uelf_open() - look at the module whose ELF header is at an address
 * @base: start of an area
 * @ret:  untouched on failure; needs no freeing
 *
 * Return: 0; ERR_FORMAT if no little-endian ELF header of the process's class is there; ERR_CORRUPT;
 * ERR_ABSENT.
 */
int uelf_open(struct proc *p, uvaddr_t base, struct uelf *ret, struct err *err);

DEFINE_VEC(uelf_vec, struct uelf);

/**
 * uelf_open_all() - every module that is mapped: the areas that map the start of an ELF file, and the vdso
 * @ret: by address; what cannot be read is left out
 *
 * Return: 0 or ERR_NOMEM.
 */
int uelf_open_all(struct proc *p, struct uelf_vec *ret, struct err *err);

/* The first program header of a type, or NULL. */
const struct uelf_phdr *uelf_phdr(const struct uelf *e, uint32_t type);

/* A symbol that is defined in the module. */
struct uelf_symbol {
	uvaddr_t addr;	/* of STT_TLS symbols the offset in the module's TLS block */
	uint64_t size;
	uint8_t type;	/* STT_... */
	bool is_local;
};

/* Names are at most this long, C++ ones included. */
#define UELF_NAME_MAX 1024u

/**
 * uelf_find_symbol() - look a name up in .dynsym
 *
 * Return: 0; ERR_NOTFOUND; ERR_ABSENT if a table is not in memory; ERR_CORRUPT.
 */
int uelf_find_symbol(struct uelf *e, const char *name, struct uelf_symbol *ret, struct err *err);

DEFINE_VEC(uelf_symbol_vec, struct uelf_symbol);

/* Symbols of one name that are looked at: static variables in many source files. */
#define UELF_SAME_NAME_MAX 64u

/**
 * uelf_find_all_symbols() - look a name up in .dynsym and in .symtab of the file's cached pages
 * @ret: what was found is added; local symbols may be many of one name
 *
 * Return: 0 if both tables were read, or the file has no .symtab, whether or not there was any;
 * ERR_ABSENT if one of them is not in memory, so that there may be more; ERR_CORRUPT; ERR_NOMEM.
 */
int uelf_find_all_symbols(struct uelf *e, const char *name, struct uelf_symbol_vec *ret,
			  struct err *err);

#endif
