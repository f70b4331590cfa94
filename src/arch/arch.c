/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arch/arch.h"

static const struct arch *const archs[] = {
	&arch_x86_64,
	&arch_arm64,
};

uint64_t arch_unknown_regs(const struct arch *a, const struct arch_regs *r, bool is_32bit)
{
	uint64_t noted = 0;
	unsigned int i;

	for (i = 0; i < (is_32bit ? a->nr_gregs32 : a->nr_gregs); i++)
		noted |= 1ull << (is_32bit ? a->gregs32[i] : i);
	return r->unknown & noted;
}

const struct arch *arch_find(uint16_t e_machine)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(archs); i++)
		if (archs[i]->e_machine == e_machine)
			return archs[i];
	return NULL;
}
