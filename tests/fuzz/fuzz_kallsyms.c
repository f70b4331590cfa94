/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as kernel memory with kallsyms in it. The first 36 say where the tables are: 4 bytes
 * for each, relative to the memory's start, and the last 4 what _stext is. Told where they are,
 * then scanned for.
 */
#include <string.h>

#include "kernel/kallsyms_scan.h"
#include "util/bytes.h"

#define START UINT64_C(0xffffffff81000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
	const uint8_t *bytes;
	size_t size;
};

static int read_memory(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	const struct memory *m = ctx;

	if (off < START || off - START > m->size || size > m->size - (off - START))
		return err_set(err, ERR_ABSENT, "0x%llx is not in the dump", (long long)off);
	memcpy(buf, m->bytes + (off - START), size);
	return 0;
}

static int add_up(void *ctx, kvaddr_t addr, char type, const char *name)
{
	uint64_t *sum = ctx;

	*sum += addr + (unsigned char)type + strlen(name);
	return 0;
}

static void use(const struct kallsyms *ks)
{
	char name[KALLSYMS_NAME_SIZE];
	static struct symbols found;
	struct err err = { 0 };
	uint64_t off, sum = 0;

	kallsyms_find(ks, symbol_defs, SYMBOL_NR, &found, &err);
	for (kvaddr_t addr = START; addr < START + 0x1000; addr += 0x101)
		kallsyms_lookup_addr(ks, addr, name, sizeof(name), &off, &err);
	kallsyms_lookup_addr(ks, UINT64_MAX, name, 8, &off, &err);
	kallsyms_for_each(ks, add_up, &sum, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kallsyms_where where;
	kvaddr_t at[9];
	struct memory m;
	struct reader r = { read_memory, &m, UINT64_MAX };
	struct err err = { 0 };
	struct kallsyms ks;

	if (size < sizeof(at) / 2)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		at[i] = get_u32(data + i * 4) ? START + get_u32(data + i * 4) : 0;
	where = (struct kallsyms_where){ at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7] };
	m.bytes = data + sizeof(at) / 2;
	m.size = size - sizeof(at) / 2;
	if (!kallsyms_init(&ks, &r, &where, at[8], &err))
		use(&ks);
	kallsyms_deinit(&ks);
	if (!kallsyms_scan(&ks, &r, START, START + m.size, at[8], &err))
		use(&ks);
	kallsyms_deinit(&ks);
	return 0;
}
