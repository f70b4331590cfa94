/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, each of its own kind. Ranges are half-open [start, end) everywhere. */
#ifndef VMSIFT_UTIL_TYPES_H
#define VMSIFT_UTIL_TYPES_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t paddr_t;  /* physical address in the crashed machine */
typedef uint64_t kvaddr_t; /* kernel virtual address of the crashed kernel */
typedef uint64_t uvaddr_t; /* user virtual address of a process in the dump */
typedef uint64_t pfn_t;	   /* page frame number */

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

static inline uint64_t round_down_u64(uint64_t v, uint64_t pow2)
{
	return v & ~(pow2 - 1);
}

/* Saturates instead of wrapping, so that a hostile address never becomes a small one. */
static inline uint64_t round_up_u64(uint64_t v, uint64_t pow2)
{
	return v > UINT64_MAX - (pow2 - 1) ? round_down_u64(UINT64_MAX, pow2)
					   : round_down_u64(v + pow2 - 1, pow2);
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline bool is_pow2(uint64_t v)
{
	return v && !(v & (v - 1));
}

#endif
