/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * victim-odd KIND: processes that are unlike most. Each says "pid=", and "pages=" where the pages
 * are to be read through another task.
 *
 *	undumpable	has its dumpable flag at 0
 *	dstate		waits in D state for a child that shares its memory (vfork)
 *	stopped		is stopped by a signal
 *	oddname		has a name with blanks, quotes, a backslash and a newline
 *	cow		and its child share pages, and the child has changed some
 *	leaderless	its first thread has ended, another lives on
 *	deleted		runs a file that is no longer there
 *	sigframe	waits in a signal handler that runs on a stack of its own
 *	pidns		its child is process 1 of another pid and uts name space
 *	nobody FILE	user 65534 runs the program FILE
 *	frozen FILE NAME  writes to FILE of a file system that is frozen, under this name
 */
#include "victim.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#define NR_COW 16

static struct ready ready;

static void odd_park(void)
{
	for (;;)
		pause();
}

static void ready_name(const char *kind)
{
	snprintf(ready.name, sizeof(ready.name), "victim-%s", kind);
	ready_say(&ready, "pid=%d\n", getpid());
}

static void dstate(void)
{
	/* The child must not return from here: it runs on its parent's stack. */
	if (!vfork()) {
		ready_say(&ready, "child=%d\n", (int)syscall(SYS_getpid));
		ready_publish(&ready);
		odd_park();
	}
}

static void cow(void)
{
	char *at = mmap(NULL, NR_COW * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	pid_t child;
	int i;

	for (i = 0; i < NR_COW; i++)
		fill_page(at + i * PAGE, 0xc0110000 + i);
	ready_say(&ready, "region.cow=%p %lu 0xc0110000\n", (void *)at, NR_COW * PAGE);
	child = fork();
	if (child) {
		ready_publish(&ready);
		odd_park();
	}
	for (i = 0; i < NR_COW; i += 4)
		fill_page(at + i * PAGE, 0xc0120000 + i);
	ready.size = 0;
	ready_name("cow-child");
	ready_publish(&ready);
}

static void *leaderless_run(void *arg)
{
	prctl(PR_SET_NAME, "orphan-thread");
	ready_say(&ready, "pages=%d\n", (int)syscall(SYS_gettid));
	ready_publish(&ready);
	odd_park();
	return arg;
}

static void leaderless(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, leaderless_run, NULL))
		die("pthread_create");
	syscall(SYS_exit, 0); /* of this thread alone */
}

static volatile int *nowhere;

static void handler(int nr, siginfo_t *info, void *context)
{
	ready_say(&ready, "handler_frame=%p\nfault=%p\nsignal=%d\nucontext=%p\n",
		  __builtin_frame_address(0), info->si_addr, nr, context);
	ready_publish(&ready);
	odd_park();
}

static int __attribute__((noinline)) fault(int n)
{
	return *nowhere + n;
}

static void sigframe(void)
{
	static char stack[65536];
	stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	if (sigaltstack(&alt, NULL) || sigaction(SIGSEGV, &action, NULL))
		die("sigframe");
	fault(5);
}

/* The parent says who its child is; the child is the one to look at. */
static void pidns(void)
{
	pid_t child;

	if (unshare(CLONE_NEWPID | CLONE_NEWUTS))
		die("unshare");
	child = fork();
	if (child < 0)
		die("fork");
	if (!child) {
		sethostname("inner", 5);
		prctl(PR_SET_NAME, "inner-init");
		odd_park();
	}
	usleep(200 * 1000);
	ready_say(&ready, "child=%d\npages=%d\n", child, child);
}

static void nobody(char **argv)
{
	if (!argv[0] || setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		die("nobody");
	execvp(argv[0], argv);
	die(argv[0]);
}

/* D state that no signal ends. Its memory is what the kernel wants back first, where that runs out. */
static void frozen(char **argv)
{
	char score[] = "1000";
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (!argv[0] || !argv[1] || fd < 0 || write(fd, score, 4) != 4 || close(fd))
		die("frozen");
	prctl(PR_SET_NAME, argv[1]);
	snprintf(ready.name, sizeof(ready.name), "victim-%s", argv[1]);
	/* Its pages may be taken away. */
	ready_say(&ready, "pages=\n");
	fd = open(argv[0], O_WRONLY | O_APPEND);
	if (fd < 0)
		die(argv[0]);
	ready_publish(&ready);
	if (write(fd, "x", 1) != 1)
		die(argv[0]);
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";

	ready_name(kind);
	if (!strcmp(kind, "nobody"))
		nobody(argv + 2);
	else if (!strcmp(kind, "undumpable"))
		prctl(PR_SET_DUMPABLE, 0);
	else if (!strcmp(kind, "oddname"))
		prctl(PR_SET_NAME, "a b)\"\n\\x/../");
	else if (!strcmp(kind, "deleted"))
		unlink(argv[0]);
	else if (!strcmp(kind, "dstate"))
		dstate();
	else if (!strcmp(kind, "cow"))
		cow();
	else if (!strcmp(kind, "sigframe"))
		sigframe();
	else if (!strcmp(kind, "pidns"))
		pidns();
	else if (!strcmp(kind, "frozen"))
		frozen(argv + 2);
	else if (!strcmp(kind, "leaderless"))
		leaderless();
	else if (strcmp(kind, "stopped"))
		die(kind);
	if (strcmp(kind, "cow"))
		ready_publish(&ready);
	if (!strcmp(kind, "stopped"))
		raise(SIGSTOP);
	odd_park();
	return 0;
}
