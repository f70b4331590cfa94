/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration, with its mistakes said to a log. */
#ifndef VMSIFT_LIB_CONFLOAD_H
#define VMSIFT_LIB_CONFLOAD_H

#include "lib/dump.h"
#include "select/conf.h"

/**
 * conf_load() - read a configuration
 * @path: NULL: the usual place
 * @conf: usable whatever is returned; free with conf_free()
 *
 * Return: as conf_read(). Mistakes are no failure: they are logged and counted.
 */
int conf_load(const char *path, struct conf *conf, size_t *nr_problems, struct log *log,
	      struct err *err);

#endif
