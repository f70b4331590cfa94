/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "select/select_term.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/glob.h"
#include "util/str.h"
#include "util/types.h"

/* TASK_COMM_LEN of include/linux/sched.h, less the NUL. */
#define COMM_MAX 15

/* task_state_array of fs/proc/array.c, and the letters that older kernels had besides. */
#define STATE_LETTERS "RSDTtXZPIKWx"

/* Bytes that a pattern without wildcards stands for. */
static size_t literal_size(const char *pattern)
{
	size_t n = 0;

	for (; *pattern; pattern++, n++) {
		if (*pattern == '\\' && pattern[1])
			pattern++;
	}
	return n;
}

static int check_comm(struct select_term *term, struct err *err)
{
	if (term->wildcard || literal_size(term->pattern) <= COMM_MAX)
		return 0;
	return err_set(err, ERR_INVALID,
		       "the kernel cuts names to %d bytes, so this matches nothing", COMM_MAX);
}

static int check_path(struct select_term *term, struct err *err)
{
	if (term->wildcard || term->pattern[0] == '/')
		return 0;
	return err_set(err, ERR_INVALID,
		       "it is compared with the whole path, so it starts with '/' or has a '*'");
}

static int check_state(struct select_term *term, struct err *err)
{
	const char *p = term->pattern;

	if (!term->wildcard && !p[1] && strchr(STATE_LETTERS, *p))
		return 0;
	if (term->wildcard && p[strspn(p, STATE_LETTERS "*?[]!^-")] == 0)
		return 0;
	return err_set(err, ERR_INVALID, "'%s' is not a state letter (%s)", p, STATE_LETTERS);
}

static int check_number(struct select_term *term, uint64_t max, const char *what, struct err *err)
{
	const char *p = term->pattern;
	uint64_t n;

	if (term->wildcard && p[strspn(p, "0123456789*?[]!^-")] == 0)
		return 0;
	if (term->wildcard || p[strspn(p, "0123456789")] || !str_parse_u64(p, &n) || n > max)
		return err_set(err, ERR_INVALID, "'%s' is not a %s (a number of 0 to %" PRIu64 ")",
			       p, what, max);
	/* 007 means 7. The canonical text is never longer than what stands there. */
	snprintf(term->pattern, strlen(term->pattern) + 1, "%" PRIu64, n);
	return 0;
}

static int check_pid(struct select_term *term, struct err *err)
{
	return check_number(term, INT32_MAX, "pid", err);
}

static int check_uid(struct select_term *term, struct err *err)
{
	return check_number(term, UINT32_MAX, "uid", err);
}

static enum truth truth_of(bool yes)
{
	return yes ? TRUTH_YES : TRUTH_NO;
}

static enum truth text_matches(const struct select_term *term, const struct select_subject *s,
			       enum select_fact fact, const char *text)
{
	if (!(s->known & fact) || !text)
		return TRUTH_UNKNOWN;
	return truth_of(glob_match(term->pattern, text));
}

static enum truth number_matches(const struct select_term *term, const struct select_subject *s,
				 enum select_fact fact, uint32_t number)
{
	char text[16];

	snprintf(text, sizeof(text), "%" PRIu32, number);
	return text_matches(term, s, fact, text);
}

static enum truth flag_holds(const struct select_subject *s, enum select_fact fact, bool flag)
{
	return s->known & fact ? truth_of(flag) : TRUTH_UNKNOWN;
}

static enum truth holds_comm(const struct select_term *term, const struct select_subject *s)
{
	return text_matches(term, s, FACT_COMM, s->comm);
}

static enum truth holds_exe(const struct select_term *term, const struct select_subject *s)
{
	return text_matches(term, s, FACT_EXE, s->exe);
}

static enum truth holds_cgroup(const struct select_term *term, const struct select_subject *s)
{
	return text_matches(term, s, FACT_CGROUP, s->cgroup);
}

static enum truth holds_pid(const struct select_term *term, const struct select_subject *s)
{
	return number_matches(term, s, FACT_PID, s->pid);
}

static enum truth holds_uid(const struct select_term *term, const struct select_subject *s)
{
	return number_matches(term, s, FACT_UID, s->uid);
}

static enum truth holds_state(const struct select_term *term, const struct select_subject *s)
{
	const char *p;

	for (p = s->state; p && *p; p++) {
		const char letter[2] = { *p, 0 };

		if (glob_match(term->pattern, letter))
			return TRUTH_YES;
	}
	return s->known & FACT_STATE && s->state ? TRUTH_NO : TRUTH_UNKNOWN;
}

static enum truth holds_on_cpu(const struct select_term *term, const struct select_subject *s)
{
	(void)term;
	return flag_holds(s, FACT_ON_CPU, s->on_cpu);
}

static enum truth holds_panic(const struct select_term *term, const struct select_subject *s)
{
	(void)term;
	return flag_holds(s, FACT_PANIC, s->panic);
}

static enum truth holds_oom_victim(const struct select_term *term, const struct select_subject *s)
{
	(void)term;
	return flag_holds(s, FACT_OOM_VICTIM, s->oom_victim);
}

static enum truth holds_hung(const struct select_term *term, const struct select_subject *s)
{
	if (s->hung_seconds >= 0 && (uint64_t)s->hung_seconds >= term->number)
		return TRUTH_YES;
	return s->known & FACT_HUNG ? TRUTH_NO : TRUTH_UNKNOWN;
}

static enum truth holds_rss(const struct select_term *term, const struct select_subject *s)
{
	return flag_holds(s, FACT_RSS, s->rss >= term->number);
}

static const struct select_term_row rows[] = {
	{ "comm", FORM_GLOB, true, check_comm, holds_comm },
	{ "exe", FORM_GLOB, true, check_path, holds_exe },
	{ "pid", FORM_GLOB, true, check_pid, holds_pid },
	{ "uid", FORM_GLOB, false, check_uid, holds_uid },
	{ "cgroup", FORM_GLOB, false, check_path, holds_cgroup },
	{ "state", FORM_GLOB, false, check_state, holds_state },
	{ "on-cpu", FORM_FLAG, false, NULL, holds_on_cpu },
	{ "panic", FORM_FLAG, false, NULL, holds_panic },
	{ "hung", FORM_SECONDS, false, NULL, holds_hung },
	{ "oom-victim", FORM_FLAG, false, NULL, holds_oom_victim },
	{ "rss", FORM_SIZE, false, NULL, holds_rss },
};

const struct select_term_row *select_term_find(const char *name, size_t size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strlen(rows[i].name) == size && !memcmp(rows[i].name, name, size))
			return &rows[i];
	}
	return NULL;
}

const char *select_term_list(void)
{
	return "comm= exe= pid= uid= cgroup= state= on-cpu panic hung[>=SECONDS] oom-victim "
	       "rss>=SIZE";
}
