/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report.h"

#include <stdlib.h>

#include "kernel/sysinfo.h"
#include "lib/confload.h"
#include "lib/corejob.h"
#include "lib/file_out.h"
#include "util/json.h"

#define REPORT_SCHEMA 1

static void json_task(struct json *j, struct kernel *k, const char *name, kvaddr_t addr)
{
	char letter[2] = "";
	struct task t;

	if (!addr || task_read(k, addr, &t, NULL))
		return;
	letter[0] = t.letter;
	json_object(j, name);
	json_i64(j, "pid", t.tgid);
	json_i64(j, "tid", t.pid);
	json_str(j, "comm", t.comm);
	json_str(j, "state", letter);
	json_end(j);
}

static void json_cpus(struct json *j, struct kernel *k)
{
	const struct kernel_cpu *c;

	json_array(j, "cpus");
	vec_for_each(c, &k->cpus) {
		json_object(j, NULL);
		json_u64(j, "cpu", c->nr);
		json_bool(j, "panicked", (int)c->nr == k->panic_cpu);
		json_task(j, k, "task", c->current_task);
		json_end(j);
	}
	json_end(j);
}

static void json_module(void *ctx, const char *name, const char *build_id)
{
	(void)build_id;
	json_str(ctx, NULL, name);
}

static void json_module_id(void *ctx, const char *name, const char *build_id)
{
	if (*build_id)
		json_str(ctx, name, build_id);
}

static int write_json(struct kernel *k, const struct report *r, const struct out *to,
		      struct err *err)
{
	char when[32], taint[32];
	struct json j;
	size_t i;

	json_init(&j, to);
	json_object(&j, NULL);
	json_u64(&j, "schema", REPORT_SCHEMA);
	json_str(&j, "host", k->nodename);
	json_str(&j, "release", k->release);
	json_str(&j, "version", k->version);
	json_str(&j, "machine", k->machine);
	json_str(&j, "build_id", k->build_id);
	json_i64(&j, "crash_time", k->crash_time);
	json_str(&j, "crashed", vmsift_time_text(k->crash_time, when, sizeof(when)));
	json_u64(&j, "uptime", sysinfo_uptime(k));
	json_str(&j, "taint", sysinfo_taint(k, taint, sizeof(taint)));
	json_task(&j, k, "panic_task", k->panic_task);
	json_cpus(&j, k);
	json_array(&j, "log");
	for (i = 0; i < r->nr_log; i++)
		json_str(&j, NULL, r->log[i]);
	json_end(&j);
	json_array(&j, "modules");
	sysinfo_modules(k, json_module, &j);
	json_end(&j);
	json_object(&j, "module_build_ids");
	sysinfo_modules(k, json_module_id, &j);
	json_end(&j);
	json_bool(&j, "cut", r->cut);
	json_str(&j, "text", r->text);
	json_end(&j);
	return json_finish(&j, err);
}

/*
 * The leaders of what the configuration chooses; that it cannot be read was said, and costs no report.
 * Return: false if some are missing for lack of memory.
 */
static bool find_chosen(struct vmsift *v, const char *path, struct task_vec *ret)
{
	struct chosen_vec chosen = { 0 };
	struct err err = { 0 };
	const struct chosen *c;
	size_t nr_problems;
	unsigned int lost = 0;
	struct conf conf;
	int rc = conf_load(path, &conf, &nr_problems, v->log, &err);

	if (rc && !(rc == ERR_NOTFOUND && !path))
		log_error(v->log, "%s", err.text);
	err = (struct err){ 0 };
	if (chosen_by_conf(v, &conf, NULL, &chosen, &lost, &err))
		log_error(v->log, "%s", err.text);
	vec_for_each(c, &chosen)
		if (!task_vec_push(ret, c->leader))
			err_nomem(&err);
	chosen_vec_free(&chosen);
	conf_free(&conf);
	return err.rc != ERR_NOMEM;
}

enum vmsift_status vmsift_report(struct vmsift *v, FILE *out, const char *conf, bool json,
				 struct err *err)
{
	struct task_vec leaders = { 0 };
	const struct out to = file_out(out);
	struct report *r = calloc(1, sizeof(*r));
	enum vmsift_status status = VMSIFT_DONE;
	bool starved;
	int rc = r ? vmsift_need_kernel(v, err) : err_nomem(err);

	if (!rc) {
		starved = !find_chosen(v, conf, &leaders);
		report_make(v->k, &leaders, r);
		if (starved || r->starved) {
			log_error(v->log, "the report lacks what there was no memory for");
			status = VMSIFT_PARTLY;
		}
		if (json)
			rc = write_json(v->k, r, &to, err);
		else
			fputs(r->text, out);
	}
	task_vec_free(&leaders);
	free(r);
	return rc ? vmsift_status_of(rc) : vmsift_flush(out, vmsift_heed_faults(v, status), err);
}
