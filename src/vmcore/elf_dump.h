/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ELF side of a dump: program headers and where the notes are. Used by vmcore.c alone. */
#ifndef VMSIFT_VMCORE_ELF_DUMP_H
#define VMSIFT_VMCORE_ELF_DUMP_H

#include "vmcore/vmcore.h"

/* /proc/vmcore has one PT_NOTE; other writers have few. */
#define ELF_DUMP_NOTES_MAX 16

struct elf_dump_notes {
	size_t n;
	struct {
		uint64_t off, size;
	} v[ELF_DUMP_NOTES_MAX];
};

/**
 * elf_dump_read() - fill vc->e_machine, .loads, .segs and .missing_size from the ELF headers
 * @notes: where the note segments are
 *
 * Memory that two segments hold (the kernel image stands in the file twice) is taken from the larger.
 *
 * Return: 0; ERR_FORMAT, ERR_UNSUPPORTED, ERR_NOMEM.
 */
int elf_dump_read(struct vmcore *vc, struct elf_dump_notes *notes, struct err *err);

/* Append the notes of one segment to vc->notes, with offsets in the file. */
int elf_dump_notes_read(struct vmcore *vc, uint64_t off, uint64_t size, struct err *err);

#endif
