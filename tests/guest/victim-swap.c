/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * victim-swap [back]: 20 MiB of pages of several kinds that it has the kernel page out. What was in them is
 * in /run/ready/victim-swap.crc, "ADDRESS CRC32" in hex, one line per page.
 *
 *	back	then a part of them is read again, so that the kernel reads others ahead: these are in the
 *		swap cache and in no page table. Their addresses are in /run/ready/victim-swap.cached.
 */
#include "victim.h"

#include <stdbool.h>
#include <zlib.h>

#define NR_PAGES 1024
#define TRIES 20
/* The kernel reads up to 8 pages ahead (vm.page-cluster) as long as some of them are wanted. */
#define CLUSTER 8
#define TOUCHED 4

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

/* Which pages are in the page table. Return: how many. */
static int look_present(int pagemap_fd, const char *at, bool present[NR_PAGES])
{
	static uint64_t entry[NR_PAGES];
	int n, nr = 0;

	if (pread(pagemap_fd, entry, sizeof(entry), (uintptr_t)at / PAGE * 8) != sizeof(entry))
		die("/proc/self/pagemap");
	for (n = 0; n < NR_PAGES; n++)
		nr += present[n] = entry[n] >> 63;
	return nr;
}

static int nr_present(int pagemap_fd, const char *at)
{
	static bool present[NR_PAGES];

	return look_present(pagemap_fd, at, present);
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

/* What is in memory, as mincore(2) sees it, without an entry in the page table that says so. Return: how many. */
static int look_cached(int pagemap_fd, char *at, bool cached[NR_PAGES])
{
	static unsigned char resident[NR_PAGES];
	int n, nr = 0;

	if (mincore(at, NR_PAGES * PAGE, resident))
		die("mincore");
	look_present(pagemap_fd, at, cached);
	for (n = 0; n < NR_PAGES; n++)
		nr += cached[n] = !cached[n] && resident[n] & 1;
	return nr;
}

/* What was written to swap space stays in memory until that is wanted for something else. */
static void reclaim(const char *text)
{
	struct timespec tick = { 0, 100 * 1000 * 1000 };
	int fd = open("/sys/fs/cgroup/swap.scope/memory.reclaim", O_WRONLY);

	if (fd < 0 || (write(fd, text, strlen(text)) < 0 && errno != EAGAIN))
		die("memory.reclaim");
	close(fd);
	nanosleep(&tick, NULL);
}

static void drop_cached(int pagemap_fd, char *at[], int nr_regions)
{
	static bool cached[NR_PAGES];
	int tries, i, nr;

	for (tries = 0; tries < TRIES; tries++) {
		for (nr = i = 0; i < nr_regions; i++)
			nr += look_cached(pagemap_fd, at[i], cached);
		if (!nr)
			break;
		reclaim("8M");
	}
	ready_say(&ready, "undropped=%d\n", nr);
}

/* Of the first half, so that others stay on the disk. */
static void region_touch(const char *at)
{
	unsigned n;

	for (n = 0; n < NR_PAGES / 2; n++)
		if (n % CLUSTER < TOUCHED)
			(void)*(volatile const char *)(at + n * PAGE);
}

static void region_tell_cached(const char *name, char *at, int pagemap_fd, FILE *f)
{
	static bool cached[NR_PAGES];
	int n, nr = look_cached(pagemap_fd, at, cached);

	for (n = 0; n < NR_PAGES; n++)
		if (cached[n])
			fprintf(f, "%lx\n", (unsigned long)(at + n * PAGE));
	ready_say(&ready, "cached.%s=%d\n", name, nr);
}

int main(int argc, char **argv)
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
	bool back = argc > 1 && !strcmp(argv[1], "back");
	int pagemap_fd = open("/proc/self/pagemap", O_RDONLY), i;
	FILE *cached = NULL;
	char *at[NR_KINDS];

	mkdir("/run/ready", 0755);
	crcs = fopen("/run/ready/victim-swap.crc", "w");
	if (!crcs || pagemap_fd < 0)
		die("victim-swap.crc or pagemap");
	/* What reclaim() is to find is the regions alone, of which it is known what was in them. */
	if (back && mlockall(MCL_CURRENT))
		die("mlockall");
	ready_say(&ready, "pid=%d\n", getpid());
	for (i = 0; i < NR_KINDS; i++)
		at[i] = region_make(kind[i].name, kind[i].flags, kind[i].make);
	if (fclose(crcs))
		die("victim-swap.crc");
	for (i = 0; i < NR_KINDS; i++)
		region_page_out(kind[i].name, at[i], pagemap_fd);
	if (back) {
		cached = fopen("/run/ready/victim-swap.cached", "w");
		if (!cached)
			die("victim-swap.cached");
		drop_cached(pagemap_fd, at, NR_KINDS);
		for (i = 0; i < NR_KINDS; i++)
			region_touch(at[i]);
		sleep(1); /* what is read ahead is there a little later */
		for (i = 0; i < NR_KINDS; i++)
			region_tell_cached(kind[i].name, at[i], pagemap_fd, cached);
		if (fclose(cached))
			die("victim-swap.cached");
	}
	ready_publish(&ready);
	pause();
	return 0;
}
