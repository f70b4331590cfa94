/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between machines, as pure functions: bytes in, facts out. Nothing here reads memory, so
 * every architecture is tested on any host. A new one is one file and one row of arch.c.
 */
#ifndef VMSIFT_ARCH_ARCH_H
#define VMSIFT_ARCH_ARCH_H

#include "util/err.h"
#include "util/types.h"
#include "vmcore/vmcoreinfo.h"

/* Levels of page table: 5 on x86_64 with LA57. */
#define ARCH_LEVELS_MAX 5

/* Where the crashed kernel had things, by its VMCOREINFO and the dump's segments. */
struct arch_space {
	unsigned int page_shift;
	unsigned int levels;	/* of page tables, user and kernel */
	unsigned int va_bits;	/* of an address that the tables translate: the top one may be short */
	uint64_t addr_mask;	/* physical address bits of a table entry */
	uint64_t addr_high_mask; /* more of them that stand lower, and how far they are shifted up */
	unsigned int addr_high_shift;
	unsigned int pte_format; /* which of the arch's nr_pte_formats its entries have */
	uvaddr_t user_end;	/* first address that is no user's */
	kvaddr_t image_start, image_end; /* the kernel image: paddr = va - image_start + image_paddr */
	uint64_t image_paddr;	/* modulo 2^64 */
	kvaddr_t page_offset;	/* the direct map: paddr = va - page_offset, modulo 2^64 */
	kvaddr_t direct_start, direct_end;
	bool page_offset_found; /* from the dump's segments, not from a default */
	paddr_t kernel_pgd;	/* the kernel's own root table */
};

/* A segment of the dump: where the kernel had it mapped. */
struct arch_load {
	kvaddr_t vaddr;
	paddr_t paddr;
	uint64_t size;
};

enum pte_kind {
	PTE_EMPTY,	/* all zero: nothing was ever there */
	PTE_TABLE,	/* leads to the next level */
	PTE_PAGE,	/* a page in memory, PROT_NONE ones included */
	PTE_SWAP,	/* a swap entry or one of its relatives: .swap_type, .swap_offset */
	PTE_BAD,	/* no kernel writes this */
};

struct pte {
	enum pte_kind kind;
	paddr_t paddr;	 /* of the page or of the next table */
	uint64_t size;	 /* PTE_PAGE: bytes, by level */
	bool writable, dirty, user, special;
	unsigned int swap_type;
	uint64_t swap_offset;
	uint64_t raw;
};

/* General registers as NT_PRSTATUS holds them, with where the few we look at are. */
#define ARCH_GREGS_MAX 35
struct arch_regs {
	uint64_t r[ARCH_GREGS_MAX]; /* in the order of the core note; what is in none of its words comes behind */
	uint64_t unknown; /* a bit for each of @r that is 0 because it is not known */
};

struct arch {
	const char *name; /* as uname -m says it */
	uint16_t e_machine;
	/* What is missing to read dumps of this machine, which are refused with it; NULL: nothing. */
	const char *refused;
	uint16_t e_machine32;	       /* of its 32-bit processes; 0: it has none that are written */
	unsigned int nr_gregs;	       /* 64-bit words of NT_PRSTATUS pr_reg */
	const char *const *greg_names; /* of those that may be .unknown, by index in arch_regs.r; else NULL */
	unsigned int reg_pc, reg_sp, reg_fp, reg_syscall; /* index in arch_regs.r */
	unsigned int reg_tp;	       /* thread pointer: fs_base, tpidr_el0 */
	unsigned int red_zone;	       /* bytes below the stack pointer that code may use */
	unsigned int prstatus_size, prstatus_off_reg, prstatus_off_pid, prstatus_off_fpvalid;
	const uint8_t *dwarf_regs; /* by DWARF number 0..16 of unwind/cfi.h: index in arch_regs.r */
	unsigned int nr_pte_formats; /* values of arch_space.pte_format, 0 counts as 1 */
	unsigned int nr_pt_regs; /* 64-bit words of struct pt_regs that are registers */

	/**
	 * space_init() - find where the kernel had things
	 * Return: 0; ERR_FORMAT if VMCOREINFO lacks what this needs, named in @err.
	 */
	int (*space_init)(const struct vmcoreinfo *vi, const struct arch_load *loads, size_t nr,
			  struct arch_space *ret, struct err *err);

	/* @level: 1 for the last one. First bit of the address that indexes a table of this level. */
	unsigned int (*level_shift)(const struct arch_space *s, unsigned int level);
	struct pte (*pte_decode)(const struct arch_space *s, unsigned int level, uint64_t raw);

	/* NT_PRSTATUS pr_reg of a 32-bit process: index in arch_regs.r of each of its words. */
	const uint8_t *gregs32;
	unsigned int nr_gregs32;
	/* The thread pointer of a 32-bit process: the register with its selector, and what the first of
	   task_tls() has for a number in the GDT. */
	unsigned int reg_tls32, tls_entry_min;
	/* Whether these registers are those of 32-bit code. */
	bool (*regs_are_32bit)(const struct arch_regs *r);

	/**
	 * regs_from_pt_regs() - user registers as the core note wants them
	 * @pt:	the @nr_pt_regs words at the top of the kernel stack
	 * fs_base and the like, which pt_regs has not, are left 0 and .unknown.
	 * Return: whether this looks like registers saved on the way from user mode.
	 */
	bool (*regs_from_pt_regs)(const uint64_t *pt, struct arch_regs *ret);
};

extern const struct arch arch_arm64;
extern const struct arch arch_x86_64;

/*
 * arch_space.pte_format of arm64: entries that are not valid, by the commit that brought each. The first two
 * are told apart as SWP_MIGRATION_READ_EXCLUSIVE is: the page flag PG_anon_exclusive came with it. Nothing in
 * a dump shows the third.
 */
enum {
	ARM64_PTE_PROT_NONE,	   /* to 5.18: PROT_NONE has bit 58; swap type in bits 2-7, offset from 8 on */
	ARM64_PTE_SWP_EXCLUSIVE,   /* 570ef363509b (5.19): bit 2 is a flag, type in bits 3-7 */
	ARM64_PTE_PRESENT_INVALID, /* 55564814a838 (6.10): bit 11; type in bits 6-10, offset from 12 on */
	ARM64_PTE_FORMATS
};

/* Index in arch_regs.r of registers that arm64 has beside the common ones. */
enum { ARM64_REG_LR = 30, ARM64_REG_SP = 31, ARM64_REG_PC = 32, ARM64_REG_PSTATE = 33,
       ARM64_REG_TPIDR = 34 /* in no word of NT_PRSTATUS: NT_ARM_TLS has it */ };

/* Index in arch_regs.r of registers that x86_64 has beside the common ones. */
enum { X86_64_REG_CS = 17, X86_64_REG_FS_BASE = 21, X86_64_REG_GS_BASE = 22,
       X86_64_REG_DS = 23, X86_64_REG_ES = 24, X86_64_REG_FS = 25, X86_64_REG_GS = 26 };

/* Which registers of the core note, of a 32-bit process if @is_32bit, are 0 as they are not known: bits. */
uint64_t arch_unknown_regs(const struct arch *a, const struct arch_regs *r, bool is_32bit);

/* NULL where the machine is not known. */
const struct arch *arch_find(uint16_t e_machine);

#endif
