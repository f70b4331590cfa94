/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "kernel/printk.h"
#include "lib/dump.h"
#include "lib/klog.h"
#include "util/str.h"

/* Tabs are the only control characters that a terminal is sent. */
static void print_line(FILE *out, const char *s, size_t n)
{
	char part[PRINTK_TEXT_MAX + 1];
	size_t i = 0, len;

	while (i < n) {
		for (len = 0; i + len < n && s[i + len] != '\t'; len++)
			part[len] = (char)(s[i + len] ? s[i + len] : '?');
		part[len] = 0;
		str_make_printable(part);
		fputs(part, out);
		i += len;
		if (i < n && s[i] == '\t') {
			putc('\t', out);
			i++;
		}
	}
	putc('\n', out);
}

/* Each line of a record behind its time, as syslog's reader has it (info_print_prefix, printk.c). */
static int print_record(void *ctx, const struct printk_record *r)
{
	FILE *out = ctx;
	const char *at = r->text, *end = r->text + r->text_size;

	do {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((nl ? nl : end) - at);

		fprintf(out, "[%5llu.%06llu] ", (unsigned long long)(r->ts_nsec / 1000000000u),
			(unsigned long long)(r->ts_nsec % 1000000000u / 1000));
		print_line(out, at, n);
		at = nl ? nl + 1 : end;
	} while (at < end);
	return 0;
}

int klog_print(struct kmem *km, FILE *out, uint64_t *lost, struct err *err)
{
	*lost = 0;
	return printk_for_each(km, print_record, out, lost, err);
}

enum vmsift_status vmsift_log(struct vmsift *v, FILE *out, struct err *err)
{
	struct kmem km;
	uint64_t lost;
	int rc = kmem_init(&km, v->vc, err);

	/* Neither symbols nor types are needed, so the log is to be had where nothing else is. */
	if (!rc)
		rc = klog_print(&km, out, &lost, err);
	if (rc)
		return vmsift_status_of(rc);
	if (lost)
		log_warn(v->log, "%s: %llu records of the kernel log could not be read",
			 v->vc->path, (unsigned long long)lost);
	return vmsift_flush(out, vmsift_heed_faults(v, lost ? VMSIFT_PARTLY : VMSIFT_DONE), err);
}
