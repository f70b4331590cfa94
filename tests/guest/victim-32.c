/* SPDX-License-Identifier: GPL-2.0-or-later */
/* victim-32: a 32-bit process without any library, parked in pause(). */

static const char ready_dir[] = "/run/ready/", ready_name[] = "victim-32";
static volatile int known_data = 0x32323232;

static long call3(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
	return ret;
}

/* struct user_desc (asm/ldt.h): a writable 32-bit segment, its limit in pages. */
static struct {
	unsigned int entry_number, base_addr, limit, flags;
} tls = { -1u, 0, 0xfffff, 0x51 };
static int thread_data = 0x715;

enum { NR_exit = 1, NR_write = 4, NR_open = 5, NR_close = 6, NR_getpid = 20, NR_pause = 29,
       NR_rename = 38, NR_set_thread_area = 243 };

static int text_add(char *to, const char *from)
{
	int n;

	for (n = 0; from[n]; n++)
		to[n] = from[n];
	to[n] = 0;
	return n;
}

static int number_add(char *to, long number)
{
	char digits[12];
	int n = 0, i;

	do {
		digits[n++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	for (i = 0; i < n; i++)
		to[i] = digits[n - 1 - i];
	to[n] = 0;
	return n;
}

static void ready_publish(void)
{
	char path[64], tmp[64], text[64];
	long fd;
	int n;

	text_add(path + text_add(path, ready_dir), ready_name);
	n = text_add(tmp, ready_dir);
	n += text_add(tmp + n, ".");
	text_add(tmp + n, ready_name);
	n = text_add(text, "pid=");
	n += number_add(text + n, call3(NR_getpid, 0, 0, 0));
	n += text_add(text + n, "\ntls_entry=");
	n += number_add(text + n, (long)tls.entry_number);
	n += text_add(text + n, "\ntls_base=");
	n += number_add(text + n, (long)tls.base_addr);
	n += text_add(text + n, "\n");
	fd = call3(NR_open, (long)tmp, 01101, 0644); /* O_WRONLY | O_CREAT | O_TRUNC */
	if (fd < 0 || call3(NR_write, fd, (long)text, n) != n)
		call3(NR_exit, 1, 0, 0);
	call3(NR_close, fd, 0, 0);
	call3(NR_rename, (long)tmp, (long)path, 0);
}

static void park(int depth)
{
	if (depth) {
		park(depth - 1);
		return;
	}
	while (call3(NR_pause, known_data, 0, 0) < 0)
		;
}

void _start(void)
{
	tls.base_addr = (unsigned int)(long)&thread_data;
	if (call3(NR_set_thread_area, (long)&tls, 0, 0))
		call3(NR_exit, 2, 0, 0);
	__asm__ volatile("mov %0, %%gs" : : "r"((tls.entry_number << 3) | 3));
	ready_publish();
	park(3);
}
