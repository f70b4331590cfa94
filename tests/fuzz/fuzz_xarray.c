/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as an xarray: start, last, head, then memory whose first byte is at address 0x10000. What is
 * found must be in the range asked for and ascend.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/xarray.h"
#include "util/bytes.h"

#define BASE 0x10000u

struct image {
	const uint8_t *data;
	size_t size;
};

static int read_image(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	const struct image *m = ctx;

	if (off < BASE || off - BASE > m->size || size > m->size - (off - BASE))
		return err_set(err, ERR_ABSENT, "address 0x%llx", (unsigned long long)off);
	memcpy(buf, m->data + (off - BASE), size);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xarray_shape shape = { .shift_off = 0, .slots_off = 8, .nr_slots = 64 };
	struct image image;
	struct reader mem = { .read = read_image, .ctx = &image, .size = UINT64_MAX };
	struct xarray_entry e;
	uint64_t start, last, head;
	int i;

	if (size < 25)
		return 0;
	start = get_u64(data);
	last = get_u64(data + 8);
	head = get_u64(data + 16);
	if (data[24] & 1)
		shape.nr_slots = 16;
	image = (struct image){ data + 25, size - 25 };
	for (i = 0; i < 1000; i++) {
		struct err err = { 0 };
		int found = xarray_next(&mem, &shape, head, start, last, &e, &err);

		if (found < 0 && !err.rc)
			abort();
		if (found <= 0)
			return 0;
		if (e.index < start || e.index > last || e.index < e.first || e.index > e.last)
			abort();
		if (e.last >= last)
			return 0;
		start = e.last + 1;
	}
	return 0;
}
