/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process has registered: the lists in its memory, what of them is kept, and files of their own. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "registered_image.h"
#include "select/plan.h"
#include "ucore/data_file.h"

#define SECRET "VMSIFT-SECRET-NEVER-unit"

/* "ring 600800+256 s0; key 600900+24 s0 never; " */
static void describe(const struct registered *reg, char *buf, size_t size)
{
	const struct registered_region *r;
	size_t n = 0;

	buf[0] = 0;
	vec_for_each(r, &reg->regions)
		n += (size_t)snprintf(buf + n, size - n, "%s %llx+%llu s%llu%s%s%s; ", r->name,
				      (unsigned long long)r->addr, (unsigned long long)r->size,
				      (unsigned long long)r->scope, r->never ? " never" : "",
				      r->unknown ? " unknown" : "", r->nr_elems ? " text" : "");
}

static void direct(struct image *im)
{
	image_entry(im, 0x100, 0, 3, image_text(im, 0x40, "ring"), HEAP + 0x800, 256, HEAP + 0x200);
	image_entry(im, 0x200, 4, 0, 0, HEAP + 0x900, 24, 0);
	image_first(im, HEAP + 0x100);
}

static void indirect(struct image *im)
{
	put_u64(im->heap + 0x60, HEAP + 0x880);
	put_u64(im->heap + 0x68, 77);
	image_entry(im, 0x100, 1, 0, image_text(im, 0x40, "p"), HEAP + 0x60, 16, HEAP + 0x200);
	image_entry(im, 0x200, 3, 0, image_text(im, 0x50, "pl"), HEAP + 0x60, HEAP + 0x68, HEAP + 0x300);
	image_entry(im, 0x300, 1, 0, image_text(im, 0x58, "null"), HEAP + 0x70, 16, 0);
	image_first(im, HEAP + 0x100);
}

static void swapped_pointer(struct image *im)
{
	image_entry(im, 0x100, 1, 0, image_text(im, 0x40, "p"), HEAP + 0x3000, 16, HEAP + 0x200);
	image_entry(im, 0x200, 2, 0, HEAP + 0x3000, HEAP + 0x800, HEAP + 0x3000, 0);
	image_first(im, HEAP + 0x100);
}

static void never_without_length(struct image *im)
{
	image_entry(im, 0x100, 4 | 2, 0, 0, HEAP + 0x900, HEAP + 0x3000, 0);
	image_first(im, HEAP + 0x100);
}

static void never_without_pointer(struct image *im)
{
	image_entry(im, 0x100, 4 | 1, 0, 0, HEAP + 0x3000, 24, 0);
	image_first(im, HEAP + 0x100);
}

static void interrupted(struct image *im)
{
	direct(im);
	/* Filled in half, and not linked. */
	image_entry(im, 0x300, 0, 0, 0, HEAP + 0xa00, 1, 0);
	put_u32(im->heap + 0x300, 0);
}

static void loop(struct image *im)
{
	direct(im);
	put_u64(im->heap + 0x200 + 40, HEAP + 0x100);
}

static void bad_magic(struct image *im)
{
	direct(im);
	put_u32(im->heap + 0x200, 1);
}

static void next_swapped(struct image *im)
{
	direct(im);
	put_u64(im->heap + 0x200 + 40, HEAP + 0x3000);
}

static void bad_head(struct image *im)
{
	direct(im);
	put_u16(im->data + HEAD + 4, 9);
}

static void note_elsewhere(struct image *im)
{
	direct(im);
	image_note(im->exe + 0x200, 0x7fffffff);
}

static void later_note(struct image *im)
{
	direct(im);
	put_u32(im->exe + 0x200 + 20, 2);
}

static void wrapping_length(struct image *im)
{
	image_entry(im, 0x100, 4, 0, 0, HEAP + 0x900, UINT64_MAX, 0);
	image_first(im, HEAP + 0x100);
}

static void mcd(struct image *im)
{
	put_u64(im->heap + 0x60, HEAP + 0x880);
	put_u64(im->heap + 0x68, 5);
	image_mcd(im, 0x100, 0, image_text(im, 0x40, "bin"), 6, HEAP + 0x500, 1, 0, HEAP + 0x200);
	image_mcd(im, 0x200, 0, 0, 7, HEAP + 0x520, 1, 0, HEAP + 0x300);
	image_mcd(im, 0x300, 0, 0, 7, HEAP + 0x540, 1, 0, HEAP + 0x400);
	image_mcd(im, 0x400, 1, image_text(im, 0x50, "txt"), 0, HEAP + 0x560, 1, image_text(im, 0x70, "%d"), 0);
	image_elem(im, 0x500, HEAP + 0x800, 1 | 4, 100, 0);
	image_elem(im, 0x520, HEAP + 0x60, 2 | 8, HEAP + 0x68, 0);
	image_elem(im, 0x540, HEAP + 0x60, 1 | 4 | 16, 8, 0);
	image_elem(im, 0x560, HEAP + 0x68, 1 | 4, 4, 0);
	put_u64(im->data + MCD_HEAD, HEAP + 0x100);
}

static void mcd_version(struct image *im)
{
	mcd(im);
	put_u32(im->data + MCD_VERSION, 1);
}

static void mcd_loop(struct image *im)
{
	mcd(im);
	put_u64(im->heap + 0x400 + 48, HEAP + 0x100);
}

static void none(struct image *im)
{
	(void)im;
}

static const struct {
	const char *what, *exe_pages;
	void (*make)(struct image *im);
	const char *regions, *fault;
	bool never_lost;
} lists[] = {
	{ "an empty list", "c", none, "", NULL, false },
	{ "a region and one that is in no core", "c", direct, "ring 600800+256 s3;  600900+24 s0 never; ", NULL, false },
	{ "pointer and length elsewhere", "c", indirect, "p 600880+16 s0; pl 600880+77 s0; null 0+0 s0; ", NULL, false },
	{ "pointer, length and name swapped out", "c", swapped_pointer, "p 0+0 s0 unknown;  0+0 s0 unknown; ", NULL, false },
	{ "never, with a length that is not known: to the end of the area", "c", never_without_length,
	  " 600900+14080 s0 never; ", NULL, false },
	{ "never, with a pointer that is not known", "c", never_without_pointer, " 0+0 s0 never unknown; ",
	  "pointer of entry 0x600100 is not in memory", true },
	{ "a registration that was interrupted", "c", interrupted, "ring 600800+256 s3;  600900+24 s0 never; ", NULL, false },
	{ "a list that loops", "c", loop, NULL, "the list loops", true },
	{ "an entry without magic", "c", bad_magic, "ring 600800+256 s3; ", "entry 0x600200: its magic is 0x1", true },
	{ "an entry that is swapped out", "c", next_swapped, NULL, "entry 0x603000", true },
	{ "a head of another version", "c", bad_head, "", "version 9", true },
	{ "a note that points nowhere", "c", note_elsewhere, "", "registered data at 0x", true },
	{ "a note of a later version", "c", later_note, "", NULL, false },
	{ "a length that wraps", "c", wrapping_length, " 600900+18446744073703257855 s0 never; ", NULL, false },
	{ "notes that are not in memory", "s", direct, "ring 600800+256 s3;  600900+24 s0 never; ", NULL, false },
	{ "libminicoredumper's list", "c", mcd, "bin 600800+100 s6;  600880+5 s7; txt 0+0 s0 text; ", NULL, false },
	{ "libminicoredumper's list of another version", "c", mcd_version, "", "its version is 1, not 2", false },
	{ "libminicoredumper's list loops", "c", mcd_loop, NULL, "the list loops", false },
};

static void test_lists(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		struct image im = image_make(lists[i].exe_pages, "ooos");
		struct registered reg = { 0 };
		struct uelf_vec modules = { 0 };
		char text[512];

		lists[i].make(&im);
		assert_int_equal(uelf_open_all(&im.f->p, &modules, NULL), 0);
		assert_int_equal(registered_find(&im.f->p, &modules, &reg, NULL), 0);
		describe(&reg, text, sizeof(text));
		if (lists[i].regions && strcmp(text, lists[i].regions))
			fail_msg("%s:\n got %s\nwant %s", lists[i].what, text, lists[i].regions);
		if (!lists[i].fault != !reg.fault.rc ||
		    (lists[i].fault && !strstr(reg.fault.text, lists[i].fault)))
			fail_msg("%s: fault '%s'", lists[i].what, reg.fault.text);
		if (reg.never_lost != lists[i].never_lost)
			fail_msg("%s: never_lost", lists[i].what);
		registered_free(&reg);
		uelf_vec_free(&modules);
		fake_destroy(im.f);
	}
}

/* Whether the bytes of a text are in what the core would hold. */
static bool holds(const struct plan *plan, const char *text)
{
	size_t size = strlen(text), at = 0;
	struct plan_load l;

	while (plan_load_next(plan, &at, &l)) {
		uint8_t buf[0x4000];
		size_t n = min_u64(l.file_end - l.start, sizeof(buf));

		assert_int_equal(proc_read(plan->p, l.start, buf, n, NULL), 0);
		if (memmem(buf, n, text, size))
			return true;
	}
	return false;
}

static struct image make_secret(bool lost)
{
	struct image im = image_make("c", "ooos");

	direct(&im);
	memcpy(im.heap + 0x800, "REGISTERED", 10);
	memcpy(im.heap + 0x900, SECRET, 24);
	memcpy(im.heap + 0x918, "BESIDE", 6);
	memcpy(im.data + 0x300, "IN-DATA", 7);
	/* What points to the secret makes anchors. */
	put_u64(im.stack + 0x1f80, HEAP + 0x900);
	if (lost)
		put_u32(im.heap + 0x200, 1);
	return im;
}

/* A secret is in no core, and nothing else is lost for it. */
static void test_never(void **state)
{
	int d;

	(void)state;
	for (d = DETAIL_TINY; d < DETAIL_NR; d++) {
		struct image im = make_secret(false);
		struct keep_opts o;
		struct plan plan;

		keep_opts_init(&o, (enum detail)d);
		assert_int_equal(plan_make(&im.f->p, &o, &plan, NULL), 0);
		assert_false(holds(&plan, SECRET));
		assert_false(holds(&plan, "-unit"));
		assert_true(holds(&plan, "BESIDE") == (d >= DETAIL_SMALL));
		assert_true(holds(&plan, "REGISTERED") == (d >= DETAIL_DATA));
		assert_int_equal(plan.unavailable[REASON_EXCLUDED], 24);
		assert_false(plan_may_show(&plan, HEAP + 0x8ff, 2));
		assert_true(plan_may_show(&plan, HEAP + 0x8ff, 1));
		assert_false(plan_may_show(&plan, HEAP + 0x8ff, UINT64_MAX));
		plan_deinit(&plan);
		fake_destroy(im.f);
	}
}

/* A list that breaks may have had more: neither the heap nor any module's data is written. */
static void test_never_lost(void **state)
{
	struct image im = make_secret(true);
	struct keep_opts o;
	struct plan plan;

	(void)state;
	keep_opts_init(&o, DETAIL_FULL);
	assert_int_equal(plan_make(&im.f->p, &o, &plan, NULL), 0);
	assert_int_equal(plan.detail, DETAIL_TINY);
	assert_false(holds(&plan, SECRET));
	assert_false(holds(&plan, "IN-DATA"));
	plan_deinit(&plan);
	fake_destroy(im.f);
}

static void test_wanted(void **state)
{
	static const struct {
		const char *what;
		enum detail detail;
		unsigned int line;
		uint64_t on, scope;
		const char *file;
		bool kept;
	} rows[] = {
		{ "small, nothing said", DETAIL_SMALL, 0, 1, CONF_UNLIMITED, NULL, false },
		{ "data, nothing said", DETAIL_DATA, 0, 1, CONF_UNLIMITED, NULL, true },
		{ "data, off", DETAIL_DATA, 1, 0, CONF_UNLIMITED, NULL, false },
		{ "small, on", DETAIL_SMALL, 1, 1, CONF_UNLIMITED, NULL, true },
		{ "tiny, on", DETAIL_TINY, 1, 1, CONF_UNLIMITED, NULL, true },
		{ "the scope asked for", DETAIL_SMALL, 1, 1, 3, NULL, true },
		{ "a smaller scope", DETAIL_SMALL, 1, 1, 2, NULL, false },
		{ "a file of its own", DETAIL_TINY, 0, 1, CONF_UNLIMITED, "ring", true },
		{ "a file by a pattern, though of a larger scope", DETAIL_TINY, 1, 1, 1, "r*", true },
		{ "another's file", DETAIL_TINY, 0, 1, CONF_UNLIMITED, "state", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct conf_text file = { (char *)rows[i].file, 1 };
		struct conf_process s = { .registered = { rows[i].on, rows[i].line },
					  .scope = { rows[i].scope, rows[i].scope != CONF_UNLIMITED },
					  .data_files = { &file, rows[i].file != NULL, 1 } };
		const struct conf_process *sections[] = { &s };
		struct image im = make_secret(false);
		struct keep_opts o;
		struct plan plan;

		keep_opts_init(&o, rows[i].detail);
		o.anchors = false;
		keep_opts_merge(&o, sections, 1);
		o.anchors = false;
		assert_int_equal(plan_make(&im.f->p, &o, &plan, NULL), 0);
		if (holds(&plan, "REGISTERED") != rows[i].kept || plan.registered.regions.v[0].kept != rows[i].kept)
			fail_msg("%s", rows[i].what);
		plan_deinit(&plan);
		fake_destroy(im.f);
	}
}

/* A plan of everything, with files for all names. */
static void plan_files(struct image *im, struct plan *plan)
{
	struct conf_text file = { (char *)"*", 1 };
	struct conf_process s = { .data_files = { &file, 1, 1 } };
	const struct conf_process *sections[] = { &s };
	struct keep_opts o;

	keep_opts_init(&o, DETAIL_SMALL);
	keep_opts_merge(&o, sections, 1);
	o.anchors = false;
	assert_int_equal(plan_make(&im->f->p, &o, plan, NULL), 0);
}

struct buffer {
	char text[16384];
	size_t n;
};

static int buffer_write(void *ctx, const void *buf, size_t size, struct err *err)
{
	struct buffer *b = ctx;

	(void)err;
	assert_true(size < sizeof(b->text) - b->n);
	memcpy(b->text + b->n, buf, size);
	b->n += size;
	b->text[b->n] = 0;
	return 0;
}

static void test_files(void **state)
{
	struct image im = image_make("c", "oosoo");
	struct data_file_vec files = { 0 };
	struct data_file *f;
	struct plan plan;
	char text[1024];
	size_t n = 0;

	(void)state;
	image_entry(&im, 0x100, 0, 0, image_text(&im, 0x40, "../ring"), HEAP + 0x1ff0, 0x1020, HEAP + 0x200);
	image_entry(&im, 0x200, 0, 0, image_text(&im, 0x50, "same"), HEAP + 0x800, 4, HEAP + 0x300);
	image_entry(&im, 0x300, 0, 0, image_text(&im, 0x50, "same"), HEAP + 0x804, 4, HEAP + 0x400);
	image_entry(&im, 0x400, 0, 0, image_text(&im, 0x60, "empty"), 0, 4, HEAP + 0x500);
	image_entry(&im, 0x500, 0, 0, image_text(&im, 0x68, "gone"), HEAP + 0x2000, 4, HEAP + 0x600);
	image_entry(&im, 0x600, 0, 0, image_text(&im, 0x70, "key"), HEAP + 0x900, 48, HEAP + 0x700);
	image_entry(&im, 0x700, 4, 0, 0, HEAP + 0x910, 16, 0);
	image_first(&im, HEAP + 0x100);
	memcpy(im.heap + 0x800, "oneatwob", 8);
	plan_files(&im, &plan);
	assert_int_equal(data_file_list(&plan, &files, NULL), 0);
	vec_for_each(f, &files) {
		struct buffer b = { .n = 0 };
		const struct out out = { .write = buffer_write, .ctx = &b };
		uint64_t lost = 0;

		assert_int_equal(data_file_write(&plan, f, &out, &lost, NULL), 0);
		assert_int_equal(b.n, f->size);
		assert_int_equal(lost, 0);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s %llu/%llu %.4s; ", f->name,
				      (unsigned long long)f->size, (unsigned long long)f->missing, b.text);
	}
	assert_string_equal(text, "_._ring 16/4096 ; _._ring+0x1010 16/0 ; same 4/0 onea; same~2 4/0 twob; "
				  "empty 0/0 ;  0/4 ; key 16/16 ; key+0x20 16/0 ; ");
	data_file_vec_free(&files);
	plan_deinit(&plan);
	fake_destroy(im.f);
}

struct value {
	const char *fmt;
	uint32_t type;
	uint8_t size;
	const char *bytes;
	const char *want;
};

/* Types: 0 int, 1 char, 3 string, 5 pointer, 7 double; 0x100 long long, 0x200 long, 0x400 short. */
static const struct value values[] = {
	{ "v=%d\n", 0, 4, "\xff\xff\xff\xff", "v=-1\n" },
	{ "%u", 0, 4, "\xff\xff\xff\xff", "4294967295" },
	{ "%08lx|", 0x200, 8, "\xef\xbe\0\0\0\0\0\0", "0000beef|" },
	{ "%hd", 0x400, 2, "\xfe\xff", "-2" },
	{ "%hhx", 1, 1, "\xfe", "fe" },
	{ "%c%%", 1, 1, "x", "x%" },
	{ "%-6.3s|", 3, 8, "abcdef\0", "abc   |" },
	{ "%p", 5, 8, "\x10\0\0\0\0\0\0\0", "0x10" },
	{ "%.2f", 7, 8, "\0\0\0\0\0\0\xf4\x3f", "1.25" },
	{ "%.3Lg", 0x107, 16, "\0\0\0\0\0\0\0\xa0\xff\x3f\0\0\0\0\0\0", "1.25" },
	{ "no value", 0, 4, "\0\0\0\0", "no value" },
	{ "%d and %d", 0, 4, "\1\0\0\0", "1 and %d" },
	{ "%n", 0x800, 4, "\1\0\0\0", "%n" },
	{ "%999999999d|", 0, 4, "\1\0\0\0", NULL },
	{ "100%", 0, 4, "\0\0\0\0", "100%" },
	{ "%s", 0, 4, "\1\0\0\0", "%s" },
	{ "%d", 99, 4, "\1\0\0\0", "%d" },
	{ "%m", 0, 4, "\1\0\0\0", "%m" },
};

static void render(struct image *im, struct buffer *b)
{
	const struct out out = { .write = buffer_write, .ctx = b };
	struct plan plan;

	plan_files(im, &plan);
	b->n = 0;
	assert_int_equal(mcd_text_write(&plan, &plan.registered.regions.v[0], &out, NULL), 0);
	plan_deinit(&plan);
}

static void test_texts(void **state)
{
	struct buffer *b = calloc(1, sizeof(*b));
	size_t i;

	(void)state;
	assert_non_null(b);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		const struct value *v = &values[i];
		struct image im = image_make("c", "ooos");

		image_mcd(&im, 0x100, 1, image_text(&im, 0x40, "t"), 0, HEAP + 0x500, 1,
			  image_text(&im, 0x700, v->fmt), 0);
		image_elem(&im, 0x500, HEAP + 0x800, 5, v->size, v->type);
		memcpy(im.heap + 0x800, v->bytes, v->size);
		put_u64(im.data + MCD_HEAD, HEAP + 0x100);
		render(&im, b);
		if (v->want && strcmp(b->text, v->want))
			fail_msg("'%s':\n got %s\nwant %s", v->fmt, b->text, v->want);
		if (!v->want)
			assert_int_equal(b->n, 513);
		fake_destroy(im.f);
	}
	free(b);
}

/* A text shows nothing of what must never be written, and no byte that is not there. */
static void test_text_of_secret(void **state)
{
	struct buffer *b = calloc(1, sizeof(*b));
	struct image im = make_secret(false);

	(void)state;
	assert_non_null(b);
	/* Before the list of vmsift, which is found first: take the text by its place. */
	image_mcd(&im, 0x400, 1, image_text(&im, 0x50, "t"), 0, HEAP + 0x500, 3,
		  image_text(&im, 0x700, "%s %d %s"), 0);
	image_elem(&im, 0x500, HEAP + 0x900, 5, 24, 3);
	image_elem(&im, 0x520, HEAP + 0x914, 5, 4, 0);
	image_elem(&im, 0x540, HEAP + 0x3000, 5, 4, 3);
	put_u64(im.data + MCD_HEAD, HEAP + 0x400);
	{
		const struct out out = { .write = buffer_write, .ctx = b };
		struct plan plan;

		plan_files(&im, &plan);
		assert_int_equal(plan.registered.regions.n, 3);
		assert_int_equal(mcd_text_write(&plan, &plan.registered.regions.v[2], &out, NULL), 0);
		plan_deinit(&plan);
	}
	assert_string_equal(b->text, "<unavailable> <unavailable> <unavailable>");
	free(b);
	fake_destroy(im.f);
}

/* A name that lies in a secret is not told. */
static void test_name_in_secret(void **state)
{
	struct image im = make_secret(false);
	struct keep_opts o;
	struct plan plan;

	(void)state;
	put_u64(im.heap + 0x100 + 16, HEAP + 0x910);
	keep_opts_init(&o, DETAIL_DATA);
	assert_int_equal(plan_make(&im.f->p, &o, &plan, NULL), 0);
	assert_string_equal(plan.registered.regions.v[0].name, "");
	plan_deinit(&plan);
	fake_destroy(im.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_never_lost),
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_text_of_secret),
		cmocka_unit_test(test_name_in_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
