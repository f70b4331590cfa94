/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a compressed page: lzo-rle, and by the first byte one of the other algorithms. */
#include <stdlib.h>
#include <string.h>

#include "codec/lzo_rle.h"
#include "codec/unpack.h"

#define PAGE 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "lz4", "zstd", "deflate" };
	struct err err = { 0 };
	struct unpack *u;
	uint8_t *out;
	int rc;

	if (!size)
		return 0;
	out = malloc(PAGE);
	if (!out)
		abort();
	rc = lzo_rle_decode(data + 1, size - 1, out, PAGE, &err);
	if (rc && rc != err.rc)
		abort();
	/* What was decoded is all there: the sanitizers see bytes that were not written. */
	if (!rc && memchr(out, 0, PAGE) && data[0] == 0xff)
		rc = 1;
	if (data[0] < 3 && !unpack_create(&u, &err)) {
		rc = unpack_page(u, names[data[0]], data + 1, size - 1, out, PAGE, &err);
		unpack_destroy(u);
	}
	free(out);
	return 0;
}
