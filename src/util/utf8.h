/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8 in bytes that nobody vouches for. */
#ifndef VMSIFT_UTIL_UTF8_H
#define VMSIFT_UTIL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * utf8_decode() - the sequence at the head of some bytes (RFC 3629: no surrogates, shortest form)
 * @size: of @s, at least 1; more than there is does no harm where a NUL ends @s
 * @ret:  its code point
 *
 * Return: its length; 0 if it is not valid.
 */
size_t utf8_decode(const unsigned char *s, size_t size, uint32_t *ret);

/*
 * Whether a terminal or a line-by-line reader obeys a character: controls, DEL and C1 controls, line and paragraph
 * separators, and what turns the direction of writing (Unicode's Bidi_Control). All are below U+10000.
 */
bool utf8_is_obeyed(uint32_t c);

#endif
