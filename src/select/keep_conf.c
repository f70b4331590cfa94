/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What process sections ask for by name or address: symbols, mappings, ranges. */
#include "select/keep_conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/glob.h"

/* Where symbols = {"NAME follow=1"} gives no size: bytes at what a pointer leads to. */
#define FOLLOW_SIZE 256u
/* Targets that one symbol may lead to, over all its depths. */
#define FOLLOW_MAX 4096u

bool keep_mapping_matches(struct keep_ctx *c, const struct proc_area *a, const char *name)
{
	char buf[96], *pattern = malloc(2 * strlen(name) + 1), *to = pattern;
	bool matches;

	if (!pattern)
		return false;
	/* Brackets are part of names such as [heap]. */
	for (; *name; name++) {
		if (*name == '[' || *name == '\\')
			*to++ = '\\';
		*to++ = *name;
	}
	*to = 0;
	matches = glob_match(pattern, proc_area_label(c->p, a, buf, sizeof(buf)));
	free(pattern);
	return matches;
}

/* The symbols that the layout file has of this very file. */
static int find_in_layout(struct keep_ctx *c, const struct uelf *e, const char *name,
			  struct uelf_symbol_vec *ret)
{
	const struct user_symbol *u;
	char hex[2 * UELF_BUILD_ID_MAX + 1];
	size_t i;

	if (!c->o.user_symbols || !e->build_id_size)
		return 0;
	for (i = 0; i < e->build_id_size; i++)
		snprintf(hex + 2 * i, 3, "%02x", e->build_id[i]);
	vec_for_each(u, c->o.user_symbols) {
		struct uelf_symbol s = { .addr = u->value + e->bias, .size = u->size };

		if (!strcmp(u->build_id, hex) && !strcmp(u->name, name) &&
		    !uelf_symbol_vec_push(ret, s))
			return ERR_NOMEM;
	}
	return 0;
}

int keep_find_symbol(struct keep_ctx *c, const char *name, bool all, struct keep_symbol_vec *ret)
{
	struct uelf *e;
	size_t i;

	/* The executable's own come first; areas are by address. */
	for (i = 0; i <= c->modules.n; i++) {
		struct uelf_symbol_vec found = { 0 };
		const struct uelf_symbol *s;
		int rc;

		e = i ? &c->modules.v[i - 1] : c->lm.has_exe ? &c->lm.exe : NULL;
		if (!e || (i && c->lm.has_exe && e->base == c->lm.exe.base))
			continue;
		rc = uelf_find_all_symbols(e, name, &found, NULL);
		if (!found.n && rc != ERR_NOMEM)
			rc = find_in_layout(c, e, name, &found);
		vec_for_each(s, &found)
			if (rc != ERR_NOMEM &&
			    !keep_symbol_vec_push(ret, (struct keep_symbol){ *s, e }))
				rc = ERR_NOMEM;
		uelf_symbol_vec_free(&found);
		if (rc == ERR_NOMEM)
			return err_nomem(c->err);
		if (ret->n && !all)
			return 0;
	}
	return 0;
}

/* Pointers in what was found so far lead to more of it, @depth times. */
static int follow(struct keep_ctx *c, uvaddr_t start, uint64_t size, uint64_t target_size,
		  unsigned int depth, unsigned int *left)
{
	unsigned int word = proc_word_size(c->p);
	uint8_t buf[4096];
	uint64_t off, i;
	int rc = 0;

	for (off = 0; off < size && *left; off += sizeof(buf)) {
		uint64_t n = min_u64(size - off, sizeof(buf));

		if (proc_read(c->p, start + off, buf, n, NULL))
			continue;
		for (i = 0; i + word <= n && *left && !rc; i += word) {
			uvaddr_t to = get_uint(buf + i, word);
			const struct proc_area *a = proc_find_area(c->p, to);
			uint64_t there;

			if (!a || !keep_is_writable(a) || (to >= start && to < start + size))
				continue;
			--*left;
			there = min_u64(target_size, a->end - to);
			rc = keep_add(c, to, there, RULE_SYMBOL);
			if (!rc && depth > 1)
				rc = follow(c, to, there, target_size, depth - 1, left);
		}
	}
	return rc;
}

static int keep_symbol(struct keep_ctx *c, const struct conf_symbol *want)
{
	struct keep_symbol_vec found = { 0 };
	const struct keep_symbol *s;
	unsigned int left = FOLLOW_MAX;
	int rc = keep_find_symbol(c, want->name, false, &found);

	if (!rc && !found.n)
		log_warn(c->p->log, "process %d (%s): symbol %s is not found in memory",
			 c->p->leader.pid, c->p->leader.comm, want->name);
	vec_for_each(s, &found) {
		uint64_t own = s->sym.size, size = want->size ? want->size : own;

		if (keep_symbol_is_tls(s))
			continue; /* thread-local storage is kept from small on */
		/* With follow, SIZE is that of what pointers lead to. */
		if (want->follow && own)
			size = own;
		if (!rc)
			rc = keep_add(c, s->sym.addr, size ? size : 8, RULE_SYMBOL);
		if (!rc && want->follow)
			rc = follow(c, s->sym.addr, min_u64(size ? size : 8, MIB(1)),
				    want->size ? want->size : FOLLOW_SIZE, want->follow, &left);
	}
	keep_symbol_vec_free(&found);
	return rc;
}

static int keep_mapping(struct keep_ctx *c, const char *name)
{
	const struct proc_area *a;
	bool any = false;
	int rc = 0;

	vec_for_each(a, &c->p->areas)
		if (!rc && keep_mapping_matches(c, a, name)) {
			any = true;
			rc = keep_add(c, a->start, a->end - a->start, RULE_MAPPING);
		}
	if (!any)
		log_warn(c->p->log, "process %d (%s): no mapping is named %s", c->p->leader.pid,
			 c->p->leader.comm, name);
	return rc;
}

int keep_configured(struct keep_ctx *c)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < c->o.nr_sections; i++) {
		const struct conf_process *s = c->o.sections[i];
		const struct conf_symbol *symbol;
		const struct conf_text *mapping;
		const struct conf_range *range;

		vec_for_each(symbol, &s->symbols)
			if (!rc)
				rc = keep_symbol(c, symbol);
		vec_for_each(mapping, &s->mappings)
			if (!rc)
				rc = keep_mapping(c, mapping->s);
		vec_for_each(range, &s->ranges)
			if (!rc)
				rc = keep_add(c, range->start, range->end - range->start,
					      RULE_RANGE);
	}
	return rc;
}
