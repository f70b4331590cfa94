/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * truth OUT PID... - write what the living system says about itself as a tar stream onto OUT
 *
 * For every process proc/PID/{status,cmdline,fd/N,fdinfo/N,...}, for every thread proc/PID/task/TID/...,
 * some files of the whole system, and for the processes that are named, which must be parked,
 * proc/PID/pages: a line for each page that its page tables know,
 *
 *	ADDRESS PAGEMAP KPAGEFLAGS CRC32 [moving|swapped|unreadable]
 *
 * in hex, CRC32 as zlib computes it ("-" where the page was not read). Only pages that are present
 * are read, so nothing is faulted in. Each page is read three times; one that did not stay the same
 * is marked as moving and has the last CRC.
 *
 * Sources: Documentation/admin-guide/mm/pagemap.rst, Documentation/filesystems/proc.rst.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define PAGE 4096
#define PM_PRESENT (1ULL << 63)
#define PM_SWAPPED (1ULL << 62)
#define PM_PFN ((1ULL << 55) - 1)
#define PM_BATCH 65536 /* pagemap entries per read */

struct buf {
	char *data;
	size_t size, room;
};

enum { PAGE_STILL, PAGE_MOVING, PAGE_SWAPPED, PAGE_UNREADABLE };

struct page {
	uint64_t addr, pagemap, kpageflags;
	uint32_t crc;
	int state;
};

struct proc {
	int pid;
	struct page *pages;
	size_t nr_pages, room;
};

static void die(const char *what)
{
	fprintf(stderr, "truth: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *grow(void *p, size_t size)
{
	p = realloc(p, size);
	if (!p)
		die("realloc");
	return p;
}

static void buf_room(struct buf *b, size_t more)
{
	if (b->room - b->size >= more)
		return;
	b->room = 2 * b->room + more;
	b->data = grow(b->data, b->room);
}

/* The whole of a file whose size is not known; 0, or -1 if it cannot be opened or read. */
static int buf_read_file(struct buf *b, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	b->size = 0;
	if (fd < 0)
		return -1;
	do {
		buf_room(b, 65536);
		n = read(fd, b->data + b->size, b->room - b->size);
		if (n > 0)
			b->size += n;
	} while (n > 0);
	close(fd);
	return n < 0 && !b->size ? -1 : 0;
}

/* --- tar ------------------------------------------------------------------------------------ */

static int tar_fd;
static struct buf tar_buf;
static unsigned long long tar_size;

static void tar_flush(void)
{
	size_t done = 0;

	while (done < tar_buf.size) {
		ssize_t n = write(tar_fd, tar_buf.data + done, tar_buf.size - done);

		if (n <= 0)
			die("writing the truth");
		done += n;
	}
	tar_size += tar_buf.size;
	tar_buf.size = 0;
}

static void tar_put(const void *data, size_t size)
{
	static const char zero[512];
	size_t pad = -size & 511;

	buf_room(&tar_buf, size + pad);
	memcpy(tar_buf.data + tar_buf.size, data, size);
	memcpy(tar_buf.data + tar_buf.size + size, zero, pad);
	tar_buf.size += size + pad;
	if (tar_buf.size >= 1 << 20)
		tar_flush();
}

static void tar_file(const char *name, const void *data, size_t size)
{
	char head[512] = { 0 };
	unsigned sum = 0, i;

	if (strlen(name) > 99)
		die(name);
	strcpy(head, name);
	strcpy(head + 100, "0000644");
	strcpy(head + 108, "0000000");
	strcpy(head + 116, "0000000");
	snprintf(head + 124, 12, "%011zo", size);
	snprintf(head + 136, 12, "%011llo", (unsigned long long)time(NULL));
	memset(head + 148, ' ', 8);
	head[156] = '0';
	memcpy(head + 257, "ustar\00000", 8);
	for (i = 0; i < sizeof(head); i++)
		sum += (unsigned char)head[i];
	snprintf(head + 148, 8, "%06o", sum);
	tar_put(head, sizeof(head));
	tar_put(data, size);
}

/* Copy a file of /proc or /sys; one that is not there is not in the tar. */
static void tar_copy(const char *path)
{
	static struct buf b;

	if (!buf_read_file(&b, path))
		tar_file(path + 1, b.data, b.size);
}

static void tar_link(const char *path)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target));

	if (n >= 0)
		tar_file(path + 1, target, n);
}

/* --- pages ---------------------------------------------------------------------------------- */

static int kpageflags_fd;

static void page_look(struct page *p, int mem_fd)
{
	static unsigned char data[PAGE];

	p->state = PAGE_UNREADABLE;
	p->kpageflags = 0;
	if (!(p->pagemap & PM_PRESENT)) {
		p->state = PAGE_SWAPPED;
		return;
	}
	if (pread(kpageflags_fd, &p->kpageflags, 8, (p->pagemap & PM_PFN) * 8) != 8)
		p->kpageflags = 0;
	if (pread(mem_fd, data, PAGE, p->addr) != PAGE)
		return;
	p->crc = crc32(0, data, PAGE);
	p->state = PAGE_STILL;
}

static int open_proc(int pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

static void area_scan(struct proc *p, uint64_t start, uint64_t end, int pagemap_fd, int mem_fd)
{
	static uint64_t entry[PM_BATCH];

	while (start < end) {
		size_t nr = (end - start) / PAGE, i;
		ssize_t n;

		if (nr > PM_BATCH)
			nr = PM_BATCH;
		n = pread(pagemap_fd, entry, nr * 8, start / PAGE * 8);
		if (n <= 0)
			return; /* the vsyscall page has none */
		nr = n / 8;
		for (i = 0; i < nr; i++) {
			struct page *page;

			if (!(entry[i] & (PM_PRESENT | PM_SWAPPED)))
				continue;
			if (p->nr_pages == p->room) {
				p->room = 2 * p->room + 1024;
				p->pages = grow(p->pages, p->room * sizeof(*p->pages));
			}
			page = &p->pages[p->nr_pages++];
			page->addr = start + i * PAGE;
			page->pagemap = entry[i];
			page_look(page, mem_fd);
		}
		start += nr * PAGE;
	}
}

static void proc_scan(struct proc *p)
{
	int pagemap_fd = open_proc(p->pid, "pagemap"), mem_fd = open_proc(p->pid, "mem");
	struct buf maps = { 0 };
	char path[64], *line, *rest;

	snprintf(path, sizeof(path), "/proc/%d/maps", p->pid);
	if (buf_read_file(&maps, path))
		die(path);
	buf_room(&maps, 1);
	maps.data[maps.size] = 0;
	for (line = strtok_r(maps.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		uint64_t start, end;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) != 2)
			die(path);
		/* [vvar] holds clocks that run */
		if (!strstr(line, "[vvar") && !strstr(line, "[vsyscall]"))
			area_scan(p, start, end, pagemap_fd, mem_fd);
	}
	free(maps.data);
	close(pagemap_fd);
	close(mem_fd);
}

static void proc_rescan(struct proc *p)
{
	int pagemap_fd = open_proc(p->pid, "pagemap"), mem_fd = open_proc(p->pid, "mem");
	size_t i;

	for (i = 0; i < p->nr_pages; i++) {
		struct page *page = &p->pages[i], was = *page;

		if (pread(pagemap_fd, &page->pagemap, 8, page->addr / PAGE * 8) != 8)
			page->pagemap = 0;
		page_look(page, mem_fd);
		if (was.state == PAGE_MOVING || page->state != was.state ||
		    (page->state == PAGE_STILL && page->crc != was.crc))
			page->state = PAGE_MOVING;
	}
	close(pagemap_fd);
	close(mem_fd);
}

static void proc_write_pages(const struct proc *p)
{
	static const char *const state[] = { "", " moving", " swapped", " unreadable" };
	struct buf b = { 0 };
	char name[64];
	size_t i;

	for (i = 0; i < p->nr_pages; i++) {
		const struct page *page = &p->pages[i];
		char crc[16] = "-";

		if (page->state == PAGE_STILL || page->state == PAGE_MOVING)
			snprintf(crc, sizeof(crc), "%08" PRIx32, page->crc);
		buf_room(&b, 128);
		b.size += sprintf(b.data + b.size, "%" PRIx64 " %016" PRIx64 " %016" PRIx64 " %s%s\n",
				  page->addr, page->pagemap, page->kpageflags, crc,
				  state[page->state]);
	}
	snprintf(name, sizeof(name), "proc/%d/pages", p->pid);
	tar_file(name, b.data, b.size);
	free(b.data);
}

/* --- processes ------------------------------------------------------------------------------ */

static void write_files(const char *dir, const char *const *names)
{
	char path[320];

	for (; *names; names++) {
		snprintf(path, sizeof(path), "%s/%s", dir, *names);
		tar_copy(path);
	}
}

static void each_number(const char *dir, void (*fn)(const char *dir, int number))
{
	DIR *d = opendir(dir);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]))
			fn(dir, atoi(e->d_name));
	closedir(d);
}

static void write_thread(const char *dir, int tid)
{
	static const char *const names[] = { "status", "comm", "stat", "syscall", "wchan", "stack",
					     "schedstat", NULL };
	char path[256];

	snprintf(path, sizeof(path), "%s/%d", dir, tid);
	write_files(path, names);
}

/* What is open, and the working directory's and root's kin. */
static void write_fd(const char *dir, int fd)
{
	char path[256];
	size_t n = strlen(dir);

	snprintf(path, sizeof(path), "%s/%d", dir, fd);
	tar_link(path);
	snprintf(path, sizeof(path), "%.*sinfo/%d", (int)n, dir, fd);
	tar_copy(path);
}

static void write_process(const char *dir, int pid)
{
	static const char *const names[] = { "status", "cmdline", "environ", "auxv", "cgroup", "stat",
					     "limits", "maps", "smaps", "comm", "statm", "mountinfo",
					     "coredump_filter", "oom_score_adj", NULL };
	static const char *const links[] = { "exe", "cwd", "root", "ns/pid", "ns/mnt", "ns/uts",
					     "ns/ipc", "ns/net", "ns/cgroup", "ns/user",
					     "ns/time", NULL };
	char path[160], link[192];
	int i;

	if (pid == getpid())
		return;
	snprintf(path, sizeof(path), "%s/%d", dir, pid);
	write_files(path, names);
	for (i = 0; links[i]; i++) {
		snprintf(link, sizeof(link), "%s/%s", path, links[i]);
		tar_link(link);
	}
	snprintf(link, sizeof(link), "%s/fd", path);
	each_number(link, write_fd);
	snprintf(link, sizeof(link), "%s/task", path);
	each_number(link, write_thread);
}

/* --- the system ----------------------------------------------------------------------------- */

static void write_log(void)
{
	int size = klogctl(10, NULL, 0), n; /* SYSLOG_ACTION_SIZE_BUFFER */
	char *text, *plain, *at, *to;

	if (size <= 0)
		die("klogctl");
	text = grow(NULL, 2 * size);
	plain = grow(NULL, 2 * size);
	n = klogctl(3, text, 2 * size); /* SYSLOG_ACTION_READ_ALL */
	if (n < 0)
		die("klogctl");
	tar_file("dmesg.raw", text, n);
	/* dmesg prints the lines without their "<PRIORITY>" */
	for (at = text, to = plain; at < text + n;) {
		char *end = memchr(at, '\n', text + n - at), *close;

		end = end ? end + 1 : text + n;
		close = *at == '<' ? memchr(at, '>', end - at) : NULL;
		if (close)
			at = close + 1;
		memcpy(to, at, end - at);
		to += end - at;
		at = end;
	}
	tar_file("dmesg", plain, to - plain);
	free(text);
	free(plain);
}

static void write_system(void)
{
	static const char *const paths[] = { "/proc/cmdline", "/proc/cpuinfo", "/proc/meminfo",
					     "/proc/iomem", "/proc/kallsyms", "/proc/modules",
					     "/proc/uptime", "/proc/version", "/proc/swaps",
					     "/proc/mounts", "/proc/vmallocinfo", "/proc/zoneinfo",
					     "/sys/kernel/btf/vmlinux", "/sys/kernel/vmcoreinfo",
					     "/sys/kernel/mm/transparent_hugepage/enabled", NULL };
	struct utsname u;
	char text[1024];
	int i;

	for (i = 0; paths[i]; i++)
		tar_copy(paths[i]);
	uname(&u);
	i = snprintf(text, sizeof(text), "sysname=%s\nnodename=%s\nrelease=%s\nversion=%s\nmachine=%s\n",
		     u.sysname, u.nodename, u.release, u.version, u.machine);
	tar_file("uname", text, i);
	i = snprintf(text, sizeof(text), "%lld\n", (long long)time(NULL));
	tar_file("time", text, i);
	write_log();
}

static void write_ready(void)
{
	DIR *d = opendir("/run/ready");
	struct dirent *e;
	char path[512], name[300];
	struct buf b = { 0 };

	if (!d)
		return;
	while ((e = readdir(d))) {
		snprintf(path, sizeof(path), "/run/ready/%s", e->d_name);
		snprintf(name, sizeof(name), "ready/%s", e->d_name);
		if (e->d_name[0] != '.' && !buf_read_file(&b, path))
			tar_file(name, b.data, b.size);
	}
	closedir(d);
	free(b.data);
}

int main(int argc, char **argv)
{
	struct timespec some = { 0, 200 * 1000 * 1000 };
	struct proc *procs = calloc(argc, sizeof(*procs));
	static const char zero[1024];
	int i, nr = argc - 2;

	if (argc < 2 || !procs)
		return 2;
	tar_fd = open(argv[1], O_WRONLY | O_CLOEXEC);
	kpageflags_fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (tar_fd < 0 || kpageflags_fd < 0)
		die(argv[1]);
	for (i = 0; i < nr; i++) {
		procs[i].pid = atoi(argv[i + 2]);
		proc_scan(&procs[i]);
	}
	nanosleep(&some, NULL);
	for (i = 0; i < nr; i++)
		proc_rescan(&procs[i]);
	write_ready();
	write_system();
	each_number("/proc", write_process);
	for (i = 0; i < nr; i++) {
		proc_rescan(&procs[i]);
		proc_write_pages(&procs[i]);
	}
	tar_put(zero, sizeof(zero));
	tar_flush();
	if (fsync(tar_fd))
		die(argv[1]);
	printf("truth: %llu bytes\n", tar_size);
	return 0;
}
