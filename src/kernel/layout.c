/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/layout.h"

const struct layout_def layout_defs[LAYOUT_NR] = {
#define TYPE(i, t, f)	   [L_##i] = { LAYOUT_TYPE, FEAT_##f, #i, #t, NULL, NULL },
#define MEMBER(i, t, p, f) [L_##i] = { LAYOUT_MEMBER, FEAT_##f, #i, #t, p, NULL },
#define ENUM(i, n, f)	   [L_##i] = { LAYOUT_ENUM, FEAT_##f, #i, NULL, n, NULL },
#define MODULE_TYPE(m, i, t, f)	     [L_##i] = { LAYOUT_TYPE, FEAT_##f, #i, #t, NULL, #m },
#define MODULE_MEMBER(m, i, t, p, f) [L_##i] = { LAYOUT_MEMBER, FEAT_##f, #i, #t, p, #m },
#define MODULE_ENUM(m, i, n, f)	     [L_##i] = { LAYOUT_ENUM, FEAT_##f, #i, NULL, n, #m },
#include "kernel/layout.def"
#undef TYPE
#undef MEMBER
#undef ENUM
#undef MODULE_TYPE
#undef MODULE_MEMBER
#undef MODULE_ENUM
};

const char *layout_module_at(size_t i)
{
	static const char *const modules[LAYOUT_MODULES] = { "zram", "zsmalloc" };

	return i < LAYOUT_MODULES ? modules[i] : NULL;
}

const char *layout_feature_name(enum layout_feature feature)
{
	static const char *const names[FEAT_NR] = {
		[FEAT_NONE] = "refinements",
		[FEAT_TASKS] = "processes and threads",
		[FEAT_VMAS] = "memory maps",
		[FEAT_PATHS] = "file paths",
		[FEAT_CGROUPS] = "control groups",
		[FEAT_CREDS] = "credentials",
		[FEAT_REGS] = "registers",
		[FEAT_FPU] = "floating-point registers",
		[FEAT_PAGES] = "page flags",
		[FEAT_PAGECACHE] = "page cache",
		[FEAT_SWAP] = "swap",
		[FEAT_MODULES] = "modules",
		[FEAT_NAMESPACES] = "namespaces",
		[FEAT_FILES] = "open files",
	};

	return feature < FEAT_NR ? names[feature] : "?";
}
