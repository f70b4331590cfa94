/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This test program itself as a module of a process made by hand, and lists of modules that are damaged. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <elf.h>
#include <stdio.h>

#include "fake_proc.h"
#include "proc/linkmap.h"
#include "util/bytes.h"

#define RW (VM_READ | VM_WRITE)
#define BASE 0x10000u

/* A module of one page of headers, hash tables and symbols, made by hand; at BASE, linked for 0. */
enum { DYN = 0x200, SYM = 0x300, STR = 0x400, HASH = 0x480, GNU = 0x500, NOTE = 0x600, SECT = 0x800, LOCAL = 0x900,
       LOCALSTR = 0x980 };

static void put_phdr(uint8_t *b, uint32_t type, uint64_t off, uint64_t vaddr, uint64_t size)
{
	put_u32(b, type);
	put_u64(b + 8, off);
	put_u64(b + 16, vaddr);
	put_u64(b + 32, size);
	put_u64(b + 40, size);
}

static void put_dyn(uint8_t *b, uint64_t tag, uint64_t value)
{
	put_u64(b, tag);
	put_u64(b + 8, value);
}

static void put_sym(uint8_t *b, uint32_t name, uint8_t info, uint16_t shndx, uint64_t value, uint64_t size)
{
	put_u32(b, name);
	b[4] = info;
	put_u16(b + 6, shndx);
	put_u64(b + 8, value);
	put_u64(b + 16, size);
}

static void put_section(uint8_t *b, uint32_t type, uint64_t off, uint64_t size, uint32_t link)
{
	put_u32(b + 4, type);
	put_u64(b + 24, off);
	put_u64(b + 32, size);
	put_u32(b + 40, link);
}

static uint32_t gnu(const char *s)
{
	uint32_t h = 5381;

	for (; *s; s++)
		h = h * 33 + (uint8_t)*s;
	return h;
}

static void build(uint8_t *m)
{
	memcpy(m, "\177ELF\2\1\1", 7);
	put_u16(m + 16, ET_DYN);
	put_u64(m + 32, 64);
	put_u64(m + 40, SECT);
	put_u16(m + 54, 56);
	put_u16(m + 56, 4);
	put_u16(m + 58, 64);
	put_u16(m + 60, 3);
	put_phdr(m + 64, PT_LOAD, 0, 0, 0x1000);
	put_phdr(m + 120, PT_LOAD, 0x1000, 0x1000, 0x1000);
	put_phdr(m + 176, PT_DYNAMIC, DYN, DYN, 0x80);
	put_phdr(m + 232, PT_NOTE, NOTE, NOTE, 36);
	put_dyn(m + DYN, DT_SYMTAB, BASE + SYM); /* as glibc leaves it */
	put_dyn(m + DYN + 16, DT_STRTAB, STR);	 /* as musl does */
	put_dyn(m + DYN + 32, DT_STRSZ, 0x40);
	put_dyn(m + DYN + 48, DT_GNU_HASH, GNU);
	put_dyn(m + DYN + 64, DT_DEBUG, BASE + 0x1000);
	memcpy(m + STR, "\0alpha\0beta\0tls", 16);
	put_sym(m + SYM + 24, 1, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), 1, 0x1100, 8);
	put_sym(m + SYM + 48, 7, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), SHN_UNDEF, 0, 0);
	put_sym(m + SYM + 72, 12, ELF64_ST_INFO(STB_GLOBAL, STT_TLS), 1, 0x10, 4);
	/* One bucket, one bloom word, symbols from 1 on. */
	put_u32(m + GNU, 1);
	put_u32(m + GNU + 4, 1);
	put_u32(m + GNU + 8, 1);
	put_u32(m + GNU + 24, 1);
	put_u32(m + GNU + 28, gnu("alpha") & ~1u);
	put_u32(m + GNU + 32, gnu("beta") & ~1u);
	put_u32(m + GNU + 36, gnu("tls") | 1);
	/* One bucket: 3 -> 2 -> 1. */
	put_u32(m + HASH, 1);
	put_u32(m + HASH + 4, 4);
	put_u32(m + HASH + 8, 3);
	put_u32(m + HASH + 12 + 8, 1);
	put_u32(m + HASH + 12 + 12, 2);
	put_u32(m + NOTE, 4);
	put_u32(m + NOTE + 4, 20);
	put_u32(m + NOTE + 8, NT_GNU_BUILD_ID);
	memcpy(m + NOTE + 12, "GNU", 4);
	memset(m + NOTE + 16, 0xab, 20);
	put_section(m + SECT + 64, SHT_SYMTAB, LOCAL, 72, 2);
	put_section(m + SECT + 128, SHT_STRTAB, LOCALSTR, 16, 0);
	memcpy(m + LOCALSTR, "\0hidden\0x", 10);
	put_sym(m + LOCAL + 24, 1, ELF64_ST_INFO(STB_LOCAL, STT_OBJECT), 1, 0x1200, 16);
	put_sym(m + LOCAL + 48, 1, ELF64_ST_INFO(STB_LOCAL, STT_OBJECT), 1, 0x1300, 32);
}

static struct fake_proc *make(uint8_t **text, uint8_t **data)
{
	struct fake_proc *f = fake_create();
	uint32_t file = fake_add_file(f, "/bin/fake");

	*text = fake_add_area(f, BASE, 1, VM_READ | VM_EXEC, AREA_FILE_PRIVATE, file, 0, "c");
	*data = fake_add_area(f, BASE + 0x1000, 1, RW, AREA_FILE_PRIVATE, file, 1, "o");
	build(*text);
	return f;
}

static void test_module(void **state)
{
	uint8_t *text, *data;
	struct fake_proc *f = make(&text, &data);
	struct uelf_symbol_vec all = { 0 };
	struct uelf_symbol s;
	struct uelf e;
	int sysv;

	(void)state;
	for (sysv = 0; sysv < 2; sysv++) {
		struct err err = { 0 };

		if (sysv)
			put_dyn(text + DYN + 48, DT_HASH, HASH);
		assert_int_equal(uelf_open(&f->p, BASE, &e, &err), 0);
		assert_int_equal(e.bias, BASE);
		assert_int_equal(e.end, BASE + 0x2000);
		assert_int_equal(e.debug, BASE + 0x1000);
		assert_int_equal(e.build_id_size, 20);
		assert_int_equal(e.build_id[19], 0xab);
		assert_int_equal(uelf_find_symbol(&e, "alpha", &s, &err), 0);
		assert_int_equal(s.addr, BASE + 0x1100);
		assert_int_equal(s.size, 8);
		assert_int_equal(uelf_find_symbol(&e, "tls", &s, &err), 0);
		assert_int_equal(s.type, STT_TLS);
		assert_int_equal(s.addr, 0x10); /* of the block, not of memory */
		assert_int_equal(uelf_find_symbol(&e, "beta", &s, &err), ERR_NOTFOUND);
		assert_int_equal(uelf_find_symbol(&e, "alph", &s, &err), ERR_NOTFOUND);
	}
	assert_int_equal(uelf_find_all_symbols(&e, "hidden", &all, NULL), 0);
	assert_int_equal(all.n, 2);
	assert_int_equal(all.v[1].addr, BASE + 0x1300);
	assert_true(all.v[1].is_local);
	uelf_symbol_vec_free(&all);
	/* A section header table that is not in memory: there may be more. */
	put_u64(text + 40, 0x4000);
	assert_int_equal(uelf_open(&f->p, BASE, &e, NULL), 0);
	assert_int_equal(uelf_find_all_symbols(&e, "alpha", &all, NULL), ERR_ABSENT);
	assert_int_equal(all.n, 1);
	uelf_symbol_vec_free(&all);
	fake_destroy(f);
}

static void test_damaged(void **state)
{
	static const struct {
		const char *what, *fault;
		size_t at;
		uint64_t value;
	} rows[] = {
		{ "no magic", "there is no 64-bit ELF header", 0, 0 },
		{ "too many program headers", "program headers", 56, 0xffff },
		{ "a segment that wraps", "a PT_LOAD of", 64 + 40, UINT64_MAX },
		{ "no segment with the header", "no PT_LOAD holds", 64, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t *text, *data;
		struct fake_proc *f = make(&text, &data);
		struct err err = { 0 };
		struct uelf e;

		put_u64(text + rows[i].at, rows[i].value);
		if (i == 3)
			put_u64(text + 120, 0);
		put_u64(text + 64 + 16, i == 2 ? 0x1000 : get_u64(text + 64 + 16));
		if (!uelf_open(&f->p, BASE, &e, &err) || !strstr(err.text, rows[i].fault))
			fail_msg("%s: '%s'", rows[i].what, err.text);
		fake_destroy(f);
	}
}

/* r_debug at the start of the data, three link_maps behind it. */
static void put_maps(uint8_t *data)
{
	uvaddr_t d = BASE + 0x1000;
	int i;

	put_u32(data, 1);
	put_u64(data + 8, d + 0x100);
	for (i = 0; i < 3; i++) {
		uint8_t *m = data + 0x100 * (i + 1);

		put_u64(m, 0x1000u * (unsigned int)i);
		put_u64(m + 8, d + 0x800);
		put_u64(m + 24, i < 2 ? d + 0x100u * (unsigned int)(i + 2) : 0);
		put_u64(m + 32, i ? d + 0x100u * (unsigned int)i : 0);
	}
	memcpy(data + 0x800, "/lib/x", 7);
}

static void test_linkmap(void **state)
{
	static const struct {
		const char *what, *fault;
		size_t at;
		uint64_t value, nr;
	} rows[] = {
		{ "three modules", NULL, 0xff8, 0, 3 },
		{ "a list that goes round", "l_prev is", 0x318, BASE + 0x1100, 3 },
		{ "a module that points at itself", "l_prev is", 0x218, BASE + 0x1200, 2 },
		{ "a list that leaves the process", "is in no area", 0x218, 0x5000, 2 },
		{ "no list at all", NULL, 8, 0, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t *text, *data;
		struct fake_proc *f = make(&text, &data);
		struct linkmap lm;

		put_maps(data);
		put_u64(data + rows[i].at, rows[i].value);
		assert_int_equal(linkmap_read(&f->p, &lm, NULL), 0);
		if (lm.maps.n != rows[i].nr || !lm.fault.rc != !rows[i].fault ||
		    (rows[i].fault && !strstr(lm.fault.text, rows[i].fault)))
			fail_msg("%s: %zu modules, '%s'", rows[i].what, lm.maps.n, lm.fault.text);
		if (lm.maps.n)
			assert_int_equal(lm.maps.v[0].name_size, 7);
		assert_int_equal(lm.dynamic, BASE + DYN);
		assert_int_equal(lm.phdrs, BASE + 64);
		linkmap_free(&lm);
		fake_destroy(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_module),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_linkmap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
