/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "select/detail.h"

#include <string.h>

static const char *const names[DETAIL_NR] = {
	[DETAIL_TINY] = "tiny",
	[DETAIL_SMALL] = "small",
	[DETAIL_DATA] = "data",
	[DETAIL_FULL] = "full",
};

const char *detail_name(enum detail detail)
{
	return (unsigned int)detail < DETAIL_NR ? names[detail] : "?";
}

bool detail_parse(const char *word, enum detail *ret)
{
	unsigned int i;

	for (i = 0; i < DETAIL_NR; i++) {
		if (!strcmp(word, names[i])) {
			*ret = (enum detail)i;
			return true;
		}
	}
	return false;
}
