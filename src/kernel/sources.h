/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where types and symbols of the dumped kernel come from, tried in order. */
#ifndef VMSIFT_KERNEL_SOURCES_H
#define VMSIFT_KERNEL_SOURCES_H

#include "kernel/kernel.h"

/* Fills k->sym, .layout, .types_from and .symbols_from; from @lf alone where that is not NULL. */
int kernel_find_sources(struct kernel *k, const struct layout_file *lf, struct err *err);

/* Part of kernel memory: offsets of its reader count from .start. */
struct kernel_blob {
	const struct reader *kmem;
	kvaddr_t start;
};

/* @b must outlive the reader. */
struct reader kernel_blob_reader(struct kernel *k, struct kernel_blob *b, kvaddr_t start,
				 uint64_t size);

#endif
