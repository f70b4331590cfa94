/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86_64: page-table entries as kernels write them, address spaces from VMCOREINFO, registers. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <elf.h>
#include <string.h>

#include "arch/arch.h"

/* --- entries ------------------------------------------------------------------------------------ */

#define P	1ull	    /* present */
#define W	2ull
#define U	4ull
#define A	0x20ull
#define D	0x40ull
#define PSE	0x80ull
#define PROTN	0x100ull    /* _PAGE_PROTNONE is _PAGE_GLOBAL, where not present */
#define SPECIAL 0x200ull
#define NX	(1ull << 63)
#define PKEY	(0xfull << 59)
#define SME	(1ull << 47)
#define USER	(P | W | U | A)
/* pfn bits of an entry that is not present are inverted: protnone_mask(). */
#define INVERTED(paddr) (~(uint64_t)(paddr) & 0x000ffffffffff000ull)

struct pte_row {
	const char *what;
	unsigned int level;
	uint64_t raw;
	enum pte_kind kind;
	paddr_t paddr;
	uint64_t size;
	const char *flags; /* w writable, d dirty, u user, s special */
	unsigned int swap_type;
	uint64_t swap_offset;
};

static const struct pte_row pte_rows[] = {
	{ "nothing was ever there", 1, 0, PTE_EMPTY, 0, 0, "", 0, 0 },
	{ "nothing, at the top", 5, 0, PTE_EMPTY, 0, 0, "", 0, 0 },
	{ "a page", 1, 0x12345000 | USER, PTE_PAGE, 0x12345000, 4096, "wu", 0, 0 },
	{ "a page that was written", 1, 0x12345000 | USER | D | NX, PTE_PAGE, 0x12345000, 4096, "wdu", 0, 0 },
	{ "a read-only page", 1, 0x12345000 | P | U, PTE_PAGE, 0x12345000, 4096, "u", 0, 0 },
	{ "a page of the kernel", 1, 0x12345000 | P | W | D, PTE_PAGE, 0x12345000, 4096, "wd", 0, 0 },
	{ "the last frame that 52 bits can tell", 1, 0x000ffffffffff000 | USER, PTE_PAGE, 0xffffffffff000, 4096, "wu", 0, 0 },
	{ "a page with a protection key and NX", 1, 0x12345000 | USER | PKEY | NX, PTE_PAGE, 0x12345000, 4096, "wu", 0, 0 },
	{ "the zero page, which has no struct page to count", 1, 0x12345000 | P | U | SPECIAL, PTE_PAGE, 0x12345000, 4096, "us", 0, 0 },
	{ "PAT of a small page is no sign of size", 1, 0x12345000 | USER | PSE, PTE_PAGE, 0x12345000, 4096, "wu", 0, 0 },
	{ "an encrypted page", 1, 0x12345000 | USER | SME, PTE_PAGE, 0x12345000, 4096, "wu", 0, 0 },
	{ "a page without access, its frame inverted", 1, INVERTED(0x12345000) | PROTN | W, PTE_PAGE, 0x12345000, 4096, "wu", 0, 0 },
	{ "one without access that was written", 1, INVERTED(0x7fff000) | PROTN | D, PTE_PAGE, 0x7fff000, 4096, "du", 0, 0 },
	{ "a huge page of 2 MiB", 2, 0x40000000 | USER | PSE, PTE_PAGE, 0x40000000, 2 << 20, "wu", 0, 0 },
	{ "a huge page whose low bits hold PAT", 2, 0x40001000 | USER | PSE | D, PTE_PAGE, 0x40000000, 2 << 20, "wdu", 0, 0 },
	{ "a huge page without access", 2, INVERTED(0x40000000) | PROTN | PSE, PTE_PAGE, 0x40000000, 2 << 20, "u", 0, 0 },
	{ "a huge page that is being split", 2, INVERTED(0x40000000) | PSE | U | W, PTE_PAGE, 0x40000000, 2 << 20, "wu", 0, 0 },
	{ "a huge page of 1 GiB", 3, 0x80000000 | USER | PSE, PTE_PAGE, 0x80000000, 1 << 30, "wu", 0, 0 },
	{ "a table below level 2", 2, 0x12345000 | USER, PTE_TABLE, 0x12345000, 0, "wu", 0, 0 },
	{ "a table below level 3", 3, 0x12345000 | USER, PTE_TABLE, 0x12345000, 0, "wu", 0, 0 },
	{ "a table below level 4", 4, 0x12345000 | USER, PTE_TABLE, 0x12345000, 0, "wu", 0, 0 },
	{ "a table below level 5", 5, 0x12345000 | USER, PTE_TABLE, 0x12345000, 0, "wu", 0, 0 },
	{ "a user's table that PTI made NX", 4, 0x12345000 | USER | NX, PTE_TABLE, 0x12345000, 0, "wu", 0, 0 },
	{ "no huge page is as large as level 4", 4, 0x12345000 | USER | PSE, PTE_TABLE, 0x12345000, 0, "wu", 0, 0 },
	/* __swp_entry(): type in bits 59-63, offset inverted from bit 9 on, shifted up by 5 (pgtable_64.h). */
	{ "a swap entry", 1, (3ull << 59) | (~0x1234ull << 14 >> 5 & ~0x1ffull), PTE_SWAP, 0, 0, "", 3, 0x1234 },
	{ "a swap entry of type 0 and offset 1", 1, ~1ull << 14 >> 5 & ~0x1ffull, PTE_SWAP, 0, 0, "", 0, 1 },
	{ "the largest swap type and offset", 1, 31ull << 59, PTE_SWAP, 0, 0, "", 31, (1ull << 50) - 1 },
	{ "a migration entry, which is a swap entry to the arch", 1, (30ull << 59) | (~0x12345ull << 14 >> 5 & ~0x1ffull), PTE_SWAP, 0, 0, "", 30, 0x12345 },
	{ "a migration entry of a huge page", 2, (30ull << 59) | (~0x200ull << 14 >> 5 & ~0x1ffull), PTE_SWAP, 0, 0, "", 30, 0x200 },
	{ "a page of 1 GiB of hugetlbfs with a memory error", 3, (27ull << 59) | (~0x80000ull << 14 >> 5 & ~0x1ffull), PTE_SWAP, 0, 0, "", 27, 0x80000 },
	{ "what no kernel writes at level 4", 4, 0xdeadbeef00 & ~P, PTE_BAD, 0, 0, "", 0, 0 },
	{ "what no kernel writes at level 5", 5, 0xfffffffffffffffe, PTE_BAD, 0, 0, "", 0, 0 },
};

static void flags_of(const struct pte *p, char *to)
{
	if (p->writable)
		*to++ = 'w';
	if (p->dirty)
		*to++ = 'd';
	if (p->user)
		*to++ = 'u';
	if (p->special)
		*to++ = 's';
	*to = 0;
}

static void test_entries(void **state)
{
	const struct arch_space space = { .page_shift = 12, .levels = 5,
					  .addr_mask = 0x000ffffffffff000ull & ~SME };
	const struct arch_space plain = { .page_shift = 12, .levels = 5,
					  .addr_mask = 0x000ffffffffff000ull };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(pte_rows); i++) {
		const struct pte_row *r = &pte_rows[i];
		const struct arch_space *s = r->paddr > SME || r->swap_offset ? &plain : &space;
		struct pte p = arch_x86_64.pte_decode(s, r->level, r->raw);
		char flags[5] = "";

		flags_of(&p, flags);
		if (p.kind != r->kind || p.raw != r->raw || p.paddr != r->paddr || p.size != r->size ||
		    (r->kind == PTE_SWAP &&
		     (p.swap_type != r->swap_type || p.swap_offset != r->swap_offset)) ||
		    (r->kind != PTE_SWAP && r->kind != PTE_BAD && strcmp(flags, r->flags)))
			fail_msg("%s: kind %d, 0x%llx, size 0x%llx, '%s', swap %u 0x%llx", r->what, p.kind,
				 (unsigned long long)p.paddr, (unsigned long long)p.size, flags,
				 p.swap_type, (unsigned long long)p.swap_offset);
	}
}

static void test_shifts(void **state)
{
	static const unsigned int shifts[] = { 0, 12, 21, 30, 39, 48 };
	unsigned int level;

	(void)state;
	for (level = 1; level <= 5; level++)
		assert_int_equal(arch_x86_64.level_shift(NULL, level), shifts[level]);
}

/* --- address spaces ------------------------------------------------------------------------------ */

#define IMAGE	 "SYMBOL(swapper_pg_dir)=ffffffff82a10000\n"
#define PHYS(n)	 "NUMBER(phys_base)=" n "\n"
#define L5	 "NUMBER(pgtable_l5_enabled)=1\n"
#define DIRECT4	 0xffff888000000000ull
#define DIRECT5	 0xff11000000000000ull
#define MOVED	 0xffff9a4640000000ull /* by KASLR */
#define TEXT_VA	 0xffffffff81000000ull

struct space_row {
	const char *what, *info;
	struct arch_load loads[3];
	int rc;
	const char *fault;
	struct arch_space want; /* 0: not looked at */
};

static const struct space_row space_rows[] = {
	{ "4 levels without KASLR", PHYS("0") IMAGE, { { TEXT_VA, 0x1000000, 0x2000000 }, { DIRECT4 + 0x1000, 0x1000, 0x9f000 }, { DIRECT4 + 0x100000, 0x100000, 0x1ff00000 } },
	  0, NULL, { .levels = 4, .user_end = 1ull << 47, .page_offset = DIRECT4, .direct_end = DIRECT4 + 0x20000000,
		     .page_offset_found = true, .kernel_pgd = 0x2a10000, .image_end = 0xffffffffc0000000ull } },
	{ "5 levels", PHYS("0") IMAGE L5, { { DIRECT5 + 0x100000, 0x100000, 0x1000000 } },
	  0, NULL, { .levels = 5, .user_end = 1ull << 56, .page_offset = DIRECT5, .direct_end = DIRECT5 + 0x1100000, .page_offset_found = true } },
	{ "KASLR: phys_base below 0, the direct map moved", PHYS("-1048576") "NUMBER(KERNEL_IMAGE_SIZE)=1073741824\n" IMAGE,
	  { { TEXT_VA, 0xf00000, 0x2000000 }, { MOVED + 0x100000, 0x100000, 0x1000000 } },
	  0, NULL, { .levels = 4, .page_offset = MOVED, .direct_end = MOVED + 0x1100000, .page_offset_found = true, .kernel_pgd = 0x2910000 } },
	{ "segments without addresses: the direct map is assumed", PHYS("0") IMAGE, { { 0, 0x1000, 0x9f000 }, { 0, 0x100000, 0x1000000 } },
	  0, NULL, { .levels = 4, .page_offset = DIRECT4, .direct_end = DIRECT4 + 0x1100000, .page_offset_found = false } },
	{ "segments without addresses, 5 levels", PHYS("0") IMAGE L5, { { 0, 0x100000, 0x1000000 } },
	  0, NULL, { .levels = 5, .page_offset = DIRECT5, .direct_end = DIRECT5 + 0x1100000 } },
	{ "a segment elsewhere is not the direct map's", PHYS("0") IMAGE, { { DIRECT4 + 0x1000, 0x1000, 0x1000 }, { 0xffffc90000000000ull, 0x5000000, 0x1000 } },
	  0, NULL, { .levels = 4, .page_offset = DIRECT4, .direct_end = DIRECT4 + 0x2000, .page_offset_found = true } },
	{ "the root table by its older name", PHYS("0") "SYMBOL(init_top_pgt)=ffffffff82a10000\n", { { 0 } }, 0, NULL, { .levels = 4, .kernel_pgd = 0x2a10000 } },
	{ "an image of half a GiB", PHYS("0") "NUMBER(KERNEL_IMAGE_SIZE)=536870912\n" IMAGE, { { 0 } }, 0, NULL, { .levels = 4, .image_end = 0xffffffffa0000000ull } },
	{ "an image size that is none", PHYS("0") "NUMBER(KERNEL_IMAGE_SIZE)=-1\n" IMAGE, { { 0 } }, 0, NULL, { .levels = 4, .image_end = 0xffffffffc0000000ull } },
	{ "an image size beyond what there can be", PHYS("0") "NUMBER(KERNEL_IMAGE_SIZE)=99999999999\n" IMAGE, { { 0 } }, 0, NULL, { .levels = 4, .image_end = 0xffffffffc0000000ull } },
	{ "memory encryption", PHYS("0") "NUMBER(sme_mask)=140737488355328\n" IMAGE, { { 0 } }, 0, NULL, { .levels = 4, .addr_mask = 0x000f7ffffffff000ull } },
	{ "no phys_base", IMAGE, { { 0 } }, ERR_FORMAT, "VMCOREINFO has no NUMBER(phys_base)", { 0 } },
	{ "no root table", PHYS("0"), { { 0 } }, ERR_FORMAT, "VMCOREINFO has no SYMBOL(swapper_pg_dir)", { 0 } },
	{ "a root table outside of the image", PHYS("0") "SYMBOL(swapper_pg_dir)=ffff888002a10000\n", { { 0 } }, ERR_FORMAT, "SYMBOL(swapper_pg_dir)=ffff888002a10000 is not in the kernel image", { 0 } },
};

static void test_spaces(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(space_rows); i++) {
		const struct space_row *r = &space_rows[i];
		const struct arch_space *w = &r->want;
		struct vmcoreinfo vi = { 0 };
		struct arch_space s = { 0 };
		struct err err = { 0 };
		int rc;

		for (n = 0; n < 3 && r->loads[n].size; n++)
			;
		assert_int_equal(vmcoreinfo_init(&vi, r->info, strlen(r->info), &err), 0);
		rc = arch_x86_64.space_init(&vi, r->loads, n, &s, &err);
		vmcoreinfo_deinit(&vi);
		if (rc != r->rc || (rc && strcmp(err.text, r->fault)))
			fail_msg("%s: %d '%s'", r->what, rc, err.text);
		if (rc)
			continue;
		if (s.levels != w->levels || s.page_shift != 12 ||
		    (w->user_end && s.user_end != w->user_end) ||
		    (w->page_offset && s.page_offset != w->page_offset) ||
		    (w->direct_end && (s.direct_end != w->direct_end || s.page_offset_found != w->page_offset_found)) ||
		    (w->kernel_pgd && s.kernel_pgd != w->kernel_pgd) ||
		    (w->image_end && s.image_end != w->image_end) ||
		    (w->addr_mask && s.addr_mask != w->addr_mask))
			fail_msg("%s: levels %u, direct map 0x%llx-0x%llx, root 0x%llx, image to 0x%llx, mask 0x%llx", r->what,
				 s.levels, (unsigned long long)s.page_offset, (unsigned long long)s.direct_end,
				 (unsigned long long)s.kernel_pgd, (unsigned long long)s.image_end,
				 (unsigned long long)s.addr_mask);
	}
}

/* --- registers ------------------------------------------------------------------------------------- */

static void test_regs(void **state)
{
	static const struct {
		const char *what;
		uint64_t cs;
		bool user;
		uint64_t cs_kept;
	} rows[] = {
		{ "64-bit user code", 0x33, true, 0x33 },
		{ "32-bit user code", 0x23, true, 0x23 },
		{ "kernel code", 0x10, false, 0x10 },
		{ "nothing", 0, false, 0 },
		{ "user code under FRED, which keeps more in that word", 0x00ff000000000033, true, 0x33 },
		{ "a word that is no selector", 0xffff888000000033, true, 0x33 },
		{ "a selector with other bits", 0x1033, false, 0x1033 },
	};
	uint64_t pt[ARCH_GREGS_MAX];
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arch_regs regs;
		bool user;

		memset(&regs, 0xaa, sizeof(regs));
		for (n = 0; n < 21; n++)
			pt[n] = 0x1000 + n;
		pt[17] = rows[i].cs;
		pt[20] = 0x1234000000000000ull | 0x2b;
		user = arch_x86_64.regs_from_pt_regs(pt, &regs);
		if (user != rows[i].user || regs.r[17] != rows[i].cs_kept)
			fail_msg("%s: %d 0x%llx", rows[i].what, user, (unsigned long long)regs.r[17]);
		for (n = 0; n < 21; n++)
			if (n != 17 && n != 20)
				assert_int_equal(regs.r[n], 0x1000 + n);
		/* What pt_regs has not is 0, not what was there before. */
		for (; n < ARCH_GREGS_MAX; n++)
			assert_int_equal(regs.r[n], 0);
		/* And that it is not known is said: of 64-bit code all six, of 32-bit code the selectors. */
		assert_true(arch_unknown_regs(&arch_x86_64, &regs, false) == 0x7e00000);
		assert_true(arch_unknown_regs(&arch_x86_64, &regs, true) == 0x7800000);
	}
	/* ip and sp are where struct pt_regs has them (asm/ptrace.h). */
	assert_int_equal(arch_x86_64.reg_pc, 16);
	assert_int_equal(arch_x86_64.reg_sp, 19);
	assert_int_equal(arch_x86_64.reg_fp, 4);
	assert_int_equal(arch_x86_64.reg_syscall, 15);
	assert_int_equal(arch_x86_64.prstatus_size, arch_x86_64.prstatus_off_fpvalid + 8);
	assert_int_equal(arch_x86_64.prstatus_off_reg + 8 * arch_x86_64.nr_gregs, arch_x86_64.prstatus_off_fpvalid);
}

static void test_find(void **state)
{
	(void)state;
	assert_ptr_equal(arch_find(EM_X86_64), &arch_x86_64);
	assert_null(arch_find(EM_386));
	assert_null(arch_find(0));
	assert_null(arch_find(0xffff));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries), cmocka_unit_test(test_shifts),
		cmocka_unit_test(test_spaces),	cmocka_unit_test(test_regs),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
