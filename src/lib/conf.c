/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/confload.h"

#include <string.h>

int conf_load(const char *path, struct conf *conf, size_t *nr_problems, struct log *log,
	      struct err *err)
{
	struct conf_problems problems = { 0 };
	const struct conf_problem *p;
	int rc = conf_read(path ? path : CONF_DEFAULT_PATH, conf, &problems, err);

	vec_for_each(p, &problems.list)
		log_error(log, "%s", p->text);
	if (problems.nr > problems.list.n)
		log_error(log, "%zu more mistakes", problems.nr - problems.list.n);
	*nr_problems = problems.nr;
	conf_problems_free(&problems);
	return rc;
}

enum vmsift_status vmsift_conf(const char *path, enum vmsift_conf_mode mode, FILE *out,
			       struct log *log, struct err *err)
{
	struct conf conf;
	size_t nr_problems = 0;
	int rc = conf_load(path, &conf, &nr_problems, log, err);
	enum vmsift_status status = VMSIFT_DONE;

	/* Without a file named, and none at the usual place, the defaults are the configuration. */
	if (rc == ERR_NOTFOUND && !path) {
		log_info(log, "%s: there is none: the defaults hold", CONF_DEFAULT_PATH);
		*err = (struct err){ 0 };
		rc = 0;
	}
	/* The capture scripts must get something to go on with, whatever the file holds. */
	if (mode == VMSIFT_CONF_SHELL)
		conf_print_shell(&conf, out);
	else if (!rc && mode == VMSIFT_CONF_PRINT)
		conf_print(&conf, out);
	conf_free(&conf);
	if (rc || nr_problems)
		status = rc == ERR_NOMEM ? VMSIFT_NOTHING : VMSIFT_USAGE;
	return vmsift_flush(out, status, err);
}
