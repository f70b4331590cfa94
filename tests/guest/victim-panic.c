/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * victim-panic FIFO: waits for a line in FIFO, then panics the kernel. Its pages change on the way,
 * so that it is not one of those whose pages the truth has.
 */
#include "victim.h"

int panic_reason = 4711;

static void __attribute__((noinline)) panic_now(int reason)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY);

	if (fd < 0 || reason != panic_reason)
		die("/proc/sysrq-trigger");
	if (write(fd, "c", 1) != 1)
		die("write");
}

int main(int argc, char **argv)
{
	static struct ready ready = { .name = "victim-panic" };
	char line[8];
	int fd;

	if (argc != 2 || (mkfifo(argv[1], 0600) && errno != EEXIST))
		die("FIFO");
	ready_say(&ready, "pid=%d\npages=\n", getpid());
	ready_publish(&ready);
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || read(fd, line, sizeof(line)) <= 0)
		die(argv[1]);
	panic_now(panic_reason);
	return 1;
}
