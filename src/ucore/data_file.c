/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ucore/data_file.h"

#include <stdio.h>
#include <string.h>

#include "ucore/ucore.h"
#include "util/str.h"

static bool has_name(const struct data_file_vec *v, const char *name)
{
	const struct data_file *f;

	vec_for_each(f, v)
		if (!strcmp(f->name, name))
			return true;
	return false;
}

/* NAME, NAME~2 and so on; a region is found again by its offset. */
static void make_name(const struct data_file_vec *v, const char *name, uint64_t off,
		      char ret[DATA_FILE_NAME_MAX + 1])
{
	char base[DATA_FILE_NAME_MAX - 40], at[24] = "";
	unsigned int i;

	str_file_name(base, sizeof(base), name);
	if (off)
		snprintf(at, sizeof(at), "+0x%" PRIx64, off);
	snprintf(ret, DATA_FILE_NAME_MAX + 1, "%s%s", base, at);
	for (i = 2; has_name(v, ret); i++)
		snprintf(ret, DATA_FILE_NAME_MAX + 1, "%s~%u%s", base, i, at);
}

static int add(struct data_file_vec *v, const char *name, struct data_file f, struct err *err)
{
	if (name)
		make_name(v, name, f.off, f.name);
	return data_file_vec_push(v, f) ? 0 : err_nomem(err);
}

/* The stretch of kept bytes at or after @at. Return: whether there is one before @end. */
static bool next_stretch(const struct plan *plan, uvaddr_t at, uvaddr_t end, uvaddr_t *start,
			 uvaddr_t *stop)
{
	const struct plan_range_vec *v = &plan->ranges;
	size_t i = plan_range_find(plan, at);

	while (i < v->n && v->v[i].state > PAGE_ZERO)
		i++;
	if (i == v->n || v->v[i].start >= end)
		return false;
	*start = max_u64(at, v->v[i].start);
	for (*stop = *start; i < v->n && v->v[i].state <= PAGE_ZERO && v->v[i].start <= *stop; i++)
		*stop = min_u64(v->v[i].end, end);
	return *start < *stop;
}

static int list_region(const struct plan *plan, uint32_t region, struct data_file_vec *ret,
		       struct err *err)
{
	const struct registered_region *r = &plan->registered.regions.v[region];
	uvaddr_t at = r->addr, end = r->addr + r->size, start, stop;
	size_t first = ret->n, n;
	uint64_t found = 0;
	int rc = 0;

	for (n = 0; n < DATA_STRETCHES_MAX && !rc && next_stretch(plan, at, end, &start, &stop); n++) {
		struct data_file f = { .region = region, .off = start - r->addr, .size = stop - start };

		rc = add(ret, r->name, f, err);
		found += f.size;
		at = stop;
	}
	/* Of an empty region the empty file is the truth. */
	if (!n && !rc)
		rc = add(ret, r->size || r->unknown ? NULL : r->name,
			 (struct data_file){ .region = region }, err);
	if (!rc)
		ret->v[first].missing = r->size - found;
	return rc;
}

/* Texts of one name are one file. */
static bool is_same_text(const struct registered_region *a, const struct registered_region *b)
{
	return b->source == REGISTERED_MCD_TEXT && b->as_file && !strcmp(a->name, b->name);
}

static int write_texts(const struct plan *plan, uint32_t region, const struct out *out,
		       struct err *err)
{
	const struct registered_vec *v = &plan->registered.regions;
	size_t i;
	int rc = 0;

	for (i = region; i < v->n && !rc; i++)
		if (is_same_text(&v->v[region], &v->v[i]))
			rc = mcd_text_write(plan, &v->v[i], out, err);
	return rc;
}

static int list_text(const struct plan *plan, uint32_t region, struct data_file_vec *ret,
		     struct err *err)
{
	const struct registered_vec *v = &plan->registered.regions;
	struct data_file f = { .region = region };
	const struct out counter = OUT_COUNTING(&f.size);
	size_t i;
	int rc;

	for (i = 0; i < region; i++)
		if (is_same_text(&v->v[region], &v->v[i]))
			return 0;
	rc = write_texts(plan, region, &counter, err);
	return rc ? rc : add(ret, v->v[region].name, f, err);
}

int data_file_list(const struct plan *plan, struct data_file_vec *ret, struct err *err)
{
	const struct registered_vec *v = &plan->registered.regions;
	uint32_t i;
	int rc = 0;

	for (i = 0; i < v->n && !rc && ret->n < DATA_FILES_MAX; i++)
		if (v->v[i].as_file)
			rc = v->v[i].source == REGISTERED_MCD_TEXT ? list_text(plan, i, ret, err) :
								     list_region(plan, i, ret, err);
	return rc;
}

/* Aligned to the address, as in a core. */
static void fill_lost(uint8_t *buf, uvaddr_t at, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		buf[i] = (uint8_t)UCORE_LOST_FILL[(at + i) % 16];
}

int data_file_write(const struct plan *plan, const struct data_file *f, const struct out *out,
		    uint64_t *lost, struct err *err)
{
	const struct registered_region *r = &plan->registered.regions.v[f->region];
	uvaddr_t at = r->addr + f->off, end = at + f->size;
	uint8_t buf[4096];
	int rc = 0;

	if (r->source == REGISTERED_MCD_TEXT)
		return write_texts(plan, f->region, out, err);
	while (at < end && !rc) {
		size_t n = min_u64(end - at, sizeof(buf) - at % sizeof(buf));

		if (proc_read(plan->p, at, buf, n, NULL)) {
			fill_lost(buf, at, n);
			*lost += n;
		}
		rc = out_write(out, buf, n, err);
		at += n;
	}
	return rc;
}
