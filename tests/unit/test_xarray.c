/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xarrays made by hand: single entries, nodes, multi-index entries, and what no kernel makes. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "kernel/xarray.h"
#include "util/bytes.h"

#define BASE	0xffff888000010000ull
#define NODE(n) (BASE + (n) * 0x400u)
/* As the kernel writes them. */
#define TO_NODE(n)  (NODE(n) | 2)
#define SIBLING(n)  ((uint64_t)(n) << 2 | 2)
#define VALUE(v)    ((uint64_t)(v) << 1 | 1)
#define RETRY	    1026u
#define ZERO	    1030u
#define PAGE_A	    0xffffea0000001000ull
#define PAGE_B	    0xffffea0000002000ull
#define NONE	    UINT64_MAX

static const struct xarray_shape shape = { .shift_off = 0, .slots_off = 40, .nr_slots = 64 };

struct slot {
	unsigned int node, i;
	uint64_t entry;
};

struct row {
	const char *what;
	uint64_t head;
	uint8_t shift[4]; /* of nodes 0 to 3 */
	struct slot slots[6];
	uint64_t start, last;
	uint64_t index; /* where something is found; NONE: nothing; with .fault: an error */
	uint64_t value, first, end;
	const char *fault;
};

static uint8_t memory[4 * 0x400];

static int read_memory(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	(void)ctx;
	if (off < BASE || off - BASE > sizeof(memory) || size > sizeof(memory) - (off - BASE))
		return err_set(err, ERR_ABSENT, "address 0x%" PRIx64 " is not in the dump", off);
	memcpy(buf, memory + (off - BASE), size);
	return 0;
}

static void build(const struct row *r)
{
	size_t i;

	memset(memory, 0, sizeof(memory));
	for (i = 0; i < 4; i++)
		memory[0x400 * i] = r->shift[i];
	for (i = 0; i < 6 && r->slots[i].entry; i++)
		put_u64(memory + 0x400 * r->slots[i].node + 40 + 8 * r->slots[i].i,
			r->slots[i].entry);
}

static const struct row rows[] = {
	{ "an empty array has nothing", 0, { 0 }, { { 0 } }, 0, 100, NONE, 0, 0, 0, NULL },
	{ "a single entry stands in the head", PAGE_A, { 0 }, { { 0 } }, 0, 100, 0, PAGE_A, 0, 0, NULL },
	{ "a single entry is at index 0 only", PAGE_A, { 0 }, { { 0 } }, 1, 100, NONE, 0, 0, 0, NULL },
	{ "a value in the head", VALUE(7), { 0 }, { { 0 } }, 0, 0, 0, 7, 0, 0, NULL },
	{ "a node of one level", TO_NODE(0), { 0 }, { { 0, 5, PAGE_A } }, 5, 5, 5, PAGE_A, 5, 5, NULL },
	{ "the next one is found", TO_NODE(0), { 0 }, { { 0, 5, PAGE_A } }, 0, 100, 5, PAGE_A, 5, 5, NULL },
	{ "not beyond the last index asked for", TO_NODE(0), { 0 }, { { 0, 5, PAGE_A } }, 0, 4, NONE, 0, 0, 0, NULL },
	{ "not below the first", TO_NODE(0), { 0 }, { { 0, 5, PAGE_A } }, 6, 100, NONE, 0, 0, 0, NULL },
	{ "an index above the tree", TO_NODE(0), { 0 }, { { 0, 5, PAGE_A } }, 64, 100, NONE, 0, 0, 0, NULL },
	{ "an index far above the tree", TO_NODE(0), { 0 }, { { 0, 5, PAGE_A } }, 1ull << 60, NONE, NONE, 0, 0, 0, NULL },
	{ "two levels", TO_NODE(0), { 6, 0 }, { { 0, 3, TO_NODE(1) }, { 1, 7, PAGE_A } }, 0, 1000, 199, PAGE_A, 199, 199, NULL },
	{ "the entry after the end of a node", TO_NODE(0), { 6, 0, 0 },
	  { { 0, 0, TO_NODE(1) }, { 1, 2, PAGE_A }, { 0, 9, TO_NODE(2) }, { 2, 0, PAGE_B } }, 3, 1000, 576, PAGE_B, 576, 576, NULL },
	{ "a large folio of a whole slot above the last level", TO_NODE(0), { 6 }, { { 0, 2, PAGE_A } }, 130, 1000, 130, PAGE_A, 128, 191, NULL },
	{ "a folio with siblings, from its start", TO_NODE(0), { 0 },
	  { { 0, 8, PAGE_A }, { 0, 9, SIBLING(8) }, { 0, 10, SIBLING(8) }, { 0, 11, SIBLING(8) } }, 0, 100, 8, PAGE_A, 8, 11, NULL },
	{ "a folio with siblings, from its middle", TO_NODE(0), { 0 },
	  { { 0, 8, PAGE_A }, { 0, 9, SIBLING(8) }, { 0, 10, SIBLING(8) }, { 0, 11, SIBLING(8) } }, 10, 100, 10, PAGE_A, 8, 11, NULL },
	{ "siblings above the last level", TO_NODE(0), { 6 }, { { 0, 4, PAGE_A }, { 0, 5, SIBLING(4) } }, 330, 1000, 330, PAGE_A, 256, 383, NULL },
	{ "a swap entry of several indices", TO_NODE(0), { 0 }, { { 0, 4, VALUE(9) }, { 0, 5, SIBLING(4) } }, 5, 10, 5, 9, 4, 5, NULL },
	{ "retry and zero entries count as none", TO_NODE(0), { 0 }, { { 0, 1, RETRY }, { 0, 2, ZERO }, { 0, 3, PAGE_A } }, 0, 9, 3, PAGE_A, 3, 3, NULL },
	{ "a retry entry in the head", RETRY, { 0 }, { { 0 } }, 0, 9, NONE, 0, 0, 0, NULL },
	{ "a sibling of nothing counts as none", TO_NODE(0), { 0 }, { { 0, 9, SIBLING(8) } }, 0, 63, NONE, 0, 0, 0, NULL },
	{ "a sibling of itself counts as none", TO_NODE(0), { 0 }, { { 0, 9, SIBLING(9) } }, 0, 63, NONE, 0, 0, 0, NULL },
	{ "a node outside of the dump", TO_NODE(0), { 6 }, { { 0, 3, 0xffff888099990002ull } }, 0, 1000, 0, 0, 0, 0, "xa_node 0xffff888099990000: address 0xffff888099990000 is not in the dump" },
	{ "a node that is its own child", TO_NODE(0), { 6 }, { { 0, 0, TO_NODE(0) } }, 0, 1000, 0, 0, 0, 0, "has shift 6 below 6" },
	{ "a node below the last level", TO_NODE(0), { 0, 0 }, { { 0, 0, TO_NODE(1) } }, 0, 1000, 0, 0, 0, 0, "a node below shift 0" },
	{ "a slot beyond the last index", TO_NODE(0), { 60 }, { { 0, 16, PAGE_A } }, 0, NONE, NONE, 0, 0, 0, NULL },
	{ "the slot of the last index", TO_NODE(0), { 60 }, { { 0, 15, PAGE_A }, { 0, 16, SIBLING(15) } }, NONE - 1, NONE, NONE - 1, PAGE_A, 15ull << 60, NONE, NULL },
	{ "a shift that is none", TO_NODE(0), { 5 }, { { 0, 0, PAGE_A } }, 0, 1000, 0, 0, 0, 0, "has shift 5" },
	{ "a shift beyond an index", TO_NODE(0), { 66 }, { { 0, 0, PAGE_A } }, 0, 1000, 0, 0, 0, 0, "has shift 66" },
};

static void test_rows(void **state)
{
	const struct reader mem = { .read = read_memory, .size = UINT64_MAX };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct xarray_entry e = { .index = NONE };
		struct err err = { 0 };
		int found;

		build(r);
		found = xarray_next(&mem, &shape, r->head, r->start, r->last, &e, &err);
		if (r->fault) {
			if (found != -1 || !strstr(err.text, r->fault))
				fail_msg("%s: %d '%s'", r->what, found, err.text);
			continue;
		}
		if (found != (r->index != NONE) || e.index != r->index)
			fail_msg("%s: %d at %llu '%s'", r->what, found,
				 (unsigned long long)e.index, err.text);
		if (found && (e.value != r->value || e.first != r->first || e.last != r->end))
			fail_msg("%s: 0x%llx for %llu to %llu", r->what,
				 (unsigned long long)e.value, (unsigned long long)e.first,
				 (unsigned long long)e.last);
	}
}

/* Every slot of node 0 leads to node 1, which is empty: the kernel leaves no such thing behind. */
static void test_empty_nodes_end(void **state)
{
	const struct reader mem = { .read = read_memory, .size = UINT64_MAX };
	struct xarray_entry e;
	struct err err = { 0 };
	unsigned int i;

	(void)state;
	memset(memory, 0, sizeof(memory));
	memory[0] = 12;
	memory[0x400] = 6;
	for (i = 0; i < 64; i++) {
		put_u64(memory + 40 + 8 * i, TO_NODE(1));
		put_u64(memory + 0x400 + 40 + 8 * i, TO_NODE(2));
	}
	assert_int_equal(xarray_next(&mem, &shape, TO_NODE(0), 0, NONE, &e, &err), -1);
	assert_non_null(strstr(err.text, "nodes without entries"));
}

static void test_shapes(void **state)
{
	const struct reader mem = { .read = read_memory, .size = UINT64_MAX };
	static const uint32_t bad[] = { 0, 1, 3, 63, 128, 1u << 31 };
	struct xarray_shape s = shape;
	struct xarray_entry e;
	struct err err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		s.nr_slots = bad[i];
		assert_int_equal(xarray_next(&mem, &s, PAGE_A, 0, 0, &e, &err), -1);
		assert_non_null(strstr(err.text, "slots"));
	}
	/* CONFIG_BASE_SMALL: 16 slots, four bits a level. */
	s.nr_slots = 16;
	memset(memory, 0, sizeof(memory));
	memory[0] = 4;
	put_u64(memory + 40 + 8 * 2, TO_NODE(1));
	put_u64(memory + 0x400 + 40 + 8 * 3, PAGE_A);
	assert_int_equal(xarray_next(&mem, &s, TO_NODE(0), 0, 100, &e, &err), 1);
	assert_int_equal(e.index, 35);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_empty_nodes_end),
		cmocka_unit_test(test_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
