/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as kernel memory with a log in it. The first line of the input, up to a zero, is taken as
 * further VMCOREINFO before the usual lines, so that offsets and sizes are damaged too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_file.h"
#include "kernel/printk.h"
#include "util/bytes.h"

#define RAM	  0x100000ull
#define DATA_OFF  8192u
#define RAM_SIZE  65536u
/* Of the usual ring at most 2^26 records are believed: more text than this is not looked at. */
#define CALLS_MAX 100000u

#define LINES                                                                                      \
	"PAGESIZE=4096\nNUMBER(phys_base)=0\nSYMBOL(swapper_pg_dir)=ffffffff80100000\n"            \
	"SYMBOL(prb)=ffff888000100000\n"                                                           \
	"OFFSET(printk_ringbuffer.desc_ring)=0\nOFFSET(printk_ringbuffer.text_data_ring)=48\n"     \
	"OFFSET(prb_desc_ring.count_bits)=0\nOFFSET(prb_desc_ring.descs)=8\n"                      \
	"OFFSET(prb_desc_ring.infos)=16\nOFFSET(prb_desc_ring.head_id)=24\n"                       \
	"OFFSET(prb_desc_ring.tail_id)=32\nOFFSET(prb_data_ring.size_bits)=0\n"                    \
	"OFFSET(prb_data_ring.data)=8\nSIZE(prb_desc)=24\nOFFSET(prb_desc.state_var)=0\n"          \
	"OFFSET(prb_desc.text_blk_lpos)=8\nOFFSET(prb_data_blk_lpos.begin)=0\n"                    \
	"OFFSET(prb_data_blk_lpos.next)=8\nSIZE(printk_info)=88\nOFFSET(printk_info.seq)=0\n"      \
	"OFFSET(printk_info.ts_nsec)=8\nOFFSET(printk_info.text_len)=16\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vmcore *make_dump(const char *more, size_t more_size, const uint8_t *ram, size_t size,
				struct fuzz_file *f)
{
	static uint8_t file[DATA_OFF + RAM_SIZE];
	size_t info = more_size + sizeof(LINES) - 1;
	struct vmcore *vc = NULL;
	struct err err = { 0 };

	memset(file, 0, sizeof(file));
	memcpy(file, "\177ELF\2\1\1", 7);
	put_u16(file + 16, 4);
	put_u16(file + 18, 62);
	put_u32(file + 20, 1);
	put_u64(file + 32, 64);
	put_u16(file + 52, 64);
	put_u16(file + 54, 56);
	put_u16(file + 56, 2);
	put_u32(file + 64, 4);
	put_u64(file + 64 + 8, 1024);
	put_u64(file + 64 + 32, 24 + info);
	put_u32(file + 120, 1);
	put_u64(file + 120 + 8, DATA_OFF);
	put_u64(file + 120 + 16, 0xffff888000000000 + RAM);
	put_u64(file + 120 + 24, RAM);
	put_u64(file + 120 + 32, RAM_SIZE);
	put_u64(file + 120 + 40, RAM_SIZE);
	put_u32(file + 1024, 11);
	put_u32(file + 1028, (uint32_t)info);
	memcpy(file + 1036, "VMCOREINFO", 11);
	memcpy(file + 1048, more, more_size);
	memcpy(file + 1048 + more_size, LINES, sizeof(LINES) - 1);
	memcpy(file + DATA_OFF, ram, size);
	fuzz_file_write(f, file, sizeof(file));
	return vmcore_open(f->path, NULL, &vc, &err) ? NULL : vc;
}

static int take(void *ctx, const struct printk_record *r)
{
	unsigned int *calls = ctx;
	size_t i, zeros = 0;

	if (r->text_size > PRINTK_TEXT_MAX)
		abort();
	for (i = 0; i < r->text_size; i++)
		zeros += !r->text[i];
	return ++*calls > CALLS_MAX || zeros > PRINTK_TEXT_MAX ? -1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, 0, size < 3000 ? size : 3000);
	size_t more = end ? (size_t)(end - data) : 0;
	struct err err = { 0 };
	struct kmem *km;
	struct fuzz_file f;
	struct vmcore *vc;
	unsigned int calls = 0;
	uint64_t lost = 0;

	if (!end || size - more - 1 > RAM_SIZE)
		return 0;
	vc = make_dump((const char *)data, more, end + 1, size - more - 1, &f);
	km = calloc(1, sizeof(*km));
	if (!km)
		abort();
	if (vc && !kmem_init(km, vc, &err) && printk_for_each(km, take, &calls, &lost, &err) > 0 && !err.text[0])
		abort();
	free(km);
	vmcore_close(vc);
	fuzz_file_close(&f);
	return 0;
}
