/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmcore/window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/types.h"
#include "vmcore/damage.h"

/*
 * Structures lie all over memory, so most windows are small: populating one costs by its size. Reading
 * on past the end of one takes a large window, so that long stretches cost few calls. In all 192 x 32 KiB
 * + 4 x 1 MiB, within the 16 MiB that a command may use. (With 48 x 128 KiB 200 small processes cost twice
 * the time: each window was populated for a page or two.)
 */
#define NR_SMALL    192
#define NR_LARGE    4
#define NR_WINDOWS  (NR_SMALL + NR_LARGE)
#define NR_HINTS    512 /* a power of 2 */
#define SMALL_SIZE  KIB(32)
#define LARGE_SIZE  MIB(1)
/* Read windows are anonymous memory, and few: 8 x 64 KiB. */
#define NR_READ	    8
#define READ_SIZE   KIB(64)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* include/uapi/asm-generic/mman-common.h, since 5.14 */
#endif

struct window {
	uint64_t off, size; /* size 0: empty */
	uint8_t *ptr;
	bool mapped;
	bool lent;    /* ... by the damage overlay, which unmaps it */
	uint16_t bad; /* read windows: pages that failed */
	int bad_errno;
	uint64_t used;
};

struct window_cache {
	int fd;
	uint64_t file_size;
	bool is_proc, use_mmap;
	uint64_t clock;
	struct damage *damage;
	struct window *last;   /* used last: most accesses are near the one before */
	uint64_t next_off;     /* end of the window that was filled last */
	uint8_t hints[NR_HINTS]; /* which of .w was found last for offsets of this SMALL_SIZE */
	struct window w[NR_WINDOWS];
	struct window read[NR_READ];
	uint8_t *buf[NR_READ]; /* READ_SIZE each, made when first needed */
};

_Static_assert(NR_WINDOWS <= 256, "struct window_cache.hints are 8 bits");
_Static_assert(READ_SIZE / WINDOW_PAGE <= 16, "struct window.bad is 16 bits");

int window_cache_create(int fd, uint64_t file_size, bool is_proc, bool use_mmap,
			struct window_cache **ret, struct err *err)
{
	struct window_cache *wc = calloc(1, sizeof(*wc));
	int rc;

	if (!wc)
		return err_nomem(err);
	wc->fd = fd;
	wc->file_size = file_size;
	wc->is_proc = is_proc;
	wc->use_mmap = use_mmap;
	wc->last = &wc->read[0];
	wc->next_off = UINT64_MAX;
	rc = damage_open(&wc->damage, err);
	if (rc) {
		free(wc);
		return rc;
	}
	*ret = wc;
	return 0;
}

static void window_drop(struct window *w)
{
	if (w->mapped && w->size && !w->lent)
		munmap(w->ptr, w->size);
	w->size = 0;
	w->mapped = false;
	w->lent = false;
	w->bad = 0;
}

static int window_cmp(const void *a, const void *b)
{
	const struct window *x = *(struct window *const *)a, *y = *(struct window *const *)b;

	return x->ptr < y->ptr ? -1 : x->ptr > y->ptr;
}

/*
 * Unmap all windows. Most lie side by side, as the kernel hands addresses out; those go in one call: each call
 * makes every CPU forget its translations, which takes 150 us in some virtual machines.
 */
static void windows_drop(struct window_cache *wc)
{
	struct window *by_ptr[NR_WINDOWS] = { 0 };
	size_t n = 0, i, next;

	for (i = 0; i < NR_WINDOWS; i++)
		if (wc->w[i].lent)
			window_drop(&wc->w[i]);
		else if (wc->w[i].mapped && wc->w[i].size)
			by_ptr[n++] = &wc->w[i];
	qsort(by_ptr, n, sizeof(*by_ptr), window_cmp);
	for (i = 0; i < n; i = next) {
		uint8_t *end = by_ptr[i]->ptr;

		for (next = i; next < n && by_ptr[next]->ptr == end; next++) {
			end += round_up_u64(by_ptr[next]->size, WINDOW_PAGE);
			by_ptr[next]->mapped = false;
			by_ptr[next]->size = 0;
		}
		munmap(by_ptr[i]->ptr, (size_t)(end - by_ptr[i]->ptr));
	}
}

void window_cache_destroy(struct window_cache *wc)
{
	size_t i;

	if (!wc)
		return;
	windows_drop(wc);
	for (i = 0; i < NR_READ; i++)
		free(wc->buf[i]);
	damage_close(wc->damage);
	free(wc);
}

void window_cache_forget(struct window_cache *wc)
{
	size_t i;

	for (i = 0; i < NR_READ; i++)
		wc->read[i].size = 0;
}

void window_cache_without_mmap(struct window_cache *wc)
{
	wc->use_mmap = false;
	windows_drop(wc);
}

/* The whole of [off, off + size), or errno. */
static int read_whole(struct window_cache *wc, uint64_t off, uint8_t *buf, size_t size)
{
	while (size) {
		ssize_t n;
		int e = damage_errno(wc->damage, off, size);

		if (e)
			return e;
		n = pread(wc->fd, buf, size, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (!n)
			return EIO;
		damage_apply(wc->damage, off, buf, (size_t)n);
		buf += n;
		off += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

/* Read @nr pages from page @first of the window on; halve what fails until the bad pages are known. */
static void read_bisect(struct window_cache *wc, struct window *w, size_t first, size_t nr)
{
	uint64_t at = first * WINDOW_PAGE;
	size_t size = min_u64(nr * WINDOW_PAGE, w->size - at);
	int e = read_whole(wc, w->off + at, w->ptr + at, size);

	if (!e)
		return;
	if (nr == 1) {
		w->bad |= (uint16_t)(1u << first);
		w->bad_errno = e;
		return;
	}
	read_bisect(wc, w, first, nr / 2);
	read_bisect(wc, w, first + nr / 2, nr - nr / 2);
}

/* From the overlay of a test build, which maps the file once. */
static bool window_borrow(struct window_cache *wc, struct window *w, uint64_t start, uint64_t size)
{
	const uint8_t *whole = damage_map(wc->damage, wc->fd, wc->file_size);

	if (!whole || damage_errno(wc->damage, start, size))
		return false;
	w->off = start;
	w->size = size;
	w->ptr = (uint8_t *)whole + start;
	w->mapped = w->lent = true;
	return true;
}

static bool window_fill_map(struct window_cache *wc, struct window *w, uint64_t off, uint64_t span)
{
	uint64_t start = round_down_u64(off, span);
	uint64_t size = min_u64(span, wc->file_size - start);
	void *p;

	if (window_borrow(wc, w, start, size))
		return true;
	if (damage_hits(wc->damage, start, size))
		return false;
	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, wc->fd, (off_t)start);
	if (p == MAP_FAILED) {
		wc->use_mmap = false; /* not for this file (ENODEV, EPERM, EAGAIN): do not ask again */
		return false;
	}
	/*
	 * A mapped regular file raises SIGBUS for a bad disk block; populating says so beforehand.
	 * /proc/vmcore maps everything at once and never faults.
	 */
	if (!wc->is_proc && madvise(p, size, MADV_POPULATE_READ) && errno != EINVAL) {
		munmap(p, size);
		return false;
	}
	w->off = start;
	w->size = size;
	w->ptr = p;
	w->mapped = true;
	return true;
}

static int window_fill_read(struct window_cache *wc, struct window *w, uint64_t off,
			    struct err *err)
{
	uint8_t **buf = &wc->buf[w - wc->read];
	uint64_t span = wc->is_proc ? WINDOW_PAGE : READ_SIZE;

	if (!*buf)
		*buf = malloc(READ_SIZE);
	if (!*buf)
		return err_nomem(err);
	w->off = round_down_u64(off, span);
	w->size = min_u64(span, wc->file_size - w->off);
	w->ptr = *buf;
	w->bad = 0;
	read_bisect(wc, w, 0, (w->size + WINDOW_PAGE - 1) / WINDOW_PAGE);
	return 0;
}

static bool window_holds(const struct window *w, uint64_t off)
{
	return w->size && off >= w->off && off - w->off < w->size;
}

/* The window of @nr at @w that holds @off; else NULL, and *oldest is the one to use. */
static struct window *window_find(struct window *w, size_t nr, uint64_t off, struct window **oldest)
{
	struct window *end = w + nr;

	for (*oldest = w; w < end; w++) {
		if (window_holds(w, off))
			return w;
		if (w->used < (*oldest)->used)
			*oldest = w;
	}
	return NULL;
}

static int window_for(struct window_cache *wc, uint64_t off, struct window **ret, struct err *err)
{
	uint8_t *hint = &wc->hints[off / SMALL_SIZE % NR_HINTS];
	bool large = off == wc->next_off;
	struct window *small, *big;
	int rc;

	if (window_holds(wc->last, off)) {
		*ret = wc->last;
		return 0;
	}
	if (window_holds(&wc->w[*hint], off)) {
		*ret = wc->last = &wc->w[*hint];
		wc->next_off = wc->last->off + wc->last->size;
		return 0;
	}
	*ret = window_find(wc->w, NR_SMALL, off, &small);
	if (!*ret)
		*ret = window_find(wc->w + NR_SMALL, NR_LARGE, off, &big);
	if (!*ret && wc->use_mmap) {
		struct window *w = large ? big : small;

		window_drop(w);
		if (window_fill_map(wc, w, off, large ? LARGE_SIZE : SMALL_SIZE))
			*ret = w;
	}
	if (!*ret && (*ret = window_find(wc->read, NR_READ, off, &small)) == NULL) {
		rc = window_fill_read(wc, small, off, err);
		if (rc)
			return rc;
		*ret = small;
	}
	if ((*ret)->mapped)
		*hint = (uint8_t)(*ret - wc->w);
	wc->next_off = (*ret)->off + (*ret)->size;
	wc->last = *ret;
	return 0;
}

int window_get(struct window_cache *wc, uint64_t off, size_t *size, const void **ptr,
	       struct err *err)
{
	struct window *w;
	uint64_t at, end, page;
	int rc;

	if (off >= wc->file_size)
		return err_set(err, ERR_ABSENT, "file offset 0x%" PRIx64 " is past its end", off);
	rc = window_for(wc, off, &w, err);
	if (rc)
		return rc;
	w->used = ++wc->clock;
	at = off - w->off;
	if (!w->mapped && w->bad & 1u << at / WINDOW_PAGE) {
		errno = w->bad_errno;
		return err_set(err, ERR_ABSENT, "file offset 0x%" PRIx64 " cannot be read: %s", off,
			       strerror(w->bad_errno));
	}
	end = w->size;
	if (!w->mapped && w->bad)
		for (page = at / WINDOW_PAGE + 1; page * WINDOW_PAGE < end; page++)
			if (w->bad & 1u << page)
				end = page * WINDOW_PAGE;
	*ptr = w->ptr + at;
	*size = min_u64(*size, end - at);
	damage_trace(wc->damage, off, *size);
	return 0;
}

int window_fetch(struct window_cache *wc, uint64_t off, void *buf, size_t *size, const void **ptr,
		 struct err *err)
{
	size_t n = off < wc->file_size ? min_u64(*size, wc->file_size - off) : 0;

	/* What fails is looked at page by page. */
	if (wc->is_proc || !wc->use_mmap || !n || read_whole(wc, off, buf, n))
		return window_get(wc, off, size, ptr, err);
	*size = n;
	*ptr = buf;
	damage_trace(wc->damage, off, n);
	return 0;
}
