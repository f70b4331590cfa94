/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages of chosen processes that go into a kernel dump. */
#ifndef VMSIFT_LIB_KDUMP_KEEP_H
#define VMSIFT_LIB_KDUMP_KEEP_H

#include "kdump/page_keep.h"
#include "lib/dump.h"
#include "select/detail.h"

/**
 * kdump_keep_collect() - find the pages that a core of each process would hold
 * @detail: of the cores
 * @keep:   ascending and disjoint; also on failure to be freed
 * @lost:   processes that could not be looked at
 *
 * What leads to the pages (tasks, areas, page tables, the page cache's trees) is kernel memory, which
 * every level keeps; so a core can be made of the dump later.
 *
 * Return: 0; ERR_NOTFOUND if no process matches; ERR_NOMEM; ERR_UNSUPPORTED for too many pages.
 */
int kdump_keep_collect(struct vmsift *v, const struct selection_set *set, enum detail detail,
		       struct pfn_range_vec *keep, unsigned int *lost, struct err *err);

#endif
