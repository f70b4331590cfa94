/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small kdump-compressed file with patches of u16 offset, u8 size, bytes; with an odd first byte the bytes
 * themselves are the file. It is opened and all of its memory read. Stretches ascend, and a page that the
 * bitmap promises is there whole or not at all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../unit/small_kdump.h"
#include "vmcore/vmcore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(struct vmcore *vc, enum vmcore_what what)
{
	paddr_t from = 0, start, end;
	uint8_t page[65536];
	unsigned int i;

	for (i = 0; i < 200 && vmcore_next(vc, what, from, &start, &end); i++) {
		struct err err = { 0 };
		int rc;

		if (start < from || end <= start)
			abort();
		rc = vmcore_read(vc, start, page, min_u64(end - start, sizeof(page)), &err);
		if (rc && (rc != err.rc || !err.text[0]))
			abort();
		if (rc == ERR_CORRUPT)
			abort();
		from = end;
	}
}

static size_t patched(const uint8_t *data, size_t size, uint8_t *image)
{
	static uint8_t made[SMALL_MAX];
	static size_t n;

	if (!n)
		n = small_kdump(made);
	memcpy(image, made, n);

	while (size >= 3) {
		size_t off = get_u16(data), len = data[2];

		data += 3;
		size -= 3;
		len = min_u64(len, size);
		if (off < n)
			memcpy(image + off, data, min_u64(len, n - off));
		data += len;
		size -= len;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t image[SMALL_MAX];
	char path[64];
	struct err err = { 0 };
	struct vmcore *vc;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (size && !(data[0] & 1)) {
		size = patched(data + 1, size - 1, image);
		data = image;
	}
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (vmcore_open(path, NULL, &vc, &err)) {
		if (!err.text[0])
			abort();
	} else {
		read_all(vc, VMCORE_HELD);
		read_all(vc, VMCORE_RAM);
		vmcore_close(vc);
	}
	close(fd);
	return 0;
}
