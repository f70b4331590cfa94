/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/kernel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/cpu.h"
#include "kernel/layout_read.h"
#include "kernel/mem_map.h"
#include "kernel/sources.h"
#include "kernel/stack.h"
#include "kernel/swap.h"
#include "util/bytes.h"
#include "util/str.h"

void kernel_degrade(struct kernel *k, const char *fmt, ...)
{
	struct degraded d;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d.text, sizeof(d.text), fmt, ap);
	va_end(ap);
	str_make_printable(d.text);
	k->starved |= !degraded_vec_push(&k->degraded, d);
	log_debug(k->log, "degraded: %s", d.text);
}

void kernel_forget(struct kernel *k)
{
	if (!kernel_is_live(k))
		return;
	vmcore_forget(k->vc);
	kmem_forget(&k->km);
}

int kernel_lacks(const struct kernel *k, enum layout_id id, struct err *err)
{
	const struct layout_def *d = &layout_defs[id];

	return err_set(err, ERR_UNSUPPORTED, "kernel %s shows no %s%s%s", k->release,
		       d->type ? d->type : "enumerator", d->names ? "." : "",
		       d->names ? d->names : "");
}

int kread_member(struct kernel *k, kvaddr_t base, enum layout_id id, uint64_t *ret,
		 struct err *err)
{
	if (!k->layout.v[id].known)
		return kernel_lacks(k, id, err);
	return layout_read(&k->kmem, &k->layout, base, id, ret, err);
}

/* utsname of the crashed machine, from init_uts_ns; the release VMCOREINFO has is the fallback. */
static void read_uts(struct kernel *k)
{
	char *const fields[] = { k->sysname, k->nodename, k->release, k->version, k->machine };
	uint64_t ns = 0;
	int64_t off = 0;
	size_t i;

	vmcoreinfo_str(&k->vc->info, "OSRELEASE", k->release, sizeof(k->release));
	if (!vmcoreinfo_symbol(&k->vc->info, "init_uts_ns", &ns) && k->sym.known[S_init_uts_ns])
		ns = k->sym.addr[S_init_uts_ns];
	if (!vmcoreinfo_number(&k->vc->info, "OFFSET(uts_namespace.name)", &off) &&
	    layout_has(&k->layout, L_uts_namespace_name))
		off = (int64_t)layout_off(&k->layout, L_uts_namespace_name);
	for (i = 0; ns && i < ARRAY_SIZE(fields); i++) {
		char f[UTS_FIELD];

		if (kmem_read(&k->km, ns + (uint64_t)off + i * UTS_FIELD, f, sizeof(f), NULL))
			continue;
		f[UTS_FIELD - 1] = 0;
		str_make_printable(f);
		/* A release other than VMCOREINFO's says that this is not the structure. */
		if (i == 2 && k->release[0] && strcmp(f, k->release)) {
			kernel_degrade(k, "init_uts_ns names release '%s', VMCOREINFO '%s'", f,
				       k->release);
			continue;
		}
		memcpy(fields[i], f, sizeof(f));
	}
	str_make_printable(k->release);
}

/* Which kernel this is, by VMCOREINFO and what it points to: a layout file may be another's. */
static void read_identity(struct kernel *k)
{
	read_uts(k);
	if (vmcoreinfo_str(&k->vc->info, "BUILD-ID", k->build_id, sizeof(k->build_id)))
		str_make_printable(k->build_id);
	if (!vmcoreinfo_number(&k->vc->info, "CRASHTIME", &k->crash_time))
		k->crash_time = 0;
}

/* Where one is looked for: a machine has more sections, and they all agree. */
#define SECTIONS_ASKED 64

/*
 * Without the variable's symbol, and before 6.12 without VMCOREINFO's: what the sections of SPARSEMEM say, if
 * they all say that struct pages lie in one array.
 */
static kvaddr_t vmemmap_by_sections(struct kernel *k)
{
	uint64_t size = layout_has(&k->layout, L_page) ? layout_size(&k->layout, L_page) : 0;
	unsigned int page_shift = k->km.space.page_shift, asked = 0;
	kvaddr_t found = 0, va;
	struct mem_map map;
	paddr_t from = 0, start, end;
	pfn_t pfn, next;

	if (!size || mem_map_init(&map, &k->km, &k->layout, 0, 0, (uint32_t)size, NULL))
		return 0;
	while (asked < SECTIONS_ASKED && vmcore_next(k->vc, VMCORE_HELD, from, &start, &end)) {
		pfn = start >> page_shift;
		mem_map_find(&map, pfn, &va, &next);
		if (va && found && va - pfn * size != found)
			return 0;
		if (va)
			found = va - pfn * size;
		asked++;
		from = max_u64(end, start + 1);
		if (next < end >> page_shift)
			from = next << page_shift;
	}
	return found;
}

static void read_facts(struct kernel *k)
{
	uint64_t v = 0;

	if (vmcoreinfo_symbol(&k->vc->info, "vmemmap", &v) ||
	    (k->sym.known[S_vmemmap_base] && !kread_u64(k, k->sym.addr[S_vmemmap_base], &v, NULL)))
		k->vmemmap = v;
	else
		k->vmemmap = vmemmap_by_sections(k);
	if (!k->vmemmap)
		kernel_degrade(k, "page flags: where struct page lies is not known");
	k->may_have_poison = true;
	if (k->sym.known[S_num_poisoned_pages] &&
	    !kread_u64(k, k->sym.addr[S_num_poisoned_pages], &v, NULL))
		k->may_have_poison = v != 0;
}

/* The direct map's start, where a variable says it too, must be what the segments said. */
static int check_page_offset(struct kernel *k, struct err *err)
{
	uint64_t base;

	if (!k->sym.known[S_page_offset_base] ||
	    kread_u64(k, k->sym.addr[S_page_offset_base], &base, NULL))
		return 0;
	if (base == k->km.space.page_offset)
		return 0;
	if (base < k->km.space.user_end || base & 0xfffff)
		return err_set(err, ERR_CORRUPT, "page_offset_base is 0x%" PRIx64, base);
	if (k->km.space.page_offset_found)
		kernel_degrade(k, "direct map: segments say 0x%" PRIx64 ", page_offset_base 0x%" PRIx64,
			       k->km.space.page_offset, base);
	if (!k->km.space.page_offset_found) {
		/* kdump-compressed files bear no addresses: that is where to find it. */
		k->km.space.direct_end += base - k->km.space.page_offset;
		k->km.space.direct_start += base - k->km.space.page_offset;
		k->km.space.page_offset = base;
		k->km.space.page_offset_found = true;
	}
	return 0;
}

static void degrade_missing(struct kernel *k)
{
	size_t f, i;

	for (f = FEAT_NONE + 1; f < FEAT_NR; f++)
		for (i = 0; i < LAYOUT_NR; i++)
			if ((size_t)layout_defs[i].feature == f && !k->layout.v[i].known)
				kernel_degrade(k, "%s: no %s%s%s in the kernel's types",
					       layout_feature_name((enum layout_feature)f),
					       layout_defs[i].type ? layout_defs[i].type : "",
					       layout_defs[i].type && layout_defs[i].names ? "."
											   : "",
					       layout_defs[i].names ? layout_defs[i].names : "");
	if (!layout_has(&k->layout, L_mm_struct_mm_mt) &&
	    !layout_has(&k->layout, L_mm_struct_mmap))
		kernel_degrade(k, "memory maps: mm_struct has neither mm_mt nor mmap");
}

static int open_kernel(struct kernel *k, const struct layout_file *lf, struct err *err)
{
	int rc = kmem_init(&k->km, k->vc, err);

	if (!rc)
		rc = kernel_find_sources(k, lf, err);
	if (rc)
		return rc;
	read_identity(k);
	if (lf) {
		rc = layout_file_check(lf, k->build_id, k->release, k->version, err);
		if (rc)
			return rc;
	}
	rc = check_page_offset(k, err);
	if (rc)
		return rc;
	read_facts(k);
	degrade_missing(k);
	kernel_read_cpus(k);
	kernel_find_stack(k);
	return k->starved ? err_nomem(err) : 0;
}

int kernel_open(struct vmcore *vc, const struct layout_file *lf, struct kernel **ret,
		struct err *err)
{
	struct kernel *k = calloc(1, sizeof(*k));
	int rc;

	if (!k)
		return err_nomem(err);
	k->vc = vc;
	k->log = vc->log;
	k->panic_cpu = -1;
	k->stack_pad = UINT64_MAX;
	rc = open_kernel(k, lf, err);
	if (rc) {
		kernel_close(k);
		return rc;
	}
	*ret = k;
	return 0;
}

void kernel_close(struct kernel *k)
{
	if (!k)
		return;
	swap_destroy(k->swap);
	kallsyms_deinit(&k->ks);
	kernel_cpu_vec_free(&k->cpus);
	degraded_vec_free(&k->degraded);
	free(k);
}
