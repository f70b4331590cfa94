/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON writer: exact texts, any bytes, what another reader makes of it, misuse. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "files.h"
#include "util/json.h"
#include "util/types.h"

struct text {
	char buf[65536];
	size_t used, room;
};

static int to_text(void *ctx, const void *buf, size_t size, struct err *err)
{
	struct text *t = ctx;

	if (t->used + size > t->room)
		return err_set(err, ERR_NOSPACE, "target: full");
	memcpy(t->buf + t->used, buf, size);
	t->used += size;
	t->buf[t->used] = 0;
	return 0;
}

static struct text text;
static struct out out = { .write = to_text, .ctx = &text };

static void start(struct json *j)
{
	memset(&text, 0, sizeof(text));
	text.room = sizeof(text.buf) - 1;
	json_init(j, &out);
}

/* One letter per call, for tables: what is in lower case has no key. */
static void play(struct json *j, const char *calls)
{
	char key[2] = "";
	const char *k;

	for (; *calls; calls++) {
		key[0] = *calls;
		k = *calls < 'a' ? key : NULL;
		switch (*calls | 0x20) {
		case 'o':
			json_object(j, k);
			break;
		case 'a':
			json_array(j, k);
			break;
		case 's':
			json_str(j, k, "text");
			break;
		case 'u':
			json_u64(j, k, UINT64_MAX);
			break;
		case 'i':
			json_i64(j, k, INT64_MIN);
			break;
		case 'h':
			json_hex(j, k, 0xffff888104ac2000u);
			break;
		case 't':
			json_bool(j, k, true);
			break;
		case 'f':
			json_bool(j, k, false);
			break;
		case 'n':
			json_null(j, k);
			break;
		case 'e':
			json_end(j);
			break;
		default:
			abort();
		}
	}
}

static void test_texts(void **state)
{
	static const struct {
		const char *what, *calls, *want;
	} rows[] = {
		{ "an empty object", "oe", "{}\n" },
		{ "an empty array", "ae", "[]\n" },
		{ "a number alone", "u", "18446744073709551615\n" },
		{ "one member", "oUe", "{\n  \"U\": 18446744073709551615\n}\n" },
		{ "every kind of value", "oSUIHTFNe",
		  "{\n  \"S\": \"text\",\n  \"U\": 18446744073709551615,\n"
		  "  \"I\": -9223372036854775808,\n  \"H\": \"0xffff888104ac2000\",\n"
		  "  \"T\": true,\n  \"F\": false,\n  \"N\": null\n}\n" },
		{ "an array of objects", "aoTeoeaunee",
		  "[\n  {\n    \"T\": true\n  },\n  {},\n  [\n    18446744073709551615,\n"
		  "    null\n  ]\n]\n" },
		{ "members behind a container", "oAeTOFeNe",
		  "{\n  \"A\": [],\n  \"T\": true,\n  \"O\": {\n    \"F\": false\n  },\n"
		  "  \"N\": null\n}\n" },
		{ "as deep as may be", "aaaaaaaaaaaaaaaaeeeeeeeeeeeeeeee", "" },
	};
	struct err err = { 0 };
	struct json j;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		start(&j);
		play(&j, rows[i].calls);
		if (json_finish(&j, &err))
			fail_msg("%s: %s", rows[i].what, err.text);
		if (*rows[i].want)
			assert_string_equal(text.buf, rows[i].want);
	}
}

static void test_strings_of_any_bytes(void **state)
{
	static const struct {
		const char *what, *s;
		size_t size; /* 0: up to the NUL */
		const char *want;
	} rows[] = {
		{ "nothing", "", 0, "" },
		{ "ASCII", "a/b ~", 0, "a/b ~" },
		{ "what JSON obeys", "\"\\\b\f\n\r\t", 0, "\\\"\\\\\\b\\f\\n\\r\\t" },
		{ "control characters", "\x01\x1b[31m\x1f", 0, "\\u0001\\u001b[31m\\u001f" },
		{ "NULs", "a\0b\0", 4, "a\\u0000b\\u0000" },
		{ "DEL and C1", "\x7f\xc2\x80\xc2\x9b\xc2\x9f", 0, "\\u007f\\u0080\\u009b\\u009f" },
		{ "two to four bytes", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", 0,
		  "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "the ends of each length",
		  "\xdf\xbf\xe0\xa0\x80\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 0,
		  "\xdf\xbf\xe0\xa0\x80\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
		{ "separators and directions",
		  "\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f", 0,
		  "\\u2028\\u2029\\u202e\\u2066\\u200f" },
		{ "a byte of Latin 1", "caf\xe9!", 0, "caf\xef\xbf\xbd!" },
		{ "continuation bytes alone", "\x80\xbf", 0, "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "cut off", "\xf0\x9f\x98", 0, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "cut off by the size", "\xf0\x9f\x98\x80", 3,
		  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "too long forms", "\xc0\x80\xc1\xbf", 0,
		  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "a too long form of three", "\xe0\x9f\xbf", 0,
		  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "a surrogate", "\xed\xa0\x80", 0, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "past the last", "\xf4\x90\x80\x80", 0,
		  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "five bytes", "\xf8\x88\x80\x80\x80", 0,
		  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "never UTF-8", "\xff\xfe", 0, "\xef\xbf\xbd\xef\xbf\xbd" },
	};
	char want[200];
	struct json j;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		start(&j);
		if (rows[i].size)
			json_strn(&j, NULL, rows[i].s, rows[i].size);
		else
			json_str(&j, NULL, rows[i].s);
		assert_int_equal(json_finish(&j, NULL), 0);
		snprintf(want, sizeof(want), "\"%s\"\n", rows[i].want);
		if (strcmp(text.buf, want))
			fail_msg("%s: %s", rows[i].what, text.buf);
		/* Keys go the same way. */
		if (!rows[i].size) {
			start(&j);
			json_object(&j, NULL);
			json_null(&j, rows[i].s);
			json_end(&j);
			assert_int_equal(json_finish(&j, NULL), 0);
			snprintf(want, sizeof(want), "{\n  \"%s\": null\n}\n", rows[i].want);
			assert_string_equal(text.buf, want);
		}
	}
	start(&j);
	json_str(&j, NULL, NULL);
	assert_int_equal(json_finish(&j, NULL), 0);
	assert_string_equal(text.buf, "null\n");
}

/* Python's reader: every byte value in strings, exact numbers, 3,000 members. */
static void test_another_reader_agrees(void **state)
{
	static const char program[] =
		"import json,sys\n"
		"d = json.load(open(sys.argv[1], encoding='utf-8'))\n"
		"assert d['max'] == 2**64 - 1 and d['min'] == -2**63, 'numbers'\n"
		"assert d['all'] == bytes(range(256)).decode('ascii', 'replace'), 'bytes'\n"
		"assert [m['n'] for m in d['many']] == list(range(3000)), 'members'\n"
		"assert int(d['addr'], 16) == 0xffff888104ac2000, 'hex'\n";
	struct files tmp;
	char all[256];
	struct json j;
	uint64_t i;
	FILE *f;

	(void)state;
	assert_true(files_make(&tmp));
	for (i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	start(&j);
	f = fopen(in_dir(&tmp, "t.json"), "w");
	assert_non_null(f);
	json_object(&j, NULL);
	json_u64(&j, "max", UINT64_MAX);
	json_i64(&j, "min", INT64_MIN);
	json_hex(&j, "addr", 0xffff888104ac2000u);
	json_strn(&j, "all", all, sizeof(all));
	json_array(&j, "many");
	for (i = 0; i < 3000; i++) {
		json_object(&j, NULL);
		json_u64(&j, "n", i);
		json_end(&j);
		/* The text is longer than the buffer of the test. */
		fwrite(text.buf, 1, text.used, f);
		text.used = 0;
	}
	json_end(&j);
	json_end(&j);
	assert_int_equal(json_finish(&j, NULL), 0);
	fwrite(text.buf, 1, text.used, f);
	fclose(f);
	write_file(in_dir(&tmp, "check.py"), program);
	assert_int_equal(
		shell("python3 '%s' '%s'", in_dir(&tmp, "check.py"), in_dir(&tmp, "t.json")), 0);
	files_remove(&tmp);
}

static void test_misuse_is_an_error(void **state)
{
	static const struct {
		const char *calls, *text;
	} rows[] = {
		{ "", "JSON writer: finished without a value" },
		{ "o", "JSON writer: finished with an object or array open" },
		{ "oAe", "JSON writer: finished with an object or array open" },
		{ "e", "JSON writer: an end without a begin" },
		{ "oee", "JSON writer: an end without a begin" },
		{ "oeoe", "JSON writer: a second value at the root" },
		{ "nn", "JSON writer: a second value at the root" },
		{ "one", "JSON writer: a value without a key in an object" },
		{ "oae", "JSON writer: a value without a key in an object" },
		{ "aNe", "JSON writer: a key outside an object: N" },
		{ "N", "JSON writer: a key outside an object: N" },
		{ "aaaaaaaaaaaaaaaaa", "JSON writer: too deep" },
		{ "oOOOOOOOOOOOOOOOO", "JSON writer: too deep O" },
		/* The first error is the one reported. */
		{ "oneeee", "JSON writer: a value without a key in an object" },
	};
	struct err err;
	struct json j;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&err, 0, sizeof(err));
		start(&j);
		play(&j, rows[i].calls);
		assert_int_equal(json_finish(&j, &err), ERR_INVALID);
		assert_string_equal(err.text, rows[i].text);
	}
}

static void test_failure_of_target_is_reported(void **state)
{
	struct err err = { 0 };
	struct json j;
	size_t room;
	int i;

	(void)state;
	for (room = 0; room < 3000; room += 500) {
		start(&j);
		text.room = room;
		json_array(&j, NULL);
		for (i = 0; i < 400; i++)
			json_str(&j, NULL, "0123456789");
		json_end(&j);
		assert_int_equal(json_finish(&j, &err), ERR_NOSPACE);
		assert_string_equal(err.text, "target: full");
		assert_true(text.used <= room);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_strings_of_any_bytes),
		cmocka_unit_test(test_another_reader_agrees),
		cmocka_unit_test(test_misuse_is_an_error),
		cmocka_unit_test(test_failure_of_target_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
