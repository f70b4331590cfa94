/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * victim-whole KIND [ARGUMENT]: processes at the edge of what a core can hold or be told of. Each says
 * "pid=", and "pages=" where the pages are to be read through another task, or not at all.
 *
 *	files		has files of many kinds open, limits, a working directory, name spaces of its own
 *	maps-many	has NR_MAPPINGS areas that cannot merge
 *	jail DIR	has its root in DIR
 *	overlay DIR	maps two files of an overlay that is mounted at DIR: one of its lower layer, one
 *			that was copied up
 *	uring		reads from a pipe by a worker of io_uring
 *	vhost		has a worker of vhost, which is a thread of its own where the kernel makes it one (6.4)
 *	exiting		its child ends, and waits for good, without memory, for a process to be reaped
 *	traced		its child is stopped at a signal, by ptrace
 *	heap SIZE	has that many bytes of memory
 */
#include "victim.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/vhost.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define NR_MAPPINGS 70000
#define FAULT_AT    0x515000UL

static struct ready ready;

static void park(void)
{
	for (;;)
		pause();
}

static int must(int fd, const char *what)
{
	if (fd < 0)
		die(what);
	return fd;
}

static void files(void)
{
	struct rlimit core = { 4096, 8192 }, nofile = { 3333, 4000 };
	int pair[2], fd;

	if (unshare(CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS))
		die("unshare");
	sethostname("elsewhere", 9);
	must(mkdir("/tmp/desk", 0755), "/tmp/work");
	must(mkdir("/tmp/desk/it's \"here\"", 0755), "mkdir");
	must(chdir("/tmp/desk/it's \"here\""), "chdir");
	setrlimit(RLIMIT_CORE, &core);
	setrlimit(RLIMIT_NOFILE, &nofile);
	fd = must(open("data", O_RDWR | O_CREAT | O_APPEND, 0644), "data");
	must((int)write(fd, "0123456789", 10), "write");
	must((int)lseek(fd, 4, SEEK_SET), "lseek");
	must(dup2(fd, 3000), "dup2");
	must(open("gone", O_RDWR | O_CREAT | O_CLOEXEC, 0600), "gone");
	unlink("gone");
	must(open("/usr/lib", O_RDONLY | O_DIRECTORY), "/usr/lib");
	must(open("/usr/bin", O_PATH), "/usr/bin");
	must(open("/proc/self/maps", O_RDONLY), "maps");
	must(open("/proc/self/ns/net", O_RDONLY), "ns/net");
	must(pipe(pair), "pipe");
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	must(eventfd(0, 0), "eventfd");
	must(epoll_create1(0), "epoll");
	must((int)syscall(SYS_memfd_create, "a memfd", 0), "memfd");
}

static void maps(void)
{
	char *at = mmap(NULL, NR_MAPPINGS * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	int i;

	if (at == MAP_FAILED)
		die("mmap");
	for (i = 0; i < NR_MAPPINGS; i++) {
		if (i % 16 < 2)
			fill_page(at + i * PAGE, 0x7000000 + (uint64_t)i);
		if (i % 2 && mprotect(at + i * PAGE, PAGE, PROT_READ))
			die("mprotect");
	}
	ready_say(&ready, "mappings=%p\nnr_mappings=%d\n", (void *)at, NR_MAPPINGS);
}

static void map_file(const char *path)
{
	int fd = must(open(path, O_RDWR), path);
	volatile char *at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	if (at == MAP_FAILED)
		die(path);
	at[0] = at[PAGE];
	ready_say(&ready, "mapped=%p\n", (void *)at);
}

static void make_file(const char *path)
{
	static char page[2 * PAGE];
	int fd = must(open(path, O_RDWR | O_CREAT, 0644), path);

	fill_page(page, 0xf11e);
	fill_page(page + PAGE, 0xf11f);
	if (write(fd, page, sizeof(page)) != sizeof(page))
		die(path);
	close(fd);
}

static void jail(const char *dir)
{
	if (chroot(dir) || chdir("/"))
		die(dir);
	make_file("/inside");
	map_file("/inside");
	ready_say(&ready, "root=%s\n", dir);
}

static void overlay(const char *dir)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/lower", dir);
	map_file(path);
	snprintf(path, sizeof(path), "%s/upper", dir);
	map_file(path);
}

/* One read that a worker blocks in: IOSQE_ASYNC hands it over at once. */
static void uring(void)
{
	struct io_uring_params p = { 0 };
	static char buf[64];
	struct io_uring_sqe *sqe;
	int pair[2], fd;
	char *ring;

	must(pipe(pair), "pipe");
	fd = must((int)syscall(SYS_io_uring_setup, 4, &p), "io_uring_setup");
	ring = mmap(NULL, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQ_RING);
	sqe = mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
		   IORING_OFF_SQES);
	if (ring == MAP_FAILED || sqe == MAP_FAILED)
		die("io_uring: mmap");
	sqe->opcode = IORING_OP_READ;
	sqe->flags = IOSQE_ASYNC;
	sqe->fd = pair[0];
	sqe->addr = (uintptr_t)buf;
	sqe->len = sizeof(buf);
	*(unsigned *)(ring + p.sq_off.array) = 0;
	__atomic_store_n((unsigned *)(ring + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	must((int)syscall(SYS_io_uring_enter, fd, 1, 0, 0, NULL, 0), "io_uring_enter");
	usleep(300 * 1000);
}

static void vhost(void)
{
	int fd = must(open("/dev/vhost-net", O_RDWR), "/dev/vhost-net");

	must(ioctl(fd, VHOST_SET_OWNER, NULL), "VHOST_SET_OWNER");
	usleep(300 * 1000);
}

/* Process 1 of a pid name space ends only once all in it are reaped: zap_pid_ns_processes(). */
static void exiting(void)
{
	char path[64], text[32] = "";
	int told[2], inner, word, fd;
	pid_t child;

	must(pipe(told), "pipe");
	must(unshare(CLONE_NEWPID), "unshare");
	child = must(fork(), "fork");
	if (!child) {
		prctl(PR_SET_NAME, "never-gone");
		inner = must(fork(), "fork");
		if (!inner)
			park();
		must((int)write(told[1], "x", 1), "write");
		pause(); /* until its parent has the other */
		_exit(0);
	}
	must((int)read(told[0], &word, 1), "read");
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", child, child);
	fd = must(open(path, O_RDONLY), path);
	must((int)read(fd, text, sizeof(text) - 1), path);
	close(fd);
	inner = atoi(text);
	must((int)ptrace(PTRACE_SEIZE, inner, NULL, NULL), "PTRACE_SEIZE");
	kill(child, SIGKILL);
	usleep(500 * 1000);
	ready_say(&ready, "child=%d\nzombie=%d\npages=\n", child, inner);
}

static void traced(void)
{
	int status;
	pid_t child = must(fork(), "fork");

	if (!child) {
		prctl(PR_SET_NAME, "stopped-at");
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		*(volatile int *)FAULT_AT = 1;
		park();
	}
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGSEGV)
		die("waitpid");
	ready_say(&ready, "child=%d\npages=%d\nsignal=%d\nfault=0x%lx\n", child, child, SIGSEGV, FAULT_AT);
}

static void heap(const char *size_text)
{
	static unsigned char patterns[64 * PAGE];
	unsigned long size = strtoul(size_text, NULL, 0), i;
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			-1, 0);

	if (at == MAP_FAILED)
		die("mmap");
	for (i = 0; i < 64; i++)
		fill_page(patterns + i * PAGE, 0x6ea9000 + i);
	for (i = 0; i < size; i += PAGE) {
		memcpy(at + i, patterns + i / PAGE % 64 * PAGE, PAGE);
		*(uint64_t *)(at + i) = i;
	}
	ready_say(&ready, "heap=%p %lu\npages=\n", (void *)at, size);
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "", *arg = argc > 2 ? argv[2] : "";

	snprintf(ready.name, sizeof(ready.name), "victim-%s", kind);
	ready_say(&ready, "pid=%d\n", getpid());
	if (!strcmp(kind, "files"))
		files();
	else if (!strcmp(kind, "maps-many"))
		maps();
	else if (!strcmp(kind, "jail"))
		jail(arg);
	else if (!strcmp(kind, "overlay"))
		overlay(arg);
	else if (!strcmp(kind, "uring"))
		uring();
	else if (!strcmp(kind, "vhost"))
		vhost();
	else if (!strcmp(kind, "exiting"))
		exiting();
	else if (!strcmp(kind, "traced"))
		traced();
	else if (!strcmp(kind, "heap"))
		heap(arg);
	else
		die(kind);
	/* From a jail too: /run is bound there. */
	ready_publish(&ready);
	park();
	return 0;
}
