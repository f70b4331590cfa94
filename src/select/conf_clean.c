/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Comments out, ${X} protected. What begins a comment or a text here does so for libconfuse 3.3
 * too (src/lexer.l there): "#" outside quotes; "//" and slash-star where a word could begin, not
 * inside one, so that ssh://host is a word.
 */
#include "select/conf_impl.h"

#include <string.h>

struct cleaner {
	const char *at, *end;
	char *to;
	unsigned int line;
};

static void blank_one(struct cleaner *c)
{
	*c->to++ = *c->at == '\n' ? '\n' : CONF_BLANK;
	c->line += *c->at == '\n';
	c->at++;
}

static bool looks_at(const struct cleaner *c, const char *what)
{
	size_t size = strlen(what);

	return (size_t)(c->end - c->at) >= size && !memcmp(c->at, what, size);
}

static void line_comment(struct cleaner *c)
{
	while (c->at < c->end && *c->at != '\n')
		blank_one(c);
}

static void block_comment(struct cleaner *c, struct conf_place *place)
{
	unsigned int line = c->line;

	blank_one(c);
	blank_one(c);
	while (c->at < c->end && !looks_at(c, "*/"))
		blank_one(c);
	if (c->at == c->end) {
		conf_complain(place, line, NULL, "the comment that begins here is not closed");
		return;
	}
	blank_one(c);
	blank_one(c);
}

/* A text in quotes ends on its line, else conf_syntax.c refuses it. */
static void quoted(struct cleaner *c)
{
	char quote = *c->at;

	*c->to++ = *c->at++;
	while (c->at < c->end && *c->at != '\n') {
		char byte = *c->at;

		if (quote == '"' && looks_at(c, "${"))
			*c->to++ = '\\';
		*c->to++ = *c->at++;
		if (byte == quote)
			return;
		if (byte == '\\' && c->at < c->end && *c->at != '\n')
			*c->to++ = *c->at++;
	}
}

/* A word, or one byte that ends words; a NUL counts among them. */
static void word(struct cleaner *c)
{
	static const char ends[] = " \t\r\n\"'{}=(),+#";
	bool one = strchr(ends, *c->at);

	do {
		*c->to++ = *c->at++;
	} while (!one && c->at < c->end && !strchr(ends, *c->at));
}

static size_t count_dollars(const char *text, size_t size)
{
	size_t i, n = 0;

	for (i = 0; i < size; i++)
		n += text[i] == '$';
	return n;
}

int conf_clean(const char *text, size_t size, struct conf_place *place, struct conf_buf *ret,
	       struct err *err)
{
	struct cleaner c = { .at = text, .end = text + size, .line = 1 };

	ret->cap = size + count_dollars(text, size) + CONF_MAX_SECTIONS + 1;
	ret->s = malloc(ret->cap);
	if (!ret->s)
		return err_nomem(err);
	c.to = ret->s;
	/* A byte order mark, as some editors write it. */
	if (looks_at(&c, "\xef\xbb\xbf"))
		c.at += 3;
	while (c.at < c.end) {
		if (*c.at == '#' || looks_at(&c, "//"))
			line_comment(&c);
		else if (looks_at(&c, "/*"))
			block_comment(&c, place);
		else if (*c.at == '"' || *c.at == '\'')
			quoted(&c);
		else if (*c.at && strchr(" \t\r\n", *c.at))
			blank_one(&c);
		else
			word(&c);
	}
	ret->size = (size_t)(c.to - ret->s);
	return 0;
}
