/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages and progress, to standard error only. A struct log is handed down; there is no global one. */
#ifndef VMSIFT_UTIL_LOG_H
#define VMSIFT_UTIL_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "util/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log {
	FILE *out;		/* NULL: silent */
	enum log_level level;	/* the least important that is printed */
	bool tty;		/* a bar that is redrawn; else a line every 10 s */
	bool bar_shown;
	unsigned int nr_warnings;
	uint64_t progress_ns;	/* when progress was last shown */
	uint64_t start_ns;	/* when it was first asked for */
};

void log_init(struct log *log, FILE *out, enum log_level level);

/* Lines "vmsift: TEXT"; untrusted bytes are made harmless. @log may be NULL. Warnings are counted. */
void log_print(struct log *log, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(log, ...) log_print(log, LOG_ERROR, __VA_ARGS__)
#define log_warn(log, ...)  log_print(log, LOG_WARN, __VA_ARGS__)
#define log_info(log, ...)  log_print(log, LOG_INFO, __VA_ARGS__)
#define log_debug(log, ...) log_print(log, LOG_DEBUG, __VA_ARGS__)

/**
 * log_progress() - say how far a long work is
 * @what:  "core.redis-server.312"
 * @done:  units done
 * @total: units in all, 0 if not known
 * @units: "MiB", "pages", ...
 *
 * Cheap to call often: prints at most 5 times a second on a terminal, every 10 s elsewhere.
 */
void log_progress(struct log *log, const char *what, uint64_t done, uint64_t total,
		  const char *units);

/* Remove the bar, if one stands on the terminal. */
void log_progress_end(struct log *log);

#endif
