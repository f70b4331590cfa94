/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/xstate.h"

#include <string.h>

#include "kernel/stack.h"
#include "util/bytes.h"

#define XCOMP_BV_COMPACTED  (1ull << 63)
#define XSTATE_FLAG_ALIGN64 2u /* XFEATURE_FLAG_ALIGN64 of fpu/xstate.c */
/* Initial values of what is not all zeros: asm/fpu/types.h FCW, MXCSR_DEFAULT. */
#define FCW_INIT   0x37f
#define MXCSR_INIT 0x1f80
#define OFF_FCW	   0u
#define OFF_MXCSR  24u
#define OFF_XMM	   160u
#define XMM_SIZE   256u

/* Where a debugger looks for what: the standard format is the same on all of Intel's CPUs. */
static const struct {
	unsigned int feature;
	uint32_t offset, size;
} wanted[] = {
	{ XFEATURE_YMM, 576, 256 },	   { XFEATURE_OPMASK, 1088, 64 },
	{ XFEATURE_ZMM_HI256, 1152, 512 }, { XFEATURE_HI16_ZMM, 1664, 1024 },
	{ XFEATURE_PKRU, XSAVE_PKRU, 8 },  { XFEATURE_XTILECFG, XSAVE_XTILECFG, 64 },
	{ XFEATURE_XTILEDATA, XSAVE_XTILEDATA, 8192 },
};

static bool read_table(struct kernel *k, enum symbol_id id, uint32_t *ret)
{
	uint8_t raw[4 * XFEATURE_MAX];
	unsigned int i;

	/* Older kernels have fewer entries; what lies behind is then not used. */
	if (!k->sym.known[id] || kmem_read(&k->km, k->sym.addr[id], raw, sizeof(raw), NULL))
		return false;
	for (i = 0; i < XFEATURE_MAX; i++)
		ret[i] = get_u32(raw + 4 * i);
	return true;
}

static void read_tables(struct kernel *k, struct xstate_tables *t)
{
	uint32_t flags[XFEATURE_MAX];
	unsigned int i;

	memset(t, 0, sizeof(*t));
	if (!read_table(k, S_xstate_offsets, t->offset) || !read_table(k, S_xstate_sizes, t->size))
		return;
	t->has_comp_offset = read_table(k, S_xstate_comp_offsets, t->comp_offset);
	if (!t->has_comp_offset && !read_table(k, S_xstate_flags, flags))
		return;
	t->known = true;
	for (i = 0; i < XFEATURE_MAX; i++)
		t->aligned[i] = !t->has_comp_offset && flags[i] & XSTATE_FLAG_ALIGN64;
}

/* As xfeature_get_offset() walks it (fpu/xstate.c, 5.16 and later). */
static bool compacted_offset(const struct xstate_tables *t, uint64_t xcomp_bv, unsigned int feature,
			     uint32_t *ret)
{
	uint32_t at = XSAVE_EXTENDED;
	unsigned int i;

	for (i = XFEATURE_YMM; i <= feature; i++) {
		if (!(xcomp_bv >> i & 1))
			continue;
		if (i < XFEATURE_MAX && t->aligned[i])
			at = (at + 63) & ~63u;
		if (i == feature) {
			*ret = at;
			return true;
		}
		if (i >= XFEATURE_MAX || !t->size[i] || t->size[i] > KIB(16))
			return false;
		at += t->size[i];
	}
	return false;
}

bool xstate_component_offset(const struct xstate_tables *t, uint64_t xcomp_bv, unsigned int feature,
			     uint32_t *ret)
{
	if (feature >= XFEATURE_MAX)
		return false;
	/* AVX comes first in both formats, so it needs no table. */
	if (feature == XFEATURE_YMM) {
		*ret = XSAVE_EXTENDED;
		return !(xcomp_bv & XCOMP_BV_COMPACTED) || xcomp_bv >> XFEATURE_YMM & 1;
	}
	if (!t->known)
		return false;
	if (!(xcomp_bv & XCOMP_BV_COMPACTED)) {
		*ret = t->offset[feature];
		return *ret >= XSAVE_EXTENDED && *ret < KIB(16);
	}
	if (t->has_comp_offset) {
		*ret = t->comp_offset[feature];
		return *ret >= XSAVE_EXTENDED && *ret < KIB(16);
	}
	return compacted_offset(t, xcomp_bv, feature, ret);
}

/* The legacy area: what is in its initial state holds whatever was there before. */
static void settle_legacy(uint8_t *b, uint64_t xfeatures)
{
	if (!(xfeatures >> XFEATURE_FP & 1)) {
		memset(b, 0, OFF_MXCSR);
		memset(b + 32, 0, OFF_XMM - 32);
		put_u16(b + OFF_FCW, FCW_INIT);
	}
	if (!(xfeatures >> XFEATURE_SSE & 1))
		memset(b + OFF_XMM, 0, XMM_SIZE);
	if (!(xfeatures & (1u << XFEATURE_SSE | 1u << XFEATURE_YMM)))
		put_u32(b + OFF_MXCSR, MXCSR_INIT);
	memset(b + OFF_XMM + XMM_SIZE, 0, XSAVE_LEGACY_SIZE - OFF_XMM - XMM_SIZE);
}

/* Size and XCR0 of the smallest image that holds all that is in use. */
static size_t trim(uint64_t xfeatures, bool has_avx, uint64_t *xcr0)
{
	/* Of the size that the kernel's own cores have with tiles; no debugger was tried on one. */
	if (xfeatures & (1u << XFEATURE_XTILECFG | 1u << XFEATURE_XTILEDATA)) {
		*xcr0 = 0x602e7;
		return XSTATE_SIZE_MAX;
	}
	if (xfeatures >> XFEATURE_PKRU & 1) {
		*xcr0 = 0x2e7;
		return 2696;
	}
	if (xfeatures &
	    (1u << XFEATURE_OPMASK | 1u << XFEATURE_ZMM_HI256 | 1u << XFEATURE_HI16_ZMM)) {
		*xcr0 = 0xe7;
		return 2688;
	}
	*xcr0 = has_avx ? 7 : 3;
	return has_avx ? 832 : XSAVE_EXTENDED;
}

/*
 * PKRU of a task that was switched out is in its thread_struct (5.14, e84ba47e313d), and the one in
 * the image may be older: copy_xstate_to_uabi_buf() of fpu/xstate.c.
 */
static bool take_pkru(struct kernel *k, const struct task *t, uint64_t *pkru)
{
	kvaddr_t thread = kmember_addr(k, t->addr, L_task_struct_thread);

	return thread && !kread_member(k, thread, L_thread_struct_pkru, pkru, NULL);
}

/*
 * What of an image is the program's own; the kernel keeps more in it (shadow stacks, PASID). 0: a
 * CPU without XSAVE, whose image ends with its legacy area.
 */
static uint64_t user_features(struct kernel *k, kvaddr_t fpstate, const struct xstate_tables *t)
{
	uint64_t user;
	unsigned int i;

	if (fpstate && !kread_member(k, fpstate, L_fpstate_user_xfeatures, &user, NULL))
		return user;
	/* To 5.15, of all tasks: with the kernel's own, none of which is among what is wanted. */
	if (k->sym.known[S_xfeatures_mask] &&
	    !kread_u64(k, k->sym.addr[S_xfeatures_mask], &user, NULL))
		return user;
	if (!t->known)
		return ~0ull;
	/* Of components that the CPU lacks, and without XSAVE of all, sizes are left at 0 or -1. */
	for (user = 0, i = 0; i < XFEATURE_MAX; i++)
		user |= (uint64_t)(t->size[i] && t->size[i] <= KIB(16)) << i;
	return user;
}

/* Copy the components that are in use. Return: those that got their place. */
static uint64_t copy_components(struct kernel *k, const struct xstate_tables *tables, kvaddr_t at,
				uint64_t xfeatures, uint64_t xcomp_bv, uint8_t *to)
{
	uint64_t got = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		unsigned int f = wanted[i].feature;
		uint32_t off;

		if (!(xfeatures >> f & 1))
			continue;
		/* Another palette would have tiles of another size. */
		if (f >= XFEATURE_XTILECFG && tables->size[f] != wanted[i].size)
			continue;
		if (xstate_component_offset(tables, xcomp_bv, f, &off) &&
		    !kmem_read(&k->km, at + off, to + wanted[i].offset, wanted[i].size, NULL))
			got |= 1ull << f;
	}
	return got;
}

/* Behind XSTATE_BV and XCOMP_BV an XSAVE header is zero; bits that no CPU has are none of it
 * either. */
static bool is_header(const uint8_t *b, uint64_t xfeatures)
{
	unsigned int i;

	for (i = XSAVE_LEGACY_SIZE + 16; i < XSAVE_EXTENDED; i++)
		if (b[i])
			return false;
	return !(xfeatures >> 32);
}

int task_xstate(struct kernel *k, const struct task *t, uint8_t ret[XSTATE_SIZE_MAX], size_t *size,
		struct err *err)
{
	uint64_t xfeatures, xcomp_bv, user, xcr0, got, pkru;
	struct xstate_tables tables;
	kvaddr_t at = 0, fpstate = 0;
	struct task_rest rest;
	int rc;

	if (t->on_cpu)
		return err_set(err, ERR_NOTFOUND,
			       "thread %d was on a CPU: its live registers are in no dump", t->pid);
	memset(ret, 0, XSTATE_SIZE_MAX);
	rc = task_rest_begin(k, t, &rest, err);
	if (!rc)
		rc = task_find_fxsave(k, t, &at, &fpstate, err);
	if (!rc)
		rc = kmem_read(&k->km, at, ret, XSAVE_EXTENDED, err);
	if (rc)
		return err_add(err, "extended registers of thread %d (%s)", t->pid, t->comm);
	read_tables(k, &tables);
	user = user_features(k, fpstate, &tables);
	xcomp_bv = get_u64(ret + XSAVE_LEGACY_SIZE + 8);
	if ((user & 3) != 3 || !is_header(ret, get_u64(ret + XSAVE_LEGACY_SIZE)))
		return err_set(err, ERR_UNSUPPORTED, "thread %d (%s) has no XSAVE header", t->pid,
			       t->comm);
	xfeatures = get_u64(ret + XSAVE_LEGACY_SIZE) & user;
	settle_legacy(ret, xfeatures);
	memset(ret + XSAVE_LEGACY_SIZE, 0, XSAVE_EXTENDED - XSAVE_LEGACY_SIZE);
	got = copy_components(k, &tables, at, xfeatures, xcomp_bv, ret) | (xfeatures & 3);
	if (user >> XFEATURE_PKRU & 1 && (user != ~0ull || got >> XFEATURE_PKRU & 1) &&
	    take_pkru(k, t, &pkru)) {
		put_u64(ret + XSAVE_PKRU, (uint32_t)pkru);
		got = pkru ? got | 1u << XFEATURE_PKRU : got & ~(1ull << XFEATURE_PKRU);
	}
	*size = trim(got, user >> XFEATURE_YMM & 1, &xcr0);
	put_u64(ret + XSAVE_XCR0, xcr0);
	put_u64(ret + XSAVE_LEGACY_SIZE, got);
	return task_rest_end(k, t, &rest, err);
}
