/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layout files: read, refused by line, written and read back, matched to a kernel. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/layout_file.h"

#define HEAD "vmsift-layout 1\nrelease 6.1.0\nstext 0xffffffff81000000\n"

struct wrong {
	const char *what, *text;
	int rc;
	const char *said;
};

static const struct wrong wrongs[] = {
	{ "nothing at all", "", ERR_FORMAT, "L: is empty" },
	{ "another kind of file", "\177ELF\n", ERR_FORMAT, "L: is no layout file" },
	{ "a later format", "vmsift-layout 2\n", ERR_UNSUPPORTED, "L: layout format 2, this is for 1" },
	{ "a word without a value", HEAD "release\n", ERR_FORMAT, "L:4: a word and a value expected" },
	{ "a last line that was cut", HEAD "type page 64", ERR_FORMAT, "L:4: the file was cut" },
	{ "no kernel", "vmsift-layout 1\ntype page 64\n", ERR_FORMAT, "L: has no release or stext" },
	{ "no _stext", "vmsift-layout 1\nrelease 6.1\n", ERR_FORMAT, "L: has no release or stext" },
	{ "a release longer than a kernel's",
	  "vmsift-layout 1\nrelease 01234567890123456789012345678901234567890123456789012345678901234\n",
	  ERR_FORMAT, "L:2: value is too long" },
	{ "a build-id longer than any", HEAD "build-id 0123456789012345678901234567890123456789a\n",
	  ERR_FORMAT, "L:4: value is too long" },
	{ "a type without a size", HEAD "type page\n", ERR_FORMAT, "L:4: 'type NAME SIZE' expected" },
	{ "a type of two megabytes", HEAD "type page 2097152\n", ERR_FORMAT,
	  "L:4: a type of a size that none has" },
	{ "a type smaller than nothing", HEAD "type page -1\n", ERR_FORMAT,
	  "L:4: 'type NAME SIZE' expected" },
	{ "a size that 32 bits do not hold", HEAD "type page 4294967360\n", ERR_FORMAT,
	  "L:4: 'type NAME SIZE' expected" },
	{ "a size with letters behind it", HEAD "type page 64k\n", ERR_FORMAT, "L:4: 'type NAME SIZE' expected" },
	{ "a member without a count", HEAD "member page flags 0 8\n", ERR_FORMAT,
	  "L:4: 'member TYPE PATH OFFSET SIZE COUNT [BIT BITS]' expected" },
	{ "a member before its structure", HEAD "member page flags -8 8 0\n", ERR_FORMAT,
	  "L:4: a member that no structure can have" },
	{ "a member behind every structure", HEAD "member page flags 1048577 8 0\n", ERR_FORMAT,
	  "L:4: a member that no structure can have" },
	{ "a member of two megabytes", HEAD "member page flags 0 2097152 0\n", ERR_FORMAT,
	  "L:4: a member that no structure can have" },
	{ "a bit that is in no byte", HEAD "member page flags 0 8 0 8 1\n", ERR_FORMAT,
	  "L:4: a member that no structure can have" },
	{ "a field of 65 bits", HEAD "member page flags 0 8 0 0 65\n", ERR_FORMAT,
	  "L:4: a member that no structure can have" },
	{ "an enumerator without a value", HEAD "enum PG_head\n", ERR_FORMAT, "L:4: 'enum NAME VALUE' expected" },
	{ "a count that 32 bits do not hold", HEAD "member page flags 0 8 4294967296\n", ERR_FORMAT,
	  "L:4: 'member TYPE PATH OFFSET SIZE COUNT [BIT BITS]' expected" },
	{ "a bit that is no number", HEAD "member page flags 0 8 0 1 x\n", ERR_FORMAT,
	  "L:4: 'member TYPE PATH OFFSET SIZE COUNT [BIT BITS]' expected" },
	{ "an enumerator that 64 bits do not hold", HEAD "enum PG_head 9223372036854775808\n", ERR_FORMAT,
	  "L:4: 'enum NAME VALUE' expected" },
	{ "an address of 17 digits", HEAD "symbol init_task 1ffffffff81000000\n", ERR_FORMAT,
	  "L:4: 'symbol NAME ADDRESS' expected" },
	{ "an address below nothing", HEAD "symbol init_task -1\n", ERR_FORMAT,
	  "L:4: 'symbol NAME ADDRESS' expected" },
	{ "a module's build-id longer than any", HEAD "module zram 0123456789012345678901234567890123456789a\n",
	  ERR_FORMAT, "L:4: 'module NAME BUILD-ID' expected" },
	{ "a symbol without an address", HEAD "symbol init_task\n", ERR_FORMAT,
	  "L:4: 'symbol NAME ADDRESS' expected" },
	{ "a program's symbol without a size", HEAD "user ab 10 g_state\n", ERR_FORMAT,
	  "L:4: 'user BUILD-ID VALUE SIZE NAME' expected" },
	{ "a stack that is no power of two", HEAD "thread-size 12288\n", ERR_FORMAT, "L:4: a stack of a size that none has" },
	{ "a stack of two megabytes", HEAD "thread-size 2097152\n", ERR_FORMAT, "L:4: a stack of a size that none has" },
	{ "a padding of half a word", HEAD "stack-padding 4\n", ERR_FORMAT, "L:4: a padding that no stack has" },
	{ "a padding larger than any", HEAD "stack-padding 72\n", ERR_FORMAT, "L:4: a padding that no stack has" },
	{ "a module without its build-id", HEAD "module zram\n", ERR_FORMAT, "L:4: 'module NAME BUILD-ID' expected" },
	{ "a number that is none", HEAD "thread-size many\n", ERR_FORMAT, "L:4: a number expected" },
};

static int parse(const char *text, size_t size, struct layout_file *lf, struct err *err)
{
	layout_file_init(lf);
	memset(err, 0, sizeof(*err));
	return layout_file_parse("L", text, size, lf, err);
}

static void test_wrong(void **state)
{
	struct layout_file lf;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrongs); i++) {
		const struct wrong *w = &wrongs[i];
		int rc = parse(w->text, strlen(w->text), &lf, &err);

		if (rc != w->rc || strcmp(err.text, w->said))
			fail_msg("%s: %d '%s'", w->what, rc, err.text);
		layout_file_deinit(&lf);
	}
}

/* A line longer than any, and a file longer than any. */
static void test_too_long(void **state)
{
	size_t size = LAYOUT_FILE_SIZE_MAX + 1;
	char *text = malloc(size);
	struct layout_file lf;
	struct err err;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', size);
	memcpy(text, HEAD, strlen(HEAD));
	text[4095] = '\n';
	assert_int_equal(parse(text, 4096, &lf, &err), ERR_FORMAT);
	assert_string_equal(err.text, "L:4: line is too long");
	layout_file_deinit(&lf);
	assert_int_equal(parse(text, size, &lf, &err), ERR_FORMAT);
	assert_string_equal(err.text, "L: 4194305 bytes are too many for a layout file");
	layout_file_deinit(&lf);
	free(text);
}

static const char whole[] =
	HEAD "version #1 SMP Debian\nmachine x86_64\nbuild-id 00ff\nthread-size 32768\nstack-padding 16\n"
	     "max-swapfiles 27\nmodule zram 0123abcd\nmodule of_tomorrow 4567\n# a comment\n\ntomorrow is of a later version\n"
	     "type page 64\nmember task_struct __state 24 4 0\nmember page flags 0 8 0 3 5\n"
	     "member nobody knows 1 2 3\nenum PG_head 16\nenum PG_of_tomorrow 99\n"
	     "symbol init_task ffffffff82000000\npercpu runqueues 3a000\nsymbol nobody 1\n"
	     "user 00ff 4010 64 g_state\n";

static void check_whole(const struct layout_file *lf)
{
	const struct layout_value *v = lf->layout.v;

	assert_string_equal(lf->release, "6.1.0");
	assert_string_equal(lf->version, "#1 SMP Debian");
	assert_string_equal(lf->machine, "x86_64");
	assert_string_equal(lf->build_id, "00ff");
	assert_true(lf->stext == 0xffffffff81000000);
	assert_int_equal(lf->thread_size, 32768);
	assert_int_equal(lf->stack_pad, 16);
	assert_int_equal(lf->max_swapfiles, 27);
	assert_string_equal(lf->module_build_id[0], "0123abcd");
	assert_string_equal(lf->module_build_id[1], "");
	assert_true(v[L_page].known && v[L_page].size == 64);
	assert_true(v[L_task_struct_state].known && v[L_task_struct_state].value == 24 &&
		    v[L_task_struct_state].size == 4 && v[L_task_struct_state].alt == 0);
	assert_true(v[L_page_flags].bit_off == 3 && v[L_page_flags].bit_size == 5);
	assert_true(v[L_PG_head].known && v[L_PG_head].value == 16);
	assert_false(v[L_task_struct_pid].known);
	assert_true(lf->sym.known[S_init_task] && lf->sym.addr[S_init_task] == 0xffffffff82000000 &&
		    !lf->percpu[S_init_task]);
	assert_true(lf->sym.known[S_runqueues] && lf->sym.addr[S_runqueues] == 0x3a000 &&
		    lf->percpu[S_runqueues]);
	assert_false(lf->sym.known[S_swap_info]);
	assert_int_equal(lf->user_symbols.n, 1);
	assert_string_equal(lf->user_symbols.v[0].name, "g_state");
	assert_true(lf->user_symbols.v[0].value == 0x4010 && lf->user_symbols.v[0].size == 64);
}

/* What is read and written comes back; what this vmsift does not ask for is skipped. */
static void test_round_trip(void **state)
{
	struct layout_file lf, again;
	struct err err;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	if (parse(whole, strlen(whole), &lf, &err))
		fail_msg("%s", err.text);
	check_whole(&lf);
	layout_file_write(&lf, f);
	assert_int_equal(fclose(f), 0);
	if (parse(text, size, &again, &err))
		fail_msg("%s", err.text);
	check_whole(&again);
	assert_null(strstr(text, "tomorrow"));
	layout_file_deinit(&again);
	layout_file_deinit(&lf);
	free(text);
}

/* Of a member's names the newest wins, in whichever order they come. */
static void test_alternatives(void **state)
{
	static const char *const texts[] = {
		HEAD "member task_struct __state 24 4 0\nmember task_struct state 16 8 0\n",
		HEAD "member task_struct state 16 8 0\nmember task_struct __state 24 4 0\n",
	};
	struct layout_file lf;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(parse(texts[i], strlen(texts[i]), &lf, &err), 0);
		assert_int_equal(lf.layout.v[L_task_struct_state].value, 24);
		layout_file_deinit(&lf);
	}
	assert_int_equal(parse(texts[1], strlen(texts[1]) - strlen("member task_struct __state 24 4 0\n"), &lf,
			       &err), 0);
	assert_int_equal(lf.layout.v[L_task_struct_state].value, 16);
	layout_file_deinit(&lf);
}

struct match {
	const char *what;
	const char *build_id, *release, *version;    /* the file's */
	const char *build_id2, *release2, *version2; /* the dump's */
	const char *said;			     /* NULL: it is of this kernel */
};

static const struct match matches[] = {
	{ "the same build-id", "00ff", "6.1", "#1", "00FF", "6.1", "#1", NULL },
	{ "the same build-id settles it", "00ff", "-", "-", "00ff", "6.1", "#1", NULL },
	{ "another build-id settles it", "00ff", "6.1", "#1", "00fe", "6.1", "#1",
	  "is for the kernel with build-id 00ff, the dump's is 00fe" },
	{ "a dump without: release and version", "00ff", "6.1", "#1", "", "6.1", "#1", NULL },
	{ "a file without: release and version", "", "6.1", "#1", "00ff", "6.1", "#1", NULL },
	{ "another version of the release", "", "6.1", "#1", "", "6.1", "#2",
	  "is for kernel 6.1 #1, the dump is of 6.1 #2" },
	{ "another release", "", "6.1", "#1", "", "6.2", "#1", "is for kernel 6.1 #1, the dump is of 6.2 #1" },
};

static void test_match(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(matches); i++) {
		const struct match *m = &matches[i];
		struct layout_file lf;
		struct err err = { 0 };
		int rc;

		layout_file_init(&lf);
		strcpy(lf.build_id, m->build_id);
		strcpy(lf.release, m->release);
		strcpy(lf.version, m->version);
		rc = layout_file_check(&lf, m->build_id2, m->release2, m->version2, &err);
		if (rc != (m->said ? ERR_INVALID : 0) || strcmp(err.text, m->said ? m->said : ""))
			fail_msg("%s: %d '%s'", m->what, rc, err.text);
		layout_file_deinit(&lf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong),	   cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_alternatives),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
