/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which build of a module was loaded: what finds its debug information. */
#ifndef VMSIFT_KERNEL_MODULE_ID_H
#define VMSIFT_KERNEL_MODULE_ID_H

#include "kernel/kernel.h"

#define MODULE_ID_SIZE 41

/**
 * module_build_id() - the build-id of a loaded module
 * @mod: its struct module
 * @hex: of the 20 bytes at the most; "" if it has none
 *
 * By the notes that sysfs shows of it (module.notes_attrs: kernel/module/sysfs.c), or by module.build_id, which
 * kernels have since 5.14 where CONFIG_STACKTRACE_BUILD_ID is set.
 */
bool module_build_id(struct kernel *k, kvaddr_t mod, char hex[MODULE_ID_SIZE]);

#endif
