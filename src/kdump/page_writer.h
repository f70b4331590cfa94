/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of a kdump-compressed file that grows: page descriptors and, behind them, the pages. */
#ifndef VMSIFT_KDUMP_PAGE_WRITER_H
#define VMSIFT_KDUMP_PAGE_WRITER_H

#include "kdump/kdump.h"
#include "kdump/kdump_out.h"
#include "kdump/pool.h"
#include "kdump/record_memo.h"
#include "vmcore/kdump_format.h"

struct page_writer {
	struct vmcore *vc;
	const struct kdump_opts *o;
	struct kdump_stats *st;
	struct kdump_buf desc, data;
	struct page_ctx *ctx;	  /* NULL: no codec */
	struct pool *pool;	  /* NULL: pages are compressed as they are read */
	struct pool_batch *batch; /* of it: at hand */
	uint8_t *in;		  /* bytes of the dump */
	uint8_t zero_desc[PAGE_DESC_SIZE]; /* of the record that all pages of zeros share */
	struct record_memo *memo;	   /* of those that other equal pages share; NULL: no codec */
	bool has_zero;
	bool stop; /* the budget is used up */
};

/**
 * page_writer_init() - begin
 * @off_desc: where the descriptors go; pages follow behind all o->st->nr_kept of them
 *
 * Return: 0 or an error. page_writer_deinit() either way, on zeroed memory too.
 */
int page_writer_init(struct page_writer *w, struct vmcore *vc, const struct kdump_opts *o,
		     struct kdump_stats *st, struct kdump_out *out, uint64_t off_desc,
		     struct err *err);
void page_writer_deinit(struct page_writer *w);

/* The frames [pfn, end), which are all kept. Return: 0, also once @w->stop is set; the sink's errors. */
int page_writer_run(struct page_writer *w, pfn_t pfn, pfn_t end, struct err *err);

/**
 * page_writer_finish() - write what is gathered
 * @rc: of the runs before; if not 0, only descriptors of pages that are in the file are still written
 *
 * Return: @rc, or what failed now.
 */
int page_writer_finish(struct page_writer *w, int rc, struct err *err);

#endif
