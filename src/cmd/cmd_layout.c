/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"

enum { OPT_SYMBOLS = OPT_OWN, OPT_VMLINUX, OPT_BTF, OPT_SYSTEM_MAP, OPT_BUILD_ID, OPT_RELEASE,
       OPT_VERSION };

static const struct option options[] = {
	COMMON_LONG,
	{ "output", required_argument, NULL, 'o' },
	{ "force", no_argument, NULL, 'f' },
	{ "symbols", no_argument, NULL, OPT_SYMBOLS },
	{ "vmlinux", required_argument, NULL, OPT_VMLINUX },
	{ "btf", required_argument, NULL, OPT_BTF },
	{ "system-map", required_argument, NULL, OPT_SYSTEM_MAP },
	{ "build-id", required_argument, NULL, OPT_BUILD_ID },
	{ "release", required_argument, NULL, OPT_RELEASE },
	{ "version", required_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

/* Return: -1 to go on, else the status to end with. */
static int parse(const struct command *cmd, int argc, char **argv, struct common *common,
		 struct vmsift_layout_opts *o, bool *symbols)
{
	int opt, rc;

	while ((opt = getopt_long(argc, argv, COMMON_SHORT "o:f", options, NULL)) != -1) {
		switch (opt) {
		case 'o':
			o->out = optarg;
			break;
		case 'f':
			o->force = true;
			break;
		case OPT_SYMBOLS:
			*symbols = true;
			break;
		case OPT_VMLINUX:
			o->vmlinux = optarg;
			break;
		case OPT_BTF:
			o->btf = optarg;
			break;
		case OPT_SYSTEM_MAP:
			o->system_map = optarg;
			break;
		case OPT_BUILD_ID:
			o->build_id = optarg;
			break;
		case OPT_RELEASE:
			o->release = optarg;
			break;
		case OPT_VERSION:
			o->version = optarg;
			break;
		default:
			rc = common_option(common, cmd, opt, optarg);
			if (rc >= 0)
				return rc;
		}
	}
	return -1;
}

int cmd_layout(const struct command *cmd, int argc, char **argv)
{
	struct vmsift_layout_opts o = { .out = NULL };
	struct err err = { 0 };
	struct common common;
	bool symbols = false;
	int rc;

	common_init(&common);
	rc = parse(cmd, argc, argv, &common, &o, &symbols);
	if (rc >= 0)
		return rc;
	if (optind < argc && !symbols)
		return usage_error(cmd, "'%s' is too much (--symbols is missing?)", argv[optind]);
	if (symbols && optind == argc)
		return usage_error(cmd, "--symbols: of which programs?");
	o.programs = symbols ? argv + optind : NULL;
	return report_end(vmsift_layout(&o, &common.log, &err), &err);
}
