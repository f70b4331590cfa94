/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/zbud.h"

#include <inttypes.h>

#include "util/bytes.h"

#define CHUNKS	    64u /* of a page: 1 << NCHUNKS_ORDER */
#define HEADER_SIZE 8u	/* struct zswap_header */

/* Whether zbud_alloc() gives such a handle for @size bytes; it takes none that leaves no chunk free. */
static bool is_place(size_t off, size_t size, size_t page_size)
{
	size_t chunk = page_size / CHUNKS, whole;

	if (!size || size > page_size - 2 * chunk)
		return false;
	whole = (size + chunk - 1) / chunk * chunk;
	return off == chunk || off == page_size - whole;
}

int zbud_read(const struct zbud_view *v, uint64_t handle, uint64_t entry, size_t size, void *buf,
	      struct err *err)
{
	size_t front = v->has_header ? HEADER_SIZE : 0;
	uint8_t first[HEADER_SIZE];
	int rc;

	if (!size || size > v->page_size ||
	    !is_place(handle % v->page_size, size + front, v->page_size))
		return err_set(err, ERR_CORRUPT, "zbud: %zu bytes at 0x%" PRIx64, size, handle);
	if (front) {
		rc = reader_read(&v->kmem, handle, first, front, err);
		if (rc)
			return rc;
		if (get_u64(first) != entry)
			return err_set(err, ERR_CORRUPT, "zbud: at 0x%" PRIx64 " is entry 0x%" PRIx64,
				       handle, get_u64(first));
	}
	return reader_read(&v->kmem, handle + front, buf, size, err);
}
