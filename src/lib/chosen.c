/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes are written, and which sections of the configuration hold for each. */
#include "lib/corejob.h"

struct choice {
	struct kernel *k;
	const struct selection_set *set;
	const struct conf *conf;
	const enum detail *detail;
	struct chosen_vec chosen;
	unsigned int unknown; /* left out as nothing tells whether they may be written */
	struct err *err;
};

void chosen_add_section(struct chosen *c, const struct conf *conf, size_t section)
{
	enum detail detail = conf_process_detail(conf, &conf->processes.v[section]);

	if (section < CONF_MAX_SECTIONS)
		c->sections[section / 64] |= 1ull << section % 64;
	if (detail > c->detail)
		c->detail = detail;
}

size_t chosen_keep_opts(const struct vmsift *v, const struct conf *conf, const struct chosen *c,
			const struct conf_process *sections[CONF_MAX_SECTIONS],
			struct keep_opts *ret)
{
	size_t i, nr = 0;

	keep_opts_init(ret, c->detail);
	for (i = 0; conf && i < conf->processes.n && i < CONF_MAX_SECTIONS; i++)
		if (c->sections[i / 64] >> i % 64 & 1)
			sections[nr++] = &conf->processes.v[i];
	keep_opts_merge(ret, sections, nr);
	ret->exclude_lost_line = conf ? conf->exclude_lost_line : 0;
	ret->exclude_all = conf ? &conf->exclude_all : NULL;
	ret->user_symbols = v->lf ? &v->lf->user_symbols : NULL;
	return nr;
}

/* A section of which nothing tells that it does not match: what it excludes is excluded. */
static void add_exclusions(struct chosen *c, const struct conf *conf, const struct subject *s, size_t i)
{
	const struct conf_process *p = &conf->processes.v[i];

	if (i < CONF_MAX_SECTIONS && (p->exclude.n || p->exclude_lost_line) &&
	    selection_set_may_match(&p->match, &s->facts))
		c->sections[i / 64] |= 1ull << i % 64;
}

/* Sections that match a process hold for it, also where something else selected it: exclusions above all. */
static void add_sections(const struct choice *ch, const struct subject *s, struct chosen *c)
{
	bool any = false;
	size_t i;

	for (i = 0; i < ch->conf->processes.n; i++) {
		if (selection_set_matches(&ch->conf->processes.v[i].match, &s->facts)) {
			chosen_add_section(c, ch->conf, i);
			any = true;
		} else {
			add_exclusions(c, ch->conf, s, i);
		}
	}
	if (!any)
		c->detail = (enum detail)ch->conf->detail.v;
	if (ch->detail)
		c->detail = *ch->detail;
}

static int choose(void *ctx, const struct task *leader)
{
	struct choice *ch = ctx;
	struct chosen c = { .leader = *leader };
	enum select_verdict verdict;
	struct subject s;
	int rc = subject_read(ch->k, leader, &s, ch->err);

	verdict = rc ? SELECT_NO : selection_set_judge(ch->set, &s.facts);
	if (verdict == SELECT_YES)
		add_sections(ch, &s, &c);
	/* Kernel threads and zombies match wildcards, and have nothing to write: only a name brings them here. */
	if (verdict == SELECT_NOT_NAMED && s.mm)
		ch->unknown += subject_left_out(ch->k, &s);
	subject_deinit(&s);
	if (verdict != SELECT_YES)
		return rc;
	return chosen_vec_push(&ch->chosen, c) ? 0 : err_nomem(ch->err);
}

/* Without this no process has memory, as far as anybody can tell: then "nothing matches" would be no answer. */
static int knows_memory(const struct kernel *k, struct err *err)
{
	if (layout_has(&k->layout, L_task_struct_mm))
		return 0;
	kernel_lacks(k, L_task_struct_mm, err);
	return err_add(err, "which processes have memory cannot be told");
}

int chosen_find(struct vmsift *v, const struct selection_set *set, const struct conf *conf,
		const enum detail *detail, struct chosen_vec *ret, unsigned int *lost,
		struct err *err)
{
	struct choice ch = { .k = v->k, .set = set, .conf = conf, .detail = detail, .err = err };
	int rc = knows_memory(v->k, err);

	if (!rc)
		rc = for_each_process(v->k, choose, &ch, lost, err);
	*ret = ch.chosen;
	*lost += ch.unknown;
	return rc;
}

int chosen_default(struct selection_set *set, struct err *err)
{
	int rc = selection_set_add(set, "panic", err);

	return rc ? rc : selection_set_add(set, "on-cpu", err);
}

/* Which process sections match, and the richest detail that they ask for. */
struct match {
	struct kernel *k;
	const struct conf *conf;
	bool *matched;
	struct chosen_vec chosen;
	unsigned int unknown; /* left out as nothing tells whether they may be written */
	struct err *err;
};

static int match_process(void *ctx, const struct task *leader)
{
	struct match *m = ctx;
	struct chosen c = { .leader = *leader };
	bool chosen = false, not_named = false;
	struct subject s;
	size_t i;
	int rc = subject_read(m->k, leader, &s, m->err);

	for (i = 0; i < m->conf->processes.n && !rc; i++) {
		const struct conf_process *p = &m->conf->processes.v[i];
		enum select_verdict verdict = selection_set_judge(&p->match, &s.facts);

		not_named |= verdict == SELECT_NOT_NAMED && s.mm;
		if (verdict != SELECT_YES) {
			add_exclusions(&c, m->conf, &s, i);
			continue;
		}
		if (m->matched)
			m->matched[i] = true;
		chosen = true;
		chosen_add_section(&c, m->conf, i);
	}
	if (!chosen && not_named)
		m->unknown += subject_left_out(m->k, &s);
	subject_deinit(&s);
	if (rc)
		return rc;
	return chosen && !chosen_vec_push(&m->chosen, c) ? err_nomem(m->err) : 0;
}

int chosen_by_conf(struct vmsift *v, const struct conf *conf, bool *matched, struct chosen_vec *ret,
		   unsigned int *lost, struct err *err)
{
	struct match m = { .k = v->k, .conf = conf, .matched = matched, .err = err };
	struct selection_set set = { 0 };
	int rc;

	if (conf->processes.n) {
		rc = knows_memory(v->k, err);
		if (rc)
			return rc;
		rc = for_each_process(v->k, match_process, &m, lost, err);
		*ret = m.chosen;
		*lost += m.unknown;
		return rc;
	}
	rc = chosen_default(&set, err);
	if (!rc)
		rc = chosen_find(v, &set, conf, NULL, ret, lost, err);
	selection_set_free(&set);
	return rc;
}
