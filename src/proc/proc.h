/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One process as data: identity, threads with registers, areas, and its memory with the source of each
 * page. An interface: the dump (proc_dump.c) is the first provider; a live process can be another, and
 * everything to the right of this layer serves both.
 */
#ifndef VMSIFT_PROC_PROC_H
#define VMSIFT_PROC_PROC_H

#include "arch/arch.h"
#include "kernel/stack.h"
#include "kernel/xstate.h"
#include "util/err.h"
#include "util/log.h"
#include "util/types.h"
#include "util/vec.h"

/* What of a page can be had. facts: four states that a debugger must never confuse. */
enum page_state {
	PAGE_CAPTURED, /* its bytes are in the dump */
	PAGE_ZERO,     /* never touched anonymous memory, or the shared zero page */
	PAGE_IN_FILE,  /* a page of a file mapping that this process has not changed */
	PAGE_UNAVAILABLE,
};

/* Where the bytes are. */
enum page_source {
	SOURCE_NONE,
	SOURCE_PTE,	  /* mapped */
	SOURCE_PROT_NONE, /* mapped, and not accessible: PROT_NONE or NUMA hinting */
	SOURCE_PAGE_CACHE,
	SOURCE_VDSO_IMAGE,
	SOURCE_MIGRATION,  /* was being moved from where it still is */
	SOURCE_SWAP_CACHE, /* swapped out, or to be, and still in a page frame */
	SOURCE_ZSWAP,	   /* compressed in RAM: by .swap of the run */
	SOURCE_ZRAM,	   /* likewise */
	SOURCE_NR
};

/* Why a page is not kept. */
enum page_reason {
	REASON_NONE,
	REASON_DONTDUMP,	/* madvise(MADV_DONTDUMP) */
	REASON_IO,		/* device memory: VM_IO or VM_PFNMAP */
	REASON_FILTER,		/* the process's coredump_filter leaves it out */
	REASON_DETAIL,		/* not asked for at this detail */
	REASON_EXCLUDED,	/* excluded by the configuration */
	REASON_BUDGET,
	REASON_SWAPPED,		/* swapped out, and not found in RAM */
	REASON_WRITEBACK,	/* zram has written it to its backing device */
	REASON_SWAP_DAMAGED,	/* swapped out to RAM, and what is there does not fit together */
	REASON_SWAP_UNSUPPORTED, /* swapped out to RAM, and how it is kept is not understood */
	REASON_MARKER,		/* a guard page or userfaultfd's write protection instead of a page */
	REASON_NOT_IN_DUMP,	/* the frame is outside of the dump */
	REASON_FILTERED,	/* whoever wrote this dump left the frame, or the page table, out on purpose */
	REASON_READ_ERROR,
	REASON_POISONED,	/* hardware memory error */
	REASON_BAD_TABLE,	/* page table missing or damaged */
	REASON_NOT_MAPPED,	/* in no page table, and not found in the page cache either */
	REASON_NR
};

const char *page_state_name(enum page_state s);
const char *page_source_name(enum page_source s);
const char *page_reason_name(enum page_reason r);

enum area_kind {
	AREA_ANON,	   /* private anonymous: heap, stacks */
	AREA_FILE_PRIVATE,
	AREA_FILE_SHARED,
	AREA_SHMEM,	   /* shared memory without a name in a directory: MAP_ANONYMOUS, memfd, SysV */
	AREA_HUGETLB,
	AREA_SPECIAL,	   /* vdso and the like */
	AREA_DEVICE,	   /* VM_IO, VM_PFNMAP: never read */
};

#define AREA_NO_FILE UINT32_MAX

struct proc_area {
	uvaddr_t start, end;
	uint64_t vm_flags;
	uint64_t pgoff;	 /* of .start in the file, in pages */
	uint32_t file;	 /* index in proc.files, or AREA_NO_FILE */
	enum area_kind kind;
	bool has_anon;	 /* some page of it was once written privately */
	bool hugetlb_shared;
	kvaddr_t vma;	 /* of the dump's provider */
};
DEFINE_VEC(proc_area_vec, struct proc_area);

/* A mapped file, shared by the areas that map it. */
struct proc_file {
	kvaddr_t file;	 /* struct file */
	kvaddr_t mapping; /* struct address_space; 0: not known */
	char *path;	 /* untrusted bytes; "?" where it cannot be told; owned */
	uint64_t size;	 /* in bytes; UINT64_MAX: not known */
	bool shmem;	 /* of tmpfs and the like: what memory does not hold is nowhere */
	bool unlinked;	 /* no directory names it: i_nlink 0 */
	bool executable; /* some x bit in its mode */
};
DEFINE_VEC(proc_file_vec, struct proc_file);

struct proc_thread {
	struct task task;
	int cpu; /* on which it was running, or -1 */
	bool stale; /* that CPU did not answer at the crash: registers are those of its last way into the kernel */
	/* Of a process that goes on: registers as they were when it was opened; NULL if it ran. */
	struct arch_regs *live_regs;
	struct task_rest rest;
};
DEFINE_VEC(proc_thread_vec, struct proc_thread);

/* mm->flags: bits of coredump_filter, above the two of dumpable (include/linux/sched/coredump.h). */
enum {
	DUMP_ANON_PRIVATE = 1 << 0,
	DUMP_ANON_SHARED = 1 << 1,
	DUMP_MAPPED_PRIVATE = 1 << 2,
	DUMP_MAPPED_SHARED = 1 << 3,
	DUMP_ELF_HEADERS = 1 << 4,
	DUMP_HUGETLB_PRIVATE = 1 << 5,
	DUMP_HUGETLB_SHARED = 1 << 6,
	DUMP_DEFAULT = DUMP_ANON_PRIVATE | DUMP_ANON_SHARED | DUMP_ELF_HEADERS |
		       DUMP_HUGETLB_PRIVATE,
};

struct proc_ops;

struct proc {
	const struct proc_ops *ops;
	struct kernel *k;	/* of the dump's provider */
	const struct arch *arch;
	struct log *log;
	uint32_t page_size;

	struct task leader;
	kvaddr_t mm;
	bool has_memory;	/* false: zombie or kernel thread */
	char *exe, *cmdline, *cgroup; /* owned, untrusted bytes; "" where not known */
	size_t cmdline_size;	/* with NULs between arguments */
	uint32_t coredump_filter;
	int dumpable;		/* 0, 1, 2; -1: not known */
	bool is_32bit;		/* addresses of 32 bits: i386, or x32 */
	bool is_x32;		/* 64-bit code with them */
	bool live;		/* goes on running while it is read: what is read twice may differ */
	uint8_t *auxv;		/* as saved, up to and with AT_NULL; owned */
	size_t auxv_size;
	struct proc_thread_vec threads; /* the one that matters most first: see proc_open() */
	struct proc_area_vec areas;	/* ascending */
	struct proc_file_vec files;
	struct err map_fault;	/* what of the memory map could not be read; .rc 0: all was */
	unsigned int nr_lost_threads;
	bool facts_lost; /* something that what is kept depends on could not be read: whose page, which file */
	struct proc_walk *reader; /* proc_read()'s, opened when first needed */
	uint8_t *stretch; /* of the dump's provider: what was read of a long run; made when first needed */
};
DEFINE_VEC(proc_ptr_vec, struct proc *);

/* A stretch of one area's memory whose pages are all alike. */
struct proc_run {
	uvaddr_t start, end;
	enum page_state state;
	enum page_source source;
	enum page_reason reason;
	paddr_t paddr;	   /* PAGE_CAPTURED, unless packed: of .start, contiguous */
	uint64_t swap;	   /* packed (run_is_packed()), within one page: its swap entry */
	bool dirty;	   /* newer than the file on disk */
	bool own;	   /* of a private file mapping: this process's own copy, which no file has */
};

/* Whether the bytes of a captured run are not plain RAM, but must be decoded. */
static inline bool run_is_packed(const struct proc_run *r)
{
	return r->source == SOURCE_ZSWAP || r->source == SOURCE_ZRAM;
}

struct proc_walk; /* a walk over one process's memory */

/* The provider of a process image. */
struct proc_ops {
	int (*walk_open)(struct proc *p, struct proc_walk **ret, struct err *err);
	/* @cached: file pages that no page table maps are looked for in the page cache. */
	void (*walk_range)(struct proc_walk *w, const struct proc_area *a, uvaddr_t start,
			   uvaddr_t end, bool cached);
	bool (*walk_next)(struct proc_walk *w, struct proc_run *ret);
	void (*walk_close)(struct proc_walk *w);
	/* Plain RAM at a run's .paddr: as vmcore_map(). */
	int (*map)(struct proc *p, paddr_t paddr, size_t want, const void **ptr, size_t *size,
		   struct err *err);
	/* The page of a packed run, decoded; it stays until a few others have been. */
	int (*unpack)(struct proc *p, uint64_t swap, const void **page, struct err *err);
	/**
	 * file_page() - where a page of a mapped file is in memory, whether mapped or not
	 * Return: 0; ERR_ABSENT if it is not in the page cache; ERR_UNSUPPORTED, ERR_CORRUPT.
	 */
	int (*file_page)(struct proc *p, uint32_t file, uint64_t index, paddr_t *ret,
			 struct err *err);
	int (*regs)(struct proc *p, const struct proc_thread *t, struct arch_regs *ret,
		    struct err *err);
	/* NULL, or for processes of 32 bits: see task_tls(). */
	int (*tls)(struct proc *p, const struct proc_thread *t, uint64_t ret[TLS_DESCS],
		   struct err *err);
	int (*fxsave)(struct proc *p, const struct proc_thread *t, uint8_t ret[FXSAVE_SIZE],
		      struct err *err);
	int (*xstate)(struct proc *p, const struct proc_thread *t, uint8_t ret[XSTATE_SIZE_MAX],
		      size_t *size, struct err *err);
};

void proc_close(struct proc *p);

/* Say, once, that something was lost which what is kept depends on: a core of it is one written in part. */
void proc_facts_lost(struct proc *p, const struct err *err);

/**
 * proc_find_area() - the area that holds an address
 * Return: NULL if there is none.
 */
const struct proc_area *proc_find_area(const struct proc *p, uvaddr_t va);

/**
 * proc_map_run() - see the bytes of a captured run, whatever its source
 * @off:  in the run
 * @ptr:  valid until the next call
 * @size: of what is there: at most @want, at least 1
 *
 * Return: as vmcore_map(); for packed runs also ERR_CORRUPT, ERR_UNSUPPORTED.
 */
int proc_map_run(struct proc *p, const struct proc_run *r, uint64_t off, size_t want,
		 const void **ptr, size_t *size, struct err *err);

/**
 * proc_read() - copy memory of the process, whatever its source: pages that it has not touched yet
 * come from the page cache
 *
 * Return: 0; ERR_ABSENT if any of it is not to be had, naming the address; ERR_NOMEM.
 */
int proc_read(struct proc *p, uvaddr_t va, void *buf, size_t size, struct err *err);

/**
 * proc_read_file() - copy from a mapped file, as far as its pages are in memory
 * @file: index in p->files
 * @off:  in the file
 *
 * Return: 0; ERR_ABSENT if any of it is not in the page cache or beyond the end of the file;
 * ERR_UNSUPPORTED, ERR_CORRUPT.
 */
int proc_read_file(struct proc *p, uint32_t file, uint64_t off, void *buf, size_t size,
		   struct err *err);

/* Bytes of a pointer of this process. */
static inline unsigned int proc_word_size(const struct proc *p)
{
	return p->is_32bit ? 4 : 8;
}

/* A pointer of this process, as proc_read(). @ret: 0 on failure. */
int proc_read_word(struct proc *p, uvaddr_t at, uint64_t *ret, struct err *err);

/**
 * proc_thread_pointer() - where a thread's control block is
 * @regs: of the thread
 *
 * A register of 64-bit code; of 32-bit code the base of the segment that its selector names in the GDT.
 *
 * Return: false if the thread has set none.
 */
bool proc_thread_pointer(struct proc *p, const struct proc_thread *t, const struct arch_regs *regs,
			 uvaddr_t *ret);

/* An entry of the auxiliary vector. Return: whether there is one. */
bool proc_auxv(const struct proc *p, uint64_t type, uint64_t *ret);

/**
 * proc_area_label() - an area's name as /proc/PID/maps shows it
 * @buf: where names are made that are no file's
 *
 * Return: the path of its file (untrusted bytes, the process's), else @buf: "[heap]", "[stack]", "[vdso]",
 * "[anon:NAME]" or "".
 */
const char *proc_area_label(struct proc *p, const struct proc_area *a, char *buf, size_t size);

/* The path of an area's file or "". */
const char *proc_area_name(const struct proc *p, const struct proc_area *a);

#endif
