/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/str.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/types.h"

/* Length of the valid UTF-8 sequence at @s that is no control character, 0 if there is none. */
static size_t printable_len(const unsigned char *s)
{
	size_t n, i;
	uint32_t c;

	if (s[0] >= 0x20 && s[0] < 0x7f)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2, c = s[0] & 0x1f;
	else if ((s[0] & 0xf0) == 0xe0)
		n = 3, c = s[0] & 0x0f;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4, c = s[0] & 0x07;
	else
		return 0;
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if ((n == 2 && c < 0xa0) || (n == 3 && c < 0x800) || (n == 4 && c < 0x10000) ||
	    c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || c == 0x2028 || c == 0x2029 ||
	    (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
		return 0;
	return n;
}

void str_make_printable(char *s)
{
	size_t n;

	while (*s) {
		n = printable_len((unsigned char *)s);
		if (!n)
			*s = '?';
		s += n ? n : 1;
	}
}

void str_file_name(char *dst, size_t size, const char *src)
{
	static const char ok[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-";
	size_t i;

	for (i = 0; i + 1 < size && src[i]; i++)
		dst[i] = (char)(strchr(ok, src[i]) && !(i == 0 && src[i] == '.') ? src[i] : '_');
	if (!i && size > 1)
		dst[i++] = '_';
	if (size)
		dst[i] = 0;
}

/* No sign and no blank, which strtoull() takes: @s begins with a digit. */
static bool parse_whole(const char *s, int base, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(s, &end, base);
	return !errno && end != s && !*end;
}

bool str_parse_u64(const char *s, uint64_t *ret)
{
	return *s >= '0' && *s <= '9' && parse_whole(s, s[0] == '0' && (s[1] | 0x20) == 'x' ? 16 : 10, ret);
}

bool str_parse_hex(const char *s, uint64_t *ret)
{
	return isxdigit((unsigned char)*s) && parse_whole(s, 16, ret);
}

static bool parse_unit(const char *s, uint64_t *ret, const char **unit)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*ret = strtoull(s, &end, 10);
	*unit = end;
	return !errno;
}

bool str_parse_size(const char *s, uint64_t *ret)
{
	static const char suffixes[] = "KMGT";
	const char *unit, *at;
	unsigned int shift;

	if (!parse_unit(s, ret, &unit))
		return false;
	if (!*unit)
		return true;
	at = strchr(suffixes, *unit & ~0x20);
	if (!at || !*at)
		return false;
	if (unit[1] && strcmp(unit + 1, "iB") && strcmp(unit + 1, "B"))
		return false;
	shift = 10 * (unsigned int)(at - suffixes + 1);
	if (*ret > UINT64_MAX >> shift)
		return false;
	*ret <<= shift;
	return true;
}

bool str_parse_seconds(const char *s, uint64_t *ret)
{
	const char *unit;
	uint64_t mul;

	if (!parse_unit(s, ret, &unit))
		return false;
	switch (*unit) {
	case 0:
		return true;
	case 's':
		mul = 1;
		break;
	case 'm':
		mul = 60;
		break;
	case 'h':
		mul = 3600;
		break;
	case 'd':
		mul = 86400;
		break;
	default:
		return false;
	}
	if (unit[1] || *ret > UINT64_MAX / mul)
		return false;
	*ret *= mul;
	return true;
}

char *str_human_size(char *buf, size_t size, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double)bytes;
	size_t i = 0;

	while (v >= 1023.95 && i + 1 < ARRAY_SIZE(units)) {
		v /= 1024;
		i++;
	}
	snprintf(buf, size, i ? "%.1f %s" : "%.0f %s", v, units[i]);
	return buf;
}
