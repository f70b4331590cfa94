/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel log as text. */
#ifndef VMSIFT_LIB_KLOG_H
#define VMSIFT_LIB_KLOG_H

#include <stdio.h>

#include "mem/kmem.h"

/* @lost: records that could not be read. Return: as printk_for_each(). */
int klog_print(struct kmem *km, FILE *out, uint64_t *lost, struct err *err);

#endif
