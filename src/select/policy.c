/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "select/policy.h"

#include "kernel/vma.h"

enum area_keep policy_full(const struct proc *p, const struct proc_area *a, enum page_reason *reason)
{
	uint32_t filter = p->coredump_filter;

	*reason = REASON_FILTER;
	/* Before special mappings, other than in the kernel: [vvar] is one with VM_DONTDUMP. */
	if (a->vm_flags & VM_DONTDUMP) {
		*reason = REASON_DONTDUMP;
		return KEEP_NONE;
	}
	if (a->kind == AREA_SPECIAL)
		return KEEP_ALL;
	switch (a->kind) {
	case AREA_DEVICE:
		*reason = REASON_IO;
		return KEEP_NONE;
	case AREA_HUGETLB:
		return filter & (a->vm_flags & VM_SHARED ? DUMP_HUGETLB_SHARED
							 : DUMP_HUGETLB_PRIVATE)
			       ? KEEP_ALL
			       : KEEP_NONE;
	case AREA_SHMEM:
		return filter & DUMP_ANON_SHARED ? KEEP_ALL : KEEP_NONE;
	case AREA_FILE_SHARED:
		if (filter & DUMP_MAPPED_SHARED)
			return KEEP_ALL;
		return KEEP_NONE;
	case AREA_ANON:
		return filter & DUMP_ANON_PRIVATE ? KEEP_ALL : KEEP_NONE;
	default:
		break;
	}
	if (a->has_anon && filter & DUMP_ANON_PRIVATE)
		return KEEP_ALL;
	if (filter & DUMP_MAPPED_PRIVATE)
		return KEEP_ALL;
	/* The kernel asks for execute permission of the file, or looks for the ELF magic. */
	if (filter & DUMP_ELF_HEADERS && !a->pgoff && a->vm_flags & VM_READ)
		return KEEP_FIRST_PAGE;
	return KEEP_NONE;
}
