/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration: what is understood, its defaults, files, limits, and what is printed. */
#undef NDEBUG
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf_util.h"

/* The example of the design, whole. */
static const char example[] =
	"detail = tiny # comment\n"
	"codec = gzip\n"
	"max-bytes = 2G max-time = 5m\n"
	"process \"storaged\" {\n"
	"	match = {\"comm=storaged uid=0\",\n\"panic\"}\n"
	"	detail = data anchors = off\n"
	"	anchor-before = 64 anchor-after = 1K anchor-depth = 2 anchor-max = 1M\n"
	"	stack-max = 64K stack-base = 2K\n"
	"	symbols = {\"g_state:4K\", \"g_ring:64K follow=2\"} mappings = {\"[anon:ring]\"}\n"
	"	ranges = {\"0x7f0000000000-0x7f0000010000\"}\n"
	"	exclude = {\"symbol=session_keys:32\", \"mapping=[anon:keys]\", "
	"\"range=0x10-0x20\"}\n"
	"	registered = off scope = 3 data-files = {\"state\"} file-pages = on\n"
	"	max-bytes = 16M max-time = 10s\n"
	"}\n"
	"kernel { dump-level = 17 codec = zlib with = {\"comm=storaged\"} detail = data triage = "
	"on }\n"
	"target \"disk\" { to = \"/var/crash\" device = \"UUID=1-2\" fstype = ext4 options = \"\"\n"
	"	keep = 5 keep-free = 500M timeout = 30s }\n"
	"target \"net\" { to = \"ssh://crash@10.0.2.2:2222/srv/crash\" key = \"/root/.ssh/kdump\"\n"
	"	known-hosts = \"/k\" }\n"
	"final-action = poweroff failure-action = shell timeout = 1h crash-loop = \"4 in 1h\"\n";

#define assert_value(value, want, where)                 \
	do {                                             \
		assert_int_equal((value).v, (want));     \
		assert_int_equal((value).line, (where)); \
	} while (0)

static void check_process(const struct conf_process *p)
{
	assert_string_equal(p->title, "storaged");
	assert_int_equal(p->line, 4);
	assert_int_equal(p->match.selections.n, 2);
	assert_string_equal(p->match.selections.v[0].text, "comm=storaged uid=0");
	assert_int_equal(p->match.selections.v[0].line, 5);
	assert_string_equal(p->match.selections.v[1].text, "panic");
	assert_int_equal(p->match.selections.v[1].line, 6);
	assert_value(p->detail, DETAIL_DATA, 7);
	assert_value(p->anchors, 0, 7);
	assert_value(p->anchor_before, 64, 8);
	assert_value(p->anchor_after, 1024, 8);
	assert_value(p->anchor_depth, 2, 8);
	assert_value(p->anchor_max, MIB(1), 8);
	assert_value(p->stack_max, KIB(64), 9);
	assert_value(p->stack_base, KIB(2), 9);
	assert_int_equal(p->symbols.n, 2);
	assert_string_equal(p->symbols.v[1].name, "g_ring");
	assert_int_equal(p->symbols.v[1].size, KIB(64));
	assert_int_equal(p->symbols.v[1].follow, 2);
	assert_int_equal(p->symbols.v[0].follow, 0);
	assert_string_equal(p->mappings.v[0].s, "[anon:ring]");
	assert_int_equal(p->ranges.v[0].start, 0x7f0000000000);
	assert_int_equal(p->ranges.v[0].end, 0x7f0000010000);
	assert_int_equal(p->exclude.n, 3);
	assert_int_equal(p->exclude.v[0].kind, CONF_EXCLUDE_SYMBOL);
	assert_string_equal(p->exclude.v[0].name, "session_keys");
	assert_int_equal(p->exclude.v[0].size, 32);
	assert_int_equal(p->exclude.v[1].kind, CONF_EXCLUDE_MAPPING);
	assert_string_equal(p->exclude.v[1].name, "[anon:keys]");
	assert_int_equal(p->exclude.v[2].kind, CONF_EXCLUDE_RANGE);
	assert_int_equal(p->exclude.v[2].range.start, 0x10);
	assert_int_equal(p->exclude.v[2].range.end, 0x20);
	assert_null(p->exclude.v[2].name);
	assert_value(p->registered, 0, 13);
	assert_value(p->scope, 3, 13);
	assert_string_equal(p->data_files.v[0].s, "state");
	assert_value(p->file_pages, 1, 13);
	assert_value(p->max_bytes, MIB(16), 14);
	assert_value(p->max_time, 10, 14);
	assert_false(p->damaged);
	assert_int_equal(p->exclude_lost_line, 0);
}

static void check_targets(const struct conf_targets *targets)
{
	const struct conf_target *t = targets->v;

	assert_int_equal(targets->n, 2);
	assert_string_equal(t->title, "disk");
	assert_int_equal(t->kind, CONF_TARGET_DIR);
	assert_string_equal(t->path, "/var/crash");
	assert_string_equal(t->device.s, "UUID=1-2");
	assert_string_equal(t->fstype.s, "ext4");
	assert_string_equal(t->options.s, "");
	assert_int_equal(t->options.line, 17);
	assert_value(t->keep, 5, 18);
	assert_value(t->keep_free, MIB(500), 18);
	assert_value(t->timeout, 30, 18);
	assert_null(t->key.s);
	t++;
	assert_string_equal(t->title, "net");
	assert_int_equal(t->kind, CONF_TARGET_SSH);
	assert_string_equal(t->user, "crash");
	assert_string_equal(t->host, "10.0.2.2");
	assert_int_equal(t->port, 2222);
	assert_string_equal(t->path, "/srv/crash");
	assert_string_equal(t->key.s, "/root/.ssh/kdump");
	assert_string_equal(t->known_hosts.s, "/k");
	assert_null(t->device.s);
	assert_value(t->keep, CONF_UNLIMITED, 0);
	assert_value(t->keep_free, 0, 0);
	assert_value(t->timeout, 60, 0);
}

static void test_values_and_lines(void **state)
{
	struct conf conf;

	(void)state;
	parse_good(example, strlen(example), &conf);
	assert_value(conf.detail, DETAIL_TINY, 1);
	assert_value(conf.codec, CONF_CODEC_GZIP, 2);
	assert_value(conf.max_bytes, GIB(2), 3);
	assert_value(conf.max_time, 300, 3);
	assert_int_equal(conf.processes.n, 1);
	check_process(conf.processes.v);
	assert_int_equal(conf_process_detail(&conf, conf.processes.v), DETAIL_DATA);
	conf.processes.v->detail.line = 0;
	assert_int_equal(conf_process_detail(&conf, conf.processes.v), DETAIL_TINY);
	conf.processes.v->detail.line = 7;
	assert_true(conf.kernel.present);
	assert_int_equal(conf.kernel.line, 16);
	assert_value(conf.kernel.dump_level, 17, 16);
	assert_value(conf.kernel.codec, CONF_CODEC_ZLIB, 16);
	assert_value(conf.kernel.detail, DETAIL_DATA, 16);
	assert_value(conf.kernel.triage, 1, 16);
	assert_string_equal(conf.kernel.with.selections.v[0].text, "comm=storaged");
	check_targets(&conf.targets);
	assert_value(conf.final_action, CONF_POWEROFF, 21);
	assert_value(conf.failure_action, CONF_SHELL, 21);
	assert_value(conf.timeout, 3600, 21);
	assert_value(conf.crash_loop_count, 4, 21);
	assert_value(conf.crash_loop_seconds, 3600, 21);
	check_round_trip(&conf);
	conf_free(&conf);
}

static void check_defaults(const struct conf *conf)
{
	assert_value(conf->detail, DETAIL_SMALL, 0);
	assert_value(conf->codec, CONF_CODEC_ZSTD, 0);
	assert_value(conf->max_bytes, CONF_UNLIMITED, 0);
	assert_value(conf->max_time, CONF_UNLIMITED, 0);
	assert_int_equal(conf->processes.n, 0);
	assert_false(conf->kernel.present);
	assert_value(conf->kernel.dump_level, 31, 0);
	assert_value(conf->kernel.codec, CONF_CODEC_LZO, 0);
	assert_int_equal(conf->targets.n, 0);
	assert_value(conf->final_action, CONF_REBOOT, 0);
	assert_value(conf->failure_action, CONF_REBOOT, 0);
	assert_value(conf->timeout, 120, 0);
	assert_value(conf->crash_loop_count, 3, 0);
	assert_value(conf->crash_loop_seconds, 1800, 0);
	assert_int_equal(conf->exclude_lost_line, 0);
}

static void test_defaults(void **state)
{
	static const char text[] = "process a { match = panic }";
	struct conf conf;

	(void)state;
	conf_init(&conf);
	check_defaults(&conf);
	conf_free(&conf);
	parse_good("", 0, &conf);
	check_defaults(&conf);
	conf_free(&conf);
	parse_good(text, strlen(text), &conf);
	assert_value(conf.processes.v->anchors, 1, 0);
	assert_value(conf.processes.v->anchor_before, 128, 0);
	assert_value(conf.processes.v->anchor_after, 256, 0);
	assert_value(conf.processes.v->anchor_depth, 1, 0);
	assert_value(conf.processes.v->stack_max, CONF_UNLIMITED, 0);
	assert_value(conf.processes.v->stack_base, 0, 0);
	assert_value(conf.processes.v->registered, 1, 0);
	assert_value(conf.processes.v->scope, CONF_UNLIMITED, 0);
	assert_value(conf.processes.v->file_pages, 0, 0);
	assert_int_equal(conf_process_detail(&conf, conf.processes.v), DETAIL_SMALL);
	conf_free(&conf);
}

/* A file of @size newlines. Return: of conf_read(). */
static int read_newlines(size_t size)
{
	char path[] = "/tmp/test_conf.XXXXXX";
	struct conf_problems problems = { 0 };
	char *text = malloc(size);
	struct err err = { 0 };
	struct conf conf;
	int fd = mkstemp(path), rc;

	assert_non_null(text);
	assert_true(fd >= 0);
	memset(text, '\n', size);
	assert_int_equal(write(fd, text, size), (ssize_t)size);
	close(fd);
	rc = conf_read(path, &conf, &problems, &err);
	assert_int_equal(problems.nr, 0);
	conf_free(&conf);
	unlink(path);
	free(text);
	return rc;
}

/* Write @text to a file of its own. @path: a template of mkstemp(3). */
static void write_file(char *path, const char *text, size_t size)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), (ssize_t)size);
	close(fd);
}

/* What sh(1) makes of one variable of the assignments. @expected is compared byte by byte. */
static void check_variable(const char *path, const char *name, const char *expected)
{
	char command[256], got[256] = "";
	FILE *sh;

	snprintf(command, sizeof(command), "set -eu; . %s; printf %%s \"$%s\"", path, name);
	sh = popen(command, "r");
	assert_non_null(sh);
	got[fread(got, 1, sizeof(got) - 1, sh)] = 0;
	assert_int_equal(pclose(sh), 0);
	assert_string_equal(got, expected);
}

#define NASTY "a'b\"c\\d$(touch /tmp/no)`id`\n;&|*?[x] \t${HOME}''\x01\xff"

static void test_shell(void **state)
{
	char path[] = "/tmp/test_conf.XXXXXX";
	struct conf conf;
	char *text;

	(void)state;
	parse_good(example, strlen(example), &conf);
	free(conf.targets.v[0].title);
	conf.targets.v[0].title = strdup(NASTY);
	free(conf.targets.v[1].path);
	conf.targets.v[1].path = strdup("'");
	text = printed(conf_print_shell, &conf);
	write_file(path, text, strlen(text));
	check_variable(path, "VMSIFT_TARGETS", "1 2");
	check_variable(path, "VMSIFT_TARGET_1_NAME", NASTY);
	check_variable(path, "VMSIFT_TARGET_1_TO", "/var/crash");
	check_variable(path, "VMSIFT_TARGET_1_KIND", "dir");
	check_variable(path, "VMSIFT_TARGET_1_HOST", "");
	check_variable(path, "VMSIFT_TARGET_1_PORT", "");
	check_variable(path, "VMSIFT_TARGET_1_PATH", "/var/crash");
	check_variable(path, "VMSIFT_TARGET_1_DEVICE", "UUID=1-2");
	check_variable(path, "VMSIFT_TARGET_1_FSTYPE", "ext4");
	check_variable(path, "VMSIFT_TARGET_1_OPTIONS", "");
	check_variable(path, "VMSIFT_TARGET_1_KEEP", "5");
	check_variable(path, "VMSIFT_TARGET_1_KEEP_FREE", "524288000");
	check_variable(path, "VMSIFT_TARGET_1_TIMEOUT", "30");
	check_variable(path, "VMSIFT_TARGET_1_KNOWN_HOSTS", "");
	check_variable(path, "VMSIFT_TARGET_2_KIND", "ssh");
	check_variable(path, "VMSIFT_TARGET_2_USER", "crash");
	check_variable(path, "VMSIFT_TARGET_2_HOST", "10.0.2.2");
	check_variable(path, "VMSIFT_TARGET_2_PORT", "2222");
	check_variable(path, "VMSIFT_TARGET_2_PATH", "'");
	check_variable(path, "VMSIFT_TARGET_2_KEY", "/root/.ssh/kdump");
	check_variable(path, "VMSIFT_TARGET_2_KNOWN_HOSTS", "/k");
	check_variable(path, "VMSIFT_TARGET_2_KEEP", "");
	check_variable(path, "VMSIFT_FINAL_ACTION", "poweroff");
	check_variable(path, "VMSIFT_FAILURE_ACTION", "shell");
	check_variable(path, "VMSIFT_TIMEOUT", "3600");
	check_variable(path, "VMSIFT_CRASH_LOOP_COUNT", "4");
	check_variable(path, "VMSIFT_CRASH_LOOP_SECONDS", "3600");
	unlink(path);
	free(text);
	conf_free(&conf);
}

static const struct {
	const char *to;
	enum conf_target_kind kind;
	const char *user, *host, *path, *device;
	unsigned int port;
} targets[] = {
	{ "/a b", CONF_TARGET_DIR, NULL, NULL, "/a b", NULL, 0 },
	{ "ssh://h/", CONF_TARGET_SSH, NULL, "h", "/", NULL, 0 },
	{ "ssh://u.x@h-1.example:22/a@b:c", CONF_TARGET_SSH, "u.x", "h-1.example", "/a@b:c", NULL,
	  22 },
	{ "ssh://[::1]/x", CONF_TARGET_SSH, NULL, "::1", "/x", NULL, 0 },
	{ "ssh://u@[fe80::1%eth0]:65535/x", CONF_TARGET_SSH, "u", "fe80::1%eth0", "/x", NULL,
	  65535 },
	{ "nfs://h/a/b", CONF_TARGET_NFS, NULL, "h", "/a/b", NULL, 0 },
	{ "nfs://[::1]/a", CONF_TARGET_NFS, NULL, "::1", "/a", NULL, 0 },
	{ "raw:/dev/sda5", CONF_TARGET_RAW, NULL, NULL, NULL, "/dev/sda5", 0 },
	{ "raw:UUID=1", CONF_TARGET_RAW, NULL, NULL, NULL, "UUID=1", 0 },
};

static void assert_text(const char *got, const char *want)
{
	if (!want)
		assert_null(got);
	else
		assert_string_equal(got, want);
}

static void test_targets(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		const struct conf_target *t;
		struct conf conf;
		char text[128];

		snprintf(text, sizeof(text), "target t { to = \"%s\" }", targets[i].to);
		parse_good(text, strlen(text), &conf);
		t = conf.targets.v;
		assert_string_equal(t->to.s, targets[i].to);
		assert_int_equal(t->kind, targets[i].kind);
		assert_text(t->user, targets[i].user);
		assert_text(t->host, targets[i].host);
		assert_text(t->path, targets[i].path);
		assert_text(t->device.s, targets[i].device);
		assert_int_equal(t->port, targets[i].port);
		check_round_trip(&conf);
		conf_free(&conf);
	}
}

static void test_files(void **state)
{
	static const char text[] = "detail = full\ncodec = x\n";
	char path[] = "/tmp/test_conf.XXXXXX", want[128];
	struct conf_problems problems = { 0 };
	struct err err = { 0 };
	struct conf conf;

	(void)state;
	assert_int_equal(conf_read("/no/such/file", &conf, &problems, &err), ERR_NOTFOUND);
	assert_string_equal(err.text, "/no/such/file: No such file or directory");
	check_defaults(&conf);
	conf_free(&conf);
	assert_int_equal(conf_read("/", &conf, &problems, &err), ERR_IO);
	assert_string_equal(err.text, "/: Is a directory");
	check_defaults(&conf);
	conf_free(&conf);
	assert_int_equal(conf_read("/dev/zero", &conf, &problems, &err), ERR_FORMAT);
	assert_string_equal(err.text, "/dev/zero: larger than 1048576 bytes");
	check_defaults(&conf);
	conf_free(&conf);
	assert_int_equal(problems.nr, 0);
	assert_int_equal(read_newlines(CONF_MAX_SIZE), 0);
	assert_int_equal(read_newlines(CONF_MAX_SIZE + 1), ERR_FORMAT);
	write_file(path, text, strlen(text));
	assert_int_equal(conf_read(path, &conf, &problems, &err), 0);
	assert_value(conf.detail, DETAIL_FULL, 1);
	assert_value(conf.codec, CONF_CODEC_ZSTD, 0);
	snprintf(want, sizeof(want), "%s:2: codec: 'x' is none of none gzip lzo zstd", path);
	assert_string_equal(problems.list.v[0].text, want);
	unlink(path);
	conf_problems_free(&problems);
	conf_free(&conf);
}

/* As many values and sections as there may be, and one more. */
static void check_limit(const char *head, const char *unit, size_t n, const char *tail,
			const char *problem)
{
	struct conf_problems problems = { 0 };
	struct err err = { 0 };
	struct conf conf;
	size_t size, i;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fputs(head, out);
	for (i = 0; i < n; i++)
		fprintf(out, unit, (int)i);
	fputs(tail, out);
	fclose(out);
	assert_int_equal(conf_parse("t.conf", text, size, &conf, &problems, &err), 0);
	if (problem)
		assert_string_equal(problems.nr ? problems.list.v[0].text : "none", problem);
	else
		check_round_trip(&conf);
	assert_int_equal(problems.nr, problem != NULL);
	assert_int_equal(conf.processes.n, head[0] ? 1 : CONF_MAX_SECTIONS);
	conf_problems_free(&problems);
	conf_free(&conf);
	free(text);
}

static void test_limits(void **state)
{
	(void)state;
	check_limit("process a { match = panic symbols = {", "\"s%d\",", CONF_MAX_VALUES - 1, "} }",
		    NULL);
	check_limit("process a { match = panic symbols = {", "\"s%d\",", CONF_MAX_VALUES, "} }",
		    "t.conf:1: process \"a\": symbols: more than 8192 values in one file");
	check_limit("", "process a%d { match = panic }\n", CONF_MAX_SECTIONS, "", NULL);
	check_limit("", "process a%d { match = panic }\n", CONF_MAX_SECTIONS + 1, "",
		    "t.conf:257: more than 256 sections");
}

/* A text of the largest size, of bytes that need quoting, comes back whole; one more is refused. */
static void test_long_text(void **state)
{
	struct conf_problems problems = { 0 };
	char text[2 * CONF_MAX_TEXT + 64];
	struct err err = { 0 };
	struct conf conf;
	size_t head = (size_t)sprintf(text, "process a { match = panic\nmappings = '"), i;

	(void)state;
	for (i = 0; i < CONF_MAX_TEXT; i++)
		text[head + i] = i % 2 ? '"' : 'x';
	strcpy(text + head + i, "' }");
	parse_good(text, strlen(text), &conf);
	assert_int_equal(strlen(conf.processes.v->mappings.v[0].s), CONF_MAX_TEXT);
	check_round_trip(&conf);
	conf_free(&conf);
	strcpy(text + head + i, "x' }");
	assert_int_equal(conf_parse("t.conf", text, strlen(text), &conf, &problems, &err), 0);
	assert_int_equal(problems.nr, 1);
	assert_string_equal(problems.list.v[0].text,
			    "t.conf:2: process \"a\": mappings: "
			    "'x\"x\"x\"x\"x\"x\"x\"x\"x\"x\"x\"x\"x\"x\"x\"x: "
			    "a text of more than 4095 bytes");
	conf_problems_free(&problems);
	conf_free(&conf);
}

/* libconfuse keeps the state of its scanner from text to text; a bad one must not matter. */
static void test_texts_do_not_affect_each_other(void **state)
{
	static const char *const bad[] = { "detail = \"full",	 "detail = 'full", "/*",
					   "detail = \"\\400\"", "detail = {",	   "process a {",
					   "codec = \"${",	 "detail = \"\\" };
	struct conf_problems problems = { 0 };
	struct err err = { 0 };
	struct conf conf;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(conf_parse("b", bad[i], strlen(bad[i]), &conf, &problems, &err),
				 0);
		assert_true(problems.nr > 0);
		conf_problems_free(&problems);
		conf_free(&conf);
		parse_good(example, strlen(example), &conf);
		check_process(conf.processes.v);
		conf_free(&conf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_and_lines),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_shell),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_texts_do_not_affect_each_other),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_long_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
