/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call frame information of user programs: .eh_frame, found through .eh_frame_hdr (LSB core specification,
 * "Exception Frames"; DWARF 4, 6.4). Bytes in, facts out: memory comes through a reader by address, so the
 * tables are read where the process has them mapped. All of it is untrusted.
 */
#ifndef VMSIFT_UNWIND_CFI_H
#define VMSIFT_UNWIND_CFI_H

#include "util/err.h"
#include "util/reader.h"
#include "util/types.h"

/* DWARF numbers of x86_64: rax rdx rcx rbx rsi rdi rbp rsp r8..r15, then the return address. */
#define CFI_REGS 17u
enum { CFI_RAX = 0, CFI_RDX, CFI_RCX, CFI_RBX, CFI_RSI, CFI_RDI, CFI_RBP, CFI_RSP, CFI_RA = 16 };

struct cfi_regs {
	uint64_t r[CFI_REGS]; /* [CFI_RA]: where execution stands or will go on */
	uint32_t known;	      /* bit by register */
};

/**
 * cfi_step() - the registers of the caller
 * @mem:	memory of the process, by address
 * @eh_frame_hdr: its address; the module's PT_GNU_EH_FRAME
 * @hdr_size:	its size
 * @regs:	in: of a frame; out: of its caller. Untouched on failure.
 * @exact:	in: execution stood at .r[CFI_RA] (the innermost frame, or one that a signal interrupted);
 *		false: it is a return address, and the call before it counts. Out: likewise for the caller
 *
 * Return: 0; ERR_NOTFOUND if nothing is said about the address, or it is the outermost frame; ERR_ABSENT if
 * a table or the stack is not in memory; ERR_CORRUPT; ERR_UNSUPPORTED.
 */
int cfi_step(const struct reader *mem, uvaddr_t eh_frame_hdr, uint64_t hdr_size,
	     struct cfi_regs *regs, bool *exact, struct err *err);

/* Longer expressions, and deeper stacks of them, are in no unwind table. */
#define CFI_EXPR_MAX  256u
#define CFI_STACK_MAX 32u

/**
 * cfi_expr() - evaluate a DWARF expression
 * @initial: the value that is pushed first, where @has_initial
 *
 * Return: 0; ERR_UNSUPPORTED for an operation that unwind tables do not have; ERR_CORRUPT; ERR_ABSENT.
 */
int cfi_expr(const struct reader *mem, const uint8_t *expr, size_t size, const struct cfi_regs *regs,
	     bool has_initial, uint64_t initial, uint64_t *ret, struct err *err);

#endif
