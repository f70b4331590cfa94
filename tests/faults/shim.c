/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LD_PRELOADed into a test build: the n-th call of a kind fails, is cut short, or is the last.
 *
 *	FAULT=KIND:N:WHAT	KIND: malloc; write (pwrite, ftruncate); sync; name (open for writing,
 *				mkdir, rename, link); read (pread); any: all but malloc
 *				WHAT: an errno (ENOSPC, EIO, EINTR, ENOMEM ...); short: half of the bytes; a
 *				signal (SIGTERM, SIGKILL), before the call; "+" in front: all calls from the
 *				N-th on. N = 0: none, calls are only counted
 *	FAULT_COUNT=FILE	at the end: how many calls of that kind there were
 *	FAULT_TRACE=1		where it strikes, say from where
 *	FAULT_HEAP=FILE		at the end: the most bytes that malloc had given at a time
 *
 * stdio writes by itself and is not seen here; vmsift's outputs go through write() and pwrite().
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

enum kind { NONE, MALLOC, WRITE, SYNC, NAME, READ, ANY };

static const struct word {
	const char *name;
	int value;
} kinds[] = { { "malloc", MALLOC }, { "write", WRITE }, { "sync", SYNC },
	      { "name", NAME },	    { "read", READ },	{ "any", ANY } },
  errors[] = { { "ENOSPC", ENOSPC }, { "EIO", EIO },	   { "EINTR", EINTR },
	       { "ENOMEM", ENOMEM }, { "EDQUOT", EDQUOT }, { "EROFS", EROFS },
	       { "EMFILE", EMFILE }, { "EACCES", EACCES }, { "EAGAIN", EAGAIN } },
  signals[] = { { "SIGTERM", SIGTERM }, { "SIGKILL", SIGKILL }, { "SIGINT", SIGINT },
		{ "SIGHUP", SIGHUP } };

static enum kind kind;
static unsigned long nth;
static bool sticky, cut_short, trace;
static int fail_errno, send_signal;
static atomic_ulong calls;
static atomic_long heap, heap_peak;

static int word_find(const struct word *words, size_t n, const char *s, size_t size)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i].name) == size && !memcmp(words[i].name, s, size))
			return words[i].value;
	return 0;
}

#define FIND(words, s, size) word_find(words, sizeof(words) / sizeof(words[0]), s, size)

__attribute__((constructor)) static void init(void)
{
	const char *s = getenv("FAULT"), *end;
	char *what;

	if (!s || !(end = strchr(s, ':')))
		return;
	kind = (enum kind)FIND(kinds, s, (size_t)(end - s));
	nth = strtoul(end + 1, &what, 10);
	if (!kind || *what != ':')
		_exit(111);
	sticky = *++what == '+';
	what += sticky;
	trace = getenv("FAULT_TRACE") != NULL;
	cut_short = !strcmp(what, "short");
	fail_errno = FIND(errors, what, strlen(what));
	send_signal = FIND(signals, what, strlen(what));
	if (!cut_short && !fail_errno && !send_signal && nth)
		_exit(111);
}

static void tell(const char *variable, unsigned long value)
{
	const char *path = getenv(variable);
	char text[32];
	int fd, n;

	if (!path || !*path)
		return;
	n = snprintf(text, sizeof(text), "%lu\n", value);
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || syscall(SYS_write, fd, text, n) != n)
		_exit(112);
}

__attribute__((destructor)) static void end(void)
{
	tell("FAULT_COUNT", calls);
	tell("FAULT_HEAP", (unsigned long)heap_peak);
}

/* Whether this call of @k is the one. */
static bool strikes(enum kind k)
{
	unsigned long n;

	if (k != kind && !(kind == ANY && k != MALLOC))
		return false;
	n = atomic_fetch_add(&calls, 1) + 1;
	if (!nth || (sticky ? n < nth : n != nth))
		return false;
	if (trace) {
		void *from[16];
		int nr_from;

		trace = false; /* backtrace() allocates */
		nr_from = backtrace(from, 16);
		backtrace_symbols_fd(from, nr_from, 2);
	}
	if (send_signal)
		kill(getpid(), send_signal);
	return !send_signal;
}

/* As strikes(), with errno set; false for what is only cut short. */
static bool fails(enum kind k)
{
	if (!strikes(k) || cut_short)
		return false;
	errno = fail_errno;
	return true;
}

static void *count(void *p)
{
	long now, peak;

	if (!p)
		return p;
	now = atomic_fetch_add(&heap, (long)malloc_usable_size(p)) + (long)malloc_usable_size(p);
	for (peak = heap_peak; now > peak && !atomic_compare_exchange_weak(&heap_peak, &peak, now);)
		;
	return p;
}

void *malloc(size_t size)
{
	return fails(MALLOC) ? NULL : count(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return fails(MALLOC) ? NULL : count(__libc_calloc(n, size));
}

void *realloc(void *p, size_t size)
{
	long before = p ? (long)malloc_usable_size(p) : 0;
	void *q;

	if (fails(MALLOC))
		return NULL;
	q = __libc_realloc(p, size);
	if (q || !size)
		atomic_fetch_sub(&heap, before);
	return count(q);
}

void free(void *p)
{
	if (p)
		atomic_fetch_sub(&heap, (long)malloc_usable_size(p));
	__libc_free(p);
}

/* How many of @size bytes this call may move; -1: it fails. */
static ssize_t allowed(enum kind k, size_t size)
{
	if (!strikes(k))
		return (ssize_t)size;
	if (cut_short)
		return size > 1 ? (ssize_t)size / 2 : (ssize_t)size;
	errno = fail_errno;
	return -1;
}

ssize_t write(int fd, const void *buf, size_t size)
{
	/* Messages are no outputs. */
	ssize_t n = fd == 2 ? (ssize_t)size : allowed(WRITE, size);

	return n < 0 ? n : syscall(SYS_write, fd, buf, n);
}

ssize_t pwrite64(int fd, const void *buf, size_t size, off64_t off)
{
	ssize_t n = allowed(WRITE, size);

	return n < 0 ? n : syscall(SYS_pwrite64, fd, buf, n, off);
}

int ftruncate64(int fd, off64_t size)
{
	return fails(WRITE) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

ssize_t read(int fd, void *buf, size_t size)
{
	ssize_t n = allowed(READ, size);

	return n < 0 ? n : syscall(SYS_read, fd, buf, n);
}

ssize_t pread64(int fd, void *buf, size_t size, off64_t off)
{
	ssize_t n = allowed(READ, size);

	return n < 0 ? n : syscall(SYS_pread64, fd, buf, n, off);
}

int fsync(int fd)
{
	return fails(SYNC) ? -1 : (int)syscall(SYS_fsync, fd);
}

int syncfs(int fd)
{
	return fails(SYNC) ? -1 : (int)syscall(SYS_syncfs, fd);
}

int sync_file_range(int fd, off64_t off, off64_t size, unsigned int flags)
{
	return fails(SYNC) ? -1 : (int)syscall(SYS_sync_file_range, fd, off, size, flags);
}

static int open_at(int dirfd, const char *path, int flags, mode_t mode)
{
	if ((flags & O_ACCMODE) != O_RDONLY && fails(NAME))
		return -1;
	return (int)syscall(SYS_openat, dirfd, path, flags, mode);
}

#define MODE(mode, flags)                                                                          \
	do {                                                                                       \
		va_list ap_;                                                                       \
		va_start(ap_, flags);                                                              \
		(mode) = (flags) & O_CREAT ? va_arg(ap_, mode_t) : 0;                              \
		va_end(ap_);                                                                       \
	} while (0)

int open64(const char *path, int flags, ...)
{
	mode_t mode;

	MODE(mode, flags);
	return open_at(AT_FDCWD, path, flags, mode);
}

int openat64(int dirfd, const char *path, int flags, ...)
{
	mode_t mode;

	MODE(mode, flags);
	return open_at(dirfd, path, flags, mode);
}

int mkdir(const char *path, mode_t mode)
{
	return fails(NAME) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int mkdirat(int dirfd, const char *path, mode_t mode)
{
	return fails(NAME) ? -1 : (int)syscall(SYS_mkdirat, dirfd, path, mode);
}

int renameat(int from, const char *a, int to, const char *b)
{
	return fails(NAME) ? -1 : (int)syscall(SYS_renameat2, from, a, to, b, 0);
}

int renameat2(int from, const char *a, int to, const char *b, unsigned int flags)
{
	return fails(NAME) ? -1 : (int)syscall(SYS_renameat2, from, a, to, b, flags);
}

int linkat(int from, const char *a, int to, const char *b, int flags)
{
	return fails(NAME) ? -1 : (int)syscall(SYS_linkat, from, a, to, b, flags);
}
