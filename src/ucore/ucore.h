/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user core: an ELF core that gdb opens, written from a plan as one stream. Layout: ELF header,
 * program headers, notes, memory from the next page boundary on, and at the end three section headers
 * (for more than 65,534 segments, and for what was lost while writing).
 */
#ifndef VMSIFT_UCORE_UCORE_H
#define VMSIFT_UCORE_UCORE_H

#include "select/plan.h"
#include "util/out.h"
#include "util/out_mem.h"

/* Pages that could not be read after all, with the bytes that stand in their place. */
#define UCORE_LOST_FILL "VMSIFT:EIO page "
#define UCORE_LOST_SECTION ".vmsift.lost"
#define UCORE_LOST_SIZE 4096u
#define UCORE_LOST_MAX	((UCORE_LOST_SIZE - 8) / 16)

struct ucore_layout {
	uint64_t nr_loads;
	uint64_t notes_off, notes_size;
	uint64_t data_off, data_size;
	uint64_t lost_off, shstr_off, shdr_off;
	uint64_t size; /* of the whole file */
	/* Of a process that goes on running: its notes would not be the same a second time. */
	struct out_mem notes;
	uint64_t nr_threads;
};

struct ucore_result {
	uint64_t nr_threads;	  /* with registers in the core */
	uint64_t lost_size;	  /* bytes filled with UCORE_LOST_FILL */
	struct {
		uvaddr_t addr;
		uint64_t size;
	} lost[UCORE_LOST_MAX];
	size_t nr_lost;
	struct err ended; /* .rc not 0: meanwhile the process ended, what was read may be another's */
};

/**
 * ucore_layout_make() - where everything will be, before the first byte is written
 * @ret: free with ucore_layout_deinit(), also on failure
 *
 * Return: 0; ERR_UNSUPPORTED for a process whose kind of core is not written (32-bit).
 */
int ucore_layout_make(const struct plan *plan, struct ucore_layout *ret, struct err *err);
void ucore_layout_deinit(struct ucore_layout *l);

/**
 * ucore_write() - write the core
 * @layout: as ucore_layout_make() made it from the same plan
 * @out:    takes exactly layout->size bytes
 * @ret:    what became of it
 *
 * Return: 0, also if pages were lost (@ret says so); @out's errors; ERR_NOMEM.
 */
int ucore_write(const struct plan *plan, const struct ucore_layout *layout, const struct out *out,
		struct ucore_result *ret, struct err *err);

#endif
