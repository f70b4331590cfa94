/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of output directories share. Included behind cmocka.h. */
#ifndef VMSIFT_TESTS_UNIT_OUTDIRS_H
#define VMSIFT_TESTS_UNIT_OUTDIRS_H

#include "files.h"
#include "sink/outdir.h"
#include "util/types.h"

static struct files tmp;

/* What .published was told: "NAME ok\n" or "NAME: MESSAGE\n", one behind the other. */
static char told[8192];

__attribute__((unused)) static void tell(void *ctx, const char *name, const struct err *err)
{
	size_t used = strlen(told);

	(void)ctx;
	snprintf(told + used, sizeof(told) - used, "%s %s\n", name, err ? err->text : "ok");
}

__attribute__((unused)) static struct outdir *open_fresh(const char *name,
							 const struct outdir_opts *opts)
{
	struct outdir_opts o = opts ? *opts : (struct outdir_opts){ 0 };
	struct err err = { 0 };
	struct outdir *d;

	o.published = tell;
	told[0] = 0;
	if (outdir_open(in_dir(&tmp, name), &o, &d, &err))
		fail_msg("%s", err.text);
	return d;
}

__attribute__((unused)) static struct sink *create(struct outdir *d, const char *base,
						   const char *suffix)
{
	struct err err = { 0 };
	struct sink *s;

	if (outdir_create(d, base, suffix, &s, &err))
		fail_msg("%s", err.text);
	return s;
}

__attribute__((unused)) static void write_text(struct sink *s, const char *text)
{
	assert_int_equal(sink_write(s, text, strlen(text), NULL), 0);
}

/* All names below DIR/@name, sorted, each behind a space. */
__attribute__((unused)) static void check_names(const char *name, const char *want)
{
	char *got = output_of(NULL,
			      "cd '%s' && find . -mindepth 1 | sed 's,^./,,' | LC_ALL=C sort |"
			      " while read -r f; do printf ' %%s' \"$f\"; done",
			      in_dir(&tmp, name));

	assert_non_null(got);
	assert_string_equal(got, want);
	free(got);
}

__attribute__((unused)) static void check_text(const char *path, const char *want)
{
	char *got = read_file(in_dir(&tmp, path), NULL);

	assert_non_null(got);
	assert_string_equal(got, want);
	free(got);
}

__attribute__((unused)) static int make_files(void **state)
{
	(void)state;
	umask(0);
	return files_make(&tmp) ? 0 : -1;
}

__attribute__((unused)) static int remove_files(void **state)
{
	(void)state;
	files_remove(&tmp);
	return 0;
}

#endif
