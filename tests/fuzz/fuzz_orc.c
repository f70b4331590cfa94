/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as an entry of the kernel's ORC table, of any type: members anywhere, of any width. */
#include "unwind/orc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum layout_id members[] = {
		L_orc_entry_sp_offset, L_orc_entry_bp_offset, L_orc_entry_sp_reg,
		L_orc_entry_bp_reg,    L_orc_entry_type,      L_orc_entry_end,
	};
	static struct layout l; /* large */
	struct orc orc;
	uint8_t *entry;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(members) && size >= 4; i++, data += 4, size -= 4)
		l.v[members[i]] = (struct layout_value){ .known = data[0] != 0xff,
							 .value = (int8_t)data[0],
							 .size = data[1],
							 .bit_off = data[2],
							 .bit_size = data[3] };
	if (i < ARRAY_SIZE(members))
		return 0;
	/* Of its own size, so that the sanitizer sees a byte too many. */
	entry = malloc(size + 1);
	if (!entry)
		abort();
	memcpy(entry, data, size);
	for (i = ORC_NUMBERING_NOT_TRIED; i <= ORC_NUMBERING_UNKNOWN; i++)
		if (orc_decode(&l, (enum orc_numbering)i, entry, size, &orc) &&
		    (orc.type > ORC_REGS_PARTIAL || orc.sp_reg > ORC_REG_SP_INDIRECT))
			abort();
	free(entry);
	return 0;
}
