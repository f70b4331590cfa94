/* SPDX-License-Identifier: GPL-2.0-or-later */
/* victim-x32: a process of the x32 ABI without any library, parked in pause(). */

#define X32 0x40000000l

static long call3(long nr, const void *a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(X32 + nr), "D"((long)a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

enum { NR_write = 1, NR_open = 2, NR_close = 3, NR_pause = 34, NR_getpid = 39, NR_exit = 60,
       NR_rename = 82 };

static const char tmp[] = "/run/ready/.victim-x32", path[] = "/run/ready/victim-x32";

void _start(void)
{
	static char text[32] = "pid=";
	long pid = call3(NR_getpid, 0, 0, 0), fd, at = 4, digit = 1;

	while (digit * 10 <= pid)
		digit *= 10;
	for (; digit; digit /= 10)
		text[at++] = (char)('0' + pid / digit % 10);
	text[at++] = '\n';
	fd = call3(NR_open, tmp, 01101, 0644); /* O_WRONLY | O_CREAT | O_TRUNC */
	if (fd < 0 || call3(NR_write, (const void *)fd, (long)text, at) != at)
		call3(NR_exit, (const void *)1, 0, 0);
	call3(NR_close, (const void *)fd, 0, 0);
	call3(NR_rename, tmp, (long)path, 0);
	for (;;)
		call3(NR_pause, 0, 0, 0);
}
