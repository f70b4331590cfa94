/* SPDX-License-Identifier: GPL-2.0-or-later */
/* victim-i386: a 32-bit process with threads, thread-local storage, libraries and a robust mutex. */
#include "victim.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>

#include <vmsift/register.h>

#define NR_NODES 40
#define NR_FRAMES 20

enum { MAIN, READER, LOCKER, DEEP, NR_THREADS };

struct node {
	struct node *next;
	int value; /* 3 * n * n + 7 */
};

struct thread {
	const char *name;
	void *(*run)(void *);
	pthread_t pthread;
	volatile pid_t tid;
	void *exe_tls, *plugin_tls;
	struct node *anchor; /* reached from the thread's stack only */
};

__thread int exe_tls_number = 100;
__thread char exe_tls_text[32] = "unset";

struct node *list_head;
int global_data = 424242;
int global_bss[1024];

static struct thread threads[NR_THREADS];
static pthread_mutex_t held;
static int pipe_fd[2];
static long *(*plugin_thread)(int);
static unsigned char patterns[8][16] __attribute__((aligned(16)));

static void thread_enter(int number)
{
	struct thread *t = &threads[number];

	exe_tls_number = 100 + number;
	snprintf(exe_tls_text, sizeof(exe_tls_text), "thread %s", t->name);
	t->exe_tls = &exe_tls_number;
	t->plugin_tls = plugin_thread(number);
	t->tid = (pid_t)syscall(SYS_gettid);
}

static struct node *node_make(int value)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n)
		die("calloc");
	n->value = value;
	return n;
}

/* xmmN has N in the upper half of each byte and the byte's number in the lower; st0 is 1, st1 is pi. */
static void read_for_ever(int fd)
{
	static char buf[4];
	int n, b, ret;

	for (n = 0; n < 8; n++)
		for (b = 0; b < 16; b++)
			patterns[n][b] = (unsigned char)(n << 4 | b);
	__asm__ volatile("fninit\n\tfldpi\n\tfld1\n\t"
			 "movdqa 0(%[p]), %%xmm0\n\tmovdqa 16(%[p]), %%xmm1\n\t"
			 "movdqa 32(%[p]), %%xmm2\n\tmovdqa 48(%[p]), %%xmm3\n\t"
			 "movdqa 64(%[p]), %%xmm4\n\tmovdqa 80(%[p]), %%xmm5\n\t"
			 "movdqa 96(%[p]), %%xmm6\n\tmovdqa 112(%[p]), %%xmm7\n\t"
			 "int $0x80\n\t"
			 : "=a"(ret)
			 : "a"(SYS_read), "b"(fd), "c"(buf), "d"(sizeof(buf)), [p] "D"(patterns)
			 : "memory");
}

/* Two pointers side by side, so that one of them is in the upper half of an aligned 8-byte word. */
static void __attribute__((noinline)) deep(int level, struct thread *t)
{
	struct node *volatile here[2];

	if (level == NR_FRAMES) {
		here[0] = node_make(5000 + (int)(t - threads));
		here[1] = node_make(6000 + (int)(t - threads));
		t->anchor = here[0];
		free(malloc(100)); /* what is in registers is something else */
		if (t - threads == READER)
			read_for_ever(pipe_fd[0]);
		else if (t - threads == LOCKER)
			pthread_mutex_lock(&held);
		else
			pause();
		return;
	}
	deep(level + 1, t);
	__asm__ volatile("");
}

static void *thread_run(void *arg)
{
	struct thread *t = arg;

	thread_enter((int)(t - threads));
	deep(1, t);
	return NULL;
}

static void mutex_make(void)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&held, &attr);
	pthread_mutex_lock(&held);
}

static void register_make(struct ready *ready)
{
	static struct vmsift_region known = VMSIFT_REGION_INIT, secret = VMSIFT_REGION_INIT;
	char *text = malloc(100), *key = malloc(100);

	if (!text || !key)
		die("malloc");
	snprintf(text, 100, "registered by %s", ready->name);
	snprintf(key, 100, "VMSIFT-SECRET-%s", ready->name);
	if (vmsift_register(&known, "text", 0, text, 100, 0) ||
	    vmsift_register(&secret, "key", 0, key, 100, VMSIFT_NEVER))
		die("vmsift_register");
	ready_say(ready, "registered=%p\nsecret=%p\n", (void *)text, (void *)key);
}

static void list_make(void)
{
	struct node **at = &list_head;
	int i;

	for (i = 0; i < NR_NODES; i++) {
		*at = node_make(3 * i * i + 7);
		at = &(*at)->next;
	}
}

int main(int argc, char **argv)
{
	static const char *const names[NR_THREADS] = { "main", "reader", "locker", "deep" };
	static struct ready ready = { .name = "victim-i386" };
	void *plugin = dlopen(argc > 1 ? argv[1] : "libplugin-i386.so", RTLD_NOW);
	int i;

	if (!plugin) {
		fprintf(stderr, "victim-i386: %s\n", dlerror());
		return 1;
	}
	plugin_thread = (long *(*)(int))dlsym(plugin, "plugin_thread");
	if (!plugin_thread || pipe(pipe_fd))
		die("plugin_thread or pipe");
	for (i = 0; i < NR_THREADS; i++)
		threads[i].name = names[i];
	thread_enter(MAIN);
	list_make();
	global_bss[1000] = 1000;
	mutex_make();
	register_make(&ready);
	ready_say(&ready, "pid=%d\nlist_head=%p\nheld=%p\nglobal_bss=%p\n", getpid(),
		  (void *)list_head, (void *)&held, (void *)global_bss);
	for (i = 0; i < NR_THREADS; i++) {
		struct thread *t = &threads[i];

		if (i && pthread_create(&t->pthread, NULL, thread_run, t))
			die("pthread_create");
		while (!t->tid)
			sched_yield();
		if (i)
			wait_blocked(t->tid);
		ready_say(&ready, "tid.%s=%d\nexe_tls.%s=%p\nplugin_tls.%s=%p\nanchor.%s=%p\n", t->name, t->tid,
			  t->name, t->exe_tls, t->name, t->plugin_tls, t->name, (void *)t->anchor);
	}
	ready_publish(&ready);
	pthread_join(threads[DEEP].pthread, NULL);
	return 0;
}
