/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86_64: arch/x86/include/asm/pgtable_64.h, pgtable_types.h, pgtable-invert.h, page_64_types.h. */
#include "arch/arch.h"

#include <elf.h>

#define PAGE_SHIFT	12
#define BITS_PER_LEVEL	9
#define START_KERNEL_MAP 0xffffffff80000000ull /* __START_KERNEL_map */
#define KERNEL_IMAGE_SIZE_MAX GIB(1)
#define PAGE_OFFSET_L4	0xffff888000000000ull /* __PAGE_OFFSET_BASE_L4, without KASLR */
#define PAGE_OFFSET_L5	0xff11000000000000ull
#define PHYSICAL_MASK	0x000ffffffffff000ull /* __PHYSICAL_MASK_SHIFT 52, less the page offset */

#define PAGE_PRESENT	(1ull << 0)
#define PAGE_RW		(1ull << 1)
#define PAGE_USER	(1ull << 2)
#define PAGE_DIRTY	(1ull << 6)
#define PAGE_PSE	(1ull << 7)
#define PAGE_PROTNONE	(1ull << 8) /* _PAGE_BIT_PROTNONE is _PAGE_BIT_GLOBAL */
#define PAGE_SPECIAL	(1ull << 9) /* _PAGE_BIT_SOFTW1 */

#define USER_CS		0x33
#define USER32_CS	0x23

/* The image and the direct map: what VMCOREINFO does not say, the segments' addresses do. */
static void find_direct_map(const struct arch_load *loads, size_t nr, struct arch_space *s)
{
	size_t i;

	s->page_offset = s->levels == 5 ? PAGE_OFFSET_L5 : PAGE_OFFSET_L4;
	s->direct_end = s->page_offset;
	for (i = 0; i < nr; i++) {
		const struct arch_load *l = &loads[i];

		if (l->vaddr >= START_KERNEL_MAP || !(l->vaddr >> 63) || l->vaddr < l->paddr)
			continue;
		if (!s->page_offset_found) {
			s->page_offset = l->vaddr - l->paddr;
			s->page_offset_found = true;
		}
		if (l->vaddr - l->paddr == s->page_offset)
			s->direct_end = max_u64(s->direct_end, l->vaddr + l->size);
	}
	/* Headers without addresses: every frame that the segments have is in the direct map. */
	for (i = 0; i < nr && !s->page_offset_found; i++)
		s->direct_end = max_u64(s->direct_end,
					s->page_offset + loads[i].paddr + loads[i].size);
	s->direct_start = s->page_offset;
}

static int x86_64_space_init(const struct vmcoreinfo *vi, const struct arch_load *loads, size_t nr,
			     struct arch_space *s, struct err *err)
{
	int64_t phys_base, l5 = 0, image_size = 0, sme_mask = 0;
	uint64_t pgd;

	if (!vmcoreinfo_number(vi, "NUMBER(phys_base)", &phys_base))
		return err_set(err, ERR_FORMAT, "VMCOREINFO has no NUMBER(phys_base)");
	if (!vmcoreinfo_symbol(vi, "swapper_pg_dir", &pgd) &&
	    !vmcoreinfo_symbol(vi, "init_top_pgt", &pgd))
		return err_set(err, ERR_FORMAT, "VMCOREINFO has no SYMBOL(swapper_pg_dir)");
	vmcoreinfo_number(vi, "NUMBER(pgtable_l5_enabled)", &l5);
	vmcoreinfo_number(vi, "NUMBER(KERNEL_IMAGE_SIZE)", &image_size);
	vmcoreinfo_number(vi, "NUMBER(sme_mask)", &sme_mask);

	s->page_shift = PAGE_SHIFT;
	s->levels = l5 ? 5 : 4;
	s->va_bits = PAGE_SHIFT + BITS_PER_LEVEL * s->levels;
	s->addr_mask = PHYSICAL_MASK & ~(uint64_t)sme_mask;
	s->user_end = 1ull << (s->va_bits - 1);
	s->image_start = START_KERNEL_MAP;
	if (image_size <= 0 || (uint64_t)image_size > KERNEL_IMAGE_SIZE_MAX)
		image_size = KERNEL_IMAGE_SIZE_MAX;
	s->image_end = START_KERNEL_MAP + (uint64_t)image_size;
	s->image_paddr = (uint64_t)phys_base;
	if (pgd < s->image_start || pgd >= s->image_end)
		return err_set(err, ERR_FORMAT,
			       "SYMBOL(swapper_pg_dir)=%" PRIx64 " is not in the kernel image", pgd);
	s->kernel_pgd = pgd - s->image_start + s->image_paddr;
	find_direct_map(loads, nr, s);
	return 0;
}

static unsigned int x86_64_level_shift(const struct arch_space *s, unsigned int level)
{
	(void)s;
	return PAGE_SHIFT + BITS_PER_LEVEL * (level - 1);
}

/* Swap entries: type in the top 5 bits, offset inverted below (since 4.19, bcd11afa7ade). */
static void decode_swap(uint64_t raw, struct pte *pte)
{
	pte->kind = PTE_SWAP;
	pte->swap_type = (unsigned int)(raw >> 59);
	pte->swap_offset = ~raw << 5 >> 14;
}

static struct pte x86_64_pte_decode(const struct arch_space *s, unsigned int level, uint64_t raw)
{
	struct pte pte = { .kind = PTE_EMPTY, .raw = raw };
	uint64_t addr = raw, size = 1ull << x86_64_level_shift(s, level);
	bool present = raw & PAGE_PRESENT;
	bool leaf = level == 1;

	if (!raw)
		return pte;
	/*
	 * Above the last level a leaf has PSE, at 1 GiB and 2 MiB only. A huge page under splitting or
	 * NUMA hinting has no PRESENT but PSE or PROTNONE: pmd_present().
	 */
	if (level > 1)
		leaf = level <= 3 && raw & (PAGE_PSE | (present ? 0 : PAGE_PROTNONE));
	if (!present && (!leaf || (level == 1 && !(raw & PAGE_PROTNONE)))) {
		/* Of hugetlbfs entries of every size: on their way, or with a memory error. */
		if (level <= 3)
			decode_swap(raw, &pte);
		else
			pte.kind = PTE_BAD;
		return pte;
	}
	/* The address of what is mapped but not present is stored inverted (L1TF, 6b28baca9b1f). */
	if (!present)
		addr = ~raw;
	pte.kind = leaf ? PTE_PAGE : PTE_TABLE;
	pte.paddr = addr & s->addr_mask;
	if (leaf) {
		/* Of a huge page the low address bits hold PAT and must not count. */
		pte.paddr &= ~(size - 1);
		pte.size = size;
		pte.special = level == 1 && raw & PAGE_SPECIAL;
		pte.dirty = raw & PAGE_DIRTY;
	}
	pte.writable = raw & PAGE_RW;
	pte.user = raw & PAGE_USER || (!present && raw & PAGE_PROTNONE);
	return pte;
}

/*
 * struct pt_regs and the core note have the same order up to ss: r15 r14 r13 r12 bp bx r11 r10 r9 r8
 * ax cx dx si di orig_ax ip cs flags sp ss (asm/ptrace.h, asm/elf.h ELF_CORE_COPY_REGS). Since 6.9 cs
 * and ss share their words with FRED event data, so only 16 bits count.
 */
static bool x86_64_regs_from_pt_regs(const uint64_t *pt, struct arch_regs *ret)
{
	unsigned int i;

	for (i = 0; i < 21; i++)
		ret->r[i] = pt[i];
	ret->unknown = 0;
	for (; i < ARCH_GREGS_MAX; i++) {
		ret->r[i] = 0;
		ret->unknown |= 1ull << i;
	}
	ret->r[17] &= 0xffff;
	ret->r[20] &= 0xffff;
	return ret->r[17] == USER_CS || ret->r[17] == USER32_CS;
}

/* What pt_regs has not. */
static const char *const greg_names[ARCH_GREGS_MAX] = {
	[X86_64_REG_FS_BASE] = "fs_base", [X86_64_REG_GS_BASE] = "gs_base", [X86_64_REG_DS] = "ds",
	[X86_64_REG_ES] = "es",		  [X86_64_REG_FS] = "fs",	    [X86_64_REG_GS] = "gs",
};

/* rax rdx rcx rbx rsi rdi rbp rsp r8..r15, rip: the psABI's DWARF numbers. */
static const uint8_t dwarf_regs[] = { 10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16 };

/* ebx ecx edx esi edi ebp eax ds es fs gs orig_eax eip cs eflags esp ss: struct user_regs_struct32. */
static const uint8_t gregs32[] = { 5, 11, 12, 13, 14, 4, 10, X86_64_REG_DS, X86_64_REG_ES,
				   X86_64_REG_FS, X86_64_REG_GS, 15, 16, 17, 18, 19, 20 };

static bool x86_64_regs_are_32bit(const struct arch_regs *r)
{
	return r->r[X86_64_REG_CS] == USER32_CS;
}

const struct arch arch_x86_64 = {
	.name = "x86_64",
	.e_machine = EM_X86_64,
	.e_machine32 = EM_386,
	.gregs32 = gregs32,
	.nr_gregs32 = sizeof(gregs32),
	.reg_tls32 = X86_64_REG_GS,
	.tls_entry_min = 12, /* GDT_ENTRY_TLS_MIN of a 64-bit kernel */
	.regs_are_32bit = x86_64_regs_are_32bit,
	.nr_gregs = 27,
	.greg_names = greg_names,
	.reg_pc = 16,
	.reg_sp = 19,
	.reg_tp = X86_64_REG_FS_BASE,
	.red_zone = 128,
	.reg_fp = 4,
	.reg_syscall = 15,
	.prstatus_size = 336,
	.prstatus_off_reg = 112,
	.prstatus_off_pid = 32,
	.prstatus_off_fpvalid = 328,
	.dwarf_regs = dwarf_regs,
	.nr_pt_regs = 21,
	.space_init = x86_64_space_init,
	.level_shift = x86_64_level_shift,
	.pte_decode = x86_64_pte_decode,
	.regs_from_pt_regs = x86_64_regs_from_pt_regs,
};
