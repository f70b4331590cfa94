/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stream codecs: what the usual programs make of their output, memory, failures. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sys/resource.h>

#include "codec/codec.h"
#include "files.h"
#include "util/bytes.h"
#include "util/types.h"

static struct files tmp;

/* The programs that users have. %s is the file. */
static const struct decoder {
	const char *codec, *decode, *test;
} decoders[] = {
	{ "none", "cat '%s'", "true '%s'" },
	{ "gzip", "gunzip -c '%s'", "gzip -t '%s'" },
	{ "lzo", "lzop -qdc '%s'", "lzop -qt '%s'" },
	{ "zstd", "zstd -qdc '%s'", "zstd -qt '%s'" },
};

enum piece_kind { END, TEXT, RANDOM, ZERO_BYTES, ZEROS };

struct piece {
	enum piece_kind kind;
	size_t size;
	size_t chunk; /* per call of codec_stream_write(); 0: all at once */
};

#define K 1024u
#define M (1024u * 1024u)

static const struct input {
	const char *name;
	struct piece pieces[8];
} inputs[] = {
	{ "nothing", { { END, 0, 0 } } },
	{ "one byte", { { TEXT, 1, 0 } } },
	{ "text, byte by byte", { { TEXT, 5000, 1 } } },
	{ "a page of zeros that is written", { { ZERO_BYTES, 4 * K, 0 } } },
	{ "a page of zeros that is not", { { ZEROS, 4 * K, 0 } } },
	{ "one zero", { { ZEROS, 1, 0 } } },
	{ "an lzop block less a byte", { { TEXT, 256 * K - 1, 0 } } },
	{ "an lzop block", { { TEXT, 256 * K, 0 } } },
	{ "an lzop block and a byte", { { TEXT, 256 * K + 1, 0 } } },
	{ "what cannot be compressed, in pages", { { RANDOM, 3 * M, 4 * K } } },
	{ "what cannot be compressed, in odd pieces", { { RANDOM, M, 70001 } } },
	{ "only many zeros", { { ZEROS, 40 * M + 1, 0 } } },
	{ "zeros of one gzip piece", { { TEXT, 10, 0 }, { ZEROS, M, 0 }, { TEXT, 10, 0 } } },
	{ "zeros less than a gzip piece",
	  { { TEXT, 10, 0 }, { ZEROS, M - 1, 0 }, { TEXT, 9, 0 } } },
	{ "zeros of exactly two lzop blocks", { { ZEROS, 512 * K, 0 } } },
	{ "zeros from the middle of an lzop block",
	  { { TEXT, 100 * K, 0 }, { ZEROS, 3 * M + 7, 0 }, { RANDOM, 100, 0 } } },
	{ "zeros again and again",
	  { { ZEROS, 2 * M, 0 },
	    { TEXT, 3, 0 },
	    { ZEROS, 5 * M + 1, 0 },
	    { TEXT, 200 * K, 4 * K },
	    { ZEROS, 1 * M, 0 },
	    { ZEROS, 7 * M, 0 },
	    { RANDOM, 5, 0 } } },
	{ "a core: headers, pages, zeros, pages",
	  { { TEXT, 3000, 64 },
	    { TEXT, M, 4 * K },
	    { ZEROS, 9 * M, 0 },
	    { RANDOM, M / 2, 4 * K },
	    { TEXT, M, 4 * K } } },
};

/* Lines that repeat in part, as memory does. */
static void fill(const struct piece *p, uint64_t *state, uint8_t *buf)
{
	size_t i;

	memset(buf, 0, p->size);
	for (i = 0; i < p->size && p->kind == RANDOM; i++)
		buf[i] = (uint8_t)next_random(state);
	for (i = 0; i < p->size && p->kind == TEXT; i++)
		buf[i] = "task 0000 state D  "[i % 19] ^
			 (uint8_t)(i % 19 == 6 ? next_random(state) & 7 : 0);
}

static size_t input_size(const struct input *in)
{
	size_t size = 0;
	const struct piece *p;

	for (p = in->pieces; p->kind != END; p++)
		size += p->size;
	return size;
}

/* Sends the pieces through the stream and, if @all is given, to there as they are. */
static int send(struct codec_stream *s, const struct input *in, uint8_t *all, struct err *err)
{
	uint64_t state = 88172645463325252u;
	const struct piece *p;
	uint8_t *buf;
	size_t off, n;
	int rc = 0;

	for (p = in->pieces; p->kind != END && !rc; p++) {
		if (p->kind == ZEROS) {
			rc = codec_stream_zeros(s, p->size, err);
			if (all)
				memset(all, 0, p->size);
			all = all ? all + p->size : NULL;
			continue;
		}
		buf = malloc(p->size);
		fill(p, &state, buf);
		for (off = 0; off < p->size && !rc; off += n) {
			n = p->chunk ? (size_t)min_u64(p->chunk, p->size - off) : p->size;
			rc = codec_stream_write(s, buf + off, n, err);
		}
		if (all)
			memcpy(all, buf, p->size);
		all = all ? all + p->size : NULL;
		free(buf);
	}
	return rc;
}

static int to_file(void *ctx, const void *buf, size_t size, struct err *err)
{
	if (fwrite(buf, 1, size, ctx) == size)
		return 0;
	return err_errno(err, "test file");
}

static void round_trip(const struct codec *codec, int level, const struct decoder *d,
		       const struct input *in)
{
	size_t size = input_size(in), got;
	uint8_t *want = malloc(size + 1);
	const char *path = in_dir(&tmp, "file");
	char name[600], cmd[700];
	struct codec_stream *s;
	struct err err = { 0 };
	struct out out;
	char *back;
	FILE *f;

	snprintf(name, sizeof(name), "%s%s", path, codec->suffix);
	f = fopen(name, "w");
	assert_non_null(f);
	out = (struct out){ .write = to_file, .ctx = f };
	assert_int_equal(codec_stream_create(codec, level, &out, &s, &err), 0);
	if (send(s, in, want, &err) || codec_stream_finish(s, &err))
		fail_msg("%s %d, %s: %s", codec->name, level, in->name, err.text);
	assert_int_equal(codec_stream_bytes_in(s), size);
	assert_int_equal(codec_stream_bytes_out(s), ftell(f));
	codec_stream_destroy(s);
	fclose(f);

	snprintf(cmd, sizeof(cmd), d->test, name);
	if (shell("%s 2>&1", cmd))
		fail_msg("%s %d, %s: %s", codec->name, level, in->name, cmd);
	snprintf(cmd, sizeof(cmd), d->decode, name);
	back = output_of(&got, "%s", cmd);
	if (!back || got != size || memcmp(back, want, size))
		fail_msg("%s %d, %s: decoded to %zu bytes, or others", codec->name, level, in->name,
			 got);
	free(back);
	free(want);
}

static const struct decoder *decoder_of(const struct codec *codec)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(decoders); i++)
		if (!strcmp(decoders[i].codec, codec->name))
			return &decoders[i];
	fail_msg("no row for the decoder of %s", codec->name);
	return NULL;
}

static void test_usual_programs_decode(void **state)
{
	const struct codec *codec;
	size_t i, j;

	(void)state;
	for (i = 0; (codec = codec_at(i)); i++)
		for (j = 0; j < ARRAY_SIZE(inputs); j++)
			round_trip(codec, codec->level_default, decoder_of(codec), &inputs[j]);
}

static void test_every_level_decodes(void **state)
{
	const struct input *in = &inputs[ARRAY_SIZE(inputs) - 1];
	const struct codec *codec;
	int level;
	size_t i;

	(void)state;
	for (i = 0; (codec = codec_at(i)); i++)
		for (level = codec->level_min; level <= codec->level_max; level++)
			round_trip(codec, level, decoder_of(codec), in);
}

/* The first bytes of the output, counting the rest; can be told to fail. */
struct head {
	uint8_t buf[64];
	size_t used;
	uint64_t nr, fail_at;
	uint64_t nr_zeros; /* of .nr, by .zeros of the out */
	size_t heap;	   /* bytes that were allocated at the last call */
	size_t heap_max;   /* and the most at any */
};

static int to_head(void *ctx, const void *buf, size_t size, struct err *err)
{
	struct head *h = ctx;
	size_t n = size < sizeof(h->buf) - h->used ? size : sizeof(h->buf) - h->used;

	if (h->nr + size > h->fail_at)
		return err_set(err, ERR_NOSPACE, "target: full");
	memcpy(h->buf + h->used, buf, n);
	h->used += n;
	h->nr += size;
	h->heap = heap_now();
	if (h->heap > h->heap_max)
		h->heap_max = h->heap;
	return 0;
}

static void test_zstd_frame_has_checksum_and_small_window(void **state)
{
	struct head head = { .fail_at = UINT64_MAX };
	struct out out = { .write = to_head, .ctx = &head };
	const struct codec *zstd = codec_find("zstd");
	struct codec_stream *s;
	int level;

	(void)state;
	for (level = zstd->level_min; level <= zstd->level_max; level++) {
		head.used = 0;
		assert_int_equal(codec_stream_create(zstd, level, &out, &s, NULL), 0);
		assert_int_equal(codec_stream_zeros(s, 8 * M, NULL), 0);
		assert_int_equal(codec_stream_finish(s, NULL), 0);
		codec_stream_destroy(s);
		/* RFC 8878 3.1.1: magic, descriptor (bit 2 checksum, bit 5 single segment), window.
		 */
		assert_int_equal(get_u32(head.buf), 0xfd2fb528);
		assert_int_equal(head.buf[4] & 0x24, 0x04);
		assert_int_equal(head.buf[5] >> 3, 19 - 10);
	}
}

static void test_memory_is_taken_at_creation_and_bounded(void **state)
{
	struct head head = { .fail_at = UINT64_MAX };
	struct out out = { .write = to_head, .ctx = &head };
	size_t before, after, i;
	struct piece one[2] = { { TEXT, 4 * K, 0 }, { END, 0, 0 } };
	const struct codec *codec;
	struct codec_stream *s;
	uint64_t rnd = 1;
	uint8_t *buf;
	int level, n;

	(void)state;
	if (!heap_is_known())
		skip();
	buf = malloc(4 * K);
	for (i = 0; (codec = codec_at(i)); i++) {
		for (level = codec->level_min; level <= codec->level_max; level++) {
			head.heap_max = 0;
			before = heap_now();
			assert_int_equal(codec_stream_create(codec, level, &out, &s, NULL), 0);
			after = heap_now();
			assert_in_range(after - before, 1, CODEC_MEMORY_MAX);
			for (n = 0; n < 900; n++) {
				one[0].kind = n % 3 ? TEXT : RANDOM;
				fill(one, &rnd, buf);
				assert_int_equal(codec_stream_write(s, buf, 4 * K, NULL), 0);
				if (n % 300 == 299)
					assert_int_equal(codec_stream_zeros(s, 9 * M + 5, NULL), 0);
			}
			assert_int_equal(codec_stream_finish(s, NULL), 0);
			if (heap_now() != after || head.heap_max != after)
				fail_msg("%s %d: %zu bytes at creation, %zu while working, %zu "
					 "after",
					 codec->name, level, after - before, head.heap_max - before,
					 heap_now() - before);
			codec_stream_destroy(s);
			assert_int_equal(heap_now(), before);
		}
	}
	free(buf);
}

/* Of this process, in bytes; without allocating anything. */
static size_t vm_size(void)
{
	char buf[64] = "";
	int fd = open("/proc/self/statm", O_RDONLY);

	if (fd < 0 || read(fd, buf, sizeof(buf) - 1) <= 0)
		abort();
	close(fd);
	return strtoull(buf, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

/* In a child, with so many bytes left. Return: 0 worked, 1 failed as it should, 2 otherwise. */
static int create_with_memory(const struct codec *codec, size_t left)
{
	struct head head = { .fail_at = UINT64_MAX };
	struct out out = { .write = to_head, .ctx = &head };
	struct codec_stream *s = NULL;
	struct rlimit limit = { 0, RLIM_INFINITY };
	void *volatile used_up; /* clang leaves malloc() out otherwise */
	struct err err = { 0 };
	int rc;

	/* Nothing new; use up what the heap has; then a little. */
	setrlimit(RLIMIT_AS, &limit);
	do {
		used_up = malloc(1024);
	} while (used_up);
	limit.rlim_cur = vm_size() + left;
	setrlimit(RLIMIT_AS, &limit);
	rc = codec_stream_create(codec, codec->level_default, &out, &s, &err);
	if (rc)
		return rc == ERR_NOMEM && !s && !strcmp(err.text, "out of memory") ? 1 : 2;
	if (codec_stream_zeros(s, 5 * M, &err) || codec_stream_write(s, "x", 1, &err) ||
	    codec_stream_finish(s, &err))
		return 2;
	codec_stream_destroy(s);
	return 0;
}

__attribute__((unused)) static void test_out_of_memory_shows_at_creation(void **state)
{
	const struct codec *codec;
	unsigned int seen;
	size_t i, left;
	int st;

	(void)state;
	if (getenv("UNDER_VALGRIND"))
		skip();
	for (i = 0; (codec = codec_at(i)); i++) {
		seen = 0;
		for (left = 0; left < CODEC_MEMORY_MAX; left += 64 * K) {
			if (!fork())
				_exit(create_with_memory(codec, left));
			assert_int_not_equal(wait(&st), -1);
			if (!WIFEXITED(st) || WEXITSTATUS(st) > 1)
				fail_msg("%s, %zu bytes: status 0x%x", codec->name, left, st);
			seen |= 1u << WEXITSTATUS(st);
		}
		/* Each failed with less and worked with more. */
		assert_int_equal(seen, 3);
	}
}

static int count_zeros(void *ctx, uint64_t size, struct err *err)
{
	struct head *h = ctx;

	if (h->nr + size > h->fail_at)
		return err_set(err, ERR_NOSPACE, "target: full");
	h->nr += size;
	h->nr_zeros += size;
	return 0;
}

/* So that a file gets a hole; and in order with what is written. */
static void test_none_hands_long_runs_of_zeros_on(void **state)
{
	struct head head = { .fail_at = 10 * M };
	struct out out = { .write = to_head, .ctx = &head, .zeros = count_zeros };
	struct codec_stream *s;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(codec_stream_create(codec_find("none"), 0, &out, &s, &err), 0);
	assert_int_equal(codec_stream_write(s, "head", 4, &err), 0);
	assert_int_equal(codec_stream_zeros(s, 100, &err), 0);
	assert_int_equal(codec_stream_zeros(s, 9 * M, &err), 0);
	assert_int_equal(codec_stream_write(s, "tail", 4, &err), 0);
	assert_int_equal(head.nr_zeros, 9 * M);
	assert_int_equal(head.nr, 104 + 9 * M);
	assert_int_equal(codec_stream_zeros(s, M, &err), ERR_NOSPACE);
	assert_string_equal(err.text, "target: full");
	assert_int_equal(codec_stream_write(s, "more", 4, &err), ERR_NOSPACE);
	assert_int_equal(codec_stream_bytes_out(s), 9 * M + 108);
	codec_stream_destroy(s);
}

static void test_failure_of_target_is_reported_and_sticks(void **state)
{
	static const struct input in = { "", { { RANDOM, 2 * M, 4 * K }, { ZEROS, 64 * M, 0 } } };
	static const uint64_t fail_at[] = { 0, 1, 5, 100, 66 * K, 300 * K, 2 * M + 1500 };
	const struct codec *codec;
	struct codec_stream *s;
	struct err err;
	char text[100];
	size_t i, j;
	int rc;

	(void)state;
	for (i = 0; (codec = codec_at(i)); i++) {
		for (j = 0; j < ARRAY_SIZE(fail_at); j++) {
			struct head head = { .fail_at = fail_at[j] };
			struct out out = { .write = to_head, .ctx = &head };

			memset(&err, 0, sizeof(err));
			assert_int_equal(
				codec_stream_create(codec, codec->level_default, &out, &s, NULL),
				0);
			rc = send(s, &in, NULL, &err);
			if (!rc)
				rc = codec_stream_finish(s, &err);
			assert_int_equal(rc, ERR_NOSPACE);
			assert_string_equal(err.text, "target: full");
			assert_true(codec_stream_bytes_out(s) <= head.fail_at);

			head.fail_at = UINT64_MAX;
			snprintf(text, sizeof(text), "%s stream: a write before this one failed",
				 codec->name);
			assert_int_equal(codec_stream_write(s, "x", 1, &err), ERR_NOSPACE);
			assert_string_equal(err.text, text);
			assert_int_equal(codec_stream_zeros(s, 1, &err), ERR_NOSPACE);
			assert_int_equal(codec_stream_finish(s, &err), ERR_NOSPACE);
			codec_stream_destroy(s);
		}
	}
}

static void test_finished_stream_takes_nothing(void **state)
{
	struct head head = { .fail_at = UINT64_MAX };
	struct out out = { .write = to_head, .ctx = &head }, in;
	const struct codec *codec;
	struct codec_stream *s;
	struct err err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; (codec = codec_at(i)); i++) {
		assert_int_equal(codec_stream_create(codec, codec->level_default, &out, &s, &err),
				 0);
		in = codec_stream_out(s);
		assert_int_equal(out_write(&in, "core", 4, &err), 0);
		assert_int_equal(codec_stream_bytes_in(s), 4);
		assert_int_equal(codec_stream_finish(s, &err), 0);
		assert_int_equal(codec_stream_write(s, "x", 1, &err), ERR_INVALID);
		assert_non_null(strstr(err.text, " stream: finished before"));
		assert_int_equal(codec_stream_finish(s, &err), ERR_INVALID);
		assert_int_equal(codec_stream_bytes_in(s), 4);
		codec_stream_destroy(s);
	}
	codec_stream_destroy(NULL);
}

static void test_levels_out_of_bounds_are_refused(void **state)
{
	static const struct {
		const char *codec;
		int level;
		const char *text;
	} rows[] = {
		{ "none", 1, "codec none has no levels" },
		{ "gzip", 0, "codec gzip knows levels 1 to 9, not 0" },
		{ "gzip", 10, "codec gzip knows levels 1 to 9, not 10" },
		{ "lzo", 9, "codec lzo knows level 3 only, not 9" },
		{ "zstd", -5, "codec zstd knows levels 1 to 12, not -5" },
		{ "zstd", 19, "codec zstd knows levels 1 to 12, not 19" },
	};
	struct head head = { 0 };
	struct out out = { .write = to_head, .ctx = &head };
	struct codec_stream *s = NULL;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(codec_stream_create(codec_find(rows[i].codec), rows[i].level, &out,
						     &s, &err),
				 ERR_INVALID);
		assert_string_equal(err.text, rows[i].text);
		assert_null(s);
	}
}

static void test_codecs_are_found_by_name(void **state)
{
	static const struct {
		const char *name, *suffix;
	} rows[] = { { "none", "" }, { "gzip", ".gz" }, { "lzo", ".lzo" }, { "zstd", ".zst" } };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_string_equal(codec_find(rows[i].name)->suffix, rows[i].suffix);
		assert_ptr_equal(codec_find(rows[i].name), codec_at(i));
	}
	assert_null(codec_at(i));
	assert_null(codec_find("xz"));
	assert_null(codec_find(""));
}

static int make_files(void **state)
{
	(void)state;
	return files_make(&tmp) ? 0 : -1;
}

static int remove_files(void **state)
{
	(void)state;
	files_remove(&tmp);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual_programs_decode),
		cmocka_unit_test(test_every_level_decodes),
		cmocka_unit_test(test_zstd_frame_has_checksum_and_small_window),
		cmocka_unit_test(test_memory_is_taken_at_creation_and_bounded),
#ifndef WITH_ASAN /* which needs address space by the terabyte: `make unit` runs this in a build without */
		cmocka_unit_test(test_out_of_memory_shows_at_creation),
#endif
		cmocka_unit_test(test_none_hands_long_runs_of_zeros_on),
		cmocka_unit_test(test_failure_of_target_is_reported_and_sticks),
		cmocka_unit_test(test_finished_stream_takes_nothing),
		cmocka_unit_test(test_levels_out_of_bounds_are_refused),
		cmocka_unit_test(test_codecs_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
