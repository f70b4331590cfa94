/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The library that the commands are made of. A command parses its options and calls one of these; what
 * lies behind (kernel structures, writers, sinks) it never sees.
 */
#ifndef VMSIFT_H
#define VMSIFT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "util/err.h"
#include "util/log.h"

/* Exit status of every command: a contract, vmsift(8). */
enum vmsift_status {
	VMSIFT_DONE = 0,    /* all that was asked for was written, or policy or budget limited it */
	VMSIFT_NOTHING = 1, /* nothing usable was written */
	VMSIFT_USAGE = 2,   /* usage or configuration */
	VMSIFT_PARTLY = 3,  /* written in part because of errors; info --check: something is degraded */
	VMSIFT_NO_MATCH = 4,
};

/* A dump, opened. */
struct vmsift;

/**
 * vmsift_open() - open a dump
 * @path: /proc/vmcore or a saved dump
 * @log:  for warnings and progress; kept; may be NULL
 * @ret:  free with vmsift_close(). Untouched on failure.
 *
 * Finds neither symbols nor types yet: each function below does when it needs them.
 *
 * Return: 0 or enum err_code.
 */
int vmsift_open(const char *path, struct log *log, struct vmsift **ret, struct err *err);
/* The same of a dump in several files (makedumpfile --split), given in any order. */
int vmsift_open_parts(char *const *paths, size_t nr, struct log *log, struct vmsift **ret,
		      struct err *err);
void vmsift_close(struct vmsift *v);

/**
 * vmsift_use_layout() - take types and symbols from a layout file
 * @layout: its path: another kernel's is refused; NULL: vmsift-layout.RELEASE beside @config, if there is
 *	    one and it is of this kernel
 * @config: the configuration's path; NULL: the usual one
 *
 * To be called before any function that needs the kernel. Return: 0 or why @layout cannot be used.
 */
int vmsift_use_layout(struct vmsift *v, const char *layout, const char *config, struct err *err);

struct vmsift_layout_opts {
	const char *out;	/* file; NULL: standard output */
	const char *vmlinux;	/* an ELF file with .BTF and a symbol table */
	const char *btf, *system_map; /* raw BTF or an ELF file with .BTF; nm's lines */
	const char *build_id, *release, *version; /* of another kernel than the running one */
	char *const *programs;	/* whose symbols are taken too, by build-id; ends with NULL */
	bool force;
};

/* The layout file of the running kernel, or of the one that the options describe. */
enum vmsift_status vmsift_layout(const struct vmsift_layout_opts *opts, struct log *log,
				 struct err *err);

/* The status that a failed call ends a command with when nothing was written before it. */
enum vmsift_status vmsift_status_of(int err_code);

/*
 * vmsift_flush() - end a text on @out, which is standard output
 *
 * Return: @status, or VMSIFT_NOTHING with the reason in @err when not all of it was taken (a full disk).
 */
enum vmsift_status vmsift_flush(FILE *out, enum vmsift_status status, struct err *err);

/* What the dump is, and what is degraded. @check: VMSIFT_PARTLY if anything is. */
enum vmsift_status vmsift_info(struct vmsift *v, FILE *out, bool json, bool check,
			       struct err *err);

/* Processes, or threads, one line each. */
enum vmsift_status vmsift_ps(struct vmsift *v, FILE *out, bool threads, bool json,
			     struct err *err);

/* The kernel log, as plain dmesg prints it. */
enum vmsift_status vmsift_log(struct vmsift *v, FILE *out, struct err *err);

/* One page of text: what died, and who was doing what. @conf: as for vmsift_core_opts. */
enum vmsift_status vmsift_report(struct vmsift *v, FILE *out, const char *conf, bool json,
				 struct err *err);

/* Which processes: selections add up. */
struct vmsift_selection;
int vmsift_selection_create(struct vmsift_selection **ret, struct err *err);
void vmsift_selection_destroy(struct vmsift_selection *s);
enum vmsift_select_kind { VMSIFT_SELECT_TERMS, VMSIFT_SELECT_PID, VMSIFT_SELECT_COMM,
			  VMSIFT_SELECT_ALL };
int vmsift_selection_add(struct vmsift_selection *s, enum vmsift_select_kind kind, const char *text,
			 struct err *err);

struct vmsift_core_opts {
	const struct vmsift_selection *selection; /* NULL: panic and on-cpu */
	const char *detail;	/* NULL: what the configuration says, else small */
	const char *codec;	/* NULL: zstd */
	int codec_level;	/* 0: the codec's default */
	const char *out;	/* a directory, or "-" */
	const char *conf;	/* configuration file; NULL: the default one if it exists */
	bool file_pages;	/* clean pages of files too, as far as they are in memory */
	bool force;		/* replace what is there */
	bool dry_run;		/* say what would be written, to @report */
	bool json;
	uint64_t max_bytes;	/* 0: no limit */
	uint64_t max_seconds;	/* 0: no limit */
	FILE *report;
};

/* Processes as ELF cores. */
enum vmsift_status vmsift_core(struct vmsift *v, const struct vmsift_core_opts *opts,
			       struct err *err);

struct vmsift_kdump_opts {
	const struct vmsift_selection *selection; /* processes whose pages are kept; NULL: none */
	const char *detail;	/* of these; NULL: what the configuration says, else small */
	const char *conf;	/* configuration file; NULL: the default one if it exists */
	unsigned int dump_level; /* as in makedumpfile(8), 0 to 31 */
	const char *codec;	/* none, zlib, lzo, zstd; NULL: none */
	int codec_level;	/* 0: the codec's default */
	const char *out;	/* a path; NULL or "-": standard output */
	bool triage;		/* only what tells of the crash; dump_level is 31 then */
	int nr_threads;		/* that compress; negative: as many as there are CPUs for us */
	bool flattened;		/* also where the output can seek; where it cannot, always */
	bool force;		/* replace what is there */
	bool dry_run;		/* only count the pages, to @report */
	bool json;
	uint64_t max_bytes;	/* 0: no limit */
	uint64_t max_seconds;	/* 0: no limit */
	FILE *report;
};

/* Kernel pages as a kdump-compressed file. */
enum vmsift_status vmsift_kdump(struct vmsift *v, const struct vmsift_kdump_opts *opts,
				struct err *err);

/* Read the dump by pread alone from now on, never by mmap. */
void vmsift_without_mmap(struct vmsift *v);

struct vmsift_run_opts {
	const char *conf;	/* configuration file; NULL: the default one if it exists */
	const char *out;	/* the directory in which HOST-TIME/ is made */
	bool dry_run;
	bool json;
	uint64_t max_bytes;
	uint64_t max_seconds;
	/*
	 * No process in more detail than this, and no kernel pages; "none": no process either. For
	 * a second try with less memory, and for the crash after the last one. NULL: as configured.
	 */
	const char *detail;
	FILE *report;
};

/* All that the configuration asks for, in order of value. */
enum vmsift_status vmsift_run(struct vmsift *v, const struct vmsift_run_opts *opts,
			      struct err *err);

enum vmsift_conf_mode { VMSIFT_CONF_PRINT, VMSIFT_CONF_CHECK, VMSIFT_CONF_SHELL };

/* The configuration: as understood, checked, or as shell assignments. Mistakes go to @log. */
enum vmsift_status vmsift_conf(const char *path, enum vmsift_conf_mode mode, FILE *out,
			       struct log *log, struct err *err);

/* Names for help texts: codecs and details, separated by '|'. */
const char *vmsift_codec_names(void);
const char *vmsift_detail_names(void);

#endif
