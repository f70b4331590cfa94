/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as the structures and frames of a zsmalloc pool: a good image first, which the input then
 * overwrites by pairs of offset and word, so that it comes past the first checks.
 */
#include <stdlib.h>

#include "../unit/zs_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zs_image *m = malloc(sizeof(*m));
	struct err err = { 0 };
	uint8_t *buf;
	size_t want;
	int rc;

	if (!m)
		abort();
	if (size < 4) {
		free(m);
		return 0;
	}
	zs_image_init(m, data[0] & 1);
	zs_image_fill(m, data[0] >> 1 & 15, 16u + (get_u16(data + 1) & 0xfff), data[3] & 15, 2);
	put_u64(zs_at(m, ZS_HANDLE), 1u << 24);
	put_u64(m->frames + ZS_PAGE, ZS_HANDLE | 1);
	want = get_u16(data + 1) % (ZS_PAGE + 1);
	for (data += 4, size -= 4; size >= 10; data += 10, size -= 10) {
		uint32_t at = get_u16(data);

		if (at + 8 <= ZS_STRUCTS)
			memcpy(m->structs + at, data + 2, 8);
		else if (at + 8 <= sizeof(m->frames))
			memcpy(m->frames + at, data + 2, 8);
	}
	buf = malloc(want ? want : 1);
	if (!buf)
		abort();
	rc = zs_read(&m->view, ZS_POOL, ZS_HANDLE, want, buf, &err);
	if (rc && rc != err.rc)
		abort();
	free(buf);
	free(m);
	return 0;
}
