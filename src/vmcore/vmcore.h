/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dump as physical memory: /proc/vmcore, or a saved copy of it. This layer knows file formats and no
 * kernel: which physical addresses the file holds, and their bytes.
 */
#ifndef VMSIFT_VMCORE_VMCORE_H
#define VMSIFT_VMCORE_VMCORE_H

#include "util/err.h"
#include "util/log.h"
#include "util/types.h"
#include "util/vec.h"
#include "vmcore/notes.h"
#include "vmcore/vmcoreinfo.h"

struct window_cache;
struct flat_map;
struct kdump_dump;

/* A run of physical memory that the file holds. */
struct vmcore_seg {
	paddr_t start, end;
	uint64_t off; /* of .start in the file */
};
DEFINE_VEC(vmcore_seg_vec, struct vmcore_seg);

/* A PT_LOAD as it stands in the file: where the kernel had this memory mapped. */
struct vmcore_load {
	kvaddr_t vaddr;
	paddr_t paddr;
	uint64_t size;
};
DEFINE_VEC(vmcore_load_vec, struct vmcore_load);

struct vmcore {
	char *path;
	struct flat_map *flat; /* the file is flattened: offsets are those of the file it stands for */
	struct kdump_dump *kd; /* the file is kdump-compressed: .segs is empty */
	struct vmcore **parts; /* the other files of a split dump; owned */
	size_t nr_parts;
	int fd;
	struct log *log;
	uint64_t file_size;
	uint16_t e_machine;
	bool is_kcore;	       /* /proc/kcore: a live kernel, not one instant */
	uint32_t page_size;    /* from VMCOREINFO */
	uint64_t missing_size; /* bytes that headers promise and the file has not: it was cut */
	struct vmcore_seg_vec segs;   /* ascending, disjoint */
	struct vmcore_seg_vec filtered; /* RAM that whoever wrote the file left out; likewise; no .off */
	struct vmcore_seg_vec missing;	/* that headers promise and the file has not; in their order */
	struct vmcore_load_vec loads; /* in the file's order; one without .vaddr where it has none */
	struct note_vec notes;	      /* .desc_off is an offset in the file */
	struct vmcoreinfo info;
	struct window_cache *windows;
	uint64_t nr_faults;	      /* vmcore_faults() */
	struct err last_fault;
	void (*watch)(void *ctx, paddr_t paddr, uint64_t size); /* vmcore_watch() */
	void *watch_ctx;
};

/**
 * vmcore_open() - open a dump and read its headers
 * @log: for warnings (a cut file); kept; may be NULL
 * @ret: free with vmcore_close(). Untouched on failure.
 *
 * The file stays open throughout: from 6.15 on a kernel may move the offsets of /proc/vmcore while it
 * is not open (fs/proc/vmcore.c, vmcore_add_device_ram_elf64).
 *
 * Return: 0; ERR_NOTFOUND, ERR_IO; ERR_FORMAT if this is no kernel dump; ERR_UNSUPPORTED for a class
 * or byte order that vmsift does not read; ERR_NOMEM.
 */
int vmcore_open(const char *path, struct log *log, struct vmcore **ret, struct err *err);
void vmcore_close(struct vmcore *vc);

/* makedumpfile --split makes as many as there are names for. */
#define VMCORE_PARTS_MAX 256u

/**
 * vmcore_open_parts() - as vmcore_open(), of a dump in several files (makedumpfile --split), in any order
 * @paths: @nr of them; a single one is a dump in one file
 *
 * Return: also ERR_INVALID if they are no split dump, of different dumps, or not all of its parts.
 */
int vmcore_open_parts(char *const *paths, size_t nr, struct log *log, struct vmcore **ret,
		      struct err *err);

/* For split.c: one file, be it a part. */
int vmcore_open_file(const char *path, struct log *log, struct vmcore **ret, struct err *err);

/* What is read from now on is read anew: of /proc/kcore, which changes. */
void vmcore_forget(struct vmcore *vc);

/* Read by pread from now on, never by mmap. */
void vmcore_without_mmap(struct vmcore *vc);

/**
 * vmcore_map() - see the bytes at a physical address without copying
 * @want: how many bytes would be useful
 * @ptr:  where they are, valid until the next call of any function of this header on @vc
 * @size: how many bytes from @paddr on are there, 1..@want
 *
 * Return: 0; ERR_ABSENT if @paddr is outside the dump or could not be read (EIO, EFAULT), for that
 * page only; ERR_NOMEM.
 */
int vmcore_map(struct vmcore *vc, paddr_t paddr, size_t want, const void **ptr, size_t *size,
	       struct err *err);

/**
 * vmcore_fetch() - as vmcore_map(), for bytes that are looked at once, in order
 * @buf: @want bytes that may serve as the place; @ptr is there or elsewhere. NULL: vmcore_map()
 */
int vmcore_fetch(struct vmcore *vc, paddr_t paddr, void *buf, size_t want, const void **ptr,
		 size_t *size, struct err *err);

/* Have @fn called for all memory that is looked at from now on; NULL: no more. */
void vmcore_watch(struct vmcore *vc, void (*fn)(void *ctx, paddr_t paddr, uint64_t size), void *ctx);

/* Copies [paddr, paddr + size) whole or fails as vmcore_map() does. */
int vmcore_read(struct vmcore *vc, paddr_t paddr, void *buf, size_t size, struct err *err);

/* Bytes of the file itself, as they stand after the damage overlay: notes. */
int vmcore_read_file(struct vmcore *vc, uint64_t off, void *buf, size_t size, struct err *err);

/* The same without copying: @size bytes of the @want are at @ptr until the next call. */
int vmcore_map_file(struct vmcore *vc, uint64_t off, size_t want, const void **ptr, size_t *size,
		    struct err *err);

/**
 * vmcore_faults() - how often something could not be read that the dump should have
 * @last: what was said of the last; NULL: not asked for
 *
 * Disk errors, poisoned pages, damaged compression, the end of a file that was cut; not what lies outside of
 * the dump or was filtered out, which is no damage. Whoever takes a failed read for "there is none" (of a signal stack, of a name) tells by
 * this that he may be wrong. Of a live kernel nothing is counted: its memory changes hands while it is read.
 */
uint64_t vmcore_faults(const struct vmcore *vc, const char **last);

/* For this layer: count @err, unless @rc is 0 or a lack of memory. Return: @rc. */
int vmcore_take_fault(struct vmcore *vc, int rc, const struct err *err);

/* Where to say why a read fails: @own, if the caller does not ask. */
static inline struct err *vmcore_fault_err(struct err *err, struct err *own)
{
	own->rc = 0;
	own->text[0] = 0;
	return err ? err : own;
}

/* Whether a file (or standard output: "-") is one of those that the dump is read from. */
bool vmcore_is_read_from(const struct vmcore *vc, const char *path);

bool vmcore_has(const struct vmcore *vc, paddr_t paddr);

/* Whether there was RAM that whoever wrote the file left out: policy, not damage. */
bool vmcore_was_filtered(const struct vmcore *vc, paddr_t paddr);

/* Pages that the dump holds. */
uint64_t vmcore_nr_pages(const struct vmcore *vc);

enum vmcore_what {
	VMCORE_HELD, /* has contents in the file */
	VMCORE_RAM,  /* was RAM, filtered out or not, as far as the file tells */
};

/**
 * vmcore_next() - the next stretch of physical memory from @from on
 *
 * Stretches may touch each other: call again with @end.
 *
 * Return: false if there is none.
 */
bool vmcore_next(struct vmcore *vc, enum vmcore_what what, paddr_t from, paddr_t *start,
		 paddr_t *end);

/* "ELF", "kdump-compressed", ... */
const char *vmcore_format(const struct vmcore *vc);

#endif
