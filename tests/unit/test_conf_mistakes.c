/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mistakes in a configuration: in which words they are named, and what is kept of the rest. */
#undef NDEBUG
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf_util.h"

/* @text with its mistakes; @kept: lines, each of which must be in the printed configuration. */
struct row {
	const char *name;
	const char *text;
	size_t size;
	const char *problems;
	const char *kept;
};

#define TEXT(s) (s), sizeof(s) - 1

#define MATCH "match = {\"panic\"}\n"

static const struct row rows[] = {
	{ "an empty file", TEXT(""), "", NULL },
	{ "blanks only", TEXT(" \t\r\n\n"), "", NULL },
	{ "the end of the last line is missing", TEXT("detail = full"), "", "detail = full\n" },
	{ "lines end as on other systems", TEXT("detail = full\r\ncodec = none\r\n"), "",
	  "detail = full\ncodec = none\n" },
	{ "a byte order mark",
	  TEXT("\xef\xbb\xbf"
	       "detail = full\n"),
	  "", "detail = full\n" },
	{ "several keys in one line", TEXT("detail=full codec=\"none\" timeout=5m"), "",
	  "detail = full\ncodec = none\n" },
	{ "comments of three kinds",
	  TEXT("# a\n// b\n/* c\n\"d\n*/ detail /* e */ = /*f*/ full # \"g\n##h{\n//i\"\ncodec = "
	       "none"),
	  "", "detail = full\ncodec = none\n" },
	{ "lines are counted through comments", TEXT("# a\n\n/* b\n c\n*/\n// d\nkeep = 4 // e\n"),
	  "7: unknown key 'keep', it belongs into a target section\n", NULL },
	{ "a comment within a section and a list",
	  TEXT("process \"a\" { # }\nmatch = { # {\n\"panic\", // \"on-cpu\"\n}\ndetail = fll\n}"),
	  "5: process \"a\": detail: 'fll' is none of tiny small data full\n",
	  "match = {\"panic\"}\n" },
	{ "comment signs in quotes are text", TEXT("target \"a#b\" { to = \"/a//b/*c*/#d\" }"), "",
	  "target \"a#b\" {\nto = \"/a//b/*c*/#d\"\n" },
	{ "slashes within a word are no comment", TEXT("target a { to = ssh://b@c/d//e key = /k }"),
	  "", "to = \"ssh://b@c/d//e\"\n" },
	{ "a comment right behind a brace",
	  TEXT("process a {// }\nmatch = {/* , */\"panic\"}}// {"), "", "match = {\"panic\"}\n" },
	{ "comment signs behind an escaped quote",
	  TEXT("target a { to = \"/\\\"#//\" device = '/dev/\\'/*' }"), "",
	  "to = \"/\\\"#//\"\ndevice = \"/dev/'/*\"\n" },
	{ "control characters in a selection", TEXT("process a { match = \"comm='a\\nb\\x1b'\" }"),
	  "", "match = {\"comm='a\\x0ab\\x1b'\"}\n" },
	{ "braces behind a mistake",
	  TEXT("process a { match = panic\ndetail = , { x { y } }\nanchors = off }\ncodec = none"),
	  "2: process \"a\": detail: a value expected, not ','\n",
	  "anchors = off\ncodec = none\n" },
	{ "a comment that is not closed", TEXT("detail = full\n/* codec = none\n"),
	  "2: the comment that begins here is not closed\n", "detail = full\n" },
	{ "words for on and off",
	  TEXT("process a { " MATCH "anchors = off registered = yes file-pages = true }"), "",
	  "anchors = off\nregistered = on\nfile-pages = on\n" },
	{ "neither on nor off", TEXT("process a { " MATCH "anchors = 1 }"),
	  "2: process \"a\": anchors: '1' is none of on off yes no true false\n",
	  "# anchors = on\n" },
	{ "a list that is one text", TEXT("process a { match = \"panic uid=0\" }"), "",
	  "match = {\"panic uid=0\"}\n" },
	{ "a list that grows", TEXT("process a { " MATCH "match += {\"on-cpu\", 'uid=0',}\n}"), "",
	  "match = {\"panic\", \"on-cpu\", \"uid=0\"}\n" },
	{ "escapes in quotes",
	  TEXT("target a { to = \"/\\x61\\142\\\\c\\\"d\\$\" device = '/dev/\\'\\\\\\a' }"), "",
	  "to = \"/ab\\\\c\\\"d$\"\ndevice = \"/dev/'\\\\\\\\a\"\n" },
	{ "the environment is not looked at",
	  TEXT("target a { to = \"/${HOME}/${NO:-x}$HOME\" device = '/dev/${HOME}' }"), "",
	  "to = \"/${HOME}/${NO:-x}$HOME\"\ndevice = \"/dev/${HOME}\"\n" },
	{ "the environment is not looked at outside quotes",
	  TEXT("detail = ${HOME}\ncodec = none\n"), "1: detail: '$': it must stand in quotes\n",
	  "codec = none\n" },
	{ "an unknown key", TEXT("max-byte = 5\ncodec = none"), "1: unknown key 'max-byte', is 'max-bytes' meant?\n",
	  "codec = none\n" },
	{ "an unknown key with a list", TEXT("max = {a, \"b\"}\ncodec = none"),
	  "1: unknown key 'max'\n", "codec = none\n" },
	{ "a key in the wrong place",
	  TEXT("dump-level = 3\nkernel { to = x }\nanchors = on\ntarget a { to = /a final-action = "
	       "halt }"),
	  "1: unknown key 'dump-level', it belongs into the kernel section\n"
	  "2: kernel: unknown key 'to', it belongs into a target section\n"
	  "3: unknown key 'anchors', it belongs into a process section\n"
	  "4: target \"a\": unknown key 'final-action', it belongs outside of all sections\n"
	  "4: target \"a\": left out: it has mistakes, and no device to mount\n",
	  "kernel {\n" },
	{ "a path to a key of another section", TEXT("kernel|dump-level = 3\nkernel { }\n"),
	  "1: 'kernel|dump-level': it must stand in quotes\n", "kernel {\n# dump-level = 31\n" },
	{ "an unknown section", TEXT("foo { a = 1 b { c } }\nbar \"x\" {}\ncodec = none"),
	  "1: unknown section 'foo'\n2: unknown section 'bar'\n", "codec = none\n" },
	{ "an unknown section that is not closed", TEXT("foo {\ncodec = none"),
	  "1: unknown section 'foo'\n1: the section that begins here is not closed\n", NULL },
	{ "a key set twice", TEXT("codec = none\ndetail = full\ncodec = gzip"),
	  "3: codec: is set already in line 1\n", "codec = none\n" },
	{ "a title used twice",
	  TEXT("process a { " MATCH
	       " }\ntarget a { to = /a }\nprocess \"a\" { match = \"on-cpu\" }"),
	  "4: process \"a\" is there already in line 1\n",
	  "match = {\"panic\"}\ntarget \"a\" {\n" },
	{ "two kernel sections", TEXT("kernel { codec = none }\nkernel { triage = on }"),
	  "2: kernel is there already in line 1\n", "codec = none\n# triage = off\n" },
	{ "no title", TEXT("process { " MATCH " }\ncodec = none"),
	  "1: a process section needs a title in quotes\n", "codec = none\n" },
	{ "a title too much", TEXT("kernel \"k\" { codec = none }"),
	  "1: the kernel section has no title\n", "kernel {\ncodec = none\n" },
	{ "titles that could be written in two ways",
	  TEXT("process \"\\x61\" { }\nprocess '' { }\nprocess \"${a}\" { }\nprocess '${a}' { }"),
	  "1: a title has 1 to 64 bytes, without quotes, backslashes and \"${\"\n"
	  "2: a title has 1 to 64 bytes, without quotes, backslashes and \"${\"\n"
	  "3: a title has 1 to 64 bytes, without quotes, backslashes and \"${\"\n"
	  "4: a title has 1 to 64 bytes, without quotes, backslashes and \"${\"\n",
	  NULL },
	{ "a section that is not closed before the next",
	  TEXT("process a {\n" MATCH "\ntarget b { to = /b }\ncodec = none"),
	  "1: process \"a\": the section that begins here is not closed\n",
	  "process \"a\" {\ntarget \"b\" {\ncodec = none\n" },
	{ "a section that is not closed at the end", TEXT("process a {\n" MATCH "detail=full"),
	  "1: process \"a\": the section that begins here is not closed\n", "detail = full\n" },
	{ "a brace too much", TEXT("}\ncodec = none\n} }"),
	  "1: a key or a section expected, not '}'\n3: a key or a section expected, not '}'\n",
	  "codec = none\n" },
	{ "a text that is not closed",
	  TEXT("process a {\n" MATCH "symbols = {\"a}\ndetail = full\n}\ncodec = none"),
	  "3: process \"a\": symbols: \"a}: a text whose closing quote is not on the same line\n",
	  "detail = full\ncodec = none\n" },
	{ "a text that is not closed at the end", TEXT("codec = 'none"),
	  "1: codec: 'none: a text whose closing quote is not on the same line\n",
	  "# codec = zstd\n" },
	{ "a backslash at the end", TEXT("codec = \"\\"),
	  "1: codec: \"\\: a text whose closing quote is not on the same line\n", NULL },
	{ "a list that is not closed",
	  TEXT("process a {\nmatch = {\"panic\"\ndetail = full\n}\ncodec = none"),
	  "1: process \"a\": match: nothing is left to match\n"
	  "3: process \"a\": match: ',' or '}' expected, not 'detail'\n",
	  "codec = none\n" },
	{ "a list without commas", TEXT("process a {\n" MATCH "symbols = {a b}\ndetail = full }"),
	  "3: process \"a\": symbols: ',' or '}' expected, not 'b'\n",
	  "match = {\"panic\"}\ndetail = full\n" },
	{ "two commas", TEXT("process a {\n" MATCH "symbols = {a,,b}\ndetail = full }"),
	  "3: process \"a\": symbols: a value expected, not ','\n", "detail = full\n" },
	{ "a list where one value is taken", TEXT("codec = {none}\ndetail += full"),
	  "1: codec: takes one value, not a list\n2: detail: takes one value, not a list\n",
	  "# codec = zstd\n# detail = small\n" },
	{ "no value", TEXT("codec =\ndetail = full\nmax-time ="),
	  "1: codec: has no value\n3: max-time: a value expected, not the end of the file\n",
	  "detail = full\n" },
	{ "no equals sign", TEXT("codec none\ndetail = full\nkernel\ntimeout = 5m\nfoo"),
	  "1: 'codec' lacks its '='\n3: 'kernel' lacks its '{'\n5: unknown key 'foo'\n",
	  "detail = full\n" },
	{ "an equals sign in a value",
	  TEXT("target a { to = /a device = UUID=1 }\nprocess a { " MATCH "symbols = {a=b} }"),
	  "1: target \"a\": device: the whole value must stand in quotes\n"
	  "1: target \"a\": left out: it has mistakes, and no device to mount\n"
	  "3: process \"a\": symbols: a value with '=' in it must stand in quotes\n",
	  "process \"a\" {\n" },
	{ "a value in pieces", TEXT("target a { to = /a\" b\" }\ncodec = \"no\"ne"),
	  "1: target \"a\": to: the whole value must stand in quotes\n"
	  "1: target \"a\": to: is missing, the target is left out\n"
	  "2: codec: the whole value must stand in quotes\n",
	  NULL },
	{ "bytes that the library would drop", TEXT("process a { match = comm*x }\ndetail = +full"),
	  "1: process \"a\": match: 'comm*x': it must stand in quotes\n"
	  "1: process \"a\": match: nothing is left to match\n"
	  "2: detail: '+': it must stand in quotes\n",
	  NULL },
	{ "a key in quotes", TEXT("\"codec\" = none\ndetail = full"),
	  "1: a key or a section expected, not \"codec\"\n", "detail = full\n" },
	{ "bad escapes",
	  TEXT("codec = \"n\\one\"\ndetail = \"\\400\"\nmax-bytes = \"\\xg\"\nmax-time=\"\\1234\"\n"
	       "timeout = \"\\*\"\nfinal-action = \"\\9\"\nfailure-action = halt"),
	  "1: codec: \"n\\one\": an unknown escape; a backslash itself is written \\\\\n"
	  "2: detail: \"\\400\": a bad octal number after a backslash\n"
	  "3: max-bytes: \"\\xg\": \\x without hexadecimal digits\n"
	  "4: max-time: \"\\1234\": a bad octal number after a backslash\n"
	  "5: timeout: \"\\*\": an unknown escape; a backslash itself is written \\\\\n"
	  "6: final-action: \"\\9\": a bad octal number after a backslash\n",
	  "failure-action = halt\n" },
	{ "a bad escape does not hide what follows in its line",
	  TEXT("kernel { codec = \"\\q\" triage = on }\ncodec = none"),
	  "1: kernel: codec: \"\\q\": an unknown escape; a backslash itself is written \\\\\n",
	  "kernel {\ntriage = on\ncodec = none\n" },
	{ "NUL bytes",
	  TEXT("codec = no\0ne\ndetail = \"fu\0ll\"\nmax-bytes = \"5\\0\"\nmax-time = \"5\\x00\"\n"
	       "\0\ntimeout = \"\\000\"\n# \0\nfinal-action = halt"),
	  "1: codec: 'no': it must stand in quotes\n"
	  "2: detail: \"fu: a text cannot hold a NUL byte\n"
	  "3: max-bytes: \"5\\0\": a text cannot hold a NUL byte\n"
	  "4: max-time: \"5\\x00\": a text cannot hold a NUL byte\n"
	  "5: '': it must stand in quotes\n"
	  "6: timeout: \"\\000\": a text cannot hold a NUL byte\n",
	  "final-action = halt\n" },
	{ "control characters",
	  TEXT("codec = \"a\x1b[2J\"\n\x1b[2J = 1\ntarget \"a\" { to = \"/\\e[2J\" }\ntarget "
	       "\"\x01\" {}"),
	  "1: codec: \"a?[2J\": a control character in a text; it is written as an escape\n"
	  "2: '?[2J': it must stand in quotes\n"
	  "3: target \"a\": to: '/?[2J' has a control character in it\n"
	  "3: target \"a\": to: is missing, the target is left out\n"
	  "4: \"?\": a control character in a text; it is written as an escape\n",
	  NULL },
	{ "words",
	  TEXT("detail = tin\ncodec = zlib\nkernel { codec = gzip }\nfinal-action = sleep"),
	  "1: detail: 'tin' is none of tiny small data full\n"
	  "2: codec: 'zlib' is none of none gzip lzo zstd\n"
	  "3: kernel: codec: 'gzip' is none of none zlib lzo zstd\n"
	  "4: final-action: 'sleep' is none of reboot halt poweroff shell\n",
	  "# detail = small\n# codec = lzo # of a triage dump: zlib\n" },
	{ "numbers and their ranges",
	  TEXT("max-bytes = 64X\nmax-time = 5y\ntimeout = 0\nkernel { dump-level = 32 }\n"
	       "process a { " MATCH "stack-max = 1 anchor-depth = 0\nanchor-max = 99999999999T\n"
	       "scope = -1 }\ntarget a { to = /a device = /dev/a keep = five }"),
	  "1: max-bytes: '64X' is not a size\n2: max-time: '5y' is not a time\n"
	  "3: timeout: '0' is not in the range 1 to 604800\n"
	  "4: kernel: dump-level: '32' is not in the range 0 to 31\n"
	  "6: process \"a\": anchor-depth: '0' is not in the range 1 to 8\n"
	  "6: process \"a\": stack-max: '1' is less than 256\n"
	  "7: process \"a\": anchor-max: '99999999999T' is not a size\n"
	  "8: process \"a\": scope: '-1' is not a number\n"
	  "9: target \"a\": keep: 'five' is not a number\n",
	  "# timeout = 120s\n# anchor-depth = 1\nto = \"/a\"\n" },
	{ "a guard against crash loops", TEXT("crash-loop = \"5 in 1h\""), "",
	  "crash-loop = \"5 in 1h\"\n" },
	{ "no guard", TEXT("crash-loop = off"), "", "crash-loop = off\n" },
	{ "bad guard", TEXT("crash-loop = \"5 within 1h\""),
	  "1: crash-loop: '5 within 1h' is neither COUNT in TIME nor off\n",
	  "# crash-loop = \"3 in 30m\"\n" },
	{ "guard with too much behind it", TEXT("crash-loop = \"5 in 1h 3\""),
	  "1: crash-loop: '5 in 1h 3' is neither COUNT in TIME nor off\n", NULL },
	{ "guard that never acts", TEXT("crash-loop = \"0 in 1h\""),
	  "1: crash-loop: '0 in 1h' is not in the range 1 in 1s to 1000 in 30d\n", NULL },
	{ "a process section without match",
	  TEXT("process a { detail = full }\nprocess b {match={}}"),
	  "1: process \"a\": match: is missing or empty, the section is left out\n"
	  "2: process \"b\": match: is missing or empty, the section is left out\n",
	  NULL },
	{ "one bad selection of two", TEXT("process a { match = {\"cmm=x\",\n\"uid=0\", \"\"} }"),
	  "1: process \"a\": match: term 'cmm=x': there is no such term, only comm= exe= pid= uid= "
	  "cgroup= state= on-cpu panic hung[>=SECONDS] oom-victim rss>=SIZE\n"
	  "2: process \"a\": match: a selection without a term\n",
	  "match = {\"uid=0\"}\n" },
	{ "symbols", TEXT("process a { " MATCH "symbols = {a, \"b:1\", \" c:4K  follow=3 \"} }"),
	  "", "symbols = {\"a\", \"b:1\", \"c:4K follow=3\"}\n" },
	{ "bad symbols",
	  TEXT("process a { " MATCH
	       "symbols = {\"\",\n\"a:0\",\n\"b:x\",\n\"c follow\",\n\"d follow=65\","
	       "\n\":5\",\n\"e=4\",\n\"f:2G\",\ng} }"),
	  "2: process \"a\": symbols: is empty\n"
	  "3: process \"a\": symbols: 'a:0': '0' is not a size of 1 to 1G\n"
	  "4: process \"a\": symbols: 'b:x': 'x' is not a size of 1 to 1G\n"
	  "5: process \"a\": symbols: 'c follow': 'follow' is not follow=0..64\n"
	  "6: process \"a\": symbols: 'd follow=65': 'follow=65' is not follow=0..64\n"
	  "7: process \"a\": symbols: ':5' is not a symbol\n"
	  "8: process \"a\": symbols: 'e=4' is not a symbol\n"
	  "9: process \"a\": symbols: 'f:2G': '2G' is not a size of 1 to 1G\n",
	  "symbols = {\"g\"}\n" },
	{ "bad ranges",
	  TEXT("process a { " MATCH "ranges = {\"0x1000-0x1000\",\n\"1000-2000\",\n\"0x1\",\n"
	       "\"0x1-0x2-0x3\",\n\"0x10000000000000000-0x2\",\n\"0x-0x5\",\n"
	       "\"0x0-0xffffffffffffffff\"} }"),
	  "2: process \"a\": ranges: '0x1000-0x1000' ends before it starts\n"
	  "3: process \"a\": ranges: '1000-2000' is not a range 0xSTART-0xEND\n"
	  "4: process \"a\": ranges: '0x1' is not a range 0xSTART-0xEND\n"
	  "5: process \"a\": ranges: '0x1-0x2-0x3' is not a range 0xSTART-0xEND\n"
	  "6: process \"a\": ranges: '0x10000000000000000-0x2' is not a range 0xSTART-0xEND\n"
	  "7: process \"a\": ranges: '0x-0x5' is not a range 0xSTART-0xEND\n",
	  "ranges = {\"0x0-0xffffffffffffffff\"}\n" },
	{ "exclusions",
	  TEXT("process a { " MATCH
	       "exclude = {\"symbol=a:64\", \"mapping=[anon:x]\", \"range=0x1-0xA\"} }"),
	  "", "exclude = {\"symbol=a:64\", \"mapping=[anon:x]\", \"range=0x1-0xa\"}\n" },
	{ "bad exclusions",
	  TEXT("process a { " MATCH
	       "exclude = {\"a\",\n\"symbol=\",\n\"mapping=\",\n\"range=0\"} }"),
	  "2: process \"a\": exclude: 'a' is none of symbol=NAME[:SIZE] mapping=NAME "
	  "range=0xSTART-0xEND\n"
	  "3: process \"a\": exclude: 'symbol=' is not a symbol\n"
	  "4: process \"a\": exclude: 'mapping=' is none of symbol=NAME[:SIZE] mapping=NAME "
	  "range=0xSTART-0xEND\n"
	  "5: process \"a\": exclude: 'range=0' is not a range 0xSTART-0xEND\n",
	  NULL },
	{ "targets of four kinds",
	  TEXT("target a { to = \"/var crash\" device = \"LABEL=x y\" fstype = xfs }\n"
	       "target b { to = \"ssh://[fe80::1%eth0]:2222/b\" }\ntarget c { to = nfs://h/x "
	       "fstype = nfs4 }\n"
	       "target d { to = \"raw:PARTUUID=7\" }"),
	  "",
	  "to = \"/var crash\"\nto = \"ssh://[fe80::1%eth0]:2222/b\"\nto = \"raw:PARTUUID=7\"\n" },
	{ "keys that do not fit a target",
	  TEXT("target a { to = /a fstype = ext4\noptions = ro\nkey = /k }\n"
	       "target b { to = ssh://b/b device = /dev/b\nfstype = ext4 }\n"
	       "target c { to = nfs://c/c device = /dev/c\nfstype = ext4\nknown-hosts = /k }\n"
	       "target d { to = raw:/dev/d device = /dev/d\nkeep = 1\nkeep-free = 1 }\n"
	       "target e { to = /e device = /dev/e fstype = \"-x\" }"),
	  "1: target \"a\": fstype: nothing is mounted without a device\n"
	  "2: target \"a\": options: nothing is mounted without a device\n"
	  "3: target \"a\": key: is for ssh targets\n"
	  "4: target \"b\": device: is for targets that are directories\n"
	  "5: target \"b\": fstype: is for targets that are mounted\n"
	  "6: target \"c\": device: is for targets that are directories\n"
	  "7: target \"c\": fstype: is not nfs\n"
	  "8: target \"c\": known-hosts: is for ssh targets\n"
	  "9: target \"d\": device: is in 'to' of a raw target\n"
	  "10: target \"d\": keep: a raw target holds one dump, there is nothing to keep\n"
	  "11: target \"d\": keep-free: a raw target holds one dump, there is nothing to keep\n"
	  "12: target \"e\": fstype: is not the name of a filesystem type\n",
	  "to = \"/a\"\nto = \"ssh://b/b\"\nto = \"nfs://c/c\"\nto = \"raw:/dev/d\"\nto = "
	  "\"/e\"\n" },
	{ "a device that is none", TEXT("target a { to = /a device = \"sda1\" }"),
	  "1: target \"a\": device: 'sda1' is none of UUID= LABEL= PARTUUID= PARTLABEL= /dev/\n",
	  NULL },
	{ "a directory of others", TEXT("target a { to = /a }"), "", "to = \"/a\"\n" },
	{ "a directory whose device may be the mistake",
	  TEXT("target a { to = /a devcie = \"/dev/a\" }"),
	  "1: target \"a\": unknown key 'devcie', is 'device' meant?\n"
	  "1: target \"a\": left out: it has mistakes, and no device to mount\n",
	  NULL },
};

/* Return: how much of it went wrong. */
static int check_row(const struct row *row)
{
	struct conf_problems problems = { 0 };
	int nr_wrong = 0;
	struct err err = { 0 };
	struct conf conf;
	char *found, *text, *kept, *line, *save = NULL;

	if (conf_parse("t.conf", row->text, row->size, &conf, &problems, &err))
		fail_msg("%s: %s", row->name, err.text);
	found = problems_text(&problems);
	if (strcmp(found, row->problems)) {
		print_error("%s: the problems are\n%s", row->name, found);
		nr_wrong++;
	}
	text = printed(conf_print, &conf);
	kept = strdup(row->kept ? row->kept : "");
	for (line = strtok_r(kept, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!strstr(text, line)) {
			print_error("%s: '%s' is not in\n%s", row->name, line, text);
			nr_wrong++;
		}
	}
	check_round_trip(&conf);
	free(kept);
	free(text);
	free(found);
	conf_problems_free(&problems);
	conf_free(&conf);
	return nr_wrong;
}

static void test_rows(void **state)
{
	int nr_wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		nr_wrong += check_row(&rows[i]);
	assert_int_equal(nr_wrong, 0);
}

/* What an exclusion that could not be read was to hide is not known: the caller must be told. */
static const struct {
	const char *text;
	unsigned int process_line, other_line; /* where it was lost */
	bool damaged;
	unsigned int nr_for_all;
} lost[] = {
	{ "process a { match = panic exclude = \"symbol=x\" }", 0, 0, false, 0 },
	{ "process a { match = panic\nexclude = \"symbl=x\" }", 2, 0, true, 0 },
	{ "process a { match = panic\nexclude = symbol=x }", 2, 0, true, 0 },
	{ "process a { match = panic\nexclude {symbol=x} }", 2, 0, true, 0 },
	{ "process a { match = panic\ndetail = {x\n exclude \"symbol=x\" }\n}", 2, 0, true, 0 },
	{ "process a { match = panic\ndetail = x }", 0, 0, true, 0 },
	{ "process a { match = panic\nexlude = \"symbol=x\" }", 2, 0, true, 0 },
	{ "process a { match = panic\nexcldue = on }", 2, 0, true, 0 },
	{ "process a { match = panic\nhide = {\"[heap]\"} }", 2, 0, true, 0 },
	{ "process a { match = panic\nhide \"[heap]\" }", 2, 0, true, 0 },
	{ "process a { match = panic\nhide { x = 1 } }", 2, 0, true, 0 },
	{ "process a { match = panic\ndetial = full }", 0, 0, true, 0 },
	{ "process a { match = panic\ncodec = zstd }", 0, 0, true, 0 },
	{ "process a { match = panic\nmapings = \"symbol=x\" }", 2, 0, true, 0 },
	{ "exlude = \"symbol=x\"\nprocess a { match = panic }", 0, 1, false, 0 },
	{ "colour = red\nprocess a { match = panic }", 0, 0, false, 0 },
	{ "process a { match = panic }\nkernel { exclude = x }", 0, 2, false, 0 },
	{ "process a { match = {panic, \"com=x\"}\nexclude = \"symbol=x\" }", 0, 0, true, 1 },
	{ "process a { match = {panic, \"com=x\"}\nexlude = \"symbol=x\" }", 2, 2, true, 0 },
	{ "process a { match = panic }\nprocess b { match = \"com=x\" exclude = \"symbol=x\" }", 0, 0,
	  false, 1 },
	{ "process a { match = panic }\nprocess b { exclude = {\"symbol=x\", \"mapping=y\"} }", 0, 0,
	  false, 2 },
	{ "process a { match = panic }\nprocess b { mach = \"comm=x\" exclude = \"range=0x1-0x2\" }", 0, 0,
	  false, 1 },
	{ "process a { match = panic }\nprocess b { match = \"com=x\"\nexclude = \"symbl=x\" }", 0, 3,
	  false, 0 },
	{ "process a { match = panic }\nprocess a { match = panic\nexclude = \"symbol=x\" }", 0, 2,
	  false, 0 },
	{ "process a { match = panic }\nexclude = \"symbol=x\"", 0, 2, false, 0 },
};

static void test_lost_exclusions(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lost); i++) {
		struct conf_problems problems = { 0 };
		struct err err = { 0 };
		struct conf conf;

		assert_int_equal(conf_parse("t.conf", lost[i].text, strlen(lost[i].text), &conf,
					    &problems, &err),
				 0);
		assert_int_equal(conf.processes.n, 1);
		if (conf.processes.v->exclude_lost_line != lost[i].process_line ||
		    conf.exclude_lost_line != lost[i].other_line ||
		    conf.processes.v->damaged != lost[i].damaged ||
		    conf.exclude_all.n != lost[i].nr_for_all)
			fail_msg("%s: %u %u %d %zu", lost[i].text,
				 conf.processes.v->exclude_lost_line, conf.exclude_lost_line,
				 conf.processes.v->damaged, conf.exclude_all.n);
		conf_problems_free(&problems);
		conf_free(&conf);
	}
}

static const char *const no_targets[] = {
	"a",
	"",
	"ssh:/h/x",
	"ssh://h",
	"ssh:///x",
	"ssh://-oProxyCommand=x/x",
	"ssh://-u@h/x",
	"ssh://u@-h/x",
	"ssh://u@@h/x",
	"ssh://@h/x",
	"ssh://u@/x",
	"ssh://h x/x",
	"ssh://h:0/x",
	"ssh://h:65536/x",
	"ssh://h:/x",
	"ssh://h:22x/x",
	"ssh://[::1/x",
	"ssh://[]/x",
	"ssh://[::1]22/x",
	"ssh://h;id/x",
	"nfs://h",
	"nfs://h:1/x",
	"nfs://u@h/x",
	"raw:",
	"raw:x",
	"raw:UUID=",
	"raw:/dev/",
	"ftp://h/x",
	"file:///x",
};

static void test_no_targets(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(no_targets); i++) {
		struct conf_problems problems = { 0 };
		struct err err = { 0 };
		char text[128], want[256];
		struct conf conf;

		snprintf(text, sizeof(text), "target t {\nto = \"%s\" }", no_targets[i]);
		snprintf(want, sizeof(want),
			 "t.conf:2: target \"t\": to: '%s' is none of /PATH "
			 "ssh://[USER@]HOST[:PORT]/PATH "
			 "nfs://HOST/PATH raw:DEVICE",
			 no_targets[i]);
		assert_int_equal(conf_parse("t.conf", text, strlen(text), &conf, &problems, &err),
				 0);
		if (problems.nr == 0)
			fail_msg("'%s' is taken", no_targets[i]);
		assert_string_equal(problems.list.v[0].text,
				    *no_targets[i] ? want
						   : "t.conf:1: target \"t\": to: is missing, "
						     "the target is left out");
		assert_int_equal(conf.targets.n, 0);
		conf_problems_free(&problems);
		conf_free(&conf);
	}
}

/* @n times @unit, and the first problem and their number. */
static void check_repeated(const char *unit, size_t n, const char *first, size_t nr)
{
	struct conf_problems problems = { 0 };
	struct err err = { 0 };
	size_t size = strlen(unit), i;
	char *text = malloc(n * size + 1);
	struct conf conf;

	assert_non_null(text);
	for (i = 0; i < n; i++)
		memcpy(text + i * size, unit, size);
	assert_int_equal(conf_parse("t.conf", text, n * size, &conf, &problems, &err), 0);
	if (first)
		assert_string_equal(problems.list.v[0].text, first);
	assert_int_equal(problems.nr, nr);
	assert_true(problems.list.n <= CONF_MAX_PROBLEMS);
	conf_problems_free(&problems);
	conf_free(&conf);
	free(text);
}

static void test_large_texts(void **state)
{
	(void)state;
	check_repeated("a { ", 200000, "t.conf:1: unknown section 'a'", 2);
	check_repeated("{", 1000000, "t.conf:1: a key or a section expected, not '{'", 1);
	check_repeated("}", 1000, "t.conf:1: a key or a section expected, not '}'", 1);
	check_repeated("}\n", 1000, "t.conf:1: a key or a section expected, not '}'", 1);
	check_repeated("x = 1\n", 100000, "t.conf:1: unknown key 'x'", 100000);
	check_repeated("process ", 100000, "t.conf:1: 'process' lacks its '{'", 1);
	check_repeated("\n", 1000000, NULL, 0);
	check_repeated("# \"\n", 250000, NULL, 0);
	check_repeated("\"", 1000001, "t.conf:1: a key or a section expected, not \"\"", 1);
	check_repeated("kernel {\n", 1000,
		       "t.conf:1: kernel: the section that begins here is not closed", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_lost_exclusions),
		cmocka_unit_test(test_no_targets),
		cmocka_unit_test(test_large_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
