/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "util/str.h"

#define SELECT_HELP                                                                                \
	"  -p, --pid PID           the process of this pid\n"                                      \
	"  -n, --name COMM         processes of this name (a glob)\n"                              \
	"      --all               every process\n"                                                \
	"      --select 'TERM...'  processes for which all terms hold: comm= exe= pid= uid=\n"     \
	"                          cgroup= state= on-cpu panic hung[>=SECONDS] oom-victim\n"       \
	"                          rss>=SIZE, !TERM; several --select add up\n"

static const struct command commands[] = {
	{ "run", "[-C CONF] VMCORE DIR", "all that the configuration asks for",
	  "      --max-bytes SIZE    write no more than this\n"
	  "      --detail D          no process in more detail than D, and no kernel pages; none: only\n"
	  "                          the report, the log and the list of processes\n",
	  cmd_run },
	{ "report", "VMCORE", "one page of text: what died and who was doing what", "", cmd_report },
	{ "core", "[SELECTION] -o DIR|- VMCORE", "processes as ELF cores",
	  SELECT_HELP
	  "  -o, --output DIR|-      where the cores go; '-': standard output\n"
	  "      --detail D          how much of a process: tiny, small, data, full (default: what\n"
	  "                          the configuration says of it, else small)\n"
	  "      --file-pages        clean pages of files too, as far as they are in memory\n"
	  "      --codec Z           none, gzip, lzo or zstd (default zstd)\n"
	  "      --compress-level N  of the codec\n"
	  "      --max-bytes SIZE    write no more than this\n"
	  "  -f, --force             replace files that are there\n"
	  "  -C, --config FILE       whose process sections say what is kept and excluded\n"
	  "                          (default /etc/vmsift.conf, where there is one)\n",
	  cmd_core },
	{ "kdump", "[-d N] [-c|-l|-z] VMCORE... [OUT]", "kernel pages, as makedumpfile(8) writes them",
	  "  -d N                    leave pages out, the sum of: 1 zeros (they share one record),\n"
	  "                          2 cache, 4 cache, also private, 8 user data, 16 free (default 0)\n"
	  "  -c, -l, -z              compress pages by zlib, lzo, zstd (default: as they are)\n"
	  "      --compress-level N  of the codec\n"
	  "  -F                      flattened, as always where OUT cannot seek; no OUT: standard output\n"
	  "  -f, --force             replace OUT\n"
	  SELECT_HELP
	  "      --triage            only tasks, stacks, the log and the kernel's own data (default: -c)\n"
	  "      --detail D          keep these processes' pages as well, as much as a core of D has\n"
	  "      --max-bytes SIZE, --max-time TIME\n"
	  "                          end the dump, which says that it is incomplete\n"
	  "      --non-mmap          read the dump without mmap\n"
	  "      --num-threads N     that compress (default: one for each CPU); the output is the same\n"
	  "      --message-level N, -D, -X, --check-params\n"
	  "                          as makedumpfile(8) takes them\n",
	  cmd_kdump },
	{ "ps", "[-t] VMCORE...", "processes, one line each",
	  "  -t, --threads           threads, one line each\n", cmd_ps },
	{ "log", "VMCORE...", "the kernel log", "", cmd_log },
	{ "info", "[--check] VMCORE...", "what the dump is, and what cannot be told from it",
	  "      --check             status 3 if anything is degraded\n", cmd_info },
	{ "conf", "[-C CONF] [--check|--shell]", "the configuration as it is understood",
	  "      --check             status 2 if there is any mistake\n"
	  "      --shell             as assignments for sh\n",
	  cmd_conf },
	{ "layout", "[-o FILE] [--symbols EXE...]", "types and symbols of a kernel, for dumps of it",
	  "  -o, --output FILE       instead of standard output; -f replaces one that is there\n"
	  "      --symbols           also the data symbols of the programs named, by build-id\n"
	  "      --vmlinux FILE      not of the running kernel, but of this one\n"
	  "      --btf FILE --system-map FILE\n"
	  "                          likewise; pahole makes BTF from a vmlinux with DWARF\n"
	  "      --build-id HEX, --release STR --version STR\n"
	  "                          of which kernel that is, where the file does not say\n",
	  cmd_layout },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
	size_t i;

	fputs("Usage: vmsift COMMAND [OPTION...] ...\n"
	      "Sift processes and the log out of the dump of a crashed Linux kernel.\n\n",
	      out);
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  %-6s %-34s %s\n", commands[i].name, commands[i].usage,
			commands[i].summary);
	fputs("\nvmsift COMMAND --help tells more, vmsift(8) all.\n"
	      "Status: 0 done, 1 nothing written, 2 usage, 3 written in part, 4 nothing matched.\n",
	      out);
}

void common_init(struct common *c)
{
	memset(c, 0, sizeof(*c));
	c->level = LOG_INFO;
	log_init(&c->log, stderr, c->level);
}

int usage_error(const struct command *cmd, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_make_printable(text);
	fprintf(stderr, "vmsift %s: %s (see vmsift %s --help)\n", cmd->name, text, cmd->name);
	return VMSIFT_USAGE;
}

int common_option(struct common *c, const struct command *cmd, int opt, const char *arg)
{
	switch (opt) {
	case 'C':
		c->config = arg;
		return -1;
	case 'q':
		c->log.level = LOG_ERROR;
		return -1;
	case 'v':
		c->log.level = LOG_DEBUG;
		return -1;
	case OPT_JSON:
		c->json = true;
		return -1;
	case OPT_DRY_RUN:
		c->dry_run = true;
		return -1;
	case OPT_MAX_BYTES:
		if (!str_parse_size(arg, &c->max_bytes) || !c->max_bytes)
			return usage_error(cmd, "--max-bytes: '%s' is not a size", arg);
		return -1;
	case OPT_MAX_TIME:
		if (!str_parse_seconds(arg, &c->max_seconds) || !c->max_seconds)
			return usage_error(cmd, "--max-time: '%s' is not a time", arg);
		return -1;
	case OPT_LAYOUT:
		c->layout = arg;
		return -1;
	case 'h':
		printf("Usage: vmsift %s %s\n%c%s.\n\n%s"
		       "      --json              machine-readable, where the command has such\n"
		       "      --dry-run           say what would be written, where the command writes\n"
		       "  -q, --quiet             errors only\n"
		       "  -v, --verbose           details\n"
		       "  -h, --help              this text\n",
		       cmd->name, cmd->usage, cmd->summary[0] & ~0x20, cmd->summary + 1, cmd->help);
		return VMSIFT_DONE;
	case ':':
	default:
		return VMSIFT_USAGE; /* getopt_long() has said what is wrong */
	}
}

char *const *dump_arguments(const struct command *cmd, int argc, char **argv, size_t *nr)
{
	if (optind == argc) {
		usage_error(cmd, "which dump? VMCORE is missing");
		return NULL;
	}
	*nr = (size_t)(argc - optind);
	return argv + optind;
}

int open_dump(struct common *c, char *const *paths, size_t nr, struct vmsift **ret, struct err *err)
{
	int rc = vmsift_open_parts(paths, nr, &c->log, ret, err);

	if (rc)
		return rc;
	rc = vmsift_use_layout(*ret, c->layout, c->config, err);
	if (rc)
		vmsift_close(*ret);
	return rc;
}

int report_end(enum vmsift_status status, const struct err *err)
{
	if (err->rc || (err->text[0] && status != VMSIFT_DONE))
		fprintf(stderr, "vmsift: %s\n", err->text);
	return (int)status;
}

/*
 * Descriptors that the caller closed would become those of the dump and of outputs, into which messages
 * would go then. What takes their place refuses to be used, as a closed one does.
 */
static bool fill_descriptors(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			return false;
	return true;
}

/* What was printed is worth nothing on a full disk. */
static int end_text(void)
{
	struct err err = { 0 };

	return report_end(vmsift_flush(stdout, VMSIFT_DONE, &err), &err);
}

int main(int argc, char **argv)
{
	char name[32];
	size_t i;

	if (!fill_descriptors())
		return VMSIFT_NOTHING;
	/* A reader that has gone is an error like any other, with a message and a status. */
	signal(SIGPIPE, SIG_IGN);
	/* Likewise a limit on the size of files: EFBIG. */
	signal(SIGXFSZ, SIG_IGN);
	if (argc < 2) {
		print_help(stderr);
		return VMSIFT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_help(stdout);
		return end_text();
	}
	if (!strcmp(argv[1], "--version")) {
		puts("vmsift " VMSIFT_VERSION);
		return end_text();
	}
	for (i = 0; i < NR_COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		/* What getopt_long() puts before its messages. */
		snprintf(name, sizeof(name), "vmsift %s", commands[i].name);
		argv[1] = name;
		return commands[i].run(&commands[i], argc - 1, argv + 1);
	}
	fprintf(stderr, "vmsift: there is no command of that name (see vmsift --help)\n");
	return VMSIFT_USAGE;
}
