/* SPDX-License-Identifier: GPL-2.0-or-later */
/* victim-threads: six threads, each waiting (or spinning) in a way of its own. */
#include "victim.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>

#include "libvictim.h"

#define NR_NODES 100
#define NR_FRAMES 46
#define NR_CHUNKS 1024
#define CHUNK_SIZE 65536

enum { MAIN, SPINNER, READER, LOCKER, DEEP, SLEEPER, NR_THREADS };

struct node {
	struct node *next;
	int index;
	long value; /* 3 * index * index + 7 */
	char text[24]; /* "node-INDEX" */
};

struct thread {
	const char *name;
	void *(*run)(void *);
	pthread_t pthread;
	volatile pid_t tid;
	long *plugin_tls;
};

__thread int exe_tls_number = 100;
__thread char exe_tls_text[32] = "unset";
__thread long exe_tls_zero; /* .tbss */

struct node *list_head;
char **chunks;
int global_data = 424242;
int global_bss[1024];
volatile unsigned long frames_reached;

static struct thread threads[NR_THREADS];
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static int pipe_fd[2];
static long *(*plugin_thread)(int);

static void thread_enter(int number)
{
	struct thread *t = &threads[number];

	exe_tls_number = 100 + number;
	exe_tls_zero = 5000 + number;
	snprintf(exe_tls_text, sizeof(exe_tls_text), "thread %s", t->name);
	victim_lib_thread(number);
	t->plugin_tls = plugin_thread(number);
	pthread_setname_np(pthread_self(), t->name);
	t->tid = (pid_t)syscall(SYS_gettid);
}

/* Spins with known values in registers and writes no memory. */
static void *spinner_run(void *arg)
{
	cpu_set_t last;

	CPU_ZERO(&last);
	CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &last);
	sched_setaffinity(0, sizeof(last), &last);
	thread_enter(SPINNER);
	asm volatile("mov $0x5050505050505050, %%rbx\n\t"
		     "mov $0x5252525252525252, %%r12\n\t"
		     "mov $0x5353535353535353, %%r13\n\t"
		     "mov $0x5454545454545454, %%r14\n\t"
		     "mov $0x5555555555555555, %%r15\n\t"
		     "1: add $1, %%rax\n\t"
		     "jmp 1b\n\t"
		     :
		     :
		     : "rax", "rbx", "r12", "r13", "r14", "r15");
	return arg;
}

static void *reader_run(void *arg)
{
	char buf[16];

	thread_enter(READER);
	victim_lib_read(pipe_fd[0], buf, sizeof(buf));
	return arg;
}

static void *locker_run(void *arg)
{
	thread_enter(LOCKER);
	pthread_mutex_lock(&held);
	return arg;
}

static int __attribute__((noinline)) deep(int level)
{
	volatile char mark[40];
	int below;

	snprintf((char *)mark, sizeof(mark), "frame %d", level);
	frames_reached = level;
	if (level == NR_FRAMES) {
		pause();
		return 1;
	}
	below = deep(level + 1);
	return below + mark[0];
}

static void *deep_run(void *arg)
{
	thread_enter(DEEP);
	deep(1);
	return arg;
}

static void *sleeper_run(void *arg)
{
	struct timespec long_time = { 1000000, 0 };

	thread_enter(SLEEPER);
	nanosleep(&long_time, NULL);
	return arg;
}

static void list_make(void)
{
	struct node **at = &list_head;
	int i;

	for (i = 0; i < NR_NODES; i++) {
		struct node *n = calloc(1, sizeof(*n));

		if (!n)
			die("calloc");
		n->index = i;
		n->value = 3L * i * i + 7;
		snprintf(n->text, sizeof(n->text), "node-%d", i);
		*at = n;
		at = &n->next;
		if (i % 10 == 0) /* the nodes are not side by side */
			chunks[i] = malloc(5000);
	}
}

/* 64 MiB of heap; of each chunk the first page is touched, of every eighth one all pages. */
static void heap_make(void)
{
	size_t i, off;

	chunks = calloc(NR_CHUNKS, sizeof(*chunks));
	if (!chunks)
		die("calloc");
	for (i = 0; i < NR_CHUNKS; i++) {
		chunks[i] = malloc(CHUNK_SIZE);
		if (!chunks[i])
			die("malloc");
		snprintf(chunks[i], CHUNK_SIZE, "chunk %zu", i);
		for (off = PAGE; i % 8 == 0 && off < CHUNK_SIZE; off += PAGE)
			snprintf(chunks[i] + off, 64, "chunk %zu at %zu", i, off);
	}
}

static void threads_start(void)
{
	int i;

	for (i = SPINNER; i < NR_THREADS; i++) {
		pthread_attr_t attr;

		pthread_attr_init(&attr);
		if (i == DEEP)
			pthread_attr_setstacksize(&attr, 1 << 20);
		if (pthread_create(&threads[i].pthread, &attr, threads[i].run, NULL))
			die("pthread_create");
		pthread_attr_destroy(&attr);
		while (!threads[i].tid)
			sched_yield();
		if (i != SPINNER)
			wait_blocked(threads[i].tid);
	}
}

int main(int argc, char **argv)
{
	static const struct thread table[NR_THREADS] = {
		[MAIN] = { .name = "victim-threads" },
		[SPINNER] = { .name = "spinner", .run = spinner_run },
		[READER] = { .name = "reader", .run = reader_run },
		[LOCKER] = { .name = "locker", .run = locker_run },
		[DEEP] = { .name = "deep", .run = deep_run },
		[SLEEPER] = { .name = "sleeper", .run = sleeper_run },
	};
	static struct ready ready = { .name = "victim-threads" };
	void *plugin;
	int i;

	memcpy(threads, table, sizeof(threads));
	plugin = dlopen(argc > 1 ? argv[1] : "libplugin.so", RTLD_NOW);
	if (!plugin) {
		fprintf(stderr, "victim-threads: %s\n", dlerror());
		return 1;
	}
	plugin_thread = (long *(*)(int))dlsym(plugin, "plugin_thread");
	if (!plugin_thread || pipe(pipe_fd))
		die("plugin_thread or pipe");

	thread_enter(MAIN);
	heap_make();
	list_make();
	global_bss[1000] = 1000;
	pthread_mutex_lock(&held);
	threads_start();

	ready_say(&ready, "pid=%d\n", getpid());
	ready_say(&ready, "list_head=%p\nchunks=%p\nglobal_bss=%p\n", (void *)list_head,
		  (void *)chunks, (void *)global_bss);
	for (i = 0; i < NR_THREADS; i++) {
		const struct thread *t = &threads[i];

		ready_say(&ready, "tid.%s=%d\nplugin_tls.%s=%p\n", t->name, t->tid, t->name,
			  (void *)t->plugin_tls);
	}
	ready_publish(&ready);
	pthread_join(threads[SLEEPER].pthread, NULL);
	return 0;
}
