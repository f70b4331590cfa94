/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An out that keeps what is written to it: where writing it twice would not give the same twice. */
#ifndef VMSIFT_UTIL_OUT_MEM_H
#define VMSIFT_UTIL_OUT_MEM_H

#include "util/out.h"

struct out_mem {
	uint8_t *v; /* owned; free with out_mem_free() */
	size_t n, cap;
};

/* The out of @m, which begins as zeros. Writing fails with ERR_NOMEM. */
struct out out_to_mem(struct out_mem *m);
void out_mem_free(struct out_mem *m);

#endif
