/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kdump/record_memo.h"

#include <string.h>

#include "util/bytes.h"

#define HASH_PRIME 0x9e3779b97f4a7c15u

/* By the golden ratio, as the kernel's hash_64(): enough to spread; what is equal is told by the bytes. */
static size_t slot_of(const uint8_t *bytes, size_t size)
{
	uint64_t h = size;
	size_t i;

	for (i = 0; i + 8 <= size; i += 8)
		h = (h ^ get_u64(bytes + i)) * HASH_PRIME;
	for (; i < size; i++)
		h = (h ^ bytes[i]) * HASH_PRIME;
	return (h >> 32) % RECORD_MEMO_SLOTS;
}

const uint8_t *record_memo_find(const struct record_memo *m, const uint8_t *bytes, size_t size, uint32_t flags)
{
	size_t i;

	if (!size || size > RECORD_MEMO_SIZE_MAX)
		return NULL;
	i = slot_of(bytes, size);
	if (get_u32(m->slot[i].desc + PAGE_DESC_BYTES) != size || get_u32(m->slot[i].desc + PAGE_DESC_FLAGS) != flags ||
	    memcmp(m->slot[i].bytes, bytes, size))
		return NULL;
	return m->slot[i].desc;
}

void record_memo_add(struct record_memo *m, const uint8_t *desc, const uint8_t *bytes)
{
	size_t size = get_u32(desc + PAGE_DESC_BYTES), i;

	if (!size || size > RECORD_MEMO_SIZE_MAX)
		return;
	i = slot_of(bytes, size);
	memcpy(m->slot[i].desc, desc, PAGE_DESC_SIZE);
	memcpy(m->slot[i].bytes, bytes, size);
}
