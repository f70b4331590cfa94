/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a layout file. What is taken of it is written, read again and written again: that must be the
 * same text. No member lies where no structure has one, and what is refused is refused with a reason.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/layout_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *write_text(const struct layout_file *lf, size_t *size)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, size);

	if (!f)
		exit(0); /* out of memory */
	layout_file_write(lf, f);
	if (fclose(f))
		exit(0);
	return text;
}

static void check_values(const struct layout_file *lf)
{
	size_t i;

	for (i = 0; i < LAYOUT_NR; i++) {
		const struct layout_value *v = &lf->layout.v[i];

		if (!v->known || layout_defs[i].kind == LAYOUT_ENUM)
			continue;
		if (v->value < 0 || v->value > (int64_t)MIB(1) || v->size > MIB(1) || v->bit_off > 7 ||
		    v->bit_size > 64)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct layout_file lf, again;
	struct err err = { 0 };
	char *first, *second;
	size_t n1, n2;
	int rc;

	layout_file_init(&lf);
	rc = layout_file_parse("L", (const char *)data, size, &lf, &err);
	if (rc) {
		if (rc != err.rc || strncmp(err.text, "L:", 2))
			abort();
		layout_file_deinit(&lf);
		return 0;
	}
	check_values(&lf);
	first = write_text(&lf, &n1);
	layout_file_init(&again);
	if (layout_file_parse("L", first, n1, &again, &err)) {
		fprintf(stderr, "what was written cannot be read: %s\n%s", err.text, first);
		abort();
	}
	second = write_text(&again, &n2);
	if (n1 != n2 || memcmp(first, second, n1)) {
		fprintf(stderr, "first:\n%ssecond:\n%s", first, second);
		abort();
	}
	layout_file_check(&lf, again.build_id, again.release, again.version, &err);
	free(first);
	free(second);
	layout_file_deinit(&again);
	layout_file_deinit(&lf);
	return 0;
}
