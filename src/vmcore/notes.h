/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF notes of a dump. /proc/vmcore merges all notes into one segment: device dumps first
 * (NT_VMCOREDD, possibly hundreds of MiB), then one NT_PRSTATUS per CPU that answered, then VMCOREINFO,
 * then zeros (fs/proc/vmcore.c). So headers are stepped over one by one and nothing is read whole.
 */
#ifndef VMSIFT_VMCORE_NOTES_H
#define VMSIFT_VMCORE_NOTES_H

#include <stdint.h>

#include "util/err.h"
#include "util/reader.h"
#include "util/vec.h"

#ifndef NT_VMCOREDD
#define NT_VMCOREDD 0x700 /* include/uapi/linux/vmcore.h */
#endif

/* More notes than this are not believed: CPUs are at most 8192 in any distribution's kernel. */
#define NOTES_MAX 65536

struct note {
	uint32_t type;
	char name[16];	    /* cut, terminated */
	uint64_t desc_off;  /* within the reader */
	uint32_t desc_size;
};

DEFINE_VEC(note_vec, struct note);

/**
 * notes_read() - list the notes of one segment
 * @r:	 the segment's bytes
 * @ret: notes are appended in order; those before a fault stay
 *
 * Return: 0; ERR_CORRUPT if a note runs past the segment; the reader's errors; ERR_NOMEM.
 */
int notes_read(const struct reader *r, struct note_vec *ret, struct err *err);

#endif
