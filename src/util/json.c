/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/utf8.h"

void json_init(struct json *j, const struct out *out)
{
	memset(j, 0, sizeof(*j));
	j->out = *out;
}

static void flush(struct json *j)
{
	if (!j->rc && j->used)
		j->rc = out_write(&j->out, j->buf, j->used, &j->err);
	j->used = 0;
}

static void put(struct json *j, const char *s, size_t size)
{
	size_t n;

	while (size && !j->rc) {
		n = sizeof(j->buf) - j->used;
		if (n > size)
			n = size;
		memcpy(j->buf + j->used, s, n);
		j->used += n;
		s += n;
		size -= n;
		if (j->used == sizeof(j->buf))
			flush(j);
	}
}

static void puts_raw(struct json *j, const char *s)
{
	put(j, s, strlen(s));
}

static void misuse(struct json *j, const char *what, const char *key)
{
	if (!j->rc)
		j->rc = err_set(&j->err, ERR_INVALID, "JSON writer: %s%s%s", what, key ? " " : "",
				key ? key : "");
}

/* What a JSON reader, a terminal or a line-by-line reader would obey. All are below U+10000. */
static bool needs_escape(uint32_t c)
{
	return c == '"' || c == '\\' || utf8_is_obeyed(c);
}

static void put_escape(struct json *j, uint32_t c)
{
	static const char shorts[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *at = c ? strchr(shorts, (int)(c < 0x80 ? c : 1)) : NULL;
	char text[8];

	if (at)
		snprintf(text, sizeof(text), "\\%c", letters[at - shorts]);
	else
		snprintf(text, sizeof(text), "\\u%04x", (unsigned int)(c & 0xffff));
	puts_raw(j, text);
}

static void put_string(struct json *j, const char *s, size_t size)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + size;
	uint32_t c;
	size_t n;

	puts_raw(j, "\"");
	for (; p < end && !j->rc; p += n) {
		n = utf8_decode(p, (size_t)(end - p), &c);
		if (!n) {
			puts_raw(j, "\xef\xbf\xbd");
			n = 1;
		} else if (needs_escape(c)) {
			put_escape(j, c);
		} else {
			put(j, (const char *)p, n);
		}
	}
	puts_raw(j, "\"");
}

static void put_indent(struct json *j)
{
	unsigned int i;

	puts_raw(j, "\n");
	for (i = 0; i < j->depth; i++)
		puts_raw(j, "  ");
}

/* All that stands before a value. Return: whether the value may follow. */
static bool begin_value(struct json *j, const char *key)
{
	bool in_object = j->depth && !j->array[j->depth - 1];

	if (!j->depth && j->filled[0])
		misuse(j, "a second value at the root", key);
	if (in_object && !key)
		misuse(j, "a value without a key in an object", NULL);
	if (!in_object && key)
		misuse(j, "a key outside an object:", key);
	if (j->rc)
		return false;
	if (j->depth) {
		if (j->filled[j->depth])
			puts_raw(j, ",");
		put_indent(j);
	}
	j->filled[j->depth] = true;
	if (key) {
		put_string(j, key, strlen(key));
		puts_raw(j, ": ");
	}
	return !j->rc;
}

static void begin_container(struct json *j, const char *key, bool array)
{
	if (j->depth == JSON_DEPTH_MAX)
		misuse(j, "too deep", key);
	if (!begin_value(j, key))
		return;
	puts_raw(j, array ? "[" : "{");
	j->array[j->depth++] = array;
	j->filled[j->depth] = false;
}

void json_object(struct json *j, const char *key)
{
	begin_container(j, key, false);
}

void json_array(struct json *j, const char *key)
{
	begin_container(j, key, true);
}

void json_end(struct json *j)
{
	bool filled;

	if (!j->depth)
		misuse(j, "an end without a begin", NULL);
	if (j->rc)
		return;
	filled = j->filled[j->depth--];
	if (filled)
		put_indent(j);
	puts_raw(j, j->array[j->depth] ? "]" : "}");
}

void json_strn(struct json *j, const char *key, const char *s, size_t size)
{
	if (begin_value(j, key))
		put_string(j, s, size);
}

void json_str(struct json *j, const char *key, const char *s)
{
	if (s)
		json_strn(j, key, s, strlen(s));
	else
		json_null(j, key);
}

static void put_value(struct json *j, const char *key, const char *text)
{
	if (begin_value(j, key))
		puts_raw(j, text);
}

void json_u64(struct json *j, const char *key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, v);
	put_value(j, key, text);
}

void json_i64(struct json *j, const char *key, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, v);
	put_value(j, key, text);
}

void json_hex(struct json *j, const char *key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "\"0x%" PRIx64 "\"", v);
	put_value(j, key, text);
}

void json_bool(struct json *j, const char *key, bool v)
{
	put_value(j, key, v ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
	put_value(j, key, "null");
}

int json_finish(struct json *j, struct err *err)
{
	if (j->depth)
		misuse(j, "finished with an object or array open", NULL);
	if (!j->filled[0])
		misuse(j, "finished without a value", NULL);
	if (!j->rc) {
		puts_raw(j, "\n");
		flush(j);
	}
	if (!j->rc)
		return 0;
	return err_set(err, j->rc, "%s", j->err.text);
}
