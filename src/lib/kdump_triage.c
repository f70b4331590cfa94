/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/kdump_triage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kdump/triage.h"
#include "util/cleanup.h"

/* x86_64 up to 6.14 links per-CPU variables at zero: such symbols are offsets and never move. */
#define PERCPU_ABSOLUTE_MAX MIB(16)

int kdump_triage(struct vmsift *v, struct page_record **ret, struct kdump_opts *ko, struct err *err)
{
	struct page_record *r;
	uint64_t missing = 0;
	int rc;

	if (!v->k)
		return err_set(err, ERR_UNSUPPORTED,
			       "a triage dump needs types and symbols: see vmsift info");
	rc = page_record_create(v->vc->page_size, PAGE_KEEP_MAX, &r, err);
	if (!rc)
		rc = triage_collect(v->k, r, &missing, err);
	if (rc)
		return rc;
	if (missing)
		log_info(v->log, "triage: %" PRIu64 " pages of the kernel's data cannot be found", missing);
	ko->only = &r->ranges;
	if (ko->codec && !ko->codec_level)
		ko->codec_level = ko->codec->level_small;
	*ret = r;
	return 0;
}

int kdump_layout_text(const struct kernel *k, char **ret, struct err *err)
{
	AUTO_FREE struct layout_file *lf = calloc(1, sizeof(*lf));
	size_t size, i;
	FILE *f;

	*ret = NULL;
	if (!lf)
		return err_nomem(err);
	layout_file_init(lf);
	snprintf(lf->release, sizeof(lf->release), "%s", k->release);
	snprintf(lf->version, sizeof(lf->version), "%s", k->version);
	snprintf(lf->machine, sizeof(lf->machine), "%s", k->machine);
	memcpy(lf->build_id, k->build_id, sizeof(lf->build_id));
	lf->stext = k->sym.known[S__stext] ? k->sym.addr[S__stext] : 0;
	if (!lf->stext)
		return 0;
	lf->layout = k->layout;
	lf->sym = k->sym;
	for (i = 0; i < SYMBOL_NR; i++)
		lf->percpu[i] = lf->sym.known[i] && lf->sym.addr[i] < PERCPU_ABSOLUTE_MAX;
	memcpy(lf->module_build_id, k->module_build_id, sizeof(lf->module_build_id));
	lf->thread_size = k->stack_checked ? k->thread_size : 0;
	lf->stack_pad = k->stack_checked ? k->stack_pad : UINT64_MAX;
	lf->max_swapfiles = k->max_swapfiles;
	f = open_memstream(ret, &size);
	if (!f)
		return err_nomem(err);
	layout_file_write(lf, f);
	if (fclose(f)) {
		free(*ret);
		*ret = NULL;
		return err_nomem(err);
	}
	return 0;
}
