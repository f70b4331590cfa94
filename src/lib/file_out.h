/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stdio stream as a struct out. */
#ifndef VMSIFT_LIB_FILE_OUT_H
#define VMSIFT_LIB_FILE_OUT_H

#include <stdio.h>

#include "util/out.h"

static inline int file_out_write_(void *ctx, const void *buf, size_t size, struct err *err)
{
	return size && fwrite(buf, size, 1, ctx) != 1 ? err_errno(err, "output") : 0;
}

static inline struct out file_out(FILE *f)
{
	return (struct out){ .write = file_out_write_, .ctx = f };
}

#endif
