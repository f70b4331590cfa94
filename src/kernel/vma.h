/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory map of a process: struct vm_area_struct (include/linux/mm_types.h). */
#ifndef VMSIFT_KERNEL_VMA_H
#define VMSIFT_KERNEL_VMA_H

#include "kernel/kernel.h"

/* vm_flags: include/linux/mm.h, the same numbers from 5.4 to 7.3. */
#define VM_READ	      0x00000001ull
#define VM_WRITE      0x00000002ull
#define VM_EXEC	      0x00000004ull
#define VM_SHARED     0x00000008ull
#define VM_MAYWRITE   0x00000020ull
#define VM_GROWSDOWN  0x00000100ull
#define VM_PFNMAP     0x00000400ull
#define VM_IO	      0x00004000ull
#define VM_HUGETLB    0x00400000ull
#define VM_DONTDUMP   0x04000000ull
#define VM_MIXEDMAP   0x10000000ull

/* sysctl vm.max_map_count can be raised; beyond this a map is not believed. 16M maps are 1 GiB of nodes. */
#define VMA_COUNT_MAX (1u << 20)

struct vma {
	kvaddr_t addr;
	uvaddr_t start, end;
	uint64_t flags;
	uint64_t pgoff;	   /* of .start in the file, in pages */
	kvaddr_t file;	   /* struct file, 0: anonymous */
	kvaddr_t anon_vma; /* 0: no page of it was ever written privately */
	kvaddr_t ops;
	kvaddr_t private_data;
};
DEFINE_VEC(vma_vec, struct vma);

/**
 * vma_snapshot() - copy the memory map of a process out of the dump
 * @k:	 the dumped kernel
 * @mm:	 kernel virtual address of its struct mm_struct
 * @ret: the areas, ascending and disjoint; free with vma_vec_free(). Holds what could be read even
 *	 when the call fails.
 * @err: what went wrong first, and where
 *
 * Reads mm_struct.mm_mt where the kernel has it, else the mm_struct.mmap list, which Linux commit
 * 763ecb035029 (v6.1) removed.
 *
 * Return: 0; ERR_ABSENT if a page of the map is not in the dump; ERR_CORRUPT if the map is not
 * ascending (which also rules out loops); ERR_UNSUPPORTED; ERR_NOMEM.
 */
int vma_snapshot(struct kernel *k, kvaddr_t mm, struct vma_vec *ret, struct err *err);

/**
 * vma_special_name() - "[vdso]" and the like of an area that is no file's
 * @buf: the name, untrusted bytes, cut
 *
 * Return: whether it is a special mapping that says its name (vm_special_mapping.name).
 */
bool vma_special_name(struct kernel *k, const struct vma *v, char *buf, size_t size);

/* The name given by prctl(PR_SET_VMA_ANON_NAME), where the kernel keeps such. */
bool vma_anon_name(struct kernel *k, const struct vma *v, char *buf, size_t size);

#endif
