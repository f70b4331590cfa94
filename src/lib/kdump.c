/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kdump/kdump.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "kdump/page_set.h"
#include "lib/confload.h"
#include "lib/corejob.h"
#include "lib/dump.h"
#include "lib/file_out.h"
#include "lib/kdump_keep.h"
#include "lib/kdump_triage.h"
#include "util/cleanup.h"
#include "util/json.h"
#include "util/str.h"

#define KDUMP_SCHEMA 1

/* One CPU, the normal case of a capture kernel, means no threads at all. */
static unsigned int nr_threads(int asked)
{
	cpu_set_t cpus;

	if (asked >= 0)
		return (unsigned int)asked;
	return sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : (unsigned int)CPU_COUNT(&cpus);
}

static int fill_opts(struct kdump_opts *ko, const struct vmsift_kdump_opts *o, struct err *err)
{
	const char *codec = o->codec ? o->codec : o->triage ? KDUMP_TRIAGE_CODEC : "none";

	*ko = (struct kdump_opts){ .dump_level = o->triage ? DUMP_LEVEL_MAX : o->dump_level,
				   .codec_level = o->codec_level,
				   .flattened = o->flattened,
				   .max_bytes = o->max_bytes };
	ko->nr_threads = nr_threads(o->nr_threads);
	if (o->dump_level > DUMP_LEVEL_MAX)
		return err_set(err, ERR_INVALID, "there is no dump level %u: 0 to %d",
			       o->dump_level, DUMP_LEVEL_MAX);
	if (!strcmp(codec, "none"))
		return 0;
	ko->codec = page_codec_find(codec);
	if (!ko->codec)
		return err_set(err, ERR_INVALID,
			       "there is no page codec '%s': none, zlib, lzo, zstd", codec);
	if (o->codec_level &&
	    (o->codec_level < ko->codec->level_min || o->codec_level > ko->codec->level_max))
		return err_set(err, ERR_INVALID, "codec %s knows levels %d to %d, not %d",
			       ko->codec->name, ko->codec->level_min, ko->codec->level_max,
			       o->codec_level);
	return 0;
}

/* Types and symbols, or at least the kernel's own address space, which VMCOREINFO describes. */
static int need_memory(struct vmsift *v, struct kmem *km, struct err *err)
{
	struct err fault = { 0 };
	int rc = vmsift_need_kernel(v, &fault);

	if (!rc)
		return 0;
	if (rc == ERR_NOMEM)
		return err_nomem(err);
	log_warn(v->log, "%s", fault.text);
	log_warn(v->log, "pages are told apart by VMCOREINFO alone");
	return kmem_init(km, v->vc, err);
}

static void print_counts(const struct kdump_stats *st, const struct kdump_opts *ko, FILE *f)
{
	size_t c;

	for (c = 0; c < PAGE_CLASS_NR; c++)
		fprintf(f, "%-14s %12" PRIu64 " pages%s\n", page_class_name((enum page_class)c),
			st->nr_of_class[c],
			page_class_excluded((enum page_class)c, ko->dump_level) ? ", left out"
										: "");
	fprintf(f, "%-14s %12" PRIu64 " pages\n", "kept", st->nr_kept);
}

static void json_counts(const struct kdump_stats *st, const struct kdump_opts *ko, FILE *f)
{
	const struct out to = file_out(f);
	struct json j;
	size_t c;

	json_init(&j, &to);
	json_object(&j, NULL);
	json_u64(&j, "schema", KDUMP_SCHEMA);
	json_u64(&j, "dump_level", ko->dump_level);
	json_str(&j, "not_told_apart", st->missing);
	json_object(&j, "pages");
	for (c = 0; c < PAGE_CLASS_NR; c++)
		json_u64(&j, page_class_name((enum page_class)c), st->nr_of_class[c]);
	json_end(&j);
	json_u64(&j, "kept", st->nr_kept);
	json_end(&j);
	json_finish(&j, NULL);
}

static enum vmsift_status dry_run(struct vmsift *v, struct kmem *km, const struct kdump_opts *ko,
				  const struct vmsift_kdump_opts *o, struct err *err)
{
	struct kdump_stats st;
	int rc = kdump_count(v->vc, km, v->k, ko, &st, err);

	if (rc)
		return vmsift_status_of(rc);
	if (o->json)
		json_counts(&st, ko, o->report);
	else
		print_counts(&st, ko, o->report);
	return vmsift_flush(o->report, VMSIFT_DONE, err);
}

static void say_stats(struct vmsift *v, const struct kdump_stats *st, const struct kdump_opts *ko)
{
	char size[16];
	size_t c;

	if (st->missing[0] && ko->dump_level & ~(unsigned int)DUMP_LEVEL_ZERO)
		log_warn(v->log, "kept, as they cannot be told apart: %s", st->missing);
	if (st->nr_failed)
		log_warn(v->log, "%" PRIu64 " pages could not be read", st->nr_failed);
	if (st->over_budget || st->out_of_time)
		log_warn(v->log,
			 "%s ended the dump: %" PRIu64 " of %" PRIu64 " pages are in it",
			 st->over_budget ? "max-bytes" : "max-time", st->nr_written, st->nr_kept);
	for (c = 0; c < PAGE_CLASS_NR; c++)
		if (st->nr_of_class[c])
			log_debug(v->log, "%s: %" PRIu64 " pages",
				  page_class_name((enum page_class)c), st->nr_of_class[c]);
	log_info(v->log, "kernel dump: %" PRIu64 " pages, %" PRIu64 " of them zeros, %s",
		 st->nr_written, st->nr_zero, str_human_size(size, sizeof(size), st->bytes));
	if (st->nr_of_class[PAGE_UNKNOWN])
		log_info(v->log, "kept without knowing what they are: %" PRIu64 " pages",
			 st->nr_of_class[PAGE_UNKNOWN]);
}

static enum vmsift_status write_to(struct vmsift *v, struct kmem *km, struct sink *sink,
				   const struct kdump_opts *ko, struct err *err)
{
	struct kdump_stats st;
	int rc = kdump_write(v->vc, km, v->k, sink, ko, &st, err);

	say_stats(v, &st, ko);
	if (rc && !st.started) {
		sink_abort(sink, SINK_KEEP);
		return vmsift_status_of(rc) == VMSIFT_USAGE ? VMSIFT_USAGE : VMSIFT_NOTHING;
	}
	/* What the error left is a dump with the INCOMPLETE flag: it is synced like any other. */
	if (sink_close(sink, rc ? NULL : err))
		return VMSIFT_NOTHING;
	if (rc)
		return VMSIFT_PARTLY;
	if (st.nr_failed) {
		err_set(err, ERR_ABSENT, "%" PRIu64 " pages could not be read", st.nr_failed);
		return VMSIFT_PARTLY;
	}
	return VMSIFT_DONE;
}

/* A configuration that was named must be there; its mistakes are said, and what could be read holds. */
static int load_conf(struct vmsift *v, const char *path, struct conf *conf, struct err *err)
{
	struct err fault = { 0 };
	size_t nr_problems;
	int rc = conf_load(path, conf, &nr_problems, v->log, &fault);

	if (rc == ERR_NOTFOUND && !path)
		return 0;
	return rc ? err_set(err, ERR_INVALID, "%s", fault.text) : 0;
}

/* What cannot be had of the processes does not stop the kernel's pages. */
static enum vmsift_status collect(struct vmsift *v, const struct kdump_want *w,
				  struct kdump_opts *ko, struct kdump_keep *keep, struct err *err)
{
	bool chosen = w->set && w->set->selections.n;
	struct err fault = { 0 };
	int rc = 0;

	if (v->k)
		rc = kdump_keep_collect(v, w, keep, &fault);
	else
		rc = err_set(&fault, ERR_UNSUPPORTED, "processes cannot be found in this dump");
	keep->never_lost = keep->never_lost || (!v->k && kdump_conf_excludes(w->conf));
	if (rc && (chosen || keep->never_lost))
		log_error(v->log, "%s: the kernel's pages are written all the same", fault.text);
	kdump_use_keep(v, keep, ko);
	if (chosen && rc)
		return VMSIFT_PARTLY;
	if (keep->lost)
		return VMSIFT_PARTLY;
	if (chosen && !keep->nr_chosen) {
		err_set(err, ERR_NOTFOUND, "no process matches: kernel pages alone");
		return VMSIFT_NO_MATCH;
	}
	return VMSIFT_DONE;
}

static enum vmsift_status run_kdump(struct vmsift *v, struct kmem *km, struct sink *sink,
				    struct kdump_opts *ko, const struct vmsift_kdump_opts *o,
				    struct kdump_want *w, struct err *err)
{
	struct kdump_keep keep = { 0 };
	struct page_record *record = NULL;
	AUTO_FREE char *layout = NULL;
	struct err why = { 0 };
	enum vmsift_status found, status;
	int rc = 0;

	if (o->max_seconds)
		ko->deadline_ns = corejob_deadline(o->max_seconds);
	if (o->triage)
		rc = kdump_triage(v, &record, ko, err);
	w->record = record;
	found = rc ? vmsift_status_of(rc) : collect(v, w, ko, &keep, &why);
	if (!rc && v->k && (o->triage || keep.nr_chosen))
		rc = kdump_layout_text(v->k, &layout, err);
	ko->layout = layout;
	if (rc) {
		sink_abort(sink, SINK_KEEP);
		status = vmsift_status_of(rc);
	} else {
		status = o->dry_run ? dry_run(v, km, ko, o, err) : write_to(v, km, sink, ko, err);
	}
	kdump_keep_free(&keep);
	page_record_destroy(record);
	if (status != VMSIFT_DONE)
		return status;
	if (found != VMSIFT_DONE && !err->rc)
		*err = why;
	return found;
}

/*
 * Refused before work starts: what is there already, the dump itself, and a running kernel, whose pages become
 * others' between the pass that chooses and the pass that copies: data of users would be written as the kernel's.
 */
static int open_out(struct vmsift *v, const struct vmsift_kdump_opts *o, struct sink **ret,
		    struct err *err)
{
	const char *out = o->out ? o->out : "-";

	if (o->dry_run)
		return 0;
	if (v->vc->is_kcore)
		return err_set(err, ERR_INVALID, "%s: a kernel dump is of one instant, and this kernel runs (--dry-run counts its pages)",
			       v->vc->path);
	if (vmcore_is_read_from(v->vc, out))
		return err_set(err, ERR_INVALID, "%s: is the dump that is to be read",
			       strcmp(out, "-") ? out : "standard output");
	return strcmp(out, "-") ? sink_open_path(out, o->force, ret, err)
				: sink_open_fd(STDOUT_FILENO, "standard output", ret, err);
}

static enum vmsift_status with_conf(struct vmsift *v, const struct vmsift_kdump_opts *o,
				    struct kdump_opts *ko, const struct conf *conf, struct err *err)
{
	enum detail detail = DETAIL_DEFAULT;
	struct kdump_want want = { .set = o->selection ? &o->selection->set : NULL,
				   .conf = conf,
				   .detail = o->detail ? &detail : NULL,
				   .dump_level = o->triage ? DUMP_LEVEL_MAX : o->dump_level };
	struct sink *sink = NULL;
	struct kmem own;
	int rc = 0;

	if (o->detail && !detail_parse(o->detail, &detail))
		rc = err_set(err, ERR_INVALID, "there is no detail '%s': %s", o->detail,
			     vmsift_detail_names());
	if (!rc)
		rc = open_out(v, o, &sink, err);
	if (rc)
		return rc == ERR_EXIST ? VMSIFT_NOTHING : vmsift_status_of(rc);
	rc = need_memory(v, &own, err);
	if (rc) {
		sink_abort(sink, SINK_KEEP);
		return vmsift_status_of(rc);
	}
	return run_kdump(v, v->k ? &v->k->km : &own, sink, ko, o, &want, err);
}

enum vmsift_status vmsift_kdump(struct vmsift *v, const struct vmsift_kdump_opts *o,
				struct err *err)
{
	enum vmsift_status status;
	struct kdump_opts ko;
	struct conf conf;
	int rc = fill_opts(&ko, o, err);

	/* Whatever standard output is: a script that redirects it gets what a pipe gets. */
	ko.flattened = ko.flattened || !o->out || !strcmp(o->out, "-");
	if (rc)
		return vmsift_status_of(rc);
	rc = load_conf(v, o->conf, &conf, err);
	status = rc ? vmsift_status_of(rc) : with_conf(v, o, &ko, &conf, err);
	conf_free(&conf);
	return vmsift_heed_faults(v, status);
}

void vmsift_without_mmap(struct vmsift *v)
{
	vmcore_without_mmap(v->vc);
}
