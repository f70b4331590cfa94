/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBVICTIM_H
#define LIBVICTIM_H

#include <stddef.h>
#include <sys/types.h>

/* Set the library's thread-local variables for this thread. */
void victim_lib_thread(int number);

/* read() with known values in the x87, SSE and (where the CPU has it) AVX registers. */
ssize_t victim_lib_read(int fd, void *buf, size_t size);

#endif
