/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/module_types.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "kernel/klist.h"
#include "kernel/module_id.h"
#include "kernel/sources.h"
#include "util/cleanup.h"

#define MODULE_NAME_LEN 56 /* include/linux/module.h: 64 less a pointer */

static bool is_of(const struct layout_def *d, const char *module)
{
	return d->module && !strcmp(d->module, module);
}

static bool any_known(const struct kernel *k, const char *module)
{
	size_t i;

	for (i = 0; i < LAYOUT_NR; i++)
		if (is_of(&layout_defs[i], module) && k->layout.v[i].known)
			return true;
	return false;
}

int module_types_fill(const struct reader *base, const struct reader *btf, const char *module,
		      struct layout *layout, struct err *err)
{
	AUTO_FREE struct layout_def *defs = calloc(LAYOUT_NR, sizeof(*defs));
	AUTO_FREE struct layout_value *values = calloc(LAYOUT_NR, sizeof(*values));
	size_t i, nr = 0;
	int rc;

	if (!defs || !values)
		return err_nomem(err);
	for (i = 0; i < LAYOUT_NR; i++)
		if (is_of(&layout_defs[i], module))
			defs[nr++] = layout_defs[i];
	rc = btf_fill_layout_split(base, btf, defs, nr, values, err);
	for (i = nr = 0; i < LAYOUT_NR; i++)
		if (is_of(&layout_defs[i], module) && values[nr++].known)
			layout->v[i] = values[nr - 1];
	return rc;
}

/* Where the module's BTF is. Return: 0; ERR_NOTFOUND if it is not loaded or has none. */
static int find_btf(struct kernel *k, const char *module, kvaddr_t *data, uint64_t *size,
		    struct err *err)
{
	char name[MODULE_NAME_LEN];
	struct klist l;
	kvaddr_t at;

	if (!k->sym.known[S_btf_modules] || !layout_has(&k->layout, L_btf_module_list) ||
	    !layout_has(&k->layout, L_module_name))
		return err_set(err, ERR_UNSUPPORTED, "kernel %s has no list of modules' types",
			       k->release);
	klist_init(&l, k, k->sym.addr[S_btf_modules], "list of modules' types");
	while (klist_next(&l, &at)) {
		uint64_t mod, btf;

		at -= layout_off(&k->layout, L_btf_module_list);
		if (kread_member(k, at, L_btf_module_module, &mod, NULL) ||
		    kmem_read_str(&k->km, kmember_addr(k, mod, L_module_name), name, sizeof(name),
				  NULL) ||
		    strcmp(name, module))
			continue;
		if (kread_member(k, at, L_btf_module_btf, &btf, err) ||
		    kread_member(k, btf, L_btf_data, data, err) ||
		    kread_member(k, btf, L_btf_data_size, size, err))
			return err_add(err, "btf_module 0x%" PRIx64, at);
		return 0;
	}
	return err_set(err, ERR_NOTFOUND, "no types of such a module are loaded");
}

static int find_types(struct kernel *k, const char *module, struct err *err)
{
	struct kernel_blob base_blob, blob;
	struct reader base, btf;
	kvaddr_t data;
	uint64_t size;
	int rc = find_btf(k, module, &data, &size, err);

	if (rc)
		return rc;
	if (size > BTF_SIZE_MAX)
		return err_set(err, ERR_CORRUPT, "its types take %" PRIu64 " bytes", size);
	if (!k->btf_size)
		return err_set(err, ERR_NOTFOUND, "the kernel's own types (BTF) are not there");
	base = kernel_blob_reader(k, &base_blob, k->btf_start, k->btf_size);
	btf = kernel_blob_reader(k, &blob, data, size);
	return module_types_fill(&base, &btf, module, &k->layout, err);
}

/* The build-id of a loaded module. Return: whether it is loaded; "" if it has none. */
static bool loaded_build_id(struct kernel *k, const char *module, char hex[MODULE_ID_SIZE])
{
	char name[MODULE_NAME_LEN];
	struct klist l;
	kvaddr_t at;

	hex[0] = 0;
	if (!k->sym.known[S_modules] || !layout_has(&k->layout, L_module_list) ||
	    !layout_has(&k->layout, L_module_name))
		return false;
	klist_init(&l, k, k->sym.addr[S_modules], "list of modules");
	while (klist_next(&l, &at)) {
		at -= layout_off(&k->layout, L_module_list);
		if (kmem_read_str(&k->km, kmember_addr(k, at, L_module_name), name, sizeof(name), NULL) ||
		    strcmp(name, module))
			continue;
		module_build_id(k, at, hex);
		return true;
	}
	return false;
}

/*
 * A layout file's types of a module are of one build of it, and the machine may have loaded another since:
 * then they are forgotten, and those that the dump has serve, if it has any.
 */
static void check_build(struct kernel *k, size_t i)
{
	const char *module = layout_module_at(i);
	char loaded[MODULE_ID_SIZE], wanted[MODULE_ID_SIZE];
	size_t v;

	strcpy(wanted, k->module_build_id[i]);
	k->module_build_id[i][0] = 0;
	if (!wanted[0] || !any_known(k, module) ||
	    (loaded_build_id(k, module, loaded) && !strcasecmp(loaded, wanted)))
		return;
	for (v = 0; v < LAYOUT_NR; v++)
		if (is_of(&layout_defs[v], module))
			k->layout.v[v].known = false;
	log_warn(k->log, "module %s: the layout file's types are of build %s, the dump's is %s: not used",
		 module, wanted, loaded[0] ? loaded : "not known");
}

int kernel_need_module_types(struct kernel *k, const char *module, struct err *err)
{
	struct err *tried = NULL;
	const char *name;
	size_t i;

	for (i = 0; (name = layout_module_at(i)); i++)
		if (!strcmp(name, module)) {
			tried = &k->module_tried[i];
			check_build(k, i);
		}
	if (any_known(k, module))
		return 0;
	if (!tried)
		return err_set(err, ERR_UNSUPPORTED, "module %s is not known here", module);
	if (!tried->rc) {
		tried->rc = find_types(k, module, tried);
		if (any_known(k, module)) {
			tried->rc = 0;
			return 0;
		}
		if (!tried->rc)
			err_set(tried, ERR_UNSUPPORTED, "its types are not what they were");
		err_add(tried, "module %s", module);
		kernel_degrade(k, "swap: %s", tried->text);
	}
	return err_set(err, tried->rc, "%s", tried->text);
}
