/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a debugger finds the modules of a process by: the program headers of the executable, its dynamic
 * section, DT_DEBUG, struct r_debug and the list of struct link_map (glibc's <link.h>; musl has the same).
 */
#ifndef VMSIFT_PROC_LINKMAP_H
#define VMSIFT_PROC_LINKMAP_H

#include "proc/uelf.h"

/* The public part of struct link_map: l_addr, l_name, l_ld, l_next, l_prev. */
#define LINK_MAP_WORDS 5u
#define LINK_MAP_SIZE (8 * LINK_MAP_WORDS)
/* struct r_debug, with r_next where r_version is 2 or more (glibc 2.35). */
#define R_DEBUG_WORDS 6u
#define R_DEBUG_SIZE  (8 * R_DEBUG_WORDS)

struct linkmap_entry {
	uvaddr_t at;	    /* of the struct link_map */
	uint64_t addr;	    /* l_addr: the module's bias */
	uvaddr_t ld;	    /* l_ld: its dynamic section */
	uvaddr_t name;
	uint32_t name_size; /* with the NUL; 0: it could not be read */
};
DEFINE_VEC(linkmap_vec, struct linkmap_entry);

struct linkmap {
	bool has_exe;
	struct uelf exe;
	uvaddr_t phdrs;	    /* AT_PHDR: 0 where it is not known */
	uint64_t phdrs_size;
	uvaddr_t dynamic;   /* of the executable; 0: none (static) */
	uint64_t dynamic_size;
	struct {
		uvaddr_t at;
		uint32_t size;
	} r_debug[16];	    /* one for each namespace of dlmopen(3) */
	size_t nr_r_debug;
	struct linkmap_vec maps;
	struct err fault;   /* .rc: what ended the search early */
};

/**
 * linkmap_read() - follow the way of a debugger
 * @ret: what could be found, free with linkmap_free(); a static program has no maps
 *
 * Return: 0, also if something could not be read (@ret->fault says what); ERR_NOMEM.
 */
int linkmap_read(struct proc *p, struct linkmap *ret, struct err *err);
void linkmap_free(struct linkmap *lm);

#endif
