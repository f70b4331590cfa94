/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "select/conf.h"
#include "util/str.h"
#include "vmcore/kdump_format.h"

int vmsift_open(const char *path, struct log *log, struct vmsift **ret, struct err *err)
{
	char *const paths[] = { (char *)path };

	return vmsift_open_parts(paths, 1, log, ret, err);
}

int vmsift_open_parts(char *const *paths, size_t nr, struct log *log, struct vmsift **ret,
		      struct err *err)
{
	struct vmsift *v = calloc(1, sizeof(*v));
	int rc;

	if (!v)
		return err_nomem(err);
	v->log = log;
	rc = vmcore_open_parts(paths, nr, log, &v->vc, err);
	if (rc) {
		free(v);
		return rc;
	}
	*ret = v;
	return 0;
}

static void drop_layout(struct vmsift *v)
{
	if (v->lf)
		layout_file_deinit(v->lf);
	free(v->lf);
	free(v->lf_path);
	v->lf = NULL;
	v->lf_path = NULL;
}

void vmsift_close(struct vmsift *v)
{
	if (!v)
		return;
	kernel_close(v->k);
	vmcore_close(v->vc);
	drop_layout(v);
	free(v);
}

/* "vmsift-layout.RELEASE" beside the configuration. NULL: out of memory, or no release. */
static char *layout_beside(const struct vmsift *v, const char *config)
{
	char release[UTS_FIELD], name[UTS_FIELD], *path;
	const char *slash = strrchr(config, '/');
	int dir = slash ? (int)(slash - config) + 1 : 0;

	if (!vmcoreinfo_str(&v->vc->info, "OSRELEASE", release, sizeof(release)))
		return NULL;
	str_file_name(name, sizeof(name), release);
	return asprintf(&path, "%.*svmsift-layout.%s", dir, config, name) < 0 ? NULL : path;
}

int vmsift_use_layout(struct vmsift *v, const char *layout, const char *config, struct err *err)
{
	int rc;

	drop_layout(v);
	v->lf_asked_for = layout != NULL;
	v->lf_path = layout ? strdup(layout) : layout_beside(v, config ? config : CONF_DEFAULT_PATH);
	if (!v->lf_path)
		return layout ? err_nomem(err) : 0;
	v->lf = malloc(sizeof(*v->lf));
	if (!v->lf)
		return err_nomem(err);
	layout_file_init(v->lf);
	rc = layout_file_read(v->lf_path, v->lf, err);
	if (!rc)
		return 0;
	if (!layout) {
		if (rc != ERR_NOTFOUND)
			log_warn(v->log, "%s; it is not used", err->text);
		*err = (struct err){ 0 };
		rc = 0;
	}
	drop_layout(v);
	return rc;
}

/* The layout note of a dump that vmsift wrote, where no layout file was given. */
static void take_layout_note(struct vmsift *v)
{
	struct err fault = { 0 };
	const struct note *n;
	char *text;
	int rc;

	vec_for_each(n, &v->vc->notes)
		if (n->type == VMSIFT_NOTE_LAYOUT && !strcmp(n->name, VMSIFT_NOTE_OWNER))
			break;
	if (n == v->vc->notes.v + v->vc->notes.n || n->desc_size > LAYOUT_FILE_SIZE_MAX)
		return;
	text = malloc(n->desc_size + 1u);
	v->lf = malloc(sizeof(*v->lf));
	v->lf_path = strdup("layout note");
	if (v->lf)
		layout_file_init(v->lf);
	if (!text || !v->lf || !v->lf_path) {
		free(text);
		drop_layout(v);
		return;
	}
	rc = vmcore_read_file(v->vc, n->desc_off, text, n->desc_size, &fault);
	if (!rc)
		rc = layout_file_parse("layout note", text, n->desc_size, v->lf, &fault);
	free(text);
	v->lf_is_note = !rc;
	if (rc) {
		log_warn(v->log, "%s: %s; it is not used", v->vc->path, fault.text);
		drop_layout(v);
	}
}

int vmsift_need_kernel(struct vmsift *v, struct err *err)
{
	int rc;

	if (v->k)
		return 0;
	if (!v->lf)
		take_layout_note(v);
	rc = kernel_open(v->vc, v->lf, &v->k, err);
	if (!rc && v->lf)
		snprintf(v->k->types_from, sizeof(v->k->types_from), "%s%s",
			 v->lf_is_note ? "" : "layout file ", v->lf_path);
	if (!rc || !v->lf)
		return rc;
	if (v->lf_asked_for)
		return err_add(err, "%s", v->lf_path);
	/* One that lies about is a help, not a demand. */
	log_warn(v->log, "%s: %s; it is not used", v->lf_path, err->text);
	*err = (struct err){ 0 };
	return kernel_open(v->vc, NULL, &v->k, err);
}

enum vmsift_status vmsift_status_of(int err_code)
{
	switch (err_code) {
	case 0:
		return VMSIFT_DONE;
	case ERR_INVALID:
		return VMSIFT_USAGE;
	default:
		return VMSIFT_NOTHING;
	}
}

enum vmsift_status vmsift_heed_faults(struct vmsift *v, enum vmsift_status status)
{
	const char *last;
	uint64_t nr = vmcore_faults(v->vc, &last);

	if (!nr)
		return status;
	if (nr != v->nr_faults_told) {
		log_warn(v->log, "%s: not all of it can be read: %s", v->vc->path, last);
		if (v->k && !v->nr_faults_told)
			kernel_degrade(v->k, "memory: not all of the dump can be read: %s", last);
	}
	v->nr_faults_told = nr;
	return status == VMSIFT_DONE ? VMSIFT_PARTLY : status;
}

enum vmsift_status vmsift_flush(FILE *out, enum vmsift_status status, struct err *err)
{
	bool failed_before = ferror(out);

	if (fflush(out)) {
		err_errno(err, "standard output");
		return VMSIFT_NOTHING;
	}
	/*
	 * stdio knows that it failed, and not any more why. The descriptor says it again; a line end harms
	 * no text that has a gap already.
	 */
	if (failed_before) {
		if (write(fileno(out), "\n", 1) < 0)
			err_errno(err, "standard output: not all of it could be written");
		else
			err_set(err, ERR_IO, "standard output: not all of it could be written");
		return VMSIFT_NOTHING;
	}
	return status;
}

const char *vmsift_time_name(int64_t seconds, char *buf, size_t size)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds <= 0 || !gmtime_r(&t, &tm) || tm.tm_year > 8099 ||
	    !strftime(buf, size, "%Y%m%dT%H%M%SZ", &tm))
		return "unknown-time";
	return buf;
}

const char *vmsift_time_text(int64_t seconds, char *buf, size_t size)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds <= 0 || !gmtime_r(&t, &tm) || tm.tm_year > 8099 ||
	    !strftime(buf, size, "%Y-%m-%d %H:%M:%S UTC", &tm))
		return "not known";
	return buf;
}

int vmsift_selection_create(struct vmsift_selection **ret, struct err *err)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : err_nomem(err);
}

void vmsift_selection_destroy(struct vmsift_selection *s)
{
	if (s)
		selection_set_free(&s->set);
	free(s);
}

int vmsift_selection_add(struct vmsift_selection *s, enum vmsift_select_kind kind, const char *text,
			 struct err *err)
{
	struct selection sel = { 0 };
	int rc = kind == VMSIFT_SELECT_TERMS ? selection_parse(text, &sel, err) :
		 kind == VMSIFT_SELECT_PID   ? selection_of_pid(text, &sel, err) :
		 kind == VMSIFT_SELECT_COMM  ? selection_of_comm(text, &sel, err) :
					       selection_of_all(&sel, err);

	return rc ? rc : selection_set_take(&s->set, &sel, err);
}
