/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "select/keep.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "select/keep_set.h"
#include "select/policy.h"

const char *keep_rule_name(enum keep_rule rule)
{
	static const char *const names[RULE_NR] = {
		[RULE_NONE] = "-",
		[RULE_STACK] = "stack",
		[RULE_STACK_BASE] = "stack-base",
		[RULE_SIGSTACK] = "sigaltstack",
		[RULE_EXE] = "exe",
		[RULE_LINK_MAP] = "link-map",
		[RULE_THREAD] = "thread",
		[RULE_TLS] = "tls",
		[RULE_ROBUST] = "robust-list",
		[RULE_LIBC] = "libc-data",
		[RULE_ELF_HEADER] = "elf-header",
		[RULE_VDSO] = "vdso",
		[RULE_SYMBOL] = "symbol",
		[RULE_RANGE] = "range",
		[RULE_MAPPING] = "mapping",
		[RULE_REGISTERED] = "registered",
		[RULE_ANCHOR] = "anchor",
		[RULE_DATA] = "data",
		[RULE_FILTER] = "coredump-filter",
		[RULE_FILE_PAGES] = "file-pages",
	};

	return rule < RULE_NR ? names[rule] : "?";
}

void keep_opts_init(struct keep_opts *o, enum detail detail)
{
	struct conf_process d = { 0 };

	conf_set_process_defaults(&d);
	*o = (struct keep_opts){
		.detail = detail,
		.anchors = d.anchors.v,
		.anchor_before = d.anchor_before.v,
		.anchor_after = d.anchor_after.v,
		.anchor_depth = d.anchor_depth.v,
		.anchor_max = d.anchor_max.v,
		.stack_max = d.stack_max.v,
		.stack_base = d.stack_base.v,
		.file_pages = d.file_pages.v,
		.registered = KEEP_REGISTERED_BY_DETAIL,
		.scope = d.scope.v,
	};
}

/* Of what sections set, the richest; what none sets is the default. */
static void merge(uint64_t *to, const struct conf_value *v, bool *was_set)
{
	if (!v->line)
		return;
	*to = *was_set ? max_u64(*to, v->v) : v->v;
	*was_set = true;
}

void keep_opts_merge(struct keep_opts *o, const struct conf_process *const *sections, size_t nr)
{
	bool set[10] = { false };
	uint64_t anchors = o->anchors, file_pages = o->file_pages;
	size_t i;

	for (i = 0; i < nr; i++) {
		const struct conf_process *s = sections[i];

		merge(&anchors, &s->anchors, &set[0]);
		merge(&o->anchor_before, &s->anchor_before, &set[1]);
		merge(&o->anchor_after, &s->anchor_after, &set[2]);
		merge(&o->anchor_depth, &s->anchor_depth, &set[3]);
		merge(&o->anchor_max, &s->anchor_max, &set[4]);
		merge(&o->stack_max, &s->stack_max, &set[5]);
		merge(&o->stack_base, &s->stack_base, &set[6]);
		merge(&file_pages, &s->file_pages, &set[7]);
		merge(&o->registered, &s->registered, &set[8]);
		merge(&o->scope, &s->scope, &set[9]);
	}
	o->anchors = anchors;
	o->file_pages = file_pages;
	o->sections = sections;
	o->nr_sections = nr;
}

/* libc is what defines __libc_start_main; musl's is ld.so too. */
static void find_libc(struct keep_ctx *c)
{
	struct uelf_symbol s;
	struct uelf *e;
	uint64_t base;

	if (!proc_auxv(c->p, AT_BASE, &base))
		base = 0;
	c->is_glibc = true;
	vec_for_each(e, &c->modules) {
		if (base && e->base == base)
			c->ldso = e;
		if (!c->libc && !uelf_find_symbol(e, "__libc_start_main", &s, NULL)) {
			c->libc = e;
			c->is_glibc = !uelf_find_symbol(e, "gnu_get_libc_version", &s, NULL);
		}
	}
}

/* All that a live core would hold, beside what the details keep. */
static int keep_filtered(struct keep_ctx *c)
{
	const struct proc_area *a;
	enum page_reason why;
	int rc = 0;

	vec_for_each(a, &c->p->areas) {
		enum area_keep keep = policy_full(c->p, a, &why);
		uint64_t size = keep == KEEP_ALL ? a->end - a->start :
				keep == KEEP_FIRST_PAGE ? c->p->page_size : 0;

		if (!rc)
			rc = keep_add(c, a->start, size, RULE_FILTER);
	}
	return rc;
}

static int keep_file_pages(struct keep_ctx *c)
{
	const struct proc_area *a;
	int rc = 0;

	vec_for_each(a, &c->p->areas)
		if (!rc && (a->kind == AREA_FILE_PRIVATE || a->kind == AREA_FILE_SHARED))
			rc = keep_add(c, a->start, a->end - a->start, RULE_FILE_PAGES);
	return rc;
}

static int gather(struct keep_ctx *c, struct err *err)
{
	uint64_t page;
	int rc = keep_excluded(c);

	if (!rc)
		rc = keep_never_registered(c);
	page = c->o.detail > DETAIL_TINY ? c->p->page_size : 0;
	if (!rc)
		rc = keep_stacks(c);
	if (!rc)
		rc = keep_link_maps(c);
	if (!rc && c->o.detail >= DETAIL_SMALL)
		rc = keep_modules(c);
	if (!rc && c->o.detail >= DETAIL_SMALL)
		rc = keep_threads(c);
	if (!rc)
		rc = keep_configured(c);
	if (!rc)
		rc = keep_registered(c);
	if (!rc && c->o.detail >= DETAIL_FULL)
		rc = keep_filtered(c);
	/* At full there is little left for anchors, unless the process's filter leaves its memory out. */
	if (!rc && c->o.anchors && c->o.detail >= DETAIL_SMALL) {
		rc = keep_normalise(&c->k->ranges, page, err);
		if (!rc)
			rc = keep_anchors(c);
	}
	if (!rc && c->o.file_pages)
		rc = keep_file_pages(c);
	if (!rc)
		rc = keep_normalise(&c->k->ranges, page, err);
	if (!rc)
		rc = keep_normalise(&c->k->never, 0, err);
	if (!rc)
		keep_hide_names(c->k);
	return rc;
}

int keep_make(struct proc *p, const struct keep_opts *o, struct keep *ret, struct err *err)
{
	struct keep_ctx c = { .p = p, .o = *o, .k = ret, .err = err };
	int rc;

	c.is_stack = calloc(p->areas.n + 1, sizeof(*c.is_stack));
	rc = c.is_stack ? linkmap_read(p, &c.lm, err) : err_nomem(err);
	if (!rc && c.lm.fault.rc)
		log_warn(p->log, "process %d (%s): modules: %s", p->leader.pid, p->leader.comm,
			 c.lm.fault.text);
	if (!rc)
		rc = uelf_open_all(p, &c.modules, err);
	if (!rc)
		rc = registered_find(p, &c.modules, &ret->registered, err);
	if (!rc) {
		find_libc(&c);
		rc = gather(&c, err);
		ret->detail = c.o.detail;
	}
	linkmap_free(&c.lm);
	uelf_vec_free(&c.modules);
	free(c.is_stack);
	if (rc)
		keep_deinit(ret);
	return rc;
}

void keep_deinit(struct keep *k)
{
	keep_range_vec_free(&k->ranges);
	keep_range_vec_free(&k->never);
	registered_free(&k->registered);
}
