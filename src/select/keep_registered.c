/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the process has registered for its core, and for no core at all. */
#include <string.h>

#include "select/keep_conf.h"
#include "util/glob.h"

static void warn(struct keep_ctx *c, const char *text, const char *then)
{
	log_warn(c->p->log, "process %d (%s): %s%s", c->p->leader.pid, c->p->leader.comm, text, then);
}

int keep_never_registered(struct keep_ctx *c)
{
	const struct registered *reg = &c->k->registered;
	const struct registered_region *r;
	int rc = 0;

	vec_for_each(r, &reg->regions)
		if (!rc && r->never)
			rc = keep_add_never(c, r->addr, r->size);
	if (rc || !reg->fault.rc)
		return rc;
	warn(c, reg->fault.text,
	     reg->never_lost ? ": what must not be written is not known: detail tiny, no data of any module" : "");
	if (!reg->never_lost)
		return 0;
	keep_fall_back(c);
	return keep_exclude_all_data(c);
}

/* Regions that the key data-files names; what is excluded from all cores has no file. */
static void name_files(struct keep_ctx *c)
{
	struct registered_region *r;
	const struct conf_text *t;
	size_t i;

	for (i = 0; i < c->o.nr_sections; i++)
		vec_for_each(t, &c->o.sections[i]->data_files) {
			bool any = false;

			vec_for_each(r, &c->k->registered.regions)
				if (!r->never && r->name[0] && glob_match(t->s, r->name))
					any = r->as_file = true;
			if (!any)
				log_warn(c->p->log, "process %d (%s): no registered data is named %s",
					 c->p->leader.pid, c->p->leader.comm, t->s);
		}
}

/* A length that the crash left half written may be anything: no further than memory goes on. */
static uint64_t clip(const struct proc *p, uvaddr_t addr, uint64_t size)
{
	const struct proc_area *a = proc_find_area(p, addr);
	uvaddr_t end = addr;

	for (; a && a < p->areas.v + p->areas.n && a->start <= end && end - addr < size; a++)
		end = a->end;
	return min_u64(size, end - addr);
}

static int keep_text(struct keep_ctx *c, const struct registered_region *r)
{
	struct registered_elem e;
	uint32_t i;
	int rc = 0;

	for (i = 0; i < r->nr_elems && !rc; i++)
		if (!registered_elem(c->p, r, i, &e, NULL))
			rc = keep_add(c, e.addr, clip(c->p, e.addr, e.size), RULE_REGISTERED);
	return rc;
}

static bool is_wanted(const struct keep_opts *o, const struct registered_region *r)
{
	if (r->never)
		return false;
	if (r->as_file)
		return true;
	return (o->registered == KEEP_REGISTERED_BY_DETAIL ? o->detail >= DETAIL_DATA :
							     o->registered == KEEP_REGISTERED_ON) &&
	       r->scope <= o->scope;
}

int keep_registered(struct keep_ctx *c)
{
	struct registered_region *r;
	int rc = 0;

	name_files(c);
	vec_for_each(r, &c->k->registered.regions) {
		if (!r->never)
			r->size = clip(c->p, r->addr, r->size);
		r->kept = is_wanted(&c->o, r);
		if (rc || !r->kept)
			continue;
		rc = r->source == REGISTERED_MCD_TEXT ? keep_text(c, r) :
							keep_add(c, r->addr, r->size, RULE_REGISTERED);
	}
	return rc;
}

void keep_hide_names(struct keep *k)
{
	struct registered_region *r;

	vec_for_each(r, &k->registered.regions) {
		size_t i = keep_range_find(&k->never, r->name_at);

		if (i < k->never.n && k->never.v[i].start < r->name_at + r->name_size) {
			r->name[0] = 0;
			r->as_file = false;
		}
	}
}
