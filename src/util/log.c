/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/log.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/str.h"

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void log_init(struct log *log, FILE *out, enum log_level level)
{
	memset(log, 0, sizeof(*log));
	log->out = out;
	log->level = level;
	log->tty = out && isatty(fileno(out));
}

void log_print(struct log *log, enum log_level level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!log)
		return;
	if (level == LOG_WARN)
		log->nr_warnings++;
	if (!log->out || level > log->level)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_make_printable(text);
	log_progress_end(log);
	fprintf(log->out, "vmsift: %s%s\n",
		level == LOG_WARN ? "warning: " : level == LOG_ERROR ? "error: " : "", text);
	fflush(log->out);
}

void log_progress(struct log *log, const char *what, uint64_t done, uint64_t total,
		  const char *units)
{
	uint64_t now, every;
	char left[32] = "";
	double secs;

	if (!log || !log->out || log->level < LOG_INFO)
		return;
	every = log->tty ? 200000000u : 10000000000u;
	now = now_ns();
	if (!log->start_ns) {
		log->start_ns = log->progress_ns = now;
		return;
	}
	if (now - log->progress_ns < every)
		return;
	log->progress_ns = now;
	secs = (double)(now - log->start_ns) / 1e9;
	if (total && done && done <= total)
		snprintf(left, sizeof(left), ", %.0f s left",
			 secs * (double)(total - done) / (double)done);
	fprintf(log->out, "%svmsift: %s: %.0f%% of %llu %s, %.0f %s/s%s%s", log->tty ? "\r" : "",
		what, total ? 100.0 * (double)done / (double)total : 0.0,
		(unsigned long long)total, units, secs > 0 ? (double)done / secs : 0.0, units, left,
		log->tty ? "\033[K" : "\n");
	log->bar_shown = log->tty;
	fflush(log->out);
}

void log_progress_end(struct log *log)
{
	if (!log)
		return;
	if (log->bar_shown && log->out) {
		fputs("\r\033[K", log->out);
		fflush(log->out);
	}
	log->bar_shown = false;
	log->start_ns = 0;
}
