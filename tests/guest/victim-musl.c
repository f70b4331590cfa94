/* SPDX-License-Identifier: GPL-2.0-or-later */
/* victim-musl: two threads of a static program of musl's libc, with thread-local variables. */
#include "victim.h"

#include <pthread.h>

__thread int musl_tls = 10;
int musl_global = 77;
static volatile pid_t tid;

static int __attribute__((noinline)) deep(int level)
{
	volatile char mark[24];

	snprintf((char *)mark, sizeof(mark), "level %d", level);
	if (level == 8)
		pause();
	else
		deep(level + 1);
	return mark[0];
}

static void *run(void *arg)
{
	musl_tls = 11;
	tid = (pid_t)syscall(SYS_gettid);
	deep(1);
	return arg;
}

int main(void)
{
	static struct ready ready = { .name = "victim-musl" };
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL))
		die("pthread_create");
	while (!tid)
		;
	wait_blocked(tid);
	ready_say(&ready, "pid=%d\nmusl_global=%p\n", getpid(), (void *)&musl_global);
	ready_publish(&ready);
	pthread_join(thread, NULL);
	return 0;
}
