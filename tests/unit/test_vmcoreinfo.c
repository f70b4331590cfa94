/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMCOREINFO: lines that are there, cut, double, damaged. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "util/types.h"
#include "vmcore/vmcoreinfo.h"

#define TEXT(s) s, sizeof(s) - 1

enum ask { STR, HEX, SYMBOL, NUMBER };

struct row {
	const char *what;
	const char *text;
	size_t size;
	enum ask ask;
	const char *key;
	bool found;
	const char *str;
	uint64_t value;
};

static const struct row rows[] = {
	{ "a text", TEXT("OSRELEASE=6.1.0-13\n"), STR, "OSRELEASE", true, "6.1.0-13", 0 },
	{ "the last line without a newline", TEXT("A=1\nB=two"), STR, "B", true, "two", 0 },
	{ "an empty value", TEXT("A=\nB=2\n"), STR, "A", true, "", 0 },
	{ "a value with a sign of equality", TEXT("A=b=c\n"), STR, "A", true, "b=c", 0 },
	{ "no such key", TEXT("OSRELEASE=1\n"), STR, "RELEASE", false, NULL, 0 },
	{ "a key that only begins so", TEXT("OSRELEASES=1\n"), STR, "OSRELEASE", false, NULL, 0 },
	{ "a key that only ends so", TEXT("XOSRELEASE=1\n"), STR, "OSRELEASE", false, NULL, 0 },
	{ "a line without a value", TEXT("A\nB=1\n"), STR, "A", false, NULL, 0 },
	{ "the first of two lines", TEXT("A=1\nA=2\n"), STR, "A", true, "1", 0 },
	{ "a line behind zeros", TEXT("A=1\n\0\0\0\0B=2\n"), STR, "B", true, "2", 0 },
	{ "a value cut by a zero", TEXT("A=12\0" "34\n"), STR, "A", true, "12", 0 },
	{ "a value that is cut to what holds it", TEXT("A=0123456789012345678901234567890123456789\n"), STR, "A", true,
	  "0123456789012345678901234567890", 0 },
	{ "a symbol", TEXT("SYMBOL(init_uts_ns)=ffffffff82c11180\n"), SYMBOL, "init_uts_ns", true, NULL, 0xffffffff82c11180 },
	{ "a symbol with 0x", TEXT("SYMBOL(x)=0xff\n"), SYMBOL, "x", true, NULL, 0xff },
	{ "a symbol by part of its name", TEXT("SYMBOL(xy)=ff\n"), SYMBOL, "x", false, NULL, 0 },
	{ "a symbol that is no number", TEXT("SYMBOL(x)=ffg\n"), SYMBOL, "x", false, NULL, 0 },
	{ "a symbol beyond 64 bits", TEXT("SYMBOL(x)=1ffffffffffffffff\n"), SYMBOL, "x", false, NULL, 0 },
	{ "a symbol below 0", TEXT("SYMBOL(x)=-1\n"), SYMBOL, "x", false, NULL, 0 },
	{ "a symbol without a value", TEXT("SYMBOL(x)=\n"), SYMBOL, "x", false, NULL, 0 },
	{ "a value of hexadecimal digits", TEXT("KERNELOFFSET=1e000000\n"), HEX, "KERNELOFFSET", true, NULL, 0x1e000000 },
	{ "a number", TEXT("NUMBER(x)=42\n"), NUMBER, "NUMBER(x)", true, NULL, 42 },
	{ "a number below 0, as phys_base is", TEXT("NUMBER(phys_base)=-1048576\n"), NUMBER, "NUMBER(phys_base)", true, NULL, (uint64_t)-1048576 },
	{ "a number with 0x", TEXT("NUMBER(x)=0xffffc90000000000\n"), NUMBER, "NUMBER(x)", true, NULL, 0xffffc90000000000 },
	{ "a number with a leading 0 is decimal", TEXT("NUMBER(x)=010\n"), NUMBER, "NUMBER(x)", true, NULL, 10 },
	{ "a number with letters behind", TEXT("NUMBER(x)=12ab\n"), NUMBER, "NUMBER(x)", false, NULL, 0 },
	{ "a number beyond 63 bits", TEXT("NUMBER(x)=99999999999999999999\n"), NUMBER, "NUMBER(x)", false, NULL, 0 },
	{ "a number without digits", TEXT("NUMBER(x)=\n"), NUMBER, "NUMBER(x)", false, NULL, 0 },
	{ "an offset is a number", TEXT("OFFSET(page.flags)=0\n"), NUMBER, "OFFSET(page.flags)", true, NULL, 0 },
};

static void test_rows(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct vmcoreinfo vi = { 0 };
		struct err err = { 0 };
		char buf[32] = "";
		uint64_t v = 0;
		int64_t n = 0;
		bool found;

		if (vmcoreinfo_init(&vi, r->text, r->size, &err))
			fail_msg("%s: %s", r->what, err.text);
		switch (r->ask) {
		case STR:
			found = vmcoreinfo_str(&vi, r->key, buf, sizeof(buf));
			break;
		case HEX:
			found = vmcoreinfo_hex(&vi, r->key, &v);
			break;
		case SYMBOL:
			found = vmcoreinfo_symbol(&vi, r->key, &v);
			break;
		default:
			found = vmcoreinfo_number(&vi, r->key, &n);
			v = (uint64_t)n;
		}
		if (found != r->found || (found && v != r->value) || (r->str && strcmp(buf, r->str)))
			fail_msg("%s: %d '%s' %llx", r->what, found, buf, (unsigned long long)v);
		vmcoreinfo_deinit(&vi);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *what, *text;
		size_t size;
		const char *fault;
	} refused[] = {
		{ "nothing", "", 0, "holds no KEY=VALUE line" },
		{ "zeros", "\0\0\0\0", 4, "holds no KEY=VALUE line" },
		{ "text without a sign of equality", "hello\nworld\n", 12, "holds no KEY=VALUE line" },
		{ "more than a kernel writes", "A=1\n", VMCOREINFO_SIZE_MAX + 1, "65537 bytes is not believable" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		char *text = calloc(1, VMCOREINFO_SIZE_MAX + 1);
		struct vmcoreinfo vi = { 0 };
		struct err err = { 0 };

		assert_non_null(text);
		memcpy(text, refused[i].text, refused[i].size < 16 ? refused[i].size : 4);
		if (vmcoreinfo_init(&vi, text, refused[i].size, &err) != ERR_FORMAT ||
		    !strstr(err.text, refused[i].fault))
			fail_msg("%s: %d '%s'", refused[i].what, err.rc, err.text);
		/* What was refused can be asked all the same. */
		assert_false(vmcoreinfo_str(&vi, "A", text, 16));
		free(text);
	}
}

/* The name of a symbol may not fit. */
static void test_long_name(void **state)
{
	struct vmcoreinfo vi = { 0 };
	struct err err = { 0 };
	char name[200];
	uint64_t v;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	assert_int_equal(vmcoreinfo_init(&vi, "A=1\n", 4, &err), 0);
	assert_false(vmcoreinfo_symbol(&vi, name, &v));
	assert_false(vmcoreinfo_str(&vi, "A", name, 0));
	vmcoreinfo_deinit(&vi);
	vmcoreinfo_deinit(&vi);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
