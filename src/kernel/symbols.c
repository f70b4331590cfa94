/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/symbols.h"

const struct symbol_def symbol_defs[SYMBOL_NR] = {
#define SYMBOL(i, n) [S_##i] = { #i, n },
#include "kernel/symbols.def"
#undef SYMBOL
};
