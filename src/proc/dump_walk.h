/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of a process in a dump, page by page: where each page of an area is. */
#ifndef VMSIFT_PROC_DUMP_WALK_H
#define VMSIFT_PROC_DUMP_WALK_H

#include "proc/proc.h"

extern const struct proc_ops proc_dump_ops;

#endif
