/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Anchors: a window around everything that a register or a word of a used stack points to in writable
 * memory, and around what those windows point to, as deep as asked for. Counted in granules, so that
 * windows that overlap count once; what is first in the order of threads, registers and stacks wins.
 */
#include "select/keep_set.h"

#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"

#define GRANULE	    64u
#define GRANULES_MAX (1u << 17) /* 8 MiB of windows: the largest anchor-max */
#define EMPTY	    UINT64_MAX

_Static_assert((uint64_t)GRANULE * GRANULES_MAX >= KEEP_ANCHOR_MAX, "anchor-max is too large");

struct anchors {
	struct keep_ctx *c;
	uint64_t *slots;	/* a hash set of granules; addr / GRANULE */
	uint64_t mask;
	uint64_t *order;	/* as they came */
	size_t n, max;
	const struct proc_area *last_area;
};

static bool insert(struct anchors *an, uint64_t granule)
{
	uint64_t i = granule * 0x9e3779b97f4a7c15ull >> 20;

	for (i &= an->mask; an->slots[i] != EMPTY; i = (i + 1) & an->mask)
		if (an->slots[i] == granule)
			return false;
	an->slots[i] = granule;
	an->order[an->n++] = granule;
	return true;
}

/* A word that may be a pointer: what it points to becomes a window unless it is kept already. */
static void take(struct anchors *an, uint64_t v)
{
	struct keep_ctx *c = an->c;
	const struct proc_area *a = an->last_area;
	uint64_t at, start, end;

	/* Small numbers and kernel addresses are most of what is seen. */
	if (v < 65536 || an->n >= an->max)
		return;
	if (!a || v < a->start || v >= a->end) {
		a = proc_find_area(c->p, v);
		if (!a)
			return;
		an->last_area = a;
	}
	if (!keep_is_writable(a) || c->is_stack[a - c->p->areas.v] || keep_has(&c->k->ranges, v))
		return;
	start = v - a->start > c->o.anchor_before ? v - c->o.anchor_before : a->start;
	end = a->end - v > c->o.anchor_after ? v + c->o.anchor_after : a->end;
	end = max_u64(end, v + 1);
	for (at = start / GRANULE; at <= (end - 1) / GRANULE && an->n < an->max; at++)
		insert(an, at);
}

static void scan(struct anchors *an, uvaddr_t start, uvaddr_t end)
{
	unsigned int word = proc_word_size(an->c->p);
	uint8_t buf[4096];

	for (start = round_up_u64(start, word); start + word <= end;) {
		uint64_t page = an->c->p->page_size, i;
		uint64_t n = min_u64(end - start, min_u64(sizeof(buf), page - start % page));

		n -= n % word;
		if (!proc_read(an->c->p, start, buf, n, NULL))
			for (i = 0; i < n; i += word)
				take(an, get_uint(buf + i, word));
		start += n;
	}
}

static void scan_registers(struct anchors *an)
{
	const struct proc_thread *t;
	struct arch_regs regs;
	unsigned int i;

	vec_for_each(t, &an->c->p->threads) {
		if (!keep_thread_regs(an->c, t, &regs))
			continue;
		for (i = 0; i < an->c->p->arch->nr_gregs; i++)
			take(an, regs.r[i]);
	}
}

static void scan_stacks(struct anchors *an)
{
	const struct keep_range *r;

	vec_for_each(r, &an->c->k->ranges)
		if (r->rule == RULE_STACK || r->rule == RULE_SIGSTACK || r->rule == RULE_STACK_BASE)
			scan(an, r->start, r->end);
}

static int u64_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int add_windows(struct anchors *an)
{
	size_t i;
	int rc = 0;

	qsort(an->order, an->n, sizeof(*an->order), u64_cmp);
	for (i = 0; i < an->n && !rc; i++)
		rc = keep_add(an->c, an->order[i] * GRANULE, GRANULE, RULE_ANCHOR);
	return rc;
}

int keep_anchors(struct keep_ctx *c)
{
	struct anchors an = { .c = c };
	uint64_t depth, slots = 16;
	size_t from = 0, to;
	int rc;

	an.max = (min_u64(c->o.anchor_max, KEEP_ANCHOR_MAX) + GRANULE - 1) / GRANULE;
	while (slots < 2 * an.max)
		slots *= 2;
	an.mask = slots - 1;
	an.slots = malloc(slots * sizeof(*an.slots));
	an.order = malloc((an.max + 1) * sizeof(*an.order));
	if (an.slots && an.order) {
		memset(an.slots, 0xff, slots * sizeof(*an.slots));
		scan_registers(&an);
		scan_stacks(&an);
		for (depth = 1; depth < c->o.anchor_depth && from < an.n; depth++)
			for (to = an.n; from < to; from++)
				scan(&an, an.order[from] * GRANULE, (an.order[from] + 1) * GRANULE);
		rc = add_windows(&an);
	} else {
		rc = err_nomem(c->err);
	}
	free(an.slots);
	free(an.order);
	return rc;
}
