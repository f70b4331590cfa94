/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workers that compress pages in batches while the caller reads the next; it compresses as well where it would
 * wait. Batches come back in the order in which they were submitted, so that the output does not depend on how
 * many workers there are.
 */
#ifndef VMSIFT_KDUMP_POOL_H
#define VMSIFT_KDUMP_POOL_H

#include <stdbool.h>

#include "codec/codec_page.h"

/*
 * Two more batches than threads, each twice this: 5 MiB at the most, 2 MiB for two CPUs. Half of it costs more
 * in waiting for each other than it saves.
 */
#define POOL_WORKERS_MAX 8
#define POOL_BATCH_SIZE	 (256u << 10)
#define POOL_PAGES_MAX	 (POOL_BATCH_SIZE / 4096)

enum pool_result {
	POOL_LOST, /* said by the caller: there is nothing at its place */
	POOL_ZERO, /* nothing but zeros */
	POOL_RAW,  /* does not shrink: as it is, in .in */
	POOL_DONE, /* compressed, in .out */
};

struct pool_batch {
	unsigned int n;	 /* pages; set by the caller */
	uint8_t *in;	 /* POOL_BATCH_SIZE bytes: pages behind each other */
	uint8_t *out;	 /* likewise; each page's result begins where it would in .in */
	bool lost[POOL_PAGES_MAX];
	enum pool_result result[POOL_PAGES_MAX];
	uint32_t size[POOL_PAGES_MAX]; /* of POOL_DONE */
};

struct pool;

/**
 * pool_create() - start workers
 * @nr:	 threads that compress, the caller's among them; 2 or more, cut at POOL_WORKERS_MAX, fewer if the system
 *	 does not give so many, but one besides the caller's
 * @own: for what the caller compresses itself; outlives the pool
 *
 * Return: 0; page_compressor_create()'s errors; ERR_NOMEM; ERR_IO if there are no threads at all.
 */
int pool_create(const struct page_codec *codec, int level, size_t page_size, unsigned int nr,
		struct page_ctx *own, struct pool **ret, struct err *err);
void pool_destroy(struct pool *p); /* takes NULL; what is under way is dropped */

/* A batch to fill, with .n 0. NULL if all are under way: take the oldest first. */
struct pool_batch *pool_fill(struct pool *p);
void pool_submit(struct pool *p); /* that one */

/* The batch that was submitted first, once it is done. NULL if none is under way. */
struct pool_batch *pool_oldest(struct pool *p);
void pool_release(struct pool *p); /* that one */

#endif
