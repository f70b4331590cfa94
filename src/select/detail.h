/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of a process is kept. Each detail is a superset of the one before. */
#ifndef VMSIFT_SELECT_DETAIL_H
#define VMSIFT_SELECT_DETAIL_H

#include <stdbool.h>

/* The order is the order of richness: the richest of several is their maximum. */
enum detail {
	DETAIL_TINY,  /* backtraces and libraries */
	DETAIL_SMALL, /* threads, TLS, build-ids and what registers and stacks point to */
	DETAIL_DATA,  /* every written file mapping, .bss, registered memory */
	DETAIL_FULL,  /* all that coredump_filter would give a live core */
	DETAIL_NR
};

#define DETAIL_DEFAULT DETAIL_SMALL

/* The word for @detail in the configuration and on the command line; "?" out of range. */
const char *detail_name(enum detail detail);

/* False, and *@ret untouched, where @word is none of the four words. */
bool detail_parse(const char *word, enum detail *ret);

#endif
