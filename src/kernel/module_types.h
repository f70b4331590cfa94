/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types of modules: entries of layout.def that are a module's where that is not built in. */
#ifndef VMSIFT_KERNEL_MODULE_TYPES_H
#define VMSIFT_KERNEL_MODULE_TYPES_H

#include "kernel/kernel.h"

/**
 * kernel_need_module_types() - have a module's entries in k->layout
 * @module: as layout.def names it
 *
 * The first time its BTF is looked for in the kernel's list btf_modules (5.11); with a layout file, or
 * where it is built in, the entries are known from the start.
 *
 * Return: 0 if any entry of it is known; ERR_UNSUPPORTED, ERR_NOTFOUND, ERR_CORRUPT, ERR_ABSENT,
 * ERR_NOMEM.
 */
int kernel_need_module_types(struct kernel *k, const char *module, struct err *err);

/**
 * module_types_fill() - look entries of one module up that are not known yet
 * @base, @btf: BTF of the kernel and of the module
 * Return: as btf_fill_layout_split().
 */
int module_types_fill(const struct reader *base, const struct reader *btf, const char *module,
		      struct layout *layout, struct err *err);

#endif
