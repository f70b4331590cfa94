/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmcore/notes.h"

#include <string.h>

#include "util/bytes.h"
#include "util/types.h"

#define NHDR_SIZE 12 /* namesz, descsz, type: Elf64_Nhdr */

int notes_read(const struct reader *r, struct note_vec *ret, struct err *err)
{
	uint64_t at = 0;

	while (r->size >= NHDR_SIZE && at <= r->size - NHDR_SIZE) {
		uint8_t h[NHDR_SIZE];
		struct note n = { 0 };
		uint64_t name_size, desc_off, next;
		int rc = reader_read(r, at, h, sizeof(h), err);

		if (rc)
			return err_add(err, "note at 0x%" PRIx64, at);
		name_size = get_u32(h);
		n.desc_size = get_u32(h + 4);
		n.type = get_u32(h + 8);
		if (!name_size) /* the zero-filled tail */
			return 0;
		desc_off = at + NHDR_SIZE + round_up_u64(name_size, 4);
		next = desc_off + round_up_u64(n.desc_size, 4);
		if (desc_off + n.desc_size > r->size)
			return err_set(err, ERR_CORRUPT,
				       "note at 0x%" PRIx64 " (name %" PRIu64
				       ", data %u bytes) runs past the segment's %" PRIu64 " bytes",
				       at, name_size, n.desc_size, r->size);
		rc = reader_read(r, at + NHDR_SIZE, n.name,
				 min_u64(name_size, sizeof(n.name) - 1), err);
		if (rc)
			return err_add(err, "name of the note at 0x%" PRIx64, at);
		n.desc_off = desc_off;
		if (ret->n >= NOTES_MAX)
			return err_set(err, ERR_CORRUPT, "more than %d notes", NOTES_MAX);
		if (!note_vec_push(ret, n))
			return err_nomem(err);
		at = next;
	}
	return 0;
}
