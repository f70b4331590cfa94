/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A JSON text (RFC 8259), written as it comes: nothing is kept but the way up to the root. Errors
 * stick: after the first, calls do nothing, and json_finish() reports it. So callers write
 *
 *	struct json j;
 *
 *	json_init(&j, &out);
 *	json_object(&j, NULL);
 *	json_u64(&j, "pid", 4711);
 *	json_array(&j, "threads");
 *	json_str(&j, NULL, "worker");
 *	json_end(&j);
 *	json_end(&j);
 *	rc = json_finish(&j, err);
 *
 * Keys are given inside an object and NULL elsewhere. A writer that is used wrongly (a key missing
 * or too many, an end without a begin, a second root) reports ERR_INVALID.
 */
#ifndef VMSIFT_UTIL_JSON_H
#define VMSIFT_UTIL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/err.h"
#include "util/out.h"

/* Nothing vmsift writes is deeper than half of this. */
#define JSON_DEPTH_MAX 16

/* Owned by the caller; needs no freeing. */
struct json {
	struct out out;
	int rc; /* of the first failure */
	struct err err;
	unsigned int depth;		 /* containers that are open */
	bool array[JSON_DEPTH_MAX];	 /* by depth: array, else object */
	bool filled[JSON_DEPTH_MAX + 1]; /* by depth: something was written there */
	size_t used;
	char buf[1024]; /* gathered, so that @out gets no single characters */
};

/* Bytes go to @out, which is copied; its .ctx outlives the writer. */
void json_init(struct json *j, const struct out *out);

void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
void json_end(struct json *j); /* of the innermost object or array */

/**
 * json_str() - a string of any bytes, up to its NUL; NULL becomes null
 *
 * Valid UTF-8 stays as it is, but for what JSON or a terminal would obey, which becomes \uXXXX:
 * control characters (C0, DEL, C1), line and paragraph separators, and the marks that change the
 * direction of text. Every byte that is not part of valid UTF-8 becomes U+FFFD, one each: such
 * bytes cannot be told in JSON, and a character that was not there must not be shown in their
 * place. Keys likewise.
 */
void json_str(struct json *j, const char *key, const char *s);

/* The same for @size bytes, NULs among them. */
void json_strn(struct json *j, const char *key, const char *s, size_t size);

/*
 * Numbers are exact at any size; readers that keep numbers as doubles lose precision from 2^53 on,
 * so that addresses go by json_hex(), as a string "0xffff888104ac2000".
 */
void json_u64(struct json *j, const char *key, uint64_t v);
void json_i64(struct json *j, const char *key, int64_t v);
void json_hex(struct json *j, const char *key, uint64_t v);
void json_bool(struct json *j, const char *key, bool v);
void json_null(struct json *j, const char *key);

/**
 * json_finish() - end the text with a newline and hand on what is gathered
 *
 * Return: 0; the first failure of @out; ERR_INVALID if the writer was used wrongly or containers
 * are still open, in which case what came out is no JSON.
 */
int json_finish(struct json *j, struct err *err);

#endif
