/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that a process has registered for its core, or for no core at all: the lists that
 * include/vmsift/register.h and libminicoredumper leave in its memory. Everything in them is untrusted.
 */
#ifndef VMSIFT_PROC_REGISTERED_H
#define VMSIFT_PROC_REGISTERED_H

#include "proc/uelf.h"

/* Entries of all lists of a process: 80 bytes each, and the name. */
#define REGISTERED_MAX 16384u
/* What is longer is cut. */
#define REGISTERED_NAME_MAX 255u
/* Values of one text of libminicoredumper. */
#define REGISTERED_ELEMS_MAX 1024u

enum registered_source {
	REGISTERED_VMSIFT,
	REGISTERED_MCD,	     /* mcd_dump_data_register_bin() */
	REGISTERED_MCD_TEXT, /* mcd_dump_data_register_text() */
};

struct registered_region {
	char *name;	   /* untrusted bytes; "" for none; owned */
	uvaddr_t entry;	   /* of the list */
	uvaddr_t addr;
	uint64_t size;	   /* does not wrap */
	uvaddr_t name_at;
	uint64_t name_size;
	uint64_t scope;
	uint8_t source;	   /* enum registered_source */
	bool never;
	bool kept;	   /* asked for, by detail or configuration: set by keep_make() */
	bool as_file;	   /* and as a file of its own */
	bool unknown;	   /* its pointer or length could not be read; .addr and .size are 0 */
	uint32_t nr_elems; /* of a text, whose .addr and .size are 0 */
	uvaddr_t fmt, elems;
};
DEFINE_VEC(registered_vec, struct registered_region);

struct registered {
	struct registered_vec regions;
	struct err fault; /* a list could not be followed to its end; .rc 0: all were */
	bool never_lost;  /* so that regions which must be in no core are not known */
};

/**
 * registered_find() - all regions that a process has registered, from its memory alone
 * @modules: of uelf_open_all()
 * @ret:     zero-initialised by the caller; free with registered_free()
 *
 * A list of vmsift is found by an ELF note of its module (include/vmsift/register.h); where the notes are
 * not in memory, by what its head begins with in the data that the module has written. One of
 * libminicoredumper by the symbol mcd_dump_data_head where mcd_dump_data_version is 2.
 *
 * Return: 0 or ERR_NOMEM. What cannot be read is in @ret->fault.
 */
int registered_find(struct proc *p, struct uelf_vec *modules, struct registered *ret,
		    struct err *err);
void registered_free(struct registered *r);

/* A value of a text: struct dump_data_elem of libminicoredumper. */
struct registered_elem {
	uvaddr_t addr;
	uint64_t size;
	int32_t type; /* as parse_printf_format(3) of glibc numbers them */
};

/* Return: 0; ERR_NOTFOUND past the last; ERR_ABSENT. */
int registered_elem(struct proc *p, const struct registered_region *r, uint32_t i,
		    struct registered_elem *ret, struct err *err);

/* Shared by registered*.c. */
int registered_add(struct proc *p, struct registered *to, struct registered_region r,
		   struct err *err);
int registered_find_mcd(struct proc *p, struct uelf_vec *modules, struct registered *ret,
			struct err *err);

#endif
