/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unwind/orc.h"

#include "kernel/module_symbol.h"
#include "util/bytes.h"

#define ORC_ENTRIES_MAX	   (8u << 20) /* half a million is usual; 6 bytes each */
#define ORC_ENTRY_SIZE_MAX 32u
#define ORC_SAMPLES	   256u
#define ORC_LOOKUP_BLOCK   256u

static bool bits(const struct layout *l, enum layout_id id, const uint8_t *e, size_t size,
		 uint32_t *ret)
{
	const struct layout_value *v = &l->v[id];
	uint64_t at = (uint64_t)v->value;

	if (!v->known || at >= size)
		return false;
	if (!v->bit_size) {
		if (at + v->size > size || v->size > 4)
			return false;
		*ret = (uint32_t)get_uint(e + at, v->size);
		return true;
	}
	if (v->bit_off + v->bit_size > 16 || at + (v->bit_off + v->bit_size + 7) / 8 > size)
		return false;
	*ret = e[at];
	if (v->bit_off + v->bit_size > 8)
		*ret |= (uint32_t)e[at + 1] << 8;
	*ret = *ret >> v->bit_off & ((1u << v->bit_size) - 1);
	return true;
}

static enum orc_reg meaning(enum orc_numbering numbering, uint32_t reg)
{
	static const enum orc_reg sp_5[16] = {
		[0] = ORC_REG_UNDEFINED, [1] = ORC_REG_PREV_SP,	    [4] = ORC_REG_BP,
		[5] = ORC_REG_SP,	 [8] = ORC_REG_BP_INDIRECT, [9] = ORC_REG_SP_INDIRECT,
	};
	static const enum orc_reg sp_3[16] = {
		[0] = ORC_REG_UNDEFINED, [3] = ORC_REG_SP,	    [4] = ORC_REG_BP,
		[8] = ORC_REG_PREV_SP,	 [9] = ORC_REG_SP_INDIRECT, [10] = ORC_REG_BP_INDIRECT,
	};

	if (reg >= 16)
		return ORC_REG_OTHER;
	return numbering == ORC_NUMBERING_SP_3 ? sp_3[reg] : sp_5[reg];
}

bool orc_decode(const struct layout *l, enum orc_numbering numbering, const uint8_t *e, size_t size,
		struct orc *ret)
{
	static const enum orc_type old_types[] = { ORC_CALL, ORC_REGS, ORC_REGS_PARTIAL,
						   ORC_UNDEFINED };
	uint32_t sp, bp, sp_reg, bp_reg, type, end = 0;

	if (!bits(l, L_orc_entry_sp_offset, e, size, &sp) ||
	    !bits(l, L_orc_entry_bp_offset, e, size, &bp) ||
	    !bits(l, L_orc_entry_sp_reg, e, size, &sp_reg) ||
	    !bits(l, L_orc_entry_bp_reg, e, size, &bp_reg) ||
	    !bits(l, L_orc_entry_type, e, size, &type))
		return false;
	ret->sp_offset = (int16_t)sp;
	ret->bp_offset = (int16_t)bp;
	ret->sp_reg = meaning(numbering, sp_reg);
	ret->bp_reg = meaning(numbering, bp_reg);
	if (bits(l, L_orc_entry_end, e, size, &end)) {
		/* To 6.3: types from 0, an own bit for the end, sp_reg undefined for "no way out". */
		ret->type = end ? ORC_END :
			    ret->sp_reg == ORC_REG_UNDEFINED ? ORC_UNDEFINED : old_types[type & 3];
		return true;
	}
	if (type > ORC_REGS_PARTIAL)
		return false;
	ret->type = (enum orc_type)type;
	return true;
}

/* Which register the bulk of the entries is based on; a mixture is no answer. */
static enum orc_numbering find_numbering(struct kernel *k, uint32_t size)
{
	uint64_t n = (k->sym.addr[S_stop_orc_unwind_ip] - k->sym.addr[S_start_orc_unwind_ip]) / 4;
	unsigned int three = 0, five = 0, i;
	uint8_t e[ORC_ENTRY_SIZE_MAX];
	uint32_t reg;

	if (!n || n > ORC_ENTRIES_MAX)
		return ORC_NUMBERING_UNKNOWN;
	for (i = 0; i < ORC_SAMPLES; i++) {
		if (kmem_read(&k->km, k->sym.addr[S_start_orc_unwind] + n * i / ORC_SAMPLES * size, e,
			      size, NULL) ||
		    !bits(&k->layout, L_orc_entry_sp_reg, e, size, &reg))
			continue;
		three += reg == 3;
		five += reg == 5;
	}
	return three > 8 * five ? ORC_NUMBERING_SP_3 :
	       five > 8 * three ? ORC_NUMBERING_SP_5 : ORC_NUMBERING_UNKNOWN;
}

/* ip of entry @i: the table holds distances from itself (orc_ip()). */
static int entry_ip(struct kernel *k, kvaddr_t table, uint64_t i, kvaddr_t *ret, struct err *err)
{
	uint32_t v = 0;
	int rc = kmem_read_u32(&k->km, table + 4 * i, &v, err);

	*ret = table + 4 * i + (uint64_t)(int64_t)(int32_t)v;
	return rc;
}

/* A table of ORC entries: of the kernel itself, or of a module. */
struct table {
	kvaddr_t ip, entries;
	uint64_t n;
};

static int find_table(struct kernel *k, kvaddr_t ip, struct table *ret, struct err *err)
{
	const struct symbols *s = &k->sym;
	struct kmodule m;
	int rc;

	*ret = (struct table){ s->addr[S_start_orc_unwind_ip], s->addr[S_start_orc_unwind],
			       (s->addr[S_stop_orc_unwind_ip] - s->addr[S_start_orc_unwind_ip]) /
				       4 };
	if (!s->known[S__stext] || !s->known[S__etext] ||
	    (ip >= s->addr[S__stext] && ip < s->addr[S__etext]))
		return 0;
	rc = module_find(k, ip, &m, NULL);
	if (rc)
		return err_set(err, ERR_NOTFOUND, "0x%" PRIx64 " is not in the kernel's text", ip);
	rc = kread_member(k, m.addr, L_module_orc_unwind_ip, &ret->ip, err);
	if (!rc)
		rc = kread_member(k, m.addr, L_module_orc_unwind, &ret->entries, err);
	if (!rc)
		rc = kread_member(k, m.addr, L_module_num_orcs, &ret->n, err);
	return rc;
}

/*
 * The entries that may hold @ip, by orc_lookup[]: one number for each block of text (asm/orc_lookup.h). A
 * triage dump has only these of the tables.
 */
static void narrow(struct kernel *k, kvaddr_t ip, uint64_t *lo, uint64_t *hi)
{
	const struct symbols *s = &k->sym;
	uint64_t block = (ip - s->addr[S__stext]) / ORC_LOOKUP_BLOCK;
	uint32_t first, last;

	if (!s->known[S_orc_lookup] || !s->known[S_orc_lookup_end] || !s->known[S__stext] ||
	    s->addr[S_orc_lookup_end] <= s->addr[S_orc_lookup] ||
	    block + 1 >= (s->addr[S_orc_lookup_end] - s->addr[S_orc_lookup]) / 4 ||
	    kmem_read_u32(&k->km, s->addr[S_orc_lookup] + 4 * block, &first, NULL) ||
	    kmem_read_u32(&k->km, s->addr[S_orc_lookup] + 4 * (block + 1), &last, NULL) ||
	    first > last || last + 1ull > *hi)
		return;
	*lo = first;
	*hi = last + 1ull;
}

int orc_find(struct kernel *k, kvaddr_t ip, struct orc *ret, struct err *err)
{
	const struct symbols *s = &k->sym;
	uint32_t size = layout_size(&k->layout, L_orc_entry);
	uint8_t entry[ORC_ENTRY_SIZE_MAX];
	uint64_t lo = 0, hi;
	struct table t;
	kvaddr_t at;
	int rc;

	if (!s->known[S_start_orc_unwind_ip] || !s->known[S_stop_orc_unwind_ip] ||
	    !s->known[S_start_orc_unwind] || !layout_has(&k->layout, L_orc_entry) || !size ||
	    size > sizeof(entry))
		return err_set(err, ERR_UNSUPPORTED, "the kernel shows no ORC tables");
	if (k->orc_numbering == ORC_NUMBERING_NOT_TRIED)
		k->orc_numbering = find_numbering(k, size);
	rc = find_table(k, ip, &t, err);
	if (rc)
		return rc;
	if (!t.n || t.n > ORC_ENTRIES_MAX)
		return err_set(err, ERR_CORRUPT, "ORC tables of %" PRIu64 " entries", t.n);
	hi = t.n;
	if (t.ip == k->sym.addr[S_start_orc_unwind_ip])
		narrow(k, ip, &lo, &hi);
	/* The last entry at or below ip; the kernel sorts them at boot (unwind_init()), and as it loads a module. */
	while (hi - lo > 1) {
		uint64_t mid = lo + (hi - lo) / 2;

		rc = entry_ip(k, t.ip, mid, &at, err);
		if (rc)
			return err_add(err, "ORC table");
		if (at <= ip)
			lo = mid;
		else
			hi = mid;
	}
	rc = kmem_read(&k->km, t.entries + lo * size, entry, size, err);
	if (rc)
		return err_add(err, "ORC table");
	if (k->orc_numbering == ORC_NUMBERING_UNKNOWN ||
	    !orc_decode(&k->layout, (enum orc_numbering)k->orc_numbering, entry, size, ret))
		return err_set(err, ERR_UNSUPPORTED, "an ORC entry that is not understood");
	return 0;
}
