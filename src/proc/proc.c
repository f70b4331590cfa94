/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proc/proc.h"

#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"

const char *page_state_name(enum page_state s)
{
	static const char *const names[] = { "captured", "zero", "file", "unavailable" };

	return (size_t)s < ARRAY_SIZE(names) ? names[s] : "?";
}

const char *page_source_name(enum page_source s)
{
	static const char *const names[SOURCE_NR] = {
		[SOURCE_NONE] = "-",
		[SOURCE_PTE] = "pte",
		[SOURCE_PROT_NONE] = "prot-none",
		[SOURCE_PAGE_CACHE] = "page-cache",
		[SOURCE_VDSO_IMAGE] = "vdso-image",
		[SOURCE_MIGRATION] = "migration",
		[SOURCE_SWAP_CACHE] = "swap-cache",
		[SOURCE_ZSWAP] = "zswap",
		[SOURCE_ZRAM] = "zram",
	};

	return (size_t)s < ARRAY_SIZE(names) ? names[s] : "?";
}

const char *page_reason_name(enum page_reason r)
{
	static const char *const names[REASON_NR] = {
		[REASON_NONE] = "-",
		[REASON_DONTDUMP] = "dontdump",
		[REASON_IO] = "device",
		[REASON_FILTER] = "coredump-filter",
		[REASON_DETAIL] = "detail",
		[REASON_EXCLUDED] = "excluded",
		[REASON_BUDGET] = "budget",
		[REASON_SWAPPED] = "swapped",
		[REASON_WRITEBACK] = "zram-writeback",
		[REASON_SWAP_DAMAGED] = "swap-damaged",
		[REASON_SWAP_UNSUPPORTED] = "swap-unsupported",
		[REASON_MARKER] = "marker",
		[REASON_NOT_IN_DUMP] = "not-in-dump",
		[REASON_FILTERED] = "filtered-out",
		[REASON_READ_ERROR] = "read-error",
		[REASON_POISONED] = "hwpoison",
		[REASON_BAD_TABLE] = "bad-page-table",
		[REASON_NOT_MAPPED] = "not-mapped",
	};

	return r < REASON_NR ? names[r] : "?";
}

void proc_close(struct proc *p)
{
	struct proc_thread *t;
	struct proc_file *f;

	if (!p)
		return;
	vec_for_each(f, &p->files)
		free(f->path);
	proc_file_vec_free(&p->files);
	proc_area_vec_free(&p->areas);
	vec_for_each(t, &p->threads)
		free(t->live_regs);
	proc_thread_vec_free(&p->threads);
	if (p->reader)
		p->ops->walk_close(p->reader);
	free(p->exe);
	free(p->cmdline);
	free(p->cgroup);
	free(p->auxv);
	free(p->stretch);
	free(p);
}

void proc_facts_lost(struct proc *p, const struct err *err)
{
	if (!p->facts_lost)
		log_warn(p->log, "process %d (%s): not all that its core depends on can be read: %s",
			 p->leader.pid, p->leader.comm, err->text);
	p->facts_lost = true;
}

const struct proc_area *proc_find_area(const struct proc *p, uvaddr_t va)
{
	size_t lo = 0, hi = p->areas.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (va < p->areas.v[mid].start)
			hi = mid;
		else if (va >= p->areas.v[mid].end)
			lo = mid + 1;
		else
			return &p->areas.v[mid];
	}
	return NULL;
}

bool proc_auxv(const struct proc *p, uint64_t type, uint64_t *ret)
{
	unsigned int word = proc_word_size(p);
	size_t i;

	for (i = 0; i + 2 * word <= p->auxv_size; i += 2 * word)
		if (get_uint(p->auxv + i, word) == type) {
			*ret = get_uint(p->auxv + i + word, word);
			return true;
		}
	return false;
}

int proc_read_word(struct proc *p, uvaddr_t at, uint64_t *ret, struct err *err)
{
	unsigned int word = proc_word_size(p);
	uint8_t b[8];
	int rc = proc_read(p, at, b, word, err);

	*ret = rc ? 0 : get_uint(b, word);
	return rc;
}

bool proc_thread_pointer(struct proc *p, const struct proc_thread *t, const struct arch_regs *regs,
			 uvaddr_t *ret)
{
	uint64_t descs[TLS_DESCS], selector, i;

	if (regs->unknown >> (p->is_32bit ? p->arch->reg_tls32 : p->arch->reg_tp) & 1)
		return false;
	if (!p->is_32bit) {
		*ret = regs->r[p->arch->reg_tp];
		return true;
	}
	/* Requested privilege in bits 0 and 1, of the LDT if bit 2 is set. */
	selector = regs->r[p->arch->reg_tls32] & 0xffff;
	i = (selector >> 3) - p->arch->tls_entry_min;
	if (selector & 4 || i >= TLS_DESCS || !p->ops->tls || p->ops->tls(p, t, descs, NULL))
		return false;
	*ret = tls_desc_base(descs[i]);
	return *ret != 0;
}

const char *proc_area_name(const struct proc *p, const struct proc_area *a)
{
	return a->file < p->files.n ? p->files.v[a->file].path : "";
}

int proc_map_run(struct proc *p, const struct proc_run *r, uint64_t off, size_t want,
		 const void **ptr, size_t *size, struct err *err)
{
	uint64_t in = (r->start + off) % p->page_size;
	const void *page;
	int rc;

	if (!run_is_packed(r))
		return p->ops->map(p, r->paddr + off, want, ptr, size, err);
	rc = p->ops->unpack(p, r->swap, &page, err);
	if (rc)
		return rc;
	*ptr = (const uint8_t *)page + in;
	*size = min_u64(want, p->page_size - in);
	return 0;
}

/* Copy from one run, which holds [va, va + size). */
static int read_run(struct proc *p, const struct proc_run *r, uvaddr_t va, uint8_t *buf,
		    size_t size, struct err *err)
{
	uint64_t at = va - r->start;

	if (r->state == PAGE_ZERO) {
		memset(buf, 0, size);
		return 0;
	}
	if (r->state != PAGE_CAPTURED)
		return err_set(err, ERR_ABSENT, "address 0x%" PRIx64 " is %s (%s)", va,
			       page_state_name(r->state), page_reason_name(r->reason));
	while (size) {
		const void *ptr;
		size_t n;
		int rc = proc_map_run(p, r, at, size, &ptr, &n, err);

		if (rc)
			return rc;
		memcpy(buf, ptr, n);
		buf += n;
		at += n;
		size -= n;
	}
	return 0;
}

int proc_read(struct proc *p, uvaddr_t va, void *buf, size_t size, struct err *err)
{
	uint8_t *to = buf;
	struct proc_run r;
	int rc = p->reader ? 0 : p->ops->walk_open(p, &p->reader, err);

	if (rc)
		return rc;
	while (size && !rc) {
		const struct proc_area *a = proc_find_area(p, va);
		uvaddr_t end;

		if (!a) {
			rc = err_set(err, ERR_ABSENT, "address 0x%" PRIx64 " is in no area", va);
			break;
		}
		end = min_u64(a->end, va + size);
		p->ops->walk_range(p->reader, a, va, end, true);
		while (va < end && !rc && p->ops->walk_next(p->reader, &r)) {
			size_t n = min_u64(r.end, end) - va;

			rc = read_run(p, &r, va, to, n, err);
			to += n;
			va += n;
			size -= n;
		}
	}
	return rc;
}

int proc_read_file(struct proc *p, uint32_t file, uint64_t off, void *buf, size_t size,
		   struct err *err)
{
	const struct proc_file *f = file < p->files.n ? &p->files.v[file] : NULL;
	uint8_t *to = buf;

	if (!f)
		return err_set(err, ERR_ABSENT, "there is no such file");
	if (off > f->size || size > f->size - off)
		return err_set(err, ERR_ABSENT, "%s: 0x%" PRIx64 " + 0x%zx is past its end", f->path,
			       off, size);
	while (size) {
		uint64_t in = off % p->page_size;
		size_t n = min_u64(size, p->page_size - in), got;
		const void *ptr;
		paddr_t at;
		int rc = p->ops->file_page(p, file, off / p->page_size, &at, err);

		if (!rc)
			rc = p->ops->map(p, at + in, n, &ptr, &got, err);
		if (rc)
			return err_add(err, "%s at 0x%" PRIx64, f->path, off);
		n = got;
		memcpy(to, ptr, n);
		to += n;
		off += n;
		size -= n;
	}
	return 0;
}
