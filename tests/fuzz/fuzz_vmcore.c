/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a dump, ELF or kdump-compressed, whole or flattened: opening it and reading what it says
 * that it holds. Segments must be ascending and disjoint, and what the dump has can be read or is said
 * not to be readable.
 */
#include <string.h>

#include "fuzz_file.h"
#include "vmcore/vmcore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_segments(const struct vmcore *vc)
{
	const struct vmcore_seg *s;
	paddr_t end = 0;

	vec_for_each(s, &vc->segs) {
		if (s->start < end || s->end <= s->start || s->off > vc->file_size)
			abort();
		end = s->end;
	}
	if (vc->page_size < 4096 || vc->page_size > 65536)
		abort();
}

static void read_page(struct vmcore *vc, paddr_t at)
{
	static uint8_t page[65536];
	struct err err = { 0 };
	const void *ptr;
	size_t n;
	int rc = vmcore_map(vc, at, vc->page_size, &ptr, &n, &err);

	if (rc && (!err.text[0] || (vmcore_has(vc, at) && rc != ERR_ABSENT && rc != ERR_CORRUPT)))
		abort();
	if (!rc) {
		if (!n || n > vc->page_size || !vmcore_has(vc, at))
			abort();
		memcpy(page, ptr, n);
	}
	vmcore_read(vc, at, page, vc->page_size, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vmcore *vc = NULL;
	struct err err = { 0 };
	struct fuzz_file f;
	paddr_t start, end, from = 0;
	unsigned int i;

	fuzz_file_write(&f, data, size);
	if (vmcore_open(f.path, NULL, &vc, &err)) {
		if (vc || !err.text[0])
			abort();
		fuzz_file_close(&f);
		return 0;
	}
	check_segments(vc);
	vmcore_nr_pages(vc);
	for (i = 0; i < 64 && vmcore_next(vc, VMCORE_HELD, from, &start, &end); i++) {
		if (start < from || end <= start)
			abort();
		read_page(vc, start);
		read_page(vc, end - 1);
		read_page(vc, end);
		from = end;
	}
	for (i = 0, from = 0; i < 64 && vmcore_next(vc, VMCORE_RAM, from, &start, &end); i++)
		from = end;
	read_page(vc, 0);
	read_page(vc, ~0ull - 4095);
	vmcore_close(vc);
	fuzz_file_close(&f);
	return 0;
}
