/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Circular lists in a dump of a few pages: whole, broken forward, backward, both, and loops. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "kernel/klist.h"
#include "tiny_dump.h"

#define NR    200
/* List head n: 16 bytes, at an offset of 32 each. Number 0 is the head that is no member. */
#define AT(n) TINY_VA(32 * (n))
#define USER  0x7f0000001000ull
#define FAR   (TINY_DIRECT + 0x7000000000ull) /* in no segment, and not in the direct map */

struct change {
	unsigned int n;
	bool prev;
	uint64_t to;
};

struct row {
	const char *what;
	unsigned int members;
	struct change changes[3];
	const char *found;  /* the numbers in the order in which they come */
	const char *warned; /* NULL: nothing */
	bool broken;
};

static const struct row rows[] = {
	{ "an empty list", 0, { { 0 } }, "", NULL, false },
	{ "one member", 1, { { 0 } }, "1 ", NULL, false },
	{ "three members", 3, { { 0 } }, "1 2 3 ", NULL, false },
	{ "a link to NULL is followed from the end", 5, { { 2, false, 0 } }, "1 2 5 4 3 ", "broken after 0xffff888000100040: kernel address 0x0 is none; followed from its end", false },
	{ "a link into user space", 5, { { 3, false, USER } }, "1 2 3 5 4 ", "kernel address 0x7f0000001000 is none; followed from its end", false },
	{ "a link to memory that is not in the dump", 4, { { 1, false, FAR } }, "1 4 3 2 ", "followed from its end", false },
	{ "the head's own link", 3, { { 0, false, 0 } }, "3 2 1 ", "list: broken after 0xffff888000100000: kernel address 0x0 is none; followed", false },
	{ "a broken link backward is not noticed on the way forward", 3, { { 2, true, 0 } }, "1 2 3 ", NULL, false },
	{ "broken forward and backward, at one place", 6, { { 2, false, 0 }, { 3, true, 0 } }, "1 2 6 5 4 3 ", "broken from both ends, at 0x0 backward", true },
	{ "broken forward and backward, with members between", 6, { { 2, false, USER }, { 5, true, USER } }, "1 2 6 5 ", "members between are not shown", true },
	{ "the head's both links", 3, { { 0, false, 0 }, { 0, true, 8 } }, "", "broken from both ends", true },
	{ "a member that points to itself", 5, { { 2, false, AT(2) } }, "1 2 5 4 3 ", "it runs in a loop; followed from its end", false },
	{ "a member that points to itself, both ways", 5, { { 2, false, AT(2) }, { 4, true, AT(4) } }, "1 2 5 4 ", "broken from both ends", true },
};

static void build(struct tiny_ram *m, const struct row *r)
{
	unsigned int i;

	tiny_ram_init(m, 4);
	for (i = 0; i <= r->members; i++) {
		put_u64(m->ram + 32 * i, AT((i + 1) % (r->members + 1)));
		put_u64(m->ram + 32 * i + 8, AT((i + r->members) % (r->members + 1)));
	}
	for (i = 0; i < 3; i++)
		if (r->changes[i].n || r->changes[i].prev || r->changes[i].to ||
		    (i == 0 && r->warned))
			put_u64(m->ram + 32 * r->changes[i].n + 8 * r->changes[i].prev, r->changes[i].to);
	tiny_ram_open(m, "");
}

struct walked {
	char found[2000];
	char *said;
	unsigned int n;
	bool broken;
};

static void walk(struct tiny_ram *m, struct walked *w)
{
	struct kernel *k = calloc(1, sizeof(*k));
	struct log log;
	struct klist l;
	size_t size, used = 0;
	FILE *f = open_memstream(&w->said, &size);
	kvaddr_t at;

	assert_non_null(k);
	log_init(&log, f, LOG_WARN);
	k->vc = m->vc;
	k->km = m->km;
	k->log = &log;
	w->n = 0;
	w->found[0] = 0;
	klist_init(&l, k, AT(0), "list");
	while (klist_next(&l, &at)) {
		if (used < sizeof(w->found) - 32)
			used += (size_t)snprintf(w->found + used, sizeof(w->found) - used, "%llu ",
						 (unsigned long long)(at - AT(0)) / 32);
		/* Nothing here may run for ever. */
		assert_true(++w->n < 10 * NR);
	}
	/* It has ended for good. */
	assert_false(klist_next(&l, &at));
	w->broken = l.broken;
	fclose(f);
	free(k);
}

static void test_rows(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct walked w;
		struct tiny_ram m;

		build(&m, r);
		walk(&m, &w);
		if (strcmp(w.found, r->found) || w.broken != r->broken ||
		    (r->warned ? !strstr(w.said, r->warned) : w.said[0] != 0))
			fail_msg("%s: %s, broken %d, said '%s'", r->what, w.found, w.broken, w.said);
		free(w.said);
		tiny_ram_close(&m);
	}
}

/*
 * A loop of each length that misses the head, entered after each number of members: it is noticed, all
 * members before it are found, and those behind it from the other end.
 */
static void test_loops(void **state)
{
	unsigned int from, to;

	(void)state;
	for (from = 1; from <= 40; from += 3)
		for (to = 1; to <= from; to += 2) {
			struct row r = { .what = "a loop", .members = 50, .warned = "" };
			bool seen[51] = { false };
			struct walked w;
			struct tiny_ram m;
			const char *at;
			unsigned int i;

			r.changes[0] = (struct change){ from, false, AT(to) };
			build(&m, &r);
			walk(&m, &w);
			for (at = w.found; *at; at = strchr(at, ' ') + 1)
				seen[atoi(at)] = true;
			for (i = 1; i <= 50; i++)
				if (!seen[i])
					fail_msg("loop from %u to %u: %u is missing of %s", from, to, i, w.found);
			if (!strstr(w.said, "loop") || w.n > 4 * 50)
				fail_msg("loop from %u to %u: %u steps, said '%s'", from, to, w.n, w.said);
			free(w.said);
			tiny_ram_close(&m);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_loops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
