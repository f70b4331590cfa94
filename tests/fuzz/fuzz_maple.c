/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a maple tree: the root, then nodes from address 0x10000 on. Entries must ascend, and the
 * walk must end.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/maple.h"
#include "util/bytes.h"

#define BASE 0x10000u
#define ENTRIES_MAX 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

/* Each node of the image, as every type. */
static void check_nodes(const struct image *m)
{
	struct maple_entry e[MAPLE_SLOTS_MAX];
	unsigned int type;
	size_t at;
	int i, n;

	for (at = 0; at + MAPLE_NODE_SIZE <= m->size; at += MAPLE_NODE_SIZE)
		for (type = 0; type < 5; type++) {
			n = maple_node_decode(m->data + at, (enum maple_type)type, 0x1000, 0x7fffffffffff, e);
			if (n > (int)MAPLE_SLOTS_MAX)
				abort();
			for (i = 0; i < n; i++)
				if (e[i].first > e[i].last || e[i].first < 0x1000 || e[i].last > 0x7fffffffffff ||
				    (i && e[i].first <= e[i - 1].last) || !e[i].entry)
					abort();
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct maple_entry_vec v = { 0 };
	struct err err = { 0 };
	struct image image;
	const struct reader mem = { .read = read_image, .ctx = &image, .size = UINT64_MAX };
	const struct maple_entry *e;
	int rc;

	if (size < 8)
		return 0;
	image = (struct image){ data + 8, size - 8 };
	check_nodes(&image);
	rc = maple_walk(&mem, get_u64(data), ENTRIES_MAX, &v, &err);
	if ((rc && !err.text[0]) || v.n > ENTRIES_MAX)
		abort();
	vec_for_each(e, &v)
		if (e->first > e->last || (e != v.v && e->first <= e[-1].last))
			abort();
	maple_entry_vec_free(&v);
	return 0;
}
