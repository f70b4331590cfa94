/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pattern, NUL, string. Against a matcher that tries everything, for patterns of literals, '*', '?'
 * and escapes; with sets, only that it comes back and stays within its strings.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/glob.h"

static bool try_all(const char *p, const char *s)
{
	if (!*p)
		return !*s;
	if (*p == '*')
		return try_all(p + 1, s) || (*s && try_all(p, s + 1));
	if (!*s)
		return false;
	if (*p == '\\' && p[1])
		return p[1] == *s && try_all(p + 2, s + 1);
	return (*p == '?' || *p == *s) && try_all(p + 1, s + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t n = nul ? (size_t)(nul - data) : size;
	char *p = strndup((const char *)data, n);
	char *s = strndup(nul ? (const char *)nul + 1 : "", nul ? size - n - 1 : 0);
	bool matches = glob_match(p, s);

	/* Small enough to try everything. */
	if (strlen(p) <= 12 && strlen(s) <= 12 && !strchr(p, '[') && matches != try_all(p, s))
		abort();
	/* Without a wildcard a pattern matches one string: itself, less its backslashes. */
	if (!glob_has_wildcard(p) && !strchr(p, '\\') && matches != !strcmp(p, s))
		abort();
	free(p);
	free(s);
	return 0;
}
