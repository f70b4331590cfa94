/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mem/pgtable.h"

#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"

#define ENTRY_SIZE 8

/* A table fills a page; the top one is shorter where the address bits that are left need fewer entries. */
static uint64_t table_size(const struct arch *arch, const struct arch_space *s, unsigned int level)
{
	unsigned int shift = arch->level_shift(s, level);
	uint64_t whole = 1ull << s->page_shift;

	return level < s->levels ? whole : min_u64(whole, ENTRY_SIZE << (s->va_bits - shift));
}

static uint64_t table_index(const struct arch *arch, const struct arch_space *s, unsigned int level,
			    uint64_t va)
{
	return va >> arch->level_shift(s, level) & (table_size(arch, s, level) / ENTRY_SIZE - 1);
}

int pgtable_lookup(struct vmcore *vc, const struct arch *arch, const struct arch_space *s,
		   paddr_t root, uint64_t va, struct pte *pte, unsigned int *level,
		   struct err *err)
{
	paddr_t table = root;

	for (*level = s->levels; *level; --*level) {
		uint64_t i = table_index(arch, s, *level, va);
		uint8_t raw[ENTRY_SIZE];
		int rc = vmcore_read(vc, table + i * ENTRY_SIZE, raw, sizeof(raw), err);

		if (rc)
			return err_add(err, "level %u page table, entry %" PRIu64, *level, i);
		*pte = arch->pte_decode(s, *level, get_u64(raw));
		if (pte->kind != PTE_TABLE)
			return 0;
		table = pte->paddr;
	}
	return err_set(err, ERR_CORRUPT, "page tables lead nowhere");
}

int pgwalk_init(struct pgwalk *w, struct vmcore *vc, const struct arch *arch,
		const struct arch_space *s, paddr_t root, struct err *err)
{
	unsigned int level;

	memset(w, 0, sizeof(*w));
	w->vc = vc;
	w->arch = arch;
	w->s = s;
	w->tables_left = vmcore_nr_pages(vc) + s->levels;
	for (level = 1; level <= s->levels; level++) {
		w->table[level] = malloc(table_size(arch, s, level));
		if (!w->table[level])
			return err_nomem(err);
	}
	w->table_paddr[s->levels] = root;
	return 0;
}

void pgwalk_deinit(struct pgwalk *w)
{
	unsigned int level;

	for (level = 0; level <= ARCH_LEVELS_MAX; level++)
		free(w->table[level]);
	memset(w->table, 0, sizeof(w->table));
}

void pgwalk_range(struct pgwalk *w, uint64_t start, uint64_t end)
{
	w->at = start;
	w->end = end;
}

/* Have the table at @paddr in the buffer of @level; what is below it is then no longer valid. */
static int load_table(struct pgwalk *w, unsigned int level, paddr_t paddr)
{
	unsigned int below;

	if (w->table_valid[level] && w->table_paddr[level] == paddr)
		return w->table_rc[level];
	for (below = 1; below < level; below++)
		w->table_valid[below] = false;
	w->table_paddr[level] = paddr;
	w->table_valid[level] = true;
	w->why.text[0] = 0;
	if (!w->tables_left)
		w->table_rc[level] = err_set(&w->why, ERR_CORRUPT,
					     "more page tables than the machine has pages: a loop");
	else {
		w->tables_left--;
		w->table_rc[level] = vmcore_read(w->vc, paddr, w->table[level],
						 table_size(w->arch, w->s, level), &w->why);
	}
	if (w->table_rc[level])
		err_add(&w->why, "level %u page table at 0x%" PRIx64, level, paddr);
	return w->table_rc[level];
}

/* End of the span that entry @va of @level covers, clipped to the range; saturates at the top. */
static uint64_t entry_end(const struct pgwalk *w, unsigned int level, uint64_t va)
{
	uint64_t span = 1ull << w->arch->level_shift(w->s, level);
	uint64_t start = round_down_u64(va, span);

	return start > UINT64_MAX - span ? w->end : min_u64(start + span, w->end);
}

static void emit(struct pgwalk *w, unsigned int level, uint64_t end, struct pgrun *ret)
{
	ret->start = w->at;
	ret->end = end;
	ret->level = level;
	w->at = end;
}

/* Grow an empty run over the empty entries that follow it in the same table. */
static uint64_t empty_end(const struct pgwalk *w, unsigned int level, uint64_t end)
{
	uint64_t n = table_size(w->arch, w->s, level) / ENTRY_SIZE;
	uint64_t i = table_index(w->arch, w->s, level, end);

	/* Index 0 again means that the next entry stands in another table. */
	while (end < w->end && i && i < n && !get_u64(w->table[level] + i * ENTRY_SIZE)) {
		end = entry_end(w, level, end);
		i++;
	}
	return end;
}

bool pgwalk_next(struct pgwalk *w, struct pgrun *ret)
{
	paddr_t table = w->table_paddr[w->s->levels];
	unsigned int level;

	memset(ret, 0, sizeof(*ret));
	if (w->at >= w->end)
		return false;
	for (level = w->s->levels; level; level--) {
		uint64_t end = entry_end(w, level, w->at), raw;

		ret->rc = load_table(w, level, table);
		if (ret->rc) {
			/* The span of the table itself cannot be told. */
			emit(w, level, level == w->s->levels ? w->end : entry_end(w, level + 1, w->at),
			     ret);
			return true;
		}
		raw = get_u64(w->table[level] +
			      table_index(w->arch, w->s, level, w->at) * ENTRY_SIZE);
		ret->pte = w->arch->pte_decode(w->s, level, raw);
		if (ret->pte.kind == PTE_TABLE && level > 1) {
			table = ret->pte.paddr;
			continue;
		}
		if (ret->pte.kind == PTE_TABLE)
			ret->pte.kind = PTE_BAD;
		if (ret->pte.kind == PTE_PAGE)
			ret->pte.paddr += w->at & (ret->pte.size - 1);
		if (ret->pte.kind == PTE_EMPTY)
			end = empty_end(w, level, end);
		emit(w, level, end, ret);
		return true;
	}
	return false;
}
