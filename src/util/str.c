/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/str.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/types.h"
#include "util/utf8.h"

void str_make_printable(char *s)
{
	uint32_t c;
	size_t n;

	while (*s) {
		/* No sequence has more than 4 bytes, and the NUL ends one that is cut. */
		n = utf8_decode((unsigned char *)s, 4, &c);
		if (!n || utf8_is_obeyed(c)) {
			*s = '?';
			n = 1;
		}
		s += n;
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
