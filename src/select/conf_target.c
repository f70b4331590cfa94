/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Targets. What they say ends up as words of mount(8) and ssh(1), so nothing here may look like an
 * option to them.
 */
#include "select/conf_impl.h"

#include <string.h>

#include "util/str.h"

#define complain(place, text, key, ...) conf_complain(place, (text)->line, key, __VA_ARGS__)

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static bool is_name(const char *s, size_t size, const char *extra)
{
	size_t i;

	if (!size || *s == '-')
		return false;
	for (i = 0; i < size; i++) {
		if (!strchr(LETTERS_AND_DIGITS, s[i]) && !strchr(extra, s[i]))
			return false;
	}
	return true;
}

static char *copy(const char *s, size_t size, bool *nomem)
{
	char *p = strndup(s, size);

	*nomem |= !p;
	return p;
}

/* HOST, [IPv6] or, with @port, either of them with :PORT. */
static bool parse_host(struct conf_target *t, const char *s, size_t size, bool port, bool *nomem)
{
	const char *colon;
	char number[8] = "";
	size_t host = size;
	uint64_t n;

	if (*s == '[') {
		const char *close = memchr(s, ']', size);

		if (!close || !is_name(s + 1, (size_t)(close - s - 1), ":.%_-"))
			return false;
		host = (size_t)(close - s) + 1;
		t->host = copy(s + 1, host - 2, nomem);
	} else {
		colon = memchr(s, ':', size);
		host = colon ? (size_t)(colon - s) : size;
		if (!is_name(s, host, "._-"))
			return false;
		t->host = copy(s, host, nomem);
	}
	if (host == size)
		return true;
	if (!port || s[host] != ':' || size - host - 1 >= sizeof(number))
		return false;
	memcpy(number, s + host + 1, size - host - 1);
	if (!str_parse_u64(number, &n) || !n || n > 65535)
		return false;
	t->port = (unsigned int)n;
	return true;
}

/* SCHEME://[USER@]HOST[:PORT]/PATH, behind the two slashes. */
static bool parse_remote(struct conf_target *t, const char *s, bool *nomem)
{
	size_t size = strcspn(s, "/");
	const char *at = memchr(s, '@', size);

	if (!s[size])
		return false;
	t->path = copy(s + size, strlen(s + size), nomem);
	if (at && t->kind == CONF_TARGET_SSH) {
		if (!is_name(s, (size_t)(at - s), "._-"))
			return false;
		t->user = copy(s, (size_t)(at - s), nomem);
		size -= (size_t)(at + 1 - s);
		s = at + 1;
	}
	return size && parse_host(t, s, size, t->kind == CONF_TARGET_SSH, nomem);
}

static bool is_device(const char *s)
{
	static const char *const tags[] = { "UUID=", "LABEL=", "PARTUUID=", "PARTLABEL=" };
	size_t i;

	if (!strncmp(s, "/dev/", 5) && s[5])
		return true;
	for (i = 0; i < ARRAY_SIZE(tags); i++) {
		if (!strncmp(s, tags[i], strlen(tags[i])) && s[strlen(tags[i])])
			return true;
	}
	return false;
}

static int parse_to(struct conf_place *place, struct conf_target *t, struct err *err)
{
	const char *to = t->to.s;
	bool nomem = false, good;

	if (*to == '/') {
		t->kind = CONF_TARGET_DIR;
		t->path = copy(to, strlen(to), &nomem);
		good = true;
	} else if (!strncmp(to, "ssh://", 6)) {
		t->kind = CONF_TARGET_SSH;
		good = parse_remote(t, to + 6, &nomem);
	} else if (!strncmp(to, "nfs://", 6)) {
		t->kind = CONF_TARGET_NFS;
		good = parse_remote(t, to + 6, &nomem);
	} else if (!strncmp(to, "raw:", 4)) {
		t->kind = CONF_TARGET_RAW;
		good = is_device(to + 4);
	} else {
		good = false;
	}
	if (nomem)
		return err_nomem(err);
	if (good)
		return 0;
	complain(place, &t->to, "to",
		 "'%s' is none of /PATH ssh://[USER@]HOST[:PORT]/PATH nfs://HOST/PATH raw:DEVICE",
		 to);
	return ERR_INVALID;
}

/* A key that says nothing for this kind of target is named and forgotten. */
static void forget(struct conf_place *place, struct conf_text *text, const char *key,
		   const char *why)
{
	if (!text->s)
		return;
	complain(place, text, key, "%s", why);
	free(text->s);
	text->s = NULL;
	text->line = 0;
}

static void forget_value(struct conf_place *place, struct conf_value *value, uint64_t def,
			 const char *key)
{
	if (!value->line)
		return;
	complain(place, value, key, "a raw target holds one dump, there is nothing to keep");
	value->v = def;
	value->line = 0;
}

static void check_options(struct conf_place *place, struct conf_target *t)
{
	bool mounted = t->kind == CONF_TARGET_DIR || t->kind == CONF_TARGET_NFS;
	bool by_others = t->kind == CONF_TARGET_DIR && !t->device.s;
	const char *why = by_others ? "nothing is mounted without a device"
				    : "is for targets that are mounted";

	if (!mounted || by_others) {
		forget(place, &t->fstype, "fstype", why);
		forget(place, &t->options, "options", why);
	}
	if (t->fstype.s && !is_name(t->fstype.s, strlen(t->fstype.s), "._-"))
		forget(place, &t->fstype, "fstype", "is not the name of a filesystem type");
	if (t->kind == CONF_TARGET_NFS && t->fstype.s && strncmp(t->fstype.s, "nfs", 3))
		forget(place, &t->fstype, "fstype", "is not nfs");
	if (t->kind != CONF_TARGET_SSH) {
		forget(place, &t->key, "key", "is for ssh targets");
		forget(place, &t->known_hosts, "known-hosts", "is for ssh targets");
	}
	if (t->kind == CONF_TARGET_RAW) {
		forget_value(place, &t->keep, CONF_UNLIMITED, "keep");
		forget_value(place, &t->keep_free, 0, "keep-free");
	}
}

static int check_device(struct conf_place *place, struct conf_target *t, struct err *err)
{
	if (t->kind == CONF_TARGET_RAW) {
		forget(place, &t->device, "device", "is in 'to' of a raw target");
		t->device.s = strdup(t->to.s + strlen("raw:"));
		return t->device.s ? 0 : err_nomem(err);
	}
	if (t->kind != CONF_TARGET_DIR) {
		forget(place, &t->device, "device", "is for targets that are directories");
		return 0;
	}
	if (t->device.s && !is_device(t->device.s)) {
		complain(place, &t->device, "device",
			 "'%s' is none of UUID= LABEL= PARTUUID= PARTLABEL= /dev/", t->device.s);
		return ERR_INVALID;
	}
	return 0;
}

int conf_target_check(struct conf_place *place, struct conf_target *target, struct err *err)
{
	int rc;

	if (!target->to.s) {
		conf_complain(place, target->line, "to", "is missing, the target is left out");
		return ERR_INVALID;
	}
	rc = parse_to(place, target, err);
	if (!rc)
		rc = check_device(place, target, err);
	if (rc)
		return rc;
	if (target->kind == CONF_TARGET_DIR && !target->device.s && conf_is_damaged(place)) {
		conf_complain(place, target->line, NULL,
			      "left out: it has mistakes, and no device to mount");
		return ERR_INVALID;
	}
	check_options(place, target);
	return 0;
}
