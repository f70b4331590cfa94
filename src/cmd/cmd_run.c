/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run and conf: what the scripts of initramfs/ call. */
#include "cmd/cmd.h"

enum { OPT_CHECK = OPT_OWN, OPT_SHELL, OPT_DETAIL };

static const struct option run_options[] = {
	COMMON_LONG,
	{ "detail", required_argument, NULL, OPT_DETAIL },
	{ NULL, 0, NULL, 0 },
};

static const struct option conf_options[] = {
	COMMON_LONG,
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "shell", no_argument, NULL, OPT_SHELL },
	{ NULL, 0, NULL, 0 },
};

int cmd_run(const struct command *cmd, int argc, char **argv)
{
	struct vmsift_run_opts o = { .report = stdout };
	struct err err = { 0 };
	enum vmsift_status status;
	struct common common;
	struct vmsift *v;
	int opt, rc;

	common_init(&common);
	while ((opt = getopt_long(argc, argv, COMMON_SHORT, run_options, NULL)) != -1) {
		if (opt == OPT_DETAIL) {
			o.detail = optarg;
			continue;
		}
		rc = common_option(&common, cmd, opt, optarg);
		if (rc >= 0)
			return rc;
	}
	if (argc - optind != 2)
		return usage_error(cmd, "it takes a dump and a directory");
	o.conf = common.config;
	o.out = argv[optind + 1];
	o.dry_run = common.dry_run;
	o.json = common.json;
	o.max_bytes = common.max_bytes;
	o.max_seconds = common.max_seconds;
	rc = open_dump(&common, argv + optind, 1, &v, &err);
	if (rc)
		return report_end(vmsift_status_of(rc), &err);
	status = vmsift_run(v, &o, &err);
	vmsift_close(v);
	return report_end(status, &err);
}

int cmd_conf(const struct command *cmd, int argc, char **argv)
{
	enum vmsift_conf_mode mode = VMSIFT_CONF_PRINT, wanted;
	struct err err = { 0 };
	struct common common;
	int opt, rc;

	common_init(&common);
	while ((opt = getopt_long(argc, argv, COMMON_SHORT, conf_options, NULL)) != -1) {
		if (opt == OPT_CHECK || opt == OPT_SHELL) {
			wanted = opt == OPT_CHECK ? VMSIFT_CONF_CHECK : VMSIFT_CONF_SHELL;
			if (mode != VMSIFT_CONF_PRINT && mode != wanted)
				return usage_error(cmd, "--check and --shell exclude each other");
			mode = wanted;
			continue;
		}
		rc = common_option(&common, cmd, opt, optarg);
		if (rc >= 0)
			return rc;
	}
	if (optind < argc)
		return usage_error(cmd, "'%s' is too much", argv[optind]);
	return report_end(vmsift_conf(common.config, mode, stdout, &common.log, &err), &err);
}
