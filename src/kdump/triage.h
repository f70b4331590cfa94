/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few kernel pages by which a crash can be told: data of the kernel and of its modules, per-CPU areas,
 * the log, all tasks with their stacks, memory maps and open files, found by walking. crash then answers
 * bt, foreach bt, ps, log, mod, files and vm; no struct page, no slab, no page cache, no text is kept.
 */
#ifndef VMSIFT_KDUMP_TRIAGE_H
#define VMSIFT_KDUMP_TRIAGE_H

#include "kdump/page_record.h"
#include "kernel/kernel.h"
#include "kernel/task.h"

struct triage {
	struct kernel *k;
	struct page_record *record;
	uint64_t nr_missing; /* pages that should be there and cannot be found */
	uint64_t nr_tasks;
	uint64_t task_size;  /* of a task_struct, with what the kernel allocates behind it */
	uint8_t *orc_seen; /* a bit for each block of text whose ORC entries are recorded */
	uint64_t nr_orc_blocks;
	kvaddr_t last_mm;     /* recorded */
	kvaddr_t last_files, last_fs; /* recorded */
	kvaddr_t last_dentry; /* whose way up was recorded last */
};

/**
 * triage_collect() - record what a triage dump holds
 * @k:	    its memory is watched: whatever is read meanwhile is recorded, page tables above all
 * @record: gets the frames
 * @missing: pages that should be there and cannot be found; may be NULL
 *
 * What cannot be read is left out; one damaged task does not stop the rest.
 *
 * Return: 0; ERR_NOMEM.
 */
int triage_collect(struct kernel *k, struct page_record *record, uint64_t *missing, struct err *err);

/* Record all memory of the dump that is looked at from now on; @record NULL: no more. */
void triage_watch(struct vmcore *vc, struct page_record *record);

/* For triage*.c alone. */

/* Record memory by its kernel virtual address. 0 is none. */
void triage_touch(struct triage *t, kvaddr_t va, uint64_t size);

/* A structure, whole. */
void triage_object(struct triage *t, kvaddr_t va, enum layout_id type);

/* A pointer member; 0 where it cannot be read. */
kvaddr_t triage_follow(struct triage *t, kvaddr_t base, enum layout_id id);

/* A string, up to and with its NUL. */
void triage_string(struct triage *t, kvaddr_t va);

/* From one symbol to another. */
void triage_section(struct triage *t, enum symbol_id start, enum symbol_id end);

/* triage_constants.c: what readers look at of the constants. */
void triage_constants(struct triage *t);

/* triage_kernel.c: sections, per-CPU areas, the log, memory's description, modules. */
void triage_kernel(struct triage *t);
void triage_modules(struct triage *t);

/*
 * triage_files.c: open files and directories of a thread. Threads share them as a rule, and those of the
 * thread before are not recorded again; but a first thread that is dead has none.
 */
void triage_files(struct triage *t, const struct task *task);
void triage_file(struct triage *t, kvaddr_t file);
void triage_path(struct triage *t, kvaddr_t path);
void triage_mounts(struct triage *t, kvaddr_t nsproxy);

/* triage_stack.c: a kernel stack, and what unwinding it needs of the ORC tables. */
void triage_stack(struct triage *t, const struct task *task);
/* Whether a CPU stood on the stack of its task, or in user mode: then its interrupts' stack has nothing. */
bool triage_own_stack(struct triage *t, const struct kernel_cpu *c);
/* @code: the text that return addresses point to, too. */
void triage_words(struct triage *t, kvaddr_t start, uint64_t size, bool code);

#endif
