/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as VMCOREINFO. The keys that vmsift asks for are asked for, and the text's own lines: what is
 * found for these must be what stands there. Then it is the address space of an x86_64 kernel.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "vmcore/vmcoreinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first line of each key must be found by that key. */
static void check_first_line(const struct vmcoreinfo *vi)
{
	size_t n = strcspn(vi->text, "=\n");
	char key[64], value[VMCOREINFO_SIZE_MAX + 1];
	size_t len;

	if (vi->text[n] != '=' || n >= sizeof(key))
		return;
	memcpy(key, vi->text, n);
	key[n] = 0;
	if (!vmcoreinfo_str(vi, key, value, sizeof(value)))
		abort();
	len = strcspn(vi->text + n + 1, "\n");
	if (strlen(value) != len || memcmp(value, vi->text + n + 1, len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct arch_load loads[] = { { 0xffff888000100000, 0x100000, 0x1000000 } };
	static const char *const keys[] = { "OSRELEASE", "BUILD-ID", "PAGESIZE", "NUMBER(phys_base)", "CRASHTIME",
					    "OFFSET(page.flags)", "SIZE(page)", "SYMBOL(prb)", "KERNELOFFSET" };
	struct vmcoreinfo vi = { 0 };
	struct arch_space space = { 0 };
	struct err err = { 0 };
	char buf[24];
	uint64_t u;
	int64_t n;
	size_t i;

	if (vmcoreinfo_init(&vi, data, size, &err)) {
		if (!err.rc || !err.text[0])
			abort();
		return 0;
	}
	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (vmcoreinfo_str(&vi, keys[i], buf, sizeof(buf)) && strlen(buf) >= sizeof(buf))
			abort();
		vmcoreinfo_hex(&vi, keys[i], &u);
		vmcoreinfo_symbol(&vi, keys[i], &u);
		vmcoreinfo_number(&vi, keys[i], &n);
	}
	check_first_line(&vi);
	if (!arch_x86_64.space_init(&vi, loads, 1, &space, &err)) {
		if (space.levels < 4 || space.levels > ARCH_LEVELS_MAX || space.image_end <= space.image_start)
			abort();
	} else if (!err.text[0]) {
		abort();
	}
	vmcoreinfo_deinit(&vi);
	return 0;
}
