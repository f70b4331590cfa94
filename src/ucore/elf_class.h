/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers of a core in the class of its process: 64 bits, or 32. */
#ifndef VMSIFT_UCORE_ELF_CLASS_H
#define VMSIFT_UCORE_ELF_CLASS_H

#include "proc/proc.h"

#define ELF_HEADER_MAX 64u /* of any of the three */

struct elf_class {
	uint8_t ei_class;
	uint8_t word; /* bytes of an address */
	uint16_t ehdr_size, phdr_size, shdr_size;
};

const struct elf_class *elf_class_of(const struct proc *p);

struct phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, filesz, memsz, align;
};

struct shdr {
	uint32_t name, type, info;
	uint64_t offset, size, align;
};

/* Each fills the first ehdr_size, phdr_size, shdr_size bytes of @b, all of them. */
void elf_put_ehdr(const struct elf_class *c, uint16_t machine, uint64_t nr_phdrs, uint64_t shoff,
		  uint16_t nr_shdrs, uint8_t *b);
void elf_put_phdr(const struct elf_class *c, const struct phdr *ph, uint8_t *b);
void elf_put_shdr(const struct elf_class *c, const struct shdr *sh, uint8_t *b);

#endif
