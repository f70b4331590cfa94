/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cores of processes made by hand, read back with libelf. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <elf.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>

#include "fake_proc.h"
#include "ucore/ucore.h"
#include "ucore/ucore_notes.h"
#include "util/bytes.h"

#define EXE   0x400000ull
#define HEAP  0x600000ull
#define STACK 0x7ffff0000000ull
#define RW    (VM_READ | VM_WRITE)
#define PAGE  FAKE_PAGE

/* A core as it was written. */
struct image {
	uint8_t *bytes;
	size_t size, room;
	uint64_t limit; /* writing beyond it fails */
	Elf *elf;
	size_t nr_phdrs;
};

static int image_write(void *ctx, const void *buf, size_t size, struct err *err)
{
	struct image *im = ctx;

	if (size > im->limit - im->size)
		return err_set(err, ERR_NOSPACE, "the image is full");
	if (im->size + size > im->room) {
		im->room = 2 * (im->size + size);
		im->bytes = realloc(im->bytes, im->room);
		assert_non_null(im->bytes);
	}
	memcpy(im->bytes + im->size, buf, size);
	im->size += size;
	return 0;
}

static void image_free(struct image *im)
{
	elf_end(im->elf);
	free(im->bytes);
	memset(im, 0, sizeof(*im));
}

static void image_write_core(struct image *im, const struct plan *plan, struct ucore_result *res)
{
	const struct out out = { .write = image_write, .ctx = im };
	struct ucore_layout l;
	struct err err = { 0 };

	memset(im, 0, sizeof(*im));
	im->limit = UINT64_MAX;
	if (ucore_layout_make(plan, &l, &err) || ucore_write(plan, &l, &out, res, &err))
		fail_msg("%s", err.text);
	/* Sizes are known beforehand: a tar member of this size was opened for it. */
	assert_true(im->size == l.size);
	assert_int_equal(l.data_off % PAGE, 0);
	assert_int_not_equal(elf_version(EV_CURRENT), EV_NONE);
	im->elf = elf_memory((char *)im->bytes, im->size);
	assert_non_null(im->elf);
	assert_int_equal(elf_getphdrnum(im->elf, &im->nr_phdrs), 0);
	assert_int_equal(im->nr_phdrs, l.nr_loads + 1);
}

static GElf_Phdr image_phdr(const struct image *im, size_t i)
{
	GElf_Phdr ph;

	if (!gelf_getphdr(im->elf, (int)i, &ph))
		fail_msg("program header %zu: %s", i, elf_errmsg(-1));
	assert_true(ph.p_offset + ph.p_filesz <= im->size);
	assert_true(ph.p_type == PT_NOTE || ph.p_filesz <= ph.p_memsz);
	return ph;
}

/* The @nth note of an owner and type; NULL if there are no so many. */
static const uint8_t *image_note(struct image *im, const char *owner, uint32_t type, unsigned int nth,
				 size_t *size)
{
	GElf_Phdr ph = image_phdr(im, 0);
	Elf_Data *data;
	size_t at = 0, name, desc;
	GElf_Nhdr nh;

	assert_int_equal(ph.p_type, PT_NOTE);
	data = elf_getdata_rawchunk(im->elf, (int64_t)ph.p_offset, ph.p_filesz, ELF_T_NHDR);
	assert_non_null(data);
	while ((at = gelf_getnote(data, at, &nh, &name, &desc)) > 0)
		if (nh.n_type == type && !strcmp((char *)data->d_buf + name, owner) && !nth--) {
			*size = nh.n_descsz;
			return (uint8_t *)data->d_buf + desc;
		}
	return NULL;
}

/* "VADDR:FILESZ:MEMSZ FLAGS; ..." */
static void describe_loads(struct image *im, char *buf, size_t size)
{
	size_t i, n = 0;

	buf[0] = 0;
	for (i = 1; i < im->nr_phdrs; i++) {
		GElf_Phdr ph = image_phdr(im, i);

		assert_int_equal(ph.p_type, PT_LOAD);
		n += (size_t)snprintf(buf + n, size - n, "%llx:%llx:%llx %s%s%s; ", (unsigned long long)ph.p_vaddr,
				      (unsigned long long)ph.p_filesz, (unsigned long long)ph.p_memsz,
				      ph.p_flags & PF_R ? "r" : "", ph.p_flags & PF_W ? "w" : "",
				      ph.p_flags & PF_X ? "x" : "");
	}
}

/* The byte at an address, as a debugger finds it: -1 where no PT_LOAD has it. */
static int byte_at(struct image *im, uint64_t va)
{
	size_t i;

	for (i = 1; i < im->nr_phdrs; i++) {
		GElf_Phdr ph = image_phdr(im, i);

		if (va >= ph.p_vaddr && va < ph.p_vaddr + ph.p_memsz)
			return va < ph.p_vaddr + ph.p_filesz ? im->bytes[ph.p_offset + (va - ph.p_vaddr)] : 0;
	}
	return -1;
}

static void plan_full(struct fake_proc *f, struct plan *plan)
{
	struct keep_opts o;
	struct err err = { 0 };

	keep_opts_init(&o, DETAIL_FULL);
	if (plan_make(&f->p, &o, plan, &err))
		fail_msg("%s", err.text);
}

/* A program of text and data, a heap with zero and swapped pages, two threads. */
static struct fake_proc *make(void)
{
	static const uint64_t auxv[] = { AT_PAGESZ, PAGE, AT_ENTRY, EXE + 0x40, AT_NULL, 0 };
	struct fake_proc *f = fake_create();
	uint32_t exe = fake_add_file(f, "/bin/fake program");
	uint8_t *heap, *data;

	fake_add_area(f, EXE, 4, VM_READ | VM_EXEC, AREA_FILE_PRIVATE, exe, 0, "cc..");
	data = fake_add_area(f, EXE + 4 * PAGE, 2, RW, AREA_FILE_PRIVATE, exe, 4, "oc");
	heap = fake_add_area(f, HEAP, 8, RW, AREA_ANON, AREA_NO_FILE, 0, "o.os.o..");
	fake_add_area(f, STACK, 1, RW, AREA_ANON, AREA_NO_FILE, 0, "o");
	data[5] = 0xdd;
	heap[0] = 0x11;
	heap[2 * PAGE + 1] = 0x22;
	heap[5 * PAGE] = 0x55;
	fake_add_thread(f, STACK + 0x100, 0x7777);
	fake_add_thread(f, STACK + 0x200, 0);
	f->p.threads.v[0].task.letter = f->p.threads.v[1].task.letter = 'S';
	f->regs[0].r[f->p.arch->reg_pc] = EXE + 0x123;
	f->p.leader.pid = 1;
	f->p.leader.ppid = 77;
	f->p.leader.uid = 1000;
	f->p.leader.letter = 'S';
	free(f->p.cmdline);
	f->p.cmdline = calloc(1, 32);
	memcpy(f->p.cmdline, "fake\0two words\0", 15);
	f->p.cmdline_size = 15;
	f->p.auxv = malloc(sizeof(auxv));
	memcpy(f->p.auxv, auxv, sizeof(auxv));
	f->p.auxv_size = sizeof(auxv);
	return f;
}

static void test_memory(void **state)
{
	struct fake_proc *f = make();
	struct ucore_result res;
	struct image im;
	struct plan plan = { 0 };
	char loads[400];

	(void)state;
	plan_full(f, &plan);
	image_write_core(&im, &plan, &res);
	describe_loads(&im, loads, sizeof(loads));
	assert_string_equal(loads, "400000:1000:1000 rx; 404000:2000:2000 rw; 600000:3000:3000 rw; "
				   "604000:2000:4000 rw; 7ffff0000000:1000:1000 rw; ");
	assert_int_equal(byte_at(&im, EXE + 4 * PAGE + 5), 0xdd);
	assert_int_equal(byte_at(&im, HEAP), 0x11);
	assert_int_equal(byte_at(&im, HEAP + PAGE + 1), 0); /* zero between */
	assert_int_equal(byte_at(&im, HEAP + 2 * PAGE + 1), 0x22);
	assert_int_equal(byte_at(&im, HEAP + 3 * PAGE), -1); /* swapped out */
	assert_int_equal(byte_at(&im, HEAP + 4 * PAGE), 0);
	assert_int_equal(byte_at(&im, HEAP + 5 * PAGE), 0x55);
	assert_int_equal(byte_at(&im, HEAP + 7 * PAGE), 0); /* zero to the end: no bytes in the file */
	assert_int_equal(byte_at(&im, EXE + PAGE), -1);	     /* in the file */
	assert_int_equal(res.nr_lost, 0);
	assert_int_equal(res.nr_threads, 2);
	image_free(&im);
	plan_deinit(&plan);
	fake_destroy(f);
}

static void check_nt_file(struct image *im)
{
	size_t size;
	const uint8_t *d = image_note(im, "CORE", NT_FILE, 0, &size);

	assert_non_null(d);
	assert_int_equal(get_u64(d), 2);
	assert_int_equal(get_u64(d + 8), PAGE);
	assert_int_equal(get_u64(d + 16), EXE);
	assert_int_equal(get_u64(d + 24), EXE + 4 * PAGE);
	assert_int_equal(get_u64(d + 32), 0);
	assert_int_equal(get_u64(d + 40), EXE + 4 * PAGE);
	assert_int_equal(get_u64(d + 48), EXE + 6 * PAGE);
	assert_int_equal(get_u64(d + 56), 4);
	assert_int_equal(size, 64 + 2 * sizeof("/bin/fake program"));
	assert_string_equal((const char *)d + 64, "/bin/fake program");
}

static void test_notes(void **state)
{
	static const char *const lines[] = {
		"vmsift 1\n", "detail full\n", "thread tid=1 ", "thread tid=2 ", " regs=saved ",
		"map 400000-401000 captured pte - ", "map 401000-404000 file - -", "map 603000-604000 unavailable - swapped",
		"map 606000-608000 zero - -", "comm=fake exe=/bin/fake",
	};
	struct fake_proc *f = make();
	struct ucore_result res;
	struct plan plan = { 0 };
	struct image im;
	const uint8_t *d;
	size_t size, i;
	char *text;

	(void)state;
	plan_full(f, &plan);
	image_write_core(&im, &plan, &res);
	d = image_note(&im, "CORE", NT_PRSTATUS, 0, &size);
	assert_non_null(d);
	assert_int_equal(size, 336);
	assert_int_equal(get_u32(d + 32), 1);
	assert_true(get_u64(d + 112 + 8 * 16) == EXE + 0x123); /* rip */
	assert_true(get_u64(d + 112 + 8 * 19) == STACK + 0x100);
	assert_true(get_u64(d + 112 + 8 * 21) == 0x7777); /* fs_base */
	d = image_note(&im, "CORE", NT_PRSTATUS, 1, &size);
	assert_non_null(d);
	assert_int_equal(get_u32(d + 32), 2);
	assert_null(image_note(&im, "CORE", NT_PRSTATUS, 2, &size));
	assert_null(image_note(&im, "CORE", NT_PRFPREG, 0, &size));
	d = image_note(&im, "CORE", NT_PRPSINFO, 0, &size);
	assert_non_null(d);
	assert_int_equal(size, 136);
	assert_int_equal(d[1], 'S');
	assert_int_equal(get_u32(d + 16), 1000);
	assert_int_equal(get_u32(d + 24), 1);
	assert_int_equal(get_u32(d + 28), 77);
	assert_string_equal((const char *)d + 40, "fake");
	assert_string_equal((const char *)d + 56, "fake two words ");
	d = image_note(&im, "CORE", NT_AUXV, 0, &size);
	assert_int_equal(size, 48);
	assert_memory_equal(d, f->p.auxv, 48);
	check_nt_file(&im);
	d = image_note(&im, "VMSIFT", NT_VMSIFT_TEXT, 0, &size);
	assert_non_null(d);
	text = strndup((const char *)d, size);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		if (!strstr(text, lines[i]))
			fail_msg("'%s' is not in\n%s", lines[i], text);
	free(text);
	image_free(&im);
	plan_deinit(&plan);
	fake_destroy(f);
}

static int no_regs(struct proc *p, const struct proc_thread *t, struct arch_regs *ret, struct err *err)
{
	(void)p, (void)t, (void)ret;
	return err_set(err, ERR_NOTFOUND, "no registers");
}

/* Threads without registers are in the VMSIFT note only, and the other notes are there all the same. */
static void test_no_registers(void **state)
{
	struct proc_ops ops = fake_ops;
	struct fake_proc *f = make();
	struct ucore_result res;
	struct plan plan = { 0 };
	struct image im;
	const char *text;
	size_t size;

	(void)state;
	ops.regs = no_regs;
	f->p.ops = &ops;
	plan_full(f, &plan);
	image_write_core(&im, &plan, &res);
	assert_int_equal(res.nr_threads, 0);
	assert_null(image_note(&im, "CORE", NT_PRSTATUS, 0, &size));
	assert_non_null(image_note(&im, "CORE", NT_PRPSINFO, 0, &size));
	assert_non_null(image_note(&im, "CORE", NT_FILE, 0, &size));
	text = (const char *)image_note(&im, "VMSIFT", NT_VMSIFT_TEXT, 0, &size);
	assert_non_null(text);
	assert_non_null(memmem(text, size, "regs=unavailable", 16));
	assert_null(memmem(text, size, "regs=saved", 10));
	image_free(&im);
	plan_deinit(&plan);
	fake_destroy(f);
}

/*
 * Registers of a thread whose CPU did not answer are there, and said to be stale; the other's are not. Those
 * that are 0 because they are not known are named.
 */
static void test_stale_registers(void **state)
{
	struct fake_proc *f = make();
	struct ucore_result res;
	struct plan plan = { 0 };
	struct image im;
	const char *note;
	size_t size;

	(void)state;
	f->p.threads.v[1].cpu = 3;
	f->p.threads.v[1].stale = true;
	f->regs[1].unknown = 1ull << X86_64_REG_FS_BASE | 1ull << X86_64_REG_ES;
	plan_full(f, &plan);
	image_write_core(&im, &plan, &res);
	assert_int_equal(res.nr_threads, 2);
	note = (const char *)image_note(&im, "VMSIFT", NT_VMSIFT_TEXT, 0, &size);
	assert_non_null(note);
	assert_non_null(memmem(note, size, " cpu=3 regs=stale fp=lost-in-cpu unknown-regs=fs_base,es comm=", 62));
	assert_non_null(memmem(note, size, " regs=saved ", 12));
	assert_null(memmem(note, size, "fp=saved unknown-regs", 21));
	image_free(&im);
	plan_deinit(&plan);
	fake_destroy(f);
}

/* What .vmsift.lost lists. */
static uint64_t lost_entry(struct image *im, size_t i, uint64_t *size)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	size_t names;

	assert_int_equal(elf_getshdrstrndx(im->elf, &names), 0);
	while ((scn = elf_nextscn(im->elf, scn))) {
		const uint8_t *at;

		assert_non_null(gelf_getshdr(scn, &sh));
		if (strcmp(elf_strptr(im->elf, names, sh.sh_name), UCORE_LOST_SECTION))
			continue;
		assert_int_equal(sh.sh_size, UCORE_LOST_SIZE);
		at = im->bytes + sh.sh_offset;
		*size = i < get_u64(at) ? get_u64(at + 16 + 16 * i) : 0;
		return i < get_u64(at) ? get_u64(at + 8 + 16 * i) : get_u64(at);
	}
	fail_msg("there is no section " UCORE_LOST_SECTION);
	return 0;
}

/* Pages that fail between plan and writing have a text in their place, and are listed. */
static void test_lost(void **state)
{
	struct fake_proc *f = make();
	struct ucore_layout l, again;
	struct ucore_result res;
	const struct out *o;
	struct image im = { .limit = UINT64_MAX };
	const struct out out = { .write = image_write, .ctx = &im };
	struct plan plan = { 0 };
	struct err err = { 0 };
	uint64_t size;
	int i;

	(void)state;
	o = &out;
	plan_full(f, &plan);
	assert_int_equal(ucore_layout_make(&plan, &l, &err), 0);
	f->areas[2].size = 5 * PAGE; /* of the heap's pages the sixth fails from now on */
	f->areas[3].size = 0;	     /* and all of the stack */
	assert_int_equal(ucore_layout_make(&plan, &again, &err), 0);
	assert_memory_equal(&l, &again, sizeof(l));
	assert_int_equal(ucore_write(&plan, &l, o, &res, &err), 0);
	assert_true(im.size == l.size);
	im.elf = elf_memory((char *)im.bytes, im.size);
	assert_int_equal(elf_getphdrnum(im.elf, &im.nr_phdrs), 0);
	assert_int_equal(res.nr_lost, 2);
	assert_int_equal(res.lost_size, 2 * PAGE);
	assert_true(lost_entry(&im, 0, &size) == HEAP + 5 * PAGE && size == PAGE);
	assert_true(lost_entry(&im, 1, &size) == STACK && size == PAGE);
	assert_true(lost_entry(&im, 2, &size) == 2);
	for (i = 0; i < (int)PAGE; i++) {
		assert_int_equal(byte_at(&im, HEAP + 5 * PAGE + (unsigned int)i), UCORE_LOST_FILL[i % 16]);
		assert_int_equal(byte_at(&im, STACK + (unsigned int)i), UCORE_LOST_FILL[i % 16]);
	}
	assert_int_equal(byte_at(&im, HEAP), 0x11);
	image_free(&im);
	plan_deinit(&plan);
	fake_destroy(f);
}

/* More pages are lost than can be listed: the list is full, the sum is right. */
static void test_many_lost(void **state)
{
	const size_t nr = 600;
	char pages[601];
	struct fake_proc *f = fake_create();
	struct ucore_layout l;
	struct ucore_result res;
	struct image im = { .limit = UINT64_MAX };
	const struct out out = { .write = image_write, .ctx = &im };
	struct plan plan = { 0 };
	struct err err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < nr; i++)
		pages[i] = i % 2 ? FAKE_SWAPPED : FAKE_OWN;
	pages[nr] = 0;
	fake_add_area(f, HEAP, nr, RW, AREA_ANON, AREA_NO_FILE, 0, pages);
	plan_full(f, &plan);
	assert_int_equal(ucore_layout_make(&plan, &l, &err), 0);
	assert_int_equal(l.nr_loads, 300);
	f->areas[0].size = 0;
	assert_int_equal(ucore_write(&plan, &l, &out, &res, &err), 0);
	assert_true(im.size == l.size);
	assert_int_equal(res.nr_lost, UCORE_LOST_MAX);
	assert_int_equal(res.lost_size, 300 * PAGE);
	image_free(&im);
	plan_deinit(&plan);
	fake_destroy(f);
}

/* Zeros that are few are in the file between pages, many begin a new PT_LOAD, and those at the end cost nothing. */
static void test_zero_runs(void **state)
{
	static const struct {
		const char *what;
		size_t nr, gap; /* pages: one written, then the gap, one written, zeros to the end */
		const char *loads;
	} rows[] = {
		{ "no gap", 4, 0, "600000:2000:4000 rw; " },
		{ "a gap of one page", 4, 1, "600000:3000:4000 rw; " },
		{ "a gap of 64 KiB", 20, 16, "600000:12000:14000 rw; " },
		{ "a gap above 64 KiB", 20, 17, "600000:1000:12000 rw; 612000:1000:2000 rw; " },
		{ "a gap of most of it", 100, 98, "600000:1000:63000 rw; 663000:1000:1000 rw; " },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fake_proc *f = fake_create();
		struct ucore_result res;
		struct plan plan = { 0 };
		struct image im;
		char pages[128], loads[200];

		memset(pages, FAKE_NEVER, sizeof(pages));
		pages[0] = pages[rows[i].gap + 1] = FAKE_OWN;
		pages[rows[i].nr] = 0;
		fake_add_area(f, HEAP, rows[i].nr, RW, AREA_ANON, AREA_NO_FILE, 0, pages);
		plan_full(f, &plan);
		image_write_core(&im, &plan, &res);
		describe_loads(&im, loads, sizeof(loads));
		if (strcmp(loads, rows[i].loads))
			fail_msg("%s: %s", rows[i].what, loads);
		image_free(&im);
		plan_deinit(&plan);
		fake_destroy(f);
	}
}

/* An area of 64 GiB that was never touched is one PT_LOAD without bytes. */
static void test_sparse(void **state)
{
	struct fake_proc *f = fake_create();
	struct plan plan = { .p = &f->p, .detail = DETAIL_FULL };
	struct ucore_result res;
	struct image im;
	char loads[100];

	(void)state;
	fake_add_area(f, HEAP, 1, RW, AREA_ANON, AREA_NO_FILE, 0, "");
	f->p.areas.v[0].end = HEAP + GIB(64);
	assert_true(plan_range_vec_push(&plan.ranges, (struct plan_range){ HEAP, HEAP + GIB(64), 0, PAGE_ZERO, 0, 0, 0, false }));
	image_write_core(&im, &plan, &res);
	describe_loads(&im, loads, sizeof(loads));
	assert_string_equal(loads, "600000:0:1000000000 rw; ");
	assert_true(im.size < 4 * PAGE);
	image_free(&im);
	plan_deinit(&plan);
	fake_destroy(f);
}

/* 70,000 PT_LOADs: their number is in the section header, and all are read back. */
static void test_pn_xnum(void **state)
{
	const size_t nr = 70000;
	struct fake_proc *f = fake_create();
	struct plan plan = { .p = &f->p, .detail = DETAIL_FULL };
	char *pages = calloc(1, nr * 32 / PAGE + 2);
	struct ucore_result res;
	struct image im;
	GElf_Ehdr eh;
	uint8_t *bytes;
	size_t i;

	(void)state;
	memset(pages, FAKE_OWN, nr * 32 / PAGE + 1);
	bytes = fake_add_area(f, HEAP, nr * 32 / PAGE + 1, RW, AREA_ANON, AREA_NO_FILE, 0, pages);
	for (i = 0; i < nr; i++) {
		uint64_t at = HEAP + 32 * i;

		put_u64(bytes + 32 * i, i);
		assert_true(plan_range_vec_push(&plan.ranges, (struct plan_range){ at, at + 16, 0, PAGE_CAPTURED, SOURCE_PTE, 0, 0, false }));
		assert_true(plan_range_vec_push(&plan.ranges, (struct plan_range){ at + 16, at + 32, 0, PAGE_UNAVAILABLE, 0, REASON_DETAIL, 0, false }));
	}
	image_write_core(&im, &plan, &res);
	assert_non_null(gelf_getehdr(im.elf, &eh));
	assert_int_equal(eh.e_phnum, PN_XNUM);
	assert_int_equal(im.nr_phdrs, nr + 1);
	for (i = 0; i < nr; i++) {
		GElf_Phdr ph = image_phdr(&im, i + 1);

		assert_true(ph.p_vaddr == HEAP + 32 * i && ph.p_filesz == 16 && ph.p_memsz == 16);
		assert_int_equal(get_u64(im.bytes + ph.p_offset), i);
	}
	image_free(&im);
	plan_deinit(&plan);
	fake_destroy(f);
	free(pages);
}

/* Wherever the target is full, the error comes back, and nothing is written behind it. */
static void test_full_target(void **state)
{
	struct fake_proc *f = make();
	struct ucore_layout l;
	struct plan plan = { 0 };
	struct err err = { 0 };
	uint64_t limit;

	(void)state;
	plan_full(f, &plan);
	assert_int_equal(ucore_layout_make(&plan, &l, &err), 0);
	for (limit = 0; limit < l.size; limit += 61) {
		struct image im = { .limit = limit };
		const struct out out = { .write = image_write, .ctx = &im };
		struct ucore_result res;
		struct err full = { 0 };

		assert_int_equal(ucore_write(&plan, &l, &out, &res, &full), ERR_NOSPACE);
		assert_string_equal(full.text, "the image is full");
		assert_true(im.size <= limit);
		image_free(&im);
	}
	plan_deinit(&plan);
	fake_destroy(f);
}

/* A process that goes on: its notes are of when the layout was made, however it has changed since. */
static void test_live(void **state)
{
	struct fake_proc *f = make();
	struct ucore_layout l;
	struct ucore_result res;
	struct image im = { .limit = UINT64_MAX };
	const struct out out = { .write = image_write, .ctx = &im };
	struct plan plan = { 0 };
	struct err err = { 0 };

	(void)state;
	plan_full(f, &plan);
	f->p.live = true;
	strcpy(f->p.threads.v[0].task.comm, "before");
	assert_int_equal(ucore_layout_make(&plan, &l, &err), 0);
	strcpy(f->p.threads.v[0].task.comm, "after-a-while");
	f->p.threads.v[0].cpu = 1000;
	assert_int_equal(ucore_write(&plan, &l, &out, &res, &err), 0);
	assert_true(im.size == l.size);
	assert_int_equal(res.nr_threads, f->p.threads.n);
	assert_int_equal(res.ended.rc, 0);
	assert_non_null(memmem(im.bytes, im.size, "comm=before\n", 12));
	assert_null(memmem(im.bytes, im.size, "after-a-while", 13));
	ucore_layout_deinit(&l);
	image_free(&im);
	plan_deinit(&plan);
	fake_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),	 cmocka_unit_test(test_notes),
		cmocka_unit_test(test_no_registers),
		cmocka_unit_test(test_stale_registers), cmocka_unit_test(test_lost),
		cmocka_unit_test(test_many_lost), cmocka_unit_test(test_zero_runs),
		cmocka_unit_test(test_sparse),	 cmocka_unit_test(test_pn_xnum),
		cmocka_unit_test(test_full_target), cmocka_unit_test(test_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
