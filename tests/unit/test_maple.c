/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maple nodes and trees made by hand, as lib/maple_tree.c writes them and as no kernel does. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "kernel/maple.h"
#include "util/bytes.h"

#define BASE	0xffff888000010000ull
#define NODES	48
#define NODE(n) (BASE + (uint64_t)(n) * MAPLE_NODE_SIZE)
/* mt_mk_node(): the type from bit 3 on, and 2 as the lowest bits; a root has bit 2 set as well. */
#define LEAF(n)	   (NODE(n) | MAPLE_LEAF_64 << 3 | 2)
#define RANGE(n)   (NODE(n) | MAPLE_RANGE_64 << 3 | 2)
#define ARANGE(n)  (NODE(n) | MAPLE_ARANGE_64 << 3 | 2)
#define DENSE(n)   (NODE(n) | MAPLE_DENSE << 3 | 2)
#define ROOT	   4ull
#define VMA(n)	   (0xffff888012340000ull + (uint64_t)(n) * 0x100)
#define ZERO_ENTRY 1030ull /* XA_ZERO_ENTRY */
#define LAST	   UINT64_MAX

static uint8_t memory[NODES * MAPLE_NODE_SIZE];

static int read_memory(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	(void)ctx;
	if (off < BASE || off - BASE > sizeof(memory) || size > sizeof(memory) - (off - BASE))
		return err_set(err, ERR_ABSENT, "address 0x%" PRIx64 " is not in the dump", off);
	memcpy(buf, memory + (off - BASE), size);
	return 0;
}

static const struct reader kmem = { .read = read_memory, .size = UINT64_MAX };

/* The parent is no address of the node itself, which would mean that it is dead. */
static void set_parent(uint8_t *node)
{
	put_u64(node, 0xffff888011111100ull | 6);
}

/* --- one node -------------------------------------------------------------------------------------- */

struct node_row {
	const char *what;
	enum maple_type type;
	uint64_t first, last;
	uint64_t pivots[16]; /* LAST: the rest is 0 */
	uint64_t slots[16];  /* VMA(n) by small numbers: n + 1; 0: nothing */
	int n;
	const char *entries; /* "FIRST-LAST=n ..." */
};

static const struct node_row node_rows[] = {
	{ "an empty leaf", MAPLE_LEAF_64, 0, LAST, { 0 }, { 0 }, 0, "" },
	{ "one area, nothing around it", MAPLE_LEAF_64, 0, LAST, { 0xfff, 0x2fff, LAST }, { 0, 1, 0 }, 1, "1000-2fff=1 " },
	{ "areas side by side", MAPLE_LEAF_64, 0, LAST, { 0xfff, 0x1fff, 0x2fff, LAST }, { 0, 1, 2, 0 }, 2, "1000-1fff=1 2000-2fff=2 " },
	{ "an area from 0 on", MAPLE_LEAF_64, 0, LAST, { 0xfff, LAST }, { 1, 0 }, 1, "0-fff=1 " },
	{ "an area for all there is", MAPLE_LEAF_64, 0, LAST, { LAST }, { 1 }, 1, "0-ffffffffffffffff=1 " },
	{ "a zero pivot ends the node", MAPLE_LEAF_64, 0x1000, 0x9fff, { 0x1fff, 0 }, { 1, 2, 3 }, 2, "1000-1fff=1 2000-9fff=2 " },
	{ "a first pivot of 0 is the address 0", MAPLE_LEAF_64, 0, 0x9fff, { 0, 0x9fff }, { 1, 2 }, 2, "0-0=1 1-9fff=2 " },
	{ "what lies behind the last pivot is metadata", MAPLE_LEAF_64, 0, 0x1fff, { 0xfff, 0x1fff, 77, 78 }, { 1, 2, 3, 4 }, 2, "0-fff=1 1000-1fff=2 " },
	{ "all sixteen slots, the last without a pivot", MAPLE_LEAF_64, 0, 0xffff,
	  { 0xfff, 0x1fff, 0x2fff, 0x3fff, 0x4fff, 0x5fff, 0x6fff, 0x7fff, 0x8fff, 0x9fff, 0xafff, 0xbfff, 0xcfff, 0xdfff, 0xefff },
	  { 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16 }, 2, "1000-1fff=1 f000-ffff=16 " },
	{ "an inner node of ranges", MAPLE_RANGE_64, 0, 0x3fff, { 0xfff, 0x3fff }, { 1, 2 }, 2, "0-fff=1 1000-3fff=2 " },
	{ "an inner node with gaps has ten slots", MAPLE_ARANGE_64, 0, 0x9fff,
	  { 0xfff, 0x1fff, 0x2fff, 0x3fff, 0x4fff, 0x5fff, 0x6fff, 0x7fff, 0x8fff }, { 1, 0, 0, 0, 0, 0, 0, 0, 0, 10 }, 2, "0-fff=1 9000-9fff=10 " },
	{ "a dense node, which memory maps have not", MAPLE_DENSE, 0, LAST, { 0 }, { 1 }, -1, "" },
	{ "a type that there is not", (enum maple_type)9, 0, LAST, { 0 }, { 1 }, -1, "" },
	{ "a pivot above the parent's", MAPLE_LEAF_64, 0, 0xfff, { 0x1fff }, { 1 }, -1, "" },
	{ "a pivot below the node's first", MAPLE_LEAF_64, 0x5000, 0x9fff, { 0x4fff }, { 1 }, -1, "" },
	{ "pivots that descend", MAPLE_LEAF_64, 0, LAST, { 0x2fff, 0x1fff }, { 1, 2 }, -1, "" },
	{ "a pivot twice", MAPLE_LEAF_64, 0, LAST, { 0x1fff, 0x1fff, 0x2fff }, { 1, 2, 3 }, -1, "" },
};

static void build_node(const struct node_row *r, uint8_t *node)
{
	unsigned int nr_pivots = r->type == MAPLE_ARANGE_64 ? 9 : 15, i;

	memset(node, 0, MAPLE_NODE_SIZE);
	set_parent(node);
	for (i = 0; i < nr_pivots; i++) {
		put_u64(node + 8 + 8 * i, r->pivots[i]);
		if (r->pivots[i] == LAST)
			break;
	}
	for (i = 0; i <= nr_pivots; i++)
		put_u64(node + 8 + 8 * nr_pivots + 8 * i, r->slots[i] ? VMA(r->slots[i]) : 0);
}

static void test_nodes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(node_rows) / sizeof(*node_rows); i++) {
		const struct node_row *r = &node_rows[i];
		struct maple_entry e[MAPLE_SLOTS_MAX];
		uint8_t node[MAPLE_NODE_SIZE];
		char got[400] = "";
		size_t used = 0;
		int n, j;

		build_node(r, node);
		n = maple_node_decode(node, r->type, r->first, r->last, e);
		for (j = 0; j < n; j++)
			used += (size_t)snprintf(got + used, sizeof(got) - used, "%llx-%llx=%llu ",
						 (unsigned long long)e[j].first, (unsigned long long)e[j].last,
						 (unsigned long long)(e[j].entry - VMA(0)) / 0x100);
		if (n != r->n || strcmp(got, r->entries))
			fail_msg("%s: %d %s", r->what, n, got);
	}
}

/* --- trees ------------------------------------------------------------------------------------------- */

/* Put node @n: pairs of pivot and slot; the last pivot is left out where it is that of the node's end. */
static uint8_t *put_node(unsigned int n, enum maple_type type)
{
	uint8_t *node = memory + n * MAPLE_NODE_SIZE;

	memset(node, 0, MAPLE_NODE_SIZE);
	set_parent(node);
	(void)type;
	return node;
}

static void put_slot(unsigned int n, enum maple_type type, unsigned int i, uint64_t pivot, uint64_t slot)
{
	unsigned int nr_pivots = type == MAPLE_ARANGE_64 ? 9 : 15;
	uint8_t *node = memory + n * MAPLE_NODE_SIZE;

	if (i < nr_pivots)
		put_u64(node + 8 + 8 * i, pivot);
	put_u64(node + 8 + 8 * nr_pivots + 8 * i, slot);
}

/* Root 0 over leaves 1 and 2, with areas 1, 2 and 3. */
static void build_tree(void)
{
	memset(memory, 0, sizeof(memory));
	put_node(0, MAPLE_ARANGE_64);
	put_slot(0, MAPLE_ARANGE_64, 0, 0x4fff, LEAF(1));
	put_slot(0, MAPLE_ARANGE_64, 1, LAST, LEAF(2));
	put_node(1, MAPLE_LEAF_64);
	put_slot(1, MAPLE_LEAF_64, 0, 0xfff, 0);
	put_slot(1, MAPLE_LEAF_64, 1, 0x1fff, VMA(1));
	put_slot(1, MAPLE_LEAF_64, 2, 0x4fff, 0);
	put_node(2, MAPLE_LEAF_64);
	put_slot(2, MAPLE_LEAF_64, 0, 0x6fff, VMA(2));
	put_slot(2, MAPLE_LEAF_64, 1, 0x7fff, ZERO_ENTRY);
	put_slot(2, MAPLE_LEAF_64, 2, 0x8fff, VMA(3));
	put_slot(2, MAPLE_LEAF_64, 3, LAST, 0);
}

struct tree_row {
	const char *what;
	uint64_t root;
	struct {
		unsigned int node, off; /* in bytes */
		uint64_t value;
	} change[2];
	int rc;
	const char *entries, *fault;
};

#define SLOT_A(i) (8 + 9 * 8 + 8 * (i))
#define SLOT_L(i) (8 + 15 * 8 + 8 * (i))
#define PIVOT(i)  (8 + 8 * (i))
#define ALL	  "1000-1fff=1 5000-6fff=2 8000-8fff=3 "

static const struct tree_row tree_rows[] = {
	{ "an empty tree", 0, { { 0 } }, 0, "", NULL },
	{ "a tree of one area for address 0", VMA(7), { { 0 } }, 0, "0-0=7 ", NULL },
	{ "a tree of two levels", ARANGE(0) | ROOT, { { 0 } }, 0, ALL, NULL },
	{ "a leaf alone", LEAF(2) | ROOT, { { 0 } }, 0, "0-6fff=2 8000-8fff=3 ", NULL },
	{ "a root that is not in the dump", (0xffff888099990000ull | MAPLE_ARANGE_64 << 3 | 6), { { 0 } }, ERR_ABSENT, "",
	  "maple node 0xffff888099990000: address 0xffff888099990000 is not in the dump" },
	{ "a child that is not in the dump does not take the others with it", ARANGE(0) | ROOT, { { 0, SLOT_A(0), 0xffff88809999000aull } }, ERR_ABSENT,
	  "5000-6fff=2 8000-8fff=3 ", "maple node 0xffff888099990000: address" },
	{ "a dead child: it is its own parent", ARANGE(0) | ROOT, { { 1, 0, NODE(1) } }, ERR_CORRUPT, "5000-6fff=2 8000-8fff=3 ",
	  "maple node 0xffff888000010100 was being freed at the crash" },
	{ "a dead root", ARANGE(0) | ROOT, { { 0, 0, NODE(0) | 1 } }, ERR_CORRUPT, "", "maple node 0xffff888000010000 was being freed" },
	{ "a root that is its own child", ARANGE(0) | ROOT, { { 0, SLOT_A(0), ARANGE(0) } }, ERR_CORRUPT, "5000-6fff=2 8000-8fff=3 ",
	  "maple tree is deeper than 31 levels" },
	{ "a child that leads back to the root without a contradiction", RANGE(0) | ROOT, { { 0, PIVOT(0), LAST }, { 0, SLOT_L(0), RANGE(0) } },
	  ERR_CORRUPT, "", "maple tree is deeper than 31 levels" },
	{ "a leaf whose pivots descend", ARANGE(0) | ROOT, { { 2, PIVOT(1), 0x5fff } }, ERR_CORRUPT, "1000-1fff=1 ",
	  "of type 1 for 0x5000-0xffffffffffffffff contradicts itself" },
	{ "a child of a type that there is not", ARANGE(0) | ROOT, { { 0, SLOT_A(1), NODE(2) | 7 << 3 | 2 } }, ERR_CORRUPT, "1000-1fff=1 ",
	  "of type 7 for 0x5000" },
	{ "an inner slot without a node in it", ARANGE(0) | ROOT, { { 0, SLOT_A(0), 0 } }, 0, "5000-6fff=2 8000-8fff=3 ", NULL },
};

static void describe(const struct maple_entry_vec *v, char *got, size_t size)
{
	const struct maple_entry *e;
	size_t used = 0;

	got[0] = 0;
	vec_for_each(e, v)
		used += (size_t)snprintf(got + used, size - used, "%llx-%llx=%llu ",
					 (unsigned long long)e->first, (unsigned long long)e->last,
					 (unsigned long long)(e->entry - VMA(0)) / 0x100);
}

static void test_trees(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(tree_rows) / sizeof(*tree_rows); i++) {
		const struct tree_row *r = &tree_rows[i];
		struct maple_entry_vec v = { 0 };
		struct err err = { 0 };
		char got[400];
		int rc;

		build_tree();
		for (j = 0; j < 2 && r->change[j].off + r->change[j].value; j++)
			put_u64(memory + r->change[j].node * MAPLE_NODE_SIZE + r->change[j].off,
				r->change[j].value);
		rc = maple_walk(&kmem, r->root, 100, &v, &err);
		describe(&v, got, sizeof(got));
		if (rc != r->rc || strcmp(got, r->entries) || (rc && !strstr(err.text, r->fault)))
			fail_msg("%s: %d %s'%s'", r->what, rc, got, err.text);
		maple_entry_vec_free(&v);
	}
}

static void test_too_many_entries(void **state)
{
	struct maple_entry_vec v = { 0 };
	struct err err = { 0 };

	(void)state;
	build_tree();
	assert_int_equal(maple_walk(&kmem, ARANGE(0) | ROOT, 2, &v, &err), ERR_CORRUPT);
	assert_string_equal(err.text, "maple tree has more than 2 entries");
	assert_int_equal(v.n, 2);
	maple_entry_vec_free(&v);
}

/* Nodes without areas end the walk when there are more than the entries asked for can need. */
static void test_empty_nodes(void **state)
{
	struct maple_entry_vec v = { 0 };
	struct err err = { 0 };
	unsigned int i;

	(void)state;
	memset(memory, 0, sizeof(memory));
	put_node(0, MAPLE_RANGE_64);
	for (i = 0; i < 16; i++) {
		put_node(1 + i, MAPLE_RANGE_64);
		put_slot(1 + i, MAPLE_RANGE_64, 0, i < 15 ? (i + 1ull) * 0x10000 - 1 : LAST, 0);
		put_node(17 + i, MAPLE_LEAF_64);
		put_slot(17 + i, MAPLE_LEAF_64, 0, (i + 1ull) * 0x1000 - 1, 0);
	}
	for (i = 0; i < 16; i++) {
		put_slot(0, MAPLE_RANGE_64, i, i < 15 ? (i + 1ull) * 0x10000 - 1 : LAST,
			 RANGE(1 + i));
		put_slot(1, MAPLE_RANGE_64, i, (i + 1ull) * 0x1000 - 1, LEAF(17 + i));
	}
	assert_int_equal(maple_walk(&kmem, RANGE(0) | ROOT, 1, &v, &err), ERR_CORRUPT);
	assert_string_equal(err.text, "maple tree has more nodes than entries");
	if (maple_walk(&kmem, RANGE(0) | ROOT, 10, &v, &err))
		fail_msg("%s", err.text);
	assert_int_equal(v.n, 0);
	maple_entry_vec_free(&v);
}

/* A chain of nodes of one child each is as deep as it may be, and no deeper. */
static void test_depth(void **state)
{
	struct maple_entry_vec v = { 0 };
	struct err err = { 0 };
	unsigned int i;

	(void)state;
	memset(memory, 0, sizeof(memory));
	for (i = 0; i < 30; i++) {
		put_node(i, MAPLE_RANGE_64);
		put_slot(i, MAPLE_RANGE_64, 0, LAST, i < 29 ? RANGE(i + 1) : LEAF(30));
	}
	put_node(30, MAPLE_LEAF_64);
	put_slot(30, MAPLE_LEAF_64, 0, 0xfff, VMA(1));
	put_slot(30, MAPLE_LEAF_64, 1, LAST, 0);
	assert_int_equal(maple_walk(&kmem, RANGE(0) | ROOT, 1000, &v, &err), 0);
	assert_int_equal(v.n, 1);
	put_slot(29, MAPLE_RANGE_64, 0, LAST, RANGE(31));
	put_node(31, MAPLE_RANGE_64);
	put_slot(31, MAPLE_RANGE_64, 0, LAST, LEAF(30));
	v.n = 0;
	assert_int_equal(maple_walk(&kmem, RANGE(0) | ROOT, 1000, &v, &err), ERR_CORRUPT);
	assert_string_equal(err.text, "maple tree is deeper than 31 levels");
	maple_entry_vec_free(&v);
}

static void test_entries(void **state)
{
	(void)state;
	assert_true(maple_is_node(ARANGE(0)));
	assert_true(maple_is_node(LEAF(3) | ROOT));
	assert_false(maple_is_node(VMA(1)));
	assert_false(maple_is_node(ZERO_ENTRY));
	assert_false(maple_is_node(0));
	assert_true(maple_is_internal(ZERO_ENTRY));
	assert_false(maple_is_internal(ARANGE(0)));
	assert_false(maple_is_internal(VMA(1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes),	       cmocka_unit_test(test_trees),
		cmocka_unit_test(test_too_many_entries), cmocka_unit_test(test_empty_nodes),
		cmocka_unit_test(test_depth),	       cmocka_unit_test(test_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
