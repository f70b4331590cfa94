/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as the memory of a process: what follows pointers in it (ELF modules, symbols, link maps,
 * thread-local storage, anchors) must end, stay in bounds and make a plan that is in order.
 */
#include "../unit/fake_proc.h"
#include "proc/linkmap.h"
#include "select/plan.h"
#include "util/bytes.h"

#include <elf.h>

#define EXE   0x400000ull
#define DATA  0x404000ull
#define HEAP  0x600000ull
#define STACK 0x7ff000ull
#define RW    (VM_READ | VM_WRITE)

/* A 32-bit thread's control block in the middle of the heap: selector 0x63 is the first of the three. */
static int fake_tls(struct proc *p, const struct proc_thread *t, uint64_t ret[TLS_DESCS], struct err *err)
{
	(void)p, (void)t, (void)err;
	memset(ret, 0, TLS_DESCS * sizeof(*ret));
	ret[0] = (HEAP + 0x800) << 16;
	return 0;
}

static const uint8_t *pour(uint8_t *to, size_t n, const uint8_t *data, size_t *size)
{
	n = n < *size ? n : *size;
	memcpy(to, data, n);
	*size -= n;
	return data + n;
}

static void check_plan(const struct plan *plan)
{
	const struct proc *p = plan->p;
	const struct plan_range *r;
	uvaddr_t at = 0;
	struct plan_file f;
	size_t i = 0;

	vec_for_each(r, &plan->ranges) {
		if (r->start >= r->end || r->start < at || r->start < p->areas.v[r->area].start ||
		    r->end > p->areas.v[r->area].end)
			abort();
		at = r->end;
	}
	while (plan_file_next(plan, &i, &f))
		if (f.start >= f.end || f.start % FAKE_PAGE || f.end % FAKE_PAGE)
			abort();
}

static void put_auxv(struct fake_proc *f)
{
	const uint64_t words[] = { AT_PHDR, EXE + 64, AT_PHNUM, 8, AT_BASE, EXE, 0, 0 };
	unsigned int word = proc_word_size(&f->p), i;

	f->p.auxv = calloc(1, 64);
	if (!f->p.auxv)
		abort();
	for (i = 0; i < 8; i++)
		memcpy(f->p.auxv + i * word, &words[i], word);
	f->p.auxv_size = 8 * word;
}

static void check_module(struct fake_proc *f)
{
	struct uelf_symbol_vec found = { 0 };
	struct uelf_symbol s;
	struct uelf e;

	if (!uelf_open(&f->p, EXE, &e, NULL)) {
		uelf_find_symbol(&e, "main", &s, NULL);
		uelf_find_all_symbols(&e, "main", &found, NULL);
		uelf_symbol_vec_free(&found);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_symbol symbol = { .name = (char *)"main", .follow = 2 };
	struct conf_exclude exclude = { .kind = CONF_EXCLUDE_SYMBOL, .name = (char *)"key" };
	struct conf_process section = { .symbols = { &symbol, 1, 1 } };
	const struct conf_process *sections[] = { &section };
	struct proc_ops ops = fake_ops;
	struct fake_proc *f = fake_create();
	uint32_t exe = fake_add_file(f, "/bin/fake");
	struct keep_opts o;
	struct plan plan;
	int d;

	/* The stack first: small inputs reach what it points to. */
	uint8_t *text = fake_add_area(f, EXE, 4, VM_READ | VM_EXEC, AREA_FILE_PRIVATE, exe, 0, "cccp");
	uint8_t *rw = fake_add_area(f, DATA, 2, RW, AREA_FILE_PRIVATE, exe, 4, "oc");
	uint8_t *heap = fake_add_area(f, HEAP, 3, RW, AREA_ANON, AREA_NO_FILE, 0, "oos");
	uint8_t *stack = fake_add_area(f, STACK, 2, RW, AREA_ANON, AREA_NO_FILE, 0, "oo");

	ops.tls = fake_tls;
	f->p.ops = &ops;
	f->p.is_32bit = size && *data & 2;
	put_auxv(f);
	if (size)
		section.exclude = (struct conf_excludes){ &exclude, *data & 1, 1 };
	fake_add_thread(f, STACK + 0x100, STACK + 0x1000)->r[X86_64_REG_GS] = 0x63;
	fake_add_thread(f, HEAP + 0x200, HEAP + 0x800)->r[X86_64_REG_GS] = 0x6b;
	data = pour(text, 0x4000, data, &size);
	data = pour(stack + 0x100, 0x1f00, data, &size);
	data = pour(heap, 0x3000, data, &size);
	pour(rw, 0x2000, data, &size);
	check_module(f);
	for (d = DETAIL_TINY; d < DETAIL_NR; d++) {
		keep_opts_init(&o, (enum detail)d);
		keep_opts_merge(&o, sections, 1);
		o.anchor_depth = 3;
		if (plan_make(&f->p, &o, &plan, NULL))
			abort();
		check_plan(&plan);
		plan_deinit(&plan);
	}
	fake_destroy(f);
	return 0;
}
