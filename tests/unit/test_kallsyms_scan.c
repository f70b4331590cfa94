/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kallsyms in every encoding and placement that kernels have had, where nothing tells where it is.
 */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "kernel/kallsyms_scan.h"
#include "ksyms_image.h"

static struct image im;

static void test_scanned(void **state)
{
	struct reader r = image_reader(&im);
	struct err err = { 0 };
	struct kallsyms ks;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		print_message("  %s\n", kinds[i].what);
		image_make(&im, &kinds[i]);
		/* Digits elsewhere, and a page that is missing, do not stop it. */
		memcpy(im.bytes + 0x300, "0\0001\0002\0003\0004\0005\0006\0007\0008\0009", 20);
		im.hole = 0x2000;
		if (kallsyms_scan(&ks, &r, IMAGE_START, IMAGE_START + IMAGE_SIZE, IMAGE_STEXT,
				  &err))
			fail_msg("%s", err.text);
		check_all(&ks, &im, &kinds[i]);
		kallsyms_deinit(&ks);
	}
}

/* A table of a later kernel between markers and tokens does not hide them. */
static void test_scanned_over_gap(void **state)
{
	const struct image_kind kind = { "", FROM_7_0, KALLSYMS_PLACE, 2000, true, .gap = 1000 };
	struct reader r = image_reader(&im);
	struct err err = { 0 };
	struct kallsyms ks;

	(void)state;
	image_make(&im, &kind);
	assert_int_equal(
		kallsyms_scan(&ks, &r, IMAGE_START, IMAGE_START + IMAGE_SIZE, IMAGE_STEXT, &err),
		0);
	check_all(&ks, &im, &kind);
	kallsyms_deinit(&ks);
}

static const struct {
	const char *what, *message;
	uint64_t zero_at, zero_size; /* relative to the token table: so many bytes are cleared */
	kvaddr_t stext;
} not_found[] = {
	{ "no tokens", "no kallsyms in [0xffffffff81000000, 0xffffffff81080000): 0 token tables", 0,
	  512, IMAGE_STEXT },
	{ "no index of tokens",
	  "no kallsyms in [0xffffffff81000000, 0xffffffff81080000): 0 token tables", 600, 512,
	  IMAGE_STEXT },
	{ "no markers", "1 token tables, none with names", UINT64_MAX - 31, 31, IMAGE_STEXT },
	{ "another _stext", "names found, but kallsyms: no known encoding of addresses", 0, 0,
	  IMAGE_STEXT + 16 },
};

static void test_not_found(void **state)
{
	struct reader r = image_reader(&im);
	struct kallsyms ks;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(not_found); i++) {
		struct err err = { 0 };

		print_message("  %s\n", not_found[i].what);
		image_make(&im, &kinds[10]);
		memset(im.bytes + (im.where.token_table - IMAGE_START + not_found[i].zero_at), 0,
		       not_found[i].zero_size);
		assert_int_equal(kallsyms_scan(&ks, &r, IMAGE_START, IMAGE_START + IMAGE_SIZE,
					       not_found[i].stext, &err),
				 ERR_NOTFOUND);
		if (!strstr(err.text, not_found[i].message))
			fail_msg("\"%s\" does not contain \"%s\"", err.text, not_found[i].message);
		kallsyms_deinit(&ks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scanned),
		cmocka_unit_test(test_scanned_over_gap),
		cmocka_unit_test(test_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
