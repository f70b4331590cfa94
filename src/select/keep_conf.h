/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to keep_conf.c, keep_exclude.c and keep_registered.c: names of the configuration in a process. */
#ifndef VMSIFT_SELECT_KEEP_CONF_H
#define VMSIFT_SELECT_KEEP_CONF_H

#include <elf.h>

#include "select/keep_set.h"

struct keep_symbol {
	struct uelf_symbol sym;
	const struct uelf *module;
};
DEFINE_VEC(keep_symbol_vec, struct keep_symbol);

static inline bool keep_symbol_is_tls(const struct keep_symbol *s)
{
	return s->sym.type == STT_TLS;
}

/**
 * keep_find_symbol() - look a name up in the modules, the executable first
 * @all: in all modules, not only in the first that has it
 * @ret: what is found; nothing is no error
 *
 * Return: 0 or ERR_NOMEM.
 */
int keep_find_symbol(struct keep_ctx *c, const char *name, bool all, struct keep_symbol_vec *ret);

/* Nothing but what backtraces need: where it is not known what must be left out. */
void keep_fall_back(struct keep_ctx *c);

/* Leave out the written data of all modules but libc and ld.so. */
int keep_exclude_all_data(struct keep_ctx *c);

/* Whether an area has a name; "*" and "?" are wildcards, brackets are not. */
bool keep_mapping_matches(struct keep_ctx *c, const struct proc_area *a, const char *name);

#endif
