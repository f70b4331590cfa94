/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dumped kernel: its memory, types, symbols and CPUs. Opening it finds out what is there; what is
 * missing degrades the one feature that needs it, and is said in .degraded.
 */
#ifndef VMSIFT_KERNEL_KERNEL_H
#define VMSIFT_KERNEL_KERNEL_H

#include "kernel/kallsyms.h"
#include "kernel/layout.h"
#include "kernel/layout_file.h"
#include "kernel/symbols.h"
#include "mem/kmem.h"
#include "util/err.h"
#include "util/types.h"
#include "util/vec.h"
#include "vmcore/vmcore.h"

/* NR_CPUS of distribution kernels is 8192 at the most (x86_64 MAXSMP). */
#define KERNEL_CPUS_MAX 8192u

/* struct new_utsname: 65-byte fields (include/uapi/linux/utsname.h). */
#define UTS_FIELD 65

struct kernel_cpu {
	unsigned int nr;
	kvaddr_t current_task; /* 0: not known */
	bool has_regs;	       /* answered at the crash: .regs is its NT_PRSTATUS */
	int32_t note_pid;      /* pr_pid: the global pid of what ran there, 0 for idle */
	struct arch_regs regs; /* kernel or user registers at the crash, with live fs and gs base */
};
DEFINE_VEC(kernel_cpu_vec, struct kernel_cpu);

struct degraded {
	char text[160];
};
DEFINE_VEC(degraded_vec, struct degraded);

struct kernel {
	struct vmcore *vc;
	struct log *log;
	struct kmem km;
	struct reader kmem; /* .km as a reader, by kernel virtual address */
	struct layout layout;
	struct symbols sym;
	struct kallsyms ks;	/* after kernel_need_kallsyms() */
	bool kallsyms_tried;
	struct err kallsyms_err;
	const char *kallsyms_how;
	bool has_layout_file;
	bool has_data_symbols;	/* kallsyms tells of variables, not of functions alone */
	kvaddr_t btf_start;	/* of the kernel's own types; .btf_size 0: not known */
	uint64_t btf_size;
	struct err module_tried[LAYOUT_MODULES]; /* by layout_module_at(): why a module's types are not there */
	/* The same: the build that a layout file's types are of, until it was held against the dump's; "": none. */
	char module_build_id[LAYOUT_MODULES][41];
	uint64_t max_swapfiles;	/* MAX_SWAPFILES by a layout file; 0: not known */
	struct swap *swap;	/* of swap.h, when first needed */
	char types_from[128];	/* for info: where types came from */
	char symbols_from[128];
	struct degraded_vec degraded;
	bool starved; /* something is not known for lack of our own memory */

	char sysname[UTS_FIELD], nodename[UTS_FIELD], release[UTS_FIELD], version[UTS_FIELD],
		machine[UTS_FIELD];
	char build_id[41];	/* hex, "" where VMCOREINFO has none */
	int64_t crash_time;	/* seconds since 1970; 0: not known */

	struct kernel_cpu_vec cpus; /* those that are present, ascending */
	int panic_cpu;		/* -1: none or not known */
	kvaddr_t panic_task;	/* 0: not known */

	uint64_t thread_size;	/* of a kernel stack */
	uint64_t stack_pad;	/* TOP_OF_KERNEL_STACK_PADDING; UINT64_MAX: not known yet */
	bool stack_checked;	/* registers of user tasks confirmed both */
	int orc_numbering;	/* of unwind/orc.h, found when first needed */
	kvaddr_t vmemmap;	/* 0: not known */
	bool may_have_poison;	/* some page is hwpoison, or that is not known */
};

/**
 * kernel_open() - find symbols, types and CPUs of the dumped kernel
 * @vc:	 stays the caller's, and open
 * @lf:	 a layout file; used if it is of this kernel, NULL: types and symbols come from the dump
 * @ret: free with kernel_close(). Untouched on failure.
 *
 * Return: 0; ERR_INVALID if @lf is of another kernel; ERR_FORMAT, ERR_UNSUPPORTED, ERR_CORRUPT, ERR_ABSENT if not even the list of tasks can be
 * had; ERR_NOMEM.
 */
int kernel_open(struct vmcore *vc, const struct layout_file *lf, struct kernel **ret,
		struct err *err);
void kernel_close(struct kernel *k);

/**
 * kernel_need_kallsyms() - have k->ks, for names of addresses
 *
 * Opened when first asked for: with a layout file nothing else needs it. Return: 0, or why there is none.
 */
int kernel_need_kallsyms(struct kernel *k, struct err *err);

/* /proc/kcore: the machine goes on running while it is read. */
static inline bool kernel_is_live(const struct kernel *k)
{
	return k->vc && k->vc->is_kcore;
}

/* Of a machine that goes on running: what is read from now on is read anew. */
void kernel_forget(struct kernel *k);

/* Remember that something cannot be told, for info and the manifest. */
void kernel_degrade(struct kernel *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * kread_member() - an integer or pointer member of a kernel structure
 * @base: where the structure lies
 * @ret:  its value, zero-extended; of a bitfield the field alone
 *
 * Return: 0; ERR_UNSUPPORTED if this kernel has no such member; kmem_read()'s errors.
 */
int kread_member(struct kernel *k, kvaddr_t base, enum layout_id id, uint64_t *ret,
		 struct err *err);

/* Address of a member; 0 if this kernel has none. */
static inline kvaddr_t kmember_addr(const struct kernel *k, kvaddr_t base, enum layout_id id)
{
	return layout_has(&k->layout, id) ? base + layout_off(&k->layout, id) : 0;
}

static inline int kread_u64(struct kernel *k, kvaddr_t va, uint64_t *ret, struct err *err)
{
	return kmem_read_u64(&k->km, va, ret, err);
}

/* ERR_UNSUPPORTED with the member's name, for accessors that need it. */
int kernel_lacks(const struct kernel *k, enum layout_id id, struct err *err);

/* The struct cpu on which @task is current, or NULL. */
const struct kernel_cpu *kernel_cpu_of(const struct kernel *k, kvaddr_t task);

/* Address of a per-CPU variable. Return: 0 if the symbol or the CPU's offset is not known. */
kvaddr_t kernel_percpu(struct kernel *k, enum symbol_id id, unsigned int cpu);

#endif
