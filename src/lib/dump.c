/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/dump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int vmsift_open(const char *path, struct log *log, struct vmsift **ret, struct err *err)
{
	struct vmsift *v = calloc(1, sizeof(*v));
	int rc;

	if (!v)
		return err_nomem(err);
	v->log = log;
	rc = vmcore_open(path, log, &v->vc, err);
	if (rc) {
		free(v);
		return rc;
	}
	*ret = v;
	return 0;
}

void vmsift_close(struct vmsift *v)
{
	if (!v)
		return;
	kernel_close(v->k);
	vmcore_close(v->vc);
	free(v);
}

int vmsift_need_kernel(struct vmsift *v, struct err *err)
{
	return v->k ? 0 : kernel_open(v->vc, &v->k, err);
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

enum vmsift_status vmsift_flush(FILE *out, enum vmsift_status status, struct err *err)
{
	errno = 0;
	if (fflush(out) || ferror(out)) {
		if (!errno)
			errno = EIO;
		err_errno(err, "standard output");
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
