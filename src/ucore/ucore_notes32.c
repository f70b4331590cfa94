/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes that only cores of i386 processes have. */
#include <elf.h>
#include <string.h>

#include "ucore/ucore_notes.h"
#include "util/bytes.h"

#define FSAVE_SIZE     108u /* struct user_i387_ia32_struct */
#define USER_DESC_SIZE 16u  /* struct user_desc */

/* Places in an FXSAVE image: asm/fpu/types.h struct fxregs_state. */
enum { FX_CWD = 0, FX_SWD = 2, FX_TWD = 4, FX_RIP = 8, FX_RDP = 16, FX_ST = 32 };

/* What the two bits of FSAVE's tag word say of a register. */
enum { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

static unsigned int tag_of(const uint8_t *st)
{
	uint64_t fraction = get_u64(st);
	unsigned int exponent = get_u16(st + 8) & 0x7fff;

	if (!exponent && !fraction)
		return TAG_ZERO;
	return exponent && exponent != 0x7fff && fraction >> 63 ? TAG_VALID : TAG_SPECIAL;
}

/* FXSAVE has one bit for each physical register, and the registers in the order of the stack. */
static uint16_t tag_word(const uint8_t *fx)
{
	unsigned int top = get_u16(fx + FX_SWD) >> 11 & 7, i;
	uint16_t tags = 0;

	for (i = 0; i < 8; i++) {
		const uint8_t *st = fx + FX_ST + 16 * ((i - top) & 7);
		unsigned int tag = fx[FX_TWD] >> i & 1 ? tag_of(st) : TAG_EMPTY;

		tags = (uint16_t)(tags | tag << 2 * i);
	}
	return tags;
}

/* As convert_from_fxsr() of arch/x86/kernel/fpu/regset.c makes it. */
int note32_fp(const uint8_t fx[FXSAVE_SIZE], const struct arch_regs *regs, const struct out *out,
	      struct err *err)
{
	uint8_t d[FSAVE_SIZE] = { 0 };
	unsigned int i;
	int rc;

	put_u32(d, get_u16(fx + FX_CWD) | 0xffff0000u);
	put_u32(d + 4, get_u16(fx + FX_SWD) | 0xffff0000u);
	put_u32(d + 8, tag_word(fx) | 0xffff0000u);
	put_u32(d + 12, get_u32(fx + FX_RIP));
	put_u32(d + 16, (uint32_t)(regs->r[X86_64_REG_CS] & 0xffff));
	put_u32(d + 20, get_u32(fx + FX_RDP));
	put_u32(d + 24, (uint32_t)(regs->r[X86_64_REG_DS] & 0xffff) | 0xffff0000u);
	for (i = 0; i < 8; i++)
		memcpy(d + 28 + 10 * i, fx + FX_ST + 16 * i, 10);
	rc = note_write(out, "CORE", NT_PRFPREG, d, sizeof(d), err);
	return rc ? rc : note_write(out, "LINUX", NT_PRXFPREG, fx, FXSAVE_SIZE, err);
}

/* A descriptor of the GDT as struct user_desc has it: fill_user_desc() of arch/x86/kernel/tls.c. */
static void put_user_desc(uint8_t *b, uint32_t entry, uint64_t desc)
{
	unsigned int type = desc >> 40 & 15;

	put_u32(b, entry);
	put_u32(b + 4, tls_desc_base(desc));
	put_u32(b + 8, (uint32_t)((desc & 0xffff) | (desc >> 48 & 15) << 16));
	put_u32(b + 12, (uint32_t)((desc >> 54 & 1) |	   /* seg_32bit */
				   (type >> 2) << 1 |	   /* contents */
				   !(type & 2) << 3 |	   /* read_exec_only */
				   (desc >> 55 & 1) << 4 | /* limit_in_pages */
				   !(desc >> 47 & 1) << 5 | /* seg_not_present */
				   (desc >> 52 & 1) << 6 | /* useable */
				   (desc >> 53 & 1) << 7)); /* lm */
}

int note32_tls(struct proc *p, const struct proc_thread *t, const struct out *out, struct err *err)
{
	uint8_t d[TLS_DESCS * USER_DESC_SIZE];
	uint64_t descs[TLS_DESCS];
	unsigned int i;
	bool any = false;

	if (!p->ops->tls || p->ops->tls(p, t, descs, NULL))
		return 0;
	for (i = 0; i < TLS_DESCS; i++) {
		any |= descs[i] != 0;
		put_user_desc(d + USER_DESC_SIZE * i, p->arch->tls_entry_min + i, descs[i]);
	}
	return any ? note_write(out, "LINUX", NT_386_TLS, d, sizeof(d), err) : 0;
}
