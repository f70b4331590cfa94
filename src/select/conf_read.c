/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a file to a struct conf. libconfuse decodes the cleaned text: every value is kept as the
 * text that it was and the line that it stood on, so that none of the library's own conversions is
 * used (its integers inherit errno from elsewhere, for one) and all mistakes are found, not only
 * the first.
 */
#include "select/conf.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "select/conf_impl.h"
#include "util/cleanup.h"

#define SCANNER_MEMORY KIB(96) /* less than malloc() gives back at once */

struct raw_value {
	unsigned int line;
	char text[];
};

/* libconfuse calls this for every value. Whether the value is right is seen later. */
static int take_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct raw_value *raw = malloc(sizeof(*raw) + strlen(value) + 1);

	(void)opt;
	if (!raw)
		return -1;
	raw->line = (unsigned int)cfg->line;
	strcpy(raw->text, value);
	*(struct raw_value **)result = raw;
	return 0;
}

/* See parse_text(): there is nothing that it could tell. */
static void no_message(cfg_t *cfg, const char *fmt, va_list ap)
{
	(void)cfg;
	(void)fmt;
	(void)ap;
}

struct options {
	cfg_opt_t section[CONF_NR_SECTIONS][CONF_MAX_KEYS + CONF_NR_SECTIONS];
};

static size_t add_keys(cfg_opt_t *options, enum conf_section section)
{
	const struct conf_key *key;
	size_t n = 0;

	for (key = conf_keys; key < conf_keys + conf_nr_keys; key++) {
		cfg_opt_t one = CFG_PTR_CB(key->name, NULL, CFGF_NODEFAULT, take_value, free);

		if (key->section != section)
			continue;
		if (conf_key_is_list(key))
			one.flags |= CFGF_LIST;
		options[n++] = one;
	}
	return n;
}

/* What libconfuse is to know. It copies this. */
static void fill_options(struct options *options)
{
	cfg_opt_t *process = options->section[CONF_PROCESS];
	cfg_opt_t *kernel = options->section[CONF_KERNEL];
	cfg_opt_t *target = options->section[CONF_TARGET];
	cfg_opt_t *top = options->section[CONF_TOP];
	const cfg_opt_t sections[] = {
		CFG_SEC("process", process, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_SEC("kernel", kernel, CFGF_NODEFAULT),
		CFG_SEC("target", target, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	};
	const cfg_opt_t end = CFG_END();
	size_t n;
	int i;

	for (i = CONF_TOP + 1; i < CONF_NR_SECTIONS; i++) {
		n = add_keys(options->section[i], (enum conf_section)i);
		options->section[i][n] = end;
	}
	n = add_keys(top, CONF_TOP);
	memcpy(top + n, sections, sizeof(sections));
	top[n + ARRAY_SIZE(sections)] = end;
}

/* All values of a section, in the order of conf_keys[]. */
static int store_section(struct conf_place *place, cfg_t *cfg, void *object, struct err *err)
{
	const struct conf_key *key;
	unsigned int i;
	int rc;

	for (key = conf_keys; key < conf_keys + conf_nr_keys; key++) {
		cfg_opt_t *opt;

		if (key->section != place->section)
			continue;
		opt = cfg_getopt(cfg, key->name);
		for (i = 0; i < cfg_opt_size(opt); i++) {
			const struct raw_value *raw = cfg_opt_getnptr(opt, i);

			if (!raw)
				continue;
			rc = conf_store(place, key, object, raw->text, raw->line, err);
			if (rc)
				return rc;
		}
	}
	return 0;
}

/* Whom the exclusions of this section are for is not known. */
static int exclude_for_all(struct conf_place *place, const struct conf_process *process,
			   struct conf *conf, struct err *err)
{
	const struct conf_exclude *x;

	if (place->section_exclude_lost_line && !place->exclude_lost_line)
		place->exclude_lost_line = place->section_exclude_lost_line;
	vec_for_each (x, &process->exclude) {
		struct conf_exclude copy = *x;

		if (x->name) {
			copy.name = strdup(x->name);
			if (!copy.name)
				return err_nomem(err);
		}
		if (!conf_excludes_push(&conf->exclude_all, copy)) {
			free(copy.name);
			return err_nomem(err);
		}
	}
	return 0;
}

static int add_process(struct conf_place *place, cfg_t *cfg, unsigned int line, struct conf *conf,
		       struct err *err)
{
	struct conf_process process = { .line = line };
	int rc;

	conf_set_defaults(CONF_PROCESS, &process);
	process.title = strdup(place->title);
	rc = process.title ? store_section(place, cfg, &process, err) : err_nomem(err);
	if (!rc && (place->match_lost || !process.match.selections.n))
		rc = exclude_for_all(place, &process, conf, err);
	if (!rc && !process.match.selections.n) {
		/* Left out: a section that can match nothing must not hide the default. */
		conf_complain(place, line, "match", "%s",
			      place->match_lost ? "nothing is left to match" :
						  "is missing or empty, the section is left out");
		conf_process_free(&process);
		return 0;
	}
	process.damaged = conf_is_damaged(place);
	process.exclude_lost_line = place->section_exclude_lost_line;
	if (!rc && !conf_processes_push(&conf->processes, process))
		rc = err_nomem(err);
	if (rc)
		conf_process_free(&process);
	return rc;
}

static int add_target(struct conf_place *place, cfg_t *cfg, unsigned int line, struct conf *conf,
		      struct err *err)
{
	struct conf_target target = { .line = line };
	int rc;

	conf_set_defaults(CONF_TARGET, &target);
	target.title = strdup(place->title);
	rc = target.title ? store_section(place, cfg, &target, err) : err_nomem(err);
	if (!rc)
		rc = conf_target_check(place, &target, err);
	if (!rc && !conf_targets_push(&conf->targets, target))
		rc = err_nomem(err);
	if (rc)
		conf_target_free(&target);
	return rc == ERR_INVALID ? 0 : rc;
}

static int store_sections(struct conf_place *place, cfg_t *cfg, const struct conf_heads *heads,
			  struct conf *conf, struct err *err)
{
	unsigned int nr[CONF_NR_SECTIONS] = { 0 };
	const struct conf_head *head;
	cfg_t *section;
	int rc = 0;

	vec_for_each (head, heads) {
		conf_enter(place, head->section, head->title, head->title_size);
		place->damaged = head->damaged;
		place->section_exclude_lost_line = head->exclude_lost_line;
		place->match_lost = head->match_lost;
		section = cfg_getnsec(cfg, conf_section_name(head->section), nr[head->section]++);
		if (!section)
			continue;
		if (head->section == CONF_PROCESS) {
			rc = add_process(place, section, head->line, conf, err);
		} else if (head->section == CONF_TARGET) {
			rc = add_target(place, section, head->line, conf, err);
		} else {
			conf->kernel.present = true;
			conf->kernel.line = head->line;
			rc = store_section(place, section, &conf->kernel, err);
		}
		if (rc)
			return rc;
	}
	return 0;
}

/*
 * libconfuse's scanner ends the program, by exit(2) or abort(), where it gets no memory (flex does so): some 17 KiB
 * when it starts, then 32 bytes at a time. So there is to be some, in the heap, where malloc() keeps it.
 */
static bool has_memory_for_scanner(void)
{
	char *some = malloc(SCANNER_MEMORY);
	bool has = some;

	if (has)
		*(volatile char *)some = 0; /* else the compiler drops both calls */
	free(some);
	return has;
}

/**
 * parse_text() - have libconfuse decode a text that has been checked, and store what it says
 *
 * libconfuse has no reason left to refuse the text but lack of memory. It then leaves sections
 * half built, which its own cfg_free() trips over (tried), so that the tree is neither read nor
 * freed.
 */
static int parse_text(struct conf_place *place, const char *text, const struct conf_heads *heads,
		      struct conf *conf, struct err *err)
{
	struct options *options AUTO_FREE = NULL;
	cfg_t *cfg;
	int rc;

	if (has_memory_for_scanner())
		options = calloc(1, sizeof(*options));
	if (!options)
		return err_nomem(err);
	fill_options(options);
	cfg = cfg_init(options->section[CONF_TOP], CFGF_NONE);
	if (!cfg)
		return err_nomem(err);
	cfg_set_error_function(cfg, no_message);
	if (cfg_parse_buf(cfg, text) != CFG_SUCCESS)
		return err_set(err, ERR_NOMEM, "%s:%d: out of memory", place->name, cfg->line);
	conf_enter(place, CONF_TOP, "", 0);
	rc = store_section(place, cfg, conf, err);
	if (!rc)
		rc = store_sections(place, cfg, heads, conf, err);
	cfg_free(cfg);
	return rc;
}

static void free_buf(struct conf_buf *buf)
{
	free(buf->s);
}

int conf_parse(const char *name, const char *text, size_t size, struct conf *ret,
	       struct conf_problems *problems, struct err *err)
{
	struct conf_place place = { .name = name, .problems = problems };
	struct conf_buf buf CLEANUP(free_buf) = { 0 };
	struct conf_heads heads = { 0 };
	int rc;

	conf_init(ret);
	rc = conf_clean(text, size, &place, &buf, err);
	if (!rc)
		rc = conf_check_syntax(&buf, &place, &heads, err);
	if (!rc)
		rc = parse_text(&place, buf.s, &heads, ret, err);
	if (!rc && place.nomem)
		rc = err_nomem(err);
	ret->exclude_lost_line = place.exclude_lost_line;
	conf_heads_free(&heads);
	return rc;
}

/* The file whole, one byte more than is allowed at most. */
static int read_file(const char *path, char **ret, size_t *size, struct err *err)
{
	int fd AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *text AUTO_FREE = NULL;
	size_t cap = 0;
	ssize_t n;

	if (fd < 0)
		return err_errno(err, "%s", path);
	for (*size = 0;; *size += (size_t)n) {
		if (*size == cap) {
			char *more = realloc(text, cap = cap ? cap * 2 : KIB(16));

			if (!more)
				return err_nomem(err);
			text = more;
		}
		n = read(fd, text + *size, cap - *size);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return err_errno(err, "%s", path);
		else if (!n)
			break;
		if (*size + (size_t)n > CONF_MAX_SIZE)
			return err_set(err, ERR_FORMAT, "%s: larger than %llu bytes", path,
				       (unsigned long long)CONF_MAX_SIZE);
	}
	*ret = text;
	text = NULL;
	return 0;
}

/*
 * Whether reading the text would end the program: see has_memory_for_scanner(), which knows what there is before the
 * scanner starts and nothing of what becomes of it. So a child reads the text first, and what ends it we do not do.
 */
static bool ends_program(const char *path, const char *text, size_t size)
{
	pid_t child = fork(), got = -1;
	int status = 0;

	if (!child) {
		const struct rlimit no_core = { 0, 0 };
		struct conf_problems problems = { 0 };
		struct conf conf;

		setrlimit(RLIMIT_CORE, &no_core);
		close(STDERR_FILENO); /* the scanner's own words are nothing to the user */
		conf_parse(path, text, size, &conf, &problems, NULL);
		_exit(0);
	}
	while (child > 0 && (got = waitpid(child, &status, 0)) < 0 && errno == EINTR)
		;
	/* Where there are no children to be had it goes without. */
	return child > 0 && got == child && status;
}

int conf_read(const char *path, struct conf *ret, struct conf_problems *problems, struct err *err)
{
	char *text AUTO_FREE = NULL;
	size_t size = 0;
	int rc;

	conf_init(ret);
	rc = read_file(path, &text, &size, err);
	if (rc)
		return rc;
	if (ends_program(path, text, size))
		return err_set(err, ERR_NOMEM, "%s: out of memory", path);
	return conf_parse(path, text, size, ret, problems, err);
}
