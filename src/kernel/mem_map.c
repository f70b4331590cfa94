/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/mem_map.h"

#include <string.h>

#include "util/bytes.h"

/* Flags in the low bits of section_mem_map. */
#define SECTION_MARKED_PRESENT 1u
#define SECTION_HAS_MEM_MAP    2u
/* There have been up to 6 of them; the map itself is aligned to more than this. */
#define SECTION_FLAGS_MASK 0xfffull

/* 2^58 bytes of physical memory in sections of 2^27: more roots are no kernel's. */
#define NR_ROOTS_MAX (1ull << 31)

/* Whether a table of roots begins here: its first entry that is not 0 leads to a section. */
static bool looks_like_roots(struct mem_map *m, kvaddr_t roots)
{
	uint64_t i, n = min_u64(m->nr_roots, 4096);

	for (i = 0; i < n; i++) {
		uint64_t root, map;

		if (kmem_read_u64(m->km, roots + 8 * i, &root, NULL))
			return false;
		if (!root)
			continue;
		if (kmem_read_u64(m->km, root + m->off_map, &map, NULL))
			return false;
		/* Section 0 has memory wherever RAM begins at 0, but need not elsewhere. */
		return !map ||
		       kmem_translate(m->km, map & ~SECTION_FLAGS_MASK, &map, NULL, NULL) == 0 ||
		       m->vmemmap;
	}
	return false;
}

static bool find_roots(struct mem_map *m, const struct layout *layout, kvaddr_t symbol)
{
	const struct vmcoreinfo *vi = &m->km->vc->info;
	uint64_t page = 1ull << m->km->space.page_shift, at = 0;
	int64_t size, off, bits, nr;

	if (layout && layout_has(layout, L_mem_section) &&
	    layout_has(layout, L_mem_section_section_mem_map)) {
		size = layout->v[L_mem_section].value;
		off = layout->v[L_mem_section_section_mem_map].value;
	} else if (!vmcoreinfo_number(vi, "SIZE(mem_section)", &size) ||
		   !vmcoreinfo_number(vi, "OFFSET(mem_section.section_mem_map)", &off)) {
		return false;
	}
	if (!vmcoreinfo_number(vi, "NUMBER(SECTION_SIZE_BITS)", &bits) ||
	    !vmcoreinfo_number(vi, "LENGTH(mem_section)", &nr))
		return false;
	if (size < 8 || (uint64_t)size > page || off < 0 || off > size - 8 ||
	    bits <= m->km->space.page_shift || bits > 40 || nr <= 0 || (uint64_t)nr > NR_ROOTS_MAX)
		return false;
	m->section_size = (uint32_t)size;
	m->off_map = (uint32_t)off;
	m->section_shift = (unsigned int)bits - m->km->space.page_shift;
	m->per_root = page / m->section_size;
	m->nr_roots = (uint64_t)nr;
	/*
	 * Since 4.15 (83e3c48729d9) mem_section is a pointer, and VMCOREINFO has its value;
	 * kallsyms has the variable's address, and so had VMCOREINFO while it was an array.
	 */
	if (vmcoreinfo_symbol(vi, "mem_section", &at) && looks_like_roots(m, at)) {
		m->roots = at;
		return true;
	}
	if (symbol && !kmem_read_u64(m->km, symbol, &at, NULL) && looks_like_roots(m, at)) {
		m->roots = at;
		return true;
	}
	return false;
}

int mem_map_init(struct mem_map *m, struct kmem *km, const struct layout *layout, kvaddr_t vmemmap,
		 kvaddr_t symbol, uint32_t size, struct err *err)
{
	memset(m, 0, sizeof(*m));
	m->km = km;
	m->vmemmap = vmemmap;
	m->page_struct_size = size;
	if (find_roots(m, layout, symbol) || vmemmap)
		return 0;
	return err_set(err, ERR_UNSUPPORTED,
		       "where struct page lies is not known: neither mem_section nor the vmemmap");
}

/* struct page of the first frame of a section; 0 if it has none. */
static kvaddr_t section_base(struct mem_map *m, uint64_t nr)
{
	uint64_t root = nr / m->per_root, map;

	if (root >= m->nr_roots || kmem_read_u64(m->km, m->roots + 8 * root, &root, NULL) ||
	    !root ||
	    kmem_read_u64(m->km, root + nr % m->per_root * m->section_size + m->off_map, &map,
			  NULL))
		return 0;
	if (!(map & SECTION_MARKED_PRESENT) || !(map & SECTION_HAS_MEM_MAP))
		return 0;
	/* It is kept less what lies before it (sparse_encode_mem_map). */
	map = (map & ~SECTION_FLAGS_MASK) + (nr << m->section_shift) * m->page_struct_size;
	return map;
}

void mem_map_find(struct mem_map *m, pfn_t pfn, kvaddr_t *va, pfn_t *end)
{
	uint64_t nr = pfn >> m->section_shift;

	if (!m->roots) {
		*va = m->vmemmap + pfn * m->page_struct_size;
		*end = UINT64_MAX;
		return;
	}
	if (!m->nr_valid || m->nr != nr) {
		m->base = section_base(m, nr);
		m->nr = nr;
		m->nr_valid = true;
	}
	*end = (nr + 1) << m->section_shift;
	*va = m->base ? m->base + (pfn - (nr << m->section_shift)) * m->page_struct_size : 0;
}
