/* SPDX-License-Identifier: MIT */
/*
 * Memory that should be in this process's core when the kernel dies, and memory that must never be.
 *
 *	static struct vmsift_region ring_region = VMSIFT_REGION_INIT;
 *
 *	vmsift_register(&ring_region, "ring", 0, ring, sizeof(*ring), 0);
 *
 * There is no daemon and no system call: regions are entries of a list in this process's memory, which
 * vmsift finds in the dump through an ELF note of the program or library that this is linked into. The list
 * is consistent at every instant, also in the middle of a registration. C and C++; link with
 * -lvmsift-register or compile register.c into the program.
 *
 * Copyright (c) 2026 the vmsift authors. Licensed under the MIT licence: see LICENSE.MIT beside this file.
 */
#ifndef VMSIFT_REGISTER_H
#define VMSIFT_REGISTER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	VMSIFT_PTR_INDIRECT = 1 << 0, /* addr is where the pointer to the region will stand */
	VMSIFT_LEN_INDIRECT = 1 << 1, /* the length will stand in a size_t: see vmsift_register_len() */
	VMSIFT_NEVER = 1 << 2,	      /* never write this to any core, at no detail: keys, passwords */
};

/* As vmsift reads it; applications leave the members alone. */
struct vmsift_region {
	uint32_t magic;	  /* VMSIFT_REGION_MAGIC once registered */
	uint32_t flags;
	uint32_t scope;
	uint32_t reserved;
	const char *name;
	const void *addr;
	uintptr_t len;	  /* bytes, or the address of a size_t */
	struct vmsift_region *next;
};

#define VMSIFT_REGION_MAGIC 0x52535631u /* "1VSR" in memory */
#ifdef __cplusplus
#define VMSIFT_REGION_INIT {}
#else
#define VMSIFT_REGION_INIT { 0 }
#endif

/**
 * vmsift_register() - have a region in the core
 * @r:	   storage for the entry, zeroed before its first use; stays until vmsift_unregister()
 * @name:  of the file that it can be written to, and for those who read the core; stays as long as @r
 * @scope: how rarely it is wanted: a core is asked for with a scope, and holds what has at most that
 * @addr:  the region, or with VMSIFT_PTR_INDIRECT the address of a pointer to it
 * @size:  its length in bytes
 * @flags: VMSIFT_PTR_INDIRECT, VMSIFT_NEVER
 *
 * Thread-safe; not for signal handlers. Return: 0; -1 if @r is registered already, or an argument cannot be.
 */
int vmsift_register(struct vmsift_region *r, const char *name, unsigned int scope, const void *addr,
		    size_t size, unsigned int flags);

/* The same for a region whose length is read from *@size when the kernel dies. */
int vmsift_register_len(struct vmsift_region *r, const char *name, unsigned int scope,
			const void *addr, const size_t *size, unsigned int flags);

/* Return: 0; -1 if @r is not registered. The storage is the caller's again. */
int vmsift_unregister(struct vmsift_region *r);

#ifdef __cplusplus
}
#endif

#endif
