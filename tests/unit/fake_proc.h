/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process made by hand: areas over buffers, each page in a state of its own. For tests of what lies
 * above the process image, which need no dump.
 */
#ifndef FAKE_PROC_H
#define FAKE_PROC_H

#include <stdlib.h>
#include <string.h>

#include "kernel/vma.h"
#include "proc/proc.h"

#define FAKE_PAGE 4096u
#define FAKE_AREAS_MAX 16
#define FAKE_THREADS_MAX 4

/* States of pages, one letter each, from the start of an area; what is beyond the text is '.'. */
enum {
	FAKE_OWN = 'o',	    /* written by the process */
	FAKE_CLEAN = 'c',   /* mapped, as the file has it */
	FAKE_DIRTY = 'd',   /* mapped, newer than the file */
	FAKE_CACHED = 'p',  /* not mapped, in the page cache */
	FAKE_NEVER = '.',   /* nothing: zero, or in the file */
	FAKE_SWAPPED = 's',
};

struct fake_area {
	const char *pages;
	uint8_t *bytes; /* of the whole area */
	size_t size;
};

struct fake_proc {
	struct proc p; /* first: a struct proc is a struct fake_proc */
	struct fake_area areas[FAKE_AREAS_MAX];
	struct arch_regs regs[FAKE_THREADS_MAX];
	unsigned int nr_reads; /* of pages, by walks */
};

struct proc_walk {
	struct fake_proc *f;
	const struct proc_area *a;
	uvaddr_t at, end;
	bool cached;
};

static char fake_page_state(const struct fake_area *fa, uint64_t page)
{
	return page < strlen(fa->pages) ? fa->pages[page] : FAKE_NEVER;
}

static int fake_walk_open(struct proc *p, struct proc_walk **ret, struct err *err)
{
	struct proc_walk *w = calloc(1, sizeof(*w));

	if (!w)
		return err_nomem(err);
	w->f = (struct fake_proc *)p;
	*ret = w;
	return 0;
}

static void fake_walk_range(struct proc_walk *w, const struct proc_area *a, uvaddr_t start,
			    uvaddr_t end, bool cached)
{
	w->a = a;
	w->at = start;
	w->end = end;
	w->cached = cached;
}

static bool fake_walk_next(struct proc_walk *w, struct proc_run *r)
{
	size_t i = (size_t)(w->a - w->f->p.areas.v);
	const struct fake_area *fa = &w->f->areas[i];
	bool is_file = w->a->file != AREA_NO_FILE;
	char s;

	if (w->at >= w->end)
		return false;
	w->f->nr_reads++;
	*r = (struct proc_run){ .start = w->at };
	r->end = min_u64(w->end, round_down_u64(w->at, FAKE_PAGE) + FAKE_PAGE);
	s = fake_page_state(fa, (w->at - w->a->start) / FAKE_PAGE);
	/* A physical address: the area's number above, the offset below. */
	r->paddr = (uint64_t)(i + 1) << 40 | (w->at - w->a->start);
	w->at = r->end;
	if (s == FAKE_SWAPPED) {
		r->state = PAGE_UNAVAILABLE;
		r->reason = REASON_SWAPPED;
	} else if (s == FAKE_NEVER || (s == FAKE_CACHED && !w->cached)) {
		r->state = is_file ? PAGE_IN_FILE : PAGE_ZERO;
	} else {
		r->state = PAGE_CAPTURED;
		r->source = s == FAKE_CACHED ? SOURCE_PAGE_CACHE : SOURCE_PTE;
		r->own = is_file && s == FAKE_OWN;
		r->dirty = s == FAKE_DIRTY;
	}
	return true;
}

static void fake_walk_close(struct proc_walk *w)
{
	free(w);
}

static int fake_map(struct proc *p, paddr_t paddr, size_t want, const void **ptr, size_t *size,
		    struct err *err)
{
	struct fake_proc *f = (struct fake_proc *)p;
	uint64_t i = (paddr >> 40) - 1, off = paddr & ((1ull << 40) - 1);

	if (i >= p->areas.n || off >= f->areas[i].size)
		return err_set(err, ERR_ABSENT, "no such address");
	*ptr = f->areas[i].bytes + off;
	*size = min_u64(min_u64(want, f->areas[i].size - off), FAKE_PAGE - off % FAKE_PAGE);
	return 0;
}

static int fake_file_page(struct proc *p, uint32_t file, uint64_t index, paddr_t *ret,
			  struct err *err)
{
	struct fake_proc *f = (struct fake_proc *)p;
	size_t i;

	for (i = 0; i < p->areas.n; i++) {
		const struct proc_area *a = &p->areas.v[i];

		if (a->file == file && index >= a->pgoff &&
		    index - a->pgoff < f->areas[i].size / FAKE_PAGE &&
		    fake_page_state(&f->areas[i], index - a->pgoff) != FAKE_OWN &&
		    fake_page_state(&f->areas[i], index - a->pgoff) != FAKE_NEVER) {
			*ret = (uint64_t)(i + 1) << 40 | (index - a->pgoff) * FAKE_PAGE;
			return 0;
		}
	}
	return err_set(err, ERR_ABSENT, "page %llu is not in the page cache",
		       (unsigned long long)index);
}

static int fake_regs(struct proc *p, const struct proc_thread *t, struct arch_regs *ret,
		     struct err *err)
{
	struct fake_proc *f = (struct fake_proc *)p;
	size_t i = (size_t)(t - p->threads.v);

	if (i >= FAKE_THREADS_MAX)
		return err_set(err, ERR_NOTFOUND, "no registers");
	*ret = f->regs[i];
	return 0;
}

static int fake_fxsave(struct proc *p, const struct proc_thread *t, uint8_t ret[FXSAVE_SIZE],
		       struct err *err)
{
	(void)p, (void)t, (void)ret;
	return err_set(err, ERR_NOTFOUND, "none");
}

static const struct proc_ops fake_ops = {
	.walk_open = fake_walk_open,
	.walk_range = fake_walk_range,
	.walk_next = fake_walk_next,
	.walk_close = fake_walk_close,
	.map = fake_map,
	.file_page = fake_file_page,
	.regs = fake_regs,
	.fxsave = fake_fxsave,
};

static inline struct fake_proc *fake_create(void)
{
	struct fake_proc *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->p.ops = &fake_ops;
	f->p.arch = &arch_x86_64;
	f->p.page_size = FAKE_PAGE;
	f->p.has_memory = true;
	f->p.coredump_filter = DUMP_DEFAULT;
	f->p.exe = strdup("/bin/fake");
	f->p.cmdline = strdup("");
	f->p.cgroup = strdup("");
	strcpy(f->p.leader.comm, "fake");
	return f;
}

static inline uint32_t fake_add_file(struct fake_proc *f, const char *path)
{
	struct proc_file pf = { .path = strdup(path), .size = UINT64_MAX / 2 };

	if (!pf.path || !proc_file_vec_push(&f->p.files, pf))
		abort();
	return (uint32_t)f->p.files.n - 1;
}

/* Ascending. @pages: states; @file: AREA_NO_FILE for anonymous memory. Return: the area's bytes. */
static inline uint8_t *fake_add_area(struct fake_proc *f, uvaddr_t start, size_t nr_pages,
				     uint64_t flags, enum area_kind kind, uint32_t file,
				     uint64_t pgoff, const char *pages)
{
	struct proc_area a = { .start = start, .end = start + nr_pages * FAKE_PAGE,
			       .vm_flags = flags, .pgoff = pgoff, .file = file, .kind = kind };
	struct fake_area *fa = &f->areas[f->p.areas.n];

	a.has_anon = strchr(pages, FAKE_OWN) != NULL;
	if (f->p.areas.n >= FAKE_AREAS_MAX || !proc_area_vec_push(&f->p.areas, a))
		abort();
	fa->pages = pages;
	fa->size = nr_pages * FAKE_PAGE;
	fa->bytes = calloc(1, fa->size);
	if (!fa->bytes)
		abort();
	return fa->bytes;
}

static inline struct arch_regs *fake_add_thread(struct fake_proc *f, uvaddr_t sp, uvaddr_t tp)
{
	struct proc_thread t = { .cpu = -1 };
	struct arch_regs *r = &f->regs[f->p.threads.n];

	t.task.pid = (int32_t)f->p.threads.n + 1;
	if (f->p.threads.n >= FAKE_THREADS_MAX || !proc_thread_vec_push(&f->p.threads, t))
		abort();
	r->r[f->p.arch->reg_sp] = sp;
	r->r[f->p.arch->reg_tp] = tp;
	return r;
}

static inline void fake_destroy(struct fake_proc *f)
{
	size_t i;

	for (i = 0; i < f->p.areas.n; i++)
		free(f->areas[i].bytes);
	proc_close(&f->p); /* frees @f, as .p is its first member */
}

#endif
