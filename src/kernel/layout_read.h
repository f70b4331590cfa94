/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of kernel structures by the layout table, from any reader. */
#ifndef VMSIFT_KERNEL_LAYOUT_READ_H
#define VMSIFT_KERNEL_LAYOUT_READ_H

#include "kernel/layout.h"
#include "util/reader.h"
#include "util/types.h"

/**
 * layout_read() - an integer or pointer member
 * @kmem: by kernel virtual address
 * @base: where the structure lies
 * @ret:  its value, zero-extended; of a bitfield the field alone
 *
 * Return: 0; ERR_UNSUPPORTED if there is no such member; what @kmem says.
 */
int layout_read(const struct reader *kmem, const struct layout *l, kvaddr_t base, enum layout_id id,
		uint64_t *ret, struct err *err);

#endif
