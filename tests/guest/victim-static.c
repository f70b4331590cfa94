/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * victim-static, victim-static-pie: the same program linked -static and -static-pie. Parks in
 * pause() some frames deep and has a child that is dead but not waited for.
 */
#include "victim.h"

static __thread int static_tls = 31;
static int static_data = 77;

static int __attribute__((noinline)) third(int n)
{
	pause();
	return n + static_data;
}

static int __attribute__((noinline)) second(int n)
{
	return third(n + 1) + 1;
}

static int __attribute__((noinline)) first(int n)
{
	return second(n + 1) + static_tls;
}

static void wait_zombie(pid_t child)
{
	struct timespec tick = { 0, 10 * 1000 * 1000 };
	char path[64], text[256], *state;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", child);
	for (;;) {
		fd = open(path, O_RDONLY);
		if (fd < 0)
			die(path);
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[n > 0 ? n : 0] = 0;
		state = strrchr(text, ')');
		if (state && state[2] == 'Z')
			return;
		nanosleep(&tick, NULL);
	}
}

int main(int argc, char **argv)
{
	static struct ready ready;
	const char *name = strrchr(argv[0], '/');
	pid_t child;

	(void)argc;
	snprintf(ready.name, sizeof(ready.name), "%s", name ? name + 1 : argv[0]);
	static_tls = 32;
	child = fork();
	if (child < 0)
		die("fork");
	if (!child) {
		prctl(PR_SET_NAME, "victim-zombie");
		_exit(3);
	}
	wait_zombie(child);
	ready_say(&ready, "pid=%d\nzombie=%d\nstatic_tls=%p\n", getpid(), child,
		  (void *)&static_tls);
	ready_publish(&ready);
	return first(1);
}
