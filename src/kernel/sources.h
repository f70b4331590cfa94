/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where types and symbols of the dumped kernel come from, tried in order. */
#ifndef VMSIFT_KERNEL_SOURCES_H
#define VMSIFT_KERNEL_SOURCES_H

#include "kernel/kernel.h"

/* Fills k->sym, .ks, .layout, .types_from and .symbols_from. */
int kernel_find_sources(struct kernel *k, struct err *err);

#endif
