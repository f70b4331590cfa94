/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings from a dump are untrusted: what a terminal, a path or a JSON reader would obey is made harmless. */
#ifndef VMSIFT_UTIL_STR_H
#define VMSIFT_UTIL_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Replace by '?' every byte that is not part of valid UTF-8 text, and what a terminal obeys (utf8_is_obeyed()): its
 * first byte, and the others then, which are no text without it.
 */
void str_make_printable(char *s);

/**
 * str_file_name() - a string as a part of a file name
 * @dst:  at least @size bytes; always terminated
 * @src:  any bytes up to its NUL
 *
 * Bytes outside [A-Za-z0-9._+-] and a leading dot become '_'; an empty string becomes "_".
 */
void str_file_name(char *dst, size_t size, const char *src);

/* A size such as 64K, 2G, 100: bytes, or false. Suffixes K M G T (and KiB etc.) are powers of 1024. */
bool str_parse_size(const char *s, uint64_t *ret);

/* Seconds with an optional suffix s m h d. */
bool str_parse_seconds(const char *s, uint64_t *ret);

/* A decimal (or 0x hexadecimal) number that fills the whole string. */
bool str_parse_u64(const char *s, uint64_t *ret);

/* The same, hexadecimal with or without 0x. */
bool str_parse_hex(const char *s, uint64_t *ret);

/* "912.3 MiB": for people. @buf holds at least 16 bytes. Return: @buf. */
char *str_human_size(char *buf, size_t size, uint64_t bytes);

#endif
