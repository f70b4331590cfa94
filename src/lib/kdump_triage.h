/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel dump of those pages alone by which a crash can be told. */
#ifndef VMSIFT_LIB_KDUMP_TRIAGE_H
#define VMSIFT_LIB_KDUMP_TRIAGE_H

#include "kdump/kdump.h"
#include "kdump/page_record.h"
#include "lib/dump.h"

/* Where none is named: few pages, so that the size counts more than the time, and every reader has zlib. */
#define KDUMP_TRIAGE_CODEC "zlib"

/**
 * kdump_triage() - find the pages of a triage dump
 * @ret: page_record_destroy() it after the dump was written; its ranges are @ko->only
 * @ko: @ko->codec_level, too, is set for a small dump, if it is not
 *
 * To be called before the pages of processes are looked for, which are recorded as well.
 *
 * Return: 0; ERR_UNSUPPORTED where types or symbols are not known; ERR_NOMEM.
 */
int kdump_triage(struct vmsift *v, struct page_record **ret, struct kdump_opts *ko, struct err *err);

/**
 * kdump_layout_text() - what is known of the kernel's types and symbols, for the layout note
 * @ret: to be freed; NULL where it is not known which addresses move
 *
 * Return: 0 or ERR_NOMEM.
 */
int kdump_layout_text(const struct kernel *k, char **ret, struct err *err);

#endif
