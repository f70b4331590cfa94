/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands: one function each, one row each in main.c. */
#ifndef VMSIFT_CMD_CMD_H
#define VMSIFT_CMD_CMD_H

#include <getopt.h>

#include "vmsift.h"

struct command {
	const char *name;
	const char *usage;   /* after the name */
	const char *summary; /* one line */
	const char *help;    /* options */
	/* argv[0] is the command's name. Return: the exit status. */
	int (*run)(const struct command *c, int argc, char **argv);
};

int cmd_run(const struct command *c, int argc, char **argv);
int cmd_core(const struct command *c, int argc, char **argv);
int cmd_kdump(const struct command *c, int argc, char **argv);
int cmd_report(const struct command *c, int argc, char **argv);
int cmd_ps(const struct command *c, int argc, char **argv);
int cmd_log(const struct command *c, int argc, char **argv);
int cmd_info(const struct command *c, int argc, char **argv);
int cmd_conf(const struct command *c, int argc, char **argv);
int cmd_layout(const struct command *c, int argc, char **argv);

/* Options that mean the same in every command. */
#define COMMON_SHORT "C:qvh"
enum { OPT_LAYOUT = 256, OPT_JSON, OPT_DRY_RUN, OPT_MAX_BYTES, OPT_MAX_TIME, OPT_OWN };
#define COMMON_LONG                                                                                \
	{ "config", required_argument, NULL, 'C' },                                                \
	{ "layout", required_argument, NULL, OPT_LAYOUT },                                         \
	{ "json", no_argument, NULL, OPT_JSON }, { "dry-run", no_argument, NULL, OPT_DRY_RUN },    \
	{ "max-bytes", required_argument, NULL, OPT_MAX_BYTES },                                   \
	{ "max-time", required_argument, NULL, OPT_MAX_TIME }, { "quiet", no_argument, NULL, 'q' }, \
	{ "verbose", no_argument, NULL, 'v' }, { "help", no_argument, NULL, 'h' }

struct common {
	const char *config, *layout;
	bool json, dry_run;
	uint64_t max_bytes; /* 0: no limit */
	uint64_t max_seconds; /* likewise */
	enum log_level level;
	struct log log;
};

void common_init(struct common *c);

/**
 * common_option() - take an option that all commands share
 * @opt: what getopt_long() returned
 *
 * Return: -1 if it was taken; else the status to end with (--help: 0, a mistake: VMSIFT_USAGE).
 */
int common_option(struct common *c, const struct command *cmd, int opt, const char *arg);

/* Print an error and where help is. Return: VMSIFT_USAGE. */
int usage_error(const struct command *cmd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What is left of the arguments is the dump, in one file or split. Return: NULL after an error was printed. */
char *const *dump_arguments(const struct command *cmd, int argc, char **argv, size_t *nr);

/* Open the dump, with the layout file that the options or its place name. */
int open_dump(struct common *c, char *const *paths, size_t nr, struct vmsift **ret,
	      struct err *err);

/* Print @err if @status says that there is one. Return: @status. */
int report_end(enum vmsift_status status, const struct err *err);

#endif
