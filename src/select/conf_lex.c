/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tokens of a cleaned configuration. Stricter than libconfuse 3.3 (src/lexer.l there) where
 * that drops bytes in silence: "*" and other odd bytes outside quotes, "\*" in quotes, text after
 * "\0".
 */
#include "select/conf_impl.h"

#include <ctype.h>
#include <string.h>

/* Bytes that may stand outside quotes. The rest has, or may get, a meaning of its own. */
static bool is_word_byte(unsigned char c)
{
	return isascii(c) && (isalnum(c) || (c && strchr("_-.:/@%~", c)));
}

static bool ends_word(unsigned char c)
{
	return c && strchr(" \t\r\n\"'{}=(),+", c);
}

/**
 * escape_size() - the length of what follows a backslash in double quotes
 *
 * Return: 0 and @why if libconfuse would refuse or alter it.
 */
static size_t escape_size(const char *s, size_t size, const char **why)
{
	size_t n = 0;
	unsigned int value = 0;

	if (s[0] == 'x') {
		while (n < 2 && n + 1 < size && isxdigit((unsigned char)s[n + 1]))
			value |= (unsigned int)(s[++n] != '0');
		*why = !n ? "\\x without hexadecimal digits" : "a text cannot hold a NUL byte";
		return n && value ? n + 1 : 0;
	}
	if (isdigit((unsigned char)s[0])) {
		for (; n < size && isdigit((unsigned char)s[n]); n++) {
			value = n < 3 && s[n] < '8' ? value * 8 + (unsigned int)(s[n] - '0') : 256;
			if (value > 255)
				break;
		}
		*why = value ? "a bad octal number after a backslash"
			     : "a text cannot hold a NUL byte";
		return value && value <= 255 ? n : 0;
	}
	*why = "an unknown escape; a backslash itself is written \\\\";
	return s[0] && strchr("\\\"'$nrtbfave", s[0]) ? 1 : 0;
}

/* One byte of a text, as it is written: its size there. @why: the first thing that is wrong. */
static size_t string_step(const char *s, size_t size, char quote, const char **why)
{
	const char *here = NULL;
	size_t step = 1;

	if (*s == '\\' && (size == 1 || s[1] == '\n'))
		return 1; /* not closed, see string_size() */
	if (*s == '\\' && quote == '"') {
		step = escape_size(s + 1, size - 1, &here) + 1;
		if (step > 1)
			here = NULL;
		else
			step = 2;
	} else if (*s == '\\' && (s[1] == '\\' || s[1] == '\'')) {
		step = 2;
	} else if (!*s) {
		here = "a text cannot hold a NUL byte";
	} else if (iscntrl((unsigned char)*s) && *s != '\t') {
		here = "a control character in a text; it is written as an escape";
	}
	if (!*why)
		*why = here;
	return step;
}

/* The size of the text in quotes at @s, quotes included; of one that is not closed, of its line. */
static size_t string_size(const char *s, size_t size, const char **why)
{
	size_t n, bytes; /* decoded */

	*why = NULL;
	for (n = 1, bytes = 0; n < size && s[n] != s[0] && s[n] != '\n'; bytes++)
		n += string_step(s + n, size - n, *s, why);
	if (n >= size || s[n] == '\n') {
		*why = "a text whose closing quote is not on the same line";
		return n < size ? n : size;
	}
	if (!*why && bytes > CONF_MAX_TEXT)
		*why = "a text of more than 4095 bytes";
	return n + 1;
}

static size_t word_size(const char *s, size_t size, const char **why)
{
	size_t n;

	*why = NULL;
	for (n = 0; n < size && !ends_word((unsigned char)s[n]); n++) {
		if (!is_word_byte((unsigned char)s[n]))
			*why = "it must stand in quotes";
	}
	if (n > CONF_MAX_TEXT)
		*why = "a text of more than 4095 bytes";
	return n;
}

static void lex_byte(const char *s, size_t size, struct conf_token *t)
{
	t->end = t->start + 1;
	switch (*s) {
	case '{':
		t->type = TOKEN_OPEN;
		break;
	case '}':
		t->type = TOKEN_CLOSE;
		break;
	case '=':
		t->type = TOKEN_EQUALS;
		break;
	case ',':
		t->type = TOKEN_COMMA;
		break;
	case '+':
		if (size > 1 && s[1] == '=') {
			t->type = TOKEN_APPEND;
			t->end++;
			break;
		}
		/* fall through */
	default:
		t->type = TOKEN_BAD;
		t->why = "it must stand in quotes";
	}
}

struct conf_token conf_lex(const struct conf_buf *buf, size_t pos, unsigned int line)
{
	struct conf_token t = { .type = TOKEN_END };
	const char *s;

	for (; pos < buf->size && buf->s[pos] && strchr(" \t\r\n", buf->s[pos]); pos++)
		line += buf->s[pos] == '\n';
	t.start = t.end = pos;
	t.line = line;
	if (pos == buf->size)
		return t;
	s = buf->s + pos;
	if (*s == '"' || *s == '\'') {
		t.end += string_size(s, buf->size - pos, &t.why);
		t.type = TOKEN_STRING;
	} else if (!ends_word((unsigned char)*s)) {
		t.end += word_size(s, buf->size - pos, &t.why);
		t.type = TOKEN_WORD;
	} else {
		lex_byte(s, buf->size - pos, &t);
	}
	if (t.why)
		t.type = TOKEN_BAD;
	return t;
}
