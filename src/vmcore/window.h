/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Windows on the dump file: a few mmap'ed stretches of it, the least recently used goes first. Where
 * mmap is refused or would fault, windows are read with pread, and a read that fails is bisected down to
 * the pages that are bad: /proc/vmcore fails a whole request for one bad page (read_from_oldmem).
 */
#ifndef VMSIFT_VMCORE_WINDOW_H
#define VMSIFT_VMCORE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/err.h"

struct window_cache;

/* Failures are tracked by page of this size, the smallest that any kernel has. */
#define WINDOW_PAGE 4096u

/**
 * window_cache_create() - windows over an open file
 * @fd:	       stays the caller's
 * @file_size: what lies beyond is never touched, so that a cut file cannot raise SIGBUS
 * @is_proc:   /proc/vmcore or /proc/kcore: nothing is read ahead, as the page next door may be poisoned
 * @use_mmap:  false where mapping is known not to work (/proc/kcore)
 */
int window_cache_create(int fd, uint64_t file_size, bool is_proc, bool use_mmap,
			struct window_cache **ret, struct err *err);
/* Read anew from now on what was read, and not mapped. */
void window_cache_forget(struct window_cache *wc);
/* Never map from now on. */
void window_cache_without_mmap(struct window_cache *wc);
void window_cache_destroy(struct window_cache *wc);

/**
 * window_get() - the bytes of the file from @off on
 * @ptr:  valid until the next window_get()
 * @size: in: how many are wanted; out: how many there are from @off on, at least 1
 *
 * Return: 0; ERR_ABSENT if the page at @off cannot be read; ERR_NOMEM.
 */
int window_get(struct window_cache *wc, uint64_t off, size_t *size, const void **ptr,
	       struct err *err);

/**
 * window_fetch() - bytes of the file that are looked at once, in order
 *
 * As window_get(), but where the file is a regular one they are read to @buf, of @size bytes: mapping and
 * populating pages costs more than copying them. Nothing is remembered.
 */
int window_fetch(struct window_cache *wc, uint64_t off, void *buf, size_t *size, const void **ptr,
		 struct err *err);

#endif
