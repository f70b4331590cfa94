/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arm64: page-table entries as kernels write them, of each granule and each format, address spaces from
 * VMCOREINFO, registers. Written by the headers of 5.10, 6.1, 6.12 and 7.2; no dump of arm64 was read.
 */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <elf.h>
#include <string.h>

#include "arch/arch.h"
#include "mem/kmem.h"
#include "mem/pgtable.h"
#include "tiny_dump.h"

/* --- entries ------------------------------------------------------------------------------------ */

#define BIT(n)	 (1ull << (n))
#define VALID	 BIT(0)
#define PAGE	 BIT(1) /* or a table */
#define NORMAL	 (2ull << 2) /* AttrIndx, any */
#define AP_USER	 BIT(6)
#define RDONLY	 BIT(7)
#define SHARED	 (3ull << 8)
#define AF	 BIT(10)
#define NG	 BIT(11)
#define GP	 BIT(50)
#define WRITE	 BIT(51)
#define CONT	 BIT(52)
#define PXN	 BIT(53)
#define UXN	 BIT(54)
#define DIRTY	 BIT(55)
#define SPECIAL	 BIT(56)
#define UFFD_WP	 BIT(58) /* 6.10 */
#define POE	 (5ull << 60) /* PTE_PO_IDX: a protection key */
#define PROT_NONE BIT(58)
#define PMD_INVALID BIT(59)

/* PAGE_SHARED and the like of pgtable-prot.h, without the granule's address. */
#define DEFAULT	 (VALID | PAGE | NORMAL | SHARED | AF)
#define USER_RW	 (DEFAULT | AP_USER | RDONLY | NG | PXN | UXN | WRITE)
#define USER_RO	 (DEFAULT | AP_USER | RDONLY | NG | PXN | UXN)
#define USER_X	 (DEFAULT | RDONLY | NG | PXN) /* PAGE_EXECONLY */
#define NO_LPA2(x) ((x) & ~SHARED) /* PTE_MAYBE_SHARED is 0 where those bits are of the address */
#define KERNEL_RW (DEFAULT | PXN | UXN | WRITE | DIRTY)
#define OLD_NONE (((DEFAULT) & ~VALID) | PROT_NONE | RDONLY | NG | PXN | UXN) /* PAGE_NONE to 6.9 */
#define NEW_NONE (((DEFAULT) & ~VALID) | RDONLY | NG | PXN | UXN)	      /* since 6.10 */
#define BLOCK(x) ((x) & ~PAGE)
#define TABLE	 (VALID | PAGE)

/* __swp_entry() of each format. */
#define SWAP_5_10(type, off) ((uint64_t)(type) << 2 | (uint64_t)(off) << 8)
#define SWAP_6_1(type, off)  ((uint64_t)(type) << 3 | (uint64_t)(off) << 8)
#define SWAP_6_12(type, off) ((uint64_t)(type) << 6 | (uint64_t)(off) << 12)
#define EXCLUSIVE BIT(2)
#define SWP_UFFD  BIT(3)
#define OFFSET_MAX ((1ull << 50) - 1)

#define F0 ARM64_PTE_PROT_NONE
#define F1 ARM64_PTE_SWP_EXCLUSIVE
#define F2 ARM64_PTE_PRESENT_INVALID

static const struct arch_space k4 = { .page_shift = 12, .levels = 4, .va_bits = 48, .addr_mask = 0xfffffffff000 };
static const struct arch_space k4_lpa2 = { .page_shift = 12, .levels = 5, .va_bits = 52, .addr_mask = 0x3fffffffff000,
					   .addr_high_mask = 0x300, .addr_high_shift = 42 };
static const struct arch_space k16 = { .page_shift = 14, .levels = 4, .va_bits = 48, .addr_mask = 0xffffffffc000 };
static const struct arch_space k16_lpa2 = { .page_shift = 14, .levels = 4, .va_bits = 52, .addr_mask = 0x3ffffffffc000,
					    .addr_high_mask = 0x300, .addr_high_shift = 42 };
static const struct arch_space k64 = { .page_shift = 16, .levels = 3, .va_bits = 52, .addr_mask = 0xffffffff0000,
				       .addr_high_mask = 0xf000, .addr_high_shift = 36 };

struct pte_row {
	const char *what;
	const struct arch_space *space;
	unsigned int format, level;
	uint64_t raw;
	enum pte_kind kind;
	paddr_t paddr;
	uint64_t size;
	const char *flags; /* w writable, d dirty, u user, s special */
	unsigned int swap_type;
	uint64_t swap_offset;
};

static const struct pte_row pte_rows[] = {
	/* 4 KiB pages */
	{ "nothing was ever there", &k4, F2, 1, 0, PTE_EMPTY, 0, 0, "", 0, 0 },
	{ "nothing, at the top", &k4, F0, 4, 0, PTE_EMPTY, 0, 0, "", 0, 0 },
	{ "4K: a page that nobody wrote to yet", &k4, F2, 1, 0x812345000 | USER_RW, PTE_PAGE, 0x812345000, 4096, "wu", 0, 0 },
	{ "4K: one that the CPU marked as written", &k4, F2, 1, 0x812345000 | (USER_RW & ~RDONLY), PTE_PAGE, 0x812345000, 4096, "wdu", 0, 0 },
	{ "4K: one that the kernel marked, now read-only", &k4, F2, 1, 0x812345000 | USER_RO | DIRTY, PTE_PAGE, 0x812345000, 4096, "du", 0, 0 },
	{ "4K: a read-only page", &k4, F1, 1, 0x812345000 | USER_RO, PTE_PAGE, 0x812345000, 4096, "u", 0, 0 },
	{ "4K: code that may only be executed", &k4, F2, 1, 0x812345000 | USER_X | GP, PTE_PAGE, 0x812345000, 4096, "u", 0, 0 },
	{ "4K: a page of the kernel", &k4, F2, 1, 0x812345000 | KERNEL_RW, PTE_PAGE, 0x812345000, 4096, "wd", 0, 0 },
	{ "4K: the zero page", &k4, F2, 1, 0x812345000 | USER_RO | SPECIAL, PTE_PAGE, 0x812345000, 4096, "us", 0, 0 },
	{ "4K: one of a contiguous set, with a key and uffd", &k4, F2, 1, 0x812345000 | USER_RW | CONT | POE | UFFD_WP, PTE_PAGE, 0x812345000, 4096, "wu", 0, 0 },
	{ "4K: the last frame of 48 bits", &k4, F2, 1, 0xfffffffff000 | USER_RW, PTE_PAGE, 0xfffffffff000, 4096, "wu", 0, 0 },
	{ "4K: how it is shared is no address", &k4, F2, 1, 0x1000 | USER_RW | SHARED, PTE_PAGE, 0x1000, 4096, "wu", 0, 0 },
	{ "4K: a block of 2 MiB", &k4, F2, 2, 0x840000000 | BLOCK(USER_RW), PTE_PAGE, 0x840000000, 2 << 20, "wu", 0, 0 },
	{ "4K: a block of 1 GiB", &k4, F2, 3, 0x880000000 | BLOCK(USER_RW & ~RDONLY), PTE_PAGE, 0x880000000, 1 << 30, "wdu", 0, 0 },
	{ "4K: a block of 2 MiB has no low address bits", &k4, F2, 2, 0x840001000 | BLOCK(USER_RO), PTE_PAGE, 0x840000000, 2 << 20, "u", 0, 0 },
	{ "4K: a table below level 2", &k4, F2, 2, 0x812345000 | TABLE | AF, PTE_TABLE, 0x812345000, 0, "", 0, 0 },
	{ "4K: a table that forbids execution below it", &k4, F2, 3, 0x812345000 | TABLE | BIT(59) | BIT(60), PTE_TABLE, 0x812345000, 0, "", 0, 0 },
	{ "4K: a table below level 4", &k4, F2, 4, 0x812345000 | TABLE, PTE_TABLE, 0x812345000, 0, "", 0, 0 },
	{ "4K: no block is as large as level 4", &k4, F2, 4, 0x812345000 | VALID, PTE_BAD, 0, 0, "", 0, 0 },
	{ "4K: no page is without its second bit", &k4, F2, 1, 0x812345000 | BLOCK(USER_RW), PTE_BAD, 0, 0, "", 0, 0 },
	/* 52 bits of address with 4 KiB pages */
	{ "4K, LPA2: a page in low memory", &k4_lpa2, F2, 1, 0x812345000 | NO_LPA2(USER_RW), PTE_PAGE, 0x812345000, 4096, "wu", 0, 0 },
	{ "4K, LPA2: bits 48 and 49 in place", &k4_lpa2, F2, 1, 0x3000012345000 | NO_LPA2(USER_RW), PTE_PAGE, 0x3000012345000, 4096, "wu", 0, 0 },
	{ "4K, LPA2: bits 50 and 51 in bits 8 and 9", &k4_lpa2, F2, 1, 0x12345000 | NO_LPA2(USER_RW) | 3 << 8, PTE_PAGE, 0xc000012345000, 4096, "wu", 0, 0 },
	{ "4K, LPA2: the last frame of 52 bits", &k4_lpa2, F2, 1, 0x3fffffffff000 | NO_LPA2(USER_RW) | 3 << 8, PTE_PAGE, 0xffffffffff000, 4096, "wu", 0, 0 },
	{ "4K, LPA2: a block of 2 MiB up there", &k4_lpa2, F2, 2, 0x1000040000000 | BLOCK(NO_LPA2(USER_RO)) | 1 << 8, PTE_PAGE, 0x5000040000000, 2 << 20, "u", 0, 0 },
	{ "4K, LPA2: a table up there, below level 5", &k4_lpa2, F2, 5, 0x12345000 | TABLE | 2 << 8, PTE_TABLE, 0x8000012345000, 0, "", 0, 0 },
	/* 16 KiB pages */
	{ "16K: a page", &k16, F2, 1, 0x81234c000 | USER_RW, PTE_PAGE, 0x81234c000, 16384, "wu", 0, 0 },
	{ "16K: a block of 32 MiB", &k16, F2, 2, 0x842000000 | BLOCK(USER_RW), PTE_PAGE, 0x842000000, 32 << 20, "wu", 0, 0 },
	{ "16K: the kernel maps no larger block", &k16, F2, 3, 0x1000000000 | BLOCK(USER_RW), PTE_BAD, 0, 0, "", 0, 0 },
	{ "16K, LPA2: the last frame of 52 bits", &k16_lpa2, F2, 1, 0x3ffffffffc000 | NO_LPA2(USER_RW) | 3 << 8, PTE_PAGE, 0xfffffffffc000, 16384, "wu", 0, 0 },
	/* 64 KiB pages */
	{ "64K: a page", &k64, F1, 1, 0x812340000 | USER_RW, PTE_PAGE, 0x812340000, 65536, "wu", 0, 0 },
	{ "64K: a frame beyond 48 bits: its top in bits 12 to 15", &k64, F1, 1, 0x12340000 | 0xa << 12 | USER_RW, PTE_PAGE, 0xa000012340000, 65536, "wu", 0, 0 },
	{ "64K: bits 48 and 49 may stand in both places", &k64, F2, 1, 0x3000012340000 | 3 << 12 | USER_RW, PTE_PAGE, 0x3000012340000, 65536, "wu", 0, 0 },
	{ "64K: the last frame of 52 bits", &k64, F2, 1, 0xfffffffff000 | USER_RW, PTE_PAGE, 0xfffffffff0000, 65536, "wu", 0, 0 },
	{ "64K: a block of 512 MiB", &k64, F2, 2, 0x840000000 | 1 << 12 | BLOCK(USER_RW), PTE_PAGE, 0x1000840000000, 512 << 20, "wu", 0, 0 },
	{ "64K: the kernel maps no larger block", &k64, F2, 3, 0x40000000000 | BLOCK(USER_RW), PTE_BAD, 0, 0, "", 0, 0 },
	{ "64K: a table up there", &k64, F2, 3, 0x12340000 | 0xf << 12 | TABLE, PTE_TABLE, 0xf000012340000, 0, "", 0, 0 },
	/* PROT_NONE, and huge pages that are made invalid for a moment */
	{ "5.10: a page without access", &k4, F0, 1, 0x812345000 | OLD_NONE, PTE_PAGE, 0x812345000, 4096, "u", 0, 0 },
	{ "6.1: a page without access that was written", &k4, F1, 1, 0x812345000 | OLD_NONE | DIRTY, PTE_PAGE, 0x812345000, 4096, "du", 0, 0 },
	{ "6.1: a huge page without access", &k4, F1, 2, 0x840000000 | BLOCK(OLD_NONE), PTE_PAGE, 0x840000000, 2 << 20, "u", 0, 0 },
	{ "6.1: a huge page that is being split", &k4, F1, 2, 0x840000000 | (BLOCK(USER_RW) & ~VALID) | PMD_INVALID, PTE_PAGE, 0x840000000, 2 << 20, "wu", 0, 0 },
	{ "6.12: a page without access", &k4, F2, 1, 0x812345000 | NEW_NONE, PTE_PAGE, 0x812345000, 4096, "u", 0, 0 },
	{ "6.12: one that uffd protects as well", &k4, F2, 1, 0x812345000 | NEW_NONE | UFFD_WP, PTE_PAGE, 0x812345000, 4096, "u", 0, 0 },
	{ "6.12: a huge page without access", &k4, F2, 2, 0x840000000 | BLOCK(NEW_NONE), PTE_PAGE, 0x840000000, 2 << 20, "u", 0, 0 },
	{ "6.12: a huge page that is being split", &k4, F2, 2, 0x840000000 | (BLOCK(USER_RW) & ~VALID), PTE_PAGE, 0x840000000, 2 << 20, "wu", 0, 0 },
	{ "6.12: a huge page of 1 GiB without access", &k4, F2, 3, 0x880000000 | BLOCK(NEW_NONE), PTE_PAGE, 0x880000000, 1 << 30, "u", 0, 0 },
	{ "64K, 6.1: a page without access beyond 48 bits", &k64, F1, 1, 0x12340000 | 0xa << 12 | OLD_NONE, PTE_PAGE, 0xa000012340000, 65536, "u", 0, 0 },
	{ "64K, 6.12: a huge page without access", &k64, F2, 2, 0x840000000 | BLOCK(NEW_NONE), PTE_PAGE, 0x840000000, 512 << 20, "u", 0, 0 },
	{ "LPA2, 6.12: a page without access up there", &k4_lpa2, F2, 1, 0x12345000 | NO_LPA2(NEW_NONE) | 3 << 8, PTE_PAGE, 0xc000012345000, 4096, "u", 0, 0 },
	/* Swap entries and their relatives: the type says which, swap_entry.c what that means. */
	{ "5.10: a swap entry", &k4, F0, 1, SWAP_5_10(3, 0x1234), PTE_SWAP, 0, 0, "", 3, 0x1234 },
	{ "5.10: type 0, offset 1", &k4, F0, 1, SWAP_5_10(0, 1), PTE_SWAP, 0, 0, "", 0, 1 },
	{ "5.10: the largest type and offset", &k4, F0, 1, SWAP_5_10(31, OFFSET_MAX), PTE_SWAP, 0, 0, "", 31, OFFSET_MAX },
	{ "5.10: an offset with what is nG later", &k4, F0, 1, SWAP_5_10(1, 8), PTE_SWAP, 0, 0, "", 1, 8 },
	{ "5.10: a page on its way", &k4, F0, 1, SWAP_5_10(31, 0x812345), PTE_SWAP, 0, 0, "", 31, 0x812345 },
	{ "5.10: a page with a memory error", &k64, F0, 1, SWAP_5_10(29, 0x81234), PTE_SWAP, 0, 0, "", 29, 0x81234 },
	{ "6.1: a swap entry", &k4, F1, 1, SWAP_6_1(3, 0x1234), PTE_SWAP, 0, 0, "", 3, 0x1234 },
	{ "6.1: one that is this process's alone", &k4, F1, 1, SWAP_6_1(3, 0x1234) | EXCLUSIVE, PTE_SWAP, 0, 0, "", 3, 0x1234 },
	{ "6.1: the largest type and offset", &k64, F1, 1, SWAP_6_1(31, OFFSET_MAX), PTE_SWAP, 0, 0, "", 31, OFFSET_MAX },
	{ "6.1: a page on its way, with young and dirty above the frame", &k4, F1, 1, SWAP_6_1(30, 0x812345 | 3ull << 36), PTE_SWAP, 0, 0, "", 30, 0x812345 | 3ull << 36 },
	{ "6.1: a huge page on its way", &k4, F1, 2, SWAP_6_1(30, 0x840000), PTE_SWAP, 0, 0, "", 30, 0x840000 },
	{ "6.1: a huge page of 1 GiB with a memory error", &k4, F1, 3, SWAP_6_1(27, 0x880000), PTE_SWAP, 0, 0, "", 27, 0x880000 },
	{ "6.12: a swap entry", &k4, F2, 1, SWAP_6_12(3, 0x1234), PTE_SWAP, 0, 0, "", 3, 0x1234 },
	{ "6.12: one that is this process's alone and that uffd protects", &k4, F2, 1, SWAP_6_12(3, 0x1234) | EXCLUSIVE | SWP_UFFD, PTE_SWAP, 0, 0, "", 3, 0x1234 },
	{ "6.12: the largest type and offset", &k4, F2, 1, SWAP_6_12(31, OFFSET_MAX), PTE_SWAP, 0, 0, "", 31, OFFSET_MAX },
	{ "6.12: an offset with what was PROT_NONE before", &k16, F2, 1, SWAP_6_12(1, 1ull << 46), PTE_SWAP, 0, 0, "", 1, 1ull << 46 },
	{ "6.12: a page on its way", &k64, F2, 1, SWAP_6_12(30, 0x81234), PTE_SWAP, 0, 0, "", 30, 0x81234 },
	{ "6.12: a page with a memory error", &k4, F2, 1, SWAP_6_12(27, 0x812345), PTE_SWAP, 0, 0, "", 27, 0x812345 },
	{ "6.12: a huge page on its way", &k4, F2, 2, SWAP_6_12(30, 0x840000), PTE_SWAP, 0, 0, "", 30, 0x840000 },
	{ "6.12: a marker of uffd", &k4, F2, 1, SWAP_6_12(31, 1), PTE_SWAP, 0, 0, "", 31, 1 },
	{ "a format that there is none of is the last", &k4, 9, 1, SWAP_6_12(3, 0x1234), PTE_SWAP, 0, 0, "", 3, 0x1234 },
	/* What no kernel writes */
	{ "a swap entry at level 4", &k4, F2, 4, SWAP_6_12(3, 0x1234), PTE_BAD, 0, 0, "", 0, 0 },
	{ "a swap entry at level 3 of 64K", &k64, F2, 3, SWAP_6_12(3, 0x1234), PTE_BAD, 0, 0, "", 0, 0 },
	{ "neither valid nor present, with the bit of a page", &k4, F2, 1, 0x812345000 | PAGE, PTE_BAD, 0, 0, "", 0, 0 },
	{ "a table that is not valid", &k4, F1, 2, 0x812345000 | PAGE | PMD_INVALID, PTE_BAD, 0, 0, "", 0, 0 },
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
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(pte_rows); i++) {
		const struct pte_row *r = &pte_rows[i];
		struct arch_space s = *r->space;
		char flags[5] = "";
		struct pte p;

		s.pte_format = r->format;
		p = arch_arm64.pte_decode(&s, r->level, r->raw);
		flags_of(&p, flags);
		if (p.kind != r->kind || p.raw != r->raw || p.paddr != r->paddr || p.size != r->size ||
		    p.swap_type != r->swap_type || p.swap_offset != r->swap_offset ||
		    strcmp(flags, r->flags))
			fail_msg("%s: kind %d, 0x%llx, size 0x%llx, '%s', swap %u 0x%llx", r->what, p.kind,
				 (unsigned long long)p.paddr, (unsigned long long)p.size, flags,
				 p.swap_type, (unsigned long long)p.swap_offset);
	}
}

static void test_shifts(void **state)
{
	static const struct {
		const struct arch_space *s;
		unsigned int shifts[5];
	} rows[] = {
		{ &k4, { 12, 21, 30, 39, 48 } },
		{ &k16, { 14, 25, 36, 47 } },
		{ &k64, { 16, 29, 42 } },
	};
	unsigned int i, level;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		for (level = 1; level <= 5 && rows[i].shifts[level - 1]; level++)
			assert_int_equal(arch_arm64.level_shift(rows[i].s, level), rows[i].shifts[level - 1]);
}

/* --- address spaces ------------------------------------------------------------------------------ */

#define K4  "PAGESIZE=4096\n"
#define K16 "PAGESIZE=16384\n"
#define K64 "PAGESIZE=65536\n"
#define VA(n) "NUMBER(VA_BITS)=" n "\n"
#define T1SZ(n) "NUMBER(TCR_EL1_T1SZ)=" n "\n"
#define PHYS "NUMBER(PHYS_OFFSET)=0x40000000\n"
#define VOFF "NUMBER(kimage_voffset)=0xffff7fffc0000000\n"
#define PGD  "SYMBOL(swapper_pg_dir)=ffff800081a10000\n"
#define TAIL PHYS VOFF PGD
#define IMAGE { 0xffff800080010000, 0x80c0010000 - 0x8000000000, 0x2000000 }
#define IMAGE_PADDR 0xc0010000ull

struct space_row {
	const char *what, *info;
	struct arch_load load;
	int rc;
	const char *fault;
	unsigned int levels, va_bits;
	uint64_t user_end, addr_mask, addr_high_mask, page_offset, direct_start, direct_end;
};

static const struct space_row space_rows[] = {
	{ "4K, 39 bits", K4 VA("39") T1SZ("0x19") PHYS VOFF "SYMBOL(swapper_pg_dir)=ffffffc081a10000\n", { 0 }, 0, NULL,
	  3, 39, 1ull << 39, 0xfffffffff000, 0, 0xffffff8000000000 - 0x40000000, 0xffffff8000000000, 0xffffffc000000000 },
	{ "4K, 48 bits", K4 VA("48") T1SZ("0x10") TAIL, IMAGE, 0, NULL,
	  4, 48, 1ull << 48, 0xfffffffff000, 0, 0xffff000000000000 - 0x40000000, 0xffff000000000000, 0xffff800000000000 },
	{ "4K, 48 bits, T1SZ by its older name", K4 VA("48") "NUMBER(tcr_el1_t1sz)=0x10\n" TAIL, IMAGE, 0, NULL,
	  4, 48, 1ull << 48, 0xfffffffff000, 0, 0xffff000000000000 - 0x40000000, 0xffff000000000000, 0xffff800000000000 },
	{ "4K, 48 bits, no T1SZ", K4 VA("48") TAIL, IMAGE, 0, NULL,
	  4, 48, 1ull << 48, 0xfffffffff000, 0, 0xffff000000000000 - 0x40000000, 0xffff000000000000, 0xffff800000000000 },
	{ "4K, 52 bits (LPA2)", K4 VA("52") T1SZ("0xc") TAIL, IMAGE, 0, NULL,
	  5, 52, 1ull << 52, 0x3fffffffff000, 0x300, 0xfff0000000000000 - 0x40000000, 0xfff0000000000000, 0xffff800000000000 },
	{ "4K, built for 52, on a CPU of 48", K4 VA("52") T1SZ("0x10") "NUMBER(PHYS_OFFSET)=0xfff1000040000000\n" VOFF PGD, IMAGE, 0, NULL,
	  4, 48, 1ull << 48, 0xfffffffff000, 0, 0xfff0000000000000 - 0xfff1000040000000, 0xfff0000000000000, 0xffff800000000000 },
	{ "16K, 47 bits", K16 VA("47") T1SZ("0x11") PHYS VOFF "SYMBOL(swapper_pg_dir)=ffffc00081a10000\n", { 0 }, 0, NULL,
	  3, 47, 1ull << 47, 0xffffffffc000, 0, 0xffff800000000000 - 0x40000000, 0xffff800000000000, 0xffffc00000000000 },
	{ "16K, 48 bits: a level for one bit", K16 VA("48") T1SZ("0x10") TAIL, IMAGE, 0, NULL,
	  4, 48, 1ull << 48, 0xffffffffc000, 0, 0xffff000000000000 - 0x40000000, 0xffff000000000000, 0xffff800000000000 },
	{ "16K, built for 52, on a CPU without: 47 bits", K16 VA("52") T1SZ("0x11") PHYS VOFF "SYMBOL(swapper_pg_dir)=ffffc00081a10000\n", { 0 }, 0, NULL,
	  3, 47, 1ull << 47, 0xffffffffc000, 0, 0xfff0000000000000 - 0x40000000, 0xfff0000000000000, 0xffffc00000000000 },
	{ "64K, 42 bits", K64 VA("42") T1SZ("0x16") PHYS VOFF "SYMBOL(swapper_pg_dir)=fffffe0081a10000\n", { 0 }, 0, NULL,
	  2, 42, 1ull << 42, 0xffffffff0000, 0xf000, 0xfffffc0000000000 - 0x40000000, 0xfffffc0000000000, 0xfffffe0000000000 },
	{ "64K, 52 bits", K64 VA("52") T1SZ("0xc") TAIL, IMAGE, 0, NULL,
	  3, 52, 1ull << 52, 0xffffffff0000, 0xf000, 0xfff0000000000000 - 0x40000000, 0xfff0000000000000, 0xffff800000000000 },
	{ "64K, built for 52, on a CPU of 48: indexed as for 52", K64 VA("52") T1SZ("0x10") "NUMBER(PHYS_OFFSET)=0xfff1000040000000\n" VOFF PGD, IMAGE, 0, NULL,
	  3, 52, 1ull << 48, 0xffffffff0000, 0xf000, 0xfff0000000000000 - 0xfff1000040000000, 0xfff0000000000000, 0xffff800000000000 },
	{ "no PAGESIZE", VA("48") TAIL, { 0 }, ERR_FORMAT, "VMCOREINFO has no PAGESIZE", 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "a page size that is none", "PAGESIZE=8192\n" VA("48") TAIL, { 0 }, ERR_FORMAT, "PAGESIZE=8192 is none of arm64", 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "no VA_BITS", K4 TAIL, { 0 }, ERR_FORMAT, "VMCOREINFO has no NUMBER(VA_BITS)", 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "VA_BITS that are none", K4 VA("64") TAIL, { 0 }, ERR_FORMAT, "VA_BITS=64 is none of arm64", 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "negative VA_BITS", K4 VA("-48") TAIL, { 0 }, ERR_FORMAT, "VA_BITS=18446744073709551568 is none of arm64", 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "a CPU that walks more than the kernel has", K4 VA("48") T1SZ("0xc") TAIL, { 0 }, ERR_FORMAT, "TCR_EL1_T1SZ=12 does not fit VA_BITS=48", 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "a T1SZ that is none", K4 VA("48") T1SZ("0x3f") TAIL, { 0 }, ERR_FORMAT, "TCR_EL1_T1SZ=63 does not fit VA_BITS=48", 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "no PHYS_OFFSET", K4 VA("48") VOFF PGD, { 0 }, ERR_FORMAT, "VMCOREINFO has no NUMBER(PHYS_OFFSET)", 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "no kimage_voffset", K4 VA("48") PHYS PGD, { 0 }, ERR_FORMAT, "VMCOREINFO has no NUMBER(kimage_voffset)", 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "no root table", K4 VA("48") PHYS VOFF, { 0 }, ERR_FORMAT, "VMCOREINFO has no SYMBOL(swapper_pg_dir)", 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "a root table in the direct map", K4 VA("48") PHYS VOFF "SYMBOL(swapper_pg_dir)=ffff000001a10000\n", { 0 }, ERR_FORMAT,
	  "SYMBOL(swapper_pg_dir)=ffff000001a10000 is not in the kernel image", 0, 0, 0, 0, 0, 0, 0, 0 },
};

static void test_spaces(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(space_rows); i++) {
		const struct space_row *r = &space_rows[i];
		struct vmcoreinfo vi = { 0 };
		struct arch_space s = { 0 };
		struct err err = { 0 };
		int rc;

		assert_int_equal(vmcoreinfo_init(&vi, r->info, strlen(r->info), &err), 0);
		rc = arch_arm64.space_init(&vi, &r->load, r->load.size != 0, &s, &err);
		vmcoreinfo_deinit(&vi);
		if (rc != r->rc || (rc && strcmp(err.text, r->fault)))
			fail_msg("%s: %d '%s'", r->what, rc, err.text);
		if (rc)
			continue;
		if (s.levels != r->levels || s.va_bits != r->va_bits || s.user_end != r->user_end ||
		    s.addr_mask != r->addr_mask || s.addr_high_mask != r->addr_high_mask ||
		    s.page_offset != r->page_offset || s.direct_start != r->direct_start ||
		    s.direct_end != r->direct_end || !s.page_offset_found || s.levels > ARCH_LEVELS_MAX)
			fail_msg("%s: levels %u, %u bits, user to 0x%llx, mask 0x%llx 0x%llx, direct map 0x%llx: 0x%llx-0x%llx",
				 r->what, s.levels, s.va_bits, (unsigned long long)s.user_end,
				 (unsigned long long)s.addr_mask, (unsigned long long)s.addr_high_mask,
				 (unsigned long long)s.page_offset, (unsigned long long)s.direct_start,
				 (unsigned long long)s.direct_end);
		if (r->load.size && (s.image_start != r->load.vaddr || s.image_end != r->load.vaddr + r->load.size ||
				     s.image_paddr != IMAGE_PADDR || s.kernel_pgd != 0xc1a10000))
			fail_msg("%s: image 0x%llx-0x%llx at 0x%llx, root 0x%llx", r->what,
				 (unsigned long long)s.image_start, (unsigned long long)s.image_end,
				 (unsigned long long)s.image_paddr, (unsigned long long)s.kernel_pgd);
		if (!r->load.size && s.image_end)
			fail_msg("%s: an image without its segment", r->what);
	}
}

/* --- walks ---------------------------------------------------------------------------------------- */

/* Tables in a few pages of memory: what the walk makes of short top tables and of large pages. */
#define RAM 0x100000ull

struct walk_row {
	const char *what;
	const struct arch_space *space;
	uint64_t va;
	struct {
		uint64_t at, raw; /* offset in memory, entry */
	} entries[5];
	enum pte_kind kind;
	unsigned int level;
	paddr_t paddr;
};

static const struct arch_space k4_39 = { .page_shift = 12, .levels = 3, .va_bits = 39, .addr_mask = 0xfffffffff000 };

static const struct walk_row walk_rows[] = {
	{ "4K, 39 bits: three levels", &k4_39, 0x7f12345678, { { 508 * 8, RAM + 0x1000 + TABLE }, { 0x1000 + 145 * 8, RAM + 0x2000 + TABLE }, { 0x2000 + 325 * 8, 0x812345000 | USER_RW } },
	  PTE_PAGE, 1, 0x812345000 },
	{ "4K, 52 bits: a top table of 16 entries", &k4_lpa2, 0xf000000000000, { { 15 * 8, RAM + 0x1000 + TABLE }, { 0x1000, RAM + 0x2000 + TABLE }, { 0x2000, 0x880000000 | BLOCK(NO_LPA2(USER_RW)) } },
	  PTE_PAGE, 3, 0x880000000 },
	{ "an address of the kernel takes the same entry", &k4_lpa2, 0xffff000000000000, { { 15 * 8, RAM + 0x1000 + TABLE }, { 0x1000, RAM + 0x2000 + TABLE }, { 0x2000, 0x880000000 | BLOCK(NO_LPA2(KERNEL_RW)) } },
	  PTE_PAGE, 3, 0x880000000 },
	{ "16K, 48 bits: a top table of two", &k16, 0x800000000000, { { 8, RAM + 0x4000 + TABLE }, { 0x4000, RAM + 0x8000 + TABLE }, { 0x8000, 0x842000000 | BLOCK(USER_RW) } },
	  PTE_PAGE, 2, 0x842000000 },
	{ "64K, 52 bits: a top table of 1024", &k64, 0xffffe00000000000, { { 1016 * 8, RAM + 0x10000 + TABLE }, { 0x10000, 0x840000000 | BLOCK(KERNEL_RW) } },
	  PTE_PAGE, 2, 0x840000000 },
	{ "64K: nothing there", &k64, 0x40000000000, { { 0, RAM + 0x10000 + TABLE } }, PTE_EMPTY, 3, 0 },
};

static void test_walks(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(walk_rows); i++) {
		const struct walk_row *r = &walk_rows[i];
		unsigned int level = 0;
		struct err err = { 0 };
		struct tiny_ram m;
		struct pgwalk w;
		struct pgrun run;
		struct pte pte;
		int rc;

		tiny_ram_init(&m, 0x20000 / TINY_PAGE);
		for (n = 0; n < 5 && r->entries[n].raw; n++)
			put_u64(m.ram + r->entries[n].at, r->entries[n].raw);
		tiny_ram_open(&m, "");
		rc = pgtable_lookup(m.vc, &arch_arm64, r->space, RAM, r->va, &pte, &level, &err);
		if (rc || pte.kind != r->kind || level != r->level || pte.paddr != r->paddr)
			fail_msg("%s: %d '%s', kind %d at level %u, 0x%llx", r->what, rc, err.text, pte.kind,
				 level, (unsigned long long)pte.paddr);
		/* The walk in order finds the same. */
		assert_int_equal(pgwalk_init(&w, m.vc, &arch_arm64, r->space, RAM, NULL), 0);
		pgwalk_range(&w, r->va, r->va + 1);
		assert_true(pgwalk_next(&w, &run));
		if (run.rc || run.pte.kind != r->kind || run.level != r->level)
			fail_msg("%s, in order: %d '%s', kind %d at level %u", r->what, run.rc, w.why.text,
				 run.pte.kind, run.level);
		pgwalk_deinit(&w);
		tiny_ram_close(&m);
	}
}

/* A root table that is shorter than a page may be the last thing that is in the dump. */
static void test_short_root(void **state)
{
	struct tiny_ram m;
	struct pgwalk w;
	struct pgrun run;

	(void)state;
	tiny_ram_init(&m, 1);
	tiny_ram_open(&m, "");
	assert_int_equal(pgwalk_init(&w, m.vc, &arch_arm64, &k4_lpa2, RAM + TINY_PAGE - 16 * 8, NULL), 0);
	pgwalk_range(&w, 0, 1ull << 52);
	assert_true(pgwalk_next(&w, &run));
	assert_int_equal(run.rc, 0);
	assert_int_equal(run.pte.kind, PTE_EMPTY);
	assert_true(run.end == 1ull << 52);
	pgwalk_deinit(&w);
	tiny_ram_close(&m);
}

/* --- registers ------------------------------------------------------------------------------------- */

static void test_regs(void **state)
{
	static const struct {
		const char *what;
		uint64_t pstate, pc, sp;
		bool user, is_32bit;
	} rows[] = {
		{ "64-bit user code", 0x60001000, 0xaaaac0de0000, 0xffffc0de0000, true, false },
		{ "32-bit user code", 0x60000030, 0xc0de0, 0xffffc0de, true, true },
		{ "a kernel thread that never had any", 0, 0, 0, false, false },
		{ "kernel code", 0x604000c5, 0xffff800080010000, 0xffff800080020000, false, false },
		{ "kernel code at EL2 (VHE)", 0x604000c9, 0xffff800080010000, 0xffff800080020000, false, false },
	};
	uint64_t pt[ARCH_GREGS_MAX];
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arch_regs regs;

		memset(&regs, 0xaa, sizeof(regs));
		for (n = 0; n < arch_arm64.nr_pt_regs; n++)
			pt[n] = 0x1000 + n;
		pt[ARM64_REG_SP] = rows[i].sp;
		pt[ARM64_REG_PC] = rows[i].pc;
		pt[ARM64_REG_PSTATE] = rows[i].pstate;
		if (arch_arm64.regs_from_pt_regs(pt, &regs) != rows[i].user ||
		    arch_arm64.regs_are_32bit(&regs) != rows[i].is_32bit)
			fail_msg("%s", rows[i].what);
		for (n = 0; n < arch_arm64.nr_pt_regs; n++)
			assert_int_equal(regs.r[n], pt[n]);
		/* The thread pointer is not among them: 0, not what was there before. */
		assert_int_equal(regs.r[ARM64_REG_TPIDR], 0);
		assert_true(regs.unknown == 1ull << ARM64_REG_TPIDR);
		assert_true(arch_unknown_regs(&arch_arm64, &regs, false) == 0);
	}
	/* struct elf_prstatus: 112 bytes, user_pt_regs, pr_fpvalid and its padding. */
	assert_int_equal(arch_arm64.prstatus_off_reg + 8 * arch_arm64.nr_gregs, arch_arm64.prstatus_off_fpvalid);
	assert_int_equal(arch_arm64.prstatus_size, arch_arm64.prstatus_off_fpvalid + 8);
	assert_true(arch_arm64.reg_tp < ARCH_GREGS_MAX && arch_arm64.nr_pt_regs <= ARCH_GREGS_MAX);
}

/* --- dumps ----------------------------------------------------------------------------------------- */

/* Until all that a dump needs is there, opening one says so and does no more. */
static void test_refused(void **state)
{
	static const char info[] = K4 VA("48") T1SZ("0x10") TAIL;
	struct vmcore *vc = NULL;
	struct err err = { 0 };
	struct tiny t;
	struct kmem km;
	char text[256];

	(void)state;
	assert_ptr_equal(arch_find(EM_AARCH64), &arch_arm64);
	tiny_init(&t);
	t.machine = EM_AARCH64;
	tiny_load(&t, 0xffff000000000000, 0x40000000, TINY_PAGE, 0);
	tiny_info(&t, info);
	tiny_headers(&t);
	assert_int_equal(vmcore_open(tiny_save(&t), NULL, &vc, &err), 0);
	assert_int_equal(kmem_init(&km, vc, &err), ERR_UNSUPPORTED);
	snprintf(text, sizeof(text), "%s: dumps of aarch64 cannot be read yet: %s", t.path, arch_arm64.refused);
	assert_string_equal(err.text, text);
	vmcore_close(vc);
	tiny_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries), cmocka_unit_test(test_shifts), cmocka_unit_test(test_spaces),
		cmocka_unit_test(test_walks),	cmocka_unit_test(test_short_root), cmocka_unit_test(test_regs),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
