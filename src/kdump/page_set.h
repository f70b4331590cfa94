/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which page frames a kernel dump keeps, as bitmaps of one window of frames at a time. Both passes of the
 * writer ask for all windows in order; on small machines the second time costs nothing.
 */
#ifndef VMSIFT_KDUMP_PAGE_SET_H
#define VMSIFT_KDUMP_PAGE_SET_H

#include "kdump/page_keep.h"
#include "kernel/page_class.h"
#include "vmcore/vmcore.h"

/* 4 GiB of 4 KiB pages; 128 KiB of bitmap. A multiple of what a block of 64 KiB holds bits for. */
#define PAGE_WINDOW_SHIFT 20
#define PAGE_WINDOW	  (1ull << PAGE_WINDOW_SHIFT)
#define PAGE_WINDOW_BYTES (PAGE_WINDOW / 8)

/* Bitmaps of this many windows are remembered: 64 GiB of 4 KiB pages, 2 MiB. */
#define PAGE_SET_REMEMBER 16

/* Which frames of those that are in the dump. Ranges are settled, and outlive the set. */
struct page_choice {
	unsigned int dump_level;
	const struct pfn_range_vec *only;  /* nothing else, but for .keep; NULL: all that the level keeps */
	const struct pfn_range_vec *keep;  /* whatever the level says; may be NULL */
	const struct pfn_range_vec *never; /* whatever the others say; may be NULL */
};

struct page_set {
	struct vmcore *vc;
	struct page_classifier *pc; /* NULL: all that is in the dump */
	struct page_choice choice;
	pfn_t max_mapnr; /* frame behind the last that is in the dump */
	uint64_t nr_windows;
	/* Filled by page_set_get(). */
	uint64_t nr_of_class[PAGE_CLASS_NR]; /* frames in the dump; of the first pass */
	bool counted;
	uint8_t *window;	  /* the bitmap of the window at hand */
	uint8_t *remembered;	  /* all of them, where they are few */
	pfn_t window_start;
};

/* @pc may be NULL, and outlives the set. Return: 0; ERR_NOMEM. page_set_deinit() either way. */
int page_set_init(struct page_set *ps, struct vmcore *vc, struct page_classifier *pc,
		  const struct page_choice *choice, struct err *err);
void page_set_deinit(struct page_set *ps);

/* The bits of frames [nr << PAGE_WINDOW_SHIFT, ...) that are in the dump at all. @bits: PAGE_WINDOW_BYTES. */
void page_set_ram(const struct page_set *ps, uint64_t nr, uint8_t *bits);

/* The first window from @nr on with RAM in it; .nr_windows if there is none. */
uint64_t page_set_next(const struct page_set *ps, uint64_t nr);

/* All of them, in order. */
#define page_set_for_each(ps, nr)                                                                  \
	for ((nr) = page_set_next((ps), 0); (nr) < (ps)->nr_windows; (nr) = page_set_next((ps), (nr) + 1))

/* The bits of the frames that are kept; valid until the next call. Windows are asked for in order. */
const uint8_t *page_set_get(struct page_set *ps, uint64_t nr);

/* All windows were asked for once. */
void page_set_pass_done(struct page_set *ps);

static inline bool bit_test(const uint8_t *bits, uint64_t i)
{
	return bits[i >> 3] >> (i & 7) & 1;
}

/* Set or clear bits [start, end). */
void bits_set(uint8_t *bits, uint64_t start, uint64_t end);
void bits_clear(uint8_t *bits, uint64_t start, uint64_t end);

/**
 * bits_next_run() - the next run of set bits in [*start, end)
 * Return: false if there is none; else [*start, *stop) is it.
 */
bool bits_next_run(const uint8_t *bits, uint64_t *start, uint64_t end, uint64_t *stop);

uint64_t bits_count(const uint8_t *bits, size_t bytes);

#endif
