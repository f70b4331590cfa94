/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making a plan fit a number of bytes: the largest memory shrinks first, the small survives whole. */
#ifndef VMSIFT_SELECT_BUDGET_H
#define VMSIFT_SELECT_BUDGET_H

#include "select/plan.h"

/**
 * plan_shrink() - keep no more captured bytes than this
 * @max: of captured memory, before compression
 *
 * The bulk of every area (written data, what coredump_filter asks for, anchors, named mappings) keeps as
 * much as that of every other, or all it has: what is above the common limit goes from its end, as
 * unavailable(budget). Stacks, threads, the lists of modules and what was named are kept in any case, so
 * that the plan may still not fit. Return: bytes that were given up, 0 where the plan fits; UINT64_MAX if
 * out of memory.
 */
uint64_t plan_shrink(struct plan *plan, uint64_t max);

#endif
