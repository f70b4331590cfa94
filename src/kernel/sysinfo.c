/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/sysinfo.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel/klist.h"
#include "kernel/module_id.h"
#include "kernel/stack.h"
#include "kernel/task.h"
#include "util/str.h"

/* FSHIFT: fixed-point bits of avenrun (include/linux/sched/loadavg.h). */
#define LOAD_SHIFT 11
/* asm/thread_info.h, asm/unistd.h; x32's own calls begin at 512 (syscall_64.tbl). */
#define TS_COMPAT	  0x2u
#define X32_SYSCALL_BIT	  0x40000000u
#define X32_SYSCALL_FIRST 512u
#define SYSCALL_MAX 1024u

/* One counter of an array of atomic_long_t: pages, or bytes where the name ends in _B. */
static uint64_t counter(struct kernel *k, enum symbol_id array, enum layout_id index)
{
	uint64_t v;

	if (!k->sym.known[array] || !layout_has(&k->layout, index) ||
	    layout_off(&k->layout, index) > 256 ||
	    kread_u64(k, k->sym.addr[array] + 8 * layout_off(&k->layout, index), &v, NULL) ||
	    (int64_t)v < 0 || v >> 52)
		return 0;
	return v;
}

void sysinfo_memory(struct kernel *k, struct sysinfo_mem *ret)
{
	uint64_t page = k->vc->page_size, total;

	memset(ret, 0, sizeof(*ret));
	if (!k->sym.known[S_totalram_pages] ||
	    kread_u64(k, k->sym.addr[S_totalram_pages], &total, NULL) || total >> 40)
		return;
	ret->known = true;
	ret->total = total * page;
	ret->free = counter(k, S_vm_zone_stat, L_NR_FREE_PAGES) * page;
	ret->file = counter(k, S_vm_node_stat, L_NR_FILE_PAGES) * page;
	ret->anon = counter(k, S_vm_node_stat, L_NR_ANON_MAPPED) * page;
	ret->shmem = counter(k, S_vm_node_stat, L_NR_SHMEM) * page;
	/* Kept in pages by the global counters, whatever the name says (vmstat_item_in_bytes()). */
	ret->slab = (counter(k, S_vm_node_stat, L_NR_SLAB_RECLAIMABLE_B) +
		     counter(k, S_vm_node_stat, L_NR_SLAB_UNRECLAIMABLE_B)) * page;
}

bool sysinfo_load(struct kernel *k, unsigned int ret[3])
{
	uint64_t v;
	int i;

	for (i = 0; i < 3; i++) {
		if (!k->sym.known[S_avenrun] ||
		    kread_u64(k, k->sym.addr[S_avenrun] + 8 * (unsigned int)i, &v, NULL) ||
		    v >> (LOAD_SHIFT + 20))
			return false;
		ret[i] = (unsigned int)((v * 100 + (1u << (LOAD_SHIFT - 1))) >> LOAD_SHIFT);
	}
	return true;
}

uint64_t sysinfo_uptime(struct kernel *k)
{
	return sched_now(k) / 1000000000u;
}

const char *sysinfo_taint(struct kernel *k, char *buf, size_t size)
{
	/* taint_flags[] of kernel/panic.c; bit 0 clear is "G", all GPL. */
	static const char letters[] = "PFRSMBUDAWCIOELKXTNJ";
	uint64_t mask;
	size_t i, n = 0;

	if (!k->sym.known[S_tainted_mask] ||
	    kread_u64(k, k->sym.addr[S_tainted_mask], &mask, NULL)) {
		snprintf(buf, size, "not known");
		return buf;
	}
	for (i = 0; i < sizeof(letters) - 1 && n + 1 < size; i++)
		if (mask >> i & 1)
			buf[n++] = letters[i];
	buf[n] = 0;
	if (!n)
		snprintf(buf, size, "none");
	return buf;
}

unsigned int sysinfo_modules(struct kernel *k,
			     void (*fn)(void *ctx, const char *name, const char *build_id),
			     void *ctx)
{
	const struct layout *l = &k->layout;
	struct klist list;
	kvaddr_t node;
	unsigned int n = 0;

	if (!k->sym.known[S_modules] || !layout_has(l, L_module_list) ||
	    !layout_has(l, L_module_name))
		return 0;
	klist_init(&list, k, k->sym.addr[S_modules], "list of modules");
	while (n < MODULES_MAX && klist_next(&list, &node)) {
		kvaddr_t mod = node - layout_off(l, L_module_list);
		char name[64], id[MODULE_ID_SIZE];

		if (kmem_read_str(&k->km, kmember_addr(k, mod, L_module_name), name, sizeof(name),
				  NULL))
			continue;
		str_make_printable(name);
		module_build_id(k, mod, id);
		fn(ctx, name, id);
		n++;
	}
	return n;
}

/* The name behind an entry of a table of system calls. Return: whether there is one. */
static bool table_name(struct kernel *k, enum symbol_id table, uint64_t nr, char *buf, size_t size)
{
	static const char *const prefixes[] = { "__x64_sys_",	     "__ia32_sys_", "__ia32_compat_sys_",
						"__x32_compat_sys_", "__do_sys_",   "__se_sys_",
						"compat_sys_",	     "sys_" };
	char name[KALLSYMS_NAME_SIZE];
	uint64_t fn, off;
	size_t i;

	if (nr >= SYSCALL_MAX || !k->sym.known[table] ||
	    kread_u64(k, k->sym.addr[table] + 8 * nr, &fn, NULL) || kernel_need_kallsyms(k, NULL) ||
	    kallsyms_lookup_addr(&k->ks, fn, name, sizeof(name), &off, NULL) || off)
		return false;
	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i]))) {
			snprintf(buf, size, "%s", name + strlen(prefixes[i]));
			str_make_printable(buf);
			return true;
		}
	return false;
}

const char *sysinfo_syscall_name(struct kernel *k, uint64_t nr, char *buf, size_t size)
{
	if (!table_name(k, S_sys_call_table, nr, buf, size))
		snprintf(buf, size, "%" PRIu64, nr);
	return buf;
}

bool sysinfo_task_syscall(struct kernel *k, const struct task *t, char *buf, size_t size)
{
	const struct arch *a = k->km.arch;
	struct arch_regs regs;
	uint64_t nr, status;

	if (task_user_regs(k, t, &regs, NULL) || (int64_t)regs.r[a->reg_syscall] < 0)
		return false;
	nr = regs.r[a->reg_syscall];
	/* Set on the way in of such a call and cleared on the way out: asm/syscall.h. */
	if (!kread_member(k, t->addr, L_task_struct_thread_info_status, &status, NULL) &&
	    status & TS_COMPAT) {
		if (!table_name(k, S_ia32_sys_call_table, nr & UINT32_MAX, buf, size))
			snprintf(buf, size, "ia32:%" PRIu64, nr & UINT32_MAX);
	} else if (nr & X32_SYSCALL_BIT) {
		if (nr - X32_SYSCALL_BIT >= X32_SYSCALL_FIRST ||
		    !table_name(k, S_sys_call_table, nr - X32_SYSCALL_BIT, buf, size))
			snprintf(buf, size, "x32:%" PRIu64, nr - X32_SYSCALL_BIT);
	} else {
		sysinfo_syscall_name(k, nr, buf, size);
	}
	return true;
}
