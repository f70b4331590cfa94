/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * victim-churn [WORKERS]: processes and threads that are always on their way in or out, so that a panic
 * finds some in the middle of fork, exec, mmap and exit. Nothing is known of their memory.
 */
#include "victim.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/wait.h>

#define NR_AT_ONCE 6

static void *churn_thread(void *arg)
{
	volatile char on_stack[4096];

	on_stack[0] = on_stack[sizeof(on_stack) - 1] = (char)(intptr_t)arg;
	return NULL;
}

static void churn_memory(unsigned int seed)
{
	size_t size = (size_t)PAGE << (seed % 10), i;
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return;
	for (i = 0; i < size; i += PAGE)
		at[i] = (char)i;
	if (seed & 1)
		munmap(at, size / 2);
	if (seed & 2)
		mprotect(at + size / 2, size / 2, PROT_READ);
}

static void churn_child(unsigned int seed, char **argv)
{
	char *again[] = { argv[0], (char *)"leaf", NULL };
	pthread_t thread[3];
	int i;

	churn_memory(seed);
	if (seed & 4)
		for (i = 0; i < 3; i++)
			if (!pthread_create(&thread[i], NULL, churn_thread, NULL) && seed & 8)
				pthread_detach(thread[i]);
	if (seed & 16)
		execv("/proc/self/exe", again);
	if (seed & 32)
		kill(getpid(), SIGKILL);
	_exit(0);
}

static void churn(unsigned int seed, char **argv)
{
	int nr = 0;

	for (;;) {
		bool whole = seed & 64;
		pid_t pid = whole ? fork() : vfork();

		seed = seed * 1103515245 + 12345;
		if (!pid) {
			/* After vfork() nothing but exec and _exit() is allowed. */
			char *again[] = { argv[0], (char *)"leaf", NULL };

			if (whole)
				churn_child(seed >> 8, argv);
			execv("/proc/self/exe", again);
			_exit(1);
		}
		if (pid > 0)
			nr++;
		while (nr > 0 && waitpid(-1, NULL, nr < NR_AT_ONCE && pid > 0 ? WNOHANG : 0) > 0)
			nr--;
	}
}

int main(int argc, char **argv)
{
	static struct ready ready = { .name = "victim-churn" };
	int i, nr = argc > 1 ? atoi(argv[1]) : 4;

	if (argc > 1 && !strcmp(argv[1], "leaf")) {
		churn_memory((unsigned int)getpid());
		return 0;
	}
	for (i = 0; i < nr; i++)
		if (!fork())
			churn((unsigned int)(getpid() * 2654435761u), argv);
	ready_say(&ready, "pid=%d\n", getpid());
	ready_publish(&ready);
	for (;;)
		pause();
}
