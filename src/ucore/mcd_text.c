/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts of libminicoredumper: a printf(3) format and the addresses of its values. The format is the
 * program's and is never given to printf: each conversion is taken apart, and made anew from parts that
 * are known to be harmless. As in libminicoredumper's list of version 2, %s is given the text's address
 * and not that of a pointer to it, and the type of a value is the one that its list recorded.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ucore/data_file.h"
#include "util/bytes.h"

#define FORMAT_MAX 4096u
#define STRING_MAX 4096u
/* Widths and precisions beyond this are cut to it. */
#define WIDTH_MAX 512

/* glibc's <printf.h>: PA_INT and so on, and flags. */
enum { TYPE_INT, TYPE_CHAR, TYPE_STRING = 3, TYPE_POINTER = 5, TYPE_FLOAT, TYPE_DOUBLE };
enum { FLAG_LONG_LONG = 1 << 8, FLAG_LONG = 1 << 9, FLAG_SHORT = 1 << 10, FLAG_MASK = 0xff00 };

struct text {
	const struct plan *plan;
	const struct registered_region *r;
	const struct out *out;
	struct err *err;
	uint32_t next; /* value */
	size_t left;
	int rc;
};

static void put(struct text *t, const char *s, size_t n)
{
	n = min_u64(n, t->left);
	t->left -= n;
	if (n && !t->rc)
		t->rc = out_write(t->out, s, n, t->err);
}

static bool read_shown(struct text *t, uvaddr_t at, void *buf, size_t size)
{
	return plan_may_show(t->plan, at, size) && !proc_read(t->plan->p, at, buf, size, NULL);
}

/* A string as far as it can be read. Return: false if not even its first byte can. */
static bool read_string(struct text *t, uvaddr_t at, char *buf, size_t size)
{
	size_t n = 0;

	while (n < size - 1) {
		size_t part = min_u64(size - 1 - n, 16 - (at + n) % 16);
		size_t i;

		if (!read_shown(t, at + n, buf + n, part)) {
			/* The last bytes before the end of what can be read. */
			for (i = 0; i < part && read_shown(t, at + n, buf + n, 1); i++)
				if (!buf[n++])
					return true;
			buf[n] = 0;
			return n > 0;
		}
		if (memchr(buf + n, 0, part))
			return true;
		n += part;
	}
	buf[n] = 0;
	return true;
}

/* One conversion of the format. */
struct spec {
	char flags[8];
	int width, precision; /* -1: none */
	char conv;
	size_t len; /* of the text */
};

static bool next_elem(struct text *t, struct registered_elem *ret)
{
	return !registered_elem(t->plan->p, t->r, t->next++, ret, NULL);
}

/* A number, or the value of a '*'. */
static int take_number(struct text *t, const char **s)
{
	struct registered_elem e;
	uint8_t b[4];
	int v = 0;

	if (**s == '*') {
		++*s;
		if (!next_elem(t, &e) || !read_shown(t, e.addr, b, sizeof(b)))
			return -1;
		v = (int32_t)get_u32(b);
	} else {
		for (; isdigit((unsigned char)**s); ++*s)
			v = v < WIDTH_MAX ? v * 10 + (**s - '0') : WIDTH_MAX;
	}
	return v < 0 ? -1 : v > WIDTH_MAX ? WIDTH_MAX : v;
}

static struct spec take_spec(struct text *t, const char *at)
{
	struct spec sp = { .width = -1, .precision = -1 };
	const char *s = at + 1;
	size_t n = 0;

	for (; *s && strchr("-+ #0'I", *s); s++)
		if (n < sizeof(sp.flags) - 1 && *s != '\'' && *s != 'I' && !strchr(sp.flags, *s))
			sp.flags[n++] = *s;
	if (*s == '*' || isdigit((unsigned char)*s))
		sp.width = take_number(t, &s);
	if (*s == '.') {
		s++;
		sp.precision = take_number(t, &s);
	}
	/* The recorded type tells the size. */
	while (*s && strchr("hlLqjzZt", *s))
		s++;
	sp.conv = *s;
	sp.len = (size_t)(s - at) + (*s != 0);
	return sp;
}

/* "%-08.3lld" of the parts. */
static void make_format(const struct spec *sp, const char *length, char conv, char ret[48])
{
	char width[12] = "", precision[12] = "";

	if (sp->width >= 0)
		snprintf(width, sizeof(width), "%d", sp->width);
	if (sp->precision >= 0)
		snprintf(precision, sizeof(precision), ".%d", sp->precision);
	snprintf(ret, 48, "%%%s%s%s%s%c", sp->flags, width, precision, length, conv);
}

static size_t type_size(int32_t type)
{
	switch (type & ~FLAG_MASK) {
	case TYPE_INT:
		return type & (FLAG_LONG | FLAG_LONG_LONG) ? 8 : type & FLAG_SHORT ? 2 : 4;
	case TYPE_CHAR:
		return 1;
	case TYPE_POINTER:
		return 8;
	case TYPE_FLOAT:
		return 4;
	case TYPE_DOUBLE:
		return type & FLAG_LONG_LONG ? 16 : 8;
	default:
		return 0;
	}
}

/* x87 extended precision, on any host. */
static long double get_extended(const uint8_t b[16])
{
	uint64_t mantissa = get_u64(b);
	int exponent = get_u16(b + 8) & 0x7fff;
	long double v;

	if (exponent == 0x7fff)
		v = mantissa << 1 ? (long double)NAN : (long double)INFINITY;
	else
		v = ldexpl((long double)mantissa, (exponent ? exponent : 1) - 16383 - 63);
	return get_u16(b + 8) & 0x8000 ? -v : v;
}

static long double get_float(int32_t type, const uint8_t *b)
{
	uint32_t w = get_u32(b);
	uint64_t q = get_u64(b);
	float f;
	double d;

	if (type_size(type) == 16)
		return get_extended(b);
	memcpy(&f, &w, sizeof(f));
	memcpy(&d, &q, sizeof(d));
	return type_size(type) == 4 ? (long double)f : (long double)d;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* Return: the length that the text would have; -1 for a conversion that does not go with the type. */
static int print_value(const struct spec *sp, int32_t type, const uint8_t *b, char *buf, size_t size)
{
	size_t bytes = type_size(type);
	uint64_t v = get_uint(b, bytes <= 8 ? bytes : 8);
	char fmt[48];

	switch (sp->conv) {
	case 'd':
	case 'i':
		if (bytes < 8 && v >> (8 * bytes - 1) & 1)
			v |= UINT64_MAX << 8 * bytes;
		make_format(sp, "ll", 'd', fmt);
		return snprintf(buf, size, fmt, (long long)v);
	case 'u':
	case 'o':
	case 'x':
	case 'X':
		make_format(sp, "ll", sp->conv, fmt);
		return snprintf(buf, size, fmt, (unsigned long long)v);
	case 'c':
		make_format(sp, "", 'c', fmt);
		return snprintf(buf, size, fmt, (int)(v & 0xff));
	case 'p':
		return snprintf(buf, size, "0x%" PRIx64, v);
	default:
		if (!sp->conv || !strchr("aAeEfFgG", sp->conv) || (type & ~FLAG_MASK) < TYPE_FLOAT)
			return -1;
		make_format(sp, "L", sp->conv, fmt);
		return snprintf(buf, size, fmt, get_float(type, b));
	}
}

static void put_string(struct text *t, const struct spec *sp, uvaddr_t at)
{
	char s[STRING_MAX + 1], buf[STRING_MAX + 1], fmt[48];

	if (!read_string(t, at, s, sp->precision >= 0 ? (size_t)sp->precision + 1 : sizeof(s))) {
		put(t, "<unavailable>", 13);
		return;
	}
	make_format(sp, "", 's', fmt);
	snprintf(buf, sizeof(buf), fmt, s);
	put(t, buf, strlen(buf));
}

#pragma GCC diagnostic pop

static void put_conversion(struct text *t, const char *at, const struct spec *sp)
{
	struct registered_elem e;
	uint8_t b[16] = { 0 };
	char buf[6144];
	int n;

	if (sp->conv == '%' || sp->conv == 'm' || !sp->conv) {
		/* %m has no value that was recorded. */
		put(t, sp->conv == '%' ? "%" : at, sp->conv == '%' ? 1 : sp->len);
		return;
	}
	if (!next_elem(t, &e)) {
		put(t, at, sp->len);
		return;
	}
	if (e.type == TYPE_STRING && sp->conv == 's') {
		put_string(t, sp, e.addr);
		return;
	}
	if (!type_size(e.type) || e.type & ~(FLAG_MASK | 0xff)) {
		put(t, at, sp->len);
		return;
	}
	if (!read_shown(t, e.addr, b, type_size(e.type))) {
		put(t, "<unavailable>", 13);
		return;
	}
	n = print_value(sp, e.type, b, buf, sizeof(buf));
	if (n < 0)
		put(t, at, sp->len);
	else
		put(t, buf, min_u64((uint64_t)n, sizeof(buf) - 1));
}

int mcd_text_write(const struct plan *plan, const struct registered_region *r,
		   const struct out *out, struct err *err)
{
	struct text t = { .plan = plan, .r = r, .out = out, .err = err, .left = MCD_TEXT_MAX };
	char fmt[FORMAT_MAX + 1];
	const char *s = fmt;

	if (!read_string(&t, r->fmt, fmt, sizeof(fmt))) {
		put(&t, "<unavailable>\n", 14);
		return t.rc;
	}
	while (*s && !t.rc) {
		size_t n = strcspn(s, "%");

		put(&t, s, n);
		s += n;
		if (*s) {
			struct spec sp = take_spec(&t, s);

			put_conversion(&t, s, &sp);
			s += sp.len;
		}
	}
	return t.rc;
}
