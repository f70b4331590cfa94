/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kdump/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"

#define NR_BATCHES_MAX (POOL_WORKERS_MAX + 2)

struct worker {
	struct pool *pool;
	struct page_ctx *ctx;
	pthread_t thread;
};

/* A ring of batches: [tail, taken) are with workers or done, [taken, head) wait for one. */
struct pool {
	size_t page_size;
	unsigned int nr_batches, nr_workers;
	struct page_ctx *own; /* the caller's */
	uint64_t head, taken, tail; /* counted on and on */
	bool quit;
	bool done[NR_BATCHES_MAX];
	pthread_mutex_t lock;
	pthread_cond_t submitted, finished;
	struct pool_batch batches[NR_BATCHES_MAX];
	struct worker workers[POOL_WORKERS_MAX];
};

static void compress_batch(const struct pool *p, struct page_ctx *ctx, struct pool_batch *b)
{
	unsigned int i;

	for (i = 0; i < b->n; i++) {
		const uint8_t *in = b->in + i * p->page_size;

		b->result[i] = POOL_LOST;
		if (b->lost[i])
			continue;
		b->result[i] = POOL_ZERO;
		if (is_zero(in, p->page_size))
			continue;
		b->size[i] = (uint32_t)page_compress(ctx, in, p->page_size,
						     b->out + i * p->page_size, p->page_size - 1);
		b->result[i] = b->size[i] ? POOL_DONE : POOL_RAW;
	}
}

/* The next batch that nobody has taken. The lock is held before and after. */
static void work_on_next(struct pool *p, struct page_ctx *ctx)
{
	unsigned int i = p->taken++ % p->nr_batches;

	pthread_mutex_unlock(&p->lock);
	compress_batch(p, ctx, &p->batches[i]);
	pthread_mutex_lock(&p->lock);
	p->done[i] = true;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (!p->quit && p->taken == p->head)
			pthread_cond_wait(&p->submitted, &p->lock);
		if (p->quit)
			break;
		work_on_next(p, w->ctx);
		pthread_cond_signal(&p->finished);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static int start_worker(struct pool *p, const struct page_codec *codec, int level, struct err *err)
{
	struct worker *w = &p->workers[p->nr_workers];
	sigset_t all, old;
	int rc;

	w->pool = p;
	rc = page_compressor_create(codec, level, p->page_size, &w->ctx, err);
	if (rc)
		return rc;
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&w->thread, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc) {
		page_ctx_destroy(w->ctx);
		return err_set(err, ERR_IO, "no thread: %s", strerror(rc));
	}
	p->nr_workers++;
	return 0;
}

static int start(struct pool *p, const struct page_codec *codec, int level, unsigned int nr,
		 struct err *err)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; i < p->nr_batches; i++) {
		p->batches[i].in = malloc(POOL_BATCH_SIZE);
		p->batches[i].out = malloc(POOL_BATCH_SIZE);
		if (!p->batches[i].in || !p->batches[i].out)
			return err_nomem(err);
	}
	for (i = 1; i < nr && !rc; i++)
		rc = start_worker(p, codec, level, err);
	return p->nr_workers ? 0 : rc;
}

int pool_create(const struct page_codec *codec, int level, size_t page_size, unsigned int nr,
		struct page_ctx *own, struct pool **ret, struct err *err)
{
	struct pool *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return err_nomem(err);
	nr = nr > POOL_WORKERS_MAX ? POOL_WORKERS_MAX : nr;
	p->page_size = page_size;
	p->own = own;
	p->nr_batches = nr + 2;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->submitted, NULL);
	pthread_cond_init(&p->finished, NULL);
	rc = start(p, codec, level, nr, err);
	if (rc) {
		pool_destroy(p);
		return rc;
	}
	*ret = p;
	return 0;
}

void pool_destroy(struct pool *p)
{
	unsigned int i;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->quit = true;
	pthread_cond_broadcast(&p->submitted);
	pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->nr_workers; i++) {
		pthread_join(p->workers[i].thread, NULL);
		page_ctx_destroy(p->workers[i].ctx);
	}
	for (i = 0; i < p->nr_batches; i++) {
		free(p->batches[i].in);
		free(p->batches[i].out);
	}
	pthread_cond_destroy(&p->finished);
	pthread_cond_destroy(&p->submitted);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* .head and .tail are the caller's thread's own; workers look at .head under the lock. */
struct pool_batch *pool_fill(struct pool *p)
{
	struct pool_batch *b = &p->batches[p->head % p->nr_batches];

	if (p->head - p->tail == p->nr_batches)
		return NULL;
	b->n = 0;
	return b;
}

void pool_submit(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->done[p->head % p->nr_batches] = false;
	p->head++;
	pthread_cond_signal(&p->submitted);
	pthread_mutex_unlock(&p->lock);
}

struct pool_batch *pool_oldest(struct pool *p)
{
	unsigned int i = p->tail % p->nr_batches;

	if (p->head == p->tail)
		return NULL;
	pthread_mutex_lock(&p->lock);
	while (!p->done[i]) {
		if (p->taken < p->head)
			work_on_next(p, p->own);
		else
			pthread_cond_wait(&p->finished, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return &p->batches[i];
}

void pool_release(struct pool *p)
{
	p->tail++;
}
