/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/layout.h"

const struct layout_def layout_defs[LAYOUT_NR] = {
#define TYPE(i, t, f)	   [L_##i] = { LAYOUT_TYPE, FEAT_##f, #i, #t, NULL },
#define MEMBER(i, t, p, f) [L_##i] = { LAYOUT_MEMBER, FEAT_##f, #i, #t, p },
#define ENUM(i, n, f)	   [L_##i] = { LAYOUT_ENUM, FEAT_##f, #i, NULL, n },
#include "kernel/layout.def"
#undef TYPE
#undef MEMBER
#undef ENUM
};

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
