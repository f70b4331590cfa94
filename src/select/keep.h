/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is kept of a process, as ranges of addresses with the rule that asked for each. Here only decided;
 * where each page is, and what becomes of the rest, is the plan's (plan.h).
 */
#ifndef VMSIFT_SELECT_KEEP_H
#define VMSIFT_SELECT_KEEP_H

#include "kernel/layout_file.h"
#include "proc/registered.h"
#include "select/conf.h"
#include "select/detail.h"

/* Why a range is kept. Where several rules ask for a byte, the first of them here is named. */
enum keep_rule {
	RULE_NONE,
	RULE_STACK,	  /* from the stack pointer to the end of the stack's use */
	RULE_STACK_BASE,  /* the other end of a stack that is cut by stack-max */
	RULE_SIGSTACK,	  /* the same on a sigaltstack(2) */
	RULE_EXE,	  /* the dynamic section of the executable */
	RULE_LINK_MAP,	  /* r_debug, the list of modules, their names */
	RULE_THREAD,	  /* thread control blocks */
	RULE_TLS,	  /* thread-local storage and the tables that lead to it */
	RULE_ROBUST,	  /* robust futex lists */
	RULE_LIBC,	  /* what ld.so and libc have written */
	RULE_ELF_HEADER,  /* ELF headers and notes of every module: build-ids */
	RULE_VDSO,
	RULE_SYMBOL,	  /* symbols = {...} */
	RULE_RANGE,	  /* ranges = {...} */
	RULE_MAPPING,	  /* mappings = {...} */
	RULE_REGISTERED,  /* registered by the application */
	RULE_ANCHOR,	  /* near what a register or a stack word points to */
	RULE_DATA,	  /* written pages of file mappings, .bss */
	RULE_FILTER,	  /* the process's coredump_filter */
	RULE_FILE_PAGES,  /* file-pages = on */
	RULE_NR
};

const char *keep_rule_name(enum keep_rule rule);

/* Rules that ask for what the process has changed; clean pages of files stay in the file. */
static inline bool keep_rule_is_written_only(enum keep_rule rule)
{
	return rule == RULE_DATA || rule == RULE_LIBC;
}

struct keep_range {
	uvaddr_t start, end;
	uint8_t rule;
};
DEFINE_VEC(keep_range_vec, struct keep_range);

enum keep_registered {
	KEEP_REGISTERED_OFF,
	KEEP_REGISTERED_ON,	   /* at any detail */
	KEEP_REGISTERED_BY_DETAIL, /* at data and full: where the configuration says nothing */
};

/* What is asked for of one process: the options of the command, or of the sections that match it. */
struct keep_opts {
	enum detail detail;
	bool anchors;
	uint64_t anchor_before, anchor_after, anchor_depth, anchor_max;
	uint64_t stack_max, stack_base;
	bool file_pages;
	uint64_t registered; /* enum keep_registered */
	uint64_t scope;	     /* of what is registered, up to this */
	/* Process sections whose symbols, mappings, ranges and exclusions add up; not owned. */
	const struct conf_process *const *sections;
	size_t nr_sections;
	/* Symbols of programs that their own tables do not show, by build-id; NULL: none. */
	const struct user_symbol_vec *user_symbols;
	const struct conf_excludes *exclude_all; /* that hold for every process; NULL: none */
	unsigned int exclude_lost_line; /* an exclusion for any process could not be read, there; 0: none */
};

/* The defaults of the configuration, with a detail. */
void keep_opts_init(struct keep_opts *o, enum detail detail);

/**
 * keep_opts_merge() - take up the process sections that match
 * @sections: @nr of them, kept: symbols, mappings, ranges and exclusions add up
 *
 * Of switches and sizes the richest that a section sets, else what is there. The detail stays: it is for
 * the caller, who knows what the command line says.
 */
void keep_opts_merge(struct keep_opts *o, const struct conf_process *const *sections, size_t nr);

/* The largest anchor-max: windows are counted one by one. */
#define KEEP_ANCHOR_MAX CONF_ANCHOR_MAX

struct keep {
	enum detail detail;
	struct keep_range_vec ranges; /* ascending, disjoint */
	struct keep_range_vec never;  /* likewise; what no rule may keep. .rule is not used */
	struct registered registered; /* all that was found, wanted or not */
};

/**
 * keep_make() - decide what to keep
 * @ret: zero-initialised by the caller; free with keep_deinit()
 *
 * At tiny ranges are bytes. Above they are whole pages, since readers other than gdb (elfutils) need
 * page-aligned segments, but for windows (anchors, symbols, ranges), of which each page holds one
 * stretch at the most. Ranges may lie outside of areas, and say nothing on VM_DONTDUMP.
 * What cannot be found in the process (a symbol, a list) is warned of; what an exclusion may have meant
 * and cannot be found is left out with all it may lie in.
 *
 * Return: 0; ERR_NOMEM; ERR_INVALID if an exclusion of the configuration could not be read: what it was
 * to hide is not known, so that nothing of the process may be written.
 */
int keep_make(struct proc *p, const struct keep_opts *o, struct keep *ret, struct err *err);
void keep_deinit(struct keep *k);

/* The range that holds an address, or else the first above it: an index, up to v->n. */
size_t keep_range_find(const struct keep_range_vec *v, uvaddr_t at);

#endif
