/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of kallsyms and their tokens; used by kallsyms.c and kallsyms_scan.c. */
#ifndef VMSIFT_KERNEL_KALLSYMS_NAMES_H
#define VMSIFT_KERNEL_KALLSYMS_NAMES_H

#include "kernel/kallsyms.h"

#define KALLSYMS_BLOCK	256u	/* symbols per marker */
#define KALLSYMS_WINDOW KIB(16) /* of the names, on the stack */

/* What a walk over all names finds out. */
struct kallsyms_walk {
	uint32_t stext[4]; /* symbols that are called _stext: one, unless the dump is off */
	uint32_t nr_stext;
	uint64_t end;	    /* offset behind the last name */
	uint64_t looked_at; /* names, added up over all walks */
};

struct names_window {
	const struct kallsyms *ks;
	uint64_t start; /* offset in the names of buf[0] */
	size_t len;
	size_t ahead; /* bytes to read at a time: twice as many each time, from 256 on; 0: as many as fit */
	uint8_t buf[KALLSYMS_WINDOW];
};

struct names_entry {
	const uint8_t *tokens; /* in the window */
	uint32_t nr;
	uint64_t next;	  /* offset of the entry behind */
	bool long_length; /* its first byte has bit 7 */
};

/* Reads and checks the 256 tokens: each must be as long as the index says. */
int kallsyms_load_tokens(struct kallsyms *ks, struct err *err);

/* The entry at @off of the names. Return: 0; ERR_CORRUPT if it cannot be one; reader's errors. */
int kallsyms_entry(struct names_window *w, uint64_t off, struct names_entry *ret, struct err *err);

/* Its letter and name, terminated. Return: their length, or 0 if they do not fit. */
size_t kallsyms_expand(const struct kallsyms *ks, const struct names_entry *e,
		       char buf[KALLSYMS_NAME_SIZE]);

/*
 * A set of wanted names that tells most others apart by three of their characters, so that these need not be
 * expanded. Zero-initialise.
 */
#define NAMES_FILTER_BITS 8192u
struct names_filter {
	uint8_t bits[NAMES_FILTER_BITS / 8];
};

/* @name: without its letter. */
void names_filter_add(struct names_filter *f, const char *name, size_t len);

/* Return: false if the entry is none of those that were added. */
bool names_filter_pass(const struct names_filter *f, const struct kallsyms *ks,
		       const struct names_entry *e);

/* Whether an entry's first character is a letter that nm gives. */
bool kallsyms_entry_plausible(const struct kallsyms *ks, const struct names_entry *e);

/*
 * Walks all names, fills ks->block_off and .two_byte_lengths, looks for _stext. ks->where.markers
 * are used where known. Zero-initialise @walk.
 */
int kallsyms_index_names(struct kallsyms *ks, struct kallsyms_walk *walk, struct err *err);

/* Where the markers are, if they can be found before the token table; 0 if not. */
kvaddr_t kallsyms_guess_markers(const struct kallsyms *ks);

#endif
