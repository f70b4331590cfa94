/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dumps in several files: makedumpfile --split. Each has all headers and bitmaps, and pages of a range. */
#include <stdlib.h>
#include <string.h>

#include "vmcore/kdump_dump.h"

static bool part_range(const struct vmcore *vc, pfn_t *start, pfn_t *end, pfn_t *max_mapnr)
{
	return vc->kd && kdump_dump_part(vc->kd, start, end, max_mapnr);
}

/* Whether a part belongs to the same dump: that of one crash of one kernel. */
static bool same_dump(const struct vmcore *a, const struct vmcore *b)
{
	pfn_t start, end, max_a, max_b;

	part_range(a, &start, &end, &max_a);
	return part_range(b, &start, &end, &max_b) && max_a == max_b &&
	       a->info.size == b->info.size && !memcmp(a->info.text, b->info.text, a->info.size) &&
	       kdump_dump_nr_pages(a->kd) == kdump_dump_nr_pages(b->kd);
}

/* The end of the part that begins at @at, or holds it; 0: none does. */
static pfn_t covered_from(const struct vmcore *vc, pfn_t at)
{
	pfn_t start, end, max;
	size_t i;

	if (part_range(vc, &start, &end, &max) && start <= at && at < end)
		return end;
	for (i = 0; i < vc->nr_parts; i++)
		if (part_range(vc->parts[i], &start, &end, &max) && start <= at && at < end)
			return end;
	return 0;
}

/* A part that is missing is not damage to be told page by page, but a file that was forgotten. */
static int check_complete(const struct vmcore *vc, struct err *err)
{
	pfn_t start, end, max, at = 0;
	size_t i;

	if (!part_range(vc, &start, &end, &max))
		return 0;
	/* Each turn consumes a part at least. */
	for (i = 0; at < max && i <= vc->nr_parts; i++) {
		end = covered_from(vc, at);
		if (!end)
			break;
		at = end;
	}
	if (at >= max)
		return 0;
	return err_set(err, ERR_INVALID,
		       "is a part of a split dump: the part with page frame 0x%" PRIx64 " is missing; give all parts",
		       at);
}

static int add_part(struct vmcore *vc, const char *path, struct log *log, struct err *err)
{
	pfn_t start, end, max;
	struct vmcore *part;
	int rc;

	if (!part_range(vc, &start, &end, &max))
		return err_set(err, ERR_INVALID, "%s: is a dump in one file: one dump at a time", vc->path);
	rc = vmcore_open_file(path, log, &part, err);
	if (rc)
		return rc;
	if (!same_dump(vc, part)) {
		vmcore_close(part);
		return err_set(err, ERR_INVALID, "%s: is no part of the same dump as %s", path, vc->path);
	}
	vc->parts[vc->nr_parts++] = part;
	return 0;
}

int vmcore_open_parts(char *const *paths, size_t nr, struct log *log, struct vmcore **ret,
		      struct err *err)
{
	struct vmcore *vc;
	size_t i;
	int rc;

	if (!nr || nr > VMCORE_PARTS_MAX)
		return err_set(err, ERR_INVALID, "a dump has 1 to %u files, not %zu", VMCORE_PARTS_MAX, nr);
	rc = vmcore_open_file(paths[0], log, &vc, err);
	if (rc)
		return rc;
	vc->parts = calloc(nr, sizeof(struct vmcore *));
	if (!vc->parts)
		rc = err_nomem(err);
	for (i = 1; i < nr && !rc; i++)
		rc = add_part(vc, paths[i], log, err);
	if (!rc) {
		rc = check_complete(vc, err);
		if (rc)
			err_add(err, "%s", vc->path);
	}
	if (rc) {
		vmcore_close(vc);
		return rc;
	}
	*ret = vc;
	return 0;
}

int vmcore_open(const char *path, struct log *log, struct vmcore **ret, struct err *err)
{
	char *const paths[] = { (char *)path };

	return vmcore_open_parts(paths, 1, log, ret, err);
}
