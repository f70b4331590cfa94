/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a mis-spelt word may have meant. */
#include "select/conf_impl.h"

#include <string.h>

/* Longer words are no key with a slip in it. */
#define WORD_MAX 24

/* Letters to insert, take out, change or swap with the next, at least, to make one word of the other. */
static unsigned int distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned int rows[3][WORD_MAX + 1];
	size_t i, j;

	for (j = 0; j <= nb; j++)
		rows[0][j] = (unsigned int)j;
	for (i = 1; i <= na; i++) {
		unsigned int *row = rows[i % 3], *up = rows[(i + 2) % 3], *upper = rows[(i + 1) % 3];

		row[0] = (unsigned int)i;
		for (j = 1; j <= nb; j++) {
			unsigned int d = up[j - 1] + (a[i - 1] != b[j - 1]);

			d = d < up[j] + 1 ? d : up[j] + 1;
			d = d < row[j - 1] + 1 ? d : row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    upper[j - 2] + 1 < d)
				d = upper[j - 2] + 1;
			row[j] = d;
		}
	}
	return rows[na % 3][nb];
}

bool conf_is_near(const char *word, size_t size, const char *key)
{
	size_t n = strlen(key);

	return size <= WORD_MAX && n <= WORD_MAX && distance(word, size, key, n) <= (n + 1) / 3;
}

const struct conf_key *conf_key_near(enum conf_section section, const char *word, size_t size)
{
	const struct conf_key *key, *best = NULL;
	unsigned int d, least = WORD_MAX;

	for (key = conf_keys; key < conf_keys + conf_nr_keys; key++) {
		if (key->section != section || !conf_is_near(word, size, key->name))
			continue;
		d = distance(word, size, key->name, strlen(key->name));
		if (d < least) {
			least = d;
			best = key;
		}
	}
	return best;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool conf_has_word_near(const char *text, size_t size, const char *key)
{
	size_t at = 0, n;

	for (; at < size; at += n) {
		for (n = 0; at + n < size && is_letter(text[at + n]);)
			n++;
		if (n && conf_is_near(text + at, n, key))
			return true;
		n += !n;
	}
	return false;
}

bool conf_may_exclude(enum conf_section section, const char *word, size_t size)
{
	const struct conf_key *meant = conf_key_near(CONF_PROCESS, word, size);
	int i;

	if (meant || section != CONF_PROCESS)
		return meant && meant->type == CONF_EXCLUDES;
	for (i = 0; i < CONF_NR_SECTIONS; i++)
		if (conf_key_find((enum conf_section)i, word, size))
			return false;
	return true;
}

bool conf_has_exclusion(const char *text, size_t size)
{
	static const char *const signs[] = { "exclude", "symbol=", "mapping=", "range=" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signs); i++)
		if (memmem(text, size, signs[i], strlen(signs[i])))
			return true;
	return conf_has_word_near(text, size, "exclude");
}
