/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel pages as a kdump-compressed file (vmcore/kdump_format.h), plain or flattened, for crash, drgn,
 * libkdumpfile and makedumpfile. Two passes: which pages, then their contents.
 */
#ifndef VMSIFT_KDUMP_KDUMP_H
#define VMSIFT_KDUMP_KDUMP_H

#include "codec/codec_page.h"
#include "kdump/page_keep.h"
#include "kernel/page_class.h"
#include "sink/sink.h"

struct kdump_opts {
	unsigned int dump_level; /* DUMP_LEVEL_ */
	const struct page_codec *codec; /* NULL: pages as they are */
	int codec_level;
	bool flattened;	    /* also where the sink could seek */
	const struct out *stream; /* takes it, flattened, where there is no sink */
	uint64_t max_bytes; /* of the output; 0: no limit */
	uint64_t deadline_ns; /* on the monotonic clock; 0: none */
	const struct pfn_range_vec *only; /* of what the level keeps, these alone; NULL: all */
	const struct pfn_range_vec *keep; /* frames that are kept at any level; NULL: none */
	const struct pfn_range_vec *never; /* frames that are not, whatever else asks for them; NULL: none */
	const char *layout; /* text for the dump's layout note (vmcore/kdump_format.h); NULL: none */
	bool must_tell; /* nothing is to be written where pages cannot be told from user data */
	unsigned int nr_threads; /* that compress; below 2: the one that reads. The output is the same. */
};

struct kdump_stats {
	uint64_t nr_of_class[PAGE_CLASS_NR]; /* frames in the dump, by what they are */
	uint64_t nr_kept;    /* that the output has a descriptor for */
	uint64_t nr_written; /* whose contents are there */
	uint64_t nr_zero;    /* of these, share one record of zeros */
	uint64_t nr_failed;  /* could not be read */
	uint64_t bytes;	     /* written */
	bool started;	     /* something usable is in the output */
	bool incomplete;     /* it bears the INCOMPLETE flag */
	bool over_budget;    /* because of max_bytes */
	bool out_of_time;    /* because of deadline_ns */
	char missing[ERR_TEXT_SIZE]; /* kinds of pages that this dump does not tell apart; "" */
};

/**
 * kdump_write() - write a kernel dump
 * @vc:	  the dump
 * @km:	  its kernel's memory
 * @k:	  its types and symbols; NULL: what VMCOREINFO tells of struct page is all there is
 * @sink: not closed; NULL where @o->stream takes it
 * @st:	  filled also on failure
 *
 * A page that cannot be read has an empty descriptor, which readers report as such.
 *
 * Return: 0, also if @st->incomplete; else what stopped it. A sink that seeks then has a dump with the
 * INCOMPLETE flag if @st->started.
 */
int kdump_write(struct vmcore *vc, struct kmem *km, const struct kernel *k, struct sink *sink,
		const struct kdump_opts *o, struct kdump_stats *st, struct err *err);

/* Only the first pass: fills .nr_of_class, .nr_kept and .missing. */
int kdump_count(struct vmcore *vc, struct kmem *km, const struct kernel *k,
		const struct kdump_opts *o, struct kdump_stats *st, struct err *err);

#endif
