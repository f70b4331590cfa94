/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unwind tables made by hand: one function, its program, and what its caller's registers are. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "unwind/cfi.h"
#include "util/bytes.h"
#include "util/types.h"

/* Memory by address, all of it in one buffer. */
enum { HDR = 0x100, CIE = 0x200, FDE = 0x300, CODE = 0x1000, CODE_SIZE = 0x400, STACK = 0x2000, END = 0x3000 };
#define HDR_SIZE 20u
#define RSP	 (STACK + 0x100u)
#define RBP	 (STACK + 0x180u)

static uint8_t mem[END];

static void put_pcrel(uint32_t at, uint32_t to)
{
	put_u32(mem + at, to - at);
}

/* Each word of the stack tells where it lies. */
static void fill_stack(void)
{
	uint32_t at;

	for (at = STACK; at < END; at += 8)
		put_u64(mem + at, 0xabc00000u + at);
}

/* Version 1, "zR", code by 1, data by -8, the return address below the CFA, which is rsp + 8. */
static void put_cie(void)
{
	static const uint8_t cie[] = { 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8,
				       0x90, 1, 0, 0 };

	put_u32(mem + CIE, sizeof(cie));
	memcpy(mem + CIE + 4, cie, sizeof(cie));
}

static void put_fde(const uint8_t *program, size_t size)
{
	put_u32(mem + FDE, (uint32_t)(13 + size));
	put_u32(mem + FDE + 4, FDE + 4 - CIE);
	put_pcrel(FDE + 8, CODE);
	put_u32(mem + FDE + 12, CODE_SIZE);
	mem[FDE + 16] = 0;
	memcpy(mem + FDE + 17, program, size);
}

static void put_all(const uint8_t *program, size_t size)
{
	memset(mem, 0, sizeof(mem));
	fill_stack();
	memcpy(mem + HDR, (const uint8_t[]){ 1, 0x1b, 0x03, 0x3b }, 4);
	put_pcrel(HDR + 4, CIE);
	put_u32(mem + HDR + 8, 1);
	put_u32(mem + HDR + 12, CODE - HDR);
	put_u32(mem + HDR + 16, (uint32_t)(FDE - HDR));
	put_cie();
	put_fde(program, size);
}

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })
/* The word of the stack at an address. */
#define WORD(at) (0xabc00000u + (at))
#define PUSH_RBP 0x41, 0x0e, 16, 0x86, 2

static const struct {
	const char *name;
	const uint8_t *program;
	size_t size;
	uint32_t pc;
	bool exact;
	const char *error; /* a part of its text; NULL: the caller is found */
	uint64_t cfa, rbp;
} rows[] = {
	{ "before anything is pushed", BYTES(0), CODE, true, NULL, RSP + 8, RBP },
	{ "after push rbp", BYTES(PUSH_RBP), CODE + 1, true, NULL, RSP + 16, WORD(RSP) },
	{ "at push rbp", BYTES(PUSH_RBP), CODE, true, NULL, RSP + 8, RBP },
	{ "a call there counts, not where it returns to", BYTES(PUSH_RBP), CODE + 1, false, NULL, RSP + 8, RBP },
	{ "with a frame pointer", BYTES(PUSH_RBP, 0x43, 0x0d, 6), CODE + 4, true, NULL, RBP + 16, WORD(RBP) },
	{ "a state that is remembered comes back", BYTES(PUSH_RBP, 0x0a, 0x41, 0x0e, 8, 0xc6, 0x41, 0x0b), CODE + 3, true,
	  NULL, RSP + 16, WORD(RSP) },
	{ "and is another meanwhile", BYTES(PUSH_RBP, 0x0a, 0x41, 0x0e, 8, 0xc6, 0x41, 0x0b), CODE + 2, true, NULL,
	  RSP + 8, RBP },
	{ "an advance of 2 bytes", BYTES(0x03, 0x00, 0x01, 0x0e, 24), CODE + 0x100, true, NULL, RSP + 24, RBP },
	{ "an advance of 4 bytes", BYTES(0x04, 0x00, 0x01, 0, 0, 0x0e, 24), CODE + 0xff, true, NULL, RSP + 8, RBP },
	{ "the CFA by an expression", BYTES(0x0f, 2, 0x77, 40), CODE, true, NULL, RSP + 40, RBP },
	{ "a register that lies in another", BYTES(0x09, 6, 7), CODE, true, NULL, RSP + 8, RSP },
	{ "a register that is an address", BYTES(0x14, 6, 4), CODE, true, NULL, RSP + 8, RSP + 8 - 32 },
	{ "a register by an expression over the CFA", BYTES(0x10, 6, 2, 0x23, 16), CODE, true, NULL, RSP + 8, WORD(RSP + 24) },
	{ "what is said of a register that there is not", BYTES(0x05, 40, 1), CODE, true, NULL, RSP + 8, RBP },
	{ "the outermost frame", BYTES(0x07, 16), CODE, true, "outermost", 0, 0 },
	{ "behind the function", BYTES(0), CODE + CODE_SIZE, true, "no unwind entry for 0x1400", 0, 0 },
	{ "a return to behind it: its last call never returns", BYTES(0), CODE + CODE_SIZE, false, NULL, RSP + 8, RBP },
	{ "before all functions", BYTES(0), CODE - 1, true, "no unwind entry", 0, 0 },
	{ "nothing was remembered", BYTES(0x0b), CODE, true, "damaged unwind program", 0, 0 },
	{ "remembered within each other without end", BYTES(0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a), CODE, true,
	  "damaged unwind program", 0, 0 },
	{ "an instruction without its operand", BYTES(0x0e), CODE, true, "damaged unwind program", 0, 0 },
	{ "an expression longer than its program", BYTES(0x0f, 0x7f, 0x77), CODE, true, "damaged unwind program", 0, 0 },
	{ "an instruction that nobody knows", BYTES(0x3f), CODE, true, "unwind instruction 0x3f", 0, 0 },
	{ "a stack that is not there", BYTES(0x0e, 0x80, 0x80, 0x04), CODE, true, "past the end", 0, 0 },
	{ "a frame on a register that there is not", BYTES(0x0c, 0x40, 8), CODE, true, "register 64, which the frame", 0, 0 },
};

static int step(uint32_t pc, bool *exact, struct cfi_regs *regs, struct err *err)
{
	const struct reader r = { .read = reader_read_buffer, .ctx = mem, .size = sizeof(mem) };
	unsigned int i;

	for (i = 0; i < CFI_REGS; i++)
		regs->r[i] = i;
	regs->known = (1u << CFI_REGS) - 1;
	regs->r[CFI_RSP] = RSP;
	regs->r[CFI_RBP] = RBP;
	regs->r[CFI_RA] = pc;
	return cfi_step(&r, HDR, HDR_SIZE, regs, exact, err);
}

static void test_programs(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cfi_regs regs;
		struct err err = { 0 };
		bool exact = rows[i].exact;
		int rc;

		put_all(rows[i].program, rows[i].size);
		rc = step(rows[i].pc, &exact, &regs, &err);
		if (rows[i].error) {
			if (!rc || !strstr(err.text, rows[i].error))
				fail_msg("%s: %d '%s'", rows[i].name, rc, err.text);
			/* Untouched. */
			assert_int_equal(regs.r[CFI_RSP], RSP);
			continue;
		}
		if (rc || regs.r[CFI_RSP] != rows[i].cfa || regs.r[CFI_RBP] != rows[i].rbp ||
		    regs.r[CFI_RA] != WORD(rows[i].cfa - 8) || exact)
			fail_msg("%s: %d '%s' cfa 0x%llx rbp 0x%llx", rows[i].name, rc, err.text,
				 (unsigned long long)regs.r[CFI_RSP],
				 (unsigned long long)regs.r[CFI_RBP]);
	}
}

static const struct {
	const char *name;
	uint32_t at;
	uint8_t byte;
	const char *error;
} damages[] = {
	{ "a table of another version", HDR, 2, "unwind table at 0x100" },
	{ "a table of another encoding", HDR + 3, 0x1b, "unwind table at 0x100" },
	{ "a table of no entries", HDR + 8, 0, "unwind table at 0x100" },
	{ "a table of more entries than its size has", HDR + 8, 200, "unwind table at 0x100" },
	{ "an entry of 16 MiB", FDE + 3, 1, "unwind entry of 167772" },
	{ "an entry of no bytes", FDE, 0, "unwind entry of 0 bytes" },
	{ "an entry that says it is a CIE", FDE + 4, 0, "leads to a CIE" },
	{ "a CIE that lies before all memory", FDE + 7, 0x70, "past the end" },
	{ "a CIE of version 9", CIE + 8, 9, "CIE of version 9" },
	{ "a CIE without an end of its name", CIE + 11, 'R', "damaged" },
	{ "a CIE that says nothing of sizes", CIE + 9, 'x', "CIE without sizes" },
	{ "a return address in another register", CIE + 14, 3, "return address in register 3" },
};

static void test_damaged_tables(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(damages); i++) {
		struct cfi_regs regs;
		struct err err = { 0 };
		bool exact = true;

		put_all(BYTES(0));
		mem[damages[i].at] = damages[i].byte;
		/* The low byte of a number that must be 0 as a whole. */
		if (damages[i].at == FDE + 4)
			put_u32(mem + FDE + 4, 0);
		if (!step(CODE, &exact, &regs, &err) || !strstr(err.text, damages[i].error))
			fail_msg("%s: '%s'", damages[i].name, err.text);
	}
}

/* Of a signal's frame, the caller stood where it was interrupted: no call lies before it. */
static void test_signal_frame(void **state)
{
	struct cfi_regs regs;
	struct err err = { 0 };
	bool exact = true;

	(void)state;
	put_all(BYTES(0));
	/* "zRS": the name takes a byte more. */
	memmove(mem + CIE + 12, mem + CIE + 11, 11);
	mem[CIE + 11] = 'S';
	put_u32(mem + CIE, 21);
	assert_int_equal(step(CODE, &exact, &regs, &err), 0);
	assert_true(exact);
	assert_int_equal(regs.r[CFI_RSP], RSP + 8);
}

/* Whatever one byte is: an answer or an error, and no read beside the tables (run under ASan). */
static void test_any_byte(void **state)
{
	uint32_t at;
	unsigned int v;

	(void)state;
	for (at = HDR; at < FDE + 32; at++) {
		if (at == HDR + HDR_SIZE)
			at = CIE;
		if (at == CIE + 32)
			at = FDE;
		for (v = 0; v < 256; v += 3) {
			struct cfi_regs regs;
			struct err err = { 0 };
			bool exact = true;

			put_all(BYTES(PUSH_RBP, 0x43, 0x0d, 6, 0x0f, 2, 0x77, 40));
			mem[at] = (uint8_t)v;
			if (step(CODE + 9, &exact, &regs, &err))
				assert_true(err.text[0] != 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_damaged_tables),
		cmocka_unit_test(test_signal_frame),
		cmocka_unit_test(test_any_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
