/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mem/kmem.h"

#include <string.h>

#include "mem/pgtable.h"
#include "util/bytes.h"

int kmem_init(struct kmem *km, struct vmcore *vc, struct err *err)
{
	const struct vmcore_load *l;
	struct arch_load *loads;
	size_t n = 0;
	int rc;

	memset(km, 0, sizeof(*km));
	km->vc = vc;
	km->arch = arch_find(vc->e_machine);
	if (!km->arch)
		return err_set(err, ERR_UNSUPPORTED, "%s: machine %u is not supported", vc->path,
			       vc->e_machine);
	if (km->arch->refused)
		return err_set(err, ERR_UNSUPPORTED, "%s: dumps of %s cannot be read yet: %s", vc->path,
			       km->arch->name, km->arch->refused);
	loads = calloc(vc->loads.n + 1, sizeof(*loads));
	if (!loads)
		return err_nomem(err);
	vec_for_each(l, &vc->loads)
		loads[n++] = (struct arch_load){ l->vaddr, l->paddr, l->size };
	rc = km->arch->space_init(&vc->info, loads, n, &km->space, err);
	free(loads);
	return rc ? err_add(err, "%s", vc->path) : 0;
}

void kmem_forget(struct kmem *km)
{
	memset(km->tlb, 0, sizeof(km->tlb));
}

static int translate_by_walk(struct kmem *km, kvaddr_t va, paddr_t *ret, uint64_t *run,
			     struct err *err)
{
	uint64_t page = 1ull << km->space.page_shift, off = va & (page - 1);
	kvaddr_t vpage = va - off;
	size_t slot = (vpage >> km->space.page_shift) % KMEM_TLB_SIZE;
	struct pte pte;
	unsigned int level;
	int rc;

	*run = page - off;
	if (km->tlb[slot].vpage == vpage) {
		*ret = km->tlb[slot].ppage + off;
		return 0;
	}
	rc = pgtable_lookup(km->vc, km->arch, &km->space, km->space.kernel_pgd, va, &pte, &level,
			    err);
	if (rc)
		return rc;
	if (pte.kind != PTE_PAGE)
		return err_set(err, ERR_CORRUPT,
			       "is not mapped: level %u entry is 0x%" PRIx64, level, pte.raw);
	*ret = pte.paddr + (va & (pte.size - 1));
	*run = pte.size - (va & (pte.size - 1));
	km->tlb[slot].vpage = vpage;
	km->tlb[slot].ppage = *ret - off;
	return 0;
}

int kmem_translate(struct kmem *km, kvaddr_t va, paddr_t *ret, uint64_t *run, struct err *err)
{
	const struct arch_space *s = &km->space;
	uint64_t unused;
	int rc;

	if (!run)
		run = &unused;
	if (va >= s->image_start && va < s->image_end) {
		*ret = va - s->image_start + s->image_paddr;
		*run = s->image_end - va;
		return 0;
	}
	if (va >= s->direct_start && va < s->direct_end) {
		*ret = va - s->page_offset;
		*run = s->direct_end - va;
		return 0;
	}
	/* The kernel half is canonical: all bits above the tables' reach are set. */
	if (va < ~(s->user_end - 1))
		return err_set(err, ERR_CORRUPT, "kernel address 0x%" PRIx64 " is none", va);
	rc = translate_by_walk(km, va, ret, run, err);
	return rc ? err_add(err, "kernel address 0x%" PRIx64, va) : 0;
}

int kmem_read(struct kmem *km, kvaddr_t va, void *buf, size_t size, struct err *err)
{
	uint8_t *to = buf;

	while (size) {
		paddr_t pa;
		uint64_t run;
		size_t n;
		int rc = kmem_translate(km, va, &pa, &run, err);

		if (rc)
			return rc;
		n = min_u64(size, run);
		rc = vmcore_read(km->vc, pa, to, n, err);
		if (rc)
			return err_add(err, "kernel address 0x%" PRIx64, va);
		to += n;
		va += n;
		size -= n;
	}
	return 0;
}

int kmem_read_u64(struct kmem *km, kvaddr_t va, uint64_t *ret, struct err *err)
{
	uint8_t b[8];
	int rc = kmem_read(km, va, b, sizeof(b), err);

	if (!rc)
		*ret = get_u64(b);
	return rc;
}

int kmem_read_u32(struct kmem *km, kvaddr_t va, uint32_t *ret, struct err *err)
{
	uint8_t b[4];
	int rc = kmem_read(km, va, b, sizeof(b), err);

	if (!rc)
		*ret = get_u32(b);
	return rc;
}

int kmem_read_str(struct kmem *km, kvaddr_t va, char *buf, size_t size, struct err *err)
{
	size_t at = 0;

	/* In pieces that do not cross a page: what lies behind the string may not be in the dump. */
	while (at + 1 < size) {
		size_t n = 64 - (va + at) % 64;
		int rc;

		n = min_u64(n, size - 1 - at);
		rc = kmem_read(km, va + at, buf + at, n, err);
		if (rc)
			return rc;
		if (memchr(buf + at, 0, n))
			return 0;
		at += n;
	}
	if (size)
		buf[size - 1] = 0;
	return 0;
}

static int read_kmem(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	return kmem_read(ctx, off, buf, size, err);
}

struct reader kmem_reader(struct kmem *km)
{
	return (struct reader){ .read = read_kmem, .ctx = km, .size = UINT64_MAX };
}
