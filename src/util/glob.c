/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/glob.h"

#include <stddef.h>

/* One byte inside a set, with its backslash; NULL past the end of the pattern. */
static const char *set_byte(const char *p, unsigned char *ret)
{
	if (*p == '\\')
		p++;
	if (!*p)
		return NULL;
	*ret = (unsigned char)*p;
	return p + 1;
}

/* @p is behind '['. Return: behind the closing ']', or NULL if there is none. */
static const char *match_set(const char *p, unsigned char c, bool *ret)
{
	bool negate = *p == '!' || *p == '^', in = false;
	unsigned char first, last;
	const char *start;

	if (negate)
		p++;
	for (start = p; *p != ']' || p == start;) {
		p = set_byte(p, &first);
		if (!p)
			return NULL;
		last = first;
		if (p[0] == '-' && p[1] && p[1] != ']') {
			p = set_byte(p + 1, &last);
			if (!p)
				return NULL;
		}
		in |= c >= first && c <= last;
	}
	*ret = in != negate;
	return p + 1;
}

/*
 * The first '[' that opens no set, or the end of the pattern. Found once, so that looking for a ']'
 * that is not there does not make matching slow.
 */
static const char *first_plain_bracket(const char *p)
{
	const char *end;
	bool in;

	while (*p) {
		if (*p == '[') {
			end = match_set(p + 1, 0, &in);
			if (!end)
				break;
			p = end;
		} else {
			p += *p == '\\' && p[1] ? 2 : 1;
		}
	}
	return p;
}

/*
 * One element of the pattern other than '*' against @c; from @plain on a '[' is a byte.
 * Return: behind the element; NULL: no match.
 */
static const char *match_one(const char *p, const char *plain, unsigned char c)
{
	const char *end;
	bool in;

	switch (*p) {
	case 0:
		return NULL;
	case '?':
		return p + 1;
	case '[':
		if (p >= plain)
			break;
		end = match_set(p + 1, c, &in);
		return end && in ? end : NULL;
	case '\\':
		if (p[1])
			p++;
		break;
	default:
		break;
	}
	return (unsigned char)*p == c ? p + 1 : NULL;
}

bool glob_match(const char *pattern, const char *s)
{
	const char *p = pattern, *plain = first_plain_bracket(pattern);
	const char *star = NULL, *retry = NULL, *next;

	/* Only the last star needs another try: what earlier ones took can stay as it is. */
	while (*s) {
		if (*p == '*') {
			star = ++p;
			retry = s;
			continue;
		}
		next = match_one(p, plain, (unsigned char)*s);
		if (next) {
			p = next;
			s++;
		} else if (star) {
			p = star;
			s = ++retry;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return !*p;
}

bool glob_has_wildcard(const char *pattern)
{
	const char *p, *plain = first_plain_bracket(pattern);

	for (p = pattern; *p; p++) {
		if (*p == '*' || *p == '?' || (*p == '[' && p < plain))
			return true;
		if (*p == '\\' && p[1])
			p++;
	}
	return false;
}
