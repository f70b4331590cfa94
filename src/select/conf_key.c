/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every key of the configuration, once. */
#include "select/conf_impl.h"

#include <stddef.h>
#include <string.h>

static const struct conf_word detail_words[] = {
	{ "tiny", DETAIL_TINY },
	{ "small", DETAIL_SMALL },
	{ "data", DETAIL_DATA },
	{ "full", DETAIL_FULL },
	{ NULL, 0 },
};

static const struct conf_word codec_words[] = {
	{ "none", CONF_CODEC_NONE },
	{ "gzip", CONF_CODEC_GZIP },
	{ "lzo", CONF_CODEC_LZO },
	{ "zstd", CONF_CODEC_ZSTD },
	{ NULL, 0 },
};

/* What kernel dump readers know, see makedumpfile(8). */
static const struct conf_word kernel_codec_words[] = {
	{ "none", CONF_CODEC_NONE },
	{ "zlib", CONF_CODEC_ZLIB },
	{ "lzo", CONF_CODEC_LZO },
	{ "zstd", CONF_CODEC_ZSTD },
	{ NULL, 0 },
};

static const struct conf_word action_words[] = {
	{ "reboot", CONF_REBOOT }, { "halt", CONF_HALT }, { "poweroff", CONF_POWEROFF },
	{ "shell", CONF_SHELL },   { NULL, 0 },
};

/* The words of libconfuse for booleans; the first of each kind is the one that is printed. */
static const struct conf_word switch_words[] = {
	{ "on", 1 },   { "off", 0 },   { "yes", 1 }, { "no", 0 },
	{ "true", 1 }, { "false", 0 }, { NULL, 0 },
};

#define DAY 86400

#define WORD(name, words, def)	    name, CONF_WORD, words, 0, 0, def
#define SWITCH(name, def)	    name, CONF_WORD, switch_words, 0, 0, def
#define SIZE(name, min, max, def)   name, CONF_SIZE, NULL, min, max, def
#define TIME(name, max, def)	    name, CONF_SECONDS, NULL, 1, max, def
#define NUMBER(name, min, max, def) name, CONF_NUMBER, NULL, min, max, def
#define TEXT(name)		    name, CONF_TEXT, NULL, 1, 0, 0
#define TEXT_OR_EMPTY(name)	    name, CONF_TEXT, NULL, 0, 0, 0
#define LIST(name, type)	    name, type, NULL, 0, 0, 0

#define ROW_(section, type, member, name, kind, words, min, max, def, text)             \
	{                                                                               \
		section, name, kind, offsetof(type, member), min, max, words, def, text \
	}
#define ROW(...) ROW_(__VA_ARGS__)

#define TOP(member, text, ...)	   ROW(CONF_TOP, struct conf, member, __VA_ARGS__, text)
#define PROCESS(member, text, ...) ROW(CONF_PROCESS, struct conf_process, member, __VA_ARGS__, text)
#define KERNEL(member, text, ...)  ROW(CONF_KERNEL, struct conf_kernel, member, __VA_ARGS__, text)
#define TARGET(member, text, ...)  ROW(CONF_TARGET, struct conf_target, member, __VA_ARGS__, text)

const struct conf_key conf_keys[] = {
	TOP(detail, "small", WORD("detail", detail_words, DETAIL_DEFAULT)),
	TOP(codec, "zstd", WORD("codec", codec_words, CONF_CODEC_ZSTD)),
	TOP(max_bytes, NULL, SIZE("max-bytes", 1, UINT64_MAX - 1, CONF_UNLIMITED)),
	TOP(max_time, NULL, TIME("max-time", 365 * DAY, CONF_UNLIMITED)),
	TOP(final_action, "reboot", WORD("final-action", action_words, CONF_REBOOT)),
	TOP(failure_action, "reboot", WORD("failure-action", action_words, CONF_REBOOT)),
	TOP(timeout, "120s", TIME("timeout", 7 * DAY, 120)),
	/* conf_store() and conf_print() know that the number of seconds is the next member. */
	TOP(crash_loop_count, "\"3 in 30m\"", LIST("crash-loop", CONF_CRASH_LOOP)),

	PROCESS(match, NULL, LIST("match", CONF_SELECTIONS)),
	PROCESS(detail, NULL, WORD("detail", detail_words, DETAIL_DEFAULT)),
	PROCESS(anchors, "on", SWITCH("anchors", 1)),
	PROCESS(anchor_before, "128", SIZE("anchor-before", 0, KIB(64), 128)),
	PROCESS(anchor_after, "256", SIZE("anchor-after", 0, KIB(64), 256)),
	PROCESS(anchor_depth, "1", NUMBER("anchor-depth", 1, 8, 1)),
	PROCESS(anchor_max, "256K", SIZE("anchor-max", 1, CONF_ANCHOR_MAX, KIB(256))),
	PROCESS(stack_max, NULL, SIZE("stack-max", 256, UINT64_MAX - 1, CONF_UNLIMITED)),
	PROCESS(stack_base, "0", SIZE("stack-base", 0, GIB(1), 0)),
	PROCESS(symbols, NULL, LIST("symbols", CONF_SYMBOLS)),
	PROCESS(mappings, NULL, LIST("mappings", CONF_TEXTS)),
	PROCESS(ranges, NULL, LIST("ranges", CONF_RANGES)),
	PROCESS(exclude, NULL, LIST("exclude", CONF_EXCLUDES)),
	PROCESS(registered, "on", SWITCH("registered", 1)),
	PROCESS(scope, NULL, NUMBER("scope", 0, UINT32_MAX, CONF_UNLIMITED)),
	PROCESS(data_files, NULL, LIST("data-files", CONF_TEXTS)),
	PROCESS(file_pages, "off", SWITCH("file-pages", 0)),
	PROCESS(max_bytes, NULL, SIZE("max-bytes", 1, UINT64_MAX - 1, CONF_UNLIMITED)),
	PROCESS(max_time, NULL, TIME("max-time", 365 * DAY, CONF_UNLIMITED)),

	KERNEL(dump_level, "31", NUMBER("dump-level", 0, 31, 31)),
	KERNEL(codec, "lzo # of a triage dump: zlib", WORD("codec", kernel_codec_words, CONF_CODEC_LZO)),
	KERNEL(with, NULL, LIST("with", CONF_SELECTIONS)),
	KERNEL(detail, "small", WORD("detail", detail_words, DETAIL_DEFAULT)),
	KERNEL(triage, "off", SWITCH("triage", 0)),

	TARGET(to, NULL, TEXT("to")),
	TARGET(device, NULL, TEXT("device")),
	TARGET(fstype, NULL, TEXT("fstype")),
	TARGET(options, NULL, TEXT_OR_EMPTY("options")),
	TARGET(key, NULL, TEXT("key")),
	TARGET(known_hosts, NULL, TEXT("known-hosts")),
	TARGET(keep, NULL, NUMBER("keep", 1, UINT32_MAX, CONF_UNLIMITED)),
	TARGET(keep_free, "0", SIZE("keep-free", 0, UINT64_MAX - 1, 0)),
	TARGET(timeout, "60s", TIME("timeout", 7 * DAY, 60)),
};

const size_t conf_nr_keys = ARRAY_SIZE(conf_keys);

_Static_assert(ARRAY_SIZE(conf_keys) <= CONF_MAX_KEYS, "CONF_MAX_KEYS is too small");

static const char *const section_names[CONF_NR_SECTIONS] = {
	[CONF_TOP] = "",
	[CONF_PROCESS] = "process",
	[CONF_KERNEL] = "kernel",
	[CONF_TARGET] = "target",
};

static bool same(const char *word, const char *name, size_t size)
{
	return strlen(word) == size && !memcmp(word, name, size);
}

const struct conf_key *conf_key_find(enum conf_section section, const char *name, size_t size)
{
	const struct conf_key *key;

	for (key = conf_keys; key < conf_keys + conf_nr_keys; key++) {
		if (key->section == section && same(key->name, name, size))
			return key;
	}
	return NULL;
}

enum conf_section conf_section_find(const char *name, size_t size)
{
	unsigned int i;

	for (i = CONF_TOP + 1; i < CONF_NR_SECTIONS; i++) {
		if (same(section_names[i], name, size))
			return (enum conf_section)i;
	}
	return CONF_TOP;
}

const char *conf_section_name(enum conf_section section)
{
	return section_names[section];
}

void conf_set_defaults(enum conf_section section, void *object)
{
	const struct conf_key *key;

	for (key = conf_keys; key < conf_keys + conf_nr_keys; key++) {
		if (key->section == section && key->type <= CONF_NUMBER)
			((struct conf_value *)((char *)object + key->offset))->v = key->def;
	}
	if (section == CONF_TOP) {
		struct conf *conf = object;

		conf->crash_loop_count.v = 3;
		conf->crash_loop_seconds.v = 30 * 60;
	}
}

void conf_set_process_defaults(struct conf_process *process)
{
	conf_set_defaults(CONF_PROCESS, process);
}
