/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmcore/flat_map.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "util/types.h"
#include "util/vec.h"
#include "vmcore/kdump_format.h"

struct flat_record {
	uint64_t off, size; /* in the file that it stands for */
	uint64_t file_off;  /* of its bytes, ascending in the order of the file */
};
DEFINE_VEC(flat_record_vec, struct flat_record);

struct flat_map {
	struct flat_record_vec records; /* ascending, disjoint */
	uint64_t size;
	bool cut;
};

static uint64_t get_be64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

bool flat_map_probe(const uint8_t *head, size_t size)
{
	static const char signature[16] = FLAT_SIGNATURE;

	return size >= sizeof(signature) && !memcmp(head, signature, sizeof(signature));
}

static int read_at(struct window_cache *wc, uint64_t off, uint8_t *buf, size_t size,
		   struct err *err)
{
	while (size) {
		size_t n = size;
		const void *p;
		int rc = window_fetch(wc, off, buf, &n, &p, err);

		if (rc)
			return rc;
		if (p != buf)
			memcpy(buf, p, n);
		buf += n;
		off += n;
		size -= n;
	}
	return 0;
}

static int read_records(struct flat_map *fm, struct window_cache *wc, uint64_t file_size,
			struct err *err)
{
	uint64_t at = FLAT_HEADER_SIZE;

	for (;;) {
		struct flat_record r = { 0 };
		uint8_t h[FLAT_RECORD_SIZE];
		int rc;

		fm->cut = at > file_size || file_size - at < sizeof(h);
		if (fm->cut)
			return 0;
		rc = read_at(wc, at, h, sizeof(h), err);
		if (rc)
			return rc;
		r.off = get_be64(h);
		r.size = get_be64(h + 8);
		r.file_off = at + sizeof(h);
		if (r.off == UINT64_MAX)
			return 0;
		if (!r.size || r.off > INT64_MAX || r.size > INT64_MAX - r.off)
			return err_set(err, ERR_CORRUPT,
				       "the record at 0x%" PRIx64 " is for 0x%" PRIx64
				       " bytes at 0x%" PRIx64,
				       at, r.size, r.off);
		fm->cut = r.size > file_size - r.file_off;
		if (fm->cut)
			r.size = file_size - r.file_off;
		if (fm->records.n >= FLAT_RECORDS_MAX)
			return err_set(
				err, ERR_UNSUPPORTED,
				"more than %u records: rearrange it by makedumpfile -R first",
				FLAT_RECORDS_MAX);
		if (r.size && !flat_record_vec_push(&fm->records, r))
			return err_nomem(err);
		if (fm->cut)
			return 0;
		at = r.file_off + r.size;
	}
}

static int record_cmp(const void *a, const void *b)
{
	const struct flat_record *x = a, *y = b;

	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	return x->file_off < y->file_off ? -1 : x->file_off > y->file_off;
}

static int settle_records(struct flat_map *fm, struct err *err)
{
	struct flat_record *v = fm->records.v;
	size_t i, n = 0;

	if (!fm->records.n)
		return err_set(err, ERR_FORMAT, "is flattened, and has no record");
	qsort(v, fm->records.n, sizeof(*v), record_cmp);
	for (i = 0; i < fm->records.n; i++) {
		struct flat_record *last = n ? &v[n - 1] : NULL;

		if (!last || v[i].off - last->off >= last->size) {
			v[n++] = v[i];
			continue;
		}
		if (v[i].off != last->off || v[i].size != last->size)
			return err_set(err, ERR_UNSUPPORTED,
				       "records for 0x%" PRIx64 " and 0x%" PRIx64
				       " overlap: rearrange it by makedumpfile -R first",
				       last->off, v[i].off);
		*last = v[i];
	}
	fm->records.n = n;
	fm->size = v[n - 1].off + v[n - 1].size;
	return 0;
}

int flat_map_open(struct window_cache *wc, uint64_t file_size, struct flat_map **ret,
		  struct err *err)
{
	uint8_t h[FLAT_VERSION + 8];
	struct flat_map *fm;
	int rc;

	if (file_size < FLAT_HEADER_SIZE)
		return err_set(err, ERR_FORMAT, "is flattened, and cut in its header");
	rc = read_at(wc, 0, h, sizeof(h), err);
	if (rc)
		return rc;
	if (!flat_map_probe(h, sizeof(h)) || get_be64(h + FLAT_TYPE) != 1 ||
	    get_be64(h + FLAT_VERSION) != 1)
		return err_set(err, ERR_FORMAT, "is flattened in a way that is not known");
	fm = calloc(1, sizeof(*fm));
	if (!fm)
		return err_nomem(err);
	rc = read_records(fm, wc, file_size, err);
	if (!rc)
		rc = settle_records(fm, err);
	if (rc) {
		flat_map_close(fm);
		return rc;
	}
	*ret = fm;
	return 0;
}

void flat_map_close(struct flat_map *fm)
{
	if (!fm)
		return;
	flat_record_vec_free(&fm->records);
	free(fm);
}

uint64_t flat_map_size(const struct flat_map *fm)
{
	return fm->size;
}

bool flat_map_was_cut(const struct flat_map *fm)
{
	return fm->cut;
}

bool flat_map_find(const struct flat_map *fm, uint64_t off, uint64_t *file_off, uint64_t *size)
{
	size_t lo = 0, hi = fm->records.n;
	const struct flat_record *r;

	/* The first that ends behind @off. */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		r = &fm->records.v[mid];
		if (r->off + r->size <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	r = fm->records.v + lo;
	if (lo == fm->records.n) {
		*size = UINT64_MAX - off;
		return false;
	}
	if (r->off > off) {
		*size = r->off - off;
		return false;
	}
	*file_off = r->file_off + (off - r->off);
	*size = r->size - (off - r->off);
	return true;
}
