/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of pages that were written lately, so that equal pages share one, as those of zeros do: the last page of
 * each kernel stack, of which one word is not zero, and free slots of slabs. No reader minds where a descriptor
 * points to.
 */
#ifndef VMSIFT_KDUMP_RECORD_MEMO_H
#define VMSIFT_KDUMP_RECORD_MEMO_H

#include <stddef.h>
#include <stdint.h>

#include "vmcore/kdump_format.h"

/* Longer records are of pages that have more in them, and repeat seldom. */
#define RECORD_MEMO_SIZE_MAX 128u
#define RECORD_MEMO_SLOTS    256u

struct record_memo {
	struct {
		uint8_t desc[PAGE_DESC_SIZE]; /* size 0: empty */
		uint8_t bytes[RECORD_MEMO_SIZE_MAX];
	} slot[RECORD_MEMO_SLOTS];
};

/**
 * record_memo_find() - a record that is in the file already
 * @flags: how its bytes are to be read: the codec's
 *
 * Return: its descriptor; NULL if it is not known.
 */
const uint8_t *record_memo_find(const struct record_memo *m, const uint8_t *bytes, size_t size, uint32_t flags);

/* The record of @desc, of @bytes, is in the file now. Which one it takes the place of depends on the bytes alone. */
void record_memo_add(struct record_memo *m, const uint8_t *desc, const uint8_t *bytes);

#endif
