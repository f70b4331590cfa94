/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to select*.c: the terms of a selection, one row each. */
#ifndef VMSIFT_SELECT_SELECT_TERM_H
#define VMSIFT_SELECT_SELECT_TERM_H

#include "select/select.h"

enum term_form {
	FORM_FLAG,    /* panic */
	FORM_GLOB,    /* comm=GLOB */
	FORM_SECONDS, /* hung or hung>=SECONDS */
	FORM_SIZE,    /* rss>=SIZE */
};

enum truth { TRUTH_NO, TRUTH_YES, TRUTH_UNKNOWN };

struct select_term_row {
	const char *name;
	enum term_form form;
	bool names; /* see selection_names_without_wildcard() */
	/* Refuses a value that can never match; may rewrite @term->pattern. NULL: any will do. */
	int (*check)(struct select_term *term, struct err *err);
	enum truth (*holds)(const struct select_term *term, const struct select_subject *subject);
};

/* The row of the @size bytes at @name, or NULL. */
const struct select_term_row *select_term_find(const char *name, size_t size);

/* All terms as a line of text, for messages. */
const char *select_term_list(void);

#endif
