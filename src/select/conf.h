/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration, vmsift.conf(5), as plain data. Reading it never stops at a mistake: each is
 * named with file, line and key, what holds it is left out, the rest is used. Whether mistakes
 * matter is for the caller: "conf --check" ends with status 2, "run" goes on with what could be
 * read.
 */
#ifndef VMSIFT_SELECT_CONF_H
#define VMSIFT_SELECT_CONF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "select/detail.h"
#include "select/select.h"
#include "util/err.h"
#include "util/types.h"
#include "util/vec.h"

#define CONF_DEFAULT_PATH "/etc/vmsift.conf"

/* Far above any real file; they keep the memory for a hostile one below 8 MiB in all. */
#define CONF_MAX_SIZE	  MIB(1)
#define CONF_MAX_SECTIONS 256
#define CONF_MAX_VALUES	  8192 /* texts in all lists and keys together */
#define CONF_MAX_TEXT	  4095 /* bytes of one value, as written */
#define CONF_MAX_TITLE	  64   /* bytes */
#define CONF_MAX_PROBLEMS 64   /* that are kept with their text */

/* The largest anchor-max. */
#define CONF_ANCHOR_MAX MIB(8)

/* The value of a limit that is not set. */
#define CONF_UNLIMITED UINT64_MAX

enum conf_codec {
	CONF_CODEC_NONE,
	CONF_CODEC_GZIP, /* processes only */
	CONF_CODEC_LZO,
	CONF_CODEC_ZSTD,
	CONF_CODEC_ZLIB, /* kernel section only */
};

enum conf_action { CONF_REBOOT, CONF_HALT, CONF_POWEROFF, CONF_SHELL };

/* A number, size (bytes), time (seconds), switch (0, 1) or word (its enum). */
struct conf_value {
	uint64_t v;	   /* the default where it is not set */
	unsigned int line; /* where it was set; 0: it was not */
};

struct conf_text {
	char *s;	   /* NULL: not set */
	unsigned int line; /* 0: not set */
};

DEFINE_VEC(conf_texts, struct conf_text)

/* symbols = {"NAME[:SIZE] [follow=N]"} */
struct conf_symbol {
	char *name;
	uint64_t size;	     /* bytes; 0: as the symbol table says */
	unsigned int follow; /* pointers to follow, this deep */
	unsigned int line;
};

DEFINE_VEC(conf_symbols, struct conf_symbol)

/* ranges = {"0xSTART-0xEND"}: [start, end), start < end */
struct conf_range {
	uvaddr_t start, end;
	unsigned int line;
};

DEFINE_VEC(conf_ranges, struct conf_range)

enum conf_exclude_kind { CONF_EXCLUDE_SYMBOL, CONF_EXCLUDE_MAPPING, CONF_EXCLUDE_RANGE };

/* exclude = {"symbol=NAME[:SIZE]", "mapping=NAME", "range=0xSTART-0xEND"} */
struct conf_exclude {
	enum conf_exclude_kind kind;
	char *name;		 /* of the symbol or mapping, else NULL */
	uint64_t size;		 /* of the symbol; 0: as the symbol table says */
	struct conf_range range; /* CONF_EXCLUDE_RANGE */
	unsigned int line;
};

DEFINE_VEC(conf_excludes, struct conf_exclude)

/* process "TITLE" { ... } */
struct conf_process {
	char *title;
	unsigned int line; /* where the section begins */
	struct selection_set match;
	struct conf_value detail; /* see conf_process_detail() */
	struct conf_value anchors, anchor_before, anchor_after, anchor_depth, anchor_max;
	struct conf_value stack_max, stack_base;
	struct conf_value registered, scope, file_pages;
	struct conf_value max_bytes, max_time;
	struct conf_symbols symbols;
	struct conf_texts mappings; /* names; "*" and "?" are wildcards, brackets are not */
	struct conf_ranges ranges;
	struct conf_excludes exclude;
	struct conf_texts data_files;
	bool damaged; /* something in this section could not be read */
	/*
	 * An exclusion of this section could not be read, there: what it was to keep out of the
	 * cores is not known. 0: none was lost.
	 */
	unsigned int exclude_lost_line;
};

DEFINE_VEC(conf_processes, struct conf_process)

/* kernel { ... } */
struct conf_kernel {
	bool present; /* without the section there is no kernel dump */
	unsigned int line;
	struct conf_value dump_level, codec, detail, triage;
	struct selection_set with;
};

enum conf_target_kind { CONF_TARGET_DIR, CONF_TARGET_SSH, CONF_TARGET_NFS, CONF_TARGET_RAW };

/* target "TITLE" { ... }, in the order of the file */
struct conf_target {
	char *title;
	unsigned int line;
	struct conf_text to;
	enum conf_target_kind kind; /* this and the next four: what @to says */
	char *user;		    /* ssh, if given */
	char *host;		    /* ssh, nfs; an IPv6 address without its brackets */
	unsigned int port;	    /* ssh; 0: not given */
	char *path;		    /* dir, ssh, nfs: absolute */
	struct conf_text device;    /* dir: what to mount; raw: from @to */
	struct conf_text fstype, options, key, known_hosts;
	struct conf_value keep, keep_free, timeout;
};

DEFINE_VEC(conf_targets, struct conf_target)

struct conf {
	struct conf_value detail, codec;
	struct conf_value max_bytes, max_time;
	struct conf_processes processes;
	struct conf_kernel kernel;
	struct conf_targets targets;
	struct conf_value final_action, failure_action;
	struct conf_value timeout;
	struct conf_value crash_loop_count; /* 0: no guard */
	struct conf_value crash_loop_seconds;
	/* As in struct conf_process, for text that belongs to no section that was kept: holds for all. */
	unsigned int exclude_lost_line;
	/*
	 * Exclusions of process sections of whose match something could not be read: whom they are for
	 * is not known, so that they hold for every process.
	 */
	struct conf_excludes exclude_all;
};

struct conf_problem {
	unsigned int line;
	char *text; /* "vmsift.conf:12: process \"storaged\": stack-max: '64X' is not a size" */
};

DEFINE_VEC(conf_problem_vec, struct conf_problem)

/* Ascending by line. Zero-initialise; free with conf_problems_free(). */
struct conf_problems {
	struct conf_problem_vec list;
	size_t nr; /* found in all; those above CONF_MAX_PROBLEMS are counted only */
};

/**
 * conf_read() - read a configuration file
 * @path:     its name, also in the messages
 * @ret:      always usable afterwards, and to be freed with conf_free(): the defaults where nothing
 *            could be read
 * @problems: mistakes found in the text; the strict caller refuses a file that has any
 * @err:      why the file could not be read at all
 *
 * Return: 0, also if there are problems; ERR_NOTFOUND if there is no such file; ERR_IO; ERR_FORMAT
 * if it is larger than CONF_MAX_SIZE; ERR_NOMEM (then @ret holds what was stored so far).
 */
int conf_read(const char *path, struct conf *ret, struct conf_problems *problems, struct err *err);

/* The same for a text in memory, any bytes; @name is its name in the messages. 0 or ERR_NOMEM. */
int conf_parse(const char *name, const char *text, size_t size, struct conf *ret,
	       struct conf_problems *problems, struct err *err);

/* The defaults: no file at all. */
void conf_init(struct conf *conf);
void conf_free(struct conf *conf);
/* The defaults of one process section: values only. */
void conf_set_process_defaults(struct conf_process *process);
void conf_problems_free(struct conf_problems *problems);

/* What a process section asks for: its own detail, else the one for all. */
enum detail conf_process_detail(const struct conf *conf, const struct conf_process *process);

const char *conf_codec_name(enum conf_codec codec);

/**
 * conf_print() - the configuration as it was understood, in its own syntax
 *
 * Values that were not set are comments that tell their default. Reading the text again gives the
 * same configuration (but for the line numbers).
 */
void conf_print(const struct conf *conf, FILE *out);

/**
 * conf_print_shell() - assignments for sh(1), to be sourced by the scripts of initramfs/
 *
 * Every variable is assigned, an empty text where nothing is set; values stand in single quotes,
 * whatever their bytes; sizes are in bytes, times in seconds. The caller checks ferror(@out).
 */
void conf_print_shell(const struct conf *conf, FILE *out);

#endif
