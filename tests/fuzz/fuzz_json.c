/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input drives the writer: one byte chooses the call, then for strings a length and so many
 * bytes. If the writer is content, a strict reader (RFC 8259, RFC 3629) must be too, and find as
 * many strings.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/json.h"

struct text {
	uint8_t *buf;
	size_t used, cap;
};

static int to_text(void *ctx, const void *buf, size_t size, struct err *err)
{
	struct text *t = ctx;

	(void)err;
	if (t->cap - t->used < size) {
		t->cap = 2 * t->cap + size;
		t->buf = realloc(t->buf, t->cap);
		if (!t->buf)
			abort();
	}
	memcpy(t->buf + t->used, buf, size);
	t->used += size;
	return 0;
}

struct reader {
	const uint8_t *at, *end;
	unsigned int nr_strings;
};

static void need(bool ok)
{
	if (!ok)
		abort();
}

static uint8_t next(struct reader *r)
{
	need(r->at < r->end);
	return *r->at++;
}

static void skip_space(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\n'))
		r->at++;
}

/* The rest of a character that began with @c, by the table of RFC 3629, 4. */
static void read_utf8(struct reader *r, uint8_t c)
{
	uint8_t low = 0x80, high = 0xbf, b;
	int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;

	need(c >= 0xc2 && c <= 0xf4);
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	for (; more; more--, low = 0x80, high = 0xbf) {
		b = next(r);
		need(b >= low && b <= high);
	}
}

static void read_string(struct reader *r)
{
	uint8_t c;
	int i;

	r->nr_strings++;
	while ((c = next(r)) != '"') {
		need(c >= 0x20 && c != 0x7f);
		if (c >= 0x80) {
			read_utf8(r, c);
		} else if (c == '\\') {
			c = next(r);
			need(strchr("\"\\/bfnrtu", c) && c);
			for (i = 0; c == 'u' && i < 4; i++)
				need(strchr("0123456789abcdef", next(r)) && r->at[-1]);
		}
	}
}

static void read_word(struct reader *r)
{
	const uint8_t *start = r->at;
	size_t n;

	while (r->at < r->end && (*r->at == '-' || (*r->at >= '0' && *r->at <= '9') ||
				  (*r->at >= 'a' && *r->at <= 'z')))
		r->at++;
	n = (size_t)(r->at - start);
	if (n && (*start == '-' || *start <= '9')) {
		start += *start == '-';
		n = (size_t)(r->at - start);
		need(n && n <= 20 && (n == 1 || *start != '0'));
		for (; start < r->at; start++)
			need(*start >= '0' && *start <= '9');
		return;
	}
	need((n == 4 && !memcmp(start, "true", 4)) || (n == 5 && !memcmp(start, "false", 5)) ||
	     (n == 4 && !memcmp(start, "null", 4)));
}

static void read_value(struct reader *r, unsigned int depth)
{
	uint8_t open, close;

	need(depth <= JSON_DEPTH_MAX);
	skip_space(r);
	need(r->at < r->end);
	open = *r->at;
	if (open != '{' && open != '[') {
		if (open == '"') {
			r->at++;
			read_string(r);
		} else {
			read_word(r);
		}
		return;
	}
	close = open == '{' ? '}' : ']';
	r->at++;
	skip_space(r);
	if (r->at < r->end && *r->at == close) {
		r->at++;
		return;
	}
	do {
		skip_space(r);
		if (open == '{') {
			need(next(r) == '"');
			read_string(r);
			skip_space(r);
			need(next(r) == ':');
		}
		read_value(r, depth + 1);
		skip_space(r);
	} while (next(r) == ',');
	need(r->at[-1] == close);
}

/* Takes @n bytes of the input, or what is left, as a string. Free it. */
static char *take_string(const uint8_t **data, size_t *size, size_t n)
{
	char *s;

	if (n > *size)
		n = *size;
	s = strndup((const char *)*data, n);
	*data += n;
	*size -= n;
	return s;
}

/* One call. Return: strings it wrote. */
static unsigned int call(struct json *j, uint8_t op, const uint8_t **data, size_t *size)
{
	size_t n = op >> 3 & 0x1f;
	bool keyed = j->depth && !j->array[j->depth - 1];
	char *key = keyed ? take_string(data, size, n / 2) : NULL;
	unsigned int nr = keyed;

	switch (op & 7) {
	case 0:
		json_object(j, key);
		break;
	case 1:
		json_array(j, key);
		break;
	case 2:
		json_u64(j, key, *size * 0x9e3779b97f4a7c15u);
		break;
	case 3:
		json_i64(j, key, (int64_t)(*size * 0x9e3779b97f4a7c15u));
		break;
	case 4:
		json_bool(j, key, n & 1);
		break;
	case 5:
		json_hex(j, key, *size);
		nr++;
		break;
	case 6:
		json_end(j);
		nr = 0;
		break;
	default:
		n = n < *size ? n : *size;
		json_strn(j, key, (const char *)*data, n);
		*data += n;
		*size -= n;
		nr++;
	}
	free(key);
	return nr;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text t = { NULL, 0, 0 };
	struct out out = { .write = to_text, .ctx = &t };
	unsigned int nr = 0;
	struct reader r;
	struct json j;
	uint8_t op;

	json_init(&j, &out);
	/* Up to the end of the first value: anything more would be misuse. */
	while (size && !j.rc && !(j.filled[0] && !j.depth)) {
		op = *data++;
		size--;
		nr += call(&j, op, &data, &size);
	}
	while (j.depth && !j.rc)
		json_end(&j);
	if (!json_finish(&j, NULL)) {
		r = (struct reader){ t.buf, t.buf + t.used, 0 };
		read_value(&r, 0);
		need(r.at + 1 == r.end && *r.at == '\n' && r.nr_strings == nr);
	}
	free(t.buf);
	return 0;
}
