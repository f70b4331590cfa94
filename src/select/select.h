/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which processes are meant. A selection is a list of terms that must all hold; a selection set
 * holds several selections, which add up.
 *
 *	TEXT  := TERM { blank TERM }
 *	TERM  := [ "!" ] WORD
 *	WORD  := comm=GLOB | exe=GLOB | cgroup=GLOB | state=GLOB | pid=NUMBER-OR-GLOB |
 *		 uid=NUMBER-OR-GLOB | on-cpu | panic | oom-victim | hung[>=SECONDS] | rss>=SIZE
 *
 * A glob is that of glob_match(): "*", "?" and "[...]", compared with the whole fact; "*" stands
 * for slashes too. A blank in a value is written after a backslash, or the value (or a part of it)
 * stands in " or '. Quotes protect blanks and quotes of the other kind and nothing else: "*" is a
 * wildcard inside them too. A backslash takes the special meaning from any byte after it, also
 * inside quotes.
 *
 * What is not known about a process matches no term on it, negated or not: !state=Z does not hold
 * for a process whose state could not be read. So nothing is ever chosen by ignorance.
 */
#ifndef VMSIFT_SELECT_SELECT_H
#define VMSIFT_SELECT_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"
#include "util/vec.h"

/* A selection is read from the command line or one item of the configuration. */
#define SELECTION_MAX_SIZE  4095
#define SELECTION_MAX_TERMS 64

/* Seconds that "hung" stands for: the kernel's hung_task_timeout_secs by default. */
#define HUNG_SECONDS 120

/* Which facts of a select_subject are known. */
enum select_fact {
	FACT_PID = 1 << 0,
	FACT_COMM = 1 << 1,
	FACT_EXE = 1 << 2,
	FACT_UID = 1 << 3,
	FACT_CGROUP = 1 << 4,
	FACT_STATE = 1 << 5,
	FACT_ON_CPU = 1 << 6,
	FACT_PANIC = 1 << 7,
	FACT_HUNG = 1 << 8,
	FACT_OOM_VICTIM = 1 << 9,
	FACT_RSS = 1 << 10,
	FACT_DUMPABLE = 1 << 11,
};

/**
 * struct select_subject - the facts of one process that selections ask for
 * @known:        enum select_fact, or-ed; a fact that is not in it is not looked at, but for
 *                @hung_seconds and @state, see there
 * @pid:          in the initial pid namespace
 * @comm:         of the thread group leader, as task_struct has it; not owned
 * @exe:          path of the executable; unknown for kernel threads; not owned
 * @uid:          real uid, in the initial user namespace
 * @cgroup:       path in the unified (or named systemd) hierarchy; not owned
 * @state:        the state letters of its threads, each at least once: "S", "SD". state= holds if
 *                one of them matches; not owned. Without FACT_STATE: the letters that could be
 *                read; a match among them counts, no match is unknown.
 * @on_cpu:       a thread was running on a CPU
 * @panic:        a thread is the one that panicked
 * @hung_seconds: for how long the thread that is longest in D state (and not TASK_NOLOAD) has been
 *                there; -1 if none is. Without FACT_HUNG: of those threads whose time could be read
 *                (-1: none could); enough among them counts, not enough is unknown.
 * @oom_victim:   the OOM killer chose it
 * @rss:          resident bytes: file, anonymous and shmem pages
 * @dumpable:     the dumpable flag of its mm: 0, 1 or 2
 */
struct select_subject {
	unsigned int known;
	uint32_t pid;
	const char *comm;
	const char *exe;
	uint32_t uid;
	const char *cgroup;
	const char *state;
	bool on_cpu;
	bool panic;
	int64_t hung_seconds;
	bool oom_victim;
	uint64_t rss;
	unsigned int dumpable;
};

struct select_term_row;

struct select_term {
	const struct select_term_row *row;
	bool negated;
	bool wildcard;	 /* the pattern has one that is not escaped */
	char *pattern;	 /* for glob_match(); NULL where the term has no value */
	uint64_t number; /* hung>= (seconds), rss>= (bytes) */
};

DEFINE_VEC(select_term_vec, struct select_term)

/* No terms: every process. Free with selection_free(). */
struct selection {
	struct select_term_vec terms;
	char *text;	   /* as it was written */
	unsigned int line; /* of the configuration; 0: not from there */
};

/**
 * selection_parse() - read "comm=storaged uid=0 !state=Z"
 * @text: at most SELECTION_MAX_SIZE bytes
 * @ret:  untouched on failure
 * @err:  names the term, in quotes
 *
 * Return: 0; ERR_INVALID if a term is unknown, lacks its value, has one that can never match or
 * the text is empty; ERR_NOMEM.
 */
int selection_parse(const char *text, struct selection *ret, struct err *err);

/* One term from an option's bare value: -p PID, -n COMM (a glob; no quoting needed). */
int selection_of_pid(const char *pid, struct selection *ret, struct err *err);
int selection_of_comm(const char *comm, struct selection *ret, struct err *err);

/* --all. Return: 0 or ERR_NOMEM. */
int selection_of_all(struct selection *ret, struct err *err);

void selection_free(struct selection *sel);

/* True if every term holds. */
bool selection_matches(const struct selection *sel, const struct select_subject *subject);

/*
 * True if the selection has a term comm=, exe= or pid= that is neither negated nor has a wildcard:
 * whoever wrote it meant this very process, also if it is not dumpable.
 */
bool selection_names_without_wildcard(const struct selection *sel);

DEFINE_VEC(selection_vec, struct selection)

struct selection_set {
	struct selection_vec selections;
};

/* Parse @text and add it. Return: as selection_parse(). */
int selection_set_add(struct selection_set *set, const char *text, struct err *err);

/* Add @sel, which the set then owns; on failure it is freed. Return: 0 or ERR_NOMEM. */
int selection_set_take(struct selection_set *set, struct selection *sel, struct err *err);

void selection_set_free(struct selection_set *set);

/* True if one of the selections matches. */
bool selection_set_matches(const struct selection_set *set, const struct select_subject *subject);

/**
 * selection_set_may_match() - whether one of the selections matches, or nothing tells that it does not
 *
 * For what must hold on the safe side, exclusions: a fact that could not be read (an exe or a cgroup in
 * a damaged dump) refutes nothing.
 */
bool selection_set_may_match(const struct selection_set *set, const struct select_subject *subject);

enum select_verdict {
	SELECT_NO,	 /* no selection matches */
	SELECT_YES,	 /* to be written */
	SELECT_NOT_NAMED /* one matches, but it is not dumpable (0 or unknown) and none names it */
};

/**
 * selection_set_judge() - whether a process is to be written
 *
 * A process whose dumpable flag is 0, or could not be read, must be named by a selection that
 * matches it (see selection_names_without_wildcard()). Flag 2 counts as dumpable.
 */
enum select_verdict selection_set_judge(const struct selection_set *set,
					const struct select_subject *subject);

#endif
