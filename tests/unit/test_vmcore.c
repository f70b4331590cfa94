/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dumps of a few pages: segments that overlap, files that are cut, pages that cannot be read. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sys/stat.h>

#include "tiny_dump.h"

#define PAGE TINY_PAGE
#define RAM  TINY_RAM

/* 16 pages, each filled with 'a' plus its number. */
static void make_ram(struct tiny *t)
{
	uint8_t *ram;
	int i;

	tiny_init(t);
	ram = tiny_load(t, TINY_VA(0), RAM, 16 * PAGE, 0);
	for (i = 0; i < 16; i++)
		memset(ram + i * PAGE, 'a' + i, PAGE);
	tiny_info(t, TINY_INFO);
	tiny_headers(t);
}

static struct vmcore *open_ok(const char *path)
{
	struct vmcore *vc = NULL;
	struct err err = { 0 };

	if (vmcore_open(path, NULL, &vc, &err))
		fail_msg("%s", err.text);
	return vc;
}

/* --- what is no dump -------------------------------------------------------------------------- */

struct patch {
	const char *what;
	size_t off, size;
	uint64_t value;
	size_t cut; /* the file's size, if not 0 */
	int rc;	    /* 0: opens */
	const char *words;
};

#define PH(n, member) (sizeof(Elf64_Ehdr) + (n) * sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, member))
#define EH(member)    offsetof(Elf64_Ehdr, member)

static const struct patch patches[] = {
	{ "nothing is changed", 0, 0, 0, 0, 0, "" },
	{ "another magic", 0, 4, 0x464c457e, 0, ERR_FORMAT, "is not an ELF file" },
	{ "32 bits", EI_CLASS, 1, ELFCLASS32, 0, ERR_UNSUPPORTED, "32-bit ELF: only 64-bit dumps are read" },
	{ "big-endian", EI_DATA, 1, ELFDATA2MSB, 0, ERR_UNSUPPORTED, "big-endian" },
	{ "a program", EH(e_type), 2, ET_DYN, 0, ERR_FORMAT, "is an ELF file but no core (type 3)" },
	{ "no program headers", EH(e_phnum), 2, 0, 0, ERR_FORMAT, "no readable program headers" },
	{ "program headers beyond the file", EH(e_phoff), 8, 1ull << 40, 0, ERR_FORMAT, "program header" },
	{ "program headers beyond all files", EH(e_phoff), 8, ~0ull - 8, 0, ERR_FORMAT, "program header" },
	{ "program headers said to be of another size, which libelf knows better", EH(e_phentsize), 2, 7, 0, 0, "" },
	{ "no notes", PH(0, p_type), 4, PT_NULL, 0, ERR_FORMAT, "has no VMCOREINFO note" },
	{ "notes beyond the file", PH(0, p_offset), 8, 1ull << 40, 0, ERR_FORMAT, "has no VMCOREINFO note" },
	{ "a note of a process", TINY_NOTES_OFF + 8, 4, NT_AUXV, 0, 0, "" }, /* it is VMCOREINFO all the same */
	{ "VMCOREINFO by another name", TINY_NOTES_OFF + 12, 1, 'X', 0, ERR_FORMAT, "has no VMCOREINFO note" },
	{ "VMCOREINFO past its segment", TINY_NOTES_OFF + 4, 4, 5000, 0, ERR_FORMAT, "has no VMCOREINFO note" },
	{ "VMCOREINFO without text", TINY_NOTES_OFF + 4, 4, 0, 0, ERR_FORMAT, "VMCOREINFO holds no KEY=VALUE line" },
	{ "a page size that is none", TINY_NOTES_OFF + 24 + 9, 4, 0x37373737, 0, ERR_CORRUPT, "PAGESIZE=7777" },
	{ "a page size that is too small", TINY_NOTES_OFF + 24 + 9, 4, 0x34323031, 0, ERR_CORRUPT, "PAGESIZE=1024" },
	{ "a segment that wraps around", PH(1, p_paddr), 8, ~0ull - PAGE, 0, ERR_CORRUPT, "at 0xffffffffffffefff of 0x10000 bytes wraps around" },
	{ "a segment beyond what machines address", PH(1, p_paddr), 8, 1ull << 52, 0, ERR_CORRUPT, "at 0x10000000000000 of 0x10000 bytes: no machine has memory there" },
	{ "a segment that ends at the last address is read", PH(1, p_paddr), 8, (1ull << 52) - 0x10000, 0, 0, "" },
	{ "a segment whose place in the file wraps around", PH(1, p_offset), 8, ~0ull - PAGE, 0, ERR_CORRUPT, "wraps around" },
	{ "a segment without an address, as /proc/kcore has", PH(1, p_paddr), 8, ~0ull, 0, 0, "" },
	{ "the ELF header alone", 0, 0, 0, sizeof(Elf64_Ehdr), ERR_FORMAT, "program header" },
	{ "half an ELF header", 0, 0, 0, 30, ERR_FORMAT, "is not an ELF file" },
	{ "half of the program headers", 0, 0, 0, sizeof(Elf64_Ehdr) + 80, ERR_FORMAT, "program header" },
	{ "cut before the notes", 0, 0, 0, TINY_NOTES_OFF, ERR_FORMAT, "has no VMCOREINFO note" },
	{ "cut within VMCOREINFO", 0, 0, 0, TINY_NOTES_OFF + 40, ERR_FORMAT, "has no VMCOREINFO note" },
	{ "cut behind VMCOREINFO", 0, 0, 0, TINY_DATA_OFF, 0, "" },
};

static void test_patches(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(patches); i++) {
		const struct patch *p = &patches[i];
		struct vmcore *vc = NULL;
		struct err err = { 0 };
		struct tiny t;
		int rc;

		make_ram(&t);
		memcpy(t.file + p->off, &p->value, p->size);
		if (p->cut)
			t.size = p->cut;
		rc = vmcore_open(tiny_save(&t), NULL, &vc, &err);
		if (rc != p->rc || !strstr(err.text, p->words) || (rc && !strstr(err.text, t.path)))
			fail_msg("%s: %d '%s'", p->what, rc, err.text);
		/* @ret is untouched on failure. */
		assert_true(!rc == !!vc);
		vmcore_close(vc);
		tiny_free(&t);
	}
}

/* What a segment promises beyond its bytes was filtered out, as far as a machine may have it. */
static void test_filtered_tail(void **state)
{
	static const struct {
		uint64_t memsz, end; /* end: of all that was RAM, from the segment's start on */
	} rows[] = {
		{ 16 * PAGE, 16 * PAGE }, { 20 * PAGE, 20 * PAGE },	     { (1ull << 46) + 16 * PAGE, (1ull << 46) + 16 * PAGE },
		{ 0, 16 * PAGE },	  { (1ull << 47), 16 * PAGE },	     { 1ull << 52, 16 * PAGE },
		{ ~0ull, 16 * PAGE },	  { (1ull << 63) - 1, 16 * PAGE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		paddr_t from = 0, start, end = 0;
		struct vmcore *vc;
		struct tiny t;

		make_ram(&t);
		memcpy(t.file + PH(1, p_memsz), &rows[i].memsz, 8);
		vc = open_ok(tiny_save(&t));
		while (vmcore_next(vc, VMCORE_RAM, from, &start, &end))
			from = end;
		if (end != RAM + rows[i].end)
			fail_msg("row %zu: RAM up to 0x%" PRIx64, i, end);
		vmcore_close(vc);
		tiny_free(&t);
	}
}

static void test_no_files(void **state)
{
	static const struct {
		const char *path;
		int rc;
		const char *words;
	} rows[] = {
		{ "/nonexistent/vmcore", ERR_NOTFOUND, "/nonexistent/vmcore: cannot be opened: No such file" },
		{ "/tmp", ERR_FORMAT, "/tmp: is a directory" },
		{ "/dev/null", ERR_UNSUPPORTED, "/dev/null: is no regular file" },
	};
	char fifo[64];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vmcore *vc = NULL;
		struct err err = { 0 };

		assert_int_equal(vmcore_open(rows[i].path, NULL, &vc, &err), rows[i].rc);
		if (!strstr(err.text, rows[i].words))
			fail_msg("%s", err.text);
	}
	/* A FIFO does not make it wait for a writer. */
	tiny_write_file(fifo, "", 0);
	unlink(fifo);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	for (i = 0; i < 1; i++) {
		struct vmcore *vc = NULL;
		struct err err = { 0 };

		assert_int_equal(vmcore_open(fifo, NULL, &vc, &err), ERR_UNSUPPORTED);
	}
	unlink(fifo);
}

/* --- segments ------------------------------------------------------------------------------------ */

struct seg_row {
	const char *what;
	struct {
		uint64_t paddr, nr_pages;
		uint8_t fill;
	} seg[4];
	size_t nr_segs;
	uint64_t nr_pages;
	const char *bytes; /* of pages from RAM on; ' ': not in the dump */
};

/* Memory that two segments hold is taken from the larger: the kernel image stands in the file twice. */
static const struct seg_row seg_rows[] = {
	{ "one segment", { { RAM, 4, 'r' } }, 1, 4, "rrrr  " },
	{ "two that touch", { { RAM, 2, 'r' }, { RAM + 2 * PAGE, 2, 's' } }, 2, 4, "rrss  " },
	{ "two out of order", { { RAM + 2 * PAGE, 2, 's' }, { RAM, 2, 'r' } }, 2, 4, "rrss" },
	{ "a hole between", { { RAM, 1, 'r' }, { RAM + 3 * PAGE, 1, 's' } }, 2, 2, "r  s " },
	{ "the kernel image within RAM", { { RAM + PAGE, 2, 'k' }, { RAM, 6, 'r' } }, 1, 6, "rrrrrr " },
	{ "the kernel image at the start of RAM", { { RAM, 2, 'k' }, { RAM, 6, 'r' } }, 1, 6, "rrrrrr " },
	{ "the kernel image beyond the end of RAM", { { RAM, 6, 'r' }, { RAM + 4 * PAGE, 4, 'k' } }, 2, 8, "rrrrrrkk " },
	{ "the kernel image before the start of RAM", { { RAM, 3, 'k' }, { RAM + 2 * PAGE, 6, 'r' } }, 2, 8, "kkrrrrrr " },
	{ "the kernel image over two segments and the hole between", { { RAM, 4, 'r' }, { RAM + 6 * PAGE, 4, 's' }, { RAM + 3 * PAGE, 4, 'k' } },
	  3, 10, "rrrrkkssss " },
	{ "three times the same", { { RAM, 2, 'a' }, { RAM, 2, 'b' }, { RAM, 2, 'c' } }, 1, 2, "aa " },
	{ "each in the one before", { { RAM, 8, 'a' }, { RAM + PAGE, 6, 'b' }, { RAM + 2 * PAGE, 4, 'c' }, { RAM + 3 * PAGE, 1, 'd' } }, 1, 8, "aaaaaaaa " },
};

static char byte_at(struct vmcore *vc, uint64_t paddr)
{
	uint8_t page[PAGE], want[PAGE];

	if (!vmcore_has(vc, paddr)) {
		assert_int_equal(vmcore_read(vc, paddr, page, PAGE, NULL), ERR_ABSENT);
		return ' ';
	}
	assert_int_equal(vmcore_read(vc, paddr, page, PAGE, NULL), 0);
	memset(want, page[0], PAGE);
	assert_memory_equal(page, want, PAGE);
	return (char)page[0];
}

static void test_segments(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(seg_rows); i++) {
		const struct seg_row *r = &seg_rows[i];
		struct vmcore *vc;
		struct tiny t;

		tiny_init(&t);
		for (n = 0; n < 4 && r->seg[n].nr_pages; n++)
			tiny_load(&t, TINY_DIRECT + r->seg[n].paddr, r->seg[n].paddr,
				  r->seg[n].nr_pages * PAGE, r->seg[n].fill);
		tiny_info(&t, TINY_INFO);
		tiny_headers(&t);
		vc = open_ok(tiny_save(&t));
		if (vc->segs.n != r->nr_segs || vmcore_nr_pages(vc) != r->nr_pages || vc->loads.n != n)
			fail_msg("%s: %zu segments, %llu pages", r->what, vc->segs.n,
				 (unsigned long long)vmcore_nr_pages(vc));
		for (n = 0; r->bytes[n]; n++)
			if (byte_at(vc, RAM + n * PAGE) != r->bytes[n])
				fail_msg("%s: page %zu", r->what, n);
		vmcore_close(vc);
		tiny_free(&t);
	}
}

/* A read may go on where the next segment begins, and not over a hole. */
static void test_read_across(void **state)
{
	uint8_t buf[3 * PAGE];
	struct err err = { 0 };
	const void *ptr;
	size_t size;
	struct vmcore *vc;
	struct tiny t;

	(void)state;
	tiny_init(&t);
	tiny_load(&t, TINY_VA(0), RAM, 2 * PAGE, 'r');
	tiny_load(&t, TINY_VA(2 * PAGE), RAM + 2 * PAGE, PAGE, 's');
	tiny_load(&t, TINY_VA(4 * PAGE), RAM + 4 * PAGE, PAGE, 't');
	tiny_info(&t, TINY_INFO);
	tiny_headers(&t);
	vc = open_ok(tiny_save(&t));
	assert_int_equal(vmcore_read(vc, RAM + PAGE + 5, buf, 2 * PAGE - 5, &err), 0);
	assert_int_equal(buf[PAGE - 6], 'r');
	assert_int_equal(buf[PAGE - 5], 's');
	assert_int_equal(vmcore_read(vc, RAM + 2 * PAGE, buf, PAGE + 1, &err), ERR_ABSENT);
	assert_string_equal(err.text, "page frame 0x103 is not in the dump");
	/* What is seen without copying ends with its segment. */
	assert_int_equal(vmcore_map(vc, RAM + PAGE + 5, 1 << 20, &ptr, &size, &err), 0);
	assert_int_equal(size, PAGE - 5);
	assert_int_equal(*(const char *)ptr, 'r');
	assert_int_equal(vmcore_map(vc, 0, 1, &ptr, &size, &err), ERR_ABSENT);
	assert_int_equal(vmcore_map(vc, ~0ull, 1, &ptr, &size, &err), ERR_ABSENT);
	/* What was never there is no fault. */
	assert_int_equal(vmcore_faults(vc, NULL), 0);
	vmcore_close(vc);
	tiny_free(&t);
}

static void test_cut(void **state)
{
	struct err err = { 0 };
	uint8_t page[PAGE];
	struct vmcore *vc;
	const char *last;
	struct tiny t;

	(void)state;
	make_ram(&t);
	t.size -= 3 * PAGE + 100; /* 12 whole pages and the most of one are left */
	vc = open_ok(tiny_save(&t));
	assert_int_equal(vc->missing_size, 3 * PAGE + 100);
	assert_int_equal(byte_at(vc, RAM + 11 * PAGE), 'l');
	assert_int_equal(vmcore_read(vc, RAM + 12 * PAGE, page, PAGE - 100, &err), 0);
	assert_int_equal(page[PAGE - 101], 'm');
	assert_int_equal(vmcore_read(vc, RAM + 12 * PAGE, page, PAGE, &err), ERR_ABSENT);
	assert_string_equal(err.text, "page frame 0x10c is not in the dump: it was cut");
	assert_int_equal(byte_at(vc, RAM + 13 * PAGE), ' ');
	assert_int_equal(vmcore_faults(vc, &last), 2);
	assert_string_equal(last, "page frame 0x10d is not in the dump: it was cut");
	vmcore_close(vc);
	tiny_free(&t);
}

/* --- notes ------------------------------------------------------------------------------------- */

static void test_notes(void **state)
{
	struct vmcore *vc;
	struct tiny t;
	char text[8];

	(void)state;
	tiny_init(&t);
	tiny_note(&t, "LINUX", NT_VMCOREDD, NULL, 3000);
	tiny_note(&t, "CORE", NT_PRSTATUS, NULL, 336);
	tiny_info(&t, "OSRELEASE=1.2\n" TINY_INFO);
	tiny_note(&t, "CORE", NT_PRSTATUS, NULL, 336);
	t.notes_size += 1000; /* zeros */
	tiny_load(&t, TINY_VA(0), RAM, PAGE, 0);
	tiny_headers(&t);
	vc = open_ok(tiny_save(&t));
	assert_int_equal(vc->notes.n, 4);
	assert_int_equal(vc->notes.v[0].type, NT_VMCOREDD);
	assert_int_equal(vc->notes.v[0].desc_size, 3000);
	assert_true(vmcoreinfo_str(&vc->info, "OSRELEASE", text, sizeof(text)));
	assert_string_equal(text, "1.2");
	assert_int_equal(vc->page_size, 4096);
	vmcore_close(vc);
	tiny_free(&t);
}

/* Where a later note is damaged, those before it serve, and it is said. */
static void test_damaged_note(void **state)
{
	char *said = NULL;
	size_t size;
	FILE *f = open_memstream(&said, &size);
	struct vmcore *vc = NULL;
	struct err err = { 0 };
	struct log log;
	struct tiny t;

	(void)state;
	tiny_init(&t);
	tiny_info(&t, TINY_INFO);
	tiny_note(&t, "CORE", NT_PRSTATUS, NULL, 336);
	put_u32(t.file + TINY_NOTES_OFF + t.notes_size - 336 - 16, 100000);
	tiny_load(&t, TINY_VA(0), RAM, PAGE, 0);
	tiny_headers(&t);
	log_init(&log, f, LOG_INFO);
	assert_int_equal(vmcore_open(tiny_save(&t), &log, &vc, &err), 0);
	fclose(f);
	if (!strstr(said, "runs past the segment") || !strstr(said, "1 notes before it are used"))
		fail_msg("%s", said);
	assert_int_equal(vc->notes.n, 1);
	vmcore_close(vc);
	tiny_free(&t);
	free(said);
}

/* --- more program headers than fit 16 bits -------------------------------------------------------- */

/* One page, at @n addresses. */
static char *save_many(uint32_t n, char *path)
{
	size_t phdrs = (size_t)(n + 1) * sizeof(Elf64_Phdr), off = 0x2000 + phdrs;
	uint8_t *file = calloc(1, off + PAGE + 0x1000);
	Elf64_Phdr *ph = (Elf64_Phdr *)(file + 0x2000);
	Elf64_Ehdr *eh = (Elf64_Ehdr *)file;
	struct tiny t;
	uint32_t i;

	assert_non_null(file);
	tiny_init(&t);
	tiny_info(&t, TINY_INFO);
	tiny_headers(&t);
	memcpy(eh, t.file, sizeof(*eh));
	memcpy(file + 0x1000, t.file + TINY_NOTES_OFF, t.notes_size);
	eh->e_phoff = 0x2000;
	eh->e_phnum = PN_XNUM;
	eh->e_shoff = sizeof(*eh);
	eh->e_shentsize = sizeof(Elf64_Shdr);
	eh->e_shnum = 1;
	((Elf64_Shdr *)(file + sizeof(*eh)))->sh_info = n + 1;
	ph[0] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = 0x1000, .p_filesz = t.notes_size };
	for (i = 1; i <= n; i++)
		ph[i] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = off, .p_filesz = PAGE,
				      .p_memsz = PAGE, .p_paddr = 2ull * i * PAGE,
				      .p_vaddr = TINY_DIRECT + 2ull * i * PAGE };
	memset(file + off, 'x', PAGE);
	tiny_write_file(path, file, off + PAGE);
	free(file);
	tiny_free(&t);
	return path;
}

static void test_pn_xnum(void **state)
{
	struct vmcore *vc = NULL;
	struct err err = { 0 };
	char path[64];

	(void)state;
	vc = open_ok(save_many(65536, path));
	unlink(path);
	assert_int_equal(vc->segs.n, 65536);
	assert_int_equal(byte_at(vc, 2ull * 65536 * PAGE), 'x');
	assert_int_equal(byte_at(vc, 2ull * 65535 * PAGE + PAGE), ' ');
	vmcore_close(vc);
	vc = NULL;
	assert_int_equal(vmcore_open(save_many(70000, path), NULL, &vc, &err), ERR_CORRUPT);
	unlink(path);
	if (!strstr(err.text, "more than 65536 segments"))
		fail_msg("%s", err.text);
}

/* Headers that speak of more sections or program headers than there are. */
static void test_elf_counts(void **state)
{
	static const struct {
		const char *what;
		uint16_t phnum, shnum;
		uint64_t shoff, sh_size; /* of the first section header, if there is one */
		uint32_t sh_info;
		const char *error; /* NULL: the dump is read as if nothing were */
	} rows[] = {
		{ "65,535 sections, nowhere", 2, 0xffff, 0, 0, 0, NULL },
		{ "65,535 sections", 2, 0xffff, 0x1000, 0, 0, NULL },
		{ "2^60 sections", 2, 0, 0x1000, 1ull << 60, 0, NULL },
		{ "sections behind the end", 2, 1, 1ull << 60, 0, 0, NULL },
		{ "more program headers than there are", 0xffff, 0, 0, 0, 0, NULL },
		{ "the number stands behind the end", 0xffff, 1, 1ull << 60, 0, 0, NULL },
		{ "the number stands in a section", 0xffff, 1, 0x1000, 0, 2, NULL },
		{ "2^32 program headers", 0xffff, 1, 0x1000, 0, UINT32_MAX, "has no readable program headers" },
		{ "more than are believed", 0xffff, 1, 0x1000, 0, 66000, "more than 65536 segments" },
		{ "none", 0, 0, 0, 0, 0, "has no readable program headers" },
		{ "none, says the section", 0xffff, 1, 0x1000, 0, 0, "has no readable program headers" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vmcore *vc = NULL;
		struct err err = { 0 };
		Elf64_Ehdr *eh;
		struct tiny t;
		int rc;

		tiny_init(&t);
		tiny_info(&t, TINY_INFO);
		memset(tiny_load(&t, TINY_DIRECT + RAM, RAM, 3u << 20, 0), 'x', PAGE);
		t.size = TINY_SIZE_MAX; /* room for more than are believed */
		tiny_headers(&t);
		eh = (Elf64_Ehdr *)t.file;
		eh->e_phnum = rows[i].phnum;
		eh->e_shnum = rows[i].shnum;
		eh->e_shoff = rows[i].shoff;
		if (rows[i].shoff == 0x1000)
			memcpy(t.file + 0x1000, &(Elf64_Shdr){ .sh_size = rows[i].sh_size, .sh_info = rows[i].sh_info },
			       sizeof(Elf64_Shdr));
		rc = vmcore_open(tiny_save(&t), NULL, &vc, &err);
		if (!rows[i].error != !rc || (rc && !strstr(err.text, rows[i].error)))
			fail_msg("%s: %d %s", rows[i].what, rc, err.text);
		if (!rc)
			assert_int_equal(byte_at(vc, RAM), 'x');
		vmcore_close(vc);
		tiny_free(&t);
	}
}

/* --- pages that cannot be read -------------------------------------------------------------------- */

struct damage_row {
	const char *what;
	const char *overlay; /* %llu: the offset of the memory in the file */
	const char *bytes;   /* of each page: as in the file, '!': cannot be read, '0': zeros */
	const char *fault;   /* of the first that cannot be read */
};

#define AT "%llu"

static const struct damage_row damage_rows[] = {
	{ "no damage", "# nothing\n\n", "abcdefghijklmnop", NULL },
	{ "EIO on one page", AT "+4096 eio\n", "!bcdefghijklmnop", "page frame 0x100: file offset 0x4000 cannot be read: Input/output error" },
	{ "EFAULT on one page, as for memory that is poisoned", AT "+1 efault\n", "!bcdefghijklmnop", "cannot be read: Bad address" },
	{ "one byte of a page in the middle", "0x6fff+1 eio\n", "ab!defghijklmnop", "page frame 0x102: " },
	{ "the last byte of one and the first of the next", "0x5fff+2 eio\n", "a!!defghijklmnop", NULL },
	{ "the last page", "0x13000+4096 eio\n", "abcdefghijklmno!", NULL },
	{ "every second page", "0x4000+1 eio\n0x6000+1 eio\n0x8000+1 efault\n0xa000+1 eio\n0xc000+1 eio\n0xe000+1 eio\n0x10000+1 eio\n0x12000+1 eio\n",
	  "!b!d!f!h!j!l!n!p", NULL },
	{ "all pages", AT "+65536 eio\n", "!!!!!!!!!!!!!!!!", NULL },
	{ "zeros in place of two pages", "0x5000+8192 zero\n", "a00defghijklmnop", NULL },
	{ "zeros, and behind them a page that fails", "0x5000+4096 zero\n0x6000+4096 eio\n", "a0!defghijklmnop", NULL },
};

static void check_pages(const struct damage_row *r, struct vmcore *vc)
{
	struct err first = { 0 };
	char got[17] = "";
	uint8_t page[PAGE], want[PAGE];
	uint64_t nr_bad = vmcore_faults(vc, NULL);
	int i;

	for (i = 0; i < 16; i++) {
		struct err err = { 0 };
		int rc = vmcore_read(vc, RAM + (uint64_t)i * PAGE, page, PAGE, &err);

		assert_true(vmcore_has(vc, RAM + (uint64_t)i * PAGE));
		assert_true(!rc || rc == ERR_ABSENT);
		if (rc && !first.rc)
			first = err;
		nr_bad += rc != 0;
		got[i] = rc ? '!' : page[0] ? (char)page[0] : '0';
		memset(want, page[0], PAGE);
		if (!rc)
			assert_memory_equal(page, want, PAGE);
	}
	assert_int_equal(vmcore_faults(vc, NULL), nr_bad);
	if (strcmp(got, r->bytes) || (r->fault && !strstr(first.text, r->fault)))
		fail_msg("%s: %s '%s'", r->what, got, first.text);
}

static void test_damage(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(damage_rows); i++) {
		const struct damage_row *r = &damage_rows[i];
		char overlay[512];
		struct vmcore *vc;
		const void *ptr;
		struct tiny t;
		size_t size;

		make_ram(&t);
		assert_int_equal(t.load[0].p_offset, 0x4000);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(overlay, sizeof(overlay), r->overlay, (unsigned long long)t.load[0].p_offset);
#pragma GCC diagnostic pop
		tiny_damage(&t, overlay);
		vc = open_ok(tiny_save(&t));
		check_pages(r, vc);
		/* In any order. */
		check_pages(r, vc);
		/* What is seen in one piece ends before the first bad page. */
		if (r->bytes[1] != '!') {
			assert_int_equal(vmcore_map(vc, RAM + PAGE, 1 << 20, &ptr, &size, NULL), 0);
			assert_true(size >= 1 && size <= strcspn(r->bytes + 1, "!") * PAGE);
		}
		vmcore_close(vc);
		tiny_free(&t);
	}
}

/* Bytes that the overlay changes are seen however they are read: VMCOREINFO, and memory. */
static void test_overlay_bytes(void **state)
{
	uint8_t buf[4];
	struct vmcore *vc;
	struct tiny t;
	char text[8];

	(void)state;
	make_ram(&t);
	tiny_note(&t, "X", 1, NULL, 4);
	tiny_damage(&t, "0x4ffe bytes 31 3233 34\n0x2021 bytes 383139320a\n");
	vc = open_ok(tiny_save(&t));
	assert_true(vmcoreinfo_str(&vc->info, "PAGESIZE", text, sizeof(text)));
	assert_string_equal(text, "8192");
	assert_int_equal(vc->page_size, 8192);
	assert_int_equal(vmcore_read(vc, RAM + PAGE - 2, buf, 4, NULL), 0);
	assert_memory_equal(buf, "1234", 4);
	vmcore_close(vc);
	tiny_free(&t);
}

static void test_bad_overlay(void **state)
{
	static const char *const bad[] = { "nonsense\n", "0x1000 eio\n", "0x1000+4 what\n", "0x1000 bytes\n",
					   "0x1000 bytes xyz\n" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct vmcore *vc = NULL;
		struct err err = { 0 };
		struct tiny t;

		make_ram(&t);
		tiny_damage(&t, bad[i]);
		assert_int_equal(vmcore_open(tiny_save(&t), NULL, &vc, &err), ERR_INVALID);
		if (!strstr(err.text, "damage overlay"))
			fail_msg("%s: %s", bad[i], err.text);
		tiny_free(&t);
	}
}

/* Many windows: pages all over a file that is larger than all windows together. */
static void test_many_windows(void **state)
{
	const uint64_t size = 40u << 20;
	struct err err = { 0 };
	struct vmcore *vc;
	struct tiny t;
	uint64_t i;
	uint32_t v;

	(void)state;
	tiny_init(&t);
	tiny_info(&t, TINY_INFO);
	tiny_load_at(&t, TINY_VA(0), RAM, size, TINY_DATA_OFF);
	tiny_headers(&t);
	tiny_save(&t);
	for (i = 0; i < 40; i++) {
		FILE *f = fopen(t.path, "r+");

		assert_non_null(f);
		assert_int_equal(truncate(t.path, (off_t)(TINY_DATA_OFF + size)), 0);
		fseek(f, (long)(TINY_DATA_OFF + (i << 20) + 12), SEEK_SET);
		fwrite(&(uint32_t){ (uint32_t)i + 1 }, 4, 1, f);
		fclose(f);
	}
	vc = open_ok(t.path);
	for (i = 0; i < 200; i++) {
		uint64_t n = i * 17 % 40;

		assert_int_equal(vmcore_read(vc, RAM + (n << 20) + 12, &v, 4, &err), 0);
		assert_int_equal(v, n + 1);
	}
	vmcore_close(vc);
	tiny_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patches),	      cmocka_unit_test(test_no_files),
		cmocka_unit_test(test_filtered_tail),
		cmocka_unit_test(test_segments),      cmocka_unit_test(test_read_across),
		cmocka_unit_test(test_cut),	      cmocka_unit_test(test_notes),
		cmocka_unit_test(test_damaged_note),  cmocka_unit_test(test_pn_xnum),
		cmocka_unit_test(test_elf_counts),
		cmocka_unit_test(test_damage),	      cmocka_unit_test(test_overlay_bytes),
		cmocka_unit_test(test_bad_overlay),   cmocka_unit_test(test_many_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
