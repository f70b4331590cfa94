/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding kallsyms in the kernel's image where VMCOREINFO does not tell its place (before 6.0). */
#ifndef VMSIFT_KERNEL_KALLSYMS_SCAN_H
#define VMSIFT_KERNEL_KALLSYMS_SCAN_H

#include "kernel/kallsyms.h"

/**
 * kallsyms_scan() - find the tables by what they look like
 * @ks:	   filled as by kallsyms_init(); free with kallsyms_deinit(), also after a failure
 * @kmem:  offsets are kernel virtual addresses; outlives @ks
 * @start: where to look: the kernel image
 * @end:   end of that
 * @stext: address of _stext, as VMCOREINFO has it
 *
 * The token table shows itself by the digits, which are tokens of their own: "0\0" "1\0" ... "9\0",
 * with an index of 256 offsets behind it that fits. The number of symbols and the names lie before
 * it, with markers behind them that fit. Where the addresses are follows from these:
 * scripts/kallsyms.c had them first up to 6.4 and last from 6.5 on, and aligns to 4 bytes instead
 * of 8 since 7.0. What is found must give _stext its address.
 *
 * Return: 0; ERR_NOTFOUND with what was found and did not fit; ERR_NOMEM.
 */
int kallsyms_scan(struct kallsyms *ks, const struct reader *kmem, kvaddr_t start, kvaddr_t end,
		  kvaddr_t stext, struct err *err);

#endif
