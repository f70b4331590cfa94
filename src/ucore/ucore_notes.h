/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The notes of a user core. Written twice: to a counting out for their size, then for real. */
#ifndef VMSIFT_UCORE_UCORE_NOTES_H
#define VMSIFT_UCORE_UCORE_NOTES_H

#include "select/plan.h"
#include "util/out.h"

/* Type of the note of owner VMSIFT: its text, see doc/core-note.md. */
#define NT_VMSIFT_TEXT 1

/* Write one note, padded to 4 bytes. */
int note_write(const struct out *out, const char *name, uint32_t type, const void *desc,
	       size_t size, struct err *err);

/* Header and name of a note whose desc the caller then writes, note_pad() after it. */
int note_begin(const struct out *out, const char *name, uint32_t type, uint32_t size,
	       struct err *err);
int note_pad(const struct out *out, uint64_t size, struct err *err);

/**
 * ucore_notes_write() - all notes, in the order in which the kernel writes them (fs/binfmt_elf.c):
 * NT_PRSTATUS of the first thread, NT_PRPSINFO, NT_AUXV, NT_FILE, its NT_PRFPREG, then the other
 * threads; at last the VMSIFT note
 * @nr_threads: how many threads have registers
 */
int ucore_notes_write(const struct plan *plan, const struct out *out, uint64_t *nr_threads,
		      struct err *err);

/* What only threads of 32-bit processes have: NT_PRFPREG as FSAVE wrote it, and NT_PRXFPREG. */
int note32_fp(const uint8_t fx[FXSAVE_SIZE], const struct arch_regs *regs, const struct out *out,
	      struct err *err);
/* NT_386_TLS, where the thread has any. */
int note32_tls(struct proc *p, const struct proc_thread *t, const struct out *out, struct err *err);

/* The VMSIFT note. */
int vmsift_note_write(const struct plan *plan, const struct out *out, struct err *err);

#endif
