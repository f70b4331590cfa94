/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cleanup by scope. */
#ifndef VMSIFT_UTIL_CLEANUP_H
#define VMSIFT_UTIL_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(func) __attribute__((cleanup(func)))

static inline void cleanup_free_(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close_(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define AUTO_FREE  CLEANUP(cleanup_free_)
#define AUTO_CLOSE CLEANUP(cleanup_close_)

#endif
