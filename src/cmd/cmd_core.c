/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "cmd/cmd.h"
#include "util/str.h"

enum { OPT_ALL = OPT_OWN, OPT_SELECT, OPT_DETAIL, OPT_CODEC, OPT_LEVEL,
       OPT_FILE_PAGES };

static const struct option options[] = {
	COMMON_LONG,
	{ "pid", required_argument, NULL, 'p' },
	{ "name", required_argument, NULL, 'n' },
	{ "all", no_argument, NULL, OPT_ALL },
	{ "select", required_argument, NULL, OPT_SELECT },
	{ "output", required_argument, NULL, 'o' },
	{ "detail", required_argument, NULL, OPT_DETAIL },
	{ "codec", required_argument, NULL, OPT_CODEC },
	{ "compress-level", required_argument, NULL, OPT_LEVEL },
	{ "file-pages", no_argument, NULL, OPT_FILE_PAGES },
	{ "force", no_argument, NULL, 'f' },
	{ NULL, 0, NULL, 0 },
};

/* Return: -1 to go on, else the status to end with. */
static int add_selection(const struct command *cmd, struct vmsift_selection *sel,
			 enum vmsift_select_kind kind, const char *text, bool *any)
{
	struct err err = { 0 };

	*any = true;
	if (!vmsift_selection_add(sel, kind, text, &err))
		return -1;
	return err.rc == ERR_NOMEM ? report_end(VMSIFT_NOTHING, &err) : usage_error(cmd, "%s", err.text);
}

static int parse(const struct command *cmd, int argc, char **argv, struct common *common,
		 struct vmsift_core_opts *o, struct vmsift_selection *sel)
{
	bool any = false;
	uint64_t level;
	int opt, rc;

	while ((opt = getopt_long(argc, argv, COMMON_SHORT "p:n:o:f", options, NULL)) != -1) {
		rc = -1;
		switch (opt) {
		case 'p':
			rc = add_selection(cmd, sel, VMSIFT_SELECT_PID, optarg, &any);
			break;
		case 'n':
			rc = add_selection(cmd, sel, VMSIFT_SELECT_COMM, optarg, &any);
			break;
		case OPT_ALL:
			rc = add_selection(cmd, sel, VMSIFT_SELECT_ALL, NULL, &any);
			break;
		case OPT_SELECT:
			rc = add_selection(cmd, sel, VMSIFT_SELECT_TERMS, optarg, &any);
			break;
		case 'o':
			o->out = optarg;
			break;
		case OPT_DETAIL:
			o->detail = optarg;
			break;
		case OPT_CODEC:
			o->codec = optarg;
			break;
		case OPT_LEVEL:
			if (!str_parse_u64(optarg, &level) || !level || level > 22)
				rc = usage_error(cmd, "--compress-level: '%s' is not a level", optarg);
			o->codec_level = (int)level;
			break;
		case OPT_FILE_PAGES:
			o->file_pages = true;
			break;
		case 'f':
			o->force = true;
			break;
		default:
			rc = common_option(common, cmd, opt, optarg);
		}
		if (rc >= 0)
			return rc;
	}
	o->selection = any ? sel : NULL;
	return -1;
}

static int run_core(const struct command *cmd, int argc, char **argv, struct vmsift_selection *sel)
{
	struct vmsift_core_opts o = { .report = stdout };
	struct err err = { 0 };
	enum vmsift_status status;
	struct common common;
	struct vmsift *v;
	char *const *paths;
	size_t nr;
	int rc;

	common_init(&common);
	rc = parse(cmd, argc, argv, &common, &o, sel);
	if (rc >= 0)
		return rc;
	paths = dump_arguments(cmd, argc, argv, &nr);
	if (!paths)
		return VMSIFT_USAGE;
	if (!o.out && !common.dry_run)
		return usage_error(cmd, "where to? -o DIR or -o - is missing");
	o.dry_run = common.dry_run;
	o.json = common.json;
	o.conf = common.config;
	o.max_bytes = common.max_bytes;
	o.max_seconds = common.max_seconds;
	rc = open_dump(&common, paths, nr, &v, &err);
	if (rc)
		return report_end(vmsift_status_of(rc), &err);
	status = vmsift_core(v, &o, &err);
	vmsift_close(v);
	return report_end(status, &err);
}

int cmd_core(const struct command *cmd, int argc, char **argv)
{
	struct vmsift_selection *sel;
	struct err err = { 0 };
	int status;

	if (vmsift_selection_create(&sel, &err))
		return report_end(VMSIFT_NOTHING, &err);
	status = run_core(cmd, argc, argv, sel);
	vmsift_selection_destroy(sel);
	return status;
}
