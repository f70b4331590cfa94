/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of areas as /proc/PID/maps shows them (fs/proc/task_mmu.c, get_vma_name()). */
#include <stdio.h>
#include <string.h>

#include "kernel/vma.h"
#include "proc/proc.h"

static bool holds(struct proc *p, const struct proc_area *a, enum layout_id first, enum layout_id last)
{
	uint64_t start, end;

	return !kread_member(p->k, p->mm, first, &start, NULL) &&
	       !kread_member(p->k, p->mm, last, &end, NULL) && a->start <= end && a->end >= start;
}

const char *proc_area_label(struct proc *p, const struct proc_area *a, char *buf, size_t size)
{
	struct vma v = { .addr = a->vma };
	char name[80];

	if (a->file < p->files.n)
		return p->files.v[a->file].path;
	buf[0] = 0;
	if (!p->k || kread_member(p->k, a->vma, L_vm_area_struct_vm_ops, &v.ops, NULL) ||
	    kread_member(p->k, a->vma, L_vm_area_struct_vm_private_data, &v.private_data, NULL))
		return buf;
	if (vma_special_name(p->k, &v, buf, size))
		return buf;
	if (holds(p, a, L_mm_struct_start_brk, L_mm_struct_brk))
		snprintf(buf, size, "[heap]");
	else if (holds(p, a, L_mm_struct_start_stack, L_mm_struct_start_stack))
		snprintf(buf, size, "[stack]");
	else if (vma_anon_name(p->k, &v, name, sizeof(name)))
		snprintf(buf, size, "[anon:%s]", name);
	return buf;
}
