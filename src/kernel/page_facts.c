/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/page_facts.h"

#include <stdio.h>
#include <string.h>

#include "util/bytes.h"

/* include/linux/page-flags.h: PAGE_MAPPING_ANON, FOLIO_MAPPING_ANON; KSM has it too. */
#define MAPPING_ANON 1u

/*
 * _mapcount is -1 for a page that nothing maps; from here down the word is a type:
 * PAGE_MAPCOUNT_RESERVE of the encoding by cleared bits, and every PGTY_ value is below it as well.
 */
#define MAPCOUNT_RESERVE (-128)

const char *page_class_name(enum page_class c)
{
	static const char *const names[PAGE_CLASS_NR] = {
		[PAGE_KERNEL] = "kernel",   [PAGE_SLAB] = "slab",
		[PAGE_FREE] = "free",	    [PAGE_UNACCEPTED] = "unaccepted",
		[PAGE_CACHE] = "cache",	    [PAGE_CACHE_PRIVATE] = "private cache",
		[PAGE_USER] = "user",	    [PAGE_HWPOISON] = "poisoned",
		[PAGE_OFFLINE] = "offline", [PAGE_UNKNOWN] = "unknown",
	};

	return c < PAGE_CLASS_NR ? names[c] : "?";
}

bool page_class_excluded(enum page_class c, unsigned int level)
{
	switch (c) {
	case PAGE_FREE:
	case PAGE_UNACCEPTED:
		return level & DUMP_LEVEL_FREE;
	case PAGE_CACHE:
		return level & (DUMP_LEVEL_CACHE | DUMP_LEVEL_CACHE_PRIVATE);
	case PAGE_CACHE_PRIVATE:
		return level & DUMP_LEVEL_CACHE_PRIVATE;
	case PAGE_USER:
		return level & DUMP_LEVEL_USER;
	case PAGE_HWPOISON:
	case PAGE_OFFLINE:
		return true;
	default:
		return false;
	}
}

struct facts_source {
	const struct layout *layout; /* may be NULL */
	const struct vmcoreinfo *vi;
};

static bool from_layout(const struct facts_source *s, enum layout_id id, int64_t *ret)
{
	if (!s->layout || !layout_has(s->layout, id))
		return false;
	*ret = s->layout->v[id].value;
	return true;
}

/* Offset of a member of struct page. */
static uint32_t page_off(const struct facts_source *s, enum layout_id id, const char *key)
{
	int64_t v;

	if (from_layout(s, id, &v) || vmcoreinfo_number(s->vi, key, &v))
		return v >= 0 && v < 4096 ? (uint32_t)v : PAGE_OFF_NONE;
	return PAGE_OFF_NONE;
}

/* Mask of a page flag. Values from 64 on are types of 6.11's enum pagetype, and no bit numbers. */
static uint64_t flag_mask(const struct facts_source *s, enum layout_id id, const char *key)
{
	int64_t v;

	if (!from_layout(s, id, &v) && !(key && vmcoreinfo_number(s->vi, key, &v)))
		return 0;
	return v >= 0 && v < 64 ? 1ull << v : 0;
}

static struct page_type by_cleared_bit(uint32_t flag)
{
	return (struct page_type){ UINT32_MAX, ~flag };
}

/*
 * How the kernel marks a type. Since 6.12 (4ffca5a96678) it is the top byte, numbered by enum
 * pagetype. Before, one bit of a word of ones is cleared: in 6.11 the bits are an enum, earlier
 * they were macros, which VMCOREINFO repeats as the whole word's value.
 */
static struct page_type page_type(const struct facts_source *s, int pgty, int pg, const char *key)
{
	const struct page_type none = { 0, 0 };
	int64_t v;

	if (pgty >= 0 && from_layout(s, (enum layout_id)pgty, &v) && v > 0 && v <= 0xff)
		return (struct page_type){ 0xff000000, (uint32_t)v << 24 };
	if (pg >= 0 && from_layout(s, (enum layout_id)pg, &v) && v >= 0x80 && v <= UINT32_MAX &&
	    is_pow2((uint64_t)v))
		return by_cleared_bit((uint32_t)v);
	if (!key || !vmcoreinfo_number(s->vi, key, &v) || v >= MAPCOUNT_RESERVE || v < INT32_MIN)
		return none;
	if (!(v & 0xffffff))
		return (struct page_type){ 0xff000000, (uint32_t)v };
	return (struct page_type){ UINT32_MAX, (uint32_t)v };
}

/* The first tail page, where a compound page keeps its order and what it is for. */
static void tail_facts(struct page_facts *f, const struct facts_source *s)
{
	int64_t v;

	f->off_order = page_off(s, L_page_compound_order, "OFFSET(page.compound_order)");
	f->off_dtor = page_off(s, L_page_compound_dtor, "OFFSET(page.compound_dtor)");
	/* struct folio lies over several struct pages. */
	if (f->off_order == PAGE_OFF_NONE && from_layout(s, L_folio_order, &v) && v >= f->size)
		f->off_order = (uint32_t)v - f->size;
	if (f->off_dtor == PAGE_OFF_NONE && from_layout(s, L_folio_dtor, &v) && v >= f->size)
		f->off_dtor = (uint32_t)v - f->size;
	/* Since 6.6 (ebc1baf5c9b4) the order is the low byte of the first tail's flags. */
	f->order_in_flags = f->off_order == PAGE_OFF_NONE;
	f->hugetlb_flag = flag_mask(s, L_PG_hugetlb, "NUMBER(PG_hugetlb)");
	if (f->off_dtor != PAGE_OFF_NONE &&
	    (from_layout(s, L_HUGETLB_PAGE_DTOR, &v) ||
	     vmcoreinfo_number(s->vi, "NUMBER(HUGETLB_PAGE_DTOR)", &v)) &&
	    v > 0 && v < 256) {
		f->hugetlb_dtor = (uint32_t)v;
		f->has_hugetlb_dtor = true;
	}
	/* Nothing is read beyond the second struct page. */
	if (f->off_order != PAGE_OFF_NONE && f->off_order >= f->size)
		f->off_order = PAGE_OFF_NONE;
	if (f->off_dtor != PAGE_OFF_NONE && f->off_dtor >= f->size)
		f->has_hugetlb_dtor = false;
}

static void flag_facts(struct page_facts *f, const struct facts_source *s)
{
	int64_t v;

	f->head = flag_mask(s, L_PG_head, NULL);
	if (!f->head && vmcoreinfo_number(s->vi, "NUMBER(PG_head_mask)", &v))
		f->head = (uint64_t)v;
	f->lru = flag_mask(s, L_PG_lru, "NUMBER(PG_lru)");
	f->private = flag_mask(s, L_PG_private, "NUMBER(PG_private)");
	f->swapcache = flag_mask(s, L_PG_swapcache, "NUMBER(PG_swapcache)");
	f->swapbacked = flag_mask(s, L_PG_swapbacked, "NUMBER(PG_swapbacked)");
	f->slab = flag_mask(s, L_PG_slab, "NUMBER(PG_slab)");
	f->hwpoison = flag_mask(s, L_PG_hwpoison, "NUMBER(PG_hwpoison)");
	f->buddy = page_type(s, L_PGTY_buddy, L_PG_buddy, "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)");
	f->offline =
		page_type(s, L_PGTY_offline, L_PG_offline, "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)");
	f->hugetlb_type =
		page_type(s, L_PGTY_hugetlb, L_PG_hugetlb, "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)");
	f->slab_type = page_type(s, L_PGTY_slab, L_PG_slab, "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)");
	f->unaccepted =
		page_type(s, L_PGTY_unaccepted, -1, "NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)");
}

static void say_missing(char *missing, size_t size, const char *what)
{
	size_t n = strlen(missing);

	if (n < size)
		snprintf(missing + n, size - n, "%s%s", n ? ", " : "", what);
}

/* All that classify() reads without asking lies within one struct page. */
static bool offsets_fit(const struct page_facts *f)
{
	return f->off_flags <= f->size - 8 && f->off_mapcount <= f->size - 4 &&
	       f->off_mapping <= f->size - 8 && f->off_private <= f->size - 8 &&
	       f->off_compound_head <= f->size - 8;
}

bool page_facts_init(struct page_facts *f, const struct layout *layout, const struct vmcoreinfo *vi,
		     char *missing, size_t missing_size)
{
	const struct facts_source s = { layout, vi };
	int64_t v = 0;

	memset(f, 0, sizeof(*f));
	if (missing_size)
		missing[0] = 0;
	if (!from_layout(&s, L_page, &v))
		vmcoreinfo_number(vi, "SIZE(page)", &v);
	/* 32 bytes hold the words that every kernel has; beyond 256 is no struct page. */
	f->size = v >= 32 && v <= 256 ? (uint32_t)v : 0;
	f->off_flags = page_off(&s, L_page_flags, "OFFSET(page.flags)");
	f->off_mapcount = page_off(&s, L_page_mapcount, "OFFSET(page._mapcount)");
	f->off_mapping = page_off(&s, L_page_mapping, "OFFSET(page.mapping)");
	f->off_private = page_off(&s, L_page_private, "OFFSET(page.private)");
	f->off_compound_head = page_off(&s, L_page_compound_head, "OFFSET(page.compound_info)");
	if (f->off_compound_head == PAGE_OFF_NONE)
		f->off_compound_head =
			page_off(&s, L_page_compound_head, "OFFSET(page.compound_head)");
	if (!f->size || !offsets_fit(f)) {
		say_missing(missing, missing_size, "all: the members of struct page");
		return false;
	}
	flag_facts(f, &s);
	tail_facts(f, &s);
	if (layout && layout_has(layout, L_zone_free_area) && layout->v[L_zone_free_area].count)
		v = layout->v[L_zone_free_area].count;
	else if (!vmcoreinfo_number(vi, "LENGTH(zone.free_area)", &v))
		v = 0;
	f->nr_orders = v > 0 && v <= PAGE_ORDER_MAX ? (unsigned int)v : 0;
	if (!f->buddy.mask || !f->nr_orders)
		say_missing(missing, missing_size, "free pages");
	if (!f->lru)
		say_missing(missing, missing_size, "cache pages");
	if (!f->hugetlb_type.mask && !f->hugetlb_flag && !f->has_hugetlb_dtor)
		say_missing(missing, missing_size, "hugetlb pages");
	if (!f->head)
		say_missing(missing, missing_size, "compound pages");
	return true;
}

static bool is_type(const struct page_type *t, uint32_t word)
{
	return t->mask && (word & t->mask) == t->value;
}

static bool is_aligned(pfn_t pfn, unsigned int order)
{
	return !(pfn & ((1ull << order) - 1));
}

/* Order of the compound page that begins here; 0 if it is none, or its order makes no sense. */
static unsigned int compound_order(const struct page_facts *f, const uint8_t *next, pfn_t pfn)
{
	unsigned int order;

	/* The page behind a head is a tail; if not, the head is damaged. */
	if (!next || !(get_u64(next + f->off_compound_head) & 1))
		return 0;
	if (f->order_in_flags)
		order = get_u64(next + f->off_flags) & 0xff;
	else if (f->off_order != PAGE_OFF_NONE)
		order = next[f->off_order];
	else
		return 0;
	return order <= PAGE_ORDER_MAX && is_aligned(pfn, order) ? order : 0;
}

static bool is_hugetlb(const struct page_facts *f, uint32_t type, const uint8_t *next)
{
	if (is_type(&f->hugetlb_type, type))
		return true;
	if (!next)
		return false;
	if (f->hugetlb_flag && get_u64(next + f->off_flags) & f->hugetlb_flag)
		return true;
	return f->has_hugetlb_dtor && next[f->off_dtor] == f->hugetlb_dtor;
}

/* A page that is in the buddy allocator's lists: the order is in its private word. */
static enum page_class classify_free(const struct page_facts *f, uint64_t order, pfn_t pfn,
				     enum page_class c, unsigned int *ret)
{
	if (order >= f->nr_orders || !is_aligned(pfn, (unsigned int)order))
		return PAGE_UNKNOWN;
	*ret = (unsigned int)order;
	return c;
}

static enum page_class classify_typed(const struct page_facts *f, const uint8_t *page,
				      uint32_t type, pfn_t pfn, unsigned int *order)
{
	if (is_type(&f->slab_type, type))
		return PAGE_SLAB;
	if (is_type(&f->buddy, type))
		return classify_free(f, get_u64(page + f->off_private), pfn, PAGE_FREE, order);
	/* Accepted in blocks of the largest order only (mm/page_alloc.c, accept_page). */
	if (is_type(&f->unaccepted, type))
		return classify_free(f, f->nr_orders - 1ull, pfn, PAGE_UNACCEPTED, order);
	if (is_type(&f->offline, type))
		return PAGE_OFFLINE;
	return is_type(&f->hugetlb_type, type) ? PAGE_USER : PAGE_KERNEL;
}

enum page_class page_facts_classify(const struct page_facts *f, const uint8_t *page,
				    const uint8_t *next, pfn_t pfn, unsigned int *order)
{
	uint64_t flags = get_u64(page + f->off_flags);
	uint32_t type = get_u32(page + f->off_mapcount);

	*order = 0;
	if (flags & f->head)
		*order = compound_order(f, next, pfn);
	if (flags & f->hwpoison)
		return PAGE_HWPOISON;
	if (get_u64(page + f->off_compound_head) & 1)
		return PAGE_UNKNOWN;
	if (flags & f->slab)
		return PAGE_SLAB;
	if ((int32_t)type < MAPCOUNT_RESERVE)
		return classify_typed(f, page, type, pfn, order);
	if (get_u64(page + f->off_mapping) & MAPPING_ANON)
		return PAGE_USER;
	if (flags & f->lru || (flags & f->swapbacked && flags & f->swapcache))
		return flags & f->private ? PAGE_CACHE_PRIVATE : PAGE_CACHE;
	return *order && is_hugetlb(f, type, next) ? PAGE_USER : PAGE_KERNEL;
}
