/* SPDX-License-Identifier: GPL-2.0-or-later */
/* victim-fleet [PROCESSES]: very many processes with five threads each. */
#include "victim.h"

#include <pthread.h>
#include <sys/wait.h>

#define THREADS 5
#define DEPTH	12

static void __attribute__((noinline)) fleet_wait(int depth)
{
	if (depth)
		fleet_wait(depth - 1);
	else
		pause();
	/* No tail call. */
	__asm__ volatile("" ::: "memory");
}

static void *fleet_run(void *arg)
{
	*(pid_t *)arg = gettid();
	fleet_wait(DEPTH);
	return NULL;
}

/* One ship: tells its parent by a byte that all its threads wait. */
static int ship(int fd)
{
	static pid_t tids[THREADS];
	struct timespec tick = { 0, 1000 * 1000 };
	pthread_t thread;
	int i;

	for (i = 1; i < THREADS; i++)
		if (pthread_create(&thread, NULL, fleet_run, &tids[i]))
			die("pthread_create");
	for (i = 1; i < THREADS; i++) {
		while (!__atomic_load_n(&tids[i], __ATOMIC_SEQ_CST))
			nanosleep(&tick, NULL);
		wait_blocked(tids[i]);
	}
	if (write(fd, "", 1) != 1)
		die("write");
	close(fd);
	fleet_wait(DEPTH);
	return 0;
}

int main(int argc, char **argv)
{
	static struct ready ready = { .name = "victim-fleet" };
	int nr = argc > 1 ? atoi(argv[1]) : 200;
	int i, fds[2];
	char byte;

	if (argc > 2)
		return ship(atoi(argv[2]));
	if (pipe(fds))
		die("pipe");
	for (i = 0; i < nr; i++) {
		char number[16];
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid)
			continue;
		/* Each is a program of its own, not a copy that shares its parent's pages. */
		snprintf(number, sizeof(number), "%d", fds[1]);
		execl("/proc/self/exe", "ship", argv[0], number, (char *)NULL);
		die("exec");
	}
	for (i = 0; i < nr; i++)
		if (read(fds[0], &byte, 1) != 1)
			die("read");
	ready_say(&ready, "pid=%d\nprocesses=%d\nthreads=%d\n", getpid(), nr, THREADS);
	ready_publish(&ready);
	pause();
	return 0;
}
