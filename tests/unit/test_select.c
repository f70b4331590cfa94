/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Selections: which processes a text means, and which texts are refused with what words. */
#undef NDEBUG
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "select/detail.h"
#include "select/select.h"
#include "util/types.h"

#define ALL_FACTS 0xfffu

/* A daemon that has a thread stuck in D state for five minutes. */
static const struct select_subject storaged = {
	.known = ALL_FACTS,
	.pid = 4711,
	.comm = "storaged",
	.exe = "/usr/sbin/storaged",
	.uid = 0,
	.cgroup = "/system.slice/storaged.service",
	.state = "SD",
	.on_cpu = false,
	.panic = false,
	.hung_seconds = 300,
	.oom_victim = false,
	.rss = MIB(64),
	.dumpable = 1,
};

/* The process that panicked, with blanks and a wildcard in its name. */
static const struct select_subject panicked = {
	.known = ALL_FACTS,
	.pid = 99,
	.comm = "my *prog \"x\"",
	.exe = "/opt/my app/prog",
	.uid = 1000,
	.cgroup = "/user.slice",
	.state = "R",
	.on_cpu = true,
	.panic = true,
	.hung_seconds = -1,
	.oom_victim = true,
	.rss = 4096,
	.dumpable = 0,
};

/* Nothing could be read but the pid. */
static const struct select_subject unknown = { .known = FACT_PID, .pid = 7, .hung_seconds = -1 };

static const struct {
	const char *text;
	bool storaged, panicked, unknown;
} matches[] = {
	{ "comm=storaged", true, false, false },
	{ "comm=storaged uid=0", true, false, false },
	{ "comm=storaged uid=1", false, false, false },
	{ "  comm=storaged\t\n uid=0 ", true, false, false },
	{ "comm=stor*", true, false, false },
	{ "comm=STORAGED", false, false, false },
	{ "comm=storage", false, false, false },
	{ "comm=*", true, true, false },
	{ "!comm=storaged", false, true, false },
	{ "!comm=*", false, false, false },
	{ "comm=my\\ \\*prog*", false, true, false },
	{ "comm=\"my *prog ?x?\"", false, true, false },
	{ "comm='my *prog \"x\"'", false, true, false },
	{ "comm=my' 'prog*", false, false, false },
	{ "comm=my' '*prog*", false, true, false },
	{ "comm='my \\*prog \\\"x\\\"'", false, true, false },
	{ "comm=\"my *prog \\\"x\\\"\"", false, true, false },
	{ "exe=/usr/sbin/storaged", true, false, false },
	{ "exe=*/storaged", true, false, false },
	{ "exe=/usr/*", true, false, false },
	{ "exe=/opt/my\\ app/prog", false, true, false },
	{ "cgroup=/system.slice/*", true, false, false },
	{ "!cgroup=/system.slice/*", false, true, false },
	{ "pid=4711", true, false, false },
	{ "pid=04711", true, false, false },
	{ "pid=47*", true, false, false },
	{ "pid=?", false, false, true },
	{ "!pid=4711", false, true, true },
	{ "uid=0", true, false, false },
	{ "uid=1???", false, true, false },
	{ "uid=[01]*", true, true, false },
	{ "state=D", true, false, false },
	{ "state=S", true, false, false },
	{ "state=[DR]", true, true, false },
	{ "!state=D", false, true, false },
	{ "!state=Z", true, true, false },
	{ "on-cpu", false, true, false },
	{ "!on-cpu", true, false, false },
	{ "panic", false, true, false },
	{ "!panic", true, false, false },
	{ "oom-victim", false, true, false },
	{ "!oom-victim", true, false, false },
	{ "hung", true, false, false },
	{ "!hung", false, true, false },
	{ "hung>=300", true, false, false },
	{ "hung>=5m", true, false, false },
	{ "hung>=301", false, false, false },
	{ "!hung>=301", true, true, false },
	{ "hung>=0", true, false, false },
	{ "rss>=64M", true, false, false },
	{ "rss>=65537K", false, false, false },
	{ "rss>=1", true, true, false },
	{ "!rss>=1M", false, true, false },
	{ "rss>=0", true, true, false },
	{ "panic !comm=*prog* uid=1000", false, false, false },
	{ "panic comm=*prog* uid=1000 rss>=4K", false, true, false },
};

static void test_matches(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(matches); i++) {
		struct err err = { 0 };
		struct selection sel;

		if (selection_parse(matches[i].text, &sel, &err))
			fail_msg("%s: %s", matches[i].text, err.text);
		if (selection_matches(&sel, &storaged) != matches[i].storaged)
			fail_msg("%s: storaged", matches[i].text);
		if (selection_matches(&sel, &panicked) != matches[i].panicked)
			fail_msg("%s: panicked", matches[i].text);
		if (selection_matches(&sel, &unknown) != matches[i].unknown)
			fail_msg("%s: unknown", matches[i].text);
		assert_string_equal(sel.text, matches[i].text);
		selection_free(&sel);
	}
}

#define TERMS                                                                           \
	"there is no such term, only comm= exe= pid= uid= cgroup= state= on-cpu panic " \
	"hung[>=SECONDS] oom-victim rss>=SIZE"

static const struct {
	const char *text, *message;
} refused[] = {
	{ "", "a selection without a term" },
	{ " \t ", "a selection without a term" },
	{ "storaged", "term 'storaged': " TERMS },
	{ "uid=0 cmm=x", "term 'cmm=x': " TERMS },
	{ "Comm=x", "term 'Comm=x': " TERMS },
	{ "!!panic", "term '!!panic': " TERMS },
	{ "! panic", "term '!': '!' stands before a term, without a blank" },
	{ "comm", "term 'comm': it is written comm=VALUE" },
	{ "comm>=x", "term 'comm>=x': it is written comm=VALUE" },
	{ "comm=", "term 'comm=': it has no value" },
	{ "comm=''", "term 'comm=': it has no value" },
	{ "comm=sixteen-bytes-xx", "term 'comm=sixteen-bytes-xx': the kernel cuts names to 15 "
				   "bytes, so this matches nothing" },
	{ "exe=storaged",
	  "term 'exe=storaged': it is compared with the whole path, so it starts with "
	  "'/' or has a '*'" },
	{ "cgroup=system.slice",
	  "term 'cgroup=system.slice': it is compared with the whole path, so "
	  "it starts with '/' or has a '*'" },
	{ "pid=x", "term 'pid=x': 'x' is not a pid (a number of 0 to 2147483647)" },
	{ "pid=-1", "term 'pid=-1': '-1' is not a pid (a number of 0 to 2147483647)" },
	{ "pid=0x10", "term 'pid=0x10': '0x10' is not a pid (a number of 0 to 2147483647)" },
	{ "pid=2147483648",
	  "term 'pid=2147483648': '2147483648' is not a pid (a number of 0 to 2147483647)" },
	{ "pid=99999999999999999999",
	  "term 'pid=99999999999999999999': '99999999999999999999' is not "
	  "a pid (a number of 0 to 2147483647)" },
	{ "pid=a*", "term 'pid=a*': 'a*' is not a pid (a number of 0 to 2147483647)" },
	{ "uid=root", "term 'uid=root': 'root' is not a uid (a number of 0 to 4294967295)" },
	{ "state=running", "term 'state=running': 'running' is not a state letter (RSDTtXZPIKWx)" },
	{ "state=Q", "term 'state=Q': 'Q' is not a state letter (RSDTtXZPIKWx)" },
	{ "state=Q*", "term 'state=Q*': 'Q*' is not a state letter (RSDTtXZPIKWx)" },
	{ "panic=1", "term 'panic=1': panic takes no value" },
	{ "on-cpu>=1", "term 'on-cpu>=1': on-cpu takes no value" },
	{ "hung=5", "term 'hung=5': it is written hung or hung>=SECONDS" },
	{ "hung>5", "term 'hung>5': it is written hung or hung>=SECONDS" },
	{ "hung>=5x", "term 'hung>=5x': it is written hung or hung>=SECONDS" },
	{ "hung>=-5", "term 'hung>=-5': it is written hung or hung>=SECONDS" },
	{ "rss", "term 'rss': it is written rss>=SIZE, such as rss>=64M" },
	{ "rss>=", "term 'rss>=': it is written rss>=SIZE, such as rss>=64M" },
	{ "rss>=64X", "term 'rss>=64X': it is written rss>=SIZE, such as rss>=64M" },
	{ "rss>=99999999999999999999",
	  "term 'rss>=99999999999999999999': it is written rss>=SIZE, such as rss>=64M" },
	{ "comm='a b", "'comm='a b' lacks its closing '" },
	{ "uid=0 comm=\"a", "'comm=\"a' lacks its closing \"" },
	{ "comm=a\\", "'comm=a\\' ends in a backslash" },
	{ "comm='a\\", "'comm='a\\' ends in a backslash" },
};

static void test_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		struct selection sel = { .line = 12345 };
		struct err err = { 0 };
		int rc = selection_parse(refused[i].text, &sel, &err);

		if (rc != ERR_INVALID || err.rc != ERR_INVALID)
			fail_msg("'%s' was not refused", refused[i].text);
		assert_string_equal(err.text, refused[i].message);
		assert_int_equal(sel.line, 12345);
		assert_null(sel.text);
	}
}

static void test_messages_are_printable(void **state)
{
	struct err err = { 0 };
	struct selection sel;

	(void)state;
	assert_int_equal(selection_parse("\x1b[2Jx", &sel, &err), ERR_INVALID);
	assert_string_equal(err.text, "term '?[2Jx': " TERMS);
}

static void test_limits(void **state)
{
	char text[SELECTION_MAX_SIZE + 2];
	struct err err = { 0 };
	struct selection sel;
	size_t i;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "exe=/", 5);
	text[SELECTION_MAX_SIZE + 1] = 0;
	assert_int_equal(selection_parse(text, &sel, &err), ERR_INVALID);
	assert_string_equal(err.text, "a selection of more than 4095 bytes");
	text[SELECTION_MAX_SIZE] = 0;
	assert_int_equal(selection_parse(text, &sel, &err), 0);
	selection_free(&sel);
	for (i = 0, *text = 0; i <= SELECTION_MAX_TERMS; i++)
		strcat(text, "panic ");
	assert_int_equal(selection_parse(text, &sel, &err), ERR_INVALID);
	assert_string_equal(err.text, "more than 64 terms in one selection");
	text[strlen(text) - strlen("panic ")] = 0;
	assert_int_equal(selection_parse(text, &sel, &err), 0);
	assert_int_equal(sel.terms.n, SELECTION_MAX_TERMS);
	assert_true(selection_matches(&sel, &panicked));
	selection_free(&sel);
}

/* What is known in part: enough is a match, too little is not known. */
static void test_partly_known(void **state)
{
	struct select_subject s = storaged;
	struct selection hung, not_hung, d, not_d, not_z;
	struct err err;

	(void)state;
	assert_int_equal(selection_parse("hung", &hung, &err), 0);
	assert_int_equal(selection_parse("!hung", &not_hung, &err), 0);
	assert_int_equal(selection_parse("state=D", &d, &err), 0);
	assert_int_equal(selection_parse("!state=D", &not_d, &err), 0);
	assert_int_equal(selection_parse("!state=Z", &not_z, &err), 0);
	s.known &= ~(unsigned int)(FACT_HUNG | FACT_STATE);
	assert_true(selection_matches(&hung, &s));
	assert_false(selection_matches(&not_hung, &s));
	assert_true(selection_matches(&d, &s));
	assert_false(selection_matches(&not_d, &s));
	assert_false(selection_matches(&not_z, &s));
	s.hung_seconds = HUNG_SECONDS - 1;
	assert_false(selection_matches(&hung, &s));
	assert_false(selection_matches(&not_hung, &s));
	s.hung_seconds = HUNG_SECONDS;
	assert_true(selection_matches(&hung, &s));
	s.state = NULL;
	assert_false(selection_matches(&d, &s));
	assert_false(selection_matches(&not_d, &s));
	selection_free(&hung);
	selection_free(&not_hung);
	selection_free(&d);
	selection_free(&not_d);
	selection_free(&not_z);
}

static const struct {
	const char *text;
	bool names;
} names[] = {
	{ "comm=storaged", true },   { "comm=storage?", false },
	{ "comm=storage\\?", true }, { "comm=[s]toraged", false },
	{ "comm=[storaged", true },  { "!comm=other", false },
	{ "uid=0", false },	     { "uid=0 exe=/usr/sbin/storaged", true },
	{ "exe=*/storaged", false }, { "pid=4711", true },
	{ "pid=47??", false },	     { "cgroup=/a", false },
	{ "panic", false },
};

static void test_names_without_wildcard(void **state)
{
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct selection sel;

		assert_int_equal(selection_parse(names[i].text, &sel, &err), 0);
		if (selection_names_without_wildcard(&sel) != names[i].names)
			fail_msg("%s", names[i].text);
		selection_free(&sel);
	}
}

static void test_sets_add_up(void **state)
{
	struct selection_set set = { 0 };
	struct selection sel;
	struct err err = { 0 };

	(void)state;
	assert_false(selection_set_matches(&set, &storaged));
	assert_int_equal(selection_set_add(&set, "panic", &err), 0);
	assert_false(selection_set_matches(&set, &storaged));
	assert_true(selection_set_matches(&set, &panicked));
	assert_int_equal(selection_set_add(&set, "nonsense", &err), ERR_INVALID);
	assert_int_equal(set.selections.n, 1);
	assert_int_equal(selection_set_add(&set, "hung", &err), 0);
	assert_true(selection_set_matches(&set, &storaged));
	assert_false(selection_set_matches(&set, &unknown));
	assert_int_equal(selection_of_all(&sel, &err), 0);
	assert_int_equal(selection_set_take(&set, &sel, &err), 0);
	assert_true(selection_set_matches(&set, &unknown));
	selection_set_free(&set);
}

/* What must hold on the safe side holds unless something read tells otherwise. */
static const struct {
	const char *text;
	bool storaged, unknown;
} may_match[] = {
	{ "comm=storaged", true, true },
	{ "comm=redis", false, true },
	{ "exe=/usr/sbin/*", true, true },
	{ "cgroup=/user.slice*", false, true },
	{ "!exe=/usr/sbin/storaged", false, true },
	{ "pid=8 exe=/usr/sbin/*", false, false },
	{ "pid=7 cgroup=/system.slice*", false, true },
	{ "!pid=7 cgroup=*", true, false },
};

static void test_unknown_facts_refute_nothing(void **state)
{
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(may_match); i++) {
		struct selection_set set = { 0 };

		assert_false(selection_set_may_match(&set, &unknown));
		assert_int_equal(selection_set_add(&set, may_match[i].text, &err), 0);
		if (selection_set_may_match(&set, &storaged) != may_match[i].storaged)
			fail_msg("%s: storaged", may_match[i].text);
		if (selection_set_may_match(&set, &unknown) != may_match[i].unknown)
			fail_msg("%s: unknown", may_match[i].text);
		selection_set_free(&set);
	}
}

/* Flag 0, or a flag that could not be read, needs the process to be named. */
static const struct {
	const char *first, *second;
	unsigned int known, dumpable;
	enum select_verdict verdict;
} verdicts[] = {
	{ "uid=0", NULL, ALL_FACTS, 1, SELECT_YES },
	{ "uid=0", NULL, ALL_FACTS, 2, SELECT_YES },
	{ "uid=0", NULL, ALL_FACTS, 0, SELECT_NOT_NAMED },
	{ "uid=0", NULL, ALL_FACTS & ~FACT_DUMPABLE, 1, SELECT_NOT_NAMED },
	{ "comm=storaged", NULL, ALL_FACTS, 0, SELECT_YES },
	{ "comm=storaged", NULL, ALL_FACTS & ~FACT_DUMPABLE, 0, SELECT_YES },
	{ "uid=0", "comm=storaged", ALL_FACTS, 0, SELECT_YES },
	{ "comm=storaged", "uid=0", ALL_FACTS, 0, SELECT_YES },
	{ "uid=0", "comm=other", ALL_FACTS, 0, SELECT_NOT_NAMED },
	{ "comm=other", "uid=1", ALL_FACTS, 1, SELECT_NO },
};

static void test_verdicts(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(verdicts); i++) {
		struct select_subject s = storaged;
		struct selection_set set = { 0 };
		struct err err;

		s.known = verdicts[i].known;
		s.dumpable = verdicts[i].dumpable;
		assert_int_equal(selection_set_add(&set, verdicts[i].first, &err), 0);
		if (verdicts[i].second)
			assert_int_equal(selection_set_add(&set, verdicts[i].second, &err), 0);
		if (selection_set_judge(&set, &s) != verdicts[i].verdict)
			fail_msg("row %zu", i);
		selection_set_free(&set);
	}
}

/* -n takes a glob as it is, whatever blanks and quotes are in it; its text can be read again. */
static void test_options(void **state)
{
	struct selection sel, again;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(selection_of_comm("my \\*prog \"x\"", &sel, &err), 0);
	assert_true(selection_matches(&sel, &panicked));
	assert_true(selection_names_without_wildcard(&sel));
	assert_string_equal(sel.text, "comm=my\\ \\*prog\\ \\\"x\\\"");
	assert_int_equal(selection_parse(sel.text, &again, &err), 0);
	assert_true(selection_matches(&again, &panicked));
	selection_free(&again);
	selection_free(&sel);
	assert_int_equal(selection_of_comm("my *", &sel, &err), 0);
	assert_true(selection_matches(&sel, &panicked));
	assert_false(selection_names_without_wildcard(&sel));
	selection_free(&sel);
	assert_int_equal(selection_of_pid("99", &sel, &err), 0);
	assert_true(selection_matches(&sel, &panicked));
	assert_true(selection_names_without_wildcard(&sel));
	selection_free(&sel);
	assert_int_equal(selection_of_pid("99 uid=0", &sel, &err), ERR_INVALID);
	assert_string_equal(err.text,
			    "term 'pid=99\\ uid=0': '99\\ uid=0' is not a pid (a number of "
			    "0 to 2147483647)");
	assert_int_equal(selection_of_comm("", &sel, &err), ERR_INVALID);
	assert_string_equal(err.text, "term 'comm=': it has no value");
	assert_int_equal(selection_of_comm("x\\", &sel, &err), ERR_INVALID);
	assert_string_equal(err.text, "'comm=x\\' ends in a backslash");
}

static void test_details(void **state)
{
	enum detail d = DETAIL_FULL;
	int i;

	(void)state;
	assert_false(detail_parse("Tiny", &d));
	assert_false(detail_parse("", &d));
	assert_int_equal(d, DETAIL_FULL);
	for (i = 0; i < DETAIL_NR; i++) {
		assert_true(detail_parse(detail_name((enum detail)i), &d));
		assert_int_equal(d, i);
	}
	assert_true(DETAIL_TINY < DETAIL_SMALL && DETAIL_SMALL < DETAIL_DATA &&
		    DETAIL_DATA < DETAIL_FULL);
	assert_string_equal(detail_name((enum detail)99), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_messages_are_printable),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_partly_known),
		cmocka_unit_test(test_names_without_wildcard),
		cmocka_unit_test(test_sets_add_up),
		cmocka_unit_test(test_unknown_facts_refute_nothing),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_details),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
