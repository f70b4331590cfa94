/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the records of a flattened file: what is found lies in the file and within the map's size. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/types.h"
#include "vmcore/flat_map.h"
#include "vmcore/kdump_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct flat_map *fm, uint64_t file_size)
{
	uint64_t off = 0, file_off, n;
	unsigned int i;

	for (i = 0; i < 1000 && off < flat_map_size(fm); i++) {
		if (flat_map_find(fm, off, &file_off, &n) &&
		    (file_off > file_size || n > file_size - file_off ||
		     n > flat_map_size(fm) - off))
			abort();
		if (!n)
			abort();
		off += n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t head[FLAT_HEADER_SIZE] = FLAT_SIGNATURE;
	struct err err = { 0 };
	struct window_cache *wc;
	struct flat_map *fm;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	head[FLAT_TYPE + 7] = head[FLAT_VERSION + 7] = 1;
	if (fd < 0 || write(fd, head, sizeof(head)) != sizeof(head) ||
	    write(fd, data, size) != (ssize_t)size ||
	    window_cache_create(fd, sizeof(head) + size, false, true, &wc, &err))
		abort();
	if (!flat_map_open(wc, sizeof(head) + size, &fm, &err)) {
		walk(fm, sizeof(head) + size);
		flat_map_close(fm);
	} else if (!err.text[0]) {
		abort();
	}
	window_cache_destroy(wc);
	close(fd);
	return 0;
}
