/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/maple.h"

#include <string.h>

#include "util/bytes.h"

/* parent, then the pivots, then the slots; arange_64 has a gap for each slot behind them. */
static const struct {
	unsigned int nr_slots, off_slot;
} shapes[] = {
	[MAPLE_DENSE] = { 0, 0 },
	[MAPLE_LEAF_64] = { 16, 8 + 15 * 8 },
	[MAPLE_RANGE_64] = { 16, 8 + 15 * 8 },
	[MAPLE_ARANGE_64] = { 10, 8 + 9 * 8 },
};

int maple_node_decode(const uint8_t *node, enum maple_type type, uint64_t first, uint64_t last,
		      struct maple_entry *ret)
{
	unsigned int i, nr_slots, nr_pivots;
	uint64_t lo = first;
	int n = 0;

	if (type < MAPLE_LEAF_64 || type > MAPLE_ARANGE_64)
		return -1;
	nr_slots = shapes[type].nr_slots;
	nr_pivots = nr_slots - 1;
	for (i = 0; i < nr_slots; i++) {
		/* The last slot has no pivot; a zero pivot past the first is the end of the data. */
		uint64_t hi = i < nr_pivots ? get_u64(node + 8 + 8 * i) : last;
		uint64_t slot = get_u64(node + shapes[type].off_slot + 8 * i);

		if (i < nr_pivots && i > 0 && !hi)
			hi = last;
		if (hi > last || hi < lo)
			return -1;
		if (slot)
			ret[n++] = (struct maple_entry){ lo, hi, slot };
		if (hi == last)
			break;
		lo = hi + 1;
	}
	return n;
}

struct maple_frame {
	struct maple_entry child[MAPLE_SLOTS_MAX];
	int n, at;
	bool leaf;
};

struct maple_stack {
	const struct reader *kmem;
	struct maple_frame f[MAPLE_HEIGHT_MAX];
	unsigned int depth;
	uint64_t nodes_left;
};

/* Read the node that @e points to and stand at its first child. */
static int push_node(struct maple_stack *s, const struct maple_entry *e, struct err *err)
{
	uint64_t addr = e->entry & ~(uint64_t)(MAPLE_NODE_SIZE - 1);
	enum maple_type type = (enum maple_type)(e->entry >> 3 & 0xf);
	uint8_t node[MAPLE_NODE_SIZE];
	struct maple_frame *f;
	int rc;

	if (s->depth >= MAPLE_HEIGHT_MAX)
		return err_set(err, ERR_CORRUPT, "maple tree is deeper than %u levels",
			       MAPLE_HEIGHT_MAX);
	if (!s->nodes_left)
		return err_set(err, ERR_CORRUPT, "maple tree has more nodes than entries");
	s->nodes_left--;
	rc = reader_read(s->kmem, addr, node, sizeof(node), err);
	if (rc)
		return err_add(err, "maple node 0x%" PRIx64, addr);
	/* ma_dead_node(): a node on its way to be freed is its own parent. */
	if ((get_u64(node) & ~(uint64_t)(MAPLE_NODE_SIZE - 1)) == addr)
		return err_set(err, ERR_CORRUPT,
			       "maple node 0x%" PRIx64 " was being freed at the crash", addr);
	f = &s->f[s->depth];
	f->n = maple_node_decode(node, type, e->first, e->last, f->child);
	if (f->n < 0)
		return err_set(err, ERR_CORRUPT,
			       "maple node 0x%" PRIx64 " of type %u for 0x%" PRIx64 "-0x%" PRIx64
			       " contradicts itself",
			       addr, type, e->first, e->last);
	f->at = 0;
	f->leaf = type <= MAPLE_LEAF_64;
	s->depth++;
	return 0;
}

int maple_walk(const struct reader *kmem, uint64_t root, size_t max, struct maple_entry_vec *ret,
	       struct err *err)
{
	struct maple_stack s = { .kmem = kmem, .nodes_left = max / 2 + MAPLE_HEIGHT_MAX };
	struct maple_entry e = { 0, UINT64_MAX, root };
	struct err fault = { 0 };
	int rc = 0;

	if (!root)
		return 0;
	if (!maple_is_node(root)) {
		e.last = 0;
		return maple_entry_vec_push(ret, e) ? 0 : err_nomem(err);
	}
	rc = push_node(&s, &e, err);
	while (s.depth) {
		struct maple_frame *f = &s.f[s.depth - 1];

		if (f->at == f->n) {
			s.depth--;
			continue;
		}
		e = f->child[f->at++];
		if (f->leaf) {
			if (maple_is_internal(e.entry))
				continue;
			if (ret->n >= max)
				return err_set(err, ERR_CORRUPT,
					       "maple tree has more than %zu entries", max);
			if (!maple_entry_vec_push(ret, e))
				return err_nomem(err);
			continue;
		}
		if (push_node(&s, &e, &fault) && !rc)
			rc = err_set(err, fault.rc, "%s", fault.text);
	}
	return rc;
}
