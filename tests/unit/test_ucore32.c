/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cores of 32-bit processes have of their own: headers, the FSAVE image, descriptors of TLS. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <elf.h>
#include <string.h>

#include "ucore/elf_class.h"
#include "ucore/ucore_notes.h"
#include "util/bytes.h"

static uint8_t written[4096];
static size_t nr_written;

static int take(void *ctx, const void *buf, size_t size, struct err *err)
{
	(void)ctx, (void)err;
	assert_true(size <= sizeof(written) - nr_written);
	memcpy(written + nr_written, buf, size);
	nr_written += size;
	return 0;
}

static const struct out out = { .write = take };

/* By the system's own structures. */
static void test_headers(void **state)
{
	static const struct phdr ph = { PT_LOAD, PF_R | PF_W, 0x3000, 0x8048000, 0x1000, 0x2000, 4096 };
	static const struct shdr sh = { 11, SHT_PROGBITS, 70000, 0x5000, 4096, 1 };
	struct proc p = { .is_32bit = true, .arch = &arch_x86_64 };
	uint8_t b[ELF_HEADER_MAX];
	Elf32_Ehdr e32;
	Elf32_Phdr p32;
	Elf32_Shdr s32;
	Elf64_Ehdr e64;
	Elf64_Phdr p64;
	Elf64_Shdr s64;

	(void)state;
	elf_put_ehdr(elf_class_of(&p), EM_386, 70000, 0x6000, 3, b);
	memcpy(&e32, b, sizeof(e32));
	assert_memory_equal(e32.e_ident, ELFMAG "\1\1\1", 7);
	assert_int_equal(e32.e_type, ET_CORE);
	assert_int_equal(e32.e_machine, EM_386);
	assert_int_equal(e32.e_phoff, sizeof(e32));
	assert_int_equal(e32.e_shoff, 0x6000);
	assert_int_equal(e32.e_ehsize, sizeof(e32));
	assert_int_equal(e32.e_phentsize, sizeof(p32));
	assert_int_equal(e32.e_phnum, PN_XNUM);
	assert_int_equal(e32.e_shentsize, sizeof(s32));
	assert_int_equal(e32.e_shnum, 3);
	assert_int_equal(e32.e_shstrndx, 1);
	elf_put_phdr(elf_class_of(&p), &ph, b);
	memcpy(&p32, b, sizeof(p32));
	assert_true(p32.p_type == PT_LOAD && p32.p_flags == (PF_R | PF_W) && p32.p_offset == 0x3000 &&
		    p32.p_vaddr == 0x8048000 && !p32.p_paddr && p32.p_filesz == 0x1000 &&
		    p32.p_memsz == 0x2000 && p32.p_align == 4096);
	elf_put_shdr(elf_class_of(&p), &sh, b);
	memcpy(&s32, b, sizeof(s32));
	assert_true(s32.sh_name == 11 && s32.sh_type == SHT_PROGBITS && s32.sh_info == 70000 &&
		    s32.sh_offset == 0x5000 && s32.sh_size == 4096 && s32.sh_addralign == 1);
	p.is_32bit = false;
	elf_put_ehdr(elf_class_of(&p), EM_X86_64, 7, 1ull << 33, 3, b);
	memcpy(&e64, b, sizeof(e64));
	assert_true(e64.e_ident[EI_CLASS] == ELFCLASS64 && e64.e_phoff == sizeof(e64) &&
		    e64.e_shoff == 1ull << 33 && e64.e_phnum == 7 && e64.e_phentsize == sizeof(p64) &&
		    e64.e_shentsize == sizeof(s64) && e64.e_shstrndx == 1);
	elf_put_phdr(elf_class_of(&p), &ph, b);
	memcpy(&p64, b, sizeof(p64));
	assert_true(p64.p_type == PT_LOAD && p64.p_flags == (PF_R | PF_W) && p64.p_offset == 0x3000 &&
		    p64.p_vaddr == 0x8048000 && p64.p_filesz == 0x1000 && p64.p_memsz == 0x2000);
	elf_put_shdr(elf_class_of(&p), &sh, b);
	memcpy(&s64, b, sizeof(s64));
	assert_true(s64.sh_info == 70000 && s64.sh_offset == 0x5000 && s64.sh_size == 4096);
}

static const struct tag_row {
	const char *what;
	uint16_t swd; /* bits 11 to 13: which physical register is the top of the stack */
	uint8_t twd;  /* which physical registers are in use */
	uint64_t fraction;
	uint16_t exponent; /* of st(0) */
	uint16_t tags;
} tag_rows[] = {
	{ "an empty stack", 0, 0, 0, 0, 0xffff },
	{ "1.0 in register 7", 7 << 11, 0x80, 1ull << 63, 0x3fff, 0x3fff },
	{ "0.0 in register 7", 7 << 11, 0x80, 0, 0, 0x7fff },
	{ "infinity in register 0", 0, 0x01, 1ull << 63, 0x7fff, 0xfffe },
	{ "a denormal number in register 3", 3 << 11, 0x08, 1, 0, 0xffbf },
	{ "an unnormal number in register 3", 3 << 11, 0x08, 1, 0x3fff, 0xffbf },
	{ "-1.0 in register 5", 5 << 11, 0x20, 1ull << 63, 0xbfff, 0xf3ff },
};

static void test_tags(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(tag_rows); i++) {
		const struct tag_row *r = &tag_rows[i];
		struct arch_regs regs = { .r = { 0 } };
		uint8_t fx[FXSAVE_SIZE] = { 0 };
		uint32_t tags;

		regs.r[X86_64_REG_CS] = 0x23;
		put_u16(fx, 0x37f);
		put_u16(fx + 2, r->swd);
		fx[4] = r->twd;
		put_u64(fx + 32, r->fraction);
		put_u16(fx + 40, r->exponent);
		nr_written = 0;
		assert_int_equal(note32_fp(fx, &regs, &out, NULL), 0);
		/* Header of 12 bytes, name of 8: then cwd, swd, twd. */
		assert_int_equal(get_u32(written + 4), 108);
		assert_int_equal(get_u32(written + 20), 0xffff037fu);
		assert_int_equal(get_u32(written + 20 + 16), 0x23);
		assert_memory_equal(written + 20 + 28, fx + 32, 10);
		tags = get_u32(written + 28);
		if (tags != (0xffff0000u | r->tags))
			fail_msg("%s: tags 0x%x", r->what, tags);
	}
}

static uint64_t descs[TLS_DESCS];

static int give_tls(struct proc *p, const struct proc_thread *t, uint64_t ret[TLS_DESCS],
		    struct err *err)
{
	(void)p, (void)t, (void)err;
	memcpy(ret, descs, sizeof(descs));
	return 0;
}

static void test_tls(void **state)
{
	const struct proc_ops ops = { .tls = give_tls };
	struct proc p = { .ops = &ops, .is_32bit = true, .arch = &arch_x86_64 };

	(void)state;
	nr_written = 0;
	assert_int_equal(note32_tls(&p, NULL, &out, NULL), 0);
	assert_int_equal(nr_written, 0);
	/* Base 0xf7c01234, limit 0xfffff pages, 32-bit data that may be written: as glibc asks for. */
	descs[0] = 0xf7ull << 56 | 0xdfull << 48 | 0xf3ull << 40 | 0xc01234ull << 16 | 0xffff;
	assert_int_equal(note32_tls(&p, NULL, &out, NULL), 0);
	assert_int_equal(nr_written, 12 + 8 + 48);
	assert_int_equal(get_u32(written + 8), NT_386_TLS);
	assert_int_equal(get_u32(written + 20), 12);
	assert_int_equal(get_u32(written + 24), 0xf7c01234u);
	assert_int_equal(get_u32(written + 28), 0xfffff);
	/* seg_32bit, limit_in_pages, useable */
	assert_int_equal(get_u32(written + 32), 1 | 1 << 4 | 1 << 6);
	/* The others are not present, and read only. */
	assert_int_equal(get_u32(written + 36), 13);
	assert_int_equal(get_u32(written + 48), 1 << 3 | 1 << 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
