/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rawcopy FROM TO: copy a whole file of known size, such as /proc/vmcore, onto a disk and print
 * "rawcopy: SIZE bytes crc32 CRC" (zlib's CRC-32). Any read or write error is an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define BUF_SIZE (1 << 20)

static int fail(const char *what)
{
	fprintf(stderr, "rawcopy: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	unsigned char *buf = malloc(BUF_SIZE);
	unsigned long crc = 0;
	off_t done = 0;
	struct stat st;
	int from, to;

	if (argc != 3 || !buf)
		return 2;
	from = open(argv[1], O_RDONLY);
	if (from < 0 || fstat(from, &st))
		return fail(argv[1]);
	to = open(argv[2], O_WRONLY);
	if (to < 0)
		return fail(argv[2]);
	while (done < st.st_size) {
		ssize_t n = read(from, buf, BUF_SIZE), put = 0;

		if (n <= 0)
			return fail(n ? argv[1] : "unexpected end of file");
		crc = crc32(crc, buf, n);
		while (put < n) {
			ssize_t w = write(to, buf + put, n - put);

			if (w <= 0)
				return fail(argv[2]);
			put += w;
		}
		done += n;
	}
	if (fsync(to))
		return fail(argv[2]);
	printf("rawcopy: %lld bytes crc32 %08lx\n", (long long)done, crc);
	return 0;
}
