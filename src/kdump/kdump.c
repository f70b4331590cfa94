/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kdump/kdump.h"

#include <stdlib.h>
#include <string.h>

#include "kdump/kdump_header.h"
#include "kdump/kdump_out.h"
#include "kdump/page_set.h"
#include "util/bytes.h"
#include "vmcore/kdump_format.h"

/* Written at a time. Larger ones gain nothing; crash keeps an entry for each record of a flattened
 * file. */
#define DATA_BUF_SIZE KIB(512)
#define DESC_BUF_SIZE (PAGE_DESC_SIZE * 4096)

/* Read at a time. */
#define READ_SIZE KIB(128)

/* Kept back of max_bytes: heads of records, the status, the end mark. */
#define BUDGET_RESERVE KIB(4)

struct writer {
	struct vmcore *vc;
	const struct kdump_opts *o;
	struct kdump_stats *st;
	struct page_set set;
	struct kdump_places places;
	struct kdump_out out;
	struct kdump_buf desc, data;
	struct page_ctx *ctx;		   /* NULL: no codec */
	uint8_t *in;			   /* READ_SIZE bytes of the dump */
	uint8_t zero_desc[PAGE_DESC_SIZE]; /* of the record that all pages of zeros share */
	bool has_zero;
	bool stop;
};

/* A bitmap's part of one window; blocks of zeros stay holes, which readers know as zeros. */
static int write_bits(struct writer *w, uint64_t off, uint64_t nr, const uint8_t *bits,
		      struct err *err)
{
	uint64_t first = nr * PAGE_WINDOW_BYTES, at = 0, bs = w->places.block_size;
	uint64_t size = min_u64(PAGE_WINDOW_BYTES, w->places.bitmap_size - first);

	while (at < size) {
		uint64_t end;
		int rc;

		if (is_zero(bits + at, bs)) {
			at += bs;
			continue;
		}
		for (end = at + bs; end < size && !is_zero(bits + end, bs);)
			end += bs;
		rc = kdump_out_write(&w->out, off + first + at, bits + at, end - at, err);
		if (rc)
			return rc;
		at = end;
	}
	return 0;
}

/* The first pass: which frames are RAM, which are kept. */
static int write_bitmaps(struct writer *w, struct err *err)
{
	uint8_t *ram = malloc(PAGE_WINDOW_BYTES);
	uint64_t nr;
	int rc = ram ? 0 : err_nomem(err);

	page_set_for_each(&w->set, nr)
	{
		const uint8_t *kept;

		if (rc)
			break;
		page_set_ram(&w->set, nr, ram);
		rc = write_bits(w, w->places.off_bitmap1, nr, ram, err);
		kept = page_set_get(&w->set, nr);
		w->st->nr_kept += bits_count(kept, PAGE_WINDOW_BYTES);
		if (!rc)
			rc = write_bits(w, w->places.off_bitmap2, nr, kept, err);
		log_progress(w->vc->log, "kernel dump: page frames", nr << PAGE_WINDOW_SHIFT,
			     w->set.max_mapnr, "pages");
	}
	page_set_pass_done(&w->set);
	memcpy(w->st->nr_of_class, w->set.nr_of_class, sizeof(w->st->nr_of_class));
	free(ram);
	return rc;
}

/* Descriptors never go before the pages they speak of. */
static int flush_desc(struct writer *w, struct err *err)
{
	int rc = kdump_buf_flush(&w->data, err);

	return rc ? rc : kdump_buf_flush(&w->desc, err);
}

static int put_desc(struct writer *w, const uint8_t *desc, struct err *err)
{
	int rc = w->desc.n + PAGE_DESC_SIZE > w->desc.cap ? flush_desc(w, err) : 0;

	return rc ? rc : kdump_buf_put(&w->desc, desc, PAGE_DESC_SIZE, err);
}

static bool over_budget(const struct writer *w)
{
	uint64_t used = w->out.written + w->data.n + w->desc.n;

	return w->o->max_bytes &&
	       used + w->vc->page_size + PAGE_DESC_SIZE + BUDGET_RESERVE > w->o->max_bytes;
}

/* One page's record, unless it is of zeros and there is one of these. */
static int put_page(struct writer *w, const uint8_t *page, struct err *err)
{
	uint32_t page_size = w->vc->page_size, flags = 0;
	bool zero = is_zero(page, page_size);
	uint8_t desc[PAGE_DESC_SIZE] = { 0 }, *to;
	size_t size = 0;
	int rc;

	w->st->nr_zero += zero;
	if (zero && w->has_zero)
		return put_desc(w, w->zero_desc, err);
	rc = kdump_buf_reserve(&w->data, page_size, &to, err);
	if (rc)
		return rc;
	if (w->ctx)
		size = page_compress(w->ctx, page, page_size, to, page_size - 1);
	if (size) {
		flags = w->o->codec->pd_flag;
	} else {
		size = page_size;
		memcpy(to, page, size);
	}
	put_u64(desc + PAGE_DESC_OFF, w->data.off + w->data.n);
	put_u32(desc + PAGE_DESC_BYTES, (uint32_t)size);
	put_u32(desc + PAGE_DESC_FLAGS, flags);
	w->data.n += size;
	if (zero) {
		memcpy(w->zero_desc, desc, sizeof(desc));
		w->has_zero = true;
	}
	return put_desc(w, desc, err);
}

/* A page that cannot be seen in one piece: at the edge of a segment, or not at all. */
static int put_odd_page(struct writer *w, pfn_t pfn, struct err *err)
{
	uint32_t size = w->vc->page_size, have = size;
	static const uint8_t empty[PAGE_DESC_SIZE];
	paddr_t paddr = pfn * size;

	/* What a segment lacks of its last page is no RAM of the kernel; the format knows whole
	 * pages. */
	while (have && !vmcore_has(w->vc, paddr + have - 1))
		have--;
	memset(w->in, 0, size);
	if (have && !vmcore_read(w->vc, paddr, w->in, have, NULL)) {
		w->st->nr_written++;
		return put_page(w, w->in, err);
	}
	w->st->nr_failed++;
	return put_desc(w, empty, err);
}

static int put_run(struct writer *w, pfn_t pfn, pfn_t end, struct err *err)
{
	uint32_t page_size = w->vc->page_size;

	while (pfn < end && !w->stop) {
		const uint8_t *p;
		size_t n = 0;
		int rc = vmcore_fetch(w->vc, pfn * page_size, w->in,
				      min_u64((end - pfn) * page_size, READ_SIZE),
				      (const void **)&p, &n, NULL);

		if (rc || n < page_size) {
			rc = put_odd_page(w, pfn++, err);
			if (rc)
				return rc;
			continue;
		}
		for (; n >= page_size; n -= page_size, p += page_size, pfn++) {
			if (over_budget(w)) {
				w->st->over_budget = w->stop = true;
				return 0;
			}
			rc = put_page(w, p, err);
			if (rc)
				return rc;
			w->st->nr_written++;
		}
	}
	return 0;
}

static int put_window(struct writer *w, uint64_t nr, struct err *err)
{
	const uint8_t *kept = page_set_get(&w->set, nr);
	pfn_t first = nr << PAGE_WINDOW_SHIFT;
	uint64_t start = 0, stop;
	int rc = 0;

	while (!rc && !w->stop && bits_next_run(kept, &start, PAGE_WINDOW, &stop)) {
		/* In pieces, for the progress. */
		stop = min_u64(stop, start + 4096);
		rc = put_run(w, first + start, first + stop, err);
		start = stop;
		log_progress(w->vc->log, "kernel dump", w->st->nr_written, w->st->nr_kept, "pages");
	}
	return rc;
}

/* After an error: descriptors of pages that did not reach the file are dropped. */
static void cut_desc(struct writer *w)
{
	size_t at;

	for (at = 0; at < w->desc.n; at += PAGE_DESC_SIZE)
		if (get_u64(w->desc.data + at + PAGE_DESC_OFF) >= w->data.off)
			break;
	w->desc.n = at;
}

/* The second pass: the pages themselves. */
static int write_pages(struct writer *w, struct err *err)
{
	struct err fault = { 0 };
	uint64_t nr;
	int rc = 0;

	page_set_for_each(&w->set, nr)
	{
		if (rc || w->stop)
			break;
		rc = put_window(w, nr, err);
	}
	if (!rc)
		rc = flush_desc(w, err);
	if (rc && !w->out.flattened) {
		cut_desc(w);
		kdump_buf_flush(&w->desc, &fault);
	}
	w->st->incomplete = rc || w->stop || w->st->nr_failed;
	return rc;
}

static int write_all(struct writer *w, const struct kernel *k, struct sink *sink, struct err *err)
{
	const struct kdump_identity id = { w->o->dump_level, w->set.max_mapnr, k };
	uint32_t status = w->o->codec ? w->o->codec->pd_flag : 0;
	uint64_t desc_size;
	int rc = kdump_places_init(&w->places, w->vc, w->set.max_mapnr, err);

	if (!rc)
		rc = kdump_out_init(&w->out, sink, w->o->flattened, w->places.off_desc, err);
	if (!rc)
		rc = kdump_header_write(&w->out, w->vc, &w->places, &id, err);
	if (!rc)
		rc = write_bitmaps(w, err);
	desc_size = w->st->nr_kept * PAGE_DESC_SIZE;
	if (!rc)
		rc = kdump_out_extend(&w->out, desc_size, err);
	if (!rc)
		rc = kdump_buf_init(&w->desc, &w->out, w->places.off_desc, DESC_BUF_SIZE, err);
	if (!rc)
		rc = kdump_buf_init(&w->data, &w->out, w->places.off_desc + desc_size,
				    DATA_BUF_SIZE, err);
	if (rc)
		return rc;
	w->st->started = !w->out.flattened;
	rc = write_pages(w, err);
	if (rc)
		return rc;
	rc = kdump_status_write(&w->out, status | (w->st->incomplete ? KDUMP_STATUS_INCOMPLETE : 0),
				err);
	if (!rc)
		rc = kdump_out_finish(&w->out, err);
	if (!rc)
		w->st->started = true;
	return rc;
}

/* @pc belongs to the caller, and outlives the set. */
static int open_set(struct writer *w, struct kmem *km, const struct kernel *k,
		    struct page_classifier *pc, struct err *err)
{
	struct err why = { 0 };
	bool told;

	memset(w->st, 0, sizeof(*w->st));
	told = !page_classifier_init(pc, km, k, w->st->missing, sizeof(w->st->missing), &why);
	if (!told)
		memcpy(w->st->missing, why.text, sizeof(w->st->missing));
	return page_set_init(&w->set, w->vc, told ? pc : NULL, w->o->dump_level, err);
}

int kdump_write(struct vmcore *vc, struct kmem *km, const struct kernel *k, struct sink *sink,
		const struct kdump_opts *o, struct kdump_stats *st, struct err *err)
{
	struct writer w = { .vc = vc, .o = o, .st = st };
	struct page_classifier pc;
	int level = o->codec && !o->codec_level ? o->codec->level_default : o->codec_level;
	int rc = open_set(&w, km, k, &pc, err);

	w.in = malloc(READ_SIZE);
	if (!rc && !w.in)
		rc = err_nomem(err);
	if (!rc && o->codec)
		rc = page_compressor_create(o->codec, level, vc->page_size, &w.ctx, err);
	if (!rc)
		rc = write_all(&w, k, sink, err);
	log_progress_end(vc->log);
	st->bytes = w.out.written;
	st->incomplete = st->incomplete || rc;
	kdump_buf_deinit(&w.desc);
	kdump_buf_deinit(&w.data);
	page_ctx_destroy(w.ctx);
	page_set_deinit(&w.set);
	free(w.in);
	return rc ? err_add(err, "kernel dump") : 0;
}

int kdump_count(struct vmcore *vc, struct kmem *km, const struct kernel *k,
		const struct kdump_opts *o, struct kdump_stats *st, struct err *err)
{
	struct writer w = { .vc = vc, .o = o, .st = st };
	struct page_classifier pc;
	uint64_t nr;
	int rc = open_set(&w, km, k, &pc, err);

	if (!rc)
		page_set_for_each(&w.set, nr) st->nr_kept +=
			bits_count(page_set_get(&w.set, nr), PAGE_WINDOW_BYTES);
	memcpy(st->nr_of_class, w.set.nr_of_class, sizeof(st->nr_of_class));
	page_set_deinit(&w.set);
	return rc;
}
