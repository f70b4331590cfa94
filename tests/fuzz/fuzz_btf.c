/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as BTF. The first two say how much of the rest is the kernel's; what lies behind is
 * taken for a module's. All that layout.def wants is looked up.
 */
#include "kernel/btf.h"
#include "util/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct layout layout;
	struct reader base, module;
	struct err err = { 0 };
	uint64_t total;
	size_t n;

	if (size < 2)
		return 0;
	n = get_u16(data);
	data += 2;
	size -= 2;
	n = n < size ? n : size;
	base = (struct reader)READER_OF_BUFFER(data, n);
	module = (struct reader)READER_OF_BUFFER(data + n, size - n);
	btf_check_header(&base, &total, &err);
	btf_fill_layout_split(&base, module.size ? &module : NULL, layout_defs, LAYOUT_NR, layout.v,
			      &err);
	return 0;
}
