/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended registers: XSAVE images as CPUs and kernels leave them, turned into what debuggers take. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "kernel/xstate.h"
#include "tiny_dump.h"
#include "xsave_images.h"

/* Where things lie in the test's memory. */
#define TASK	 TINY_VA(0)	 /* struct task_struct, THREAD at its end */
#define THREAD	 0x100u
#define TASK_END 0x400u		 /* sizeof(struct task_struct): struct fpu behind it */
#define FPSTATE	 TINY_VA(0x1000)
#define TABLES	 TINY_VA(0x5000) /* offsets, sizes, flags, compacted offsets */
#define MASK	 TINY_VA(0x6000) /* xfeatures_mask_all */
/* Members. */
#define FPU	    0x80u	 /* thread_struct.fpu */
#define OFF_PKRU    0x40u	 /* thread_struct.pkru */
#define OFF_REGS    64u		 /* fpstate.regs */
#define OFF_USER    24u		 /* fpstate.user_xfeatures */

#define BIT(f)	 (1ull << (f))
#define AVX512	 (BIT(5) | BIT(6) | BIT(7))
#define PKRU	 BIT(9)
#define COMPACT	 BIT(63)

/* The three generations of struct fpu; tables as well: to 5.15 there are compacted offsets, then flags. */
enum era { V5_10, V5_15, V6_1, V6_16, NO_TYPES };

/* Where a register is in what we write: the offsets that debuggers know. */
struct want {
	uint32_t off;
	uint8_t base, reg, from;
	uint32_t size;
};

static void pattern(uint8_t *to, const struct want *w)
{
	uint32_t i;

	for (i = 0; i < w->size; i++)
		to[i] = (uint8_t)(w->base + 37 * w->reg + w->from + i);
}

struct machine {
	struct tiny_ram m;
	struct kernel k;
	struct task t;
	uint8_t *image; /* the XSAVE image */
};

static void member(struct kernel *k, enum layout_id id, int64_t at, uint32_t size)
{
	k->layout.v[id] = (struct layout_value){ .known = true, .value = at, .size = size };
}

static void symbol(struct kernel *k, enum symbol_id id, kvaddr_t at)
{
	k->sym.known[id] = true;
	k->sym.addr[id] = at;
}

/* The kernel's tables of a CPU that has what Intel's have; @amd: without room for MPX. */
static void put_tables(struct machine *x, enum era era, bool amd)
{
	static const uint32_t size[XFEATURE_MAX] = { 160, 256, 256, 64, 64, 64, 512, 1024, 128, 8, 8, 16, 24,
						     0, 0, 808, 0, 64, 8192 };
	static const uint32_t intel[XFEATURE_MAX] = { 0, 160, 576, 960, 1024, 1088, 1152, 1664, 0, 2688, 0, 0,
						      0, 0, 0, 0, 0, 2752, 2816 };
	uint8_t *t = x->m.ram + 0x5000;
	unsigned int i, at = 576;

	for (i = 0; i < XFEATURE_MAX; i++) {
		bool mpx = i == 3 || i == 4;

		put_u32(t + 4 * i, amd && i >= 5 && i < 8 ? images_cpuid[i].offset : intel[i]);
		put_u32(t + 0x100 + 4 * i, amd && mpx ? 0xffffffff : size[i]);
		/* XFEATURE_FLAG_SUPERVISOR, XFEATURE_FLAG_ALIGN64 */
		put_u32(t + 0x200 + 4 * i, (i == 18 ? 2 : 0) | (i >= 10 && i <= 15));
		/* To 5.15 all that the CPU has is in every image, in order. */
		put_u32(t + 0x300 + 4 * i, i < 2 ? 0 : at);
		if (i >= 2 && i < 10 && i != 8 && !(amd && mpx))
			at += size[i];
	}
	symbol(&x->k, S_xstate_offsets, TABLES);
	symbol(&x->k, S_xstate_sizes, TABLES + 0x100);
	if (era == V5_10 || era == V5_15)
		symbol(&x->k, S_xstate_comp_offsets, TABLES + 0x300);
	else
		symbol(&x->k, S_xstate_flags, TABLES + 0x200);
}

/* Types, and where the image lies by them. */
static void put_types(struct machine *x, enum era era, uint64_t user)
{
	struct kernel *k = &x->k;

	if (era == NO_TYPES)
		return;
	member(k, L_task_struct, TASK_END, TASK_END);
	member(k, L_task_struct_thread, THREAD, 0x300);
	if (era != V5_10)
		member(k, L_thread_struct_pkru, OFF_PKRU, 4);
	if (era == V5_10 || era == V5_15) {
		member(k, L_thread_fpu_state, FPU, 4096);
		x->image = x->m.ram + THREAD + FPU;
		symbol(k, S_xfeatures_mask, MASK);
		put_u64(x->m.ram + 0x6000, user);
		return;
	}
	member(k, L_fpstate_regs, OFF_REGS, 0);
	member(k, L_fpstate_user_xfeatures, OFF_USER, 8);
	x->image = x->m.ram + 0x1000 + OFF_REGS;
	put_u64(x->m.ram + 0x1000 + OFF_USER, user);
	if (era == V6_1)
		member(k, L_thread_fpu_fpstate, FPU + 8, 8);
	else
		member(k, L_fpu_fpstate, 16, 8);
	put_u64(x->m.ram + (era == V6_1 ? THREAD + FPU + 8 : TASK_END + 16), FPSTATE);
}

static void machine_init(struct machine *x, enum era era, uint64_t user, bool amd)
{
	memset(x, 0, sizeof(*x));
	tiny_ram_init(&x->m, 8);
	x->t.addr = TASK;
	x->t.pid = 77;
	strcpy(x->t.comm, "worker");
	put_tables(x, era, amd);
	put_types(x, era, user);
}

static void machine_open(struct machine *x)
{
	tiny_ram_open(&x->m, "");
	x->k.km = x->m.km;
	x->k.kmem = kmem_reader(&x->k.km);
}

static void unhex(const char *hex, uint8_t *to)
{
	for (; *hex; hex += 2, to++) {
		unsigned int v;

		assert_int_equal(sscanf(hex, "%2x", &v), 1);
		*to = (uint8_t)v;
	}
}

/* --- images of a real CPU ----------------------------------------------------------------------- */

static const struct {
	const char *what, *image;
	uint64_t user, in_use, xcr0; /* in_use: as the note says it */
	size_t size;
	bool x87, sse, avx, opmask, hi256, hi16;
} taken[] = {
	{ "all of AVX-512", image_all, 0xe7, 0xe7, 0xe7, 2688, true, true, true, true, true, true },
	{ "saved without AVX-512: as by a kernel that does not know it", image_avx, 0x07, 0x07, 0x07, 832, true, true, true, false, false, false },
	{ "mask registers and the upper halves in their initial state leave a gap", image_gap, 0xe7, 0x87, 0xe7, 2688, true, true, true, false, false, true },
	{ "SSE alone: the rest is initial, and so is what AVX adds", image_sse, 0xe7, 0x03, 0x07, 832, true, true, false, false, false, false },
	{ "only MXCSR is not initial", image_init, 0xe7, 0x02, 0x07, 832, false, false, false, false, false, false },
	{ "the kernel lets programs have no more than AVX", image_all, 0x07, 0x07, 0x07, 832, true, true, true, false, false, false },
	{ "nor that", image_all, 0x03, 0x03, 0x03, 576, true, true, false, false, false, false },
};

/* All that must be there, and zeros elsewhere. */
static void expect_taken(uint8_t *want, size_t i)
{
	unsigned int r;

	memset(want, 0, XSTATE_SIZE_MAX);
	put_u16(want, taken[i].x87 ? 0x27f : 0x37f);
	put_u32(want + 24, 0x3f80);
	put_u32(want + 28, 0x2ffff); /* MXCSR_MASK of that CPU */
	for (r = 0; r < 32; r++) {
		if (r < 8 && taken[i].x87)
			pattern(want + 32 + 16 * r, &(struct want){ 0, 0x10, (uint8_t)r, 0, 10 });
		if (r < 16 && taken[i].sse)
			pattern(want + 160 + 16 * r, &(struct want){ 0, 0x20, (uint8_t)r, 0, 16 });
		if (r < 16 && taken[i].avx)
			pattern(want + 576 + 16 * r, &(struct want){ 0, 0x20, (uint8_t)r, 16, 16 });
		if (r < 8 && taken[i].opmask)
			pattern(want + 1088 + 8 * r, &(struct want){ 0, 0x40, (uint8_t)r, 0, 8 });
		if (r < 16 && taken[i].hi256)
			pattern(want + 1152 + 32 * r, &(struct want){ 0, 0x20, (uint8_t)r, 32, 32 });
		if (r >= 16 && taken[i].hi16)
			pattern(want + 1664 + 64 * (r - 16), &(struct want){ 0, 0x20, (uint8_t)r, 0, 64 });
	}
	put_u64(want + XSAVE_XCR0, taken[i].xcr0);
	put_u64(want + 512, taken[i].in_use);
}

static void converts_images_of_a_cpu(void **state)
{
	static const enum era eras[] = { V5_10, V5_15, V6_1, V6_16 };
	static uint8_t want[XSTATE_SIZE_MAX], got[XSTATE_SIZE_MAX];
	size_t i, e;

	(void)state;
	assert_int_equal(IMAGES_XCR0, 0xe7);
	for (i = 0; i < ARRAY_SIZE(taken); i++)
		for (e = 0; e < ARRAY_SIZE(eras); e++) {
			struct err err = { 0 };
			struct machine x;
			size_t size = 0;

			print_message("%s, kernel %zu\n", taken[i].what, e);
			machine_init(&x, eras[e], taken[i].user, true);
			unhex(taken[i].image, x.image);
			machine_open(&x);
			assert_int_equal(task_xstate(&x.k, &x.t, got, &size, &err), 0);
			assert_int_equal(size, taken[i].size);
			expect_taken(want, i);
			assert_memory_equal(got, want, size);
			tiny_ram_close(&x.m);
		}
}

/* --- images written by the book (Intel SDM volume 1, 13.4.3) -------------------------------------- */

/* What is put into memory: a component with its own filling byte, at @at of the image. */
struct part {
	unsigned int feature;
	uint32_t at, size;
};

static const struct {
	const char *what;
	enum era era;
	uint64_t in_use, xcomp_bv, user;
	struct part parts[8];
	uint32_t pkru; /* of thread_struct */
	uint32_t want_pkru;
	uint64_t want_in_use, want_xcr0;
	size_t size;
} made[] = {
	{ "5.10, standard: PKRU is the image's", V5_10, 3 | PKRU, 0, 0x2ff,
	  { { 9, 2688, 8 } }, 0, 0x09090909, 3 | PKRU, 0x2e7, 2696 },
	{ "5.15, standard: PKRU is the thread's, the image's is older", V5_15, 3 | PKRU, 0, 0x2ff,
	  { { 9, 2688, 8 } }, 0x55555554, 0x55555554, 3 | PKRU, 0x2e7, 2696 },
	{ "6.1, standard: all of it", V6_1, 7 | AVX512 | PKRU, 0, 0x2ff,
	  { { 2, 576, 256 }, { 5, 1088, 64 }, { 6, 1152, 512 }, { 7, 1664, 1024 }, { 9, 2688, 8 } },
	  0x55555554, 0x55555554, 7 | AVX512 | PKRU, 0x2e7, 2696 },
	{ "6.1: a thread whose PKRU is 0 has it in its initial state", V6_1, 7 | PKRU, 0, 0x2ff,
	  { { 2, 576, 256 }, { 9, 2688, 8 } }, 0, 0, 7, 7, 832 },
	{ "6.1: PKRU that the image does not have yet", V6_1, 7, 0, 0x2ff,
	  { { 2, 576, 256 } }, 0xfffffffc, 0xfffffffc, 7 | PKRU, 0x2e7, 2696 },
	{ "6.1: and where the CPU has none", V6_1, 7, 0, 7,
	  { { 2, 576, 256 } }, 0xfffffffc, 0, 7, 7, 832 },
	{ "6.16, compacted: MPX leaves its room", V6_16, 7 | AVX512 | PKRU, COMPACT | 0x2ff, 0x2ff,
	  { { 2, 576, 256 }, { 5, 960, 64 }, { 6, 1024, 512 }, { 7, 1536, 1024 }, { 9, 2560, 8 } },
	  0x55555554, 0x55555554, 7 | AVX512 | PKRU, 0x2e7, 2696 },
	{ "5.10, compacted: all that the CPU has, at its own offsets", V5_10, 7 | AVX512 | PKRU, COMPACT | 0x2ff, 0x2ff,
	  { { 2, 576, 256 }, { 5, 960, 64 }, { 6, 1024, 512 }, { 7, 1536, 1024 }, { 9, 2560, 8 } },
	  0, 0x09090909, 7 | AVX512 | PKRU, 0x2e7, 2696 },
	{ "6.1, compacted: tiles lie behind", V6_1, 7 | AVX512 | PKRU | BIT(17) | BIT(18), COMPACT | 0x602e7, 0x602e7,
	  { { 2, 576, 256 }, { 5, 832, 64 }, { 6, 896, 512 }, { 7, 1408, 1024 }, { 9, 2432, 8 }, { 17, 2440, 64 }, { 18, 2560, 8192 } },
	  0x55555554, 0x55555554, 7 | AVX512 | PKRU | BIT(17) | BIT(18), 0x602e7, 11008 },
	{ "6.16, compacted: tiles after MPX, aligned", V6_16, 3 | BIT(18), COMPACT | 0x602ff, 0x602ff,
	  { { 18, 2688, 8192 } }, 0, 0, 3 | BIT(18), 0x602e7, 11008 },
	{ "6.1, standard: tiles whose shapes are in their initial state", V6_1, 7 | BIT(18), 0, 0x602e7,
	  { { 2, 576, 256 }, { 18, 2816, 8192 } }, 0, 0, 7 | BIT(18), 0x602e7, 11008 },
	{ "6.1, compacted: tiles and nothing else", V6_1, 3 | BIT(17) | BIT(18), COMPACT | 0x60003, 0x602e7,
	  { { 17, 576, 64 }, { 18, 640, 8192 } }, 0, 0, 3 | BIT(17) | BIT(18), 0x602e7, 11008 },
	{ "6.6, compacted: shadow stacks and PASID are the kernel's, not the program's", V6_1, 7 | PKRU | BIT(10) | BIT(11), COMPACT | 0xee7, 0x2e7,
	  { { 2, 576, 256 }, { 9, 2432, 8 }, { 10, 2440, 8 }, { 11, 2448, 16 } },
	  0x55555554, 0x55555554, 7 | PKRU, 0x2e7, 2696 },
	{ "6.1, compacted: no room for a component in use, which is then left out", V6_1, 7 | AVX512, COMPACT | 0x67, 0xe7,
	  { { 2, 576, 256 }, { 5, 832, 64 }, { 6, 896, 512 } }, 0, 0, 7 | BIT(5) | BIT(6), 0xe7, 2688 },
	{ "6.1, compacted: no room for AVX", V6_1, 7, COMPACT | 0x3, 0xe7, { { 0 } }, 0, 0, 3, 7, 832 },
};

static const struct part placed[] = {
	{ 2, 576, 256 }, { 5, 1088, 64 }, { 6, 1152, 512 }, { 7, 1664, 1024 }, { 17, 2752, 64 }, { 18, 2816, 8192 },
};

static void converts_images_by_the_book(void **state)
{
	static uint8_t want[XSTATE_SIZE_MAX], got[XSTATE_SIZE_MAX];
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(made); i++) {
		struct err err = { 0 };
		struct machine x;
		size_t size = 0;

		print_message("%s\n", made[i].what);
		machine_init(&x, made[i].era, made[i].user, false);
		memset(x.image, 0xaa, 512);
		put_u64(x.image + 512, made[i].in_use);
		put_u64(x.image + 520, made[i].xcomp_bv);
		for (n = 0; made[i].parts[n].size; n++)
			memset(x.image + made[i].parts[n].at, (int)made[i].parts[n].feature, made[i].parts[n].size);
		put_u32(x.m.ram + THREAD + OFF_PKRU, made[i].pkru);
		machine_open(&x);
		assert_int_equal(task_xstate(&x.k, &x.t, got, &size, &err), 0);
		assert_int_equal(size, made[i].size);
		memset(want, 0, sizeof(want));
		memset(want, 0xaa, 416);
		put_u64(want + XSAVE_XCR0, made[i].want_xcr0);
		put_u64(want + 512, made[i].want_in_use);
		for (n = 0; n < ARRAY_SIZE(placed); n++)
			if (made[i].want_in_use >> placed[n].feature & 1)
				memset(want + placed[n].at, (int)placed[n].feature, placed[n].size);
		put_u32(want + 2688, made[i].want_pkru);
		/* The second word of the component is reserved, and the image's. */
		if (made[i].want_in_use & made[i].in_use & PKRU && made[i].era == V5_10)
			put_u32(want + 2692, 0x09090909);
		assert_memory_equal(got, want, size);
		tiny_ram_close(&x.m);
	}
}

/* --- what is missing, or cannot be ---------------------------------------------------------------- */

enum loss { NOTHING, TABLES_LOST, MASK_LOST, ALL_LOST, TABLES_EMPTY, ON_CPU, NO_FPSTATE };

static const struct {
	const char *what;
	enum era era;
	enum loss loss;
	uint64_t in_use, xcomp_bv, user;
	uint32_t at, word; /* a word of the image that is changed */
	int rc;
	size_t size;
	uint64_t want_in_use;
	const char *fault;
} lacks[] = {
	{ "without tables x87, SSE and AVX are had", V6_1, TABLES_LOST, 7 | AVX512, COMPACT | 0xe7, 0xe7, 0, 0, 0, 832, 7, NULL },
	{ "without tables, standard", V6_1, TABLES_LOST, 7 | AVX512 | PKRU, 0, 0x2e7, 0, 0, 0, 832, 7, NULL },
	{ "5.15 without its mask: sizes tell what there is", V5_15, MASK_LOST, 7 | BIT(5), 0, 0, 0, 0, 0, 2688, 7 | BIT(5), NULL },
	{ "5.15 whose mask is empty", V5_15, NOTHING, 7, 0, 0, 0, 0, ERR_UNSUPPORTED, 0, 0, "thread 77 (worker) has no XSAVE header" },
	{ "5.15 without mask and tables: x87, SSE and AVX as the header says", V5_15, ALL_LOST, 7 | AVX512 | PKRU, 0, 0, 0, 0, 0, 832, 7, NULL },
	{ "a CPU without XSAVE", V6_1, NOTHING, 0, 0, 0, 0, 0, ERR_UNSUPPORTED, 0, 0, "thread 77 (worker) has no XSAVE header" },
	{ "5.15 on a CPU without XSAVE, by its tables", V5_15, TABLES_EMPTY, 0, 0, 0, 0, 0, ERR_UNSUPPORTED, 0, 0, "no XSAVE header" },
	{ "reserved bytes of the header are not zero", V6_1, NOTHING, 7, 0, 7, 536, 1, ERR_UNSUPPORTED, 0, 0, "no XSAVE header" },
	{ "the last of them", V6_1, NOTHING, 7, 0, 7, 572, 0x80000000, ERR_UNSUPPORTED, 0, 0, "no XSAVE header" },
	{ "components that no CPU has", V6_1, NOTHING, BIT(40), 0, 7, 0, 0, ERR_UNSUPPORTED, 0, 0, "no XSAVE header" },
	{ "a thread on a CPU", V6_1, ON_CPU, 7, 0, 7, 0, 0, ERR_NOTFOUND, 0, 0, "thread 77 was on a CPU: its live registers are in no dump" },
	{ "struct fpstate is nowhere", V6_1, NO_FPSTATE, 7, 0, 7, 0, 0, ERR_CORRUPT, 0, 0, "extended registers of thread 77 (worker)" },
	{ "behind task_struct it is nowhere", V6_16, NO_FPSTATE, 7, 0, 7, 0, 0, ERR_CORRUPT, 0, 0, "extended registers of thread 77 (worker)" },
	{ "no types", NO_TYPES, NOTHING, 0, 0, 0, 0, 0, ERR_UNSUPPORTED, 0, 0, "extended registers of thread 77 (worker)" },
};

static void lose(struct machine *x, enum loss loss, enum era era)
{
	static const enum symbol_id tables[] = { S_xstate_offsets, S_xstate_sizes, S_xstate_flags,
						 S_xstate_comp_offsets };
	size_t i;

	for (i = 0; (loss == TABLES_LOST || loss == ALL_LOST) && i < ARRAY_SIZE(tables); i++)
		x->k.sym.known[tables[i]] = false;
	if (loss == MASK_LOST || loss == ALL_LOST || loss == TABLES_EMPTY)
		x->k.sym.known[S_xfeatures_mask] = false;
	if (loss == TABLES_EMPTY)
		memset(x->m.ram + 0x5100, 0xff, 4 * XFEATURE_MAX);
	x->t.on_cpu = loss == ON_CPU;
	if (loss == NO_FPSTATE)
		put_u64(x->m.ram + (era == V6_1 ? THREAD + FPU + 8 : TASK_END + 16), 0xffff88f000000000);
}

static void says_what_is_missing(void **state)
{
	static uint8_t got[XSTATE_SIZE_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lacks); i++) {
		struct err err = { 0 };
		struct machine x;
		size_t size = 0;

		print_message("%s\n", lacks[i].what);
		machine_init(&x, lacks[i].era, lacks[i].user, false);
		if (x.image) {
			put_u64(x.image + 512, lacks[i].in_use);
			put_u64(x.image + 520, lacks[i].xcomp_bv);
			if (lacks[i].at)
				put_u32(x.image + lacks[i].at, lacks[i].word);
		}
		lose(&x, lacks[i].loss, lacks[i].era);
		machine_open(&x);
		assert_int_equal(task_xstate(&x.k, &x.t, got, &size, &err), lacks[i].rc);
		if (lacks[i].rc) {
			assert_non_null(strstr(err.text, lacks[i].fault));
		} else {
			assert_int_equal(size, lacks[i].size);
			assert_int_equal(get_u64(got + 512), lacks[i].want_in_use);
		}
		tiny_ram_close(&x.m);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(converts_images_of_a_cpu),
		cmocka_unit_test(converts_images_by_the_book),
		cmocka_unit_test(says_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
