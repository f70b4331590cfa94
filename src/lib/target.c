/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/target.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/str.h"

static void make_name(struct target *t)
{
	const struct kernel *k = t->v->k;
	char host[UTS_FIELD], when[24];

	if (!vmcoreinfo_number(&t->v->vc->info, "CRASHTIME", &t->mtime))
		t->mtime = 0;
	str_file_name(host, sizeof(host), k && k->nodename[0] ? k->nodename : "unknown-host");
	snprintf(t->name, sizeof(t->name), "%s-%s", host,
		 vmsift_time_name(t->mtime, when, sizeof(when)));
	snprintf(t->prefix, sizeof(t->prefix), "%s/", t->name);
}

static int open_stream(struct target *t, const struct codec *codec, struct err *err)
{
	struct out to;
	int rc = sink_open_fd(1, "standard output", &t->sink, err);

	if (rc)
		return rc;
	to = sink_out(t->sink);
	rc = codec_stream_create(codec, codec->level_default, &to, &t->cs, err);
	if (rc)
		return rc;
	to = codec_stream_out(t->cs);
	tar_init(&t->tar, &to);
	/* Who writes the stream somewhere may call it so: initramfs/ does. */
	log_info(t->v->log, "%s as one stream", t->name);
	return 0;
}

int target_open(struct target *t, struct vmsift *v, const char *out, const struct outdir_opts *od,
		const struct codec *codec, struct err *err)
{
	int rc;

	memset(t, 0, sizeof(*t));
	t->v = v;
	t->max_bytes = od->max_bytes;
	make_name(t);
	if (!strcmp(out, "-"))
		return open_stream(t, codec, err);
	rc = outdir_open(out, od, &t->top, err);
	return rc ? rc : outdir_subdir(t->top, t->name, "", &t->dir, err);
}

/* stdio onto an out, with what that said last. */
struct cookie {
	struct out to;
	struct err err;
};

static ssize_t cookie_write(void *cookie, const char *buf, size_t size)
{
	struct cookie *c = cookie;

	if (out_write(&c->to, buf, size, &c->err)) {
		errno = EIO;
		return -1;
	}
	return (ssize_t)size;
}

static int fill_out(const struct out *to, target_fill fill, void *ctx, enum vmsift_status *status,
		    struct err *err)
{
	const cookie_io_functions_t io = { .write = cookie_write };
	struct cookie cookie = { .to = *to };
	FILE *f = fopencookie(&cookie, "w", io);

	if (!f)
		return err_nomem(err);
	*status = fill(ctx, f, err);
	if (fclose(f) && !err->rc)
		err_set(err, ERR_IO, "could not be written");
	/* The sink knows why; what stdio makes of it is less. */
	if (cookie.err.rc)
		*err = cookie.err;
	if (*status != VMSIFT_DONE && *status != VMSIFT_PARTLY && !err->rc)
		err_set(err, ERR_IO, "could not be made");
	return err->rc;
}

static int text_in_tar(struct target *t, const char *name, target_fill fill, void *ctx,
		       enum vmsift_status *status, struct err *err)
{
	const struct out to = tar_out(&t->tar);
	uint64_t size = 0;
	const struct out counter = OUT_COUNTING(&size);
	int rc = fill_out(&counter, fill, ctx, status, err);

	/* Nothing of it is in the stream yet. */
	if (rc)
		return err_add(err, "%s", name);
	rc = tar_begin_member(&t->tar, name, size, t->mtime, 0600, err);
	if (!rc)
		rc = fill_out(&to, fill, ctx, status, err);
	if (!rc)
		rc = tar_end_member(&t->tar, err);
	t->broken |= rc != 0;
	return rc;
}

int target_text(struct target *t, const char *base, const char *suffix, target_fill fill, void *ctx,
		enum vmsift_status *status, struct err *err)
{
	char name[256];
	struct sink *s;
	struct out to;
	uint64_t used;
	int rc;

	*status = VMSIFT_NOTHING;
	snprintf(name, sizeof(name), "%s%s%s", t->dir ? "" : t->prefix, base, suffix);
	if (t->broken)
		return err_set(err, ERR_IO, "%s: the stream is broken", name);
	if (!t->dir)
		return text_in_tar(t, name, fill, ctx, status, err);
	used = outdir_budget(t->dir)->used;
	rc = outdir_create(t->dir, base, suffix, &s, err);
	if (rc)
		return rc;
	to = sink_out(s);
	rc = fill_out(&to, fill, ctx, status, err);
	if (rc) {
		/* What a limit ended is nothing, and leaves its room to what is smaller. */
		sink_abort(s, rc == ERR_BUDGET ? SINK_REMOVE : SINK_KEEP);
		if (rc == ERR_BUDGET)
			outdir_budget(t->dir)->used = used;
		/* A sink's message names the file itself. */
		return strstr(err->text, name) ? rc : err_add(err, "%s", name);
	}
	return sink_close(s, err);
}

int target_publish(struct target *t, struct err *err)
{
	return t->dir ? outdir_publish(t->dir, err) : 0;
}

int target_finish(struct target *t, struct err *err)
{
	struct sink *s = t->sink;
	int rc;

	if (t->dir)
		return 0;
	if (t->broken)
		return err_set(err, ERR_IO, "the stream ends in the middle of a file");
	rc = tar_finish(&t->tar, err);
	if (!rc)
		rc = codec_stream_finish(t->cs, err);
	t->sink = NULL;
	if (rc) {
		sink_abort(s, SINK_KEEP);
		return rc;
	}
	return sink_close(s, err);
}

void target_close(struct target *t)
{
	codec_stream_destroy(t->cs);
	if (t->sink)
		sink_abort(t->sink, SINK_KEEP);
	outdir_close(t->dir);
	outdir_close(t->top);
	memset(t, 0, sizeof(*t));
}
