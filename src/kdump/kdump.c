/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kdump/kdump.h"

#include <stdlib.h>
#include <string.h>

#include "kdump/kdump_header.h"
#include "kdump/kdump_out.h"
#include "kdump/page_set.h"
#include "kdump/page_writer.h"
#include "util/bytes.h"
#include "vmcore/kdump_format.h"

struct writer {
	struct vmcore *vc;
	const struct kdump_opts *o;
	struct kdump_stats *st;
	struct page_set set;
	struct kdump_places places;
	struct kdump_out out;
	struct page_writer pages;
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

static int put_window(struct writer *w, uint64_t nr, struct err *err)
{
	const uint8_t *kept = page_set_get(&w->set, nr);
	pfn_t first = nr << PAGE_WINDOW_SHIFT;
	uint64_t start = 0, stop;
	int rc = 0;

	while (!rc && !w->pages.stop && bits_next_run(kept, &start, PAGE_WINDOW, &stop)) {
		/* In pieces, for the progress. */
		stop = min_u64(stop, start + 4096);
		rc = page_writer_run(&w->pages, first + start, first + stop, err);
		start = stop;
		log_progress(w->vc->log, "kernel dump", w->st->nr_written, w->st->nr_kept, "pages");
	}
	return rc;
}

/* The second pass: the pages themselves. */
static int write_pages(struct writer *w, struct err *err)
{
	uint64_t nr;
	int rc = 0;

	page_set_for_each(&w->set, nr)
	{
		if (rc || w->pages.stop)
			break;
		rc = put_window(w, nr, err);
	}
	rc = page_writer_finish(&w->pages, rc, err);
	w->st->incomplete = rc || w->pages.stop || w->st->nr_failed;
	return rc;
}

static int write_all(struct writer *w, const struct kernel *k, struct sink *sink, struct err *err)
{
	const struct kdump_identity id = { w->o->dump_level, w->set.max_mapnr, k,
					   w->o->layout };
	uint32_t status = w->o->codec ? w->o->codec->pd_flag : 0;
	int rc = kdump_places_init(&w->places, w->vc, w->set.max_mapnr, w->o->layout, err);

	if (!rc)
		rc = kdump_out_init(&w->out, sink, w->o->stream, w->o->flattened,
				    w->places.off_desc, err);
	if (!rc)
		rc = kdump_header_write(&w->out, w->vc, &w->places, &id, err);
	if (!rc)
		rc = write_bitmaps(w, err);
	if (!rc)
		rc = kdump_out_extend(&w->out, w->st->nr_kept * PAGE_DESC_SIZE, err);
	if (!rc)
		rc = page_writer_init(&w->pages, w->vc, w->o, w->st, &w->out, w->places.off_desc,
				      err);
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
	const struct page_choice choice = { .dump_level = w->o->dump_level,
					    .only = w->o->only,
					    .keep = w->o->keep,
					    .never = w->o->never };
	struct err why = { 0 };
	bool told;

	memset(w->st, 0, sizeof(*w->st));
	told = !page_classifier_init(pc, km, k, w->st->missing, sizeof(w->st->missing), &why);
	if (!told && w->o->must_tell)
		return err_set(err, ERR_UNSUPPORTED, "%s", why.text);
	if (!told)
		memcpy(w->st->missing, why.text, sizeof(w->st->missing));
	return page_set_init(&w->set, w->vc, told ? pc : NULL, &choice, err);
}

int kdump_write(struct vmcore *vc, struct kmem *km, const struct kernel *k, struct sink *sink,
		const struct kdump_opts *o, struct kdump_stats *st, struct err *err)
{
	struct writer w = { .vc = vc, .o = o, .st = st };
	struct page_classifier pc;
	int rc = open_set(&w, km, k, &pc, err);

	if (!rc)
		rc = write_all(&w, k, sink, err);
	log_progress_end(vc->log);
	st->bytes = w.out.written;
	st->incomplete = st->incomplete || rc;
	page_writer_deinit(&w.pages);
	page_set_deinit(&w.set);
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
