/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * victim-numa KIND: memory that automatic NUMA balancing and page migration have in hand. The guest has two
 * nodes (numa=fake=2) and numa_balancing=enable.
 *
 *	hinted	NR_PAGES pages whose entries the balancer has made inaccessible, and that nothing touched since
 *	moving	NR_MOVERS threads move NR_PAGES pages from node to node until the panic stops them in the
 *		midst of it. NR_SHARERS children have the same pages, so that it takes long to put an entry
 *		for each into all page tables and to put the page back; with preempt=full a thread may lose
 *		its CPU meanwhile.
 */
#include "victim.h"

#include <linux/mempolicy.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#define NR_PAGES   1024
#define NR_MOVERS  8
#define NR_MOVED   (NR_PAGES / NR_MOVERS)
#define NR_SHARERS 8

static struct ready ready;
static volatile int stop;
static int nr_moving;

/* What scans memory does so on behalf of a thread that runs, for the time that it ran. */
static void *spin(void *arg)
{
	while (!stop)
		;
	return arg;
}

/* How often all of this process's memory was gone through: kernel/sched/debug.c. */
static unsigned long scans(void)
{
	unsigned long n = 0;
	char line[256], *colon;
	FILE *f = fopen("/proc/self/sched", "r");

	if (!f)
		die("/proc/self/sched");
	while (fgets(line, sizeof(line), f)) {
		colon = strchr(line, ':');
		if (colon && !strncmp(line, "mm->numa_scan_seq ", 18))
			n = strtoul(colon + 1, NULL, 10);
	}
	fclose(f);
	return n;
}

/* Since 6.7 an area is passed over the first time. */
static void hint(void)
{
	pthread_t thread;
	int tries;

	if (pthread_create(&thread, NULL, spin, NULL))
		die("pthread_create");
	for (tries = 0; tries < 1000 && scans() < 3; tries++)
		usleep(100 * 1000);
	stop = 1;
	pthread_join(thread, NULL);
	ready_say(&ready, "scans=%lu\n", scans());
}

/* A child that has the pages and does nothing. Return: its pid. */
static pid_t share(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static void *move(void *arg)
{
	void *pages[NR_MOVED];
	int nodes[NR_MOVED], status[NR_MOVED], i, node;
	unsigned long rounds;

	/* What else the guest does comes first. */
	if (setpriority(PRIO_PROCESS, syscall(SYS_gettid), 19))
		die("setpriority");
	for (i = 0; i < NR_MOVED; i++)
		pages[i] = (char *)arg + i * PAGE;
	for (rounds = 0, node = 1;; rounds++, node ^= 1) {
		for (i = 0; i < NR_MOVED; i++)
			nodes[i] = node;
		if (syscall(SYS_move_pages, 0, (long)NR_MOVED, pages, nodes, status,
			    MPOL_MF_MOVE_ALL) < 0)
			die("move_pages");
		if (rounds == 2)
			__atomic_add_fetch(&nr_moving, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void move_all(char *at)
{
	pthread_t thread;
	int i;

	for (i = 0; i < NR_SHARERS; i++)
		ready_say(&ready, "sharer%d=%d\n", i, share());
	for (i = 0; i < NR_MOVERS; i++)
		if (pthread_create(&thread, NULL, move, at + i * NR_MOVED * PAGE))
			die("pthread_create");
	while (__atomic_load_n(&nr_moving, __ATOMIC_RELAXED) < NR_MOVERS)
		usleep(100 * 1000);
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	char *at = mmap(NULL, NR_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	if (at == MAP_FAILED)
		die("mmap");
	for (i = 0; i < NR_PAGES; i++)
		fill_page(at + i * PAGE, 0x9000000 + (uint64_t)i);
	snprintf(ready.name, sizeof(ready.name), "victim-%s", kind);
	ready_say(&ready, "pid=%d\nregion=%p\nnr_pages=%d\n", getpid(), (void *)at, NR_PAGES);
	if (!strcmp(kind, "moving")) {
		ready_say(&ready, "pages=\n");
		move_all(at);
	} else {
		hint();
	}
	ready_publish(&ready);
	for (;;)
		pause();
}
