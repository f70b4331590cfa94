/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * victim-numa KIND: memory that automatic NUMA balancing and page migration have in hand. The guest has two
 * nodes (numa=fake=2) and numa_balancing=enable.
 *
 *	hinted	NR_PAGES pages whose entries the balancer has made inaccessible, and that nothing touched since
 *	moving	a thread moves NR_PAGES pages from node to node until the panic stops it in the midst of it
 */
#include "victim.h"

#include <linux/mempolicy.h>
#include <pthread.h>

#define NR_PAGES 1024

static struct ready ready;
static volatile int stop;

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

static void move(char *at)
{
	static void *pages[NR_PAGES];
	static int nodes[NR_PAGES], status[NR_PAGES];
	int i, node;

	for (i = 0; i < NR_PAGES; i++)
		pages[i] = at + i * PAGE;
	for (node = 0;; node ^= 1) {
		for (i = 0; i < NR_PAGES; i++)
			nodes[i] = node;
		if (syscall(SYS_move_pages, 0, (long)NR_PAGES, pages, nodes, status, MPOL_MF_MOVE) < 0)
			die("move_pages");
		if (status[0] == 1 && ready.size) {
			ready_publish(&ready);
			ready.size = 0;
		}
	}
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
		move(at);
	}
	hint();
	ready_publish(&ready);
	for (;;)
		pause();
}
