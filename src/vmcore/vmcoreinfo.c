/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmcore/vmcoreinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/str.h"

int vmcoreinfo_init(struct vmcoreinfo *vi, const void *text, size_t size, struct err *err)
{
	size_t i;

	if (size > VMCOREINFO_SIZE_MAX)
		return err_set(err, ERR_FORMAT, "VMCOREINFO of %zu bytes is not believable", size);
	vi->text = malloc(size + 1);
	if (!vi->text)
		return err_nomem(err);
	memcpy(vi->text, text, size);
	vi->text[size] = 0;
	vi->size = size;
	/* A page that was zero-filled in the middle must not hide what follows. */
	for (i = 0; i < size; i++)
		if (!vi->text[i])
			vi->text[i] = '\n';
	if (!strchr(vi->text, '=')) {
		vmcoreinfo_deinit(vi);
		return err_set(err, ERR_FORMAT, "VMCOREINFO holds no KEY=VALUE line");
	}
	return 0;
}

void vmcoreinfo_deinit(struct vmcoreinfo *vi)
{
	free(vi->text);
	vi->text = NULL;
	vi->size = 0;
}

/* Start and length of the value of @key, NULL if there is none. */
static const char *find_value(const struct vmcoreinfo *vi, const char *key, size_t *len)
{
	size_t klen = strlen(key);
	const char *line, *end;

	for (line = vi->text; line && *line; line = *end ? end + 1 : NULL) {
		end = strchrnul(line, '\n');
		if ((size_t)(end - line) > klen && line[klen] == '=' && !memcmp(line, key, klen)) {
			*len = (size_t)(end - line) - klen - 1;
			return line + klen + 1;
		}
	}
	return NULL;
}

bool vmcoreinfo_str(const struct vmcoreinfo *vi, const char *key, char *buf, size_t size)
{
	size_t len = 0;
	const char *v = vi->text ? find_value(vi, key, &len) : NULL;

	if (!v || !size)
		return false;
	if (len > size - 1)
		len = size - 1;
	memcpy(buf, v, len);
	buf[len] = 0;
	return true;
}

bool vmcoreinfo_hex(const struct vmcoreinfo *vi, const char *key, uint64_t *ret)
{
	char buf[32];
	uint64_t v;

	if (!vmcoreinfo_str(vi, key, buf, sizeof(buf)) || !str_parse_hex(buf, &v))
		return false;
	*ret = v;
	return true;
}

bool vmcoreinfo_symbol(const struct vmcoreinfo *vi, const char *name, uint64_t *ret)
{
	char key[128];
	int n = snprintf(key, sizeof(key), "SYMBOL(%s)", name);

	return n > 0 && (size_t)n < sizeof(key) && vmcoreinfo_hex(vi, key, ret);
}

bool vmcoreinfo_number(const struct vmcoreinfo *vi, const char *key, int64_t *ret)
{
	char buf[32], *end;
	long long v;
	bool hex;

	if (!vmcoreinfo_str(vi, key, buf, sizeof(buf)) || !buf[0])
		return false;
	hex = buf[0] == '0' && (buf[1] == 'x' || buf[1] == 'X');
	errno = 0;
	v = hex ? (long long)strtoull(buf, &end, 16) : strtoll(buf, &end, 10);
	if (errno || *end || end == buf)
		return false;
	*ret = v;
	return true;
}
