/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/page.h"

int page_flags(struct kernel *k, pfn_t pfn, uint64_t *ret, struct err *err)
{
	if (!k->vmemmap || !layout_has(&k->layout, L_page) || !layout_size(&k->layout, L_page))
		return err_set(err, ERR_UNSUPPORTED, "where struct page lies is not known");
	return kread_member(k, k->vmemmap + pfn * layout_size(&k->layout, L_page), L_page_flags, ret,
			    err);
}

bool page_is_poisoned(struct kernel *k, pfn_t pfn)
{
	uint64_t flags;

	/* Without CONFIG_MEMORY_FAILURE the flag does not exist. */
	if (!k->may_have_poison || !layout_has(&k->layout, L_PG_hwpoison))
		return false;
	/* Not to be told, or by damaged types no bit of theirs: none is read where the kernel counts some. */
	if (page_flags(k, pfn, &flags, NULL) || layout_off(&k->layout, L_PG_hwpoison) >= 64)
		return k->sym.known[S_num_poisoned_pages];
	return layout_bit(&k->layout, L_PG_hwpoison, flags);
}

bool page_to_pfn(const struct kernel *k, kvaddr_t page, pfn_t *ret)
{
	uint32_t size = layout_size(&k->layout, L_page);

	if (!k->vmemmap || !layout_has(&k->layout, L_page) || !size || page < k->vmemmap ||
	    (page - k->vmemmap) % size)
		return false;
	*ret = (page - k->vmemmap) / size;
	return *ret < 1ull << 40; /* 52 physical address bits */
}
