/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as physical memory that page tables lie in: the first 16 say what range to walk, the next
 * what the address space is, of which machine. Runs must follow each other, within the range, and end.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz_file.h"
#include "mem/pgtable.h"
#include "util/bytes.h"

#define RAM_PAGES 36u /* two tables of 64 KiB pages, and some */
#define RAM	  0x10000ull
#define DATA_OFF  4096u
#define RUNS_MAX  4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A dump whose memory is @data, over and over. */
static struct vmcore *make_dump(const uint8_t *data, size_t size, struct fuzz_file *f)
{
	static const char info[] = "PAGESIZE=4096\nNUMBER(phys_base)=0\nSYMBOL(swapper_pg_dir)=ffffffff80010000\n";
	static uint8_t file[DATA_OFF + RAM_PAGES * 4096];
	struct vmcore *vc = NULL;
	struct err err = { 0 };
	size_t at;

	memset(file, 0, sizeof(file));
	memcpy(file, "\177ELF\2\1\1", 7);
	put_u16(file + 16, 4);	/* ET_CORE */
	put_u16(file + 18, 62); /* EM_X86_64 */
	put_u32(file + 20, 1);
	put_u64(file + 32, 64);
	put_u16(file + 52, 64);
	put_u16(file + 54, 56);
	put_u16(file + 56, 2);
	put_u32(file + 64, 4); /* PT_NOTE */
	put_u64(file + 64 + 8, 1024);
	put_u64(file + 64 + 32, 24 + sizeof(info) - 1);
	put_u32(file + 120, 1); /* PT_LOAD */
	put_u64(file + 120 + 8, DATA_OFF);
	put_u64(file + 120 + 16, 0xffff888000000000 + RAM);
	put_u64(file + 120 + 24, RAM);
	put_u64(file + 120 + 32, RAM_PAGES * 4096);
	put_u64(file + 120 + 40, RAM_PAGES * 4096);
	put_u32(file + 1024, 11);
	put_u32(file + 1028, sizeof(info) - 1);
	memcpy(file + 1036, "VMCOREINFO", 11);
	memcpy(file + 1048, info, sizeof(info) - 1);
	for (at = 0; size && at < RAM_PAGES * 4096; at += size)
		memcpy(file + DATA_OFF + at, data, min_u64(size, RAM_PAGES * 4096 - at));
	fuzz_file_write(f, file, sizeof(file));
	if (vmcore_open(f->path, NULL, &vc, &err))
		abort();
	return vc;
}

static void walk(struct vmcore *vc, const struct arch *arch, const struct arch_space *space,
		 uint64_t start, uint64_t end)
{
	struct pgrun run;
	struct pgwalk w;
	unsigned int n = 0;
	uint64_t at = start;

	if (pgwalk_init(&w, vc, arch, space, RAM, NULL))
		abort();
	pgwalk_range(&w, start, end);
	while (n++ < RUNS_MAX && pgwalk_next(&w, &run)) {
		if (run.start != at || run.end <= run.start || run.end > end || run.level < 1 ||
		    run.level > space->levels)
			abort();
		if (run.rc ? !w.why.text[0] : run.pte.kind == PTE_TABLE)
			abort();
		if (!run.rc && run.pte.kind == PTE_PAGE &&
		    (run.pte.size < 4096 || run.end - run.start > run.pte.size))
			abort();
		at = run.end;
	}
	pgwalk_deinit(&w);
}

/* Every geometry that there is, by one byte. */
static const struct arch *choose(uint8_t how, struct arch_space *s)
{
	static const unsigned int va_bits[3][4] = {
		{ 39, 48, 52, 48 }, { 36, 47, 48, 52 }, { 42, 48, 52, 52 },
	};
	unsigned int granule = how >> 2 & 3;

	*s = (struct arch_space){ .page_shift = 12, .addr_mask = 0x000ffffffffff000ull };
	if (!(how & 2) || granule == 3) {
		s->levels = how & 1 ? 5 : 4;
		s->va_bits = how & 1 ? 57 : 48;
		s->user_end = 1ull << (s->va_bits - 1);
		return &arch_x86_64;
	}
	s->page_shift += 2 * granule;
	s->va_bits = va_bits[granule][how >> 4 & 3];
	s->levels = (s->va_bits - 4) / (s->page_shift - 3);
	s->user_end = 1ull << s->va_bits;
	s->addr_mask = 0x0000fffffffff000ull & ~((1ull << s->page_shift) - 1);
	s->addr_high_mask = how & 1 ? granule == 2 ? 0xf000 : 0x300 : 0;
	s->addr_high_shift = granule == 2 ? 36 : 42;
	s->pte_format = how >> 6;
	return &arch_arm64;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct arch *arch;
	struct arch_space space;
	struct err err = { 0 };
	uint64_t start, end, page;
	struct fuzz_file f;
	struct vmcore *vc;
	unsigned int level;
	struct pte pte;

	if (size < 18)
		return 0;
	arch = choose(data[16], &space);
	page = 1ull << space.page_shift;
	start = get_u64(data) & (space.user_end - 1) & ~(page - 1);
	end = start + (get_u64(data + 8) & (space.user_end - 1) & ~(page - 1));
	end = min_u64(end, space.user_end);
	vc = make_dump(data + 18, size - 18, &f);
	walk(vc, arch, &space, start, end);
	if (pgtable_lookup(vc, arch, &space, RAM, start, &pte, &level, &err) && !err.text[0])
		abort();
	vmcore_close(vc);
	fuzz_file_close(&f);
	return 0;
}
