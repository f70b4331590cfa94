/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fixed set of names, to be asked of every string of a big table: each name has a number from 0.
 */
#ifndef VMSIFT_KERNEL_NAME_SET_H
#define VMSIFT_KERNEL_NAME_SET_H

#include <stddef.h>
#include <stdint.h>

#include "util/err.h"

#define NAME_NONE UINT32_MAX

struct name_entry {
	const char *s; /* not terminated; belongs to whoever added it */
	uint32_t len;
	uint32_t hash;
};

struct name_set {
	struct name_entry *v;
	uint32_t n, cap;
	uint32_t *slots; /* open addressing: number + 1, 0 is free */
	uint32_t mask;
};

/* A step of the hash over one more byte; begin with NAME_HASH_INIT. (FNV-1a.) */
#define NAME_HASH_INIT 2166136261u

static inline uint32_t name_hash_step(uint32_t hash, unsigned char c)
{
	return (hash ^ c) * 16777619u;
}

uint32_t name_hash(const char *s, size_t len);

/* Room for @cap names. Return: 0; ERR_NOMEM. Free with name_set_deinit(), also after a failure. */
int name_set_init(struct name_set *set, uint32_t cap, struct err *err);
void name_set_deinit(struct name_set *set);

/* Return: the number of the name, a new one if it was not there; NAME_NONE if there is no room. */
uint32_t name_set_add(struct name_set *set, const char *s, size_t len);

/* Return: the number of the name; NAME_NONE if it is not wanted. @hash: name_hash(s, len) */
uint32_t name_set_find_hashed(const struct name_set *set, const char *s, size_t len, uint32_t hash);

static inline uint32_t name_set_find(const struct name_set *set, const char *s, size_t len)
{
	return name_set_find_hashed(set, s, len, name_hash(s, len));
}

#endif
