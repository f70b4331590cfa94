/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is in no core at any detail: exclusions of the configuration. Where one cannot be found, all that
 * it may lie in is left out, since a secret that is written cannot be taken back.
 */
#include "select/keep_conf.h"

#include <elf.h>

/* A module's written data, but for what the loader made read-only again, as debuggers need .dynamic. */
static int exclude_data(struct keep_ctx *c, const struct uelf *e)
{
	const struct uelf_phdr *ph, *relro = uelf_phdr(e, PT_GNU_RELRO);
	int rc = 0;

	for (ph = e->phdrs; ph < e->phdrs + e->nr_phdrs && !rc; ph++) {
		uint64_t start = ph->vaddr, end = ph->vaddr + ph->memsz;

		if (ph->type != PT_LOAD || !(ph->flags & PF_W))
			continue;
		if (relro && relro->vaddr >= start && relro->vaddr + relro->memsz <= end) {
			rc = keep_add_never(c, start + e->bias, relro->vaddr - start);
			start = relro->vaddr + relro->memsz;
		}
		if (!rc)
			rc = keep_add_never(c, start + e->bias, end - start);
	}
	return rc;
}

int keep_exclude_all_data(struct keep_ctx *c)
{
	const struct uelf *e;
	int rc = 0;

	vec_for_each(e, &c->modules)
		if (!rc && e != c->ldso && e != c->libc)
			rc = exclude_data(c, e);
	return rc;
}

void keep_fall_back(struct keep_ctx *c)
{
	c->o.detail = DETAIL_TINY;
	c->o.anchors = false;
	c->o.registered = KEEP_REGISTERED_OFF;
	c->o.nr_sections = 0;
}

/*
 * All thread-local variables, where it is not known which of them is meant. What is not found may lie in any
 * memory but the stacks of threads whose control block is known.
 */
static int exclude_all_tls(struct keep_ctx *c)
{
	bool all;
	int rc;

	if (c->hides_tls)
		return 0;
	c->hides_tls = true;
	rc = keep_never_tls(c, &all);
	if (rc || all)
		return rc;
	c->tls_lost = true;
	keep_fall_back(c);
	log_warn(c->p->log, "process %d (%s): an excluded variable may be thread-local, and not all such are found: detail tiny",
		 c->p->leader.pid, c->p->leader.comm);
	return 0;
}

/* Whether a variable of that kind can be the process's own. */
static bool has_own_tls(const struct keep_ctx *c)
{
	const struct uelf *e;

	vec_for_each(e, &c->modules) {
		const struct uelf_phdr *ph = uelf_phdr(e, PT_TLS);

		if (ph && ph->memsz && e != c->ldso && e != c->libc)
			return true;
	}
	return false;
}

/* A thread-local variable of the executable, whose block ends at the thread pointer (ELF TLS variant II). */
static int exclude_tls(struct keep_ctx *c, const struct keep_symbol *s, uint64_t size)
{
	const struct uelf_phdr *tls = uelf_phdr(s->module, PT_TLS);
	const struct proc_thread *t;
	uint64_t block;
	uvaddr_t tp;
	int rc = 0;

	if (!tls || !c->lm.has_exe || s->module->base != c->lm.exe.base || c->p->nr_lost_threads)
		return exclude_all_tls(c);
	block = tls->memsz;
	if (is_pow2(tls->align))
		block += (0 - tls->vaddr - tls->memsz) & (tls->align - 1);
	vec_for_each(t, &c->p->threads) {
		int has = rc ? 0 : keep_thread_pointer(c, t, &tp);

		if (has < 0)
			return exclude_all_tls(c);
		if (has)
			rc = keep_add_never(c, tp - block + s->sym.addr, size);
	}
	return rc;
}

static int exclude_symbol(struct keep_ctx *c, const struct conf_exclude *x)
{
	struct keep_symbol_vec found = { 0 };
	const struct keep_symbol *s;
	int rc = keep_find_symbol(c, x->name, true, &found);

	if (!rc && !found.n) {
		log_warn(c->p->log, "process %d (%s): excluded symbol %s is not found in memory: no data of any module is kept",
			 c->p->leader.pid, c->p->leader.comm, x->name);
		rc = keep_exclude_all_data(c);
		if (!rc && has_own_tls(c))
			rc = exclude_all_tls(c);
	}
	vec_for_each(s, &found) {
		uint64_t size = x->size ? x->size : s->sym.size;

		if (rc)
			break;
		if (keep_symbol_is_tls(s))
			rc = exclude_tls(c, s, size);
		else if (size)
			rc = keep_add_never(c, s->sym.addr, size);
		else
			rc = exclude_data(c, s->module);
	}
	keep_symbol_vec_free(&found);
	return rc;
}

static int exclude_one(struct keep_ctx *c, const struct conf_exclude *x)
{
	const struct proc_area *a;
	int rc = 0;

	switch (x->kind) {
	case CONF_EXCLUDE_SYMBOL:
		return exclude_symbol(c, x);
	case CONF_EXCLUDE_RANGE:
		return keep_add_never(c, x->range.start, x->range.end - x->range.start);
	case CONF_EXCLUDE_MAPPING:
		vec_for_each(a, &c->p->areas)
			if (!rc && keep_mapping_matches(c, a, x->name))
				rc = keep_add_never(c, a->start, a->end - a->start);
		return rc;
	}
	return 0;
}

static int exclude_each(struct keep_ctx *c, const struct conf_excludes *excludes)
{
	const struct conf_exclude *x;
	int rc = 0;

	vec_for_each(x, excludes)
		if (!rc)
			rc = exclude_one(c, x);
	return rc;
}

int keep_excluded(struct keep_ctx *c)
{
	size_t i, nr = c->o.nr_sections;
	unsigned int lost = c->o.exclude_lost_line;
	int rc = 0;

	for (i = 0; i < nr && !lost; i++)
		lost = c->o.sections[i]->exclude_lost_line;
	/* A secret that is written cannot be taken back. */
	if (lost)
		return err_set(c->err, ERR_INVALID,
			       "nothing of it is written: line %u of the configuration may exclude something of it, and cannot be read",
			       lost);
	for (i = 0; i < nr && !rc; i++)
		rc = exclude_each(c, &c->o.sections[i]->exclude);
	return !rc && c->o.exclude_all ? exclude_each(c, c->o.exclude_all) : rc;
}
