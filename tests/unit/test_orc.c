/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of ORC tables, as the types of several kernels lay them out (asm/orc_types.h). */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "unwind/orc.h"

enum shape {
	TO_6_3,	  /* type:2, signal:1, end:1 behind the registers; 2-byte offsets */
	SINCE_6_4, /* type:3, signal:1; no end of its own (5743654f5e2e) */
	NO_TYPES,
};

static void put(struct layout *l, enum layout_id id, int64_t at, uint32_t size, uint8_t bit, uint8_t bits)
{
	l->v[id] = (struct layout_value){ .known = true, .value = at, .size = size, .bit_off = bit, .bit_size = bits };
}

static void shape_layout(struct layout *l, enum shape shape)
{
	memset(l, 0, sizeof(*l));
	if (shape == NO_TYPES)
		return;
	put(l, L_orc_entry_sp_offset, 0, 2, 0, 0);
	put(l, L_orc_entry_bp_offset, 2, 2, 0, 0);
	put(l, L_orc_entry_sp_reg, 4, 1, 0, 4);
	put(l, L_orc_entry_bp_reg, 4, 1, 4, 4);
	if (shape == TO_6_3) {
		put(l, L_orc_entry_type, 5, 1, 0, 2);
		put(l, L_orc_entry_end, 5, 1, 3, 1);
	} else {
		put(l, L_orc_entry_type, 5, 1, 0, 3);
	}
}

static const struct {
	const char *name;
	enum shape shape;
	enum orc_numbering numbering;
	uint8_t e[6];
	size_t size;
	bool good;
	struct orc want;
} rows[] = {
	{ "a call, 6.1", TO_6_3, ORC_NUMBERING_SP_5, { 8, 0, 0, 0, 0x05, 0 }, 6, true,
	  { 8, 0, ORC_REG_SP, ORC_REG_UNDEFINED, ORC_CALL } },
	{ "the frame pointer saved below", TO_6_3, ORC_NUMBERING_SP_5, { 16, 0, 0xf0, 0xff, 0x15, 0 }, 6, true,
	  { 16, -16, ORC_REG_SP, ORC_REG_PREV_SP, ORC_CALL } },
	{ "on the frame pointer", TO_6_3, ORC_NUMBERING_SP_5, { 16, 0, 0xf0, 0xff, 0x14, 0 }, 6, true,
	  { 16, -16, ORC_REG_BP, ORC_REG_PREV_SP, ORC_CALL } },
	{ "registers of an interrupt, 6.1", TO_6_3, ORC_NUMBERING_SP_5, { 0, 0, 0, 0, 0x05, 1 }, 6, true,
	  { 0, 0, ORC_REG_SP, ORC_REG_UNDEFINED, ORC_REGS } },
	{ "the end, 6.1, by its own bit", TO_6_3, ORC_NUMBERING_SP_5, { 0, 0, 0, 0, 0x00, 8 }, 6, true,
	  { 0, 0, ORC_REG_UNDEFINED, ORC_REG_UNDEFINED, ORC_END } },
	{ "no way out, 6.1, by its register", TO_6_3, ORC_NUMBERING_SP_5, { 0, 0, 0, 0, 0x00, 0 }, 6, true,
	  { 0, 0, ORC_REG_UNDEFINED, ORC_REG_UNDEFINED, ORC_UNDEFINED } },
	{ "a call, 6.12", SINCE_6_4, ORC_NUMBERING_SP_5, { 8, 0, 0, 0, 0x05, 2 }, 6, true,
	  { 8, 0, ORC_REG_SP, ORC_REG_UNDEFINED, ORC_CALL } },
	{ "the end, 6.12, by its type", SINCE_6_4, ORC_NUMBERING_SP_5, { 0, 0, 0, 0, 0x00, 1 }, 6, true,
	  { 0, 0, ORC_REG_UNDEFINED, ORC_REG_UNDEFINED, ORC_END } },
	{ "a call, 7.3, whose registers have other numbers", SINCE_6_4, ORC_NUMBERING_SP_3, { 8, 0, 0, 0, 0x83, 2 }, 6, true,
	  { 8, 0, ORC_REG_SP, ORC_REG_PREV_SP, ORC_CALL } },
	{ "a stack whose pointer lies on it", SINCE_6_4, ORC_NUMBERING_SP_5, { 8, 0, 0, 0, 0x09, 2 }, 6, true,
	  { 8, 0, ORC_REG_SP_INDIRECT, ORC_REG_UNDEFINED, ORC_CALL } },
	{ "a register that frames are seldom on", SINCE_6_4, ORC_NUMBERING_SP_5, { 0, 0, 0, 0, 0x02, 2 }, 6, true,
	  { 0, 0, ORC_REG_OTHER, ORC_REG_UNDEFINED, ORC_CALL } },
	{ "a type that nobody knows", SINCE_6_4, ORC_NUMBERING_SP_5, { 0, 0, 0, 0, 0x05, 7 }, 6, false, { 0 } },
	{ "an entry that ends too early", TO_6_3, ORC_NUMBERING_SP_5, { 8, 0, 0, 0, 0x05, 0 }, 5, false, { 0 } },
	{ "a kernel without the type", NO_TYPES, ORC_NUMBERING_SP_5, { 8, 0, 0, 0, 0x05, 0 }, 6, false, { 0 } },
};

static void test_entries(void **state)
{
	struct layout *l = test_calloc(1, sizeof(*l));
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct orc *want = &rows[i].want;
		struct orc got = { 0 };

		shape_layout(l, rows[i].shape);
		if (orc_decode(l, rows[i].numbering, rows[i].e, rows[i].size, &got) != rows[i].good)
			fail_msg("%s: %s", rows[i].name, rows[i].good ? "refused" : "taken");
		if (rows[i].good &&
		    (got.sp_offset != want->sp_offset || got.bp_offset != want->bp_offset ||
		     got.sp_reg != want->sp_reg || got.bp_reg != want->bp_reg || got.type != want->type))
			fail_msg("%s: sp %d reg %d, bp %d reg %d, type %d", rows[i].name, got.sp_offset,
				 got.sp_reg, got.bp_offset, got.bp_reg, got.type);
	}
	test_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
