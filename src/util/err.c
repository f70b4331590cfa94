/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/str.h"

int err_set(struct err *err, int rc, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return rc;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	str_make_printable(err->text);
	err->rc = rc;
	return rc;
}

static int code_of_errno(int e)
{
	switch (e) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ERR_NOSPACE;
	case ENOMEM:
		return ERR_NOMEM;
	case ENOENT:
		return ERR_NOTFOUND;
	case EEXIST:
		return ERR_EXIST;
	case EINTR:
		return ERR_INTERRUPTED;
	default:
		return ERR_IO;
	}
}

int err_errno(struct err *err, const char *fmt, ...)
{
	int e = errno;
	char text[ERR_TEXT_SIZE];
	va_list ap;

	if (!err)
		return code_of_errno(e);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(err, code_of_errno(e), "%s: %s", text, strerror(e));
}

int err_add(struct err *err, const char *fmt, ...)
{
	char cause[ERR_TEXT_SIZE];
	va_list ap;
	int n;

	if (!err)
		return ERR_IO;
	memcpy(cause, err->text, sizeof(cause));
	va_start(ap, fmt);
	n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(err->text))
		n = sizeof(err->text) - 1;
	strncat(err->text, ": ", sizeof(err->text) - 1 - (size_t)n);
	strncat(err->text, cause, sizeof(err->text) - 1 - strlen(err->text));
	str_make_printable(err->text);
	return err->rc;
}
