/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests with files and programs share: a directory of their own, commands, bytes. */
#ifndef VMSIFT_TESTS_UNIT_FILES_H
#define VMSIFT_TESTS_UNIT_FILES_H

#include <fcntl.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN
#endif
#endif
#ifdef WITH_ASAN
/* <sanitizer/allocator_interface.h>, which gcc does not install. */
size_t __sanitizer_get_current_allocated_bytes(void);
#endif

/* Of the test program: one directory below $TMPDIR or /tmp, removed by files_remove(). */
struct files {
	char dir[256];
};

/* Runs a shell command. Return: its exit status, -1 if it did not exit. */
__attribute__((format(printf, 1, 2), unused)) static int shell(const char *fmt, ...)
{
	char cmd[2048];
	va_list ap;
	int st;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	st = system(cmd);
	return WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

__attribute__((unused)) static bool files_make(struct files *f)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(f->dir, sizeof(f->dir), "%s/vmsift-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	return mkdtemp(f->dir) != NULL;
}

__attribute__((unused)) static void files_remove(struct files *f)
{
	shell("rm -rf '%s'", f->dir);
}

/* DIR/NAME. Of two calls in one expression both results hold, of five not. */
__attribute__((unused)) static const char *in_dir(const struct files *f, const char *name)
{
	static char bufs[4][1024];
	static unsigned int i;
	char *buf = bufs[i++ % 4];

	snprintf(buf, sizeof(bufs[0]), "%s/%s", f->dir, name);
	return buf;
}

__attribute__((unused)) static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		abort();
}

/* The whole of a file or of a command's output, terminated; free it. NULL if there is none. */
__attribute__((unused)) static char *slurp(FILE *f, size_t *size)
{
	size_t n = 0, cap = 65536, got;
	char *buf = f ? malloc(cap + 1) : NULL;

	while (buf && (got = fread(buf + n, 1, cap - n, f)) > 0) {
		n += got;
		if (n == cap)
			buf = realloc(buf, (cap *= 2) + 1);
	}
	if (buf)
		buf[n] = 0;
	if (size)
		*size = n;
	return buf;
}

__attribute__((unused)) static char *read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "r");
	char *buf = slurp(f, size);

	if (f)
		fclose(f);
	return buf;
}

/* Standard output of a command that must succeed; NULL otherwise. Free it. */
__attribute__((format(printf, 2, 3), unused)) static char *output_of(size_t *size, const char *fmt,
								     ...)
{
	char cmd[2048], *buf;
	va_list ap;
	FILE *f;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	f = popen(cmd, "r");
	buf = slurp(f, size);
	if (f && pclose(f)) {
		free(buf);
		return NULL;
	}
	return buf;
}

/* Bytes that malloc() has given out. */
__attribute__((unused)) static size_t heap_now(void)
{
#ifdef WITH_ASAN
	return __sanitizer_get_current_allocated_bytes();
#else
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
#endif
}

/* Valgrind brings a malloc() of its own, that heap_now() knows nothing of. */
__attribute__((unused)) static bool heap_is_known(void)
{
	size_t before = heap_now();
	void *volatile probe = malloc(300000);
	bool known = heap_now() >= before + 300000;

	free(probe);
	if (!known)
		printf("nobody knows here how much malloc() has given out\n");
	return known;
}

/* The same bytes in every run (xorshift64). */
__attribute__((unused)) static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
