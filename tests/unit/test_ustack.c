/* SPDX-License-Identifier: GPL-2.0-or-later */
/* User stacks of processes without unwind tables, made by hand; and a report that is full. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fake_proc.h"
#include "report/tasks.h"
#include "unwind/ustack.h"
#include "util/bytes.h"

enum { CODE = 0x10000, STACK = 0x70000000, PAGES = 4 };
#define IN_CODE(n) (CODE + 0x100u + (n))
#define SP	   (STACK + 0x800u)

/* A word on the stack: where, what. */
struct word {
	uint32_t at;
	uint64_t v;
};

static const struct {
	const char *name;
	const char *stack; /* states of its pages */
	uint64_t bp;
	struct word words[6];
	const char *frames; /* as uframe_name() has them, and how: p pointer, g guess */
} rows[] = {
	{ "two frames by their pointers, the first of which may skip one, and no word that looks like one more", "oooo", SP + 0x40,
	  { { SP + 0x40, SP + 0x80 }, { SP + 0x48, IN_CODE(1) }, { SP + 0x80, 0 }, { SP + 0x88, IN_CODE(2) } },
	  "0x10100 ? 0x10101g 0x10102p" },
	{ "no frame pointer: words that lead into code are guesses", "oooo", 0,
	  { { SP + 0x18, IN_CODE(1) }, { SP + 0x20, STACK }, { SP + 0x30, IN_CODE(2) } },
	  "0x10100 ? 0x10101g ? 0x10102g" },
	{ "a frame pointer below the stack pointer is none", "oooo", SP - 0x40,
	  { { SP - 0x38, IN_CODE(1) } }, "0x10100" },
	{ "nor is one that is not aligned", "oooo", SP + 0x41, { { SP + 0x49, IN_CODE(1) } }, "0x10100" },
	{ "a frame pointer that leads to itself ends it", "oooo", SP + 0x40,
	  { { SP + 0x40, SP + 0x40 }, { SP + 0x48, IN_CODE(1) } }, "0x10100 ? 0x10101g" },
	{ "a return address that is no code is none", "oooo", SP + 0x40,
	  { { SP + 0x40, SP + 0x80 }, { SP + 0x48, STACK } }, "0x10100" },
	{ "a stack that is swapped out has one frame", "ssss", SP + 0x40, { { 0, 0 } }, "0x10100" },
};

static void put_words(uint8_t *stack, const struct word *w, size_t n)
{
	for (; n; n--, w++)
		if (w->at)
			put_u64(stack + w->at - STACK, w->v);
}

static void frames_text(const struct proc *p, const struct ustack *us, char *buf, size_t size)
{
	const struct uelf_vec none = { 0 };
	size_t i, n = 0;
	char name[128];

	buf[0] = 0;
	for (i = 0; i < us->n && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s%s", i ? " " : "",
				      uframe_name(p, &none, &us->f[i], name, sizeof(name)),
				      us->f[i].how == UFRAME_POINTER ? "p" :
				      us->f[i].how == UFRAME_GUESS ? "g" : "");
}

static void test_without_tables(void **state)
{
	static struct ustack us;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fake_proc *f = fake_create();
		const struct uelf_vec none = { 0 };
		struct arch_regs *regs;
		struct err err = { 0 };
		uint8_t *stack;
		char text[256];

		fake_add_area(f, CODE, 1, VM_READ | VM_EXEC, AREA_ANON, AREA_NO_FILE, 0, "o");
		stack = fake_add_area(f, STACK, PAGES, VM_READ | VM_WRITE, AREA_ANON, AREA_NO_FILE, 0,
				      rows[i].stack);
		put_words(stack, rows[i].words, ARRAY_SIZE(rows[i].words));
		regs = fake_add_thread(f, SP, 0);
		regs->r[f->p.arch->reg_pc] = IN_CODE(0);
		regs->r[f->p.arch->reg_fp] = rows[i].bp;
		if (ustack_unwind(&f->p, &none, &f->p.threads.v[0], &us, &err))
			fail_msg("%s: %s", rows[i].name, err.text);
		frames_text(&f->p, &us, text, sizeof(text));
		if (strcmp(text, rows[i].frames))
			fail_msg("%s: '%s'", rows[i].name, text);
		fake_destroy(f);
	}
}

/* Frames behind frames: it ends at so many, not in memory. */
static void test_many_frames(void **state)
{
	static struct ustack us;
	const struct uelf_vec none = { 0 };
	struct fake_proc *f = fake_create();
	struct arch_regs *regs;
	uint8_t *stack;
	uint32_t at;

	(void)state;
	fake_add_area(f, CODE, 1, VM_READ | VM_EXEC, AREA_ANON, AREA_NO_FILE, 0, "o");
	stack = fake_add_area(f, STACK, PAGES, VM_READ | VM_WRITE, AREA_ANON, AREA_NO_FILE, 0, "oooo");
	for (at = 0; at + 16 <= PAGES * FAKE_PAGE; at += 16) {
		put_u64(stack + at, STACK + at + 16);
		put_u64(stack + at + 8, IN_CODE(at % 64));
	}
	regs = fake_add_thread(f, STACK, 0);
	regs->r[f->p.arch->reg_pc] = IN_CODE(0);
	regs->r[f->p.arch->reg_fp] = STACK;
	assert_int_equal(ustack_unwind(&f->p, &none, &f->p.threads.v[0], &us, NULL), 0);
	assert_int_equal(us.n, USTACK_FRAMES_MAX);
	fake_destroy(f);
}

/* What does not fit ends its section: a shorter line behind it would look as if nothing were missing. */
static void test_full_report(void **state)
{
	static struct report r;
	unsigned int i;

	(void)state;
	for (i = 0; i < 100; i++)
		report_put(&r, 1000, "line %u of a stack\n", i);
	assert_true(r.cut && r.n < 1000 && r.n > 970);
	report_put(&r, 1000, "x\n");
	assert_null(strchr(r.text, 'x'));
	report_put(&r, REPORT_SIZE, "the next section\n");
	assert_string_equal(r.text + r.n - 17, "the next section\n");
	for (i = 0; i < 1000; i++)
		report_put(&r, REPORT_SIZE, "%0100u\n", i);
	assert_true(r.n < REPORT_SIZE && strlen(r.text) == r.n && r.text[r.n - 1] == '\n');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_tables),
		cmocka_unit_test(test_many_frames),
		cmocka_unit_test(test_full_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
