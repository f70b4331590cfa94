/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/klist.h"

#include <string.h>

void klist_init(struct klist *l, struct kernel *k, kvaddr_t head, const char *what)
{
	memset(l, 0, sizeof(*l));
	l->k = k;
	l->what = what;
	l->head = l->at = l->last_good = head;
	l->limit = 1;
}

static bool finish(struct klist *l)
{
	l->done = true;
	return false;
}

/* Turn round once; if the way back is broken too, say so and end. */
static bool turn_or_end(struct klist *l, kvaddr_t bad, const char *why)
{
	if (l->backward) {
		log_warn(l->k->log, "%s: broken from both ends, at 0x%" PRIx64 " backward: %s; "
			 "members between are not shown", l->what, bad, why);
		l->broken = true;
		return finish(l);
	}
	log_warn(l->k->log, "%s: broken after 0x%" PRIx64 ": %s; followed from its end", l->what,
		 l->last_good, why);
	l->backward = true;
	l->at = l->head;
	l->tortoise = 0;
	l->steps = 0;
	l->limit = 1;
	return true;
}

bool klist_next(struct klist *l, kvaddr_t *ret)
{
	struct err err = { 0 };
	uint64_t next;

	while (!l->done) {
		if (kread_u64(l->k, l->at + (l->backward ? 8 : 0), &next, &err)) {
			if (!turn_or_end(l, l->at, err.text))
				return false;
			continue;
		}
		if (next == l->head)
			return finish(l);
		if (l->backward && next == l->last_good)
			return finish(l);
		if ((l->tortoise && next == l->tortoise) || next == l->at || ++l->total > KLIST_MAX) {
			if (!turn_or_end(l, next, "it runs in a loop"))
				return false;
			continue;
		}
		/* Brent: the tortoise jumps to us at every power of two. */
		if (++l->steps == l->limit) {
			l->tortoise = next;
			l->limit *= 2;
			l->steps = 0;
		}
		/* Only an address that can be read is a member. */
		if (kread_u64(l->k, next + (l->backward ? 8 : 0), &(uint64_t){ 0 }, &err)) {
			if (!turn_or_end(l, next, err.text))
				return false;
			continue;
		}
		l->at = next;
		if (!l->backward)
			l->last_good = next;
		*ret = next;
		return true;
	}
	return false;
}
