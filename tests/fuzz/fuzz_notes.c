/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a note segment: each note that is listed lies within it, behind the one before. */
#include <stdlib.h>
#include <string.h>

#include "util/types.h"
#include "vmcore/notes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = READER_OF_BUFFER(data, size);
	struct note_vec notes = { 0 };
	const struct note *n;
	struct err err = { 0 };
	uint64_t end = 0;
	int rc = notes_read(&r, &notes, &err);

	if (rc && (rc != ERR_CORRUPT || !err.text[0]))
		abort();
	vec_for_each(n, &notes) {
		if (n->desc_off < end + 12 || n->desc_off > size || n->desc_size > size - n->desc_off ||
		    strnlen(n->name, sizeof(n->name)) == sizeof(n->name))
			abort();
		end = n->desc_off + n->desc_size;
	}
	note_vec_free(&notes);
	return 0;
}
