/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of a process and of its threads besides their names: for ps and the manifest. */
#ifndef VMSIFT_LIB_FACTS_H
#define VMSIFT_LIB_FACTS_H

#include "kernel/kernel.h"
#include "kernel/task.h"
#include "util/json.h"

/* A server may have 100,000 sockets open; so many are listed, and the others counted. */
#define FACTS_FILES_MAX 1024u

/**
 * facts_json() - directories, namespaces, limits and open files, as members of the open object
 *
 * What is not known, or a process that is ending has no more, is null. Kernel threads have none of it.
 */
void facts_json(struct json *j, struct kernel *k, const struct task *t);

/* What a thread was doing in the kernel; "" where that is not known or there is nothing. */
struct thread_facts {
	char syscall[64]; /* that it came into the kernel by */
	char wchan[128];  /* the function that it waits in */
};

void thread_facts_read(struct kernel *k, const struct task *t, struct thread_facts *ret);

/* "syscall", "wchan", "stack" and whether that is "stack_complete", as members of the open object. */
void thread_facts_json(struct json *j, struct kernel *k, const struct task *t);

#endif
