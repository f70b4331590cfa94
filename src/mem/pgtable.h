/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables of the dumped machine, one address at a time or a range in order. */
#ifndef VMSIFT_MEM_PGTABLE_H
#define VMSIFT_MEM_PGTABLE_H

#include "arch/arch.h"
#include "vmcore/vmcore.h"

/**
 * pgtable_lookup() - what maps one virtual address
 * @root:  physical address of the top table
 * @pte:   the entry where the walk ended: page, empty, swap or bad
 * @level: its level, 1 for the last
 *
 * Return: 0; ERR_ABSENT if a table is not in the dump, named by level, index and entry.
 */
int pgtable_lookup(struct vmcore *vc, const struct arch *arch, const struct arch_space *s,
		   paddr_t root, uint64_t va, struct pte *pte, unsigned int *level,
		   struct err *err);

/* What a stretch of addresses turned out to be. */
struct pgrun {
	uint64_t start, end;
	struct pte pte;	 /* of the entry; for an empty stretch .kind is PTE_EMPTY */
	unsigned int level;
	int rc;		 /* 0; ERR_ABSENT, ERR_CORRUPT: the table for this stretch cannot be read, see .why */
};

/*
 * A walk of [start, end) in address order. One page of memory for each level. The cost follows the
 * tables that exist, not the range: an empty entry of a high level is one run.
 */
struct pgwalk {
	struct vmcore *vc;
	const struct arch *arch;
	const struct arch_space *s;
	uint64_t at, end;
	uint64_t tables_left; /* a sane process has no more tables than the machine has pages */
	paddr_t table_paddr[ARCH_LEVELS_MAX + 1];
	int table_rc[ARCH_LEVELS_MAX + 1];
	bool table_valid[ARCH_LEVELS_MAX + 1];
	uint8_t *table[ARCH_LEVELS_MAX + 1]; /* by level; [0] unused */
	struct err why; /* of the last run with .rc */
};

/* Return: 0 or ERR_NOMEM. pgwalk_deinit() either way. */
int pgwalk_init(struct pgwalk *w, struct vmcore *vc, const struct arch *arch,
		const struct arch_space *s, paddr_t root, struct err *err);
void pgwalk_deinit(struct pgwalk *w);

/* Set the range to walk; may be called again and again on one walk, best with ascending ranges. */
void pgwalk_range(struct pgwalk *w, uint64_t start, uint64_t end);

/**
 * pgwalk_next() - the next stretch
 * @ret: clipped to the range; adjacent empty entries of one table are one run; .pte.paddr is that of
 *	 .start, also inside a huge page
 *
 * Return: false at the end of the range.
 */
bool pgwalk_next(struct pgwalk *w, struct pgrun *ret);

#endif
