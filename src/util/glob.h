/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Globs over whole strings, for the values of selection terms. A '/' is a byte like any other: the
 * star in exe=*d matches across directories.
 */
#ifndef VMSIFT_UTIL_GLOB_H
#define VMSIFT_UTIL_GLOB_H

#include <stdbool.h>

/**
 * glob_match() - whether the whole of @s matches @pattern
 *
 *	*	any bytes, or none
 *	?	one byte
 *	[a-z]	one byte of the set; ranges by byte value, a backwards range is empty
 *	[!a-z]	one byte that is not of the set; [^a-z] too
 *	\x	the byte x itself, inside a set too
 *
 * ']' directly after '[' or '[!' is of the set, '-' at either end of the set stands for itself.
 * These stand for themselves: a '[' that is never closed, any '[' after that, and a backslash at
 * the very end. There are no classes ([:alpha:]) and no locales: bytes are compared.
 *
 * The time is bounded by the product of the lengths, whatever the pattern; nothing is allocated.
 */
bool glob_match(const char *pattern, const char *s);

/* Whether @pattern has a '*', '?' or '[' that is not escaped: without, it names one string only. */
bool glob_has_wildcard(const char *pattern);

#endif
