/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loaded modules by address: names of their functions, and their tables for the unwinder. */
#ifndef VMSIFT_KERNEL_MODULE_SYMBOL_H
#define VMSIFT_KERNEL_MODULE_SYMBOL_H

#include "kernel/kernel.h"

#define MODULE_NAME_SIZE 64 /* MODULE_NAME_LEN is 56 */

struct kmodule {
	kvaddr_t addr;		/* its struct module */
	kvaddr_t start, end;	/* its code */
	char name[MODULE_NAME_SIZE];
};

/**
 * module_find() - the module whose code an address is in
 *
 * Code is mem[MOD_TEXT] since 6.4 (ac3b43283923), core_layout before, which its data follow.
 *
 * Return: 0; ERR_NOTFOUND; ERR_UNSUPPORTED if this kernel does not show where modules lie.
 */
int module_find(struct kernel *k, kvaddr_t addr, struct kmodule *ret, struct err *err);

/**
 * module_symbol() - the function of a module that an address is in
 * @name: its name, or "" where it has no symbols
 * @off:  distance from its beginning, or from that of the module's code
 *
 * As find_kallsyms_symbol() of kernel/module/kallsyms.c: the nearest defined symbol at or below.
 */
void module_symbol(struct kernel *k, const struct kmodule *m, kvaddr_t addr, char *name, size_t size,
		   uint64_t *off);

#endif
