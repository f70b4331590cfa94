/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report.h"

#include <stdlib.h>

#include "lib/dump.h"
#include "lib/file_out.h"
#include "util/json.h"

#define REPORT_SCHEMA 1

enum vmsift_status vmsift_report(struct vmsift *v, FILE *out, bool json, struct err *err)
{
	const struct task_vec none = { 0 };
	const struct out to = file_out(out);
	struct report *r = calloc(1, sizeof(*r));
	struct json j;
	int rc = r ? vmsift_need_kernel(v, err) : err_nomem(err);

	if (!rc) {
		report_make(v->k, &none, r);
		if (json) {
			json_init(&j, &to);
			json_object(&j, NULL);
			json_u64(&j, "schema", REPORT_SCHEMA);
			json_bool(&j, "cut", r->cut);
			json_str(&j, "text", r->text);
			json_end(&j);
			rc = json_finish(&j, err);
		} else {
			fputs(r->text, out);
		}
	}
	free(r);
	return rc ? vmsift_status_of(rc) : vmsift_flush(out, VMSIFT_DONE, err);
}
