/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a program's memory with .eh_frame_hdr at its start: steps must end, and read nothing else.
 * The first byte says whether the rest is an expression instead, the next two where execution stands.
 */
#include "unwind/cfi.h"

#include <stdlib.h>
#include <string.h>

#define BASE 0x10000u
#define STEPS_MAX 32

struct memory {
	const uint8_t *data;
	size_t size;
};

static int read_memory(void *ctx, uint64_t at, void *buf, size_t size, struct err *err)
{
	const struct memory *m = ctx;

	if (at < BASE || at - BASE > m->size || size > m->size - (at - BASE))
		return err_set(err, ERR_ABSENT, "0x%llx is not there", (unsigned long long)at);
	memcpy(buf, m->data + (at - BASE), size);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memory m = { data + 3, size - 3 };
	struct reader mem = { .read = read_memory, .ctx = &m, .size = UINT64_MAX };
	struct cfi_regs regs = { .known = UINT32_MAX };
	struct err err = { 0 };
	bool exact = true;
	uint64_t v;
	size_t i;

	if (size < 3)
		return 0;
	for (i = 0; i < CFI_REGS; i++)
		regs.r[i] = BASE + 8 * i;
	regs.r[CFI_RA] = BASE - 0x8000u + data[1] + 256u * data[2];
	if (data[0] & 0x80) {
		cfi_expr(&mem, m.data, m.size, &regs, data[0] & 1, BASE, &v, &err);
		return 0;
	}
	for (i = 0; i < STEPS_MAX; i++) {
		struct cfi_regs before = regs;
		int rc = cfi_step(&mem, BASE, m.size, &regs, &exact, &err);

		if (!rc)
			continue;
		if (rc != err.rc || memcmp(&before, &regs, sizeof(regs)))
			abort(); /* it promises to leave them alone */
		break;
	}
	return 0;
}
