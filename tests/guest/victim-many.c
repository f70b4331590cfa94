/* SPDX-License-Identifier: GPL-2.0-or-later */
/* victim-many [THREADS [MAPPINGS]]: very many threads and mappings. */
#include "victim.h"

#include <pthread.h>

static volatile int nr_waiting;
static __thread int many_number = -1;

static void __attribute__((noinline)) many_wait(void)
{
	pause();
}

static void *many_run(void *arg)
{
	char name[16];

	many_number = (int)(intptr_t)arg;
	snprintf(name, sizeof(name), "many-%d", many_number);
	prctl(PR_SET_NAME, name);
	__atomic_add_fetch(&nr_waiting, 1, __ATOMIC_SEQ_CST);
	many_wait();
	return NULL;
}

/* Pages side by side whose protections alternate, so that no two areas merge. */
static char *mappings_make(int nr)
{
	char *at = mmap(NULL, nr * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	if (at == MAP_FAILED)
		die("mmap");
	for (i = 0; i < nr; i++) {
		if (i % 4 < 2)
			fill_page(at + i * PAGE, 0x3a11000000 + i);
		if (i % 2 && mprotect(at + i * PAGE, PAGE, PROT_READ))
			die("mprotect");
	}
	return at;
}

int main(int argc, char **argv)
{
	static struct ready ready = { .name = "victim-many" };
	struct timespec tick = { 0, 50 * 1000 * 1000 };
	int nr_threads = argc > 1 ? atoi(argv[1]) : 2000;
	int nr_mappings = argc > 2 ? atoi(argv[2]) : 5000;
	char *mappings = mappings_make(nr_mappings);
	pthread_attr_t attr;
	pthread_t last = 0;
	int i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	for (i = 1; i < nr_threads; i++)
		if (pthread_create(&last, &attr, many_run, (void *)(intptr_t)i))
			die("pthread_create");
	while (nr_waiting < nr_threads - 1)
		nanosleep(&tick, NULL);
	nanosleep(&tick, NULL);
	ready_say(&ready, "pid=%d\nthreads=%d\nmappings=%p\nnr_mappings=%d\n", getpid(), nr_threads,
		  (void *)mappings, nr_mappings);
	ready_publish(&ready);
	pause();
	return 0;
}
