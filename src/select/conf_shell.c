/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration as assignments for sh(1): what the scripts of initramfs/ need of it. */
#include "select/conf.h"

/* '...', in which only the quote itself has to be left for a moment. */
static void print_quoted(FILE *out, const char *s)
{
	putc('\'', out);
	for (; s && *s; s++) {
		if (*s == '\'')
			fputs("'\\''", out);
		else
			putc(*s, out);
	}
	fputs("'\n", out);
}

static void print_target_text(FILE *out, size_t i, const char *name, const char *s)
{
	fprintf(out, "VMSIFT_TARGET_%zu_%s=", i, name);
	print_quoted(out, s);
}

/* Empty where there is no limit. */
static void print_target_number(FILE *out, size_t i, const char *name, uint64_t v)
{
	char text[24] = "";

	if (v != CONF_UNLIMITED)
		snprintf(text, sizeof(text), "%" PRIu64, v);
	print_target_text(out, i, name, text);
}

static void print_target(FILE *out, size_t i, const struct conf_target *t)
{
	static const char *const kinds[] = {
		[CONF_TARGET_DIR] = "dir",
		[CONF_TARGET_SSH] = "ssh",
		[CONF_TARGET_NFS] = "nfs",
		[CONF_TARGET_RAW] = "raw",
	};

	print_target_text(out, i, "NAME", t->title);
	print_target_text(out, i, "TO", t->to.s);
	print_target_text(out, i, "KIND", kinds[t->kind]);
	print_target_text(out, i, "USER", t->user);
	print_target_text(out, i, "HOST", t->host);
	print_target_number(out, i, "PORT", t->port ? t->port : CONF_UNLIMITED);
	print_target_text(out, i, "PATH", t->path);
	print_target_text(out, i, "DEVICE", t->device.s);
	print_target_text(out, i, "FSTYPE", t->fstype.s);
	print_target_text(out, i, "OPTIONS", t->options.s);
	print_target_text(out, i, "KEY", t->key.s);
	print_target_text(out, i, "KNOWN_HOSTS", t->known_hosts.s);
	print_target_number(out, i, "KEEP", t->keep.v);
	print_target_number(out, i, "KEEP_FREE", t->keep_free.v);
	print_target_number(out, i, "TIMEOUT", t->timeout.v);
}

static const char *action_name(const struct conf_value *action)
{
	switch (action->v) {
	case CONF_HALT:
		return "halt";
	case CONF_POWEROFF:
		return "poweroff";
	case CONF_SHELL:
		return "shell";
	default:
		return "reboot";
	}
}

void conf_print_shell(const struct conf *conf, FILE *out)
{
	size_t i;

	fputs("VMSIFT_TARGETS='", out);
	for (i = 1; i <= conf->targets.n; i++)
		fprintf(out, "%s%zu", i > 1 ? " " : "", i);
	fputs("'\n", out);
	for (i = 1; i <= conf->targets.n; i++)
		print_target(out, i, &conf->targets.v[i - 1]);
	fprintf(out, "VMSIFT_CODEC='%s'\n", conf_codec_name((enum conf_codec)conf->codec.v));
	fprintf(out, "VMSIFT_FINAL_ACTION='%s'\n", action_name(&conf->final_action));
	fprintf(out, "VMSIFT_FAILURE_ACTION='%s'\n", action_name(&conf->failure_action));
	fprintf(out, "VMSIFT_TIMEOUT='%" PRIu64 "'\n", conf->timeout.v);
	fprintf(out, "VMSIFT_CRASH_LOOP_COUNT='%" PRIu64 "'\n", conf->crash_loop_count.v);
	fprintf(out, "VMSIFT_CRASH_LOOP_SECONDS='%" PRIu64 "'\n", conf->crash_loop_seconds.v);
}
