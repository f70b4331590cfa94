/* SPDX-License-Identifier: GPL-2.0-or-later */
/* info, ps, log and report: text to standard output. */
#include "cmd/cmd.h"

enum { OPT_CHECK = OPT_OWN };

static const struct option options[] = {
	COMMON_LONG,
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "threads", no_argument, NULL, 't' },
	{ NULL, 0, NULL, 0 },
};

struct show {
	struct common common;
	bool check, threads;
};

/* Return: -1 to go on, else the status to end with. */
static int parse(const struct command *cmd, int argc, char **argv, const char *shorts,
		 struct show *s)
{
	int opt, rc;

	common_init(&s->common);
	while ((opt = getopt_long(argc, argv, shorts, options, NULL)) != -1) {
		if (opt == 't' && cmd->run == cmd_ps) {
			s->threads = true;
			continue;
		}
		if (opt == OPT_CHECK && cmd->run == cmd_info) {
			s->check = true;
			continue;
		}
		rc = common_option(&s->common, cmd, opt, optarg);
		if (rc >= 0)
			return rc;
	}
	return -1;
}

static int show(const struct command *cmd, int argc, char **argv, const char *shorts,
		enum vmsift_status (*fn)(struct vmsift *v, const struct show *s, struct err *err))
{
	struct show s = { .check = false };
	struct err err = { 0 };
	enum vmsift_status status;
	struct vmsift *v;
	char *const *paths;
	size_t nr;
	int rc = parse(cmd, argc, argv, shorts, &s);

	if (rc >= 0)
		return rc;
	paths = dump_arguments(cmd, argc, argv, &nr);
	if (!paths)
		return VMSIFT_USAGE;
	rc = open_dump(&s.common, paths, nr, &v, &err);
	if (rc)
		return report_end(vmsift_status_of(rc), &err);
	status = fn(v, &s, &err);
	vmsift_close(v);
	return report_end(status, &err);
}

static enum vmsift_status do_info(struct vmsift *v, const struct show *s, struct err *err)
{
	return vmsift_info(v, stdout, s->common.json, s->check, err);
}

static enum vmsift_status do_ps(struct vmsift *v, const struct show *s, struct err *err)
{
	return vmsift_ps(v, stdout, s->threads, s->common.json, err);
}

static enum vmsift_status do_log(struct vmsift *v, const struct show *s, struct err *err)
{
	(void)s;
	return vmsift_log(v, stdout, err);
}

static enum vmsift_status do_report(struct vmsift *v, const struct show *s, struct err *err)
{
	return vmsift_report(v, stdout, s->common.config, s->common.json, err);
}

int cmd_report(const struct command *c, int argc, char **argv)
{
	return show(c, argc, argv, COMMON_SHORT, do_report);
}

int cmd_info(const struct command *c, int argc, char **argv)
{
	return show(c, argc, argv, COMMON_SHORT, do_info);
}

int cmd_ps(const struct command *c, int argc, char **argv)
{
	return show(c, argc, argv, COMMON_SHORT "t", do_ps);
}

int cmd_log(const struct command *c, int argc, char **argv)
{
	return show(c, argc, argv, COMMON_SHORT, do_log);
}
