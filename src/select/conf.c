/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds a configuration: defaults, ownership, problems. */
#include "select/conf.h"

#include <stdarg.h>
#include <string.h>

#include "select/conf_impl.h"
#include "util/str.h"

void conf_init(struct conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	conf_set_defaults(CONF_TOP, conf);
	conf_set_defaults(CONF_KERNEL, &conf->kernel);
}

static void texts_free(struct conf_texts *texts)
{
	struct conf_text *text;

	vec_for_each (text, texts)
		free(text->s);
	conf_texts_free(texts);
}

static void excludes_free(struct conf_excludes *excludes)
{
	struct conf_exclude *exclude;

	vec_for_each (exclude, excludes)
		free(exclude->name);
	conf_excludes_free(excludes);
}

void conf_process_free(struct conf_process *process)
{
	struct conf_symbol *symbol;

	free(process->title);
	selection_set_free(&process->match);
	vec_for_each (symbol, &process->symbols)
		free(symbol->name);
	conf_symbols_free(&process->symbols);
	excludes_free(&process->exclude);
	conf_ranges_free(&process->ranges);
	texts_free(&process->mappings);
	texts_free(&process->data_files);
}

void conf_target_free(struct conf_target *target)
{
	free(target->title);
	free(target->to.s);
	free(target->user);
	free(target->host);
	free(target->path);
	free(target->device.s);
	free(target->fstype.s);
	free(target->options.s);
	free(target->key.s);
	free(target->known_hosts.s);
}

void conf_free(struct conf *conf)
{
	struct conf_process *process;
	struct conf_target *target;

	vec_for_each (process, &conf->processes)
		conf_process_free(process);
	conf_processes_free(&conf->processes);
	vec_for_each (target, &conf->targets)
		conf_target_free(target);
	conf_targets_free(&conf->targets);
	selection_set_free(&conf->kernel.with);
	excludes_free(&conf->exclude_all);
	memset(conf, 0, sizeof(*conf));
}

enum detail conf_process_detail(const struct conf *conf, const struct conf_process *process)
{
	return (enum detail)(process->detail.line ? process->detail.v : conf->detail.v);
}

const char *conf_codec_name(enum conf_codec codec)
{
	switch (codec) {
	case CONF_CODEC_NONE:
		return "none";
	case CONF_CODEC_GZIP:
		return "gzip";
	case CONF_CODEC_LZO:
		return "lzo";
	case CONF_CODEC_ZSTD:
		return "zstd";
	case CONF_CODEC_ZLIB:
		return "zlib";
	}
	return "?";
}

void conf_problems_free(struct conf_problems *problems)
{
	struct conf_problem *problem;

	vec_for_each (problem, &problems->list)
		free(problem->text);
	conf_problem_vec_free(&problems->list);
	problems->nr = 0;
}

void conf_enter(struct conf_place *place, enum conf_section section, const char *title,
		size_t title_size)
{
	place->section = section;
	memcpy(place->title, title, title_size);
	place->title[title_size] = 0;
	place->nr_before = place->problems->nr;
	place->damaged = false;
	place->section_exclude_lost_line = 0;
	place->match_lost = false;
}

/* Behind those of the same line. */
static bool insert_sorted(struct conf_problem_vec *list, struct conf_problem problem)
{
	size_t i;

	if (!conf_problem_vec_push(list, problem))
		return false;
	for (i = list->n - 1; i > 0 && list->v[i - 1].line > problem.line; i--)
		list->v[i] = list->v[i - 1];
	list->v[i] = problem;
	return true;
}

void conf_complain(struct conf_place *place, unsigned int line, const char *key, const char *fmt,
		   ...)
{
	struct conf_problem problem = { .line = line };
	const char *section = conf_section_name(place->section);
	char text[ERR_TEXT_SIZE];
	va_list ap;

	if (place->problems->nr++ >= CONF_MAX_PROBLEMS)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (asprintf(&problem.text, "%s:%u: %s%s%s%s%s%s%s%s", place->name, line, section,
		     place->title[0] ? " \"" : "", place->title, place->title[0] ? "\"" : "",
		     section[0] ? ": " : "", key ? key : "", key ? ": " : "", text) < 0) {
		place->nomem = true;
		return;
	}
	str_make_printable(problem.text);
	if (!insert_sorted(&place->problems->list, problem)) {
		free(problem.text);
		place->nomem = true;
	}
}
