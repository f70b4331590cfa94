/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kdump/page_writer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/bytes.h"

/* Written at a time. Larger ones gain nothing; crash keeps an entry for each record of a flattened
 * file. */
#define DATA_BUF_SIZE KIB(512)
#define DESC_BUF_SIZE (PAGE_DESC_SIZE * 4096)

/* Read at a time. */
#define READ_SIZE KIB(128)

/* Kept back of max_bytes: heads of records, the status, the end mark. */
#define BUDGET_RESERVE KIB(4)

int page_writer_init(struct page_writer *w, struct vmcore *vc, const struct kdump_opts *o,
		     struct kdump_stats *st, struct kdump_out *out, uint64_t off_desc,
		     struct err *err)
{
	int level = o->codec && !o->codec_level ? o->codec->level_default : o->codec_level;
	int rc;

	memset(w, 0, sizeof(*w));
	w->vc = vc;
	w->o = o;
	w->st = st;
	w->in = malloc(READ_SIZE);
	rc = w->in ? 0 : err_nomem(err);
	if (!rc)
		rc = kdump_buf_init(&w->desc, out, off_desc, DESC_BUF_SIZE, err);
	if (!rc)
		rc = kdump_buf_init(&w->data, out, off_desc + st->nr_kept * PAGE_DESC_SIZE,
				    DATA_BUF_SIZE, err);
	if (rc || !o->codec)
		return rc;
	w->memo = calloc(1, sizeof(*w->memo));
	rc = w->memo ? page_compressor_create(o->codec, level, vc->page_size, &w->ctx, err) : err_nomem(err);
	/* Without threads it is slower, and the same. */
	if (!rc && o->nr_threads > 1 &&
	    pool_create(o->codec, level, vc->page_size, o->nr_threads, w->ctx, &w->pool, NULL))
		w->pool = NULL;
	return rc;
}

void page_writer_deinit(struct page_writer *w)
{
	pool_destroy(w->pool);
	page_ctx_destroy(w->ctx);
	kdump_buf_deinit(&w->desc);
	kdump_buf_deinit(&w->data);
	free(w->memo);
	free(w->in);
}

/* Descriptors never go before the pages they speak of. */
static int flush_desc(struct page_writer *w, struct err *err)
{
	int rc = kdump_buf_flush(&w->data, err);

	return rc ? rc : kdump_buf_flush(&w->desc, err);
}

static int put_desc(struct page_writer *w, const uint8_t *desc, struct err *err)
{
	int rc = w->desc.n + PAGE_DESC_SIZE > w->desc.cap ? flush_desc(w, err) : 0;

	return rc ? rc : kdump_buf_put(&w->desc, desc, PAGE_DESC_SIZE, err);
}

/* A page that could not be read. */
static int put_lost(struct page_writer *w, struct err *err)
{
	static const uint8_t empty[PAGE_DESC_SIZE];

	w->st->nr_failed++;
	return put_desc(w, empty, err);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Whether the budget has room, and time, for one page more. */
static bool admit(struct page_writer *w)
{
	/* Looked at every so many pages: some microseconds. */
	if (w->o->deadline_ns && !(w->st->nr_written % 32) && now_ns() >= w->o->deadline_ns)
		w->st->out_of_time = w->stop = true;
	uint64_t used = w->data.out->written + w->data.n + w->desc.n;

	if (w->o->max_bytes &&
	    used + w->vc->page_size + PAGE_DESC_SIZE + BUDGET_RESERVE > w->o->max_bytes)
		w->st->over_budget = w->stop = true;
	return !w->stop;
}

/* The @size bytes that are at the end of the data, not counted yet, are a page's record. */
static int put_record(struct page_writer *w, size_t size, uint32_t flags, bool zero,
		      struct err *err)
{
	const uint8_t *bytes = w->data.data + w->data.n, *same;
	uint8_t desc[PAGE_DESC_SIZE] = { 0 };

	w->st->nr_written++;
	same = w->memo && !zero ? record_memo_find(w->memo, bytes, size, flags) : NULL;
	if (same)
		return put_desc(w, same, err);
	put_u64(desc + PAGE_DESC_OFF, w->data.off + w->data.n);
	put_u32(desc + PAGE_DESC_BYTES, (uint32_t)size);
	put_u32(desc + PAGE_DESC_FLAGS, flags);
	w->data.n += size;
	if (zero) {
		memcpy(w->zero_desc, desc, sizeof(desc));
		w->has_zero = true;
	} else if (w->memo) {
		record_memo_add(w->memo, desc, bytes);
	}
	return put_desc(w, desc, err);
}

/* One page of which it is known whether it is of zeros; these share one record. */
static int put_known(struct page_writer *w, const uint8_t *page, bool zero, bool shrinks, struct err *err)
{
	uint32_t page_size = w->vc->page_size, flags = 0;
	size_t size = 0;
	uint8_t *to;
	int rc;

	if (!admit(w))
		return 0;
	w->st->nr_zero += zero;
	if (zero && w->has_zero) {
		w->st->nr_written++;
		return put_desc(w, w->zero_desc, err);
	}
	rc = kdump_buf_reserve(&w->data, page_size, &to, err);
	if (rc)
		return rc;
	if (w->ctx && shrinks)
		size = page_compress(w->ctx, page, page_size, to, page_size - 1);
	if (size) {
		flags = w->o->codec->pd_flag;
	} else {
		size = page_size;
		memcpy(to, page, size);
	}
	return put_record(w, size, flags, zero, err);
}

static int put_page(struct page_writer *w, const uint8_t *page, struct err *err)
{
	return put_known(w, page, is_zero(page, w->vc->page_size), true, err);
}

/* What a worker made of one page: the same bytes that put_page() would have made. */
static int put_done(struct page_writer *w, const struct pool_batch *b, unsigned int i,
		    struct err *err)
{
	size_t at = (size_t)i * w->vc->page_size;
	uint8_t *to;
	int rc;

	if (b->result[i] == POOL_LOST)
		return put_lost(w, err);
	if (b->result[i] != POOL_DONE)
		return put_known(w, b->in + at, b->result[i] == POOL_ZERO, b->result[i] == POOL_ZERO, err);
	if (!admit(w))
		return 0;
	rc = kdump_buf_reserve(&w->data, w->vc->page_size, &to, err);
	if (rc)
		return rc;
	memcpy(to, b->out + at, b->size[i]);
	return put_record(w, b->size[i], w->o->codec->pd_flag, false, err);
}

/* Write the batch that was read first. */
static int drain_oldest(struct page_writer *w, const struct pool_batch *b, struct err *err)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; i < b->n && !rc && !w->stop; i++)
		rc = put_done(w, b, i, err);
	pool_release(w->pool);
	return rc;
}

/*
 * A page that cannot be seen in one piece: at the edge of a segment, or not at all. What a segment
 * lacks of its last page is no RAM of the kernel, and the format knows whole pages only.
 */
static bool read_odd_page(struct page_writer *w, pfn_t pfn, uint8_t *to)
{
	uint32_t size = w->vc->page_size, have = size;
	paddr_t paddr = pfn * size;

	while (have && !vmcore_has(w->vc, paddr + have - 1))
		have--;
	memset(to, 0, size);
	return have && !vmcore_read(w->vc, paddr, to, have, NULL);
}

/* Pages from @pfn on, at least one. Return: how many there are at @p; 0 if the first cannot be
 * read. */
static size_t fetch(struct page_writer *w, pfn_t pfn, pfn_t end, uint8_t *buf, size_t cap,
		    const uint8_t **p)
{
	uint32_t page_size = w->vc->page_size;
	size_t n = 0;

	if (!vmcore_fetch(w->vc, pfn * page_size, buf, min_u64((end - pfn) * page_size, cap),
			  (const void **)p, &n, NULL) &&
	    n >= page_size)
		return n / page_size;
	*p = buf;
	return read_odd_page(w, pfn, buf);
}

static int run_directly(struct page_writer *w, pfn_t pfn, pfn_t end, struct err *err)
{
	int rc = 0;

	while (pfn < end && !rc && !w->stop) {
		const uint8_t *p;
		size_t n = fetch(w, pfn, end, w->in, READ_SIZE, &p);

		if (!n) {
			rc = put_lost(w, err);
			pfn++;
		}
		for (; n && !rc && !w->stop; n--, pfn++, p += w->vc->page_size)
			rc = put_page(w, p, err);
	}
	return rc;
}

/* Have a batch to fill. */
static int need_batch(struct page_writer *w, struct err *err)
{
	int rc = 0;

	while (!w->batch && !rc) {
		w->batch = pool_fill(w->pool);
		if (!w->batch)
			rc = drain_oldest(w, pool_oldest(w->pool), err);
	}
	return rc;
}

static int run_by_pool(struct page_writer *w, pfn_t pfn, pfn_t end, struct err *err)
{
	uint32_t page_size = w->vc->page_size;
	unsigned int max = POOL_BATCH_SIZE / page_size;

	while (pfn < end && !w->stop) {
		struct pool_batch *b;
		const uint8_t *p;
		uint8_t *to;
		size_t n;
		int rc = need_batch(w, err);

		if (rc)
			return rc;
		b = w->batch;
		to = b->in + (size_t)b->n * page_size;
		n = fetch(w, pfn, end, to, (size_t)(max - b->n) * page_size, &p);
		if (n && p != to)
			memcpy(to, p, n * page_size);
		b->lost[b->n] = !n;
		if (n)
			memset(b->lost + b->n, 0, n);
		b->n += n ? (unsigned int)n : 1;
		pfn += n ? n : 1;
		if (b->n == max) {
			pool_submit(w->pool);
			w->batch = NULL;
		}
	}
	return 0;
}

int page_writer_run(struct page_writer *w, pfn_t pfn, pfn_t end, struct err *err)
{
	return w->pool ? run_by_pool(w, pfn, end, err) : run_directly(w, pfn, end, err);
}

static int drain_all(struct page_writer *w, struct err *err)
{
	const struct pool_batch *b;
	int rc = 0;

	if (w->batch)
		pool_submit(w->pool);
	w->batch = NULL;
	while (!rc && !w->stop && (b = pool_oldest(w->pool)))
		rc = drain_oldest(w, b, err);
	return rc;
}

/* After an error: descriptors of pages that did not reach the file are dropped. */
static void cut_desc(struct page_writer *w)
{
	size_t at;

	for (at = 0; at < w->desc.n; at += PAGE_DESC_SIZE)
		if (get_u64(w->desc.data + at + PAGE_DESC_OFF) >= w->data.off)
			break;
	w->desc.n = at;
}

int page_writer_finish(struct page_writer *w, int rc, struct err *err)
{
	if (!rc && w->pool)
		rc = drain_all(w, err);
	if (!rc)
		rc = flush_desc(w, err);
	if (rc && !w->data.out->flattened) {
		cut_desc(w);
		kdump_buf_flush(&w->desc, NULL);
	}
	return rc;
}
