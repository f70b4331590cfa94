/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/folio.h"

#include "kernel/page.h"

/* A head is at most so many pages before its tail. */
#define FOLIO_PAGES_MAX (1ull << FOLIO_ORDER_MAX)

static int find_head(struct kernel *k, kvaddr_t page, kvaddr_t *ret, struct err *err)
{
	uint64_t size = layout_size(&k->layout, L_page), word, head;
	int rc = kread_member(k, page, L_page_compound_head, &word, err);

	*ret = page;
	if (rc || !(word & 1))
		return rc;
	head = word - 1;
	if (head < page && page - head < FOLIO_PAGES_MAX * size) {
		*ret = head;
		return 0;
	}
	/* A mask has all high bits set, so as an address it is above any struct page. */
	head = page & word;
	if (is_pow2(size) && head < page && page - head < FOLIO_PAGES_MAX * size) {
		*ret = head;
		return 0;
	}
	return err_set(err, ERR_CORRUPT, "struct page 0x%" PRIx64 ": compound_head is 0x%" PRIx64,
		       page, word);
}

static int read_order(struct kernel *k, kvaddr_t head, unsigned int *ret, struct err *err)
{
	const struct layout *l = &k->layout;
	uint64_t v;
	int rc;

	if (layout_has(l, L_folio_order))
		rc = kread_member(k, head, L_folio_order, &v, err);
	else if (layout_has(l, L_page_compound_order))
		rc = kread_member(k, head + layout_size(l, L_page), L_page_compound_order, &v, err);
	else
		rc = kread_member(k, head, L_folio_flags_1, &v, err);
	if (rc)
		return rc;
	v &= 0xff;
	if (!v || v > FOLIO_ORDER_MAX)
		return err_set(err, ERR_CORRUPT, "struct page 0x%" PRIx64 " is a head of order %" PRIu64,
			       head, v);
	*ret = (unsigned int)v;
	return 0;
}

int folio_of_pfn(struct kernel *k, pfn_t pfn, struct folio *ret, struct err *err)
{
	struct folio f = { 0 };
	kvaddr_t page, head;
	int rc;

	if (!k->vmemmap || !layout_has(&k->layout, L_page) || !layout_size(&k->layout, L_page))
		return err_set(err, ERR_UNSUPPORTED, "where struct page lies is not known");
	page = k->vmemmap + pfn * layout_size(&k->layout, L_page);
	rc = find_head(k, page, &head, err);
	if (!rc && !page_to_pfn(k, head, &f.head))
		rc = err_set(err, ERR_CORRUPT, "struct page 0x%" PRIx64 " has its head at 0x%" PRIx64,
			     page, head);
	if (!rc)
		rc = kread_member(k, head, L_page_flags, &f.flags, err);
	if (!rc)
		rc = kread_member(k, head, L_page_mapping, &f.mapping, err);
	if (!rc && folio_has_flag(k, &f, L_PG_head))
		rc = read_order(k, head, &f.order, err);
	if (!rc && (f.head & ((1ull << f.order) - 1) || pfn - f.head >= 1ull << f.order))
		rc = err_set(err, ERR_CORRUPT,
			     "page frame 0x%" PRIx64 " is not in the folio of order %u at 0x%" PRIx64, pfn,
			     f.order, f.head);
	if (rc)
		return err_add(err, "page frame 0x%" PRIx64, pfn);
	*ret = f;
	return 0;
}
