/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registered data as files of their own, beside the core: the bytes of a region, or a text of
 * libminicoredumper as printf(3) makes it. Only what the plan keeps.
 */
#ifndef VMSIFT_UCORE_DATA_FILE_H
#define VMSIFT_UCORE_DATA_FILE_H

#include "select/plan.h"
#include "util/out.h"

/* Files of one process, and stretches of one region; what is beyond is told as missing. */
#define DATA_FILES_MAX	   1024u
#define DATA_STRETCHES_MAX 16u
#define DATA_FILE_NAME_MAX 200u

struct data_file {
	/*
	 * NAME; where a region is not there as a whole, each stretch but one at its beginning has a file
	 * NAME+0xOFFSET. Made harmless; "": there is no such file.
	 */
	char name[DATA_FILE_NAME_MAX + 1];
	uint32_t region;  /* index in plan->registered.regions */
	uint64_t off;	  /* in the region */
	uint64_t size;
	uint64_t missing; /* bytes of the region that are in no file; told once, of its first file */
};
DEFINE_VEC(data_file_vec, struct data_file);

/**
 * data_file_list() - the files that the configuration asks for (data-files)
 * @ret: zero-initialised by the caller
 *
 * Return: 0 or ERR_NOMEM.
 */
int data_file_list(const struct plan *plan, struct data_file_vec *ret, struct err *err);

/**
 * data_file_write() - write exactly f->size bytes
 * @lost: grows by bytes that could not be read after all, and stand as UCORE_LOST_FILL
 *
 * Return: 0; @out's errors.
 */
int data_file_write(const struct plan *plan, const struct data_file *f, const struct out *out,
		    uint64_t *lost, struct err *err);

/**
 * mcd_text_write() - one text, in at most MCD_TEXT_MAX bytes
 *
 * Values have the types that the program's list says. What cannot be read, or must not be shown, is
 * "<unavailable>". Return: 0; @out's errors.
 */
int mcd_text_write(const struct plan *plan, const struct registered_region *r,
		   const struct out *out, struct err *err);

#define MCD_TEXT_MAX 65536u

#endif
