/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes of a dump: in every order, with device dumps, zeros, and past the end. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "util/bytes.h"
#include "util/types.h"
#include "vmcore/notes.h"

struct piece {
	const char *name;    /* NULL: @desc_size zero bytes that are no note */
	uint32_t type;
	uint32_t desc_size;  /* bytes that follow */
	uint32_t claim;	     /* bytes that the header claims, if not 0 */
	uint32_t name_claim; /* likewise */
};

struct row {
	const char *what;
	struct piece pieces[5];
	size_t cut;	   /* bytes taken off the end */
	const char *names; /* "NAME/TYPE/SIZE@OFFSET ..." */
	const char *fault;
};

static const struct row rows[] = {
	{ "an empty segment", { { 0 } }, 0, "", NULL },
	{ "one note", { { "CORE", 1, 336, 0, 0 } }, 0, "CORE/1/336@20 ", NULL },
	{ "two notes", { { "CORE", 1, 336, 0, 0 }, { "VMCOREINFO", 0, 100, 0, 0 } }, 0, "CORE/1/336@20 VMCOREINFO/0/100@380 ", NULL },
	{ "device dumps first, whose data is stepped over",
	  { { "LINUX", 0x700, 100000, 0, 0 }, { "LINUX", 0x700, 4097, 0, 0 }, { "CORE", 1, 8, 0, 0 }, { "VMCOREINFO", 0, 5, 0, 0 } }, 0,
	  "LINUX/1792/100000@20 LINUX/1792/4097@100040 CORE/1/8@104160 VMCOREINFO/0/5@104192 ", NULL },
	{ "a zero-filled tail", { { "CORE", 1, 8, 0, 0 }, { NULL, 0, 4000, 0, 0 } }, 0, "CORE/1/8@20 ", NULL },
	{ "zeros alone", { { NULL, 0, 64, 0, 0 } }, 0, "", NULL },
	{ "a note without data", { { "QEMU", 0, 0, 0, 0 }, { "CORE", 1, 8, 0, 0 } }, 0, "QEMU/0/0@20 CORE/1/8@40 ", NULL },
	{ "a tail shorter than a header", { { "CORE", 1, 8, 0, 0 }, { NULL, 0, 11, 0, 0 } }, 0, "CORE/1/8@20 ", NULL },
	{ "a last note without its padding", { { "CORE", 1, 5, 0, 0 } }, 3, "CORE/1/5@20 ", NULL },
	{ "a long name, which is cut", { { "A-VERY-LONG-NOTE-NAME", 3, 4, 0, 0 } }, 0, "A-VERY-LONG-NOT/3/4@36 ", NULL },
	{ "data past the end", { { "CORE", 1, 8, 0, 0 }, { "CORE", 1, 8, 9, 0 } }, 0, "CORE/1/8@20 ",
	  "note at 0x1c (name 5, data 9 bytes) runs past the segment's 56 bytes" },
	{ "data far past the end", { { "CORE", 1, 8, 0xffffffff, 0 } }, 0, "", "data 4294967295 bytes) runs past" },
	{ "a name past the end", { { "CORE", 1, 8, 0, 0xffffffff } }, 0, "", "(name 4294967295, data 8 bytes) runs past" },
	{ "a note that is cut", { { "CORE", 1, 336, 0, 0 } }, 1, "", "runs past the segment's 355 bytes" },
};

static size_t build(const struct row *r, uint8_t *buf)
{
	const struct piece *p;
	size_t n = 0;

	for (p = r->pieces; p < r->pieces + ARRAY_SIZE(r->pieces) && (p->name || p->desc_size); p++) {
		size_t name_size = p->name ? strlen(p->name) + 1 : 0;

		if (p->name) {
			put_u32(buf + n, p->name_claim ? p->name_claim : (uint32_t)name_size);
			put_u32(buf + n + 4, p->claim ? p->claim : p->desc_size);
			put_u32(buf + n + 8, p->type);
			memcpy(buf + n + 12, p->name, name_size);
			n += 12 + ((name_size + 3) & ~3ul);
			memset(buf + n, 0xdd, p->desc_size);
			n += (p->desc_size + 3) & ~3u;
		} else {
			n += p->desc_size;
		}
	}
	return n - r->cut;
}

static void test_rows(void **state)
{
	static uint8_t buf[200000];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct reader reader;
		struct note_vec notes = { 0 };
		const struct note *n;
		struct err err = { 0 };
		char got[400] = "";
		size_t used = 0;
		int rc;

		memset(buf, 0, sizeof(buf));
		reader = (struct reader)READER_OF_BUFFER(buf, build(r, buf));
		rc = notes_read(&reader, &notes, &err);
		vec_for_each(n, &notes)
			used += (size_t)snprintf(got + used, sizeof(got) - used, "%s/%u/%u@%llu ", n->name,
						 n->type, n->desc_size, (unsigned long long)n->desc_off);
		if (strcmp(got, r->names))
			fail_msg("%s: %s", r->what, got);
		if (r->fault ? rc != ERR_CORRUPT || !strstr(err.text, r->fault) : rc)
			fail_msg("%s: %d '%s'", r->what, rc, err.text);
		note_vec_free(&notes);
	}
}

struct far {
	uint64_t bad; /* reading at and after this offset fails */
};

static int read_far(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	const struct far *f = ctx;

	if (off + size > f->bad)
		return err_set(err, ERR_ABSENT, "file offset 0x%llx cannot be read",
			       (unsigned long long)off);
	memset(buf, 0, size);
	if (size == 12) {
		put_u32(buf, 4);
		put_u32((uint8_t *)buf + 4, 16);
	} else {
		memcpy(buf, "ABC", size < 3 ? size : 3);
	}
	return 0;
}

/* The reader's error is told with where it was, and the notes before it stay. */
static void test_unreadable(void **state)
{
	struct far f = { 100 };
	struct reader r = { .read = read_far, .ctx = &f, .size = 4096 };
	struct note_vec notes = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(notes_read(&r, &notes, &err), ERR_ABSENT);
	assert_int_equal(notes.n, 3);
	assert_string_equal(err.text, "note at 0x60: file offset 0x60 cannot be read");
	f.bad = 110;
	assert_int_equal(notes_read(&r, &notes, &err), ERR_ABSENT);
	assert_string_equal(err.text, "name of the note at 0x60: file offset 0x6c cannot be read");
	note_vec_free(&notes);
}

/* A segment that is all notes ends at a count. */
static void test_too_many(void **state)
{
	struct far f = { UINT64_MAX };
	struct reader r = { .read = read_far, .ctx = &f, .size = UINT64_MAX };
	struct note_vec notes = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(notes_read(&r, &notes, &err), ERR_CORRUPT);
	assert_string_equal(err.text, "more than 65536 notes");
	assert_int_equal(notes.n, NOTES_MAX);
	note_vec_free(&notes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
