/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kdump: the letters of makedumpfile(8), so that it serves as core_collector of kdump.conf(5). */
#include <string.h>

#include "cmd/cmd.h"
#include "util/str.h"

enum {
	OPT_MESSAGE_LEVEL = OPT_OWN,
	OPT_NUM_THREADS,
	OPT_NON_MMAP,
	OPT_CHECK_PARAMS,
	OPT_COMPRESS_LEVEL,
	OPT_ALL,
	OPT_SELECT,
	OPT_DETAIL,
	OPT_TRIAGE
};

/* Bits of makedumpfile's --message-level. */
enum { MESSAGE_PROGRESS = 1, MESSAGE_COMMON = 2, MESSAGE_DEBUG = 8, MESSAGE_MAX = 31 };

static const struct option options[] = {
	COMMON_LONG,
	{ "dump-level", required_argument, NULL, 'd' },
	{ "force", no_argument, NULL, 'f' },
	{ "message-level", required_argument, NULL, OPT_MESSAGE_LEVEL },
	{ "num-threads", required_argument, NULL, OPT_NUM_THREADS },
	{ "non-mmap", no_argument, NULL, OPT_NON_MMAP },
	{ "check-params", no_argument, NULL, OPT_CHECK_PARAMS },
	{ "compress-level", required_argument, NULL, OPT_COMPRESS_LEVEL },
	{ "pid", required_argument, NULL, 'p' },
	{ "name", required_argument, NULL, 'n' },
	{ "all", no_argument, NULL, OPT_ALL },
	{ "select", required_argument, NULL, OPT_SELECT },
	{ "detail", required_argument, NULL, OPT_DETAIL },
	{ "triage", no_argument, NULL, OPT_TRIAGE },
	{ NULL, 0, NULL, 0 },
};

struct kdump_args {
	struct common common;
	struct vmsift_kdump_opts o;
	struct vmsift_selection *selection;
	bool non_mmap, check_params;
};

/* A decimal number up to @max. Return: -1 if it is one, else VMSIFT_USAGE. */
static int parse_number(const struct command *cmd, const char *name, const char *arg, uint64_t max,
			uint64_t *ret)
{
	if (str_parse_u64(arg, ret) && *ret <= max)
		return -1;
	return usage_error(cmd, "%s: '%s' is no number from 0 to %llu", name, arg,
			   (unsigned long long)max);
}

static int set_message_level(const struct command *cmd, struct common *c, const char *arg)
{
	uint64_t v = 0;
	int rc = parse_number(cmd, "--message-level", arg, MESSAGE_MAX, &v);

	if (rc < 0)
		c->log.level = v & MESSAGE_DEBUG			 ? LOG_DEBUG
			       : v & (MESSAGE_PROGRESS | MESSAGE_COMMON) ? LOG_INFO
									 : LOG_ERROR;
	return rc;
}

static int set_codec(const struct command *cmd, struct vmsift_kdump_opts *o, const char *codec)
{
	if (o->codec && strcmp(o->codec, codec))
		return usage_error(cmd, "one codec at a time: -c, -l or -z");
	o->codec = codec;
	return -1;
}

static int add_selection(const struct command *cmd, struct kdump_args *a,
			 enum vmsift_select_kind kind, const char *text)
{
	struct err err = { 0 };

	a->o.selection = a->selection;
	if (!vmsift_selection_add(a->selection, kind, text, &err))
		return -1;
	return err.rc == ERR_NOMEM ? report_end(VMSIFT_NOTHING, &err) : usage_error(cmd, "%s", err.text);
}

/* Return: -1 to go on, else the status to end with. */
static int take_option(const struct command *cmd, struct kdump_args *a, int opt)
{
	uint64_t v = 0;
	int rc = -1;

	switch (opt) {
	case 'd':
		rc = parse_number(cmd, "-d", optarg, 31, &v);
		a->o.dump_level = (unsigned int)v;
		return rc;
	case 'c':
		return set_codec(cmd, &a->o, "zlib");
	case 'l':
		return set_codec(cmd, &a->o, "lzo");
	case 'z':
		return set_codec(cmd, &a->o, "zstd");
	case 'F':
		a->o.flattened = true;
		return -1;
	case 'f':
		a->o.force = true;
		return -1;
	case 'D':
		a->common.log.level = LOG_DEBUG;
		return -1;
	case 'X': /* leave out domU pages of a Xen dump: this is none */
		return -1;
	case 'p':
		return add_selection(cmd, a, VMSIFT_SELECT_PID, optarg);
	case 'n':
		return add_selection(cmd, a, VMSIFT_SELECT_COMM, optarg);
	case OPT_ALL:
		return add_selection(cmd, a, VMSIFT_SELECT_ALL, NULL);
	case OPT_SELECT:
		return add_selection(cmd, a, VMSIFT_SELECT_TERMS, optarg);
	case OPT_DETAIL:
		a->o.detail = optarg;
		return -1;
	case OPT_TRIAGE:
		a->o.triage = true;
		return -1;
	case OPT_MESSAGE_LEVEL:
		return set_message_level(cmd, &a->common, optarg);
	case OPT_NUM_THREADS:
		rc = parse_number(cmd, "--num-threads", optarg, 1024, &v);
		a->o.nr_threads = (int)v;
		return rc;
	case OPT_NON_MMAP:
		a->non_mmap = true;
		return -1;
	case OPT_CHECK_PARAMS:
		a->check_params = true;
		return -1;
	case OPT_COMPRESS_LEVEL:
		rc = parse_number(cmd, "--compress-level", optarg, 22, &v);
		a->o.codec_level = (int)v;
		return rc;
	default:
		return common_option(&a->common, cmd, opt, optarg);
	}
}

static int run_kdump(struct kdump_args *a, char *const *paths, size_t nr)
{
	struct err err = { 0 };
	enum vmsift_status status;
	struct vmsift *v;
	int rc = open_dump(&a->common, paths, nr, &v, &err);

	if (rc)
		return report_end(vmsift_status_of(rc), &err);
	if (a->non_mmap)
		vmsift_without_mmap(v);
	status = vmsift_kdump(v, &a->o, &err);
	vmsift_close(v);
	return report_end(status, &err);
}

/* One name is the dump; of several the last is OUT, as of cp(1): the dump may be in several files. */
static int parse_and_run(const struct command *cmd, struct kdump_args *a, int argc, char **argv)
{
	int opt, rc, nr;

	while ((opt = getopt_long(argc, argv, COMMON_SHORT "d:clzFfDXp:n:", options, NULL)) != -1) {
		rc = take_option(cmd, a, opt);
		if (rc >= 0)
			return rc;
	}
	if (a->check_params)
		return VMSIFT_DONE;
	if (optind == argc)
		return usage_error(cmd, "which dump? VMCORE is missing");
	nr = argc - optind;
	if (nr > 1)
		a->o.out = argv[optind + --nr];
	a->o.dry_run = a->common.dry_run;
	a->o.json = a->common.json;
	a->o.conf = a->common.config;
	a->o.max_bytes = a->common.max_bytes;
	a->o.max_seconds = a->common.max_seconds;
	return run_kdump(a, argv + optind, (size_t)nr);
}

int cmd_kdump(const struct command *cmd, int argc, char **argv)
{
	struct kdump_args a = { .o = { .nr_threads = -1, .report = stdout } };
	struct err err = { 0 };
	int status;

	common_init(&a.common);
	if (vmsift_selection_create(&a.selection, &err))
		return report_end(VMSIFT_NOTHING, &err);
	status = parse_and_run(cmd, &a, argc, argv);
	vmsift_selection_destroy(a.selection);
	return status;
}
