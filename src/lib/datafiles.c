/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/datafiles.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A file that is not there: its bytes are missing too. */
static void forget(struct core_result *r, struct data_file *f, const struct err *why)
{
	f->name[0] = 0;
	f->missing += f->size;
	if (r->outcome == CORE_WRITTEN && why->rc != ERR_BUDGET)
		r->outcome = CORE_PARTLY;
	if (!r->why[0])
		snprintf(r->why, sizeof(r->why), "%s", why->text);
}

static int write_one(const struct plan *plan, struct outdir *dir, const struct data_file *f,
		     uint64_t *lost, struct err *err)
{
	struct sink *s;
	struct out to;
	int rc = outdir_create(dir, f->name, "", &s, err);

	if (rc)
		return rc;
	to = sink_out(s);
	rc = data_file_write(plan, f, &to, lost, err);
	if (rc) {
		sink_abort(s, rc == ERR_BUDGET ? SINK_REMOVE : SINK_KEEP);
		return rc;
	}
	return sink_close(s, err);
}

void datafiles_write(struct corejob *job, const struct plan *plan, const char *base,
		     struct core_result *r)
{
	struct outdir *dir = NULL;
	struct data_file *f;
	uint64_t lost = 0;

	vec_for_each(f, &r->data) {
		struct err err = { 0 };
		int rc = 0;

		if (!f->name[0])
			continue;
		if (!dir)
			rc = outdir_subdir(job->dir, base, ".data", &dir, &err);
		if (!rc)
			rc = write_one(plan, dir, f, &lost, &err);
		if (rc) {
			log_print(job->v->log, rc == ERR_BUDGET ? LOG_WARN : LOG_ERROR,
				  "registered data %s of process %d (%s): %s", f->name, r->pid,
				  r->comm, err.text);
			forget(r, f, &err);
		}
	}
	if (dir)
		snprintf(r->data_dir, sizeof(r->data_dir), "%s", outdir_name(dir));
	outdir_close(dir);
	r->lost_size += lost;
	if (lost)
		r->outcome = CORE_PARTLY;
}

int datafiles_tar(struct corejob *job, const struct plan *plan, struct tar *tar, const char *base,
		  struct core_result *r, struct err *err)
{
	const struct out to = tar_out(tar);
	const struct data_file *f;
	uint64_t lost = 0;
	int rc = 0;

	snprintf(r->data_dir, sizeof(r->data_dir), "%s.data", base);
	vec_for_each(f, &r->data) {
		char name[sizeof(r->data_dir) + sizeof(f->name)];

		if (!f->name[0] || rc)
			continue;
		snprintf(name, sizeof(name), "%s/%s", r->data_dir, f->name);
		rc = tar_begin_member(tar, name, f->size, job->v->k->crash_time, 0600, err);
		if (!rc)
			rc = data_file_write(plan, f, &to, &lost, err);
		if (!rc)
			rc = tar_end_member(tar, err);
	}
	r->lost_size += lost;
	return rc;
}

/* @name may have directories in front. */
bool datafiles_published(struct core_result *r, const char *name, const struct err *err)
{
	struct data_file *f;

	vec_for_each(f, &r->data) {
		char path[sizeof(r->data_dir) + sizeof(f->name) + 1];
		size_t n;

		if (!f->name[0] || !r->data_dir[0])
			continue;
		n = (size_t)snprintf(path, sizeof(path), "%s/%s", r->data_dir, f->name);
		if (strlen(name) < n || strcmp(name + strlen(name) - n, path))
			continue;
		forget(r, f, err);
		return true;
	}
	return false;
}

void datafiles_print(const struct core_result *r, FILE *out)
{
	const struct data_file *f;

	vec_for_each(f, &r->data) {
		fprintf(out, "        data: %s %" PRIu64, f->name[0] ? f->name : "-", f->size);
		if (f->missing)
			fprintf(out, " missing=%" PRIu64, f->missing);
		fputc('\n', out);
	}
}

void datafiles_json(const struct core_result *r, struct json *j)
{
	const struct data_file *f;

	if (!r->data.n)
		return;
	json_array(j, "data_files");
	vec_for_each(f, &r->data) {
		char path[sizeof(r->data_dir) + sizeof(f->name) + 1];

		snprintf(path, sizeof(path), "%s%s%s", r->data_dir, r->data_dir[0] ? "/" : "", f->name);
		json_object(j, NULL);
		json_str(j, "file", f->name[0] ? path : NULL);
		json_u64(j, "offset", f->off);
		json_u64(j, "size", f->name[0] ? f->size : 0);
		if (f->missing)
			json_u64(j, "missing", f->missing);
		json_end(j);
	}
	json_end(j);
}
