/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * victim-swap: 16 MiB of pages of several kinds that it has the kernel page out. What was in them is
 * in /run/ready/victim-swap.crc, "ADDRESS CRC32" in hex, one line per page.
 */
#include "victim.h"

#include <zlib.h>

#define NR_PAGES 1024
#define TRIES 20

static struct ready ready = { .name = "victim-swap" };
static FILE *crcs;

static void text_page(char *page, unsigned n)
{
	size_t off;

	for (off = 0; off + 64 <= PAGE; off += 64)
		snprintf(page + off, 64, "page %u, line %zu of many that are alike", n, off / 64);
}

static void random_page(char *page, unsigned n)
{
	fill_page(page, 0x5a4b0000 + n);
}

static void mixed_page(char *page, unsigned n)
{
	fill_page(page, 0x3a4b0000 + n);
	memset(page + n % (PAGE - 512), 0, PAGE - 512 - n % (PAGE - 512));
}

/* All words are the same, in some of them 0. */
static void same_page(char *page, unsigned n)
{
	unsigned long *word = (unsigned long *)page;
	size_t i;

	for (i = 0; i < PAGE / sizeof(*word); i++)
		word[i] = n % 3 ? 0x0101010101010101UL * (n % 251) : 0;
	if (!word[0])
		*(volatile char *)page = 0; /* is there all the same */
}

static char *region_make(const char *name, int flags, void (*make)(char *page, unsigned n))
{
	char *at = mmap(NULL, NR_PAGES * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
	unsigned n;

	if (at == MAP_FAILED)
		die("mmap");
	madvise(at, NR_PAGES * PAGE, MADV_NOHUGEPAGE);
	for (n = 0; n < NR_PAGES; n++) {
		make(at + n * PAGE, n);
		fprintf(crcs, "%lx %08lx\n", (unsigned long)(at + n * PAGE),
			crc32(0, (unsigned char *)at + n * PAGE, PAGE));
	}
	ready_say(&ready, "region.%s=%p %lu 0x0\n", name, (void *)at, NR_PAGES * PAGE);
	return at;
}

static int nr_present(int pagemap_fd, const char *at)
{
	static uint64_t entry[NR_PAGES];
	int n, present = 0;

	if (pread(pagemap_fd, entry, sizeof(entry), (uintptr_t)at / PAGE * 8) != sizeof(entry))
		die("/proc/self/pagemap");
	for (n = 0; n < NR_PAGES; n++)
		present += !!(entry[n] >> 63);
	return present;
}

static void region_page_out(const char *name, char *at, int pagemap_fd)
{
	struct timespec tick = { 0, 100 * 1000 * 1000 };
	int i;

	for (i = 0; i < TRIES && nr_present(pagemap_fd, at); i++) {
		if (madvise(at, NR_PAGES * PAGE, MADV_PAGEOUT))
			die("MADV_PAGEOUT");
		nanosleep(&tick, NULL);
	}
	ready_say(&ready, "present.%s=%d\n", name, nr_present(pagemap_fd, at));
}

int main(void)
{
	static const struct {
		const char *name;
		int flags;
		void (*make)(char *page, unsigned n);
	} kind[] = {
		{ "text", MAP_PRIVATE, text_page },   { "random", MAP_PRIVATE, random_page },
		{ "mixed", MAP_PRIVATE, mixed_page }, { "same", MAP_PRIVATE, same_page },
		{ "shared", MAP_SHARED, text_page },
	};
	enum { NR_KINDS = sizeof(kind) / sizeof(kind[0]) };
	int pagemap_fd = open("/proc/self/pagemap", O_RDONLY), i;
	char *at[NR_KINDS];

	mkdir("/run/ready", 0755);
	crcs = fopen("/run/ready/victim-swap.crc", "w");
	if (!crcs || pagemap_fd < 0)
		die("victim-swap.crc or pagemap");
	ready_say(&ready, "pid=%d\n", getpid());
	for (i = 0; i < NR_KINDS; i++)
		at[i] = region_make(kind[i].name, kind[i].flags, kind[i].make);
	if (fclose(crcs))
		die("victim-swap.crc");
	for (i = 0; i < NR_KINDS; i++)
		region_page_out(kind[i].name, at[i], pagemap_fd);
	ready_publish(&ready);
	pause();
	return 0;
}
