/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own symbol table, in its memory: kernel/kallsyms.c and scripts/kallsyms.c. Names are
 * compressed with a table of 256 tokens; addresses are sorted and stored in one of four ways.
 *
 * Names are read through a window of 16 KiB; kept are the tokens (about 1 KiB) and where every
 * 256th name begins (4 KiB for 250,000 symbols).
 */
#ifndef VMSIFT_KERNEL_KALLSYMS_H
#define VMSIFT_KERNEL_KALLSYMS_H

#include "kernel/symbols.h"
#include "util/reader.h"
#include "util/types.h"

/* With the NUL. KSYM_NAME_LEN is 512 since 6.1; scripts/kallsyms.c itself takes up to 2048. */
#define KALLSYMS_NAME_SIZE 2048

/* Ten times the symbols of a distribution's kernel. */
#define KALLSYMS_MAX_SYMS (2u << 20)

/* Kernel virtual addresses of the tables, kallsyms_NAME each; 0 where not known. */
struct kallsyms_where {
	kvaddr_t names;
	kvaddr_t num_syms; /* of the number, not the number */
	kvaddr_t token_table;
	kvaddr_t token_index;
	kvaddr_t offsets;
	kvaddr_t relative_base; /* of the base, not the base; gone in 7.0 */
	kvaddr_t addresses;	/* kernels without offsets; gone in 6.11 */
	kvaddr_t markers;	/* not in VMCOREINFO; found by trial where 0 */
};

enum kallsyms_encoding {
	KALLSYMS_PERCPU,   /* 4.6 to 6.14, x86_64: offset >= 0 as it is, else base - 1 - offset */
	KALLSYMS_BASE,	   /* others, and all in 6.15 to 6.19: base + offset, unsigned */
	KALLSYMS_PLACE,	   /* 7.0, a081b5789255: address of the offset + offset, signed; no base */
	KALLSYMS_ABSOLUTE, /* kallsyms_addresses */
	KALLSYMS_NR_ENCODINGS
};

struct kallsyms {
	const struct reader *kmem;
	struct kallsyms_where where; /* with .markers, where they have been found */
	enum kallsyms_encoding encoding;
	uint32_t nr_syms;
	kvaddr_t base;		 /* what stands at .where.relative_base */
	bool two_byte_lengths;	 /* a length with bit 7 has a second byte: 6.1, 73bbb94466fd */
	uint16_t token_off[256]; /* in .tokens */
	uint16_t token_len[256];
	char *tokens;
	uint32_t *block_off; /* where in the names every 256th begins */
};

/**
 * kallsyms_init() - read the tables' outlines, check them, and find out how addresses are stored
 * @ks:    filled; free with kallsyms_deinit(), also after a failure
 * @kmem:  offsets are kernel virtual addresses; outlives @ks
 * @where: names, num_syms, token_table and token_index, and offsets or addresses, must be known
 * @stext: address of _stext, as VMCOREINFO has it
 *
 * Walks all names once. They must fit the markers, where those are known. Each known encoding is
 * tried; the one that gives _stext its address is taken. A part of the names that cannot be read is
 * stepped over where the markers tell how.
 *
 * Return: 0; ERR_ABSENT if an address is missing in @where; ERR_CORRUPT if the tables contradict
 * themselves; ERR_NOTFOUND if there is no _stext; ERR_UNSUPPORTED if no encoding fits; ERR_NOMEM;
 * what @kmem says of addresses that it cannot read.
 */
int kallsyms_init(struct kallsyms *ks, const struct reader *kmem,
		  const struct kallsyms_where *where, kvaddr_t stext, struct err *err);
void kallsyms_deinit(struct kallsyms *ks);

/* "percpu", "base", "place" or "absolute": for info. */
const char *kallsyms_encoding_name(enum kallsyms_encoding encoding);

/**
 * kallsyms_find() - look up the addresses of symbols by name, in one pass
 * @defs: alternatives separated by '|': the first of them that exists is taken
 * @nr:   number of @defs, at most SYMBOL_NR
 * @ret:  the first @nr entries are written; what is not there has .known false
 *
 * Of several symbols with one name the first that is not a text or weak one (nm's letters T t W w)
 * is taken, else the first. Names are compared whole, whatever their length.
 *
 * Return: 0, whatever was found; ERR_INVALID; ERR_NOMEM; what the reader says of names or addresses
 * that it cannot read: the rest was then looked through all the same.
 */
int kallsyms_find(const struct kallsyms *ks, const struct symbol_def *defs, size_t nr,
		  struct symbols *ret, struct err *err);

/**
 * kallsyms_lookup_addr() - the symbol that an address belongs to
 * @name: its name, cut to @size - 1 characters; KALLSYMS_NAME_SIZE is enough for all
 * @off:  distance of @addr from its beginning
 *
 * Of several symbols at one address the first, as in the kernel's own get_symbol_pos(). The tables
 * hold no sizes: what lies above the last symbol, or 64 MiB and more above the nearest one, belongs
 * to none.
 *
 * Return: 0; ERR_NOTFOUND; ERR_CORRUPT; what the reader says.
 */
int kallsyms_lookup_addr(const struct kallsyms *ks, kvaddr_t addr, char *name, size_t size,
			 uint64_t *off, struct err *err);

/* @type is nm's letter. Return nonzero to stop. */
typedef int (*kallsyms_fn)(void *ctx, kvaddr_t addr, char type, const char *name);

/**
 * kallsyms_for_each() - call @fn for every symbol, ascending by address
 *
 * Symbols that cannot be read are left out; the error is returned after the rest was done.
 *
 * Return: 0; what @fn returned; ERR_CORRUPT; what the reader says.
 */
int kallsyms_for_each(const struct kallsyms *ks, kallsyms_fn fn, void *ctx, struct err *err);

#endif
