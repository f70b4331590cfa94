/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ucore/elf_class.h"

#include <elf.h>
#include <string.h>

#include "util/bytes.h"

const struct elf_class *elf_class_of(const struct proc *p)
{
	static const struct elf_class class64 = { ELFCLASS64, 8, 64, 56, 64 };
	static const struct elf_class class32 = { ELFCLASS32, 4, 52, 32, 40 };

	return p->is_32bit ? &class32 : &class64;
}

static uint8_t *put_word(const struct elf_class *c, uint8_t *at, uint64_t v)
{
	if (c->word == 8)
		put_u64(at, v);
	else
		put_u32(at, (uint32_t)v);
	return at + c->word;
}

void elf_put_ehdr(const struct elf_class *c, uint16_t machine, uint64_t nr_phdrs, uint64_t shoff,
		  uint16_t nr_shdrs, uint8_t *b)
{
	const uint8_t ident[] = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, c->ei_class, ELFDATA2LSB,
				  EV_CURRENT };
	uint8_t *at;

	memset(b, 0, c->ehdr_size);
	memcpy(b, ident, sizeof(ident));
	put_u16(b + 16, ET_CORE);
	put_u16(b + 18, machine);
	put_u32(b + 20, EV_CURRENT);
	at = put_word(c, b + 24, 0);
	at = put_word(c, at, c->ehdr_size); /* program headers follow it */
	at = put_word(c, at, shoff);
	at += 4;
	put_u16(at, c->ehdr_size);
	put_u16(at + 2, c->phdr_size);
	put_u16(at + 4, nr_phdrs < PN_XNUM ? (uint16_t)nr_phdrs : PN_XNUM);
	put_u16(at + 6, c->shdr_size);
	put_u16(at + 8, nr_shdrs);
	put_u16(at + 10, 1); /* section 1 has the names */
}

void elf_put_phdr(const struct elf_class *c, const struct phdr *ph, uint8_t *b)
{
	uint8_t *at = b + 4;

	memset(b, 0, c->phdr_size);
	put_u32(b, ph->type);
	if (c->word == 8) {
		put_u32(at, ph->flags);
		at += 4;
	}
	at = put_word(c, at, ph->offset);
	at = put_word(c, at, ph->vaddr);
	at = put_word(c, at, 0);
	at = put_word(c, at, ph->filesz);
	at = put_word(c, at, ph->memsz);
	if (c->word == 4) {
		put_u32(at, ph->flags);
		at += 4;
	}
	put_word(c, at, ph->align);
}

void elf_put_shdr(const struct elf_class *c, const struct shdr *sh, uint8_t *b)
{
	uint8_t *at;

	memset(b, 0, c->shdr_size);
	put_u32(b, sh->name);
	put_u32(b + 4, sh->type);
	at = put_word(c, b + 8, 0);
	at = put_word(c, at, 0);
	at = put_word(c, at, sh->offset);
	at = put_word(c, at, sh->size);
	put_u32(at + 4, sh->info);
	put_word(c, at + 8, sh->align);
}
