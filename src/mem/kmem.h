/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The crashed kernel's own address space: image, direct map, and what its page tables say. */
#ifndef VMSIFT_MEM_KMEM_H
#define VMSIFT_MEM_KMEM_H

#include "arch/arch.h"
#include "util/reader.h"
#include "vmcore/vmcore.h"

#define KMEM_TLB_SIZE 64

struct kmem {
	struct vmcore *vc;
	const struct arch *arch;
	struct arch_space space;
	/* Page translations that took a walk; .vpage 0 is no kernel address, so 0 is empty. */
	struct {
		kvaddr_t vpage;
		paddr_t ppage;
	} tlb[KMEM_TLB_SIZE];
};

/**
 * kmem_init() - find out how the dumped kernel's addresses translate
 *
 * Return: 0; ERR_UNSUPPORTED for a machine that arch.c does not list; ERR_FORMAT.
 */
int kmem_init(struct kmem *km, struct vmcore *vc, struct err *err);

/* Translate anew from now on: page tables of /proc/kcore change. */
void kmem_forget(struct kmem *km);

/**
 * kmem_translate() - physical address of a kernel virtual one
 * @ret: where @va is
 * @run: bytes from there on that are contiguous, at least 1; may be NULL
 *
 * Return: 0; ERR_CORRUPT for an address that is not a kernel's or leads nowhere; ERR_ABSENT if a page
 * table is not in the dump.
 */
int kmem_translate(struct kmem *km, kvaddr_t va, paddr_t *ret, uint64_t *run, struct err *err);

/* Copies [va, va + size) whole, or fails as kmem_translate() and vmcore_read() do, naming @va. */
int kmem_read(struct kmem *km, kvaddr_t va, void *buf, size_t size, struct err *err);

int kmem_read_u64(struct kmem *km, kvaddr_t va, uint64_t *ret, struct err *err);
int kmem_read_u32(struct kmem *km, kvaddr_t va, uint32_t *ret, struct err *err);

/**
 * kmem_read_str() - a NUL-terminated string
 * @size: of @buf; a longer string is cut, and terminated all the same
 */
int kmem_read_str(struct kmem *km, kvaddr_t va, char *buf, size_t size, struct err *err);

/* Kernel memory as a reader whose offsets are kernel virtual addresses. */
struct reader kmem_reader(struct kmem *km);

#endif
