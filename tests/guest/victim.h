/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the victim programs share. A victim brings itself into a known state, says so in the file
 * /run/ready/NAME ("key=value" lines, addresses in hex with 0x, lengths in decimal) and never runs
 * again: the checks on the host know what to expect from these lines and from the values that are
 * fixed here.
 */
#ifndef VICTIM_H
#define VICTIM_H

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL

static inline void die(const char *what)
{
	fprintf(stderr, "victim: %s: %s\n", what, strerror(errno));
	exit(1);
}

struct ready {
	char name[64];
	char text[16384];
	size_t size;
};

static inline void __attribute__((format(printf, 2, 3)))
ready_say(struct ready *r, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(r->text + r->size, sizeof(r->text) - r->size, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(r->text) - r->size)
		die("too much to say");
	r->size += n;
}

/* The file appears whole or not at all. */
static inline void ready_publish(struct ready *r)
{
	char path[128], tmp[128];
	int fd;

	mkdir("/run/ready", 0755);
	snprintf(path, sizeof(path), "/run/ready/%s", r->name);
	snprintf(tmp, sizeof(tmp), "/run/ready/.%s", r->name);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, r->text, r->size) != (ssize_t)r->size || close(fd))
		die(tmp);
	if (rename(tmp, path))
		die(path);
}

/* Wait until a thread of this process is blocked in a system call. */
static inline void wait_blocked(pid_t tid)
{
	struct timespec tick = { 0, 10 * 1000 * 1000 };
	char path[64], text[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	for (;;) {
		fd = open(path, O_RDONLY);
		if (fd < 0)
			die(path);
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
		if (n > 0 && text[0] >= '0' && text[0] <= '9')
			return;
		nanosleep(&tick, NULL);
	}
}

/* Fill a page with what tells its place: no two pages of a victim are equal. */
static inline void fill_page(void *page, uint64_t seed)
{
	uint64_t *word = page, x = seed * 0x9e3779b97f4a7c15ULL + 1;
	size_t i;

	for (i = 0; i < PAGE / sizeof(*word); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		word[i] = x;
	}
	word[0] = seed;
}

#endif
