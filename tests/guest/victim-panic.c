/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * victim-panic FIFO: waits for a line in FIFO, then panics the kernel. Its pages change on the way,
 * so that it is not one of those whose pages the truth has. The line says how:
 *
 *	now			by sysrq
 *	null, bug, lockup	by the module cause
 *	oom			by taking all memory
 */
#include "victim.h"

int panic_reason = 4711;

static void __attribute__((noinline)) panic_now(int reason, const char *path, const char *word)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || reason != panic_reason)
		die(path);
	if (write(fd, word, strlen(word)) != (ssize_t)strlen(word))
		die("write");
}

/* A page at a time, so that it is the kernel's fault handler that finds no more. */
static void __attribute__((noinline)) take_all(void)
{
	size_t i, size = 64ul << 30;
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			-1, 0);

	if (at == MAP_FAILED)
		die("mmap");
	for (i = 0; i < size; i += PAGE)
		at[i] = 1;
}

int main(int argc, char **argv)
{
	static struct ready ready = { .name = "victim-panic" };
	char line[8] = "";
	int fd;

	if (argc != 2 || (mkfifo(argv[1], 0600) && errno != EEXIST))
		die("FIFO");
	ready_say(&ready, "pid=%d\npages=\n", getpid());
	ready_publish(&ready);
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || read(fd, line, sizeof(line) - 1) <= 0)
		die(argv[1]);
	line[strcspn(line, "\n")] = 0;
	if (!strcmp(line, "oom"))
		take_all();
	else if (!strcmp(line, "now"))
		panic_now(panic_reason, "/proc/sysrq-trigger", "c");
	else
		panic_now(panic_reason, "/proc/cause", line);
	return 1;
}
