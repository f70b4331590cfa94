/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/module_symbol.h"

#include <elf.h>
#include <string.h>

#include "kernel/klist.h"
#include "kernel/sysinfo.h"
#include "util/bytes.h"

/* The largest modules of a distribution have some 60,000. */
#define SYMBOLS_MAX (1u << 20)
#define SYMBOL_SIZE sizeof(Elf64_Sym)
#define CHUNK	    128u

int module_find(struct kernel *k, kvaddr_t addr, struct kmodule *ret, struct err *err)
{
	const struct layout *l = &k->layout;
	struct klist list;
	kvaddr_t node;
	unsigned int n;

	if (!k->sym.known[S_modules] || !layout_has(l, L_module_list) ||
	    !layout_has(l, L_module_core_base) || !layout_has(l, L_module_core_size))
		return err_set(err, ERR_UNSUPPORTED, "the kernel does not show where modules lie");
	klist_init(&list, k, k->sym.addr[S_modules], "list of modules");
	for (n = 0; n < MODULES_MAX && klist_next(&list, &node); n++) {
		kvaddr_t mod = node - layout_off(l, L_module_list);
		uint64_t base, size;

		if (kread_member(k, mod, L_module_core_base, &base, NULL) ||
		    kread_member(k, mod, L_module_core_size, &size, NULL) || addr < base ||
		    addr - base >= size)
			continue;
		*ret = (struct kmodule){ .addr = mod, .start = base, .end = base + size };
		if (!layout_has(l, L_module_name) ||
		    kmem_read_str(&k->km, kmember_addr(k, mod, L_module_name), ret->name,
				  sizeof(ret->name), NULL))
			strcpy(ret->name, "?");
		return 0;
	}
	return err_set(err, ERR_NOTFOUND, "0x%" PRIx64 " is in no module", addr);
}

struct nearest {
	kvaddr_t value;
	uint32_t name; /* offset in the string table; 0: none found */
};

static void look_at(const uint8_t *sym, kvaddr_t strtab, struct kernel *k, kvaddr_t addr,
		    struct nearest *best)
{
	uint64_t value = get_u64(sym + offsetof(Elf64_Sym, st_value));
	uint32_t name = get_u32(sym + offsetof(Elf64_Sym, st_name));
	char start[2];

	if (!get_u16(sym + offsetof(Elf64_Sym, st_shndx)) || !name || value > addr ||
	    (best->name && value <= best->value))
		return;
	/* Local labels and mapping symbols are no functions. */
	if (kmem_read(&k->km, strtab + name, start, sizeof(start), NULL) || !start[0] ||
	    start[0] == '$' || (start[0] == '.' && start[1] == 'L'))
		return;
	*best = (struct nearest){ value, name };
}

static struct nearest find_nearest(struct kernel *k, const struct kmodule *m, kvaddr_t addr,
				   kvaddr_t *strtab)
{
	struct nearest best = { 0, 0 };
	uint8_t buf[CHUNK * SYMBOL_SIZE];
	uint64_t table, symtab, nr, i, j;

	if (kread_member(k, m->addr, L_module_kallsyms, &table, NULL) || !table ||
	    kread_member(k, table, L_mod_kallsyms_symtab, &symtab, NULL) ||
	    kread_member(k, table, L_mod_kallsyms_num_symtab, &nr, NULL) ||
	    kread_member(k, table, L_mod_kallsyms_strtab, strtab, NULL) || nr > SYMBOLS_MAX)
		return best;
	for (i = 0; i < nr; i += CHUNK) {
		uint64_t n = min_u64(CHUNK, nr - i);

		if (kmem_read(&k->km, symtab + i * SYMBOL_SIZE, buf, n * SYMBOL_SIZE, NULL))
			continue;
		for (j = 0; j < n; j++)
			look_at(buf + j * SYMBOL_SIZE, *strtab, k, addr, &best);
	}
	/* What lies before the module's code is none of its functions. */
	if (best.value < m->start)
		best.name = 0;
	return best;
}

void module_symbol(struct kernel *k, const struct kmodule *m, kvaddr_t addr, char *name, size_t size,
		   uint64_t *off)
{
	kvaddr_t strtab = 0;
	struct nearest best = find_nearest(k, m, addr, &strtab);

	*off = addr - m->start;
	if (!best.name || kmem_read_str(&k->km, strtab + best.name, name, size, NULL) || !name[0])
		name[0] = 0;
	else
		*off = addr - best.value;
}
