/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dumps of a few pages, made in a test: an ELF core with segments and notes as the test wants them, and
 * kernel memory behind them. A test writes down what is there, saves it to a file and opens that.
 */
#ifndef TINY_DUMP_H
#define TINY_DUMP_H

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem/kmem.h"
#include "util/bytes.h"
#include "vmcore/vmcore.h"

#define TINY_PAGE 4096u
/* Headers, then notes, then memory. */
#define TINY_NOTES_OFF 0x2000u
#define TINY_DATA_OFF  0x4000u
#define TINY_LOADS_MAX 64
#define TINY_SIZE_MAX  (4u << 20)

struct tiny {
	uint8_t *file;
	size_t size, notes_size;
	size_t nr_loads;
	Elf64_Phdr load[TINY_LOADS_MAX];
	uint16_t machine;
	char path[64];
	char damage[64];
};

static inline void tiny_init(struct tiny *t)
{
	memset(t, 0, sizeof(*t));
	t->file = calloc(1, TINY_SIZE_MAX);
	if (!t->file)
		abort();
	t->size = TINY_DATA_OFF;
	t->machine = EM_X86_64;
}

/* @desc may be NULL: zeros. */
static inline void tiny_note(struct tiny *t, const char *name, uint32_t type, const void *desc,
			     size_t size)
{
	uint8_t *at = t->file + TINY_NOTES_OFF + t->notes_size;
	size_t name_size = strlen(name) + 1, room = 12 + ((name_size + 3) & ~3ul) + ((size + 3) & ~3ul);

	if (t->notes_size + room > TINY_DATA_OFF - TINY_NOTES_OFF)
		abort();
	put_u32(at, (uint32_t)name_size);
	put_u32(at + 4, (uint32_t)size);
	put_u32(at + 8, type);
	memcpy(at + 12, name, name_size);
	if (desc)
		memcpy(at + 12 + ((name_size + 3) & ~3ul), desc, size);
	t->notes_size += room;
}

static inline void tiny_info(struct tiny *t, const char *text)
{
	tiny_note(t, "VMCOREINFO", 0, text, strlen(text));
}

/* A segment over bytes of the file that are there already. */
static inline void tiny_load_at(struct tiny *t, uint64_t vaddr, uint64_t paddr, uint64_t size,
				uint64_t off)
{
	if (t->nr_loads == TINY_LOADS_MAX)
		abort();
	t->load[t->nr_loads++] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = off,
					       .p_vaddr = vaddr, .p_paddr = paddr,
					       .p_filesz = size, .p_memsz = size };
}

/* A segment of its own, filled with @fill. Return: its bytes. */
static inline uint8_t *tiny_load(struct tiny *t, uint64_t vaddr, uint64_t paddr, uint64_t size,
				 uint8_t fill)
{
	uint8_t *bytes = t->file + t->size;

	if (size > TINY_SIZE_MAX - t->size)
		abort();
	memset(bytes, fill, size);
	tiny_load_at(t, vaddr, paddr, size, t->size);
	t->size += size;
	return bytes;
}

static inline void tiny_headers(struct tiny *t)
{
	Elf64_Ehdr eh = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				       EV_CURRENT },
			  .e_type = ET_CORE, .e_machine = t->machine, .e_version = EV_CURRENT,
			  .e_phoff = sizeof(eh), .e_ehsize = sizeof(eh),
			  .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = (uint16_t)(t->nr_loads + 1) };
	Elf64_Phdr note = { .p_type = PT_NOTE, .p_offset = TINY_NOTES_OFF,
			    .p_filesz = t->notes_size };

	memcpy(t->file, &eh, sizeof(eh));
	memcpy(t->file + sizeof(eh), &note, sizeof(note));
	memcpy(t->file + sizeof(eh) + sizeof(note), t->load, t->nr_loads * sizeof(note));
}

static inline void tiny_write_file(char *path, const void *bytes, size_t size)
{
	int fd;

	strcpy(path, "/tmp/vmsift-unit.XXXXXX");
	fd = mkstemp(path);
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || close(fd))
		abort();
}

/* Write it down as it is now. Return: the path of the file. */
static inline const char *tiny_save(struct tiny *t)
{
	if (t->path[0])
		unlink(t->path);
	tiny_write_file(t->path, t->file, t->size);
	return t->path;
}

/* The damage overlay of what is opened from now on; NULL: none. */
static inline void tiny_damage(struct tiny *t, const char *lines)
{
	if (t->damage[0])
		unlink(t->damage);
	t->damage[0] = 0;
	unsetenv("VMSIFT_DAMAGE");
	if (!lines)
		return;
	tiny_write_file(t->damage, lines, strlen(lines));
	setenv("VMSIFT_DAMAGE", t->damage, 1);
}

static inline void tiny_free(struct tiny *t)
{
	tiny_damage(t, NULL);
	if (t->path[0])
		unlink(t->path);
	free(t->file);
	memset(t, 0, sizeof(*t));
}

/* --- kernel memory ------------------------------------------------------------------------------ */

#define TINY_RAM    0x100000ull		  /* physical address of the first page */
#define TINY_DIRECT 0xffff888000000000ull /* the direct map, 4 levels */
#define TINY_VA(off) (TINY_DIRECT + TINY_RAM + (uint64_t)(off))
#define TINY_INFO                                                                                  \
	"PAGESIZE=4096\nNUMBER(phys_base)=0\nSYMBOL(swapper_pg_dir)=ffffffff80100000\n"            \
	"NUMBER(KERNEL_IMAGE_SIZE)=1073741824\n"

/* A machine of @nr_pages pages that are all in the direct map. */
struct tiny_ram {
	struct tiny t;
	uint8_t *ram; /* before tiny_ram_open() what is written there is in the dump */
	struct vmcore *vc;
	struct kmem km;
};

static inline void tiny_ram_init(struct tiny_ram *r, size_t nr_pages)
{
	memset(r, 0, sizeof(*r));
	tiny_init(&r->t);
	r->ram = tiny_load(&r->t, TINY_VA(0), TINY_RAM, nr_pages * TINY_PAGE, 0);
}

/* @info: VMCOREINFO behind TINY_INFO, "" for none. */
static inline void tiny_ram_open(struct tiny_ram *r, const char *info)
{
	struct err err = { 0 };
	char *text = malloc(sizeof(TINY_INFO) + strlen(info));

	if (!text)
		abort();
	strcpy(text, TINY_INFO);
	strcat(text, info);
	tiny_info(&r->t, text);
	free(text);
	tiny_headers(&r->t);
	if (vmcore_open(tiny_save(&r->t), NULL, &r->vc, &err) || kmem_init(&r->km, r->vc, &err)) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
}

static inline void tiny_ram_close(struct tiny_ram *r)
{
	vmcore_close(r->vc);
	tiny_free(&r->t);
	memset(r, 0, sizeof(*r));
}

#endif
