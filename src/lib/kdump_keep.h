/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages of chosen processes that go into a kernel dump, and those that never may. */
#ifndef VMSIFT_LIB_KDUMP_KEEP_H
#define VMSIFT_LIB_KDUMP_KEEP_H

#include "kdump/kdump.h"
#include "kdump/page_record.h"
#include "lib/dump.h"
#include "select/conf.h"
#include "select/detail.h"

/* What is asked for. */
struct kdump_want {
	const struct selection_set *set; /* NULL or empty: no process */
	const struct conf *conf; /* its process sections hold for what they match: exclusions above all */
	const enum detail *detail; /* of the chosen; NULL: the richest of their sections, else the default */
	unsigned int dump_level;
	/* Of a triage dump, which holds nothing else: gets what leads to the pages. NULL: the level keeps it. */
	struct page_record *record;
};

struct kdump_keep {
	struct pfn_range_vec keep;  /* ascending and disjoint, as the next */
	struct pfn_range_vec never; /* that hold a byte of what the configuration excludes */
	size_t nr_chosen;	    /* processes that match the selection */
	unsigned int lost;	    /* processes that could not be looked at */
	bool never_lost;	    /* what is excluded is not known: no user data may be written */
};

/**
 * kdump_keep_collect() - find the pages that a core of each process would hold
 * @ret: zero-initialised by the caller; kdump_keep_free() it also on failure
 *
 * What leads to the pages (tasks, areas, page tables, the page cache's trees) is kernel memory, which
 * every level keeps; so a core can be made of the dump later. Exclusions hold for every process that
 * a section with some matches, chosen or not, wherever the level keeps user data.
 *
 * Return: 0; ERR_NOMEM; ERR_UNSUPPORTED for too many pages.
 */
int kdump_keep_collect(struct vmsift *v, const struct kdump_want *want, struct kdump_keep *ret,
		       struct err *err);
/* Whether a configuration has exclusions, or had some that could not be read. */
bool kdump_conf_excludes(const struct conf *conf);

/* Have the writer keep these, and where exclusions are lost no user data at all. @keep outlives @ko. */
void kdump_use_keep(struct vmsift *v, const struct kdump_keep *keep, struct kdump_opts *ko);
void kdump_keep_free(struct kdump_keep *k);

#endif
