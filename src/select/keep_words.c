/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words that lead from threads into memory: registers, and what lies on used stacks. */
#include "select/keep_set.h"

#include "util/bytes.h"

void keep_scan(const struct keep_ctx *c, uvaddr_t start, uvaddr_t end, keep_word take, void *ctx)
{
	unsigned int word = proc_word_size(c->p);
	uint8_t buf[4096];

	for (start = round_up_u64(start, word); start + word <= end;) {
		uint64_t page = c->p->page_size, i;
		uint64_t n = min_u64(end - start, min_u64(sizeof(buf), page - start % page));

		n -= n % word;
		if (!proc_read(c->p, start, buf, n, NULL))
			for (i = 0; i < n; i += word)
				take(ctx, get_uint(buf + i, word));
		start += n;
	}
}

void keep_scan_threads(const struct keep_ctx *c, keep_word take, void *ctx)
{
	const struct proc_thread *t;
	const struct keep_range *r;
	struct arch_regs regs;
	unsigned int i;

	vec_for_each(t, &c->p->threads) {
		if (!keep_thread_regs(c, t, &regs))
			continue;
		for (i = 0; i < c->p->arch->nr_gregs; i++)
			take(ctx, regs.r[i]);
	}
	vec_for_each(r, &c->k->ranges)
		if (r->rule == RULE_STACK || r->rule == RULE_SIGSTACK || r->rule == RULE_STACK_BASE)
			keep_scan(c, r->start, r->end, take, ctx);
}
