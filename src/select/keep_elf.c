/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What leads a debugger to the modules, and what is kept of the modules themselves. */
#include "select/keep_set.h"

#include <elf.h>
#include <string.h>

#include "kernel/vma.h"
#include "util/bytes.h"

/*
 * glibc's struct link_map has some 1200 bytes, of which debuggers read l_tls_modid near the end; musl's
 * struct dso has less.
 */
#define LINK_MAP_WHOLE 1280u
/* A static program has libc's data among its own; beyond this size it is the program's. */
#define STATIC_DATA_MAX KIB(256)

/* Notes of a module that are worth their bytes: its build-id is among them. */
#define HEAD_NOTES_MAX 512u

/*
 * Bytes from the ELF header to the end of the notes in the same page: a debugger reads the build-id
 * through them. What follows there are the module's tables of names, which the file has as well.
 * Return: 0 if no notes are near the program headers.
 */
static uint64_t head_size(const struct uelf *e)
{
	uint64_t page = e->p->page_size, end = 0;
	uint64_t max = e->phdrs_at - e->base + (uint64_t)e->nr_phdrs * e->phdr_size + HEAD_NOTES_MAX;
	const struct uelf_phdr *ph;

	if (!e->phdrs_at || !e->build_id_size)
		return 0;
	for (ph = e->phdrs; ph < e->phdrs + e->nr_phdrs; ph++) {
		uint64_t at = ph->vaddr + e->bias - e->base;

		if (ph->type == PT_NOTE && at < page && ph->filesz <= HEAD_NOTES_MAX &&
		    at + ph->filesz <= min_u64(max, page))
			end = max_u64(end, at + ph->filesz);
	}
	return end;
}

/* With it a debugger is content with the program that it was given, whatever name that ran by. */
static int keep_exe_head(struct keep_ctx *c)
{
	return c->lm.has_exe ? keep_add(c, c->lm.exe.base, head_size(&c->lm.exe), RULE_ELF_HEADER) : 0;
}

/* Richer cores than small hold the first page, as live ones do. */
static int keep_head(struct keep_ctx *c, const struct uelf *e)
{
	uint64_t size = c->o.detail < DETAIL_DATA ? head_size(e) : 0;

	return keep_add(c, e->base, size ? size : c->p->page_size, RULE_ELF_HEADER);
}

/*
 * Of a static program's vdso the program headers: lldb (14 and 19 looked at) takes as much
 * memory as there is from the vdso to the next address that the core holds, which may be terabytes.
 * Not the ELF header: gdb would look for all of the vdso behind it, and complain.
 */
static int keep_vdso_phdrs(struct keep_ctx *c, const struct proc_area *vdso)
{
	struct uelf e;

	if (!c->lm.has_exe || uelf_phdr(&c->lm.exe, PT_INTERP) ||
	    uelf_open(c->p, vdso->start, &e, NULL) || e.phdrs_at <= e.base)
		return 0;
	return keep_add(c, e.phdrs_at, (uint64_t)e.nr_phdrs * e.phdr_size, RULE_VDSO);
}

/* What tiny keeps of the vdso, of which small keeps all. */
static int keep_vdso(struct keep_ctx *c)
{
	const struct proc_area *a;
	uint64_t at;

	if (!proc_auxv(c->p, AT_SYSINFO_EHDR, &at))
		return 0;
	a = proc_find_area(c->p, at);
	if (!a || a->kind != AREA_SPECIAL)
		return 0;
	/* 32-bit code makes its system calls in the vdso: no blocked thread can be unwound without it. */
	if (c->p->is_32bit)
		return keep_add(c, a->start, a->end - a->start, RULE_VDSO);
	return c->o.detail == DETAIL_TINY ? keep_vdso_phdrs(c, a) : 0;
}

int keep_link_maps(struct keep_ctx *c)
{
	uint32_t size = c->o.detail > DETAIL_TINY ? LINK_MAP_WHOLE : LINK_MAP_SIZE;
	const struct linkmap *lm = &c->lm;
	const struct linkmap_entry *e;
	size_t i;
	int rc = keep_add(c, lm->phdrs, lm->phdrs_size, RULE_ELF_HEADER);

	if (!rc)
		rc = keep_exe_head(c);
	if (!rc)
		rc = keep_add(c, lm->dynamic, lm->dynamic_size, RULE_EXE);
	for (i = 0; i < lm->nr_r_debug && !rc; i++)
		rc = keep_add(c, lm->r_debug[i].at, lm->r_debug[i].size, RULE_LINK_MAP);
	vec_for_each(e, &lm->maps) {
		if (!rc)
			rc = keep_add(c, e->at, size, RULE_LINK_MAP);
		if (!rc)
			rc = keep_add(c, e->name, e->name_size, RULE_LINK_MAP);
	}
	return rc ? rc : keep_vdso(c);
}

/* All segments that the module writes to, .bss too. */
static int add_written(struct keep_ctx *c, const struct uelf *e, uint64_t max, enum keep_rule rule)
{
	const struct uelf_phdr *ph;
	int rc = 0;

	for (ph = e->phdrs; ph < e->phdrs + e->nr_phdrs && !rc; ph++)
		if (ph->type == PT_LOAD && ph->flags & PF_W)
			rc = keep_add(c, ph->vaddr + e->bias, min_u64(ph->memsz, max), rule);
	return rc;
}

static const char *base_name(const struct keep_ctx *c, const struct uelf *e)
{
	const char *path = e->file < c->p->files.n ? c->p->files.v[e->file].path : "";
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Threads before glibc 2.34 are in a library of their own. */
static bool is_libpthread(const struct keep_ctx *c, const struct uelf *e)
{
	return !strncmp(base_name(c, e), "libpthread", 10);
}

int keep_modules(struct keep_ctx *c)
{
	bool is_static = c->lm.has_exe && !uelf_phdr(&c->lm.exe, PT_INTERP);
	const struct proc_area *a;
	const struct uelf *e;
	int rc = 0;

	vec_for_each(e, &c->modules) {
		const struct proc_area *first = proc_find_area(c->p, e->base);

		if (!rc && first && first->kind == AREA_SPECIAL)
			rc = keep_add(c, first->start, first->end - first->start, RULE_VDSO);
		else if (!rc)
			rc = keep_head(c, e);
		if (!rc && (e == c->ldso || e == c->libc || is_libpthread(c, e)))
			rc = add_written(c, e, UINT64_MAX, RULE_LIBC);
	}
	if (!rc && is_static)
		rc = add_written(c, &c->lm.exe, STATIC_DATA_MAX, RULE_LIBC);
	if (rc || c->o.detail < DETAIL_DATA)
		return rc;
	vec_for_each(e, &c->modules)
		if (!rc)
			rc = add_written(c, e, UINT64_MAX, RULE_DATA);
	vec_for_each(a, &c->p->areas)
		if (!rc && a->kind == AREA_FILE_PRIVATE && a->has_anon)
			rc = keep_add(c, a->start, a->end - a->start, RULE_DATA);
	return rc;
}
