/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel symbols that vmsift wants, named once in symbols.def. */
#ifndef VMSIFT_KERNEL_SYMBOLS_H
#define VMSIFT_KERNEL_SYMBOLS_H

#include <stdbool.h>

#include "util/types.h"

enum symbol_id {
#define SYMBOL(id, names) S_##id,
#include "kernel/symbols.def"
#undef SYMBOL
	SYMBOL_NR
};

struct symbol_def {
	const char *id;
	const char *names; /* alternatives separated by '|', the first that exists wins */
};

extern const struct symbol_def symbol_defs[SYMBOL_NR];

struct symbols {
	bool known[SYMBOL_NR];
	kvaddr_t addr[SYMBOL_NR]; /* per-CPU ones before 6.15 on x86_64: offsets, not addresses */
};

#endif
