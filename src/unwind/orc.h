/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ORC, the kernel's table of how to step out of a function: arch/x86/include/asm/orc_types.h. Its entries
 * changed in 6.4 (fb799447ae29: types 0 to 4 instead of 0 to 2 and a bit "end"), which their BTF shows.
 */
#ifndef VMSIFT_UNWIND_ORC_H
#define VMSIFT_UNWIND_ORC_H

#include "kernel/kernel.h"

/* What the numbers in sp_reg and bp_reg mean; those that only entry code uses are not told apart. */
enum orc_reg { ORC_REG_OTHER, ORC_REG_UNDEFINED, ORC_REG_PREV_SP, ORC_REG_BP, ORC_REG_SP,
	       ORC_REG_BP_INDIRECT, ORC_REG_SP_INDIRECT };

/*
 * Two numberings are known, and no type information tells which holds: the first up to 6.x, the second
 * in 7.3 (asm/orc_types.h). The stack pointer is what most entries are based on: 5 there, 3 here.
 */
enum orc_numbering { ORC_NUMBERING_NOT_TRIED, ORC_NUMBERING_SP_5, ORC_NUMBERING_SP_3,
		     ORC_NUMBERING_UNKNOWN };

enum orc_type { ORC_UNDEFINED, ORC_END, ORC_CALL, ORC_REGS, ORC_REGS_PARTIAL };

struct orc {
	int16_t sp_offset, bp_offset;
	enum orc_reg sp_reg, bp_reg;
	enum orc_type type;
};

/**
 * orc_find() - how to step out of the function at @ip
 *
 * Return: 0; ERR_UNSUPPORTED if the kernel has no ORC tables or their type is not known; ERR_NOTFOUND if
 * @ip is neither in the kernel's text nor in a module's; ERR_ABSENT.
 */
int orc_find(struct kernel *k, kvaddr_t ip, struct orc *ret, struct err *err);

/* Decode an entry's bytes by the members that the kernel's types show. Return: false if they do not. */
bool orc_decode(const struct layout *l, enum orc_numbering numbering, const uint8_t *entry,
		size_t size, struct orc *ret);

#endif
