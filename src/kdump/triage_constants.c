/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kdump/triage.h"

/* task_state_array has 8 to 10 names, pageflag_names 25 or so. */
#define NAMES_MAX 64u

/*
 * An array of @step bytes an element, each with the address of a string in its last 8: up to the first that
 * has none.
 */
static void touch_names(struct triage *t, enum symbol_id array, uint32_t step)
{
	const struct symbols *s = &t->k->sym;
	kvaddr_t at = s->addr[array], name;
	uint32_t i;

	for (i = 0; s->known[array] && i < NAMES_MAX; i++, at += step) {
		triage_touch(t, at, step);
		if (kread_u64(t->k, at + step - 8, &name, NULL) || name < s->addr[S_start_rodata] ||
		    name >= s->addr[S_end_rodata])
			return;
		triage_string(t, name);
	}
}

/*
 * Constants, and what is never written to after boot. Readers have constants in the kernel's symbols, and look
 * at few in the dump (crash's maple_init(), dump_page_flags() and initialize_task_state(); drgn's task_state_to_char());
 * the rest, a third of a triage dump, is strings, test vectors and the like. Where the symbols do not tell
 * what is what, all constants are kept, even the names of symbols and the types.
 */
void triage_constants(struct triage *t)
{
	static const enum symbol_id numbers[] = { S_mt_slots, S_mt_pivots };
	const struct symbols *s = &t->k->sym;
	size_t i;

	if (!s->known[S_start_rodata] || !s->known[S_end_rodata])
		return;
	if (!s->known[S_start_ro_after_init] || !s->known[S_end_ro_after_init] ||
	    !s->known[S_task_state_array]) {
		triage_section(t, S_start_rodata, S_end_rodata);
		return;
	}
	if (s->known[S_start_jump_table] && s->known[S_stop_jump_table] &&
	    s->addr[S_start_jump_table] > s->addr[S_start_ro_after_init] &&
	    s->addr[S_stop_jump_table] < s->addr[S_end_ro_after_init]) {
		triage_section(t, S_start_ro_after_init, S_start_jump_table);
		triage_section(t, S_stop_jump_table, S_end_ro_after_init);
	} else {
		triage_section(t, S_start_ro_after_init, S_end_ro_after_init);
	}
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (s->known[numbers[i]])
			triage_touch(t, s->addr[numbers[i]], 16);
	if (s->known[S_linux_banner])
		triage_string(t, s->addr[S_linux_banner]);
	touch_names(t, S_task_state_array, 8);
	touch_names(t, S_pageflag_names, 16);
}
