/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration in its own syntax. */
#include "select/conf_impl.h"

#include <ctype.h>
#include <string.h>

/* As it stands between double quotes. "${" is safe there, see conf_clean(). */
static void print_escaped(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if (iscntrl((unsigned char)*s))
			fprintf(out, "\\x%02x", (unsigned int)(unsigned char)*s);
		else
			putc(*s, out);
	}
}

static void print_quoted(FILE *out, const char *s)
{
	putc('"', out);
	print_escaped(out, s);
	putc('"', out);
}

static void print_size(FILE *out, uint64_t v)
{
	static const char suffixes[] = "KMGT";
	int i = -1;

	while (v && !(v & 1023) && i < 3) {
		v >>= 10;
		i++;
	}
	fprintf(out, "%" PRIu64, v);
	if (i >= 0)
		putc(suffixes[i], out);
}

static void print_seconds(FILE *out, uint64_t v)
{
	if (v && v % 86400 == 0)
		fprintf(out, "%" PRIu64 "d", v / 86400);
	else if (v && v % 3600 == 0)
		fprintf(out, "%" PRIu64 "h", v / 3600);
	else if (v && v % 60 == 0)
		fprintf(out, "%" PRIu64 "m", v / 60);
	else
		fprintf(out, "%" PRIu64 "s", v);
}

static void print_word(FILE *out, const struct conf_key *key, uint64_t v)
{
	const struct conf_word *word = key->words;

	while (word->name && word->value != v)
		word++;
	fputs(word->name ? word->name : "?", out);
}

static void print_symbol(FILE *out, const char *name, uint64_t size)
{
	print_escaped(out, name);
	if (size) {
		putc(':', out);
		print_size(out, size);
	}
}

static void print_range(FILE *out, const struct conf_range *range)
{
	fprintf(out, "0x%" PRIx64 "-0x%" PRIx64, range->start, range->end);
}

static void print_exclude(FILE *out, const struct conf_exclude *exclude)
{
	switch (exclude->kind) {
	case CONF_EXCLUDE_SYMBOL:
		fputs("symbol=", out);
		print_symbol(out, exclude->name, exclude->size);
		break;
	case CONF_EXCLUDE_MAPPING:
		fputs("mapping=", out);
		print_escaped(out, exclude->name);
		break;
	case CONF_EXCLUDE_RANGE:
		fputs("range=", out);
		print_range(out, &exclude->range);
		break;
	}
}

static size_t list_size(const struct conf_key *key, const void *member)
{
	switch (key->type) {
	case CONF_SELECTIONS:
		return ((const struct selection_set *)member)->selections.n;
	case CONF_SYMBOLS:
		return ((const struct conf_symbols *)member)->n;
	case CONF_TEXTS:
		return ((const struct conf_texts *)member)->n;
	case CONF_RANGES:
		return ((const struct conf_ranges *)member)->n;
	case CONF_EXCLUDES:
		return ((const struct conf_excludes *)member)->n;
	default:
		return 0;
	}
}

/* One item as it stands between double quotes. */
static void print_item(FILE *out, const struct conf_key *key, const void *member, size_t i)
{
	const struct conf_symbol *symbol;

	switch (key->type) {
	case CONF_SELECTIONS:
		print_escaped(out, ((const struct selection_set *)member)->selections.v[i].text);
		break;
	case CONF_SYMBOLS:
		symbol = &((const struct conf_symbols *)member)->v[i];
		print_symbol(out, symbol->name, symbol->size);
		if (symbol->follow)
			fprintf(out, " follow=%u", symbol->follow);
		break;
	case CONF_TEXTS:
		print_escaped(out, ((const struct conf_texts *)member)->v[i].s);
		break;
	case CONF_RANGES:
		print_range(out, &((const struct conf_ranges *)member)->v[i]);
		break;
	case CONF_EXCLUDES:
		print_exclude(out, &((const struct conf_excludes *)member)->v[i]);
		break;
	default:
		break;
	}
}

static void print_list(FILE *out, const struct conf_key *key, const void *member)
{
	size_t n = list_size(key, member), i;

	putc('{', out);
	for (i = 0; i < n; i++) {
		fputs(i ? ", \"" : "\"", out);
		print_item(out, key, member, i);
		putc('"', out);
	}
	putc('}', out);
}

static bool is_set(const struct conf_key *key, const void *member)
{
	if (conf_key_is_list(key))
		return list_size(key, member) > 0;
	if (key->type == CONF_TEXT)
		return ((const struct conf_text *)member)->line;
	return ((const struct conf_value *)member)->line;
}

static void print_value(FILE *out, const struct conf_key *key, const void *member)
{
	const struct conf_value *value = member;

	switch (key->type) {
	case CONF_WORD:
		print_word(out, key, value->v);
		break;
	case CONF_SIZE:
		print_size(out, value->v);
		break;
	case CONF_SECONDS:
		print_seconds(out, value->v);
		break;
	case CONF_NUMBER:
		fprintf(out, "%" PRIu64, value->v);
		break;
	case CONF_CRASH_LOOP:
		if (!value->v) {
			fputs("off", out);
			break;
		}
		fprintf(out, "\"%" PRIu64 " in ", value->v);
		print_seconds(out, value[1].v);
		putc('"', out);
		break;
	case CONF_TEXT:
		print_quoted(out, ((const struct conf_text *)member)->s);
		break;
	default:
		print_list(out, key, member);
	}
}

static void print_keys(FILE *out, enum conf_section section, const void *object)
{
	const char *indent = section == CONF_TOP ? "" : "\t";
	const struct conf_key *key;

	for (key = conf_keys; key < conf_keys + conf_nr_keys; key++) {
		const void *member = (const char *)object + key->offset;

		if (key->section != section)
			continue;
		if (is_set(key, member)) {
			fprintf(out, "%s%s = ", indent, key->name);
			print_value(out, key, member);
			putc('\n', out);
		} else if (key->def_text) {
			fprintf(out, "%s# %s = %s\n", indent, key->name, key->def_text);
		}
	}
}

static void print_section(FILE *out, enum conf_section section, const char *title,
			  const void *object)
{
	fprintf(out, "\n%s ", conf_section_name(section));
	if (title) {
		print_quoted(out, title);
		putc(' ', out);
	}
	fputs("{\n", out);
	print_keys(out, section, object);
	fputs("}\n", out);
}

void conf_print(const struct conf *conf, FILE *out)
{
	const struct conf_process *process;
	const struct conf_target *target;

	print_keys(out, CONF_TOP, conf);
	vec_for_each (process, &conf->processes)
		print_section(out, CONF_PROCESS, process->title, process);
	if (conf->kernel.present)
		print_section(out, CONF_KERNEL, NULL, &conf->kernel);
	vec_for_each (target, &conf->targets)
		print_section(out, CONF_TARGET, target->title, target);
}
