/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as kernel structures: what follows pointers from one to the next (tasks, maps, paths, open files,
 * modules, CPUs, swap with its tables, zram and zswap, struct page, registers) must end and stay in bounds. The
 * first two bytes say what is read, the next two how memory is filled and how often the layout is changed; then
 * come these changes, then words of the memory, all of which can be pointers into it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/tiny_dump.h"
#include "fuzz_file.h"
#include "kernel/cpu.h"
#include "kernel/folio.h"
#include "kernel/module_id.h"
#include "kernel/module_symbol.h"
#include "kernel/open_files.h"
#include "kernel/page.h"
#include "kernel/page_class.h"
#include "kernel/pagecache.h"
#include "kernel/path.h"
#include "kernel/stack.h"
#include "kernel/swap.h"
#include "kernel/sysinfo.h"
#include "kernel/task_facts.h"
#include "kernel/vma.h"
#include "kernel/xstate.h"

#define PAGES	  8u
#define WORDS	  (PAGES * TINY_PAGE / 8)
#define STEPS_MAX 20000u /* more than there are places for list heads */
#define FRAME	  (TINY_RAM / TINY_PAGE)

struct input {
	const uint8_t *p;
	size_t size;
};

static uint8_t next_u8(struct input *in)
{
	if (!in->size)
		return 0;
	in->size--;
	return *in->p++;
}

static uint16_t next_u16(struct input *in)
{
	uint8_t low = next_u8(in);

	return (uint16_t)(low | next_u8(in) << 8);
}

/* A word by 16 bits: a small number, a pointer (to any word, or tagged), one that is large. */
static uint64_t word_of(uint16_t token)
{
	uint16_t v = token & 0x3fff;

	switch (token >> 14) {
	case 0:
		return v;
	case 1:
		return TINY_VA(v % WORDS * 8);
	case 2:
		return TINY_VA(v % WORDS * 8) | v >> 12;
	default:
		return (uint64_t)v << (v % 51);
	}
}

/* Members of a type one behind the other, each of 8 bytes; page flags 0, 1, 2 ... */
static void fill_layout(struct layout *ret)
{
	static struct layout layout; /* the same for all inputs */
	const struct layout_def *defs = layout_defs;
	struct layout *l = &layout;
	size_t i, j;

	for (i = 0; i < LAYOUT_NR && !l->v[LAYOUT_NR - 1].known; i++) {
		struct layout_value *v = &l->v[i];
		int64_t nr = 0;

		for (j = 0; j < i; j++)
			nr += defs[j].kind == defs[i].kind && (!defs[i].type || !strcmp(defs[j].type, defs[i].type));
		*v = (struct layout_value){ .known = true, .value = 8 * nr, .size = 8 };
		if (defs[i].kind == LAYOUT_ENUM)
			v->value = nr % 48;
		if (defs[i].kind == LAYOUT_TYPE)
			v->value = v->size = 64;
	}
	*ret = layout;
}

static void change_layout(struct layout *l, struct input *in)
{
	struct layout_value *v = &l->v[next_u16(in) % LAYOUT_NR];
	uint8_t how = next_u8(in), n = next_u8(in);

	switch (how % 7) {
	case 0:
		v->known = false;
		break;
	case 1:
		v->value = n * 8;
		break;
	case 2:
		v->size = n;
		break;
	case 3:
		v->count = n;
		break;
	case 4: /* BTF bounds the places of members, but no values of enumerators */
		v->value = (int64_t)((uint64_t)n << (how & 63));
		break;
	case 5:
		v->bit_off = n & 7;
		v->bit_size = (uint8_t)(how >> 2);
		break;
	default:
		v->alt = n & 3;
	}
}

static void fill_memory(uint8_t *ram, uint8_t how, struct input *in)
{
	uint32_t x = 1 + how;
	size_t i;

	/* By nothing, or by pointers, so that chains of them lead on. */
	for (i = 0; how && i < WORDS; i++) {
		x = x * 1103515245 + 12345;
		put_u64(ram + 8 * i, word_of((uint16_t)(x >> 16 & (how & 1 ? 0x7fff : 0xffff))));
	}
	while (in->size >= 4) {
		uint16_t at = next_u16(in);

		put_u64(ram + 8 * (at % WORDS), word_of(next_u16(in)));
	}
}

static void check_text(const char *s, size_t size)
{
	if (!memchr(s, 0, size))
		abort();
}

static void read_tasks(struct kernel *k)
{
	struct task_extra extra;
	struct thread_iter threads;
	struct task_iter it;
	struct task t;
	kvaddr_t at, thread;
	unsigned int n = 0;

	if (task_iter_init(&it, k, NULL))
		return;
	while (task_iter_next(&it, &at)) {
		if (n++ > STEPS_MAX)
			abort();
		if (task_read(k, at, &t, NULL))
			continue;
		check_text(t.comm, sizeof(t.comm));
		if (n > 8 || thread_iter_init(&threads, k, &t, NULL))
			continue;
		while (thread_iter_next(&threads, &thread))
			if (n++ > STEPS_MAX)
				abort();
		task_read_extra(k, &t, &extra);
		task_hung_seconds(k, &t);
		mm_rss(k, t.mm, &(uint64_t){ 0 });
	}
}

static void read_facts(struct kernel *k, const struct task *t)
{
	struct task_limit limits[TASK_LIMITS];
	uint8_t info[SIGINFO_SIZE];
	struct open_files_iter it;
	struct open_file f;
	char path[PATH_SIZE];
	uint32_t inum, last = 0;
	unsigned int ns, n = 0;

	task_limits(k, t, limits, NULL);
	task_siginfo(k, t, info, NULL);
	task_signal(k, t);
	task_is_oom_victim(k, t);
	for (ns = 0; ns < TASK_NS_NR; ns++)
		task_ns_inum(k, t, (enum task_ns)ns, &inum);
	if (!task_cwd(k, t, path, NULL))
		check_text(path, sizeof(path));
	if (!task_root(k, t, path, NULL))
		check_text(path, sizeof(path));
	if (!task_cgroup(k, t->addr, path, NULL))
		check_text(path, sizeof(path));
	if (open_files_init(&it, k, t, NULL))
		return;
	while (open_files_next(&it, &f)) {
		if (n++ && f.fd <= last)
			abort();
		last = f.fd;
		if (n < 8 && !file_path(k, f.file, TINY_VA(0x1000), path, NULL))
			check_text(path, sizeof(path));
	}
}

static void read_maps(struct kernel *k, const struct task *t)
{
	struct vma_vec areas = { 0 };
	struct pagecache_entry e;
	const struct vma *v;
	uint64_t budget = 1000, at = 0;
	uvaddr_t end = 0;
	char name[64];

	if (!vma_snapshot(k, t->mm, &areas, NULL))
		vec_for_each(v, &areas) {
			if (v->start >= v->end || v->start < end)
				abort();
			end = v->end;
			if (vma_special_name(k, v, name, sizeof(name)) || vma_anon_name(k, v, name, sizeof(name)))
				check_text(name, sizeof(name));
		}
	vma_vec_free(&areas);
	while (pagecache_next(k, TINY_VA(0x2000), at, 1u << 20, &budget, &e, NULL) > 0) {
		if (!e.nr || e.index < at)
			abort();
		at = e.index + e.nr;
	}
	pagecache_is_shmem(k, TINY_VA(0x2000));
}

static void read_swap(struct kernel *k, uint8_t how)
{
	struct swap_page p;
	struct swap_entry e;
	struct err err = { 0 };
	unsigned int i;
	int rc;

	for (i = 0; i < 6; i++) {
		rc = swap_find(k, how & 3, i + (how >> 2), &p, &err);
		if (rc && rc != err.rc)
			abort();
		if (!rc && p.where != SWAP_CACHE && p.where != SWAP_ZERO && !p.data)
			abort();
		e = swap_entry_of(k, how % 32, i * 0x1001ull);
		if (e.kind == SWAP_ENTRY_SWAPPED && how % 32 >= SWAP_TYPES_MAX)
			abort();
	}
}

static void count_module(void *ctx, const char *name, const char *build_id)
{
	(void)build_id;
	if (++*(unsigned int *)ctx > STEPS_MAX || strlen(name) > TINY_PAGE)
		abort();
}

static void read_modules(struct kernel *k)
{
	struct kmodule m;
	char name[128];
	uint64_t off;
	unsigned int n = 0;

	sysinfo_modules(k, count_module, &n);
	if (module_find(k, TINY_VA(0x3000), &m, NULL))
		return;
	check_text(m.name, sizeof(m.name));
	module_symbol(k, &m, TINY_VA(0x3000), name, sizeof(name), &off);
	check_text(name, sizeof(name));
}

struct classes {
	pfn_t at, end;
};

static void take_class(void *ctx, pfn_t start, pfn_t end, enum page_class c)
{
	struct classes *s = ctx;

	if (start != s->at || end <= start || end > s->end || c >= PAGE_CLASS_NR)
		abort();
	s->at = end;
}

static void read_pages(struct kernel *k)
{
	struct classes s = { FRAME, FRAME + 4096 };
	struct page_classifier pc;
	char missing[200];
	struct folio f;
	pfn_t pfn;

	for (pfn = FRAME; pfn < FRAME + 64; pfn++) {
		page_is_poisoned(k, pfn);
		if (!folio_of_pfn(k, pfn, &f, NULL) && (f.order > 63 || f.head > pfn))
			abort();
	}
	if (page_classifier_init(&pc, &k->km, k, missing, sizeof(missing), NULL))
		return;
	page_classify(&pc, s.at, s.end, take_class, &s);
	if (s.at != s.end)
		abort();
}

static void read_regs(struct kernel *k, struct task *t)
{
	static uint8_t xstate[XSTATE_SIZE_MAX];
	uint8_t fxsave[FXSAVE_SIZE];
	uint64_t tls[TLS_DESCS];
	struct arch_regs regs;
	size_t size = 0;

	kernel_find_stack(k);
	task_user_regs(k, t, &regs, NULL);
	task_tls(k, t, tls, NULL);
	task_fxsave(k, t, fxsave, NULL);
	if (!task_xstate(k, t, xstate, &size, NULL) && (size < 576 || size > sizeof(xstate)))
		abort();
}

static void read_system(struct kernel *k)
{
	struct sysinfo_mem mem;
	unsigned int load[3];
	const struct kernel_cpu *c;
	char taint[64];
	int last = -1;

	kernel_read_cpus(k);
	vec_for_each(c, &k->cpus) {
		if ((int)c->nr <= last || c->nr >= KERNEL_CPUS_MAX)
			abort();
		last = (int)c->nr;
	}
	sysinfo_memory(k, &mem);
	sysinfo_load(k, load);
	sysinfo_uptime(k);
	sysinfo_taint(k, taint, sizeof(taint));
	check_text(taint, sizeof(taint));
}

static void read_what(struct kernel *k, uint8_t what, uint8_t how)
{
	struct task t = { .addr = TINY_VA(0x1000), .mm = TINY_VA(0x1800), .signal = TINY_VA(0x1c00),
			  .stack = TINY_VA(0x4000), .pid = 1, .tgid = 1, .comm = "c" };

	switch (what % 8) {
	case 0:
		read_tasks(k);
		break;
	case 1:
		read_facts(k, &t);
		break;
	case 2:
		read_maps(k, &t);
		break;
	case 3:
		read_modules(k);
		break;
	case 4:
		read_pages(k);
		break;
	case 5:
		read_regs(k, &t);
		break;
	case 6:
		read_system(k);
		break;
	default:
		read_swap(k, how);
	}
}

static struct kernel *kernel_of(struct vmcore *vc, struct log *log)
{
	struct kernel *k = calloc(1, sizeof(*k));
	size_t i;

	if (!k || kmem_init(&k->km, vc, NULL))
		abort();
	k->vc = vc;
	k->log = log;
	k->kmem = kmem_reader(&k->km);
	k->kallsyms_tried = true;
	err_set(&k->kallsyms_err, ERR_NOTFOUND, "no kallsyms here");
	k->max_swapfiles = 27;
	k->thread_size = 0x4000;
	k->stack_pad = UINT64_MAX;
	k->vmemmap = TINY_VA(0x5000) - FRAME * 64;
	k->may_have_poison = true;
	fill_layout(&k->layout);
	for (i = 0; i < SYMBOL_NR; i++) {
		k->sym.known[i] = true;
		k->sym.addr[i] = TINY_VA(16 * i);
	}
	return k;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * One dump for all inputs, which differ in what stands in its memory: opening it takes ten times as long as
 * reading. It is mapped, so what is written to the file is seen.
 */
static struct vmcore *machine(uint8_t **ram, int *fd)
{
	static struct fuzz_file file;
	static struct vmcore *vc;
	static uint8_t *at;
	struct tiny t;

	if (!vc) {
		tiny_init(&t);
		at = tiny_load(&t, TINY_VA(0), TINY_RAM, PAGES * TINY_PAGE, 0);
		tiny_info(&t, TINY_INFO);
		tiny_headers(&t);
		fuzz_file_write(&file, t.file, t.size);
		if (vmcore_open(file.path, NULL, &vc, NULL))
			abort();
	}
	memset(at, 0, PAGES * TINY_PAGE);
	*ram = at;
	*fd = file.fd;
	return vc;
}

static void set_memory(struct kernel *k, int fd, const uint8_t *ram)
{
	uint64_t word;

	if (pwrite(fd, ram, PAGES * TINY_PAGE, TINY_DATA_OFF) != PAGES * TINY_PAGE)
		abort();
	if (kmem_read_u64(&k->km, TINY_VA(0x1008), &word, NULL) || word != get_u64(ram + 0x1008))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t what = next_u8(&in), how = next_u8(&in), fill = next_u8(&in), changes = next_u8(&in), *ram;
	struct kernel *k;
	struct log log;
	int fd;

	log_init(&log, NULL, LOG_ERROR);
	k = kernel_of(machine(&ram, &fd), &log);
	for (changes %= 16; changes; changes--)
		change_layout(&k->layout, &in);
	fill_memory(ram, fill, &in);
	set_memory(k, fd, ram);
	read_what(k, what, how);
	kernel_close(k);
	return 0;
}
