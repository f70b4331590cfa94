/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cursor over DWARF bytes: fixed sizes, LEB128, encoded pointers. An overrun sticks. */
#ifndef VMSIFT_UNWIND_LEB_H
#define VMSIFT_UNWIND_LEB_H

#include "util/bytes.h"
#include "util/types.h"

struct dw {
	const uint8_t *p, *end;
	uvaddr_t at; /* address of .p in the process, for what counts from where it stands */
	bool bad;
};

static inline uint64_t dw_uint(struct dw *d, size_t size)
{
	uint64_t v;

	if (d->bad || (size_t)(d->end - d->p) < size) {
		d->bad = true;
		return 0;
	}
	v = get_uint(d->p, size);
	d->p += size;
	d->at += size;
	return v;
}

static inline uint64_t dw_uleb(struct dw *d)
{
	uint64_t v = 0;
	unsigned int shift = 0;
	uint8_t b;

	do {
		b = (uint8_t)dw_uint(d, 1);
		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		shift += 7;
	} while (b & 0x80 && !d->bad && shift < 80);
	return v;
}

static inline int64_t dw_sleb(struct dw *d)
{
	uint64_t v = 0;
	unsigned int shift = 0;
	uint8_t b;

	do {
		b = (uint8_t)dw_uint(d, 1);
		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		shift += 7;
	} while (b & 0x80 && !d->bad && shift < 80);
	if (shift < 64 && b & 0x40)
		v |= ~0ull << shift;
	return (int64_t)v;
}

static inline void dw_skip(struct dw *d, uint64_t size)
{
	if (d->bad || (uint64_t)(d->end - d->p) < size) {
		d->bad = true;
		return;
	}
	d->p += size;
	d->at += size;
}

/* DW_EH_PE_*: low four bits the format, next three what it counts from; 0x80 indirect is not followed. */
static inline uint64_t dw_encoded(struct dw *d, uint8_t enc, uvaddr_t data_base)
{
	uvaddr_t here = d->at;
	uint64_t v;

	switch (enc & 0x0f) {
	case 0x00:
	case 0x04:
	case 0x0c:
		v = dw_uint(d, 8);
		break;
	case 0x01:
		v = dw_uleb(d);
		break;
	case 0x02:
		v = dw_uint(d, 2);
		break;
	case 0x03:
		v = dw_uint(d, 4);
		break;
	case 0x09:
		v = (uint64_t)dw_sleb(d);
		break;
	case 0x0a:
		v = (uint64_t)(int64_t)(int16_t)dw_uint(d, 2);
		break;
	case 0x0b:
		v = (uint64_t)(int64_t)(int32_t)dw_uint(d, 4);
		break;
	default:
		d->bad = true;
		return 0;
	}
	switch (enc & 0x70) {
	case 0x00:
		return v;
	case 0x10:
		return v + here;
	case 0x30:
		return v + data_base;
	default:
		d->bad = true;
		return 0;
	}
}

#endif
