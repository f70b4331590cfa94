/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Little-endian loads and stores at any alignment: x86_64 and arm64 dumps, on any host. */
#ifndef VMSIFT_UTIL_BYTES_H
#define VMSIFT_UTIL_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t get_u16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

static inline uint32_t get_u32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static inline uint64_t get_u64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* An unsigned integer of 1, 2, 4 or 8 bytes; 0 for any other size. */
static inline uint64_t get_uint(const void *p, size_t size)
{
	switch (size) {
	case 1:
		return *(const uint8_t *)p;
	case 2:
		return get_u16(p);
	case 4:
		return get_u32(p);
	case 8:
		return get_u64(p);
	default:
		return 0;
	}
}

static inline void put_u16(void *p, uint16_t v)
{
	v = htole16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_u32(void *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_u64(void *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_be64(void *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

static inline bool is_zero(const void *p, size_t size)
{
	const uint8_t *b = p;

	return !size || (!b[0] && !memcmp(b, b + 1, size - 1));
}

#endif
