/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ucore/ucore.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "kernel/vma.h"
#include "proc/proc_dump.h"
#include "ucore/elf_class.h"
#include "ucore/ucore_notes.h"
#include "util/bytes.h"

#define NR_SHDRS  3u

static const char shstrtab[] = "\0.shstrtab\0" UCORE_LOST_SECTION;

int ucore_layout_make(const struct plan *plan, struct ucore_layout *ret, struct err *err)
{
	const struct out counter = OUT_COUNTING(&ret->notes_size), keeper = out_to_mem(&ret->notes);
	const struct elf_class *c = elf_class_of(plan->p);
	uint64_t page = plan->p->page_size;
	struct plan_load load;
	size_t at = 0;
	int rc;

	memset(ret, 0, sizeof(*ret));
	if (plan->p->is_x32)
		return err_set(err, ERR_UNSUPPORTED, "an x32 process: cores of such are not written");
	if (plan->p->is_32bit && !plan->p->arch->e_machine32)
		return err_set(err, ERR_UNSUPPORTED, "a 32-bit process: 32-bit cores are not written");
	while (plan_load_next(plan, &at, &load)) {
		ret->nr_loads++;
		ret->data_size += load.file_end - load.start;
	}
	rc = ucore_notes_write(plan, plan->p->live ? &keeper : &counter, &ret->nr_threads, err);
	if (rc)
		return rc;
	if (plan->p->live)
		ret->notes_size = ret->notes.n;
	ret->notes_off = c->ehdr_size + c->phdr_size * (ret->nr_loads + 1);
	ret->data_off = round_up_u64(ret->notes_off + ret->notes_size, page);
	ret->lost_off = ret->data_off + ret->data_size;
	ret->shstr_off = ret->lost_off + UCORE_LOST_SIZE;
	ret->shdr_off = round_up_u64(ret->shstr_off + sizeof(shstrtab), 8);
	ret->size = ret->shdr_off + NR_SHDRS * c->shdr_size;
	if (c->word == 4 && ret->size > UINT32_MAX)
		return err_set(err, ERR_UNSUPPORTED, "a 32-bit core of more than 4 GiB");
	return 0;
}

void ucore_layout_deinit(struct ucore_layout *l)
{
	out_mem_free(&l->notes);
}

static int write_notes(const struct plan *plan, const struct ucore_layout *l, const struct out *out,
		       uint64_t *nr_threads, struct err *err)
{
	if (!plan->p->live)
		return ucore_notes_write(plan, out, nr_threads, err);
	*nr_threads = l->nr_threads;
	return out_write(out, l->notes.v, l->notes.n, err);
}

static int write_ehdr(const struct plan *plan, const struct ucore_layout *l, const struct out *out,
		      struct err *err)
{
	const struct elf_class *c = elf_class_of(plan->p);
	const struct arch *a = plan->p->arch;
	uint8_t h[ELF_HEADER_MAX];

	elf_put_ehdr(c, plan->p->is_32bit ? a->e_machine32 : a->e_machine, l->nr_loads + 1,
		     l->shdr_off, NR_SHDRS, h);
	/*
	 * lldb knows a core as one of Linux by its notes of owner LINUX or by where libraries lie. At tiny a
	 * static program's core has neither (lldb 14, tried). Other cores are as the kernel writes them.
	 */
	if (plan->detail == DETAIL_TINY)
		h[EI_OSABI] = ELFOSABI_LINUX;
	return out_write(out, h, c->ehdr_size, err);
}

static int write_phdr(const struct plan *plan, const struct phdr *ph, const struct out *out,
		      struct err *err)
{
	const struct elf_class *c = elf_class_of(plan->p);
	uint8_t b[ELF_HEADER_MAX];

	elf_put_phdr(c, ph, b);
	return out_write(out, b, c->phdr_size, err);
}

static uint32_t load_flags(const struct proc_area *a)
{
	return (a->vm_flags & VM_READ ? PF_R : 0) | (a->vm_flags & VM_WRITE ? PF_W : 0) |
	       (a->vm_flags & VM_EXEC ? PF_X : 0);
}

static int write_phdrs(const struct plan *plan, const struct ucore_layout *l,
		       const struct out *out, struct err *err)
{
	struct phdr note = { .type = PT_NOTE, .offset = l->notes_off, .filesz = l->notes_size,
			     .align = 4 };
	uint64_t off = l->data_off;
	struct plan_load load;
	size_t at = 0;
	int rc = write_phdr(plan, &note, out, err);

	while (!rc && plan_load_next(plan, &at, &load)) {
		struct phdr ph = { .type = PT_LOAD,
				   .flags = load_flags(&plan->p->areas.v[load.area]),
				   .offset = off,
				   .vaddr = load.start,
				   .filesz = load.file_end - load.start,
				   .memsz = load.mem_end - load.start,
				   .align = (load.start | load.file_end) % plan->p->page_size ?
						    1 : plan->p->page_size };

		rc = write_phdr(plan, &ph, out, err);
		off += ph.filesz;
	}
	return rc;
}

/* The text that stands where a page was lost, aligned to the address so that each page is the same. */
static int write_lost(struct ucore_result *res, uvaddr_t va, uint64_t size, const struct out *out,
		      struct err *err)
{
	uint64_t i;
	int rc = 0;

	res->lost_size += size;
	if (res->nr_lost && res->lost[res->nr_lost - 1].addr +
			    res->lost[res->nr_lost - 1].size == va)
		res->lost[res->nr_lost - 1].size += size;
	else if (res->nr_lost < UCORE_LOST_MAX) {
		res->lost[res->nr_lost].addr = va;
		res->lost[res->nr_lost++].size = size;
	}
	for (i = 0; i < size && !rc; i += 16)
		rc = out_write(out, UCORE_LOST_FILL, 16, err);
	return rc;
}

static int write_run(struct proc *p, const struct proc_run *r, const struct out *out,
		     struct ucore_result *res, struct err *err)
{
	uint64_t done = 0, size = r->end - r->start;
	int rc = 0;

	if (r->state == PAGE_ZERO)
		return out_zeros(out, size, err);
	while (done < size && !rc) {
		const void *ptr;
		size_t n;

		if (r->state != PAGE_CAPTURED ||
		    proc_map_run(p, r, done, size - done, &ptr, &n, NULL)) {
			n = min_u64(p->page_size, size - done);
			rc = write_lost(res, r->start + done, n, out, err);
		} else {
			rc = out_write(out, ptr, n, err);
		}
		done += n;
	}
	return rc;
}

static int write_memory(const struct plan *plan, const struct ucore_layout *l,
			const struct out *out, struct ucore_result *res, struct err *err)
{
	struct proc *p = plan->p;
	struct plan_load load;
	struct proc_walk *w;
	struct proc_run r;
	uint64_t done = 0;
	size_t at = 0;
	char what[64];
	int rc;

	if (!l->nr_loads)
		return 0;
	snprintf(what, sizeof(what), "core of %s.%d", p->leader.comm, p->leader.pid);
	rc = p->ops->walk_open(p, &w, err);
	if (rc)
		return rc;
	while (!rc && plan_load_next(plan, &at, &load)) {
		p->ops->walk_range(w, &p->areas.v[load.area], load.start, load.file_end,
				   true);
		while (!rc && p->ops->walk_next(w, &r)) {
			rc = write_run(p, &r, out, res, err);
			done += r.end - r.start;
			log_progress(p->log, what, done >> 20, l->data_size >> 20, "MiB");
		}
	}
	log_progress_end(p->log);
	p->ops->walk_close(w);
	return rc;
}

/* Three: the empty one, the names, what was lost. */
static int write_shdrs(const struct plan *plan, const struct ucore_layout *l, const struct out *out,
		       struct err *err)
{
	const struct shdr sh[NR_SHDRS] = {
		/* More than 65,534 segments: their number is in sh_info of section 0 (PN_XNUM). */
		{ .info = l->nr_loads + 1 >= PN_XNUM ? (uint32_t)(l->nr_loads + 1) : 0 },
		{ 1, SHT_STRTAB, 0, l->shstr_off, sizeof(shstrtab), 1 },
		{ 11, SHT_PROGBITS, 0, l->lost_off, UCORE_LOST_SIZE, 1 },
	};
	const struct elf_class *c = elf_class_of(plan->p);
	uint8_t b[ELF_HEADER_MAX];
	size_t i;
	int rc = 0;

	for (i = 0; i < NR_SHDRS && !rc; i++) {
		elf_put_shdr(c, &sh[i], b);
		rc = out_write(out, b, c->shdr_size, err);
	}
	return rc;
}

static int write_sections(const struct plan *plan, const struct ucore_layout *l,
			  const struct ucore_result *res, const struct out *out, struct err *err)
{
	uint8_t lost[UCORE_LOST_SIZE] = { 0 };
	size_t i;
	int rc;

	put_u64(lost, res->nr_lost);
	for (i = 0; i < res->nr_lost; i++) {
		put_u64(lost + 8 + 16 * i, res->lost[i].addr);
		put_u64(lost + 16 + 16 * i, res->lost[i].size);
	}
	rc = out_write(out, lost, sizeof(lost), err);
	if (!rc)
		rc = out_write(out, shstrtab, sizeof(shstrtab), err);
	if (!rc)
		rc = out_zeros(out, l->shdr_off - l->shstr_off - sizeof(shstrtab), err);
	return rc ? rc : write_shdrs(plan, l, out, err);
}

int ucore_write(const struct plan *plan, const struct ucore_layout *l, const struct out *out,
		struct ucore_result *ret, struct err *err)
{
	int rc;

	memset(ret, 0, sizeof(*ret));
	rc = write_ehdr(plan, l, out, err);
	if (!rc)
		rc = write_phdrs(plan, l, out, err);
	if (!rc)
		rc = write_notes(plan, l, out, &ret->nr_threads, err);
	if (!rc)
		rc = out_zeros(out, l->data_off - l->notes_off - l->notes_size, err);
	if (!rc)
		rc = write_memory(plan, l, out, ret, err);
	if (!rc && plan->p->live)
		proc_still_lives(plan->p, &ret->ended);
	return rc ? rc : write_sections(plan, l, ret, out, err);
}
