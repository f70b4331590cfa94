/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "select/keep_set.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/vma.h"

/* A gap shorter than a program header (56 bytes) costs more than the bytes in it. */
#define GAP_MAX 64u

static int add(struct keep_ctx *c, struct keep_range_vec *v, uvaddr_t start, uint64_t size,
	       enum keep_rule rule)
{
	struct keep_range r = { start, start + size, (uint8_t)rule };

	if (!size || r.end < r.start)
		return 0;
	if (v->n && v->v[v->n - 1].rule == rule && v->v[v->n - 1].start <= start &&
	    v->v[v->n - 1].end >= start) {
		v->v[v->n - 1].end = max_u64(v->v[v->n - 1].end, r.end);
		return 0;
	}
	return keep_range_vec_push(v, r) ? 0 : err_nomem(c->err);
}

int keep_add(struct keep_ctx *c, uvaddr_t start, uint64_t size, enum keep_rule rule)
{
	if (c->k->ranges.n >= KEEP_RANGES_MAX) {
		if (!c->full)
			log_warn(c->p->log, "process %d (%s): more than %u ranges to keep: some are not",
				 c->p->leader.pid, c->p->leader.comm, KEEP_RANGES_MAX);
		c->full = true;
		return 0;
	}
	return add(c, &c->k->ranges, start, size, rule);
}

int keep_add_never(struct keep_ctx *c, uvaddr_t start, uint64_t size)
{
	return add(c, &c->k->never, start, size, RULE_NONE);
}

/* Rules whose ranges stay as they are where others grow to whole pages. */
static bool is_window(uint8_t rule)
{
	return rule == RULE_ANCHOR || rule == RULE_SYMBOL || rule == RULE_RANGE ||
	       rule == RULE_REGISTERED || rule == RULE_ELF_HEADER;
}

struct event {
	uvaddr_t at;
	uint8_t rule;
	bool is_end;
};
DEFINE_VEC(event_vec, struct event);

static int event_cmp(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Ranges to pieces that do not overlap, each of the first rule that asks for it. */
static int sweep(struct keep_range_vec *v, struct err *err)
{
	uint32_t active[RULE_NR] = { 0 };
	struct keep_range_vec out = { 0 };
	struct event_vec ev = { 0 };
	unsigned int rule, last = RULE_NR;
	int rc = 0;
	size_t i;

	for (i = 0; i < v->n && !rc; i++)
		if (!event_vec_push(&ev, (struct event){ v->v[i].start, v->v[i].rule, false }) ||
		    !event_vec_push(&ev, (struct event){ v->v[i].end, v->v[i].rule, true }))
			rc = err_nomem(err);
	keep_range_vec_free(v);
	if (!rc && ev.n)
		qsort(ev.v, ev.n, sizeof(*ev.v), event_cmp);
	for (i = 0; i < ev.n && !rc;) {
		uvaddr_t at = ev.v[i].at;

		for (; i < ev.n && ev.v[i].at == at; i++)
			active[ev.v[i].rule] += ev.v[i].is_end ? UINT32_MAX : 1;
		if (last < RULE_NR)
			out.v[out.n - 1].end = at;
		for (rule = 0; rule < RULE_NR && !active[rule]; rule++)
			;
		if (rule < RULE_NR && rule != last &&
		    !keep_range_vec_push(&out, (struct keep_range){ at, at, (uint8_t)rule }))
			rc = err_nomem(err);
		last = rule;
	}
	event_vec_free(&ev);
	*v = out;
	return rc;
}

/* Fill gaps that do not pay, and those between windows in one page. */
static void bridge(struct keep_range_vec *v, uint64_t page)
{
	size_t i, n = 0;

	for (i = 0; i < v->n; i++) {
		struct keep_range *last = n ? &v->v[n - 1] : NULL;
		struct keep_range r = v->v[i];

		if (last && last->end < r.start &&
		    (r.start - last->end < GAP_MAX ||
		     (page && round_down_u64(last->end - 1, page) == round_down_u64(r.start, page))))
			last->end = r.start;
		if (last && last->end == r.start && last->rule == r.rule)
			last->end = r.end;
		else
			v->v[n++] = r;
	}
	v->n = n;
}

int keep_normalise(struct keep_range_vec *v, uint64_t page, struct err *err)
{
	struct keep_range *r;
	int rc;

	vec_for_each(r, v)
		if (page && !is_window(r->rule)) {
			r->start = round_down_u64(r->start, page);
			r->end = round_up_u64(r->end, page);
		}
	rc = sweep(v, err);
	if (!rc)
		bridge(v, page);
	return rc;
}

size_t keep_range_find(const struct keep_range_vec *v, uvaddr_t at)
{
	size_t lo = 0, hi = v->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v->v[mid].end > at)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

bool keep_thread_regs(const struct keep_ctx *c, const struct proc_thread *t, struct arch_regs *ret)
{
	return !c->p->ops->regs(c->p, t, ret, NULL);
}

int keep_thread_pointer(const struct keep_ctx *c, const struct proc_thread *t, uvaddr_t *ret)
{
	struct arch_regs regs;

	if (!task_has_user_mode(&t->task))
		return 0;
	return keep_thread_regs(c, t, &regs) && proc_thread_pointer(c->p, t, &regs, ret) ? 1 : -1;
}

bool keep_is_writable(const struct proc_area *a)
{
	return a->vm_flags & VM_WRITE && !(a->vm_flags & VM_DONTDUMP) && a->kind != AREA_DEVICE &&
	       a->kind != AREA_SPECIAL;
}
