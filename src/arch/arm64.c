/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arm64: arch/arm64/include/asm/pgtable-hwdef.h, pgtable-prot.h, pgtable.h, memory.h, ptrace.h and
 * arch/arm64/kernel/vmcore_info.c, all of them read in 5.10, 6.1, 6.12 and 7.2. Pages of 4, 16 and 64 KiB.
 */
#include "arch/arch.h"

#include <elf.h>

#define ENTRY_VALID	   (1ull << 0)
#define ENTRY_TABLE	   (1ull << 1) /* of the last level: a page */
#define ENTRY_USER	   (1ull << 6)
#define ENTRY_RDONLY	   (1ull << 7)
#define ENTRY_WRITE	   (1ull << 51) /* PTE_WRITE is PTE_DBM */
#define ENTRY_UXN	   (1ull << 54)
#define ENTRY_DIRTY	   (1ull << 55)
#define ENTRY_SPECIAL	   (1ull << 56)
#define PTE_PROT_NONE	   (1ull << 58) /* to 6.9, where not valid */
#define PMD_PRESENT_INVALID (1ull << 59) /* likewise, of blocks */
#define PTE_PRESENT_INVALID_NG (1ull << 11) /* since 6.10, where not valid */

#define PSR_MODE_MASK  0xfull /* 0: EL0 */
#define PSR_MODE32_BIT (1ull << 4)

#define VA_BITS_LEAST 36u
#define VA_BITS_MOST  52u
#define MODE_EL0      0u

static bool number(const struct vmcoreinfo *vi, const char *key, uint64_t *ret)
{
	int64_t v;

	if (!vmcoreinfo_number(vi, key, &v))
		return false;
	*ret = (uint64_t)v;
	return true;
}

/* The granule: 4, 16 or 64 KiB. */
static int find_page_size(const struct vmcoreinfo *vi, struct arch_space *s, struct err *err)
{
	uint64_t size;

	if (!number(vi, "PAGESIZE", &size))
		return err_set(err, ERR_FORMAT, "VMCOREINFO has no PAGESIZE");
	if (size != KIB(4) && size != KIB(16) && size != KIB(64))
		return err_set(err, ERR_FORMAT, "PAGESIZE=%" PRIu64 " is none of arm64", size);
	s->page_shift = (unsigned int)__builtin_ctzll(size);
	return 0;
}

/*
 * VA_BITS is what the kernel was built for, 64 less T1SZ what the CPU walks. A kernel for 52 on a CPU that
 * has 48 uses as many levels as 48 take (47 with 16 KiB); with 64 KiB pages that is as many, and the kernel
 * indexes the top table as for 52, the CPU starting within it (TTBR1_BADDR_4852_OFFSET).
 */
static int find_va_bits(const struct vmcoreinfo *vi, struct arch_space *s, uint64_t *configured,
			struct err *err)
{
	uint64_t t1sz, actual;

	if (!number(vi, "NUMBER(VA_BITS)", configured))
		return err_set(err, ERR_FORMAT, "VMCOREINFO has no NUMBER(VA_BITS)");
	if (*configured < VA_BITS_LEAST || *configured > VA_BITS_MOST)
		return err_set(err, ERR_FORMAT, "VA_BITS=%" PRIu64 " is none of arm64", *configured);
	actual = *configured;
	/* TCR_EL1_T1SZ; in lower case where it was brought back to older kernels. */
	if (number(vi, "NUMBER(TCR_EL1_T1SZ)", &t1sz) || number(vi, "NUMBER(tcr_el1_t1sz)", &t1sz)) {
		if (t1sz < 64 - *configured || t1sz > 64 - VA_BITS_LEAST)
			return err_set(err, ERR_FORMAT,
				       "TCR_EL1_T1SZ=%" PRIu64 " does not fit VA_BITS=%" PRIu64, t1sz,
				       *configured);
		actual = 64 - t1sz;
	}
	s->user_end = 1ull << actual;
	s->va_bits = (unsigned int)(s->page_shift == 16 ? *configured : actual);
	s->levels = (s->va_bits - 4) / (s->page_shift - 3); /* ARM64_HW_PGTABLE_LEVELS() */
	return 0;
}

/*
 * Bits 47 and below of an entry are the address's own. Addresses of 52 bits: with 64 KiB pages the upper four
 * stand in bits 12-15, where kernels without them have zeros. With smaller pages there are such only with
 * 52 bits of virtual address (LPA2): two in place, two in bits 8-9, which otherwise tell how memory is shared.
 */
static void find_addr_bits(struct arch_space *s)
{
	uint64_t low = ~((1ull << s->page_shift) - 1);

	s->addr_mask = low & ((1ull << 48) - 1);
	s->addr_high_mask = 0;
	s->addr_high_shift = 0;
	if (s->page_shift == 16) {
		s->addr_high_mask = 0xfull << 12;
		s->addr_high_shift = 36;
	} else if (s->va_bits == 52) {
		s->addr_mask = low & ((1ull << 50) - 1);
		s->addr_high_mask = 3ull << 8;
		s->addr_high_shift = 42;
	}
}

/* The direct map takes the lower half of the kernel's addresses: [PAGE_OFFSET, PAGE_END), since 5.4. */
static int find_direct_map(const struct vmcoreinfo *vi, uint64_t configured, struct arch_space *s,
			   struct err *err)
{
	uint64_t phys_offset, va_bits_min = min_u64(configured, 48);

	if (!number(vi, "NUMBER(PHYS_OFFSET)", &phys_offset))
		return err_set(err, ERR_FORMAT, "VMCOREINFO has no NUMBER(PHYS_OFFSET)");
	if (s->page_shift == 14 && configured == 52)
		va_bits_min = 47; /* VA_BITS_MIN */
	s->direct_start = -(1ull << configured);
	s->direct_end = -(1ull << (va_bits_min - 1));
	/* May lie below 0, by randomisation and on CPUs without the 52 bits. */
	s->page_offset = s->direct_start - phys_offset;
	s->page_offset_found = true;
	return 0;
}

/* The image is where a segment maps it as kimage_voffset says; no other line of VMCOREINFO tells. */
static int find_image(const struct vmcoreinfo *vi, const struct arch_load *loads, size_t nr,
		      struct arch_space *s, struct err *err)
{
	uint64_t voffset, pgd;
	size_t i;

	if (!number(vi, "NUMBER(kimage_voffset)", &voffset))
		return err_set(err, ERR_FORMAT, "VMCOREINFO has no NUMBER(kimage_voffset)");
	if (!vmcoreinfo_symbol(vi, "swapper_pg_dir", &pgd))
		return err_set(err, ERR_FORMAT, "VMCOREINFO has no SYMBOL(swapper_pg_dir)");
	if (pgd < s->direct_end)
		return err_set(err, ERR_FORMAT,
			       "SYMBOL(swapper_pg_dir)=%" PRIx64 " is not in the kernel image", pgd);
	s->kernel_pgd = pgd - voffset;
	for (i = 0; i < nr; i++)
		if (loads[i].vaddr >= s->direct_end && loads[i].vaddr - loads[i].paddr == voffset) {
			s->image_start = loads[i].vaddr;
			s->image_end = loads[i].vaddr + loads[i].size;
			s->image_paddr = loads[i].paddr;
			break;
		}
	return 0;
}

static int arm64_space_init(const struct vmcoreinfo *vi, const struct arch_load *loads, size_t nr,
			    struct arch_space *s, struct err *err)
{
	uint64_t configured = 0;
	int rc = find_page_size(vi, s, err);

	if (!rc)
		rc = find_va_bits(vi, s, &configured, err);
	if (!rc)
		rc = find_direct_map(vi, configured, s, err);
	if (!rc)
		rc = find_image(vi, loads, nr, s, err);
	if (rc)
		return rc;
	find_addr_bits(s);
	/* Not told here: who reads entries that are not valid has to find out. */
	s->pte_format = ARM64_PTE_PRESENT_INVALID;
	return 0;
}

static unsigned int arm64_level_shift(const struct arch_space *s, unsigned int level)
{
	return s->page_shift + (s->page_shift - 3) * (level - 1);
}

static void decode_swap(unsigned int format, uint64_t raw, struct pte *pte)
{
	static const struct {
		unsigned int type_shift, type_bits, offset_shift;
	} formats[] = {
		[ARM64_PTE_PROT_NONE] = { 2, 6, 8 },
		[ARM64_PTE_SWP_EXCLUSIVE] = { 3, 5, 8 },
		[ARM64_PTE_PRESENT_INVALID] = { 6, 5, 12 },
	};

	pte->kind = PTE_SWAP;
	pte->swap_type = (unsigned int)(raw >> formats[format].type_shift &
					((1u << formats[format].type_bits) - 1));
	pte->swap_offset = raw >> formats[format].offset_shift & ((1ull << 50) - 1);
}

/* pte_present() and pmd_present() of what is not valid. The frame is not inverted here. */
static bool is_present_invalid(unsigned int format, unsigned int level, uint64_t raw)
{
	if (format == ARM64_PTE_PRESENT_INVALID)
		return raw & PTE_PRESENT_INVALID_NG;
	return raw & (PTE_PROT_NONE | (level > 1 ? PMD_PRESENT_INVALID : 0));
}

/* Blocks: of 2 MiB, 32 MiB or 512 MiB at level 2, of 1 GiB with 4 KiB pages (pud_sect_supported()). */
static bool may_be_leaf(const struct arch_space *s, unsigned int level)
{
	return level <= 2 || (level == 3 && s->page_shift == 12);
}

static void decode_leaf(const struct arch_space *s, unsigned int level, struct pte *pte)
{
	uint64_t raw = pte->raw;

	pte->kind = PTE_PAGE;
	pte->size = 1ull << arm64_level_shift(s, level);
	pte->paddr &= ~(pte->size - 1);
	pte->writable = raw & ENTRY_WRITE;
	pte->dirty = raw & ENTRY_DIRTY || (raw & ENTRY_WRITE && !(raw & ENTRY_RDONLY));
	/* What may only be executed, and what has no access at all, has no USER bit. */
	pte->user = raw & ENTRY_USER || !(raw & ENTRY_UXN) || !(raw & ENTRY_VALID);
	pte->special = level == 1 && raw & ENTRY_SPECIAL;
}

static struct pte arm64_pte_decode(const struct arch_space *s, unsigned int level, uint64_t raw)
{
	struct pte pte = { .kind = PTE_EMPTY, .raw = raw };
	unsigned int format = s->pte_format < ARM64_PTE_FORMATS ? s->pte_format :
								  ARM64_PTE_PRESENT_INVALID;
	bool table_bit = raw & ENTRY_TABLE;

	if (!raw)
		return pte;
	pte.paddr = (raw & s->addr_mask) | (raw & s->addr_high_mask) << s->addr_high_shift;
	if (raw & ENTRY_VALID && table_bit && level > 1)
		pte.kind = PTE_TABLE;
	else if (raw & ENTRY_VALID || is_present_invalid(format, level, raw))
		pte.kind = PTE_PAGE;
	else if (may_be_leaf(s, level) && !table_bit) {
		pte.paddr = 0;
		decode_swap(format, raw, &pte);
		return pte;
	} else
		pte.kind = PTE_BAD;
	/* A page has the bit, a block has not; without VALID too, as only that bit is taken away. */
	if (pte.kind == PTE_PAGE && (!may_be_leaf(s, level) || table_bit != (level == 1)))
		pte.kind = PTE_BAD;
	if (pte.kind == PTE_PAGE)
		decode_leaf(s, level, &pte);
	if (pte.kind == PTE_BAD)
		pte.paddr = 0;
	return pte;
}

/* struct pt_regs begins with what the core note has: x0-x30, sp, pc, pstate (struct user_pt_regs). */
static bool arm64_regs_from_pt_regs(const uint64_t *pt, struct arch_regs *ret)
{
	unsigned int i;

	for (i = 0; i <= ARM64_REG_PSTATE; i++)
		ret->r[i] = pt[i];
	ret->unknown = 0;
	for (; i < ARCH_GREGS_MAX; i++) {
		ret->r[i] = 0;
		ret->unknown |= 1ull << i;
	}
	/* All zero is what a kernel thread has: the mode of user code is 0 as well. */
	return (ret->r[ARM64_REG_PSTATE] & PSR_MODE_MASK) == MODE_EL0 &&
	       (ret->r[ARM64_REG_PC] || ret->r[ARM64_REG_SP]);
}

static bool arm64_regs_are_32bit(const struct arch_regs *r)
{
	return r->r[ARM64_REG_PSTATE] & PSR_MODE32_BIT;
}

static const char *const greg_names[ARCH_GREGS_MAX] = { [ARM64_REG_TPIDR] = "tpidr" };

const struct arch arch_arm64 = {
	.name = "aarch64",
	.e_machine = EM_AARCH64,
	.refused = "there are decoders for its page tables and registers, nothing that uses them",
	.nr_pte_formats = ARM64_PTE_FORMATS,
	.nr_gregs = 34,
	.greg_names = greg_names,
	.reg_pc = ARM64_REG_PC,
	.reg_sp = ARM64_REG_SP,
	.reg_fp = 29,
	.reg_syscall = 8,
	.reg_tp = ARM64_REG_TPIDR,
	.prstatus_size = 392,
	.prstatus_off_reg = 112,
	.prstatus_off_pid = 32,
	.prstatus_off_fpvalid = 384,
	.nr_pt_regs = 34,
	.space_init = arm64_space_init,
	.level_shift = arm64_level_shift,
	.pte_decode = arm64_pte_decode,
	.regs_are_32bit = arm64_regs_are_32bit,
	.regs_from_pt_regs = arm64_regs_from_pt_regs,
};
