/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMCOREINFO: the KEY=VALUE lines a kernel leaves for tools like this one (kernel/vmcore_info.c;
 * before 6.9 kernel/crash_core.c). The kernel cuts what does not fit its page, so any line may be missing.
 */
#ifndef VMSIFT_VMCORE_VMCOREINFO_H
#define VMSIFT_VMCORE_VMCOREINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/err.h"

/* The text is at most a page in every kernel; more is not believed. */
#define VMCOREINFO_SIZE_MAX 65536

struct vmcoreinfo {
	char *text; /* NUL-terminated, owned; NUL bytes inside have become newlines */
	size_t size;
};

/* Copies @size bytes. Return: 0; ERR_NOMEM; ERR_FORMAT where there is no line KEY=VALUE. */
int vmcoreinfo_init(struct vmcoreinfo *vi, const void *text, size_t size, struct err *err);
void vmcoreinfo_deinit(struct vmcoreinfo *vi);

/**
 * vmcoreinfo_str() - the value of a key such as "OSRELEASE"
 * @size: of @buf; a longer value is cut
 *
 * Return: whether there is such a line.
 */
bool vmcoreinfo_str(const struct vmcoreinfo *vi, const char *key, char *buf, size_t size);

/* SYMBOL(name)=hex, KERNELOFFSET=hex: hexadecimal with or without 0x. */
bool vmcoreinfo_hex(const struct vmcoreinfo *vi, const char *key, uint64_t *ret);
bool vmcoreinfo_symbol(const struct vmcoreinfo *vi, const char *name, uint64_t *ret);

/*
 * NUMBER(name): decimal, may be negative (phys_base is, under KASLR), hexadecimal only with 0x.
 * @key is the whole key: "NUMBER(phys_base)", "OFFSET(page.flags)", "SIZE(page)", "PAGESIZE".
 */
bool vmcoreinfo_number(const struct vmcoreinfo *vi, const char *key, int64_t *ret);

#endif
