/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codec/lzo_rle.h"

#include <stdbool.h>
#include <string.h>

#include "util/bytes.h"

#define VERSION_MARK	17u /* first byte: a byte with the version follows */
#define VERSIONED_MIN	5u  /* the shortest stream that has one */
#define ZERO_RUN_MIN	4u
#define FAR_DISTANCE	16384u /* what the two longest codes add; alone it is the end mark */

/* What the last instruction copied from the stream: 0 to 3 bytes, or more. Codes below 16 depend on it. */
#define MANY_LITERALS 4u

struct lzo {
	const uint8_t *in;
	size_t in_size, ip;
	uint8_t *out;
	size_t out_size, op;
	unsigned int state;
	unsigned int version;
	struct err *err;
};

static int corrupt(struct lzo *z, const char *what)
{
	return err_set(z->err, ERR_CORRUPT, "lzo: %s at byte %zu", what, z->ip);
}

static bool has(const struct lzo *z, size_t n)
{
	return z->in_size - z->ip >= n;
}

/* A length that its code has no room for: 255 for each zero byte, then the byte that ends it. */
static int long_length(struct lzo *z, size_t *len)
{
	for (; has(z, 1) && !z->in[z->ip]; z->ip++)
		*len += 255;
	if (!has(z, 1))
		return corrupt(z, "the stream ends within a length");
	*len += z->in[z->ip++];
	return 0;
}

static int copy_literals(struct lzo *z, size_t n)
{
	if (!has(z, n))
		return corrupt(z, "the stream ends within literals");
	if (z->out_size - z->op < n)
		return corrupt(z, "more than a page");
	memcpy(z->out + z->op, z->in + z->ip, n);
	z->ip += n;
	z->op += n;
	return 0;
}

static int copy_match(struct lzo *z, size_t distance, size_t len)
{
	size_t i;

	if (distance > z->op)
		return corrupt(z, "a match before the beginning");
	if (z->out_size - z->op < len)
		return corrupt(z, "more than a page");
	/* It may overlap what it makes: byte by byte, forward. */
	for (i = 0; i < len; i++, z->op++)
		z->out[z->op] = z->out[z->op - distance];
	return 0;
}

/* What ends most instructions: a match, then 0 to 3 literals. */
static int match_and_literals(struct lzo *z, size_t distance, size_t len, unsigned int nr_literals)
{
	int rc = copy_match(z, distance, len);

	z->state = nr_literals;
	return rc ? rc : copy_literals(z, nr_literals);
}

/* Codes 0 to 15: literals, or a short match where literals have just been. */
static int low_code(struct lzo *z, unsigned int code)
{
	size_t len = 3 + code, distance;
	int rc = 0;

	if (!z->state) {
		if (!code) {
			len = 18;
			rc = long_length(z, &len);
		}
		z->state = MANY_LITERALS;
		return rc ? rc : copy_literals(z, len);
	}
	if (!has(z, 1))
		return corrupt(z, "the stream ends within a match");
	distance = ((size_t)z->in[z->ip++] << 2) + (code >> 2) + 1;
	if (z->state == MANY_LITERALS)
		return match_and_literals(z, distance + 2048, 3, code & 3);
	return match_and_literals(z, distance, 2, code & 3);
}

static int zero_run(struct lzo *z, unsigned int code, unsigned int operand)
{
	size_t len = ((size_t)z->in[z->ip + 2] << 3 | (code & 7)) + ZERO_RUN_MIN;

	z->ip += 3;
	if (z->out_size - z->op < len)
		return corrupt(z, "more than a page");
	memset(z->out + z->op, 0, len);
	z->op += len;
	z->state = operand & 3;
	return copy_literals(z, z->state);
}

/* Codes 16 to 31: a far match, a run of zeros, or the end. */
static int far_code(struct lzo *z, unsigned int code, bool *end)
{
	size_t len = 2 + (code & 7), distance;
	unsigned int operand;
	int rc = 0;

	if (z->version && (code & 0xf8) == 0x18 && has(z, 3)) {
		operand = get_u16(z->in + z->ip);
		if ((operand & 0xfffc) == 0xfffc)
			return zero_run(z, code, operand);
	}
	if (!(code & 7)) {
		len = 9;
		rc = long_length(z, &len);
	}
	if (rc)
		return rc;
	if (!has(z, 2))
		return corrupt(z, "the stream ends within a match");
	operand = get_u16(z->in + z->ip);
	z->ip += 2;
	distance = FAR_DISTANCE + ((size_t)(code & 8) << 11) + (operand >> 2);
	if (distance == FAR_DISTANCE) {
		*end = true;
		return len == 3 ? 0 : corrupt(z, "a damaged end mark");
	}
	return match_and_literals(z, distance, len, operand & 3);
}

/* Codes 32 to 63: a match within 16 KiB. */
static int near_code(struct lzo *z, unsigned int code)
{
	size_t len = 2 + (code & 31);
	unsigned int operand;
	int rc = 0;

	if (!(code & 31)) {
		len = 33;
		rc = long_length(z, &len);
	}
	if (rc)
		return rc;
	if (!has(z, 2))
		return corrupt(z, "the stream ends within a match");
	operand = get_u16(z->in + z->ip);
	z->ip += 2;
	return match_and_literals(z, (operand >> 2) + 1, len, operand & 3);
}

/* Codes from 64 on: a match of 3 to 8 bytes within 2 KiB. */
static int short_code(struct lzo *z, unsigned int code)
{
	size_t len = code < 128 ? 3 + (code >> 5 & 1) : 5 + (code >> 5 & 3);

	if (!has(z, 1))
		return corrupt(z, "the stream ends within a match");
	return match_and_literals(z, ((size_t)z->in[z->ip++] << 3) + (code >> 2 & 7) + 1, len,
				  code & 3);
}

static int begin(struct lzo *z)
{
	unsigned int n;

	if (z->in_size >= VERSIONED_MIN && z->in[0] == VERSION_MARK) {
		z->version = z->in[1];
		z->ip = 2;
	}
	if (z->version > 1)
		return err_set(z->err, ERR_UNSUPPORTED, "lzo: stream version %u", z->version);
	if (!has(z, 1) || z->in[z->ip] <= VERSION_MARK)
		return 0;
	n = z->in[z->ip++] - VERSION_MARK;
	z->state = n < MANY_LITERALS ? n : MANY_LITERALS;
	return copy_literals(z, n);
}

int lzo_rle_decode(const void *in, size_t in_size, void *out, size_t out_size, struct err *err)
{
	struct lzo z = { .in = in, .in_size = in_size, .out = out, .out_size = out_size, .err = err };
	bool end = false;
	int rc = begin(&z);

	while (!rc && !end) {
		unsigned int code;

		if (!has(&z, 1))
			return corrupt(&z, "the stream has no end mark");
		code = z.in[z.ip++];
		rc = code < 16 ? low_code(&z, code) :
		     code < 32 ? far_code(&z, code, &end) :
		     code < 64 ? near_code(&z, code) :
				 short_code(&z, code);
	}
	if (rc)
		return rc;
	if (z.ip != z.in_size)
		return corrupt(&z, "bytes after the end mark");
	return z.op == z.out_size ? 0 : corrupt(&z, "less than a page");
}
