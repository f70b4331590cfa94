/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arch/arch.h"

static const struct arch *const archs[] = {
	&arch_x86_64,
	&arch_arm64,
};

const struct arch *arch_find(uint16_t e_machine)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(archs); i++)
		if (archs[i]->e_machine == e_machine)
			return archs[i];
	return NULL;
}
