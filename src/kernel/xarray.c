/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/xarray.h"

#include "util/bytes.h"

/*
 * include/linux/xarray.h: bits 0 and 1 are 00 for a pointer, x1 for a value and 10 for internal
 * entries: siblings below the number of slots, retry 256 and zero 257, and above 4096 nodes.
 */
#define XA_NODE_MIN   4096u
#define INTERNAL_TAG  2u
/* Nodes on the way that hold nothing in reach: one for each level is normal, right of the last entry. */
#define FRUITLESS_MAX 32u

struct search {
	const struct reader *mem;
	const struct xarray_shape *shape;
	unsigned int chunk_shift;
	uint64_t start, last;
	unsigned int fruitless;
	struct xarray_entry *ret;
	struct err *err;
};

static bool is_internal(uint64_t e)
{
	return (e & 3) == INTERNAL_TAG;
}

static bool is_node(uint64_t e)
{
	return is_internal(e) && e > XA_NODE_MIN;
}

/* Number of indices above the first that one slot at @shift stands for. */
static uint64_t slot_mask(unsigned int shift)
{
	return shift < 64 ? (1ull << shift) - 1 : UINT64_MAX;
}

/* In a node at the very top, slots stand for more than there are indices. */
static bool is_beyond(uint64_t i, unsigned int shift)
{
	return shift && i >> (64 - shift);
}

static int take(struct search *s, uint64_t e, uint64_t first, uint64_t last)
{
	s->ret->kind = e & 1 ? XARRAY_VALUE : XARRAY_POINTER;
	s->ret->value = e & 1 ? e >> 1 : e;
	s->ret->first = first;
	s->ret->last = last;
	s->ret->index = max_u64(first, s->start);
	return 1;
}

static int read_node(struct search *s, uint64_t node, unsigned int parent_shift, uint8_t *shift,
		     uint64_t slots[XARRAY_SLOTS_MAX])
{
	uint8_t raw[8 * XARRAY_SLOTS_MAX];
	uint32_t i;
	int rc = reader_read(s->mem, node + s->shape->shift_off, shift, 1, s->err);

	if (!rc)
		rc = reader_read(s->mem, node + s->shape->slots_off, raw, 8 * s->shape->nr_slots,
				 s->err);
	if (rc)
		return err_add(s->err, "xa_node 0x%" PRIx64, node);
	/* A node's shift is its parent's less one step: this bounds the depth. */
	if (*shift % s->chunk_shift || *shift >= 64 ||
	    (parent_shift < 256 && *shift + s->chunk_shift != parent_shift))
		return err_set(s->err, ERR_CORRUPT, "xa_node 0x%" PRIx64 " has shift %u below %u", node,
			       *shift, parent_shift);
	for (i = 0; i < s->shape->nr_slots; i++)
		slots[i] = get_u64(raw + 8 * i);
	return 0;
}

/* The slot that slot @i continues, and the last one that does; -1 for a sibling that leads nowhere. */
static int canonical(const struct search *s, const uint64_t *slots, uint32_t i, uint32_t *last)
{
	uint32_t first = i, nr = s->shape->nr_slots;

	if (is_internal(slots[i]) && slots[i] < (uint64_t)nr << 2) {
		first = (uint32_t)(slots[i] >> 2);
		if (first >= i || is_internal(slots[first]) || !slots[first])
			return -1;
	}
	for (*last = i; *last + 1 < nr && slots[*last + 1] == ((uint64_t)first << 2 | INTERNAL_TAG);)
		++*last;
	return (int)first;
}

static int search_node(struct search *s, uint64_t node, unsigned int parent_shift, uint64_t base)
{
	uint64_t slots[XARRAY_SLOTS_MAX];
	uint32_t i = 0, last;
	uint8_t shift;
	int first, rc;

	if (read_node(s, node, parent_shift, &shift, slots))
		return -1;
	if (s->start > base) {
		uint64_t at = (s->start - base) >> shift;

		/* Above all that the tree can hold. */
		if (at >= s->shape->nr_slots)
			return 0;
		i = (uint32_t)at;
	}
	for (; i < s->shape->nr_slots; i++) {
		uint64_t e = slots[i], slot_base = base + ((uint64_t)i << shift);

		if (slot_base > s->last || is_beyond(i, shift))
			return 0;
		if (!e)
			continue;
		if (is_node(e)) {
			if (!shift) {
				err_set(s->err, ERR_CORRUPT, "xa_node 0x%" PRIx64 ": a node below shift 0",
					node);
				return -1;
			}
			rc = search_node(s, e - INTERNAL_TAG, shift, slot_base);
			if (rc)
				return rc;
			if (++s->fruitless > FRUITLESS_MAX) {
				err_set(s->err, ERR_CORRUPT, "xa_node 0x%" PRIx64 ": nodes without entries",
					node);
				return -1;
			}
			continue;
		}
		first = canonical(s, slots, i, &last);
		if (first < 0 || is_internal(slots[first]))
			continue; /* retry, zero, or a sibling of what has just gone */
		return take(s, slots[first], base + ((uint64_t)(uint32_t)first << shift),
			    is_beyond(last, shift)
				    ? UINT64_MAX
				    : base + ((uint64_t)last << shift) + slot_mask(shift));
	}
	return 0;
}

int xarray_next(const struct reader *mem, const struct xarray_shape *shape, uint64_t head,
		uint64_t start, uint64_t last, struct xarray_entry *ret, struct err *err)
{
	struct search s = { .mem = mem, .shape = shape, .start = start, .last = last, .ret = ret,
			    .err = err };

	if (!is_pow2(shape->nr_slots) || shape->nr_slots < 4 || shape->nr_slots > XARRAY_SLOTS_MAX) {
		err_set(err, ERR_UNSUPPORTED, "an xa_node of %u slots", shape->nr_slots);
		return -1;
	}
	s.chunk_shift = (unsigned int)__builtin_ctz(shape->nr_slots);
	if (start > last || !head)
		return 0;
	if (is_node(head))
		return search_node(&s, head - INTERNAL_TAG, 256, 0);
	if (is_internal(head) || start)
		return 0;
	/* One entry alone stands in the head, for index 0. */
	return take(&s, head, 0, 0);
}
