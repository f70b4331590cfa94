/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registered data beside a core: core.COMM.PID.data/NAME. */
#ifndef VMSIFT_LIB_DATAFILES_H
#define VMSIFT_LIB_DATAFILES_H

#include "lib/corejob.h"
#include "sink/tar.h"

/**
 * datafiles_write() - the files of r->data, in a directory BASE.data of job->dir
 *
 * What a limit of bytes forbids or an error ends is told in @r and to the log; the others go on.
 */
void datafiles_write(struct corejob *job, const struct plan *plan, const char *base,
		     struct core_result *r);

/* The same as members of a tar, BASE.data/NAME. */
int datafiles_tar(struct corejob *job, const struct plan *plan, struct tar *tar, const char *base,
		  struct core_result *r, struct err *err);

/* Take up what publishing a file said. Return: whether @name, of an outdir, is one of @r's. */
bool datafiles_published(struct core_result *r, const char *name, const struct err *err);

void datafiles_print(const struct core_result *r, FILE *out);
void datafiles_json(const struct core_result *r, struct json *j);

#endif
