/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects of zsmalloc: the ways in which kernels have said where one is, and what contradicts itself. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "zs_image.h"

#define CLASS 5u
#define SIZE  1360u /* 3 objects in a page and a bit: the fourth spans two pages */

enum { TAGGED, PLAIN, WITH_CLASS };

static const struct row {
	const char *what;
	int encoding;
	bool zpdesc;
	uint32_t size, nr, nr_pages; /* of the class */
	uint32_t index;
	size_t want;
	/* What is damaged: a word of the structures. */
	kvaddr_t at;
	uint64_t word;
	const char *fault;
} rows[] = {
	{ "the first object, above a tag bit", TAGGED, false, SIZE, 6, 2, 0, 100, 0, 0, NULL },
	{ "another, above a tag bit", TAGGED, false, SIZE, 6, 2, 2, 100, 0, 0, NULL },
	{ "an object without a tag bit", PLAIN, false, SIZE, 6, 2, 2, 100, 0, 0, NULL },
	{ "an object behind the class", WITH_CLASS, true, SIZE, 6, 2, 1, 100, 0, 0, NULL },
	{ "an object that spans two pages", TAGGED, false, SIZE, 6, 2, 3, SIZE - 8, 0, 0, NULL },
	{ "an object that spans two pages, with zpdesc", PLAIN, true, SIZE, 6, 2, 3, SIZE - 8, 0, 0, NULL },
	{ "an object that fills the page", PLAIN, true, 4096, 1, 1, 0, 4096, 0, 0, NULL },
	{ "a handle outside of the dump", PLAIN, false, SIZE, 6, 2, 0, 100, ZS_HANDLE, 0x3ull << 62, "is not in the dump" },
	{ "a zspage without magic", PLAIN, false, SIZE, 6, 2, 0, 100, ZS_ZSPAGE, CLASS << 3, "its zspage has magic 0x0" },
	{ "a class that does not exist", PLAIN, false, SIZE, 6, 2, 0, 100, ZS_ZSPAGE, 200u << 3 | 0x58u << 15, "there is no class 0xc8" },
	{ "a class with another number", PLAIN, false, SIZE, 6, 2, 0, 100, ZS_CLASS + 8, 9ull << 32 | 2, "no size class at" },
	{ "a class of size 0", PLAIN, false, 0, 6, 2, 0, 0, 0, 0, "no size class at" },
	{ "a class larger than its pages", PLAIN, false, SIZE, 70, 2, 0, 100, 0, 0, "no size class at" },
	{ "more than the class holds", PLAIN, false, SIZE, 6, 2, 0, SIZE, 0, 0, "it is larger than its class, of 0x550" },
	{ "another object's place", PLAIN, false, SIZE, 6, 2, 0, 100, ZS_HANDLE, 1u << 24 | 2, "no object there bears it" },
	{ "an index beyond the zspage", PLAIN, false, SIZE, 6, 2, 0, 100, ZS_HANDLE, 1u << 24 | 60, "no object there bears it" },
	{ "a page behind of another zspage", TAGGED, false, SIZE, 6, 2, 3, SIZE - 8, ZS_VMEMMAP + 64 * 2 + 40, ZS_CLASS, "the page behind is of" },
	{ "a page behind that is none", TAGGED, false, SIZE, 6, 2, 3, SIZE - 8, ZS_VMEMMAP + 64 * 1 + 32, ZS_VMEMMAP + 1, "the page behind is" },
};

static void build(struct zs_image *m, const struct row *r)
{
	uint32_t at = r->index * r->size, i, low;

	zs_image_init(m, r->zpdesc);
	zs_image_fill(m, CLASS, r->size, r->nr, r->nr_pages);
	low = r->encoding == TAGGED	? r->index << 1 :
	      r->encoding == WITH_CLASS ? CLASS << 15 | r->index :
					  r->index;
	put_u64(zs_at(m, ZS_HANDLE), (uint64_t)(1 + at / ZS_PAGE) << 24 | low);
	for (i = 0; i < 2 * ZS_PAGE; i++)
		m->frames[ZS_PAGE + i] = (uint8_t)(i * 7 + i / 256);
	if (r->nr == 1)
		put_u64(zs_at(m, ZS_VMEMMAP + 64 * 1 + 32), ZS_HANDLE | 1);
	else
		put_u64(m->frames + ZS_PAGE + at, ZS_HANDLE | 1);
	if (r->at)
		put_u64(zs_at(m, r->at), r->word);
}

static void test_rows(void **state)
{
	static struct zs_image m;
	static uint8_t buf[ZS_PAGE];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct err err = { 0 };
		int rc;

		build(&m, r);
		rc = zs_read(&m.view, ZS_POOL, ZS_HANDLE, r->want, buf, &err);
		if (r->fault) {
			if (!rc || !strstr(err.text, r->fault))
				fail_msg("%s: %d '%s'", r->what, rc, err.text);
			continue;
		}
		if (rc || memcmp(buf, m.frames + ZS_PAGE + r->index * r->size + (r->nr > 1 ? 8 : 0),
				 r->want))
			fail_msg("%s: %d '%s'", r->what, rc, err.text);
	}
}

static void test_types_not_known(void **state)
{
	static struct zs_image m;
	struct err err = { 0 };
	uint8_t buf[8];

	(void)state;
	build(&m, &rows[0]);
	m.layout.v[L_zspage_magic].known = false;
	assert_int_equal(zs_read(&m.view, ZS_POOL, ZS_HANDLE, 8, buf, &err), ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "shows no zspage.magic"));
	build(&m, &rows[0]);
	m.view.vmemmap = 0;
	assert_int_equal(zs_read(&m.view, ZS_POOL, ZS_HANDLE, 8, buf, &err), ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "where struct page lies is not known"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_types_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
