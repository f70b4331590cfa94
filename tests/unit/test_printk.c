/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's log made by hand: descriptors, infos and a text ring as printk_ringbuffer.c leaves them. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "kernel/printk.h"
#include "tiny_dump.h"

/* Where things lie, and the offsets that VMCOREINFO tells; any will do. */
#define PRB	  0x0	 /* the pointer prb */
#define RB	  0x100
#define DESCS	  0x1000
#define INFOS	  0x2000
#define DATA	  0x4000
#define COUNT_BITS 3u
#define SIZE_BITS  8u
#define RING	  (1ull << SIZE_BITS)
#define SLOTS	  (1u << COUNT_BITS)
#define DESC_SIZE 24u
#define INFO_SIZE 88u

#define INFO_LINES                                                                                 \
	"SYMBOL(prb)=ffff888000100000\n"                                                           \
	"OFFSET(printk_ringbuffer.desc_ring)=0\nOFFSET(printk_ringbuffer.text_data_ring)=48\n"     \
	"OFFSET(prb_desc_ring.count_bits)=0\nOFFSET(prb_desc_ring.descs)=8\n"                      \
	"OFFSET(prb_desc_ring.infos)=16\nOFFSET(prb_desc_ring.head_id)=24\n"                       \
	"OFFSET(prb_desc_ring.tail_id)=32\nOFFSET(prb_data_ring.size_bits)=0\n"                    \
	"OFFSET(prb_data_ring.data)=8\nSIZE(prb_desc)=24\nOFFSET(prb_desc.state_var)=0\n"          \
	"OFFSET(prb_desc.text_blk_lpos)=8\nOFFSET(prb_data_blk_lpos.begin)=0\n"                    \
	"OFFSET(prb_data_blk_lpos.next)=8\nSIZE(printk_info)=88\nOFFSET(printk_info.seq)=0\n"      \
	"OFFSET(printk_info.ts_nsec)=8\nOFFSET(printk_info.text_len)=16\n"

enum { RESERVED, COMMITTED, FINALIZED, REUSABLE };
/* DESC0_ID: numbers begin one round before they wrap; BLK0_LPOS: so do places. */
#define ID0   ((0ull - SLOTS) & (~0ull >> 2))
#define LPOS0 (0ull - RING)

struct rec {
	unsigned int state;
	uint64_t begin, next; /* in the ring */
	uint16_t len;	      /* that the info says */
	const char *text;     /* put behind the block's number, at begin, or at 0 if it wraps */
};

struct row {
	const char *what;
	uint64_t tail; /* the number of the first record */
	struct rec rec[SLOTS + 1];
	int rc;
	const char *found; /* "SEQ@MICROSECONDS=TEXT|..." */
	uint64_t lost;
};

static const struct row rows[] = {
	{ "a log that nobody wrote to", ID0, { { REUSABLE, 1, 1, 0, NULL } }, 0, "", 0 },
	{ "one line", ID0, { { FINALIZED, 0, 16, 5, "hello" } }, 0, "0@0=hello|", 0 },
	{ "three lines, the last not finalized", 20, { { FINALIZED, 0, 16, 3, "one" }, { FINALIZED, 16, 32, 3, "two" }, { COMMITTED, 32, 56, 5, "three" } },
	  0, "0@0=one|1@1000=two|2@2000=three|", 0 },
	{ "a line that is being written", 20, { { FINALIZED, 0, 16, 3, "one" }, { RESERVED, 16, 32, 3, "two" }, { FINALIZED, 32, 48, 3, "tri" } },
	  0, "0@0=one|2@2000=tri|", 1 },
	{ "a line that was given back", 20, { { REUSABLE, 0, 16, 3, "one" }, { FINALIZED, 16, 32, 3, "two" } }, 0, "1@1000=two|", 0 },
	{ "a line without text", 20, { { FINALIZED, 1, 1, 0, NULL }, { FINALIZED, 3, 3, 9, NULL }, { FINALIZED, 16, 32, 3, "two" } },
	  0, "0@0=|1@1000=|2@2000=two|", 0 },
	{ "an empty block", 20, { { FINALIZED, 0, 8, 0, "" } }, 0, "0@0=|", 0 },
	{ "a line that fills its block", 20, { { FINALIZED, 0, 16, 8, "12345678" } }, 0, "0@0=12345678|", 0 },
	{ "a length beyond the block is cut to it", 20, { { FINALIZED, 0, 16, 200, "12345678" } }, 0, "0@0=12345678|", 0 },
	{ "a line that ends with the ring", 20, { { FINALIZED, RING - 16, RING, 5, "hello" } }, 0, "0@0=hello|", 0 },
	{ "a line that wraps lies at the start", 20, { { FINALIZED, RING - 16, RING + 32, 12, "hello hello!" } }, 0, "0@0=hello hello!|", 0 },
	{ "a line that wraps much later", 20, { { FINALIZED, 7 * RING - 8, 7 * RING + 24, 5, "hello" } }, 0, "0@0=hello|", 0 },
	{ "the line that wraps the ring the first time, where places wrap too", ID0, { { FINALIZED, ~0ull - 15, 24, 5, "hello" } }, 0, "0@0=hello|", 0 },
	{ "the first line of all", ID0, { { FINALIZED, LPOS0, LPOS0 + 16, 5, "hello" } }, 0, "0@0=hello|", 0 },
	{ "a block that ends before it begins", 20, { { FINALIZED, 32, 16, 3, NULL }, { FINALIZED, 16, 32, 3, "two" } }, 0, "1@1000=two|", 1 },
	{ "a block of several rings", 20, { { FINALIZED, 16, 32 + 5 * RING, 3, NULL }, { FINALIZED, 16, 32, 3, "two" } }, 0, "1@1000=two|", 1 },
	{ "a block that ends many rings before", 20, { { FINALIZED, 16 + 5 * RING, 32, 3, NULL } }, 0, "", 1 },
	{ "a block without room for its number", 20, { { FINALIZED, 16, 20, 3, NULL } }, 0, "", 1 },
	{ "numbers wrap around", ID0 + SLOTS - 2, { { FINALIZED, 0, 16, 3, "one" }, { FINALIZED, 16, 32, 3, "two" }, { FINALIZED, 32, 48, 3, "tri" } },
	  0, "0@0=one|1@1000=two|2@2000=tri|", 0 },
	{ "all slots are used", 20, { { FINALIZED, 0, 16, 1, "0" }, { FINALIZED, 16, 32, 1, "1" }, { FINALIZED, 32, 48, 1, "2" }, { FINALIZED, 48, 64, 1, "3" },
				      { FINALIZED, 64, 80, 1, "4" }, { FINALIZED, 80, 96, 1, "5" }, { FINALIZED, 96, 112, 1, "6" }, { FINALIZED, 112, 128, 1, "7" } },
	  0, "0@0=0|1@1000=1|2@2000=2|3@3000=3|4@4000=4|5@5000=5|6@6000=6|7@7000=7|", 0 },
};

static void build(struct tiny_ram *m, const struct row *r)
{
	unsigned int i;

	tiny_ram_init(m, 8);
	put_u64(m->ram + PRB, TINY_VA(RB));
	put_u32(m->ram + RB, COUNT_BITS);
	put_u64(m->ram + RB + 8, TINY_VA(DESCS));
	put_u64(m->ram + RB + 16, TINY_VA(INFOS));
	put_u32(m->ram + RB + 48, SIZE_BITS);
	put_u64(m->ram + RB + 56, TINY_VA(DATA));
	put_u64(m->ram + RB + 32, r->tail);
	for (i = 0; i < SLOTS && (r->rec[i].text || r->rec[i].begin || r->rec[i].next); i++) {
		const struct rec *c = &r->rec[i];
		uint64_t id = (r->tail + i) & (~0ull >> 2), slot = id % SLOTS;
		uint8_t *desc = m->ram + DESCS + slot * DESC_SIZE, *info = m->ram + INFOS + slot * INFO_SIZE;
		uint64_t at = c->begin % RING;

		put_u64(desc, (uint64_t)c->state << 62 | id);
		put_u64(desc + 8, c->begin);
		put_u64(desc + 16, c->next);
		put_u64(info, i);
		put_u64(info + 8, i * 1000000ull);
		put_u16(info + 16, c->len);
		if (c->begin / RING != c->next / RING && c->next % RING)
			at = 0;
		if (c->text) {
			put_u64(m->ram + DATA + at, id);
			memcpy(m->ram + DATA + at + 8, c->text, strlen(c->text));
		}
		put_u64(m->ram + RB + 24, id);
	}
	if (!i)
		put_u64(m->ram + RB + 24, r->tail);
}

struct got {
	char text[400];
	size_t n;
	int stop_after; /* -1: never */
};

static int take(void *ctx, const struct printk_record *r)
{
	struct got *g = ctx;

	g->n += (size_t)snprintf(g->text + g->n, sizeof(g->text) - g->n, "%llu@%llu=%.*s|", (unsigned long long)r->seq,
				 (unsigned long long)r->ts_nsec / 1000, (int)r->text_size, r->text);
	return g->stop_after >= 0 && g->stop_after-- == 0 ? 77 : 0;
}

static void test_rows(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct got g = { .stop_after = -1 };
		struct err err = { 0 };
		struct tiny_ram m;
		uint64_t lost = 0;
		int rc;

		build(&m, r);
		tiny_ram_open(&m, INFO_LINES);
		rc = printk_for_each(&m.km, take, &g, &lost, &err);
		if (rc != r->rc || strcmp(g.text, r->found) || lost != r->lost)
			fail_msg("%s: %d '%s' %s, %llu lost", r->what, rc, err.text, g.text, (unsigned long long)lost);
		tiny_ram_close(&m);
	}
}

/* The one who is told may stop, and may not ask how much was lost. */
static void test_stop(void **state)
{
	struct got g = { .stop_after = 1 };
	struct err err = { 0 };
	struct tiny_ram m;

	(void)state;
	build(&m, &rows[2]);
	tiny_ram_open(&m, INFO_LINES);
	assert_int_equal(printk_for_each(&m.km, take, &g, NULL, &err), 77);
	assert_string_equal(g.text, "0@0=one|1@1000=two|");
	tiny_ram_close(&m);
}

/* Sizes and places that are damaged, by what is put where. */
static void test_damaged(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint64_t value;
		int rc;
		const char *fault;
		uint64_t lost;
	} damaged[] = {
		{ "no ring at all", PRB, 0, ERR_CORRUPT, "kernel log: printk_ringbuffer 0x0: kernel address 0x0 is none", 0 },
		{ "no descriptors", RB, 0, ERR_CORRUPT, "printk_ringbuffer 0xffff888000100100 is damaged", 0 },
		{ "too many descriptors", RB, 27, ERR_CORRUPT, "is damaged", 0 },
		{ "far too many descriptors", RB, 64, ERR_CORRUPT, "is damaged", 0 },
		{ "no room for text", RB + 48, 0, ERR_CORRUPT, "is damaged", 0 },
		{ "too much room for text", RB + 48, 32, ERR_CORRUPT, "is damaged", 0 },
		{ "descriptors in user space", RB + 8, 0x1000, 0, NULL, 3 },
		{ "infos that are not in the dump", RB + 16, 0xffff888700000000, 0, NULL, 3 },
		{ "text that is not in the dump", RB + 56, 0xffff888700000000, 0, NULL, 3 },
		{ "a tail far away", RB + 32, 1ull << 40, 0, NULL, 0 },
		{ "a tail that is no number", RB + 32, ~0ull, 0, NULL, 0 },
		{ "a head far away", RB + 24, 1ull << 50, 0, NULL, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(damaged); i++) {
		struct got g = { .stop_after = -1 };
		struct err err = { 0 };
		struct tiny_ram m;
		uint64_t lost = 0;
		int rc;

		build(&m, &rows[2]);
		put_u64(m.ram + damaged[i].at, damaged[i].value);
		tiny_ram_open(&m, INFO_LINES);
		rc = printk_for_each(&m.km, take, &g, &lost, &err);
		if (rc != damaged[i].rc || (rc && !strstr(err.text, damaged[i].fault)) ||
		    (damaged[i].lost && lost != damaged[i].lost) || (!rc && !lost))
			fail_msg("%s: %d '%s' %s, %llu lost", damaged[i].what, rc, err.text, g.text,
				 (unsigned long long)lost);
		tiny_ram_close(&m);
	}
}

/* Each line of VMCOREINFO is needed, and is named where it is missing or is no offset. */
static void test_missing_lines(void **state)
{
	const char *line;

	(void)state;
	for (line = INFO_LINES; *line; line = strchr(line, '\n') + 1) {
		char info[sizeof(INFO_LINES)], key[80];
		struct got g = { .stop_after = -1 };
		struct err err = { 0 };
		struct tiny_ram m;
		size_t n = strcspn(line, "=");
		int rc;

		snprintf(key, sizeof(key), "%.*s", (int)n, line);
		strcpy(info, INFO_LINES);
		info[line - INFO_LINES] = 'X';
		build(&m, &rows[2]);
		tiny_ram_open(&m, info);
		rc = printk_for_each(&m.km, take, &g, NULL, &err);
		if (rc != ERR_UNSUPPORTED || !strstr(err.text, key))
			fail_msg("without %s: %d '%s'", key, rc, err.text);
		tiny_ram_close(&m);
		if (!strcmp(key, "SYMBOL(prb)"))
			continue;
		strcpy(info, INFO_LINES);
		info[line - INFO_LINES + n + 1] = '-';
		build(&m, &rows[2]);
		tiny_ram_open(&m, info);
		rc = printk_for_each(&m.km, take, &g, NULL, &err);
		if (!rc)
			fail_msg("%s below 0 or empty: not noticed", key);
		tiny_ram_close(&m);
	}
}

static void test_sizes(void **state)
{
	static const char *const bad[] = { "SIZE(prb_desc)=300\n", "SIZE(prb_desc)=8\n", "SIZE(printk_info)=600\n",
					   "SIZE(printk_info)=16\n", "OFFSET(printk_info.text_len)=87\n",
					   "OFFSET(prb_desc.state_var)=20\n", "OFFSET(prb_data_blk_lpos.next)=17\n" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		char info[sizeof(INFO_LINES) + 64];
		struct got g = { .stop_after = -1 };
		struct err err = { 0 };
		struct tiny_ram m;

		/* The first line of a key counts. */
		snprintf(info, sizeof(info), "%s%s", bad[i], INFO_LINES);
		build(&m, &rows[2]);
		tiny_ram_open(&m, info);
		if (printk_for_each(&m.km, take, &g, NULL, &err) != ERR_CORRUPT || !strstr(err.text, "is damaged"))
			fail_msg("%s: '%s'", bad[i], err.text);
		tiny_ram_close(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	      cmocka_unit_test(test_stop),
		cmocka_unit_test(test_damaged),	      cmocka_unit_test(test_missing_lines),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
