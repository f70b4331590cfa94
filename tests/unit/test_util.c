/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings from dumps, numbers from people, errors that grow at the front, messages. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/err.h"
#include "util/log.h"
#include "util/out.h"
#include "util/reader.h"
#include "util/str.h"
#include "util/types.h"
#include "util/vec.h"

/* --- strings ------------------------------------------------------------------------------------- */

static void test_printable(void **state)
{
	static const struct {
		const char *what, *in, *out;
	} rows[] = {
		{ "nothing", "", "" },
		{ "ASCII", "a b~!", "a b~!" },
		{ "an escape sequence", "\033[31mred", "?[31mred" },
		{ "control characters", "a\r\n\t\b\177z", "a?????z" },
		{ "UTF-8 of two, three and four bytes", "\303\251 \342\202\254 \360\237\230\200", "\303\251 \342\202\254 \360\237\230\200" },
		{ "a C1 control", "\302\233[2J", "??[2J" },
		{ "the first that is none", "\302\240", "\302\240" },
		{ "a lone continuation", "\200a", "?a" },
		{ "a sequence that is cut", "\342\202", "??" },
		{ "a sequence that is cut by a letter", "\342\202a", "??a" },
		{ "an overlong slash", "\300\257", "??" },
		{ "an overlong three-byte letter", "\340\201\201", "???" },
		{ "an overlong four-byte letter", "\360\200\201\201", "????" },
		{ "a surrogate", "\355\240\200", "???" },
		{ "beyond Unicode", "\364\220\200\200", "????" },
		{ "a byte that UTF-8 has not", "\377\376", "??" },
		{ "text that runs the other way", "a\342\200\256b", "a???b" },
		{ "an isolate", "\342\201\246", "???" },
		{ "a line separator", "\342\200\250", "???" },
		{ "the Arabic letter mark", "a\330\234b", "a??b" },
		{ "marks of direction", "\342\200\216\342\200\217", "??????" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char buf[64];

		strcpy(buf, rows[i].in);
		str_make_printable(buf);
		if (strcmp(buf, rows[i].out))
			fail_msg("%s: '%s'", rows[i].what, buf);
	}
}

/* Every single byte, behind every first byte: what comes out is valid and as long as what went in. */
static void test_printable_all(void **state)
{
	unsigned int a, b, c;

	(void)state;
	for (a = 1; a < 256; a++)
		for (b = 1; b < 256; b++)
			for (c = 0x7f; c < 0xc3; c += 0x21) {
				char s[4] = { (char)a, (char)b, (char)c, 0 }, t[4];

				str_make_printable(s);
				assert_int_equal(strlen(s), 3);
				strcpy(t, s);
				str_make_printable(t);
				assert_string_equal(s, t);
				assert_false(strpbrk(s, "\033\r\n\t\177"));
			}
}

static void test_file_names(void **state)
{
	static const struct {
		const char *in;
		size_t size;
		const char *out;
	} rows[] = {
		{ "redis-server", 64, "redis-server" },
		{ "a b)\"\n\\x/../", 64, "a_b____x_.._" },
		{ "..", 64, "_." },
		{ ".hidden", 64, "_hidden" },
		{ "", 64, "_" },
		{ "/", 64, "_" },
		{ "-rf", 64, "-rf" },
		{ "\303\251t\303\251", 64, "__t__" },
		{ "abcdef", 4, "abc" },
		{ "abc", 1, "" },
		{ "", 1, "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char buf[64] = "untouched";

		str_file_name(buf, rows[i].size, rows[i].in);
		if (strcmp(buf, rows[i].out))
			fail_msg("'%s': '%s'", rows[i].in, buf);
	}
	str_file_name(NULL, 0, "abc");
}

/* --- numbers ------------------------------------------------------------------------------------- */

struct number_row {
	const char *in;
	bool ok;
	uint64_t value;
};

static void check_numbers(bool (*parse)(const char *s, uint64_t *ret), const struct number_row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t v = 4711;
		bool ok = parse(rows[i].in, &v);

		if (ok != rows[i].ok || (ok && v != rows[i].value))
			fail_msg("'%s': %d %llu", rows[i].in, ok, (unsigned long long)v);
	}
}

static void test_numbers(void **state)
{
	static const struct number_row plain[] = {
		{ "0", true, 0 }, { "42", true, 42 }, { "0x2a", true, 42 }, { "0X2A", true, 42 }, { "010", true, 10 },
		{ "18446744073709551615", true, UINT64_MAX }, { "18446744073709551616", false, 0 }, { "", false, 0 },
		{ "-1", false, 0 }, { "+1", false, 0 }, { " 1", false, 0 }, { "1 ", false, 0 }, { "0x", false, 0 },
		{ "12x", false, 0 }, { "x", false, 0 },
	};
	static const struct number_row hex[] = {
		{ "0", true, 0 }, { "2a", true, 42 }, { "2A", true, 42 }, { "0x2a", true, 42 }, { "010", true, 16 },
		{ "ffffffffffffffff", true, UINT64_MAX }, { "10000000000000000", false, 0 }, { "", false, 0 },
		{ "-1", false, 0 }, { "+1", false, 0 }, { " 1", false, 0 }, { "1 ", false, 0 }, { "0x", false, 0 },
		{ "12g", false, 0 }, { "g", false, 0 },
	};
	static const struct number_row sizes[] = {
		{ "0", true, 0 }, { "100", true, 100 }, { "64K", true, 65536 }, { "64k", true, 65536 }, { "2M", true, 2 << 20 },
		{ "2G", true, 2ull << 30 }, { "1T", true, 1ull << 40 }, { "1KiB", true, 1024 }, { "1KB", true, 1024 },
		{ "16777215T", true, 16777215ull << 40 }, { "16777216T", false, 0 }, { "K", false, 0 }, { "", false, 0 },
		{ "1Q", false, 0 }, { "1KK", false, 0 }, { "1Ki", false, 0 }, { "1 K", false, 0 }, { "-1K", false, 0 },
		{ "1.5G", false, 0 }, { "0x10", false, 0 }, { "99999999999999999999", false, 0 }, { "1\x2b", false, 0 },
	};
	static const struct number_row seconds[] = {
		{ "0", true, 0 }, { "90", true, 90 }, { "90s", true, 90 }, { "2m", true, 120 }, { "3h", true, 10800 },
		{ "1d", true, 86400 }, { "213503982334601d", true, 213503982334601ull * 86400 }, { "213503982334602d", false, 0 },
		{ "", false, 0 }, { "m", false, 0 }, { "1w", false, 0 }, { "1ms", false, 0 }, { "1 m", false, 0 }, { "-1", false, 0 },
	};

	(void)state;
	check_numbers(str_parse_u64, plain, ARRAY_SIZE(plain));
	check_numbers(str_parse_hex, hex, ARRAY_SIZE(hex));
	check_numbers(str_parse_size, sizes, ARRAY_SIZE(sizes));
	check_numbers(str_parse_seconds, seconds, ARRAY_SIZE(seconds));
}

static void test_human_sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{ 0, "0 B" }, { 1023, "1023 B" }, { 1024, "1.0 KiB" }, { 1536, "1.5 KiB" }, { 1048524, "1023.9 KiB" },
		{ 1048575, "1.0 MiB" }, { 1ull << 30, "1.0 GiB" }, { 5ull << 40, "5.0 TiB" }, { UINT64_MAX, "16.0 EiB" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char buf[16];

		assert_string_equal(str_human_size(buf, sizeof(buf), rows[i].bytes), rows[i].text);
	}
}

static void test_rounding(void **state)
{
	(void)state;
	assert_int_equal(round_up_u64(1, 4096), 4096);
	assert_int_equal(round_up_u64(4096, 4096), 4096);
	/* A hostile address never becomes a small one. */
	assert_true(round_up_u64(UINT64_MAX, 4096) == UINT64_MAX - 4095);
	assert_true(round_up_u64(UINT64_MAX - 4095, 4096) == UINT64_MAX - 4095);
	assert_true(round_up_u64(UINT64_MAX - 4094, 4096) == UINT64_MAX - 4095);
	assert_int_equal(round_down_u64(8191, 4096), 4096);
	assert_true(is_pow2(1) && is_pow2(1ull << 63) && !is_pow2(0) && !is_pow2(3));
}

static void test_bytes(void **state)
{
	static const uint8_t b[9] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99 };
	uint8_t z[16] = { 0 };

	(void)state;
	/* At any alignment. */
	assert_int_equal(get_u16(b + 1), 0x3322);
	assert_int_equal(get_u32(b + 1), 0x55443322);
	assert_true(get_u64(b + 1) == 0x9988776655443322ull);
	assert_int_equal(get_uint(b, 1), 0x11);
	assert_int_equal(get_uint(b, 2), 0x2211);
	assert_int_equal(get_uint(b, 4), 0x44332211);
	assert_int_equal(get_uint(b, 3), 0);
	assert_true(is_zero(z, 16) && is_zero(z, 0) && is_zero(b, 0) && !is_zero(b, 1));
	z[15] = 1;
	assert_true(is_zero(z, 15) && !is_zero(z, 16));
	put_u16(z, 0x1234);
	put_u32(z + 3, 0x89abcdef);
	put_be64(z + 8, 0x0102030405060708);
	assert_int_equal(z[0], 0x34);
	assert_int_equal(get_u32(z + 3), 0x89abcdef);
	assert_int_equal(z[8], 1);
}

/* --- errors -------------------------------------------------------------------------------------- */

static void test_err(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(err_set(&err, ERR_ABSENT, "page frame 0x%x is not in the dump", 0x104ac2), ERR_ABSENT);
	assert_int_equal(err_add(&err, "vm_area_struct 0x%x", 0x1000), ERR_ABSENT);
	assert_int_equal(err_add(&err, "process %d (%s)", 4711, "mysqld"), ERR_ABSENT);
	assert_string_equal(err.text, "process 4711 (mysqld): vm_area_struct 0x1000: page frame 0x104ac2 is not in the dump");
	/* Without a place for the text the code is returned all the same. */
	assert_int_equal(err_set(NULL, ERR_CORRUPT, "x"), ERR_CORRUPT);
	assert_int_equal(err_add(NULL, "x"), ERR_IO);
	/* What a terminal might obey is never stored. */
	err_set(&err, ERR_CORRUPT, "name '%s'", "a\033[2J\nb");
	assert_string_equal(err.text, "name 'a?[2J?b'");
	err_add(&err, "in %s", "\033c");
	assert_string_equal(err.text, "in ?c: name 'a?[2J?b'");
}

static void test_err_long(void **state)
{
	char much[2 * ERR_TEXT_SIZE];
	struct err err = { 0 };
	int i;

	(void)state;
	memset(much, 'x', sizeof(much) - 1);
	much[sizeof(much) - 1] = 0;
	err_set(&err, ERR_IO, "%s", much);
	assert_int_equal(strlen(err.text), ERR_TEXT_SIZE - 1);
	/* What is put in front stays, the end gives way. */
	for (i = 0; i < 100; i++) {
		err_add(&err, "step %d", i);
		assert_true(strlen(err.text) < ERR_TEXT_SIZE);
		assert_int_equal(strncmp(err.text, "step ", 5), 0);
	}
	err_add(&err, "%s", much);
	assert_int_equal(strlen(err.text), ERR_TEXT_SIZE - 1);
	assert_int_equal(err.rc, ERR_IO);
}

static void test_err_errno(void **state)
{
	static const struct {
		int e, rc;
	} rows[] = {
		{ ENOSPC, ERR_NOSPACE }, { EDQUOT, ERR_NOSPACE }, { EFBIG, ERR_NOSPACE }, { ENOMEM, ERR_NOMEM },
		{ ENOENT, ERR_NOTFOUND }, { EEXIST, ERR_EXIST }, { EINTR, ERR_INTERRUPTED }, { EIO, ERR_IO }, { EPERM, ERR_IO },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err err = { 0 };
		char want[200];

		errno = rows[i].e;
		assert_int_equal(err_errno(&err, "%s", "core.x"), rows[i].rc);
		snprintf(want, sizeof(want), "core.x: %s", strerror(rows[i].e));
		assert_string_equal(err.text, want);
		errno = rows[i].e;
		assert_int_equal(err_errno(NULL, "x"), rows[i].rc);
	}
}

/* --- messages ------------------------------------------------------------------------------------ */

static void test_log(void **state)
{
	char *said = NULL;
	size_t size;
	FILE *f = open_memstream(&said, &size);
	struct log log;
	int i;

	(void)state;
	log_init(&log, f, LOG_WARN);
	assert_false(log.tty);
	log_error(&log, "disk %s", "full");
	log_warn(&log, "name '%s'", "\033[2J");
	log_info(&log, "not shown");
	log_debug(&log, "nor this");
	/* On a console progress is a line every ten seconds, and here nothing has to be said at all. */
	for (i = 0; i < 1000; i++)
		log_progress(&log, "core", (uint64_t)i, 1000, "MiB");
	log_progress_end(&log);
	log.level = LOG_DEBUG;
	log_debug(&log, "%0500d", 1);
	log_debug(&log, "%02000d", 1); /* is cut */
	fclose(f);
	assert_int_equal(strncmp(said, "vmsift: error: disk full\nvmsift: warning: name '?[2J'\nvmsift: 000", 65), 0);
	assert_null(strstr(said, "shown"));
	assert_null(strstr(said, "core"));
	assert_int_equal(log.nr_warnings, 1);
	free(said);
	/* Without anyone to tell, warnings count. */
	log_init(&log, NULL, LOG_DEBUG);
	log_warn(&log, "x");
	log_progress(&log, "x", 1, 2, "y");
	log_progress_end(&log);
	assert_int_equal(log.nr_warnings, 1);
	log_warn(NULL, "x");
	log_progress(NULL, "x", 1, 2, "y");
	log_progress_end(NULL);
}

/* --- readers, outs, vectors -------------------------------------------------------------------------- */

static void test_reader(void **state)
{
	static const char text[] = "0123456789";
	struct reader r = READER_OF_BUFFER(text, 10);
	struct err err = { 0 };
	char buf[16] = "";

	(void)state;
	assert_int_equal(reader_read(&r, 3, buf, 4, &err), 0);
	assert_memory_equal(buf, "3456", 4);
	assert_int_equal(reader_read(&r, 10, buf, 0, &err), 0);
	assert_int_equal(reader_read(&r, 7, buf, 4, &err), ERR_CORRUPT);
	assert_string_equal(err.text, "offset 0x7 + 0x4 is past the end at 0xa");
	assert_int_equal(reader_read(&r, 11, buf, 0, &err), ERR_CORRUPT);
	assert_int_equal(reader_read(&r, UINT64_MAX, buf, 2, &err), ERR_CORRUPT);
	assert_int_equal(reader_read(&r, 1, buf, SIZE_MAX, &err), ERR_CORRUPT);
}

static int take_some(void *ctx, const void *buf, size_t size, struct err *err)
{
	size_t *left = ctx;

	if (size > *left)
		return err_set(err, ERR_NOSPACE, "full");
	assert_true(is_zero(buf, size));
	*left -= size;
	return 0;
}

static void test_out(void **state)
{
	uint64_t counted = 0;
	const struct out counter = OUT_COUNTING(&counted);
	size_t left = 10000;
	const struct out some = { .write = take_some, .ctx = &left };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(out_write(&counter, "abc", 3, &err), 0);
	assert_int_equal(out_zeros(&counter, 1ull << 40, &err), 0);
	assert_true(counted == (1ull << 40) + 3);
	/* Where nothing better is known zeros are written, in pieces. */
	assert_int_equal(out_zeros(&some, 9999, &err), 0);
	assert_int_equal(left, 1);
	assert_int_equal(out_zeros(&some, 2, &err), ERR_NOSPACE);
	assert_string_equal(err.text, "full");
}

DEFINE_VEC(number_vec, uint64_t);

static void test_vec(void **state)
{
	struct number_vec v = { 0 };
	uint64_t *it, sum = 0;
	size_t i;

	(void)state;
	vec_for_each(it, &v)
		sum++;
	assert_int_equal(sum, 0);
	for (i = 0; i < 1000; i++)
		assert_true(number_vec_push(&v, i));
	vec_for_each(it, &v)
		sum += *it;
	assert_int_equal(sum, 499500);
	number_vec_free(&v);
	assert_null(v.v);
	assert_int_equal(v.n, 0);
	/* More than there can be is refused, and what was there stays. */
	v.n = v.cap = SIZE_MAX / 8;
	assert_false(number_vec_push(&v, 1));
	assert_int_equal(v.n, SIZE_MAX / 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_printable),   cmocka_unit_test(test_printable_all),
		cmocka_unit_test(test_file_names),  cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_human_sizes), cmocka_unit_test(test_rounding),
		cmocka_unit_test(test_bytes),	    cmocka_unit_test(test_err),
		cmocka_unit_test(test_err_long),    cmocka_unit_test(test_err_errno),
		cmocka_unit_test(test_log),	    cmocka_unit_test(test_reader),
		cmocka_unit_test(test_out),	    cmocka_unit_test(test_vec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
