/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/printk.h"
#include "kernel/stack.h"
#include "kernel/sysinfo.h"
#include "report/tasks.h"
#include "util/str.h"

/* Where the last sections begin, so that tasks leave them room. */
#define TAIL_ROOM  1400

void report_put(struct report *r, size_t limit, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(line))
		n = sizeof(line) - 1;
	/* Whole lines only. */
	if (limit <= r->full || r->n + (size_t)n >= limit) {
		r->cut = true;
		r->full = max_u64(r->full, limit);
		return;
	}
	memcpy(r->text + r->n, line, (size_t)n + 1);
	r->n += (size_t)n;
}

static bool is_oops_line(const char *s)
{
	static const char *const words[] = {
		"Kernel panic", "BUG: ", "Oops: ", "RIP: ", "general protection fault",
		"Unable to handle", "kernel BUG at", "sysrq: Trigger a crash", "soft lockup", "hard LOCKUP", "blocked for more than",
		"Out of memory", "Hardware Error", "Internal error", "stall on CPU", "detected stalls",
	};
	size_t i;

	/* Where user mode stood is in its frames. */
	if (strstr(s, "RIP: 0033:"))
		return false;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(s, words[i]))
			return true;
	return false;
}

static int take_record(void *ctx, const struct printk_record *rec)
{
	struct report *r = ctx;
	char line[REPORT_LOG_LINE - 32]; /* less its time */
	size_t n = min_u64(rec->text_size, sizeof(line) - 1), at = r->nr_log;
	const char *nl = memchr(rec->text, '\n', n);

	n = nl ? (size_t)(nl - rec->text) : n;
	memcpy(line, rec->text, n);
	line[n] = 0;
	if (!is_oops_line(line))
		return 0;
	str_make_printable(line);
	if (at == REPORT_LOG_LINES) {
		at--;
		memmove(r->log[REPORT_LOG_FIRST], r->log[REPORT_LOG_FIRST + 1],
			(REPORT_LOG_LINES - REPORT_LOG_FIRST - 1) * sizeof(r->log[0]));
		r->nr_log_left_out++;
	} else {
		r->nr_log++;
	}
	snprintf(r->log[at], sizeof(r->log[at]), "%5llu.%03llu %s",
		 (unsigned long long)(rec->ts_nsec / 1000000000u),
		 (unsigned long long)(rec->ts_nsec / 1000000u % 1000), line);
	return 0;
}

static void put_head(struct report *r, struct kernel *k)
{
	time_t t = (time_t)k->crash_time;
	char when[32] = "not known", taint[32];
	uint64_t up = sysinfo_uptime(k);
	struct tm tm;

	if (k->crash_time > 0 && gmtime_r(&t, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm);
	report_put(r, REPORT_SIZE, "vmsift report of %s\n", k->nodename[0] ? k->nodename : "?");
	report_put(r, REPORT_SIZE, "kernel   %s %s %s\n", k->release, k->version,
		   k->km.arch->name);
	if (kernel_is_live(k))
		snprintf(when, sizeof(when), "not: it runs");
	report_put(r, REPORT_SIZE, "crashed  %s, up %llu d %02llu:%02llu:%02llu, taint %s\n", when,
		   (unsigned long long)(up / 86400), (unsigned long long)(up / 3600 % 24),
		   (unsigned long long)(up / 60 % 60), (unsigned long long)(up % 60),
		   sysinfo_taint(k, taint, sizeof(taint)));
}

static void put_log(struct report *r, struct kernel *k)
{
	struct err err = { 0 };
	size_t i;
	int rc = printk_for_each(&k->km, take_record, r, NULL, &err);

	r->starved |= rc == ERR_NOMEM;
	if (rc)
		report_put(r, REPORT_SIZE, "log      not to be had: %s\n", err.text);
	for (i = 0; i < r->nr_log; i++) {
		if (i == REPORT_LOG_FIRST && r->nr_log_left_out)
			report_put(r, REPORT_SIZE, "log      ... %zu more such lines\n",
				   r->nr_log_left_out);
		report_put(r, REPORT_SIZE, "log      %s\n", r->log[i]);
	}
}

static void put_system(struct report *r, struct kernel *k)
{
	struct sysinfo_mem m;
	unsigned int load[3];
	char s[6][16];

	sysinfo_memory(k, &m);
	if (m.known)
		report_put(r, REPORT_SIZE,
			   "memory   %s in all, %s free, %s anonymous, %s files, %s shared, %s slab\n",
			   str_human_size(s[0], 16, m.total), str_human_size(s[1], 16, m.free),
			   str_human_size(s[2], 16, m.anon), str_human_size(s[3], 16, m.file),
			   str_human_size(s[4], 16, m.shmem), str_human_size(s[5], 16, m.slab));
	if (sysinfo_load(k, load))
		report_put(r, REPORT_SIZE, "load     %u.%02u %u.%02u %u.%02u\n", load[0] / 100,
			   load[0] % 100, load[1] / 100, load[1] % 100, load[2] / 100,
			   load[2] % 100);
}

struct module_line {
	char text[700];
	size_t n;
	unsigned int left_out;
};

static void add_module(void *ctx, const char *name, const char *build_id)
{
	struct module_line *m = ctx;
	size_t len = strlen(name);

	(void)build_id;
	if (m->n + len + 2 > 400) {
		m->left_out++;
		return;
	}
	m->text[m->n++] = ' ';
	memcpy(m->text + m->n, name, len + 1);
	m->n += len;
}

/* Where what is degraded has its place. */
#define MODULE_IDS_END (REPORT_SIZE - 1024)

/* What finds a module's debug information, of as many as there is room for. */
static void put_module_id(void *ctx, const char *name, const char *build_id)
{
	struct report *r = ctx;

	if (*build_id && r->n + 128 < MODULE_IDS_END)
		report_put(r, MODULE_IDS_END, "    build-id %s %s\n", build_id, name);
}

static void put_modules(struct report *r, struct kernel *k)
{
	struct module_line m = { .n = 0 };
	unsigned int n = sysinfo_modules(k, add_module, &m);

	report_put(r, REPORT_SIZE, "modules  %u:%s", n, m.text);
	if (m.left_out)
		report_put(r, REPORT_SIZE, " and %u more", m.left_out);
	report_put(r, REPORT_SIZE, "\n");
	sysinfo_modules(k, put_module_id, r);
}

void report_make(struct kernel *k, const struct task_vec *chosen, struct report *ret)
{
	size_t i;

	memset(ret, 0, sizeof(*ret));
	put_head(ret, k);
	put_log(ret, k);
	report_cpus(ret, k, REPORT_SIZE - TAIL_ROOM);
	report_oom(ret, k, REPORT_SIZE - TAIL_ROOM);
	report_hung(ret, k, REPORT_SIZE - TAIL_ROOM);
	report_chosen(ret, k, chosen, REPORT_SIZE - TAIL_ROOM);
	if (ret->cut)
		report_put(ret, REPORT_SIZE, "(cut here: there is room for no more tasks)\n");
	put_system(ret, k);
	report_counts(ret, k, REPORT_SIZE);
	report_largest(ret, k, REPORT_SIZE);
	put_modules(ret, k);
	for (i = 0; i < k->degraded.n; i++)
		report_put(ret, REPORT_SIZE, "degraded %s\n", k->degraded.v[i].text);
}
