/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Maple trees, in which memory maps lie since 6.1 (d4af56c5c7c6). Node encodings are no part of any type
 * information: include/linux/maple_tree.h and lib/maple_tree.c, unchanged from 6.1 to 7.3.
 */
#ifndef VMSIFT_KERNEL_MAPLE_H
#define VMSIFT_KERNEL_MAPLE_H

#include "util/err.h"
#include "util/reader.h"
#include "util/types.h"
#include "util/vec.h"

#define MAPLE_NODE_SIZE	 256u /* struct maple_node: all nodes are this large, and aligned to it */
#define MAPLE_SLOTS_MAX	 16u  /* MAPLE_RANGE64_SLOTS on 64 bits */
#define MAPLE_HEIGHT_MAX 31u  /* MAPLE_HEIGHT_MAX: 5 bits of ma_flags */

/* An entry of the tree: a pointer stored for the addresses first..last, both included. */
struct maple_entry {
	uint64_t first, last;
	uint64_t entry;
};
DEFINE_VEC(maple_entry_vec, struct maple_entry);

enum maple_type { MAPLE_DENSE, MAPLE_LEAF_64, MAPLE_RANGE_64, MAPLE_ARANGE_64 };

/* A pointer to a node as parents and the root store it. */
static inline bool maple_is_node(uint64_t e)
{
	return (e & 3) == 2 && e > 4096;
}

/* xa_is_internal() and not a node: XA_ZERO_ENTRY and the like, which stand for no pointer. */
static inline bool maple_is_internal(uint64_t e)
{
	return (e & 3) == 2 && e < 4096;
}

/**
 * maple_node_decode() - what one node holds
 * @node:  its MAPLE_NODE_SIZE bytes
 * @type:  from the pointer that led to it
 * @first, @last: the addresses it is responsible for
 * @ret:   room for MAPLE_SLOTS_MAX; children of an inner node, entries of a leaf; empty slots left out
 *
 * Return: the number of entries; -1 if the node contradicts itself or its parent.
 */
int maple_node_decode(const uint8_t *node, enum maple_type type, uint64_t first, uint64_t last,
		      struct maple_entry *ret);

/**
 * maple_walk() - all entries of a tree in order
 * @kmem: kernel memory, by address
 * @root: maple_tree.ma_root
 * @max:  more entries than this is ERR_CORRUPT
 * @ret:  entries found are appended, also those before a fault
 *
 * Return: 0; ERR_CORRUPT for a damaged node or one that was being freed, ERR_ABSENT for one not in the
 * dump: the walk goes on with what is beside it, and the first such fault is returned; ERR_NOMEM.
 */
int maple_walk(const struct reader *kmem, uint64_t root, size_t max, struct maple_entry_vec *ret,
	       struct err *err);

#endif
