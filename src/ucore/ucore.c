/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ucore/ucore.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "kernel/vma.h"
#include "ucore/ucore_notes.h"
#include "util/bytes.h"

#define EHDR_SIZE 64u
#define PHDR_SIZE 56u
#define SHDR_SIZE 64u
#define NR_SHDRS  3u

static const char shstrtab[] = "\0.shstrtab\0" UCORE_LOST_SECTION;

int ucore_layout_make(const struct plan *plan, struct ucore_layout *ret, struct err *err)
{
	const struct out counter = OUT_COUNTING(&ret->notes_size);
	uint64_t page = plan->p->page_size, nr_threads;
	struct plan_load load;
	size_t at = 0;
	int rc;

	memset(ret, 0, sizeof(*ret));
	if (plan->p->is_32bit)
		return err_set(err, ERR_UNSUPPORTED, "a 32-bit process: 32-bit cores are not written");
	while (plan_load_next(plan, &at, &load)) {
		ret->nr_loads++;
		ret->data_size += load.file_end - load.start;
	}
	rc = ucore_notes_write(plan, &counter, &nr_threads, err);
	if (rc)
		return rc;
	ret->notes_off = EHDR_SIZE + PHDR_SIZE * (ret->nr_loads + 1);
	ret->data_off = round_up_u64(ret->notes_off + ret->notes_size, page);
	ret->lost_off = ret->data_off + ret->data_size;
	ret->shstr_off = ret->lost_off + UCORE_LOST_SIZE;
	ret->shdr_off = round_up_u64(ret->shstr_off + sizeof(shstrtab), 8);
	ret->size = ret->shdr_off + NR_SHDRS * SHDR_SIZE;
	return 0;
}

static int write_ehdr(const struct plan *plan, const struct ucore_layout *l, const struct out *out,
		      struct err *err)
{
	uint64_t nr = l->nr_loads + 1;
	uint8_t h[EHDR_SIZE] = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				 EV_CURRENT };

	put_u16(h + 16, ET_CORE);
	put_u16(h + 18, plan->p->arch->e_machine);
	put_u32(h + 20, EV_CURRENT);
	put_u64(h + 32, EHDR_SIZE);
	put_u64(h + 40, l->shdr_off);
	put_u16(h + 52, EHDR_SIZE);
	put_u16(h + 54, PHDR_SIZE);
	put_u16(h + 56, nr < PN_XNUM ? (uint16_t)nr : PN_XNUM);
	put_u16(h + 58, SHDR_SIZE);
	put_u16(h + 60, NR_SHDRS);
	put_u16(h + 62, 1);
	return out_write(out, h, sizeof(h), err);
}

struct phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, filesz, memsz, align;
};

static int write_phdr(const struct phdr *ph, const struct out *out, struct err *err)
{
	uint8_t b[PHDR_SIZE] = { 0 };

	put_u32(b, ph->type);
	put_u32(b + 4, ph->flags);
	put_u64(b + 8, ph->offset);
	put_u64(b + 16, ph->vaddr);
	put_u64(b + 32, ph->filesz);
	put_u64(b + 40, ph->memsz);
	put_u64(b + 48, ph->align);
	return out_write(out, b, sizeof(b), err);
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
	int rc = write_phdr(&note, out, err);

	while (!rc && plan_load_next(plan, &at, &load)) {
		struct phdr ph = { .type = PT_LOAD,
				   .flags = load_flags(&plan->p->areas.v[load.area]),
				   .offset = off,
				   .vaddr = load.start,
				   .filesz = load.file_end - load.start,
				   .memsz = load.mem_end - load.start,
				   .align = (load.start | load.file_end) % plan->p->page_size ?
						    1 : plan->p->page_size };

		rc = write_phdr(&ph, out, err);
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

static void put_shdr(uint8_t *b, uint32_t name, uint32_t type, uint64_t off, uint64_t size)
{
	put_u32(b, name);
	put_u32(b + 4, type);
	put_u64(b + 24, off);
	put_u64(b + 32, size);
	put_u64(b + 48, 1);
}

static int write_sections(const struct ucore_layout *l, const struct ucore_result *res,
			  const struct out *out, struct err *err)
{
	uint8_t lost[UCORE_LOST_SIZE] = { 0 }, sh[NR_SHDRS * SHDR_SIZE] = { 0 };
	size_t i;
	int rc;

	put_u64(lost, res->nr_lost);
	for (i = 0; i < res->nr_lost; i++) {
		put_u64(lost + 8 + 16 * i, res->lost[i].addr);
		put_u64(lost + 16 + 16 * i, res->lost[i].size);
	}
	/* More than 65,534 segments: their number is in sh_info of section 0 (PN_XNUM). */
	if (l->nr_loads + 1 >= PN_XNUM)
		put_u32(sh + 44, (uint32_t)(l->nr_loads + 1));
	put_shdr(sh + SHDR_SIZE, 1, SHT_STRTAB, l->shstr_off, sizeof(shstrtab));
	put_shdr(sh + 2 * SHDR_SIZE, 11, SHT_PROGBITS, l->lost_off, UCORE_LOST_SIZE);
	rc = out_write(out, lost, sizeof(lost), err);
	if (!rc)
		rc = out_write(out, shstrtab, sizeof(shstrtab), err);
	if (!rc)
		rc = out_zeros(out, l->shdr_off - l->shstr_off - sizeof(shstrtab), err);
	return rc ? rc : out_write(out, sh, sizeof(sh), err);
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
		rc = ucore_notes_write(plan, out, &ret->nr_threads, err);
	if (!rc)
		rc = out_zeros(out, l->data_off - l->notes_off - l->notes_size, err);
	if (!rc)
		rc = write_memory(plan, l, out, ret, err);
	return rc ? rc : write_sections(l, ret, out, err);
}
