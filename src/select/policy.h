/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of each area a detail keeps. */
#ifndef VMSIFT_SELECT_POLICY_H
#define VMSIFT_SELECT_POLICY_H

#include "proc/proc.h"
#include "select/detail.h"

enum area_keep {
	KEEP_NONE,
	KEEP_FIRST_PAGE, /* the ELF header, by which debuggers find build-ids */
	KEEP_ALL,
};

/**
 * policy_full() - what a live core of this process would hold of an area
 * @reason: for KEEP_NONE and the rest of KEEP_FIRST_PAGE: why it is not kept
 *
 * The rules of vma_dump_size() (fs/coredump.c, the same from 6.1 to 7.3) with the process's own
 * coredump_filter; VM_DONTDUMP and device memory never.
 */
enum area_keep policy_full(const struct proc *p, const struct proc_area *a, enum page_reason *reason);

#endif
