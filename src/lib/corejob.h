/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing cores: what core and run share. */
#ifndef VMSIFT_LIB_COREJOB_H
#define VMSIFT_LIB_COREJOB_H

#include "codec/codec.h"
#include "lib/dump.h"
#include "proc/proc.h"
#include "select/conf.h"
#include "select/plan.h"
#include "sink/outdir.h"
#include "sink/tar.h"
#include "ucore/data_file.h"
#include "util/json.h"

enum core_outcome {
	CORE_WRITTEN,
	CORE_PARTLY,   /* whole as a file, and something of the process was lost to damage */
	CORE_FAILED,   /* no such file; .why */
	CORE_BUDGET,   /* no such file: a limit of bytes */
	CORE_PLANNED,  /* dry run */
};

/* What became of one core. */
struct core_result {
	enum core_outcome outcome;
	int32_t pid;
	kvaddr_t task;		/* of its leader */
	char comm[TASK_COMM_SIZE + 1];
	enum detail detail;
	char file[256];		/* its name, "" if there is none */
	char base[256];		/* the same without its suffix */
	bool timed_out;		/* max-time ended it; .outcome is CORE_BUDGET */
	bool richer_failed;	/* what is there is less than was asked for; .why */
	uint64_t size;		/* of the core */
	uint64_t overhead;	/* of that, what is not memory: headers and notes */
	uint64_t bytes[4];	/* by enum page_state */
	uint64_t unavailable[REASON_NR];
	uint64_t kept[RULE_NR];	/* captured bytes by rule */
	struct plan_range_vec map; /* tiny: what is captured, as the core's note does not say it */
	struct data_file_vec data; /* registered data with files of their own */
	char data_dir[256];	/* where they are; "": nowhere */
	uint64_t lost_size;	/* filled, as it could not be read after all */
	uint64_t nr_threads;	/* with registers */
	const struct arch *arch;
	uint64_t unknown_regs;	/* of any of these, by index in arch_regs.r: 0 there, as they are not known */
	size_t nr_all_threads;
	char why[ERR_TEXT_SIZE];
};
DEFINE_VEC(core_result_vec, struct core_result);

struct corejob {
	struct vmsift *v;
	const struct codec *codec;
	int level;		/* 0: the codec's default */
	struct outdir *dir;	/* NULL: dry run or stream */
	struct tar *tar;	/* a stream of uncompressed cores; NULL: none */
	const char *tar_prefix;	/* of the members' names: "HOST-TIME/" or "" */
	bool stream_broken;	/* the tar took a part of a member: nothing can follow */
	bool dry_run;
	const struct conf *conf; /* whose process sections apply; NULL: none */
	bool file_pages;	/* for every core, whatever @conf says */
	uint64_t deadline_ns;	/* on the monotonic clock; 0: none */
	struct core_result_vec results;
};

/* Which of the passes over the processes this is: what is most valuable comes first. */
enum core_pass {
	PASS_ONLY,   /* one pass, with what is asked for */
	PASS_TINY,   /* the smallest useful core of every process */
	PASS_RICHER, /* what is asked for, in the place of the tiny one */
};

/* Return: 0; ERR_INVALID for words that name no codec or level. NULL and 0: the defaults. */
int corejob_init(struct corejob *job, struct vmsift *v, const char *codec, int level,
		 struct err *err);
void corejob_deinit(struct corejob *job);

/* The time, from now on, at which work ends: for .deadline_ns. */
uint64_t corejob_deadline(uint64_t seconds);

/* A process that was selected. */
struct chosen {
	struct task leader;
	enum detail detail;
	uint64_t sections[CONF_MAX_SECTIONS / 64]; /* process sections that match, by number */
};
DEFINE_VEC(chosen_vec, struct chosen);

/**
 * chosen_find() - the processes that a selection means and that have memory, or are named outright
 * @conf:   whose process sections say what is kept of those that they match, whoever selected them
 * @detail: for all of them; NULL: the richest of the sections that match, else the one of @conf
 * @lost:   processes that could not be read
 */
int chosen_find(struct vmsift *v, const struct selection_set *set, const struct conf *conf,
		const enum detail *detail, struct chosen_vec *ret, unsigned int *lost,
		struct err *err);

/**
 * chosen_keep_opts() - what the detail of a process, and the sections that match it, ask for
 * @sections: room for them; kept in @ret
 *
 * Return: how many sections match.
 */
size_t chosen_keep_opts(const struct vmsift *v, const struct conf *conf, const struct chosen *c,
			const struct conf_process *sections[CONF_MAX_SECTIONS],
			struct keep_opts *ret);

/* What is chosen where nothing says it: panic and on-cpu. */
int chosen_default(struct selection_set *set, struct err *err);

/**
 * chosen_by_conf() - the processes that the configuration chooses: what run writes
 * @matched: by process section: set where one matches; NULL: not asked for
 *
 * Without process sections the process that panicked and those on a CPU.
 */
int chosen_by_conf(struct vmsift *v, const struct conf *conf, bool *matched, struct chosen_vec *ret,
		   unsigned int *lost, struct err *err);

/* Take up a process section that matches: one of its keys may make the detail richer. */
void chosen_add_section(struct chosen *c, const struct conf *conf, size_t section);

/**
 * corejob_write() - one core into job->dir or job->tar (or a plan of it, in a dry run)
 * @pass: PASS_RICHER after PASS_TINY was published, for the same processes. In a tar both are members of
 *	  one name: who unpacks it is left with the richer one.
 *
 * A richer core that a limit of bytes does not allow is made smaller, its largest memory first; if that
 * does not help, or the time is up, the tiny one stays, with PASS_ONLY takes its place.
 *
 * The result is added to job->results whatever happens. Return: 0, also if this core failed; ERR_NOMEM,
 * ERR_NOSPACE, ERR_INTERRUPTED if it makes no sense to go on.
 */
int corejob_write(struct corejob *job, const struct chosen *c, enum core_pass pass,
		  struct err *err);

/* One core, or a tar of several, to standard output. */
int corejob_stream(struct corejob *job, const struct chosen_vec *chosen, struct err *err);

/* The status that the results amount to; why was said of each as it came. */
enum vmsift_status corejob_status(const struct corejob *job);

/* A table for people. */
void corejob_print(const struct corejob *job, FILE *out);

/* An array "cores" for the manifest and for --json. */
void corejob_json(const struct corejob *job, struct json *j);

#endif
