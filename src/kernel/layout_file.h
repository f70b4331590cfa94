/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The layout file: types and symbols of one kernel as a small text, made on the production machine while
 * it runs. With it a dump of that kernel is opened without touching BTF or kallsyms, and kernels that have
 * neither can be read at all. doc/layout-file.md describes the format.
 */
#ifndef VMSIFT_KERNEL_LAYOUT_FILE_H
#define VMSIFT_KERNEL_LAYOUT_FILE_H

#include <stdio.h>

#include "kernel/layout.h"
#include "kernel/symbols.h"
#include "util/err.h"
#include "util/types.h"
#include "util/vec.h"

#define LAYOUT_FILE_VERSION 1
/* A layout file is some 20 KB, more with the symbols of programs. */
#define LAYOUT_FILE_SIZE_MAX MIB(4)

#define USER_NAME_MAX 1023 /* bytes of a program's symbol's name */

/* The symbol of a user program, for the symbols = {...} of a process section. */
struct user_symbol {
	char build_id[41]; /* hex, of the ELF file */
	char *name;	   /* owned */
	uint64_t value, size; /* as in the ELF file: relative to its load bias */
};
DEFINE_VEC(user_symbol_vec, struct user_symbol);

struct layout_file {
	char release[65], version[65], machine[65];
	char build_id[41]; /* "" where the kernel has none */
	kvaddr_t stext;	   /* _stext of the kernel that the symbols were taken from */
	struct layout layout;
	struct symbols sym; /* as they were there; .percpu ones are offsets and do not move */
	bool percpu[SYMBOL_NR];
	uint64_t thread_size, stack_pad; /* 0 and UINT64_MAX: not known */
	uint64_t max_swapfiles; /* 0: not known */
	/* By layout_module_at(): the build of the module that its types are of; "": the kernel's own, or not known. */
	char module_build_id[LAYOUT_MODULES][41];
	struct user_symbol_vec user_symbols;
};

void layout_file_init(struct layout_file *lf);
void layout_file_deinit(struct layout_file *lf);

/**
 * layout_file_parse() - read a layout file
 * @name: for messages
 * @text: @size bytes, any
 * @ret:  initialised by the caller; on failure partly filled, and to be freed all the same
 *
 * Lines of a kind that is not known, and entries that this vmsift does not ask for, are skipped.
 *
 * Return: 0; ERR_FORMAT with the line's number; ERR_UNSUPPORTED for a newer version of the format;
 * ERR_NOMEM.
 */
int layout_file_parse(const char *name, const char *text, size_t size, struct layout_file *ret,
		      struct err *err);

/* The same from a file. Return: also ERR_NOTFOUND, ERR_IO. */
int layout_file_read(const char *path, struct layout_file *ret, struct err *err);

/* Writes what is known; the caller checks ferror(@out). */
void layout_file_write(const struct layout_file *lf, FILE *out);

/**
 * layout_file_check() - whether a layout file is of a dump's kernel
 *
 * By BUILD-ID where both have one, else by release and version string.
 *
 * Return: 0; ERR_INVALID with both sides in the message.
 */
int layout_file_check(const struct layout_file *lf, const char *build_id, const char *release,
		      const char *version, struct err *err);

#endif
