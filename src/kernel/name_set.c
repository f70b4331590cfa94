/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/name_set.h"

#include <stdlib.h>
#include <string.h>

uint32_t name_hash(const char *s, size_t len)
{
	uint32_t hash = NAME_HASH_INIT;

	while (len--)
		hash = name_hash_step(hash, (unsigned char)*s++);
	return hash;
}

int name_set_init(struct name_set *set, uint32_t cap, struct err *err)
{
	uint32_t nr_slots = 16;

	while (nr_slots / 4 < cap)
		nr_slots *= 2;
	*set = (struct name_set){ .cap = cap, .mask = nr_slots - 1 };
	set->v = calloc(cap ? cap : 1, sizeof(*set->v));
	set->slots = calloc(nr_slots, sizeof(*set->slots));
	if (!set->v || !set->slots)
		return err_nomem(err);
	return 0;
}

void name_set_deinit(struct name_set *set)
{
	free(set->v);
	free(set->slots);
	*set = (struct name_set){ 0 };
}

/* The slot that holds the name, or the free one where it would go; there is always a free one. */
static uint32_t find_slot(const struct name_set *set, const char *s, size_t len, uint32_t hash)
{
	uint32_t at = hash & set->mask;
	const struct name_entry *e;

	for (; set->slots[at]; at = (at + 1) & set->mask) {
		e = &set->v[set->slots[at] - 1];
		if (e->hash == hash && e->len == len && !memcmp(e->s, s, len))
			break;
	}
	return at;
}

uint32_t name_set_add(struct name_set *set, const char *s, size_t len)
{
	uint32_t hash = name_hash(s, len);
	uint32_t at = find_slot(set, s, len, hash);

	if (set->slots[at])
		return set->slots[at] - 1;
	if (set->n == set->cap)
		return NAME_NONE;
	set->v[set->n] = (struct name_entry){ .s = s, .len = (uint32_t)len, .hash = hash };
	set->slots[at] = set->n + 1;
	return set->n++;
}

uint32_t name_set_find_hashed(const struct name_set *set, const char *s, size_t len, uint32_t hash)
{
	return set->slots[find_slot(set, s, len, hash)] - 1;
}
