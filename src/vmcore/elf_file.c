/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmcore/elf_file.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/bytes.h"

struct elf_file {
	int fd;
	Elf *elf;
};

static void elf_file_close(struct elf_file *f)
{
	if (f->elf)
		elf_end(f->elf);
	if (f->fd >= 0)
		close(f->fd);
}

static int elf_file_open(const char *path, struct elf_file *f, struct err *err)
{
	elf_version(EV_CURRENT);
	f->elf = NULL;
	f->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0)
		return err_errno(err, "%s", path);
	f->elf = elf_begin(f->fd, ELF_C_READ, NULL);
	if (f->elf && elf_kind(f->elf) == ELF_K_ELF)
		return 0;
	elf_file_close(f);
	return err_set(err, ERR_FORMAT, "%s: is not an ELF file", path);
}

static Elf_Scn *find_section(Elf *elf, const char *name, uint32_t type, GElf_Shdr *sh)
{
	Elf_Scn *scn = NULL;
	size_t strndx;

	if (elf_getshdrstrndx(elf, &strndx))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *n;

		if (!gelf_getshdr(scn, sh) || sh->sh_type == SHT_NOBITS)
			continue;
		n = elf_strptr(elf, strndx, sh->sh_name);
		if (name ? n && !strcmp(n, name) : sh->sh_type == type)
			return scn;
	}
	return NULL;
}

static int copy_section(Elf *elf, const char *path, const char *name, void **ret, size_t *size,
			struct err *err)
{
	GElf_Shdr sh;
	Elf_Scn *scn = find_section(elf, name, 0, &sh);
	Elf_Data *d;

	if (!scn)
		return err_set(err, ERR_NOTFOUND, "%s: has no section %s", path, name);
	if (sh.sh_size > ELF_FILE_SECTION_MAX)
		return err_set(err, ERR_FORMAT, "%s: section %s of %llu bytes", path, name,
			       (unsigned long long)sh.sh_size);
	d = elf_rawdata(scn, NULL);
	if (!d || !d->d_buf || !d->d_size)
		return err_set(err, ERR_FORMAT, "%s: section %s: %s", path, name, elf_errmsg(-1));
	*ret = malloc(d->d_size);
	if (!*ret)
		return err_nomem(err);
	memcpy(*ret, d->d_buf, d->d_size);
	*size = d->d_size;
	return 0;
}

int elf_file_section(const char *path, const char *section, void **ret, size_t *size,
		     struct err *err)
{
	struct elf_file f;
	int rc = elf_file_open(path, &f, err);

	if (rc)
		return rc;
	rc = copy_section(f.elf, path, section, ret, size, err);
	elf_file_close(&f);
	return rc;
}

bool build_id_of_notes(const void *notes, size_t size, char *ret)
{
	const uint8_t *n = notes;
	size_t at = 0, i;

	while (size >= 12 && at <= size - 12) {
		uint64_t namesz = get_u32(n + at), descsz = get_u32(n + at + 4);
		uint64_t desc = at + 12 + ((namesz + 3) & ~3ull);

		if (desc + descsz > size)
			return false;
		if (get_u32(n + at + 8) == NT_GNU_BUILD_ID && namesz == 4 &&
		    !memcmp(n + at + 12, "GNU", 4) && descsz && descsz <= 20) {
			for (i = 0; i < descsz; i++)
				sprintf(ret + 2 * i, "%02x", n[desc + i]);
			return true;
		}
		at = desc + ((descsz + 3) & ~3ull);
	}
	return false;
}

int elf_file_build_id(const char *path, char *ret, struct err *err)
{
	static const char *const sections[] = { ".note.gnu.build-id", ".notes", ".note" };
	size_t i, size;
	void *notes;
	int rc = 0;

	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		bool found;

		rc = elf_file_section(path, sections[i], &notes, &size, err);
		if (rc == ERR_NOTFOUND && (!err || strstr(err->text, "has no section")))
			continue;
		if (rc)
			return rc;
		found = build_id_of_notes(notes, size, ret);
		free(notes);
		if (found)
			return 0;
	}
	return err_set(err, ERR_NOTFOUND, "%s: has no build-id", path);
}

static int each_symbol(Elf *elf, const char *path, elf_symbol_fn fn, void *ctx, struct err *err)
{
	GElf_Shdr sh;
	Elf_Scn *scn = find_section(elf, NULL, SHT_SYMTAB, &sh);
	Elf_Data *d;
	size_t i, n;
	int rc = 0;

	if (!scn)
		scn = find_section(elf, NULL, SHT_DYNSYM, &sh);
	d = scn ? elf_getdata(scn, NULL) : NULL;
	if (!d || !sh.sh_entsize)
		return err_set(err, ERR_NOTFOUND, "%s: has no symbols", path);
	n = d->d_size / sh.sh_entsize;
	for (i = 0; i < n && !rc; i++) {
		const char *name;
		GElf_Sym sym;
		unsigned char type;

		if (!gelf_getsym(d, (int)i, &sym) || sym.st_shndx == SHN_UNDEF)
			continue;
		type = GELF_ST_TYPE(sym.st_info);
		name = elf_strptr(elf, sh.sh_link, sym.st_name);
		if (name && *name && type != STT_FILE && type != STT_SECTION)
			rc = fn(ctx, name, sym.st_value, sym.st_size, type == STT_OBJECT);
	}
	return rc;
}

int elf_file_symbols(const char *path, elf_symbol_fn fn, void *ctx, struct err *err)
{
	struct elf_file f;
	int rc = elf_file_open(path, &f, err);

	if (rc)
		return rc;
	rc = each_symbol(f.elf, path, fn, ctx, err);
	elf_file_close(&f);
	return rc;
}
