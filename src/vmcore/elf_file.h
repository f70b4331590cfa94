/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF files on the disk of this machine: a vmlinux, a program. Their sections, symbols and build-id. */
#ifndef VMSIFT_VMCORE_ELF_FILE_H
#define VMSIFT_VMCORE_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/err.h"

/* A section larger than this is not believed; the BTF of a kernel has 3 to 8 MiB. */
#define ELF_FILE_SECTION_MAX (64u << 20)

/**
 * elf_file_section() - the bytes of a section
 * @ret: to be freed; untouched on failure
 *
 * Return: 0; ERR_NOTFOUND if there is none of that name; ERR_FORMAT; ERR_IO; ERR_NOMEM.
 */
int elf_file_section(const char *path, const char *section, void **ret, size_t *size,
		     struct err *err);

/* The NT_GNU_BUILD_ID as hex digits, 41 bytes with the end. Return: as elf_file_section(). */
int elf_file_build_id(const char *path, char *ret, struct err *err);

/* Finds NT_GNU_BUILD_ID among notes, such as /sys/kernel/notes. Return: whether there is one. */
bool build_id_of_notes(const void *notes, size_t size, char *ret);

typedef int (*elf_symbol_fn)(void *ctx, const char *name, uint64_t value, uint64_t size, bool data);

/**
 * elf_file_symbols() - call @fn for every defined symbol of .symtab, or of .dynsym where there is none
 *
 * Return: 0; what @fn returned; ERR_NOTFOUND if the file has no symbols; ERR_FORMAT; ERR_IO.
 */
int elf_file_symbols(const char *path, elf_symbol_fn fn, void *ctx, struct err *err);

#endif
