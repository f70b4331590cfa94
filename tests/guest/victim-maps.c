/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * victim-maps: one mapping of each kind. Every written page is made by fill_page() with the seed
 * that /run/ready/victim-maps names, plus the index of the page, so that its bytes are known even
 * where the page cannot be read (swapped, secret).
 */
#include "victim.h"

#include <linux/fs.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/vfs.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef MADV_HWPOISON
#define MADV_HWPOISON 100
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define DIR_DISK "/var/tmp/victim"
#define HUGE_SIZE (2UL << 20)

static struct ready ready = { .name = "victim-maps" };
static uint64_t next_seed = 0x5eed0000;

static char *map(size_t size, int prot, int flags, int fd, off_t off)
{
	char *at = mmap(NULL, size, prot, flags, fd, off);

	return at == MAP_FAILED ? NULL : at;
}

/* "region.NAME=START SIZE SEED": SEED 0 where nothing is written by fill_page(). */
static void region_say(const char *name, const char *at, size_t size, uint64_t seed)
{
	ready_say(&ready, "region.%s=%p %zu 0x%" PRIx64 "\n", name, (const void *)at, size, seed);
}

static void region_absent(const char *name)
{
	ready_say(&ready, "absent.%s=%s\n", name, strerror(errno));
}

static uint64_t region_fill(char *at, size_t size)
{
	uint64_t seed = next_seed;
	size_t i;

	next_seed += 0x10000;
	for (i = 0; i < size / PAGE; i++)
		fill_page(at + i * PAGE, seed + i);
	return seed;
}

static void region_fill_say(const char *name, char *at, size_t size)
{
	if (!at)
		region_absent(name);
	else
		region_say(name, at, size, region_fill(at, size));
}

/* A text that must never be in a core, on each line of each page. */
static void secret_fill(char *at, size_t size, const char *kind)
{
	size_t i;

	for (i = 0; i + 64 <= size; i += 64)
		snprintf(at + i, 64, "VMSIFT-SECRET-%s at %08zx", kind, i);
}

static int disk_file(const char *name, size_t size)
{
	static char page[PAGE];
	char path[128];
	uint64_t seed = next_seed;
	size_t i;
	int fd;

	snprintf(path, sizeof(path), DIR_DISK "/%s", name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		die(path);
	for (i = 0; i < size / PAGE; i++) {
		fill_page(page, seed + i);
		if (write(fd, page, PAGE) != (ssize_t)PAGE)
			die(path);
	}
	next_seed += 0x10000;
	ready_say(&ready, "file.%s=%s %zu 0x%" PRIx64 "\n", name, path, size, seed);
	if (fsync(fd))
		die(path);
	return fd;
}

static void anonymous(void)
{
	char *at = map(16 * PAGE, RW, ANON, -1, 0);

	/* pages 0-7 written, 8-11 only read (zero page), 12-15 never touched */
	region_say("anon", at, 16 * PAGE, region_fill(at, 8 * PAGE));
	for (int i = 8; i < 12; i++)
		(void)((volatile char *)at)[i * PAGE];

	region_fill_say("shared-anon", map(8 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0), 8 * PAGE);

	at = map(8 * PAGE, RW, ANON, -1, 0);
	region_fill_say("prot-none", at, 8 * PAGE);
	mprotect(at, 8 * PAGE, PROT_NONE);

	at = map(8 * PAGE, RW, ANON, -1, 0);
	region_fill_say("read-only", at, 8 * PAGE);
	mprotect(at, 8 * PAGE, PROT_READ);

	/* written in its third page from the top only; grows down on its own */
	region_fill_say("growsdown", map(4 * PAGE, RW, ANON | MAP_GROWSDOWN | MAP_STACK, -1, 0),
			4 * PAGE);
	region_fill_say("locked", map(4 * PAGE, RW, ANON | MAP_LOCKED, -1, 0), 4 * PAGE);

	at = map(8 * PAGE, RW, ANON, -1, 0);
	region_fill_say("wipeonfork", at, 8 * PAGE);
	if (madvise(at, 8 * PAGE, MADV_WIPEONFORK))
		region_absent("wipeonfork");

	at = map(8 * PAGE, RW, ANON, -1, 0);
	region_fill_say("named", at, 8 * PAGE);
	if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, at, 8 * PAGE, "ring"))
		region_absent("named");

	/* page 2 of 4 given back, page 3 a guard where the kernel knows such */
	at = map(4 * PAGE, RW, ANON, -1, 0);
	region_fill_say("dontneed", at, 4 * PAGE);
	madvise(at + 2 * PAGE, PAGE, MADV_DONTNEED);
	at = map(4 * PAGE, RW, ANON, -1, 0);
	region_fill_say("guard", at, 4 * PAGE);
	if (madvise(at + 3 * PAGE, PAGE, MADV_GUARD_INSTALL))
		region_absent("guard");
}

static void secrets(void)
{
	char *at = map(8 * PAGE, RW, ANON, -1, 0);
	int fd;

	secret_fill(at, 8 * PAGE, "dontdump");
	region_say("dontdump", at, 8 * PAGE, 0);
	if (madvise(at, 8 * PAGE, MADV_DONTDUMP))
		die("MADV_DONTDUMP");

	fd = (int)syscall(SYS_memfd_secret, 0);
	at = fd >= 0 && !ftruncate(fd, 4 * PAGE) ? map(4 * PAGE, RW, MAP_SHARED, fd, 0) : NULL;
	if (!at) {
		region_absent("memfd-secret");
		return;
	}
	secret_fill(at, 4 * PAGE, "memfd");
	region_say("memfd-secret", at, 4 * PAGE, 0);
}

static void sysv_and_memfd(void)
{
	int id = shmget(IPC_PRIVATE, 8 * PAGE, IPC_CREAT | 0600), fd;
	char *at;

	at = id >= 0 ? shmat(id, NULL, 0) : (char *)-1;
	if (at == (char *)-1)
		at = NULL;
	region_fill_say("sysv", at, 8 * PAGE);
	shmctl(id, IPC_RMID, NULL);

	fd = memfd_create("victim", 0);
	if (fd < 0 || ftruncate(fd, 8 * PAGE))
		die("memfd_create");
	/* only half of its pages are in this process's tables; the rest is in the page cache */
	at = map(8 * PAGE, RW, MAP_SHARED, fd, 0);
	region_fill_say("memfd", at, 8 * PAGE);
	munmap(at, 8 * PAGE);
	at = map(8 * PAGE, RW, MAP_SHARED, fd, 0);
	for (int i = 0; i < 4; i++)
		(void)((volatile char *)at)[i * PAGE];
	ready_say(&ready, "remap.memfd=%p\n", (void *)at);
	at = map(8 * PAGE, RW, MAP_PRIVATE, fd, 0);
	region_say("memfd-private", at, 8 * PAGE, region_fill(at, PAGE));
}

static char *huge_aligned(size_t size)
{
	char *at = map(size + HUGE_SIZE, RW, ANON | MAP_NORESERVE, -1, 0);

	return at ? (char *)(((uintptr_t)at + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1)) : NULL;
}

static void huge(void)
{
	char *at = huge_aligned(2 * HUGE_SIZE);

	madvise(at, 2 * HUGE_SIZE, MADV_HUGEPAGE);
	region_fill_say("thp", at, 2 * HUGE_SIZE);

	/* a huge page of which the kernel had to map one part differently */
	at = huge_aligned(HUGE_SIZE);
	madvise(at, HUGE_SIZE, MADV_HUGEPAGE);
	region_fill_say("thp-split", at, HUGE_SIZE);
	mprotect(at + 8 * PAGE, PAGE, PROT_READ);

	at = huge_aligned(HUGE_SIZE);
	madvise(at, HUGE_SIZE, MADV_HUGEPAGE);
	region_fill_say("thp-prot-none", at, HUGE_SIZE);
	mprotect(at, HUGE_SIZE, PROT_NONE);

	at = huge_aligned(HUGE_SIZE);
	madvise(at, HUGE_SIZE, MADV_HUGEPAGE);
	(void)*(volatile char *)at;
	region_say("huge-zero", at, HUGE_SIZE, 0);

	at = huge_aligned(2 * HUGE_SIZE);
	madvise(at, 2 * HUGE_SIZE, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < 2 * HUGE_SIZE; i += PAGE)
		(void)((volatile char *)at)[i];
	region_say("zero-read", at, 2 * HUGE_SIZE, 0);

	region_fill_say("hugetlb", map(HUGE_SIZE, RW, ANON | MAP_HUGETLB, -1, 0), HUGE_SIZE);
}

/* 64 GiB of which three pages are there: the first, one in the middle and the last. */
static void sparse(void)
{
	size_t size = 64UL << 30, off[3] = { 0, 40UL << 30, size - PAGE };
	char *at = map(size, RW, ANON | MAP_NORESERVE, -1, 0);
	uint64_t seed = next_seed;

	if (!at) {
		region_absent("sparse");
		return;
	}
	madvise(at, size, MADV_NOHUGEPAGE);
	for (int i = 0; i < 3; i++) {
		fill_page(at + off[i], seed + i);
		ready_say(&ready, "sparse.%d=%p 0x%" PRIx64 "\n", i, (void *)(at + off[i]), seed + i);
	}
	next_seed += 0x10000;
	region_say("sparse", at, size, 0);
}

static void files(void)
{
	char *at, *other;
	int fd;

	if (mkdir(DIR_DISK, 0755) && errno != EEXIST)
		die(DIR_DISK);
	fd = disk_file("private", 8 * PAGE);
	/* page 3 changed by this process, 0-1 read, the rest untouched */
	at = map(8 * PAGE, RW, MAP_PRIVATE, fd, 0);
	region_say("file-private", at, 8 * PAGE, 0);
	fill_page(at + 3 * PAGE, next_seed);
	ready_say(&ready, "changed.file-private=%p 0x%" PRIx64 "\n", (void *)(at + 3 * PAGE),
		  next_seed);
	next_seed += 0x10000;
	(void)((volatile char *)at)[0];
	(void)((volatile char *)at)[PAGE];

	fd = disk_file("shared", 8 * PAGE);
	at = map(8 * PAGE, RW, MAP_SHARED, fd, 0);
	region_say("file-shared", at, 8 * PAGE, 0);
	fill_page(at + 2 * PAGE, next_seed);
	ready_say(&ready, "changed.file-shared=%p 0x%" PRIx64 "\n", (void *)(at + 2 * PAGE),
		  next_seed);
	next_seed += 0x10000;

	/* in the page cache, but in no table */
	fd = disk_file("cached", 8 * PAGE);
	region_say("file-cached", map(8 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0), 8 * PAGE, 0);

	/* not even in the page cache */
	fd = disk_file("untouched", 8 * PAGE);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	region_say("file-untouched", map(8 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0), 8 * PAGE, 0);

	/* the second half of a mapping that goes beyond the end of its file has no pages */
	fd = disk_file("short", 2 * PAGE);
	region_say("file-short", map(4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0), 4 * PAGE, 0);

	fd = disk_file("deleted", 8 * PAGE);
	at = map(8 * PAGE, RW, MAP_SHARED, fd, 0);
	other = map(4 * PAGE, RW, MAP_PRIVATE, fd, 4 * PAGE);
	region_say("file-deleted", at, 8 * PAGE, 0);
	region_say("file-deleted-private", other, 4 * PAGE, 0);
	for (int i = 0; i < 8; i++)
		(void)((volatile char *)at)[i * PAGE];
	fill_page(other, next_seed);
	ready_say(&ready, "changed.file-deleted-private=%p 0x%" PRIx64 "\n", (void *)other, next_seed);
	next_seed += 0x10000;
	unlink(DIR_DISK "/deleted");

	fd = open("/dev/zero", O_RDWR);
	if (fd >= 0)
		region_fill_say("dev-zero", map(2 * PAGE, RW, MAP_PRIVATE, fd, 0), 2 * PAGE);
}

/* The path of this one goes over a mount point, its page cache is swappable memory. */
static void tmpfs_file(void)
{
	static char page[PAGE];
	int fd = open("/dev/shm/victim-tmpfs", O_RDWR | O_CREAT | O_TRUNC, 0644);
	char *at;

	for (int i = 0; i < 8; i++) {
		fill_page(page, next_seed + i);
		if (write(fd, page, PAGE) != (ssize_t)PAGE)
			die("/dev/shm/victim-tmpfs");
	}
	at = map(8 * PAGE, RW, MAP_PRIVATE, fd, 0);
	region_say("tmpfs-private", at, 8 * PAGE, next_seed);
	next_seed += 0x10000;
	for (int i = 0; i < 4; i++)
		(void)((volatile char *)at)[i * PAGE];
	fill_page(at, next_seed);
	ready_say(&ready, "changed.tmpfs-private=%p 0x%" PRIx64 "\n", (void *)at, next_seed);
	next_seed += 0x10000;
}

static void on_sigbus(int nr)
{
	(void)nr; /* the kernel says that it took the page away; it is not used any more */
}

/* The second of four pages is marked as broken memory. */
static void hwpoison(void)
{
	struct sigaction action = { .sa_handler = on_sigbus };
	char *at = map(4 * PAGE, RW, ANON, -1, 0);

	sigaction(SIGBUS, &action, NULL);
	region_fill_say("hwpoison", at, 4 * PAGE);
	if (madvise(at + PAGE, PAGE, MADV_HWPOISON))
		region_absent("hwpoison");
}

static void protection_key(void)
{
	int key = pkey_alloc(0, 0);
	char *at = map(2 * PAGE, RW, ANON, -1, 0);

	region_fill_say("pkey", at, 2 * PAGE);
	if (key < 0 || pkey_mprotect(at, 2 * PAGE, RW, key))
		region_absent("pkey");
}

int main(void)
{
	ready_say(&ready, "pid=%d\n", getpid());
	anonymous();
	secrets();
	sysv_and_memfd();
	huge();
	sparse();
	files();
	protection_key();
	tmpfs_file();
	hwpoison();
	ready_publish(&ready);
	pause();
	return 0;
}
