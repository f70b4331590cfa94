/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/layout_read.h"

#include "util/bytes.h"

int layout_read(const struct reader *kmem, const struct layout *l, kvaddr_t base, enum layout_id id,
		uint64_t *ret, struct err *err)
{
	const struct layout_def *d = &layout_defs[id];
	const struct layout_value *v = &l->v[id];
	uint32_t size = v->size > 8 ? 8 : v->size;
	uint8_t b[8] = { 0 };
	int rc;

	if (!v->known)
		return err_set(err, ERR_UNSUPPORTED, "the kernel shows no %s.%s",
			       d->type ? d->type : "", d->names ? d->names : "");
	if (v->bit_size)
		size = (uint32_t)min_u64(8, (v->bit_off + v->bit_size + 7u) / 8);
	rc = reader_read(kmem, base + (uint64_t)v->value, b, size, err);
	if (rc)
		return err_add(err, "%s 0x%" PRIx64, d->type, base);
	*ret = get_u64(b);
	if (v->bit_size)
		*ret = *ret >> v->bit_off & (v->bit_size < 64 ? (1ull << v->bit_size) - 1 : ~0ull);
	return 0;
}
