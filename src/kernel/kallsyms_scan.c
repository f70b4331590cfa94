/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/kallsyms_scan.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/kallsyms_names.h"
#include "kernel/kmem_search.h"
#include "util/bytes.h"
#include "util/cleanup.h"

#define NAMES_MAX    MIB(32) /* names, markers, seqs_of_names; 4 MiB in a distribution's kernel */
#define SYMS_MIN     512u    /* smaller numbers are not looked at */
#define QUICK_SYMS   300u    /* looked at before all are */
#define QUICK_AHEAD  256u    /* bytes of names that are read at first: most fail in the first of them */
#define TOKENS_AHEAD KIB(8)  /* from the digits to the end of the index */
#define SEARCH_CHUNK KIB(64)
#define SEARCH_STEP  KIB(4)
#define WORK_MAX     (64u << 20) /* names looked at in all; about 1 million in kernels */
#define WORK_PER_TRY 16u	 /* reading is worth so many names */

static const char digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";

struct scan {
	struct kallsyms *ks;
	const struct reader *kmem;
	kvaddr_t start, stext;
	uint8_t *chunk;
	bool thorough; /* takes longer */
	uint64_t work;
	unsigned int nr_tokens, nr_names; /* for the error: how far it went */
	struct err last, why;		  /* why the addresses did not fit */
};

/* Keeps a hostile image from costing hours. */
static bool spend(struct scan *s, uint64_t work)
{
	s->work += work;
	return s->work <= WORK_MAX;
}

/* Whether an index of tokens stands at p, in which '0' is k; digits are at @digits_at. */
static bool index_fits(const uint8_t *p, kvaddr_t digits_at, kvaddr_t *token_table)
{
	uint32_t k = get_u16(p + '0' * 2);

	if (get_u16(p) || k < '0' || k > digits_at)
		return false;
	for (int i = 1; i < 256; i++) {
		if (get_u16(p + i * 2) <= get_u16(p + i * 2 - 2))
			return false;
	}
	*token_table = digits_at - k;
	return true;
}

/* The token table around the digits at @at, and its index behind it. */
static bool find_tokens(struct scan *s, kvaddr_t at, struct kallsyms_where *ret)
{
	uint8_t *b = s->chunk;
	size_t size = TOKENS_AHEAD, off = 0;

	if (reader_read(s->kmem, at, b, size, NULL)) {
		size = SEARCH_STEP - at % SEARCH_STEP;
		if (reader_read(s->kmem, at, b, size, NULL))
			return false;
	}
	for (int token = '0'; token < 256 && off < size; token++)
		off += strnlen((char *)b + off, size - off) + 1;
	for (uint32_t align = 4; align <= 8; align += 4) {
		kvaddr_t index = round_up_u64(at + off, align);

		if (index - at > size || size - (index - at) < 512)
			return false;
		if (!index_fits(b + (index - at), at, &ret->token_table))
			continue;
		ret->token_index = index;
		s->ks->where = *ret;
		if (!kallsyms_load_tokens(s->ks, NULL))
			return true;
	}
	return false;
}

/* Whether the first names are such. */
static bool names_look_right(struct scan *s)
{
	uint32_t nr = (uint32_t)min_u64(s->ks->nr_syms, QUICK_SYMS);
	struct names_window w; /* large: not zeroed for each of a million numbers that are tried */
	struct names_entry e;
	uint64_t off = 0;

	w.ks = s->ks;
	w.start = w.len = 0;
	w.ahead = QUICK_AHEAD;
	if (!spend(s, WORK_PER_TRY))
		return false;
	for (uint32_t i = 0; i < nr; i++, off = e.next) {
		if (kallsyms_entry(&w, off, &e, NULL) || !kallsyms_entry_plausible(s->ks, &e))
			return false;
		s->work++;
	}
	return true;
}

/* The markers, if they are before the tokens as in all known kernels, and the names fit them. */
static bool guess_markers(struct scan *s, struct kallsyms_where *ret)
{
	struct kallsyms_walk walk = { 0 };
	bool found;

	s->ks->where.markers = kallsyms_guess_markers(s->ks);
	if (!s->ks->where.markers)
		return false;
	found = !kallsyms_index_names(s->ks, &walk, &s->last);
	ret->markers = s->ks->where.markers;
	return spend(s, walk.looked_at) && found;
}

/* The markers, if they stand behind the names, whatever is between them and the tokens. */
static bool find_markers(struct scan *s, struct kallsyms_where *ret)
{
	struct kallsyms_walk walk = { 0 };
	bool found = false;
	uint64_t end;

	s->ks->where.markers = 0;
	if (!kallsyms_index_names(s->ks, &walk, &s->last)) {
		end = ret->names + walk.end;
		for (uint32_t align = 4; align <= 8 && !found; align += 4) {
			s->ks->where.markers = ret->markers = round_up_u64(end, align);
			found = !kallsyms_index_names(s->ks, &walk, &s->last);
		}
	}
	return spend(s, walk.looked_at) && found;
}

/* All the places of the addresses, relative to the other tables, that kernels have had. */
static bool find_addrs(struct scan *s, const struct kallsyms_where *found)
{
	uint64_t nr = s->ks->nr_syms;
	kvaddr_t behind = found->token_index + 512, behind8 = round_up_u64(behind, 8);
	const struct kallsyms_where tries[] = {
		/* to 6.4: before the number of symbols; each aligned to 8 */
		{ .relative_base = found->num_syms - 8,
		  .offsets = round_down_u64(found->num_syms - 8 - nr * 4, 8) },
		{ .addresses = found->num_syms - nr * 8 },
		/* from 7.0: behind the index of tokens, aligned to 4; from 6.5: aligned to 8 */
		{ .offsets = behind },
		{ .offsets = behind8, .relative_base = round_up_u64(behind8 + nr * 4, 8) },
		{ .addresses = behind8 },
	};
	struct kallsyms_where where;

	for (size_t i = 0; i < ARRAY_SIZE(tries) && spend(s, nr); i++) {
		where = *found;
		where.offsets = tries[i].offsets;
		where.relative_base = tries[i].relative_base;
		where.addresses = tries[i].addresses;
		kallsyms_deinit(s->ks);
		if (!kallsyms_init(s->ks, s->kmem, &where, s->stext, &s->last))
			return true;
	}
	return false;
}

/* Whether @nr at @at is the number of symbols. */
static bool try_num_syms(struct scan *s, kvaddr_t at, uint32_t nr,
			 const struct kallsyms_where *tokens)
{
	struct kallsyms_where where;

	for (kvaddr_t names = at + 4; names <= round_up_u64(at + 4, 8); names += 4) {
		where = *tokens;
		where.num_syms = at;
		where.names = names;
		s->ks->where = where;
		s->ks->nr_syms = nr;
		s->ks->two_byte_lengths = true;
		if (!names_look_right(s)) {
			s->ks->two_byte_lengths = false;
			if (!names_look_right(s))
				continue;
		}
		if (!(s->thorough ? find_markers(s, &where) : guess_markers(s, &where)))
			continue;
		s->nr_names++;
		if (find_addrs(s, &where))
			return true;
		s->why = s->last;
		/* kallsyms_init() left ks as it is after a failure. */
		kallsyms_deinit(s->ks);
		s->ks->kmem = s->kmem;
		s->ks->where = *tokens;
		if (kallsyms_load_tokens(s->ks, &s->last))
			return false;
	}
	return false;
}

/* Goes down from the tokens to the number of symbols. */
static bool search_back(struct scan *s, const struct kallsyms_where *tokens)
{
	kvaddr_t high = round_down_u64(tokens->token_table, 4), low = s->start;
	uint64_t size;
	uint32_t nr;

	if (high <= low)
		return false;
	if (high - low > NAMES_MAX)
		low = high - NAMES_MAX;
	low = round_up_u64(low, 4);
	for (; high > low; high -= size) {
		size = min_u64(high - low, SEARCH_CHUNK);
		if (reader_read(s->kmem, high - size, s->chunk, size, NULL)) {
			size = min_u64(size, (high - 1) % SEARCH_STEP + 1);
			if (reader_read(s->kmem, high - size, s->chunk, size, NULL))
				continue;
		}
		for (uint64_t i = size; i >= 4 && spend(s, 0); i -= 4) {
			nr = get_u32(s->chunk + i - 4);
			if (nr >= SYMS_MIN && nr <= KALLSYMS_MAX_SYMS &&
			    try_num_syms(s, high - size + i - 4, nr, tokens))
				return true;
		}
	}
	return false;
}

static bool scan_all(struct scan *s, struct kmem_search *search)
{
	struct kallsyms_where where;
	kvaddr_t at;

	while (kmem_search_next(search, &at)) {
		if (!spend(s, TOKENS_AHEAD / WORK_PER_TRY))
			break;
		kallsyms_deinit(s->ks);
		s->ks->kmem = s->kmem;
		where = (struct kallsyms_where){ 0 };
		if (!find_tokens(s, at, &where))
			continue;
		s->nr_tokens++;
		for (int thorough = 0; thorough < 2; thorough++) {
			s->thorough = thorough;
			if (search_back(s, &where))
				return true;
		}
	}
	return false;
}

int kallsyms_scan(struct kallsyms *ks, const struct reader *kmem, kvaddr_t start, kvaddr_t end,
		  kvaddr_t stext, struct err *err)
{
	CLEANUP(kmem_search_deinit) struct kmem_search search;
	AUTO_FREE uint8_t *chunk = malloc(SEARCH_CHUNK);
	struct scan s = { .ks = ks, .kmem = kmem, .start = start, .stext = stext, .chunk = chunk };
	int rc;

	*ks = (struct kallsyms){ .kmem = kmem };
	rc = kmem_search_init(&search, kmem, start, end, digits, sizeof(digits), err);
	if (rc)
		return rc;
	if (!chunk)
		return err_nomem(err);
	if (scan_all(&s, &search))
		return 0;
	if (s.work > WORK_MAX)
		return err_set(err, ERR_NOTFOUND,
			       "kallsyms by scanning: given up after %u token tables", s.nr_tokens);
	if (s.nr_names)
		return err_set(err, ERR_NOTFOUND, "kallsyms by scanning: names found, but %s",
			       s.why.text);
	return err_set(err, ERR_NOTFOUND,
		       "no kallsyms in [0x%" PRIx64 ", 0x%" PRIx64
		       "): %u token tables, none with names",
		       start, end, s.nr_tokens);
}
