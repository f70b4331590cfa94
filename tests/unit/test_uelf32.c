/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A 32-bit process made by hand, its module of the system's own structures: symbols, link maps, thread pointers. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <elf.h>

#include "fake_proc.h"
#include "proc/linkmap.h"
#include "select/plan.h"
#include "util/bytes.h"

#define RW   (VM_READ | VM_WRITE)
#define BASE 0xf7d00000u
#define DATA (BASE + 0x1000)
#define HEAP 0xf7e00000u
#define TCB  0xf7c01000u /* a thread's, above its static TLS */

enum { DYN = 0x200, SYM = 0x300, STR = 0x400, HASH = 0x480, GNU = 0x500, SECT = 0x800, LOCAL = 0x900, LOCALSTR = 0x980 };

static uint32_t gnu(const char *s)
{
	uint32_t h = 5381;

	for (; *s; s++)
		h = h * 33 + (uint8_t)*s;
	return h;
}

static void build(uint8_t *m)
{
	const Elf32_Ehdr h = { .e_ident = ELFMAG "\1\1\1", .e_type = ET_DYN, .e_machine = EM_386, .e_phoff = 52,
			       .e_shoff = SECT, .e_ehsize = 52, .e_phentsize = 32, .e_phnum = 4,
			       .e_shentsize = 40, .e_shnum = 3 };
	const Elf32_Phdr ph[] = { { PT_LOAD, 0, 0, 0, 0x1000, 0x1000, PF_R | PF_X, 0x1000 },
				  { PT_LOAD, 0x1000, 0x1000, 0, 0x1000, 0x1000, PF_R | PF_W, 0x1000 },
				  { PT_DYNAMIC, DYN, DYN, 0, 0x80, 0x80, PF_R, 4 },
				  { PT_TLS, 0x1800, 0x1800, 0, 0x20, 0x20, PF_R, 4 } };
	const Elf32_Dyn dyn[] = { { DT_SYMTAB, { BASE + SYM } }, { DT_STRTAB, { STR } }, { DT_STRSZ, { 0x40 } },
				  { DT_GNU_HASH, { GNU } }, { DT_DEBUG, { DATA } } };
	const Elf32_Sym sym[] = { { 0 },
				  { 1, 0x1100, 8, ELF32_ST_INFO(STB_GLOBAL, STT_OBJECT), 0, 1 },
				  { 7, 0, 0, ELF32_ST_INFO(STB_GLOBAL, STT_OBJECT), 0, SHN_UNDEF },
				  { 12, 0x10, 4, ELF32_ST_INFO(STB_GLOBAL, STT_TLS), 0, 1 } };
	const Elf32_Shdr sh[] = { { 0 },
				  { .sh_type = SHT_SYMTAB, .sh_offset = LOCAL, .sh_size = 48, .sh_link = 2 },
				  { .sh_type = SHT_STRTAB, .sh_offset = LOCALSTR, .sh_size = 16 } };
	const Elf32_Sym local[] = { { 0 },
				    { 1, 0x1200, 16, ELF32_ST_INFO(STB_LOCAL, STT_OBJECT), 0, 1 },
				    { 1, 0x1300, 32, ELF32_ST_INFO(STB_LOCAL, STT_OBJECT), 0, 1 } };
	/* One bucket, one bloom word of four bytes, symbols from 1 on. */
	const uint32_t table[] = { 1, 1, 1, 0, 0, 1, gnu("alpha") & ~1u, gnu("beta") & ~1u, gnu("tls") | 1 };
	/* One bucket: 3 -> 2 -> 1. */
	const uint32_t old[] = { 1, 4, 3, 0, 0, 1, 2 };

	memcpy(m, &h, sizeof(h));
	memcpy(m + 52, ph, sizeof(ph));
	memcpy(m + DYN, dyn, sizeof(dyn));
	memcpy(m + SYM, sym, sizeof(sym));
	memcpy(m + STR, "\0alpha\0beta\0tls", 16);
	memcpy(m + GNU, table, sizeof(table));
	memcpy(m + HASH, old, sizeof(old));
	memcpy(m + SECT, sh, sizeof(sh));
	memcpy(m + LOCAL, local, 48);
	memcpy(m + LOCALSTR, "\0hidden\0x", 10);
}

static struct fake_proc *make(uint8_t **text, uint8_t **data)
{
	struct fake_proc *f = fake_create();
	uint32_t file = fake_add_file(f, "/bin/fake");

	f->p.is_32bit = true;
	fake_add_area(f, TCB - 0x1000, 2, RW, AREA_ANON, AREA_NO_FILE, 0, "oo");
	*text = fake_add_area(f, BASE, 1, VM_READ | VM_EXEC, AREA_FILE_PRIVATE, file, 0, "c");
	*data = fake_add_area(f, DATA, 1, RW, AREA_FILE_PRIVATE, file, 1, "o");
	fake_add_area(f, HEAP, 1, RW, AREA_ANON, AREA_NO_FILE, 0, "o");
	build(*text);
	return f;
}

static void test_symbols(void **state)
{
	uint8_t *text, *data;
	struct fake_proc *f = make(&text, &data);
	const Elf32_Dyn by_old = { DT_HASH, { HASH } };
	struct uelf_symbol_vec all = { 0 };
	struct err err = { 0 };
	struct uelf_symbol s;
	struct uelf e;
	int old;

	(void)state;
	for (old = 0; old < 2; old++) {
		if (old)
			memcpy(text + DYN + 24, &by_old, sizeof(by_old));
		assert_int_equal(uelf_open(&f->p, BASE, &e, NULL), 0);
		assert_int_equal(e.debug, DATA);
		assert_int_equal(uelf_find_symbol(&e, "alpha", &s, NULL), 0);
		assert_true(s.addr == BASE + 0x1100 && s.size == 8 && s.type == STT_OBJECT);
		assert_int_equal(uelf_find_symbol(&e, "tls", &s, NULL), 0);
		assert_true(s.addr == 0x10 && s.size == 4 && s.type == STT_TLS);
		assert_int_equal(uelf_find_symbol(&e, "beta", &s, NULL), ERR_NOTFOUND);
		assert_int_equal(uelf_find_symbol(&e, "alph", &s, NULL), ERR_NOTFOUND);
	}
	assert_int_equal(uelf_find_all_symbols(&e, "hidden", &all, NULL), 0);
	assert_int_equal(all.n, 2);
	assert_true(all.v[0].addr == BASE + 0x1200 && all.v[1].size == 32 && all.v[1].is_local);
	uelf_symbol_vec_free(&all);
	/* A 64-bit module in a 32-bit process is none. */
	text[EI_CLASS] = ELFCLASS64;
	assert_int_equal(uelf_open(&f->p, BASE, &e, &err), ERR_FORMAT);
	fake_destroy(f);
}

/* Descriptors of the GDT: base 0x11223344, TCB, none. */
static int fake_tls(struct proc *p, const struct proc_thread *t, uint64_t ret[TLS_DESCS], struct err *err)
{
	(void)p, (void)t, (void)err;
	ret[0] = 0x11dff2223344ffffull;
	ret[1] = (uint64_t)(TCB >> 24) << 56 | 0x00dff2ull << 40 | (TCB & 0xffffffull) << 16 | 0xffff;
	ret[2] = 0;
	return 0;
}

static void test_thread_pointer(void **state)
{
	static const struct {
		const char *what;
		uint64_t selector;
		bool found;
		uvaddr_t at;
	} rows[] = {
		{ "the first of three", 0x63, true, 0x11223344 },
		{ "the second, as glibc has it where the first is taken", 0x6b, true, TCB },
		{ "one that is not set", 0x73, false, 0 },
		{ "none", 0, false, 0 },
		{ "of the LDT", 0x67, false, 0 },
		{ "of the kernel's", 0x2b, false, 0 },
	};
	struct proc_ops ops = fake_ops;
	uint8_t *text, *data;
	struct fake_proc *f = make(&text, &data);
	struct arch_regs *r = fake_add_thread(f, TCB - 0x800, 0);
	size_t i;

	(void)state;
	ops.tls = fake_tls;
	f->p.ops = &ops;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		uvaddr_t at = 0;

		r->r[X86_64_REG_GS] = rows[i].selector;
		if (proc_thread_pointer(&f->p, f->p.threads.v, r, &at) != rows[i].found || at != rows[i].at)
			fail_msg("%s: 0x%llx", rows[i].what, (unsigned long long)at);
	}
	fake_destroy(f);
}

/* A pointer in the upper half of eight bytes leads to the heap; so does one to an entry of the dtv. */
static void test_keep(void **state)
{
	struct proc_ops ops = fake_ops;
	uint8_t *text, *data, *stack;
	struct fake_proc *f = make(&text, &data);
	struct arch_regs *r = fake_add_thread(f, TCB - 0x800, 0);
	struct keep_opts o;
	struct plan plan;

	(void)state;
	ops.tls = fake_tls;
	f->p.ops = &ops;
	stack = f->areas[0].bytes;
	r->r[X86_64_REG_GS] = 0x6b;
	put_u32(stack + 0x800 + 4, HEAP + 0x300);
	put_u32(stack + 0x1000, TCB);
	put_u32(stack + 0x1004, TCB + 0x708); /* the dtv; its length is in the entry before the first */
	put_u32(stack + 0x1700, 1);
	keep_opts_init(&o, DETAIL_SMALL);
	assert_int_equal(plan_make(&f->p, &o, &plan, NULL), 0);
	assert_true(plan.kept[RULE_ANCHOR] > 0 && plan.kept[RULE_ANCHOR] <= 4096);
	assert_true(plan.kept[RULE_THREAD] + plan.kept[RULE_STACK] + plan.kept[RULE_TLS] >= 0x1800);
	plan_deinit(&plan);
	put_u32(stack + 0x800 + 4, 0);
	assert_int_equal(plan_make(&f->p, &o, &plan, NULL), 0);
	assert_int_equal(plan.kept[RULE_ANCHOR], 0);
	plan_deinit(&plan);
	fake_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_thread_pointer),
		cmocka_unit_test(test_keep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
