/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/kallsyms_names.h"

#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/cleanup.h"

#define ENTRY_MAX	4096u /* bytes of a compressed name: none is longer than the name itself */
#define TOKEN_SIZE_MAX	512u  /* of one token, with the NUL */
#define TOKENS_SIZE_MAX KIB(16) /* about 1 KiB in kernels */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Reads what there is of the last token: the table's size is nowhere told. */
static int read_last_token(const struct kallsyms *ks, uint32_t off, struct err *err)
{
	kvaddr_t at = ks->where.token_table + off;
	char *s = ks->tokens + off;

	for (uint32_t n = 0; n < TOKEN_SIZE_MAX; n++) {
		int rc = reader_read(ks->kmem, at + n, s + n, 1, err);

		if (rc || !s[n])
			return rc;
	}
	return err_set(err, ERR_CORRUPT, "its last token does not end");
}

int kallsyms_load_tokens(struct kallsyms *ks, struct err *err)
{
	uint8_t index[512];
	uint32_t last;
	int rc;

	rc = reader_read(ks->kmem, ks->where.token_index, index, sizeof(index), err);
	if (rc)
		return err_add(err, "kallsyms_token_index");
	for (int i = 0; i < 256; i++)
		ks->token_off[i] = get_u16(index + i * 2);
	last = ks->token_off[255];
	if (ks->token_off[0] || last > TOKENS_SIZE_MAX)
		return err_set(
			err, ERR_CORRUPT,
			"kallsyms_token_index: goes from %u to %u, which no token table does",
			ks->token_off[0], last);
	free(ks->tokens);
	ks->tokens = malloc(last + TOKEN_SIZE_MAX);
	if (!ks->tokens)
		return err_nomem(err);
	rc = reader_read(ks->kmem, ks->where.token_table, ks->tokens, last, err);
	if (!rc)
		rc = read_last_token(ks, last, err);
	if (rc)
		return err_add(err, "kallsyms_token_table");
	for (int i = 0; i < 256; i++) {
		uint32_t off = ks->token_off[i];
		size_t len =
			strnlen(ks->tokens + off, off <= last ? last + TOKEN_SIZE_MAX - off : 0);

		if (off > last || len >= TOKEN_SIZE_MAX ||
		    (i < 255 && off + len + 1 != ks->token_off[i + 1]))
			return err_set(err, ERR_CORRUPT,
				       "kallsyms_token_table: token %d does not end "
				       "where the index says",
				       i);
		ks->token_len[i] = (uint16_t)len;
	}
	return 0;
}

/* Bytes that the names may have: they lie before the tokens in all kernels. */
static uint64_t names_room(const struct kallsyms *ks)
{
	kvaddr_t end = ks->where.token_table > ks->where.names ? ks->where.token_table : UINT64_MAX;

	return min_u64(end - ks->where.names, UINT32_MAX);
}

static int names_bytes(struct names_window *w, uint64_t off, size_t size, const uint8_t **ret,
		       struct err *err)
{
	uint64_t room = names_room(w->ks);
	size_t want = w->ahead ? w->ahead : sizeof(w->buf);
	int rc;

	if (off >= w->start && off - w->start <= w->len &&
	    size <= w->len - (size_t)(off - w->start)) {
		*ret = w->buf + (off - w->start);
		return 0;
	}
	if (off > room || size > room - off)
		return err_set(err, ERR_CORRUPT,
			       "kallsyms_names: name at +0x%" PRIx64 " reaches into the tokens",
			       off);
	if (want > room - off)
		want = (size_t)(room - off);
	w->ahead = w->ahead ? min_u64(2 * w->ahead, sizeof(w->buf)) : 0;
	w->start = off;
	w->len = 0;
	if (want <= size ||
	    reader_read(w->ks->kmem, w->ks->where.names + off, w->buf, want, NULL)) {
		want = size; /* what lies behind need not be readable */
		rc = reader_read(w->ks->kmem, w->ks->where.names + off, w->buf, want, err);
		if (rc)
			return err_add(err, "kallsyms_names");
	}
	w->len = want;
	*ret = w->buf;
	return 0;
}

int kallsyms_entry(struct names_window *w, uint64_t off, struct names_entry *ret, struct err *err)
{
	const uint8_t *b;
	uint32_t head = 1, nr;
	int rc;

	ret->long_length = false;
	rc = names_bytes(w, off, 2, &b, err); /* no entry is shorter */
	if (rc)
		return rc;
	nr = b[0];
	ret->long_length = nr & 0x80;
	if (ret->long_length && w->ks->two_byte_lengths) {
		nr = (nr & 0x7f) | (uint32_t)b[1] << 7;
		head = 2;
	}
	if (!nr || nr > ENTRY_MAX)
		return err_set(err, ERR_CORRUPT, "kallsyms_names: name of %u tokens at +0x%" PRIx64,
			       nr, off);
	rc = names_bytes(w, off, head + nr, &b, err);
	if (rc)
		return rc;
	ret->tokens = b + head;
	ret->nr = nr;
	ret->next = off + head + nr;
	return 0;
}

size_t kallsyms_expand(const struct kallsyms *ks, const struct names_entry *e,
		       char buf[KALLSYMS_NAME_SIZE])
{
	size_t n = 0, len;

	for (uint32_t i = 0; i < e->nr; i++) {
		const char *s = ks->tokens + ks->token_off[e->tokens[i]];

		len = ks->token_len[e->tokens[i]];
		if (len >= KALLSYMS_NAME_SIZE - n)
			return 0;
		while (len--) /* most are two or three long: quicker than a call */
			buf[n++] = *s++;
	}
	buf[n] = '\0';
	return n;
}

/* Of the first two characters and the last. */
static uint32_t filter_key(char first, char second, char last)
{
	return (((uint8_t)first * 37u + (uint8_t)second) * 37u + (uint8_t)last) % NAMES_FILTER_BITS;
}

void names_filter_add(struct names_filter *f, const char *name, size_t len)
{
	uint32_t key = filter_key((char)(len > 0 ? name[0] : 0), (char)(len > 1 ? name[1] : 0),
				  (char)(len > 0 ? name[len - 1] : 0));

	f->bits[key / 8] |= (uint8_t)(1u << key % 8);
}

bool names_filter_pass(const struct names_filter *f, const struct kallsyms *ks, const struct names_entry *e)
{
	char head[3] = { 0 }; /* the letter is the first */
	uint8_t last = e->tokens[e->nr - 1];
	size_t n = 0;
	uint32_t key;

	for (uint32_t i = 0; i < e->nr && n < sizeof(head); i++) {
		const char *s = ks->tokens + ks->token_off[e->tokens[i]];

		while (*s && n < sizeof(head))
			head[n++] = *s++;
	}
	if (n < 2 || !ks->token_len[last])
		return true;
	key = filter_key(head[1], head[2], ks->tokens[ks->token_off[last] + ks->token_len[last] - 1]);
	return f->bits[key / 8] >> key % 8 & 1;
}

bool kallsyms_entry_plausible(const struct kallsyms *ks, const struct names_entry *e)
{
	return is_letter(ks->tokens[ks->token_off[e->tokens[0]]]);
}

/* Whether the name, without its letter, is this one; most differ in the first token. */
static bool entry_is(const struct kallsyms *ks, const struct names_entry *e, const char *name)
{
	size_t skip = 1, len = strlen(name), n;
	const char *s;

	for (uint32_t i = 0; i < e->nr; i++) {
		s = ks->tokens + ks->token_off[e->tokens[i]];
		n = ks->token_len[e->tokens[i]];
		if (skip && n) {
			s++;
			n--;
			skip = 0;
		}
		if (n > len || memcmp(s, name, n))
			return false;
		name += n;
		len -= n;
	}
	return !len;
}

static int read_markers(const struct kallsyms *ks, kvaddr_t at, uint32_t *ret, struct err *err)
{
	uint32_t nr = (ks->nr_syms - 1) / KALLSYMS_BLOCK + 1;
	int rc;

	rc = reader_read(ks->kmem, at, ret, nr * sizeof(*ret), err);
	for (uint32_t i = 0; !rc && i < nr; i++)
		ret[i] = get_u32(&ret[i]);
	return rc;
}

/* Whether these numbers can be where every 256th name begins. */
static bool markers_plausible(const struct kallsyms *ks, const uint32_t *m)
{
	uint32_t nr = (ks->nr_syms - 1) / KALLSYMS_BLOCK + 1;

	if (m[0])
		return false;
	for (uint32_t i = 1; i < nr; i++) {
		uint32_t size = m[i] - m[i - 1]; /* of a block; huge if they descend */

		if (size < KALLSYMS_BLOCK * 2 || size > KALLSYMS_BLOCK * (ENTRY_MAX + 2) ||
		    m[i] > names_room(ks))
			return false;
	}
	return true;
}

kvaddr_t kallsyms_guess_markers(const struct kallsyms *ks)
{
	uint64_t n = ks->nr_syms, size = ((n - 1) / KALLSYMS_BLOCK + 1) * 4;
	kvaddr_t t = ks->where.token_table;
	const kvaddr_t tries[] = {
		t - size,					    /* 7.0: no padding */
		t - round_up_u64(size, 8),			    /* to 6.1, 6.5 to 6.19 */
		t - round_up_u64(n * 3, 8) - round_up_u64(size, 8), /* 6.2 to 6.4: seqs_of_names */
	};
	AUTO_FREE uint32_t *m = malloc(size);

	for (size_t i = 0; m && i < ARRAY_SIZE(tries); i++) {
		if (tries[i] > ks->where.names && tries[i] < t &&
		    !read_markers(ks, tries[i], m, NULL) && markers_plausible(ks, m))
			return tries[i];
	}
	return 0;
}

/* One try, with what ks->where.markers and .two_byte_lengths say. */
static int index_once(struct kallsyms *ks, struct kallsyms_walk *walk, bool *long_seen,
		      struct err *err)
{
	struct names_window w = { .ks = ks };
	struct names_entry e;
	uint64_t off = 0;
	int rc;

	walk->nr_stext = 0;
	*long_seen = false;
	for (uint32_t i = 0; i < ks->nr_syms; i++) {
		uint32_t *block = &ks->block_off[i / KALLSYMS_BLOCK];

		if (i % KALLSYMS_BLOCK == 0) {
			if (ks->where.markers && *block != off)
				return err_set(err, ERR_CORRUPT,
					       "kallsyms_markers: symbol %u at +0x%x, but its name "
					       "is at +0x%" PRIx64,
					       i, *block, off);
			*block = (uint32_t)off;
		}
		walk->looked_at++;
		rc = kallsyms_entry(&w, off, &e, err);
		*long_seen |= e.long_length;
		if (rc && rc != ERR_CORRUPT && ks->where.markers) {
			i |= KALLSYMS_BLOCK - 1; /* the rest of the block is lost */
			off = i + 1 < ks->nr_syms ? block[1] : off;
			continue;
		}
		if (rc)
			return rc;
		if (!kallsyms_entry_plausible(ks, &e))
			return err_set(err, ERR_CORRUPT,
				       "kallsyms_names: symbol %u at +0x%" PRIx64
				       " has no type letter",
				       i, off);
		if (walk->nr_stext < ARRAY_SIZE(walk->stext) && entry_is(ks, &e, "_stext"))
			walk->stext[walk->nr_stext++] = i;
		off = e.next;
	}
	walk->end = off;
	return 0;
}

int kallsyms_index_names(struct kallsyms *ks, struct kallsyms_walk *walk, struct err *err)
{
	struct err unused = { 0 };
	bool long_seen;
	int rc;

	free(ks->block_off);
	ks->block_off = calloc((ks->nr_syms - 1) / KALLSYMS_BLOCK + 1, sizeof(*ks->block_off));
	if (!ks->block_off)
		return err_nomem(err);
	if (ks->where.markers) {
		rc = read_markers(ks, ks->where.markers, ks->block_off, err);
		if (rc)
			return err_add(err, "kallsyms_markers");
		if (!markers_plausible(ks, ks->block_off))
			return err_set(err, ERR_CORRUPT,
				       "kallsyms_markers: not ascending as markers are");
	}
	/* Nothing but the names shows which of the two holds; names that long are rare. */
	ks->two_byte_lengths = true;
	rc = index_once(ks, walk, &long_seen, err);
	if (!rc || !long_seen)
		return rc;
	ks->two_byte_lengths = false;
	return index_once(ks, walk, &long_seen, &unused) ? rc : 0;
}
