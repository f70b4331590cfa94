/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables made by hand in a dump of a few pages: runs, empty runs, loops, tables that are missing. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "mem/pgtable.h"
#include "tiny_dump.h"

#define PAGES	 16
/* Page n of the machine's memory; tables are pages too. Page 0 is the root. */
#define FRAME(n) (TINY_RAM + (uint64_t)(n) * TINY_PAGE)
#define GONE	 0x40000000ull /* in no segment */
#define P	 1ull
#define TABLE(n) (FRAME(n) | 0x67)
#define LEAF(n)	 (FRAME(n) | 0x67)
#define HUGE	 0x80ull
#define SWAP(n)	 (((~(uint64_t)(n) << 14) >> 5 & ~0x1ffull) & ~(0x1full << 59))

/* Index in each table of an address: VA(4's, 3's, 2's, 1's). */
#define VA(l4, l3, l2, l1) ((uint64_t)(l4) << 39 | (uint64_t)(l3) << 30 | (l2) << 21 | (l1) << 12)
#define END4		   (1ull << 47) /* of user space */

struct entry {
	unsigned int page, index;
	uint64_t raw;
};

struct row {
	const char *what;
	struct entry entries[12];
	uint64_t start, end;
	const char *runs; /* "START+SIZE kind[level] PADDR; ..." with sizes in pages */
	const char *why;  /* of the last run that cannot be told */
};

static const struct row rows[] = {
	{ "an empty tree is one run", { { 0 } }, 0, END4, "0+34359738368 empty4; ", NULL },
	{ "a range within an empty entry", { { 0 } }, 0x1000, 0x5000, "1000+4 empty4; ", NULL },
	{ "nothing is asked for", { { 0 } }, 0x5000, 0x5000, "", NULL },
	{ "one page", { { 0, 0, TABLE(1) }, { 1, 0, TABLE(2) }, { 2, 0, TABLE(3) }, { 3, 1, LEAF(9) } }, 0, 0x4000,
	  "0+1 empty1; 1000+1 page1 109000; 2000+2 empty1; ", NULL },
	{ "empty runs at each level",
	  { { 0, 0, TABLE(1) }, { 1, 0, TABLE(2) }, { 2, 0, TABLE(3) }, { 3, 0, LEAF(9) } }, 0, END4,
	  "0+1 page1 109000; 1000+511 empty1; 200000+261632 empty2; 40000000+133955584 empty3; 8000000000+34225520640 empty4; ", NULL },
	{ "empty entries of one table are one run, of two tables are two",
	  { { 0, 0, TABLE(1) }, { 1, 0, TABLE(2) }, { 2, 0, TABLE(3) }, { 2, 1, TABLE(4) } }, 0, 0x400000,
	  "0+512 empty1; 200000+512 empty1; ", NULL },
	{ "pages side by side, in other frames", { { 0, 0, TABLE(1) }, { 1, 0, TABLE(2) }, { 2, 0, TABLE(3) }, { 3, 0, LEAF(9) }, { 3, 1, LEAF(8) } }, 0, 0x2000,
	  "0+1 page1 109000; 1000+1 page1 108000; ", NULL },
	{ "a page over the border of two tables", { { 0, 0, TABLE(1) }, { 1, 0, TABLE(2) }, { 2, 0, TABLE(3) }, { 2, 1, TABLE(4) }, { 3, 511, LEAF(9) }, { 4, 0, LEAF(8) } },
	  0x1ff000, 0x201000, "1ff000+1 page1 109000; 200000+1 page1 108000; ", NULL },
	{ "the last page of user space", { { 0, 255, TABLE(1) }, { 1, 511, TABLE(2) }, { 2, 511, TABLE(3) }, { 3, 511, LEAF(9) } },
	  END4 - 0x2000, END4, "7fffffffe000+1 empty1; 7ffffffff000+1 page1 109000; ", NULL },
	{ "a huge page of 2 MiB", { { 0, 0, TABLE(1) }, { 1, 0, TABLE(2) }, { 2, 1, 0x40000000 | 0x67 | HUGE } }, 0x200000, 0x400000,
	  "200000+512 page2 40000000; ", NULL },
	{ "a part of a huge page", { { 0, 0, TABLE(1) }, { 1, 0, TABLE(2) }, { 2, 1, 0x40000000 | 0x67 | HUGE } }, 0x203000, 0x205000,
	  "203000+2 page2 40003000; ", NULL },
	{ "a huge page of 1 GiB, from its middle", { { 0, 0, TABLE(1) }, { 1, 1, 0x80000000 | 0x67 | HUGE } }, 0x60000000, 0x80001000,
	  "60000000+131072 page3 a0000000; 80000000+1 empty3; ", NULL },
	{ "a page without access", { { 0, 0, TABLE(1) }, { 1, 0, TABLE(2) }, { 2, 0, TABLE(3) }, { 3, 0, (~FRAME(9) & 0xffffffffff000) | 0x100 } }, 0, 0x1000,
	  "0+1 page1 109000; ", NULL },
	{ "swap entries, each a run", { { 0, 0, TABLE(1) }, { 1, 0, TABLE(2) }, { 2, 0, TABLE(3) }, { 3, 0, SWAP(5) }, { 3, 1, SWAP(6) } }, 0, 0x3000,
	  "0+1 swap1; 1000+1 swap1; 2000+1 empty1; ", NULL },
	{ "an entry that no kernel writes", { { 0, 0, 0xdead000 } }, 0, 0x8000000000 + 0x1000, "0+134217728 bad4; 8000000000+1 empty4; ", NULL },
	{ "a table that is not in the dump", { { 0, 0, TABLE(1) }, { 1, 0, TABLE(2) }, { 2, 0, GONE | 0x67 }, { 2, 1, TABLE(3) }, { 3, 0, LEAF(9) } }, 0, 0x201000,
	  "0+512 absent1; 200000+1 page1 109000; ", "level 1 page table at 0x40000000: page frame 0x40000 is not in the dump" },
	{ "a missing table above", { { 0, 0, GONE | 0x67 }, { 0, 1, TABLE(1) } }, 0, 0x8000001000, "0+134217728 absent3; 8000000000+1 empty3; ",
	  "level 3 page table at 0x40000000: page frame 0x40000 is not in the dump" },
	{ "tables that lead to themselves end at the last level", { { 0, 0, TABLE(0) } }, 0, 0x1000, "0+1 page1 100000; ", NULL },
	{ "a table that two entries share", { { 0, 0, TABLE(1) }, { 0, 1, TABLE(1) }, { 1, 0, 0x40000000 | 0x67 | HUGE } }, 0, 0x8000001000,
	  "0+262144 page3 40000000; 40000000+133955584 empty3; 8000000000+1 page3 40000000; ", NULL },
};

static const char *kind_name(const struct pgrun *r)
{
	static const char *const names[] = { "empty", "table", "page", "swap", "bad" };

	return r->rc == ERR_ABSENT ? "absent" : r->rc ? "corrupt" : names[r->pte.kind];
}

static void walk_row(const struct row *r, struct tiny_ram *m, char *got, size_t size, struct err *why)
{
	struct pgwalk w;
	struct pgrun run;
	size_t n = 0;
	uint64_t at = r->start;

	got[0] = 0;
	assert_int_equal(pgwalk_init(&w, m->vc, m->km.arch, &m->km.space, FRAME(0), NULL), 0);
	pgwalk_range(&w, r->start, r->end);
	while (pgwalk_next(&w, &run)) {
		char paddr[32] = "";

		/* Runs follow each other without a gap. */
		if (run.start != at || run.end <= run.start)
			fail_msg("%s: a run 0x%llx-0x%llx after 0x%llx", r->what,
				 (unsigned long long)run.start, (unsigned long long)run.end,
				 (unsigned long long)at);
		at = run.end;
		if (run.rc)
			*why = w.why;
		if (!run.rc && run.pte.kind == PTE_PAGE)
			snprintf(paddr, sizeof(paddr), " %llx", (unsigned long long)run.pte.paddr);
		n += (size_t)snprintf(got + n, size - n, "%llx+%llu %s%u%s; ", (unsigned long long)run.start,
				      (unsigned long long)(run.end - run.start) / TINY_PAGE, kind_name(&run),
				      run.level, paddr);
	}
	assert_true(at == r->end);
	assert_false(pgwalk_next(&w, &run));
	pgwalk_deinit(&w);
}

static void build(struct tiny_ram *m, const struct entry *e, size_t n)
{
	tiny_ram_init(m, PAGES);
	for (; n && e->raw; e++, n--)
		put_u64(m->ram + e->page * TINY_PAGE + 8 * e->index, e->raw);
	tiny_ram_open(m, "");
}

static void test_walks(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct err why = { 0 };
		struct tiny_ram m;
		char got[600];

		build(&m, r->entries, ARRAY_SIZE(r->entries));
		walk_row(r, &m, got, sizeof(got), &why);
		if (strcmp(got, r->runs) || (r->why && strcmp(why.text, r->why)))
			fail_msg("%s: %s '%s'", r->what, got, why.text);
		tiny_ram_close(&m);
	}
}

static void test_lookups(void **state)
{
	static const struct entry entries[] = {
		{ 0, 0, TABLE(1) }, { 1, 0, TABLE(2) }, { 2, 0, TABLE(3) }, { 3, 5, LEAF(9) },
		{ 3, 6, SWAP(7) },  { 2, 1, 0x40000000 | 0x67 | HUGE }, { 1, 2, GONE | 0x67 },
	};
	static const struct {
		const char *what;
		uint64_t va;
		int rc;
		enum pte_kind kind;
		unsigned int level;
		paddr_t paddr;
		const char *fault;
	} asked[] = {
		{ "a page", VA(0, 0, 0, 5) + 0x123, 0, PTE_PAGE, 1, FRAME(9), NULL },
		{ "a page that is not there", VA(0, 0, 0, 4), 0, PTE_EMPTY, 1, 0, NULL },
		{ "a page that is swapped out", VA(0, 0, 0, 6), 0, PTE_SWAP, 1, 0, NULL },
		{ "a huge page", VA(0, 0, 1, 100), 0, PTE_PAGE, 2, 0x40000000, NULL },
		{ "no table", VA(1, 0, 0, 0), 0, PTE_EMPTY, 4, 0, NULL },
		{ "a table that is not in the dump", VA(0, 2, 3, 0), ERR_ABSENT, PTE_EMPTY, 2, 0,
		  "level 2 page table, entry 3: page frame 0x40000 is not in the dump" },
	};
	struct tiny_ram m;
	size_t i;

	(void)state;
	build(&m, entries, ARRAY_SIZE(entries));
	for (i = 0; i < ARRAY_SIZE(asked); i++) {
		struct pte pte = { 0 };
		struct err err = { 0 };
		unsigned int level;
		int rc = pgtable_lookup(m.vc, m.km.arch, &m.km.space, FRAME(0), asked[i].va, &pte, &level,
					&err);

		if (rc != asked[i].rc || level != asked[i].level ||
		    (rc ? strcmp(err.text, asked[i].fault) :
			  pte.kind != asked[i].kind || pte.paddr != asked[i].paddr))
			fail_msg("%s: %d, kind %d at level %u, 0x%llx '%s'", asked[i].what, rc, pte.kind, level,
				 (unsigned long long)pte.paddr, err.text);
	}
	tiny_ram_close(&m);
}

/* All entries of all tables lead to one table: a walk ends after as many tables as there are pages. */
static void test_loop(void **state)
{
	struct err why = { 0 };
	struct pgwalk w;
	struct pgrun run;
	struct tiny_ram m;
	unsigned int i, tables = 0, bad = 0;

	(void)state;
	tiny_ram_init(&m, PAGES);
	/* Each table leads to two others in turn, so that no buffer can be used again. */
	for (i = 0; i < 512; i++) {
		put_u64(m.ram + 8 * i, i % 2 ? TABLE(1) : TABLE(2));
		put_u64(m.ram + TINY_PAGE + 8 * i, i % 2 ? TABLE(3) : TABLE(2));
		put_u64(m.ram + 2 * TINY_PAGE + 8 * i, i % 2 ? TABLE(1) : TABLE(3));
	}
	tiny_ram_open(&m, "");
	assert_int_equal(pgwalk_init(&w, m.vc, m.km.arch, &m.km.space, FRAME(0), NULL), 0);
	pgwalk_range(&w, 0, END4);
	for (i = 0; i < 100000 && pgwalk_next(&w, &run); i++) {
		if (run.rc == ERR_CORRUPT) {
			bad++;
			why = w.why;
		} else {
			tables++;
		}
	}
	/* The rest is told as unreadable, in runs as large as tables are. */
	assert_true(i < 100000 && bad > 0 && tables <= 512 * (PAGES + 4));
	if (!strstr(why.text, "more page tables than the machine has pages: a loop"))
		fail_msg("%s", why.text);
	pgwalk_deinit(&w);
	tiny_ram_close(&m);
}

/* One walk serves many ranges; the cost follows what is asked for. */
static void test_ranges(void **state)
{
	static const struct entry entries[] = {
		{ 0, 0, TABLE(1) }, { 1, 0, TABLE(2) }, { 2, 0, TABLE(3) }, { 3, 0, LEAF(9) }, { 3, 2, LEAF(8) },
	};
	struct pgwalk w;
	struct pgrun run;
	struct tiny_ram m;
	unsigned int i;

	(void)state;
	build(&m, entries, ARRAY_SIZE(entries));
	assert_int_equal(pgwalk_init(&w, m.vc, m.km.arch, &m.km.space, FRAME(0), NULL), 0);
	for (i = 0; i < 1000; i++) {
		pgwalk_range(&w, 0x2000, 0x3000);
		assert_true(pgwalk_next(&w, &run));
		assert_int_equal(run.pte.paddr, FRAME(8));
		assert_false(pgwalk_next(&w, &run));
		/* Backwards as well. */
		pgwalk_range(&w, 0, 0x1000);
		assert_true(pgwalk_next(&w, &run));
		assert_int_equal(run.pte.paddr, FRAME(9));
	}
	pgwalk_deinit(&w);
	tiny_ram_close(&m);
}

/* --- the kernel's own addresses ----------------------------------------------------------------------- */

static void test_kernel_addresses(void **state)
{
	/* The kernel's root is page 0 too: TINY_INFO. Its vmalloc space has one page. */
	static const struct entry entries[] = {
		{ 0, 402, TABLE(1) }, { 1, 0, TABLE(2) }, { 2, 0, TABLE(3) }, { 3, 1, LEAF(9) }, { 3, 3, GONE | 0x63 },
	};
	static const struct {
		const char *what;
		kvaddr_t va;
		int rc;
		paddr_t paddr;
		const char *fault;
	} asked[] = {
		{ "the direct map", TINY_VA(0x1234), 0, TINY_RAM + 0x1234, NULL },
		{ "the kernel image", 0xffffffff80101000ull, 0, 0x101000, NULL },
		{ "a page of vmalloc", 0xffffc90000001abcull, 0, FRAME(9) + 0xabc, NULL },
		{ "the same page again, from what was remembered", 0xffffc90000001000ull, 0, FRAME(9), NULL },
		{ "a page of vmalloc that is not mapped", 0xffffc90000002000ull, ERR_CORRUPT, 0, "kernel address 0xffffc90000002000: is not mapped: level 1 entry is 0x0" },
		{ "an address of a user", 0x7fffffff0000ull, ERR_CORRUPT, 0, "kernel address 0x7fffffff0000 is none" },
		{ "an address that is not canonical", 0xdead000000000100ull, ERR_CORRUPT, 0, "kernel address 0xdead000000000100 is none" },
		{ "NULL", 0, ERR_CORRUPT, 0, "kernel address 0x0 is none" },
		{ "the last address there is", ~0ull, ERR_CORRUPT, 0, "is not mapped" },
	};
	struct tiny_ram m;
	struct err err = { 0 };
	uint8_t buf[64];
	char str[16];
	size_t i;

	(void)state;
	tiny_ram_init(&m, PAGES);
	for (i = 0; i < ARRAY_SIZE(entries); i++)
		put_u64(m.ram + entries[i].page * TINY_PAGE + 8 * entries[i].index, entries[i].raw);
	strcpy((char *)m.ram + 9 * TINY_PAGE + 0x10, "in vmalloc");
	memset(m.ram + 15 * TINY_PAGE + 0xff0, 'x', 16); /* the last bytes of memory */
	tiny_ram_open(&m, "");
	for (i = 0; i < ARRAY_SIZE(asked); i++) {
		struct err why = { 0 };
		paddr_t pa = 0;
		uint64_t run;
		int rc = kmem_translate(&m.km, asked[i].va, &pa, &run, &why);

		if (rc != asked[i].rc || pa != asked[i].paddr || (rc && !strstr(why.text, asked[i].fault)) ||
		    (!rc && !run))
			fail_msg("%s: %d 0x%llx '%s'", asked[i].what, rc, (unsigned long long)pa, why.text);
	}
	assert_int_equal(kmem_read_str(&m.km, 0xffffc90000001010ull, str, sizeof(str), &err), 0);
	assert_string_equal(str, "in vmalloc");
	/* A text that is longer is cut, one that runs out of memory is an error. */
	assert_int_equal(kmem_read_str(&m.km, 0xffffc90000001010ull, str, 4, &err), 0);
	assert_string_equal(str, "in ");
	assert_int_equal(kmem_read_str(&m.km, TINY_VA(15 * TINY_PAGE + 0xff8), str, sizeof(str), &err), ERR_CORRUPT);
	assert_int_equal(kmem_read(&m.km, TINY_VA(15 * TINY_PAGE + 0xff8), buf, 9, &err), ERR_CORRUPT);
	/* A page that is mapped, and not in the dump. */
	assert_int_equal(kmem_read(&m.km, 0xffffc90000003000ull, buf, 1, &err), ERR_ABSENT);
	if (!strstr(err.text, "kernel address 0xffffc90000003000: page frame 0x40000 is not in the dump"))
		fail_msg("%s", err.text);
	tiny_ram_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walks), cmocka_unit_test(test_lookups),
		cmocka_unit_test(test_loop),  cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_kernel_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
