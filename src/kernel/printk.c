/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/printk.h"

#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"

/* state_var: state in the top two bits, id below (DESC_STATE, DESC_ID). */
#define DESC_ID_MASK	(~0ull >> 2)
#define DESC_COMMITTED	1u
#define DESC_FINALIZED	2u
#define DESC_REUSABLE	3u
/* log_buf_len is at most 2 GiB; one descriptor serves 32 bytes (PRB_AVGBITS 5). */
#define COUNT_BITS_MAX	26u
#define DATA_BITS_MAX	31u

struct prb {
	struct kmem *km;
	kvaddr_t descs, infos, data;
	uint64_t count_bits, size_bits, head_id, tail_id;
	uint64_t desc_size, info_size;
	uint64_t off_state_var, off_begin, off_next;
	uint64_t off_ts, off_len, off_seq;
};

struct want {
	const char *key;
	uint64_t *to;
};

static int get_offsets(const struct vmcoreinfo *vi, const struct want *w, size_t n,
		       struct err *err)
{
	size_t i;

	for (i = 0; i < n; i++) {
		int64_t v;

		if (!vmcoreinfo_number(vi, w[i].key, &v) || v < 0 || v > 65536)
			return err_set(err, ERR_UNSUPPORTED, "VMCOREINFO has no %s", w[i].key);
		*w[i].to = (uint64_t)v;
	}
	return 0;
}

static int read_ring(struct prb *p, kvaddr_t rb, struct err *err)
{
	const struct vmcoreinfo *vi = &p->km->vc->info;
	uint64_t dr, cb, descs, infos, head, tail, tr, sb, data, blk, begin, next;
	const struct want offs[] = {
		{ "OFFSET(printk_ringbuffer.desc_ring)", &dr },
		{ "OFFSET(prb_desc_ring.count_bits)", &cb },
		{ "OFFSET(prb_desc_ring.descs)", &descs },
		{ "OFFSET(prb_desc_ring.infos)", &infos },
		{ "OFFSET(prb_desc_ring.head_id)", &head },
		{ "OFFSET(prb_desc_ring.tail_id)", &tail },
		{ "OFFSET(printk_ringbuffer.text_data_ring)", &tr },
		{ "OFFSET(prb_data_ring.size_bits)", &sb },
		{ "OFFSET(prb_data_ring.data)", &data },
		{ "SIZE(prb_desc)", &p->desc_size },
		{ "OFFSET(prb_desc.state_var)", &p->off_state_var },
		{ "OFFSET(prb_desc.text_blk_lpos)", &blk },
		{ "OFFSET(prb_data_blk_lpos.begin)", &begin },
		{ "OFFSET(prb_data_blk_lpos.next)", &next },
		{ "SIZE(printk_info)", &p->info_size },
		{ "OFFSET(printk_info.ts_nsec)", &p->off_ts },
		{ "OFFSET(printk_info.text_len)", &p->off_len },
		{ "OFFSET(printk_info.seq)", &p->off_seq },
	};
	const struct {
		uint64_t off, *to;
		bool is_int;
	} fields[] = {
		{ 0, &p->count_bits, true }, { 0, &p->descs, false },	{ 0, &p->infos, false },
		{ 0, &p->head_id, false },   { 0, &p->tail_id, false }, { 0, &p->size_bits, true },
		{ 0, &p->data, false },
	};
	uint64_t at[ARRAY_SIZE(fields)];
	size_t i;
	int rc = get_offsets(vi, offs, ARRAY_SIZE(offs), err);

	if (rc)
		return rc;
	p->off_begin = blk + begin;
	p->off_next = blk + next;
	at[0] = dr + cb, at[1] = dr + descs, at[2] = dr + infos, at[3] = dr + head;
	at[4] = dr + tail, at[5] = tr + sb, at[6] = tr + data;
	for (i = 0; i < ARRAY_SIZE(fields) && !rc; i++) {
		rc = kmem_read_u64(p->km, rb + at[i], fields[i].to, err);
		if (fields[i].is_int)
			*fields[i].to &= 0xffffffff;
	}
	if (rc)
		return err_add(err, "printk_ringbuffer 0x%" PRIx64, rb);
	if (!p->count_bits || p->count_bits > COUNT_BITS_MAX || !p->size_bits ||
	    p->size_bits > DATA_BITS_MAX || p->off_state_var + 8 > p->desc_size ||
	    p->off_next + 8 > p->desc_size || p->off_begin + 8 > p->desc_size ||
	    p->desc_size > 256 || p->info_size > 512 ||
	    /* All of them lie in memory that there is. */
	    (p->desc_size + p->info_size) << p->count_bits >
		    vmcore_nr_pages(p->km->vc) * p->km->vc->page_size || p->off_ts + 8 > p->info_size ||
	    p->off_seq + 8 > p->info_size || p->off_len + 2 > p->info_size)
		return err_set(err, ERR_CORRUPT, "printk_ringbuffer 0x%" PRIx64 " is damaged", rb);
	return 0;
}

/* The text of a record: at its logical position, or at the start if it would have wrapped. */
static int read_text(struct prb *p, uint64_t begin, uint64_t next, char *buf, uint32_t *size,
		     struct err *err)
{
	uint64_t ring = 1ull << p->size_bits, at = begin & (ring - 1), end = next & (ring - 1);

	if (begin & 1 || next & 1) { /* LPOS_DATALESS */
		*size = 0;
		return 0;
	}
	if (!end) { /* it ends with the ring */
		end = ring;
		next--;
	}
	/* One that wraps lies at the start as a whole: get_data(). Positions begin close below 2^64. */
	if ((begin + ring) >> p->size_bits == next >> p->size_bits)
		at = 0;
	else if (begin >> p->size_bits != next >> p->size_bits)
		return err_set(err, ERR_CORRUPT, "text block 0x%" PRIx64 "-0x%" PRIx64, begin, next);
	at += 8; /* the block's id */
	if (at > end || end > ring)
		return err_set(err, ERR_CORRUPT, "text block 0x%" PRIx64 "-0x%" PRIx64, begin, next);
	*size = (uint32_t)min_u64(min_u64(*size, end - at), PRINTK_TEXT_MAX);
	return kmem_read(p->km, p->data + at, buf, *size, err);
}

/* Return: -1 if there is no such record yet or any more: nothing is lost with it. */
static int read_record(struct prb *p, uint64_t id, struct printk_record *r, char *buf,
		       struct err *err)
{
	uint64_t slot = id & ((1ull << p->count_bits) - 1), state;
	uint8_t desc[256], info[512];
	int rc = kmem_read(p->km, p->descs + slot * p->desc_size, desc, p->desc_size, err);

	if (!rc)
		rc = kmem_read(p->km, p->infos + slot * p->info_size, info, p->info_size, err);
	if (rc)
		return rc;
	state = get_u64(desc + p->off_state_var);
	/* The descriptor before the very first record is born reusable (DESC0_SV). */
	if ((state & DESC_ID_MASK) == id && state >> 62 == DESC_REUSABLE)
		return -1;
	if ((state & DESC_ID_MASK) != id ||
	    (state >> 62 != DESC_COMMITTED && state >> 62 != DESC_FINALIZED))
		return err_set(err, ERR_CORRUPT, "record 0x%" PRIx64 " was being written", id);
	r->seq = get_u64(info + p->off_seq);
	r->ts_nsec = get_u64(info + p->off_ts);
	r->text_size = get_u16(info + p->off_len);
	r->text = buf;
	return read_text(p, get_u64(desc + p->off_begin), get_u64(desc + p->off_next), buf,
			 &r->text_size, err);
}

static int walk(struct prb *p, int (*fn)(void *ctx, const struct printk_record *r), void *ctx,
		uint64_t *lost)
{
	uint64_t n = ((p->head_id - p->tail_id) & DESC_ID_MASK) + 1, i;
	uint64_t slots = 1ull << p->count_bits;
	char *buf = malloc(PRINTK_TEXT_MAX);
	int rc = 0;

	if (!buf)
		return ERR_NOMEM;
	/* A damaged tail must not cost more than the ring has. */
	if (n > slots) {
		*lost += n - slots;
		p->tail_id = p->head_id - slots + 1;
		n = slots;
	}
	for (i = 0; i < n && !rc; i++) {
		struct printk_record r;
		int bad = read_record(p, (p->tail_id + i) & DESC_ID_MASK, &r, buf, NULL);

		if (bad)
			*lost += bad > 0;
		else
			rc = fn(ctx, &r);
	}
	free(buf);
	return rc;
}

int printk_for_each(struct kmem *km, int (*fn)(void *ctx, const struct printk_record *r), void *ctx,
		    uint64_t *lost, struct err *err)
{
	struct prb p = { .km = km };
	uint64_t rb, sink = 0;
	int rc;

	if (!vmcoreinfo_symbol(&km->vc->info, "prb", &rb))
		return err_set(err, ERR_UNSUPPORTED, "VMCOREINFO has no SYMBOL(prb): the log of "
						     "kernels before 5.10 is not read yet");
	rc = kmem_read_u64(km, rb, &rb, err);
	if (!rc)
		rc = read_ring(&p, rb, err);
	if (rc)
		return err_add(err, "kernel log");
	rc = walk(&p, fn, ctx, lost ? lost : &sink);
	return rc == ERR_NOMEM ? err_nomem(err) : rc;
}

void printk_for_each_part(struct kmem *km, void (*fn)(void *ctx, kvaddr_t va, uint64_t size), void *ctx)
{
	struct prb p = { .km = km };
	uint64_t rb;
	int64_t size;

	if (!vmcoreinfo_symbol(&km->vc->info, "prb", &rb) || kmem_read_u64(km, rb, &rb, NULL) ||
	    read_ring(&p, rb, NULL))
		return;
	if (vmcoreinfo_number(&km->vc->info, "SIZE(printk_ringbuffer)", &size) && size > 0 && size <= 4096)
		fn(ctx, rb, (uint64_t)size);
	fn(ctx, p.descs, p.desc_size << p.count_bits);
	fn(ctx, p.infos, p.info_size << p.count_bits);
	fn(ctx, p.data, 1ull << p.size_bits);
}
