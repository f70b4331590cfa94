/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended registers of x86: the XSAVE image of a task, turned into the standard format that core notes
 * have. In memory it is compacted where the CPU has XSAVES; sizes and offsets of its components are those
 * of the crashed machine's CPU, from the dump's own tables. CPUID would describe this machine.
 */
#ifndef VMSIFT_KERNEL_XSTATE_H
#define VMSIFT_KERNEL_XSTATE_H

#include "kernel/kernel.h"
#include "kernel/task.h"

/* Components: Intel SDM volume 1, chapter 13. */
enum { XFEATURE_FP, XFEATURE_SSE, XFEATURE_YMM, XFEATURE_OPMASK = 5, XFEATURE_ZMM_HI256,
       XFEATURE_HI16_ZMM, XFEATURE_PKRU = 9, XFEATURE_XTILECFG = 17, XFEATURE_XTILEDATA, XFEATURE_MAX = 20 };

#define XSAVE_LEGACY_SIZE 512u
#define XSAVE_EXTENDED	  576u /* the components begin: behind the legacy area and 64 bytes of header */
#define XSAVE_XCR0	  464u /* where a debugger looks for which components there are */

/* At Intel's standard offsets. What debuggers know ends with PKRU; AMX, its tiles and their shapes, lies behind. */
#define XSAVE_PKRU	2688u
#define XSAVE_XTILECFG	2752u
#define XSAVE_XTILEDATA 2816u
#define XSTATE_SIZE_MAX 11008u

/* Of the crashed machine's CPU. */
struct xstate_tables {
	bool known;
	uint32_t offset[XFEATURE_MAX]; /* standard format */
	uint32_t size[XFEATURE_MAX];
	bool aligned[XFEATURE_MAX];    /* to 64 bytes, in the compacted format */
	bool has_comp_offset;	       /* to 5.15 the kernel keeps the compacted offsets instead */
	uint32_t comp_offset[XFEATURE_MAX];
};

/**
 * xstate_component_offset() - where a component lies in an XSAVE image
 * @xcomp_bv: from the image's header; bit 63: compacted
 *
 * Return: false if the image has no room for it, or its place cannot be told.
 */
bool xstate_component_offset(const struct xstate_tables *t, uint64_t xcomp_bv, unsigned int feature,
			     uint32_t *ret);

/**
 * task_xstate() - extended registers as NT_X86_XSTATE has them
 * @ret:  standard format; components that are in their initial state are that
 * @size: 576, 832, 2688, 2696 or 11008: trimmed to what is in use
 *
 * A component in use that cannot be found is left out, and its bit in the header clear.
 *
 * Return: 0; ERR_NOTFOUND for a task on a CPU, whose registers were live there and are in no dump;
 * ERR_UNSUPPORTED if the image has no XSAVE header; ERR_ABSENT, ERR_CORRUPT.
 */
int task_xstate(struct kernel *k, const struct task *t, uint8_t ret[XSTATE_SIZE_MAX], size_t *size,
		struct err *err);

#endif
