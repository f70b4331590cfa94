/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes as a file: what opens dumps opens a path. The file lives in memory. */
#ifndef FUZZ_FILE_H
#define FUZZ_FILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct fuzz_file {
	int fd;
	char path[32];
};

static inline void fuzz_file_write(struct fuzz_file *f, const void *data, size_t size)
{
	const uint8_t *at = data;

	f->fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (f->fd < 0)
		abort();
	while (size) {
		ssize_t n = write(f->fd, at, size);

		if (n <= 0)
			abort();
		at += n;
		size -= (size_t)n;
	}
	snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
}

static inline void fuzz_file_close(struct fuzz_file *f)
{
	close(f->fd);
}

#endif
