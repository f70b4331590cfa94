/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc would say of a process: open files, their names, limits, signals; whole and damaged. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "kernel/open_files.h"
#include "kernel/path.h"
#include "kernel/task_facts.h"
#include "tiny_dump.h"

/* Where things lie. */
#define TASK	TINY_VA(0)
#define FILES	TINY_VA(0x1000) /* struct files_struct */
#define FDT	TINY_VA(0x1100) /* struct fdtable */
#define CLOEXEC TINY_VA(0x1200)
#define FDS	TINY_VA(0x2000) /* struct file *[] */
#define FILE_OF(fd) (TINY_VA(0x4000) + 0x100 * (fd)) /* struct file */
#define SIGNAL	TINY_VA(0x1400) /* struct signal_struct */
#define INFO	TINY_VA(0x1800) /* struct kernel_siginfo */
#define INODE	TINY_VA(0x1900)
#define SB	TINY_VA(0x1a00)
#define FS_TYPE TINY_VA(0x1b00)
#define NAMES	TINY_VA(0x1c00)
#define DENTRY	TINY_VA(0x1d00)
#define NS	TINY_VA(0x1e00)
#define FAR	(TINY_DIRECT + 0x7000000000ull) /* in no segment */

static const struct {
	enum layout_id id;
	int64_t at;
	uint32_t size;
} members[] = {
	{ L_task_struct_files, 0x10, 8 },    { L_task_struct_last_siginfo, 0x18, 8 },
	{ L_files_struct_fdt, 0x20, 8 },     { L_fdtable_max_fds, 0, 4 },
	{ L_fdtable_fd, 8, 8 },		     { L_fdtable_close_on_exec, 16, 8 },
	{ L_file_f_flags, 0x28, 4 },	     { L_file_f_pos, 0x30, 8 },
	{ L_file_f_inode, 0x38, 8 },	     { L_file_f_path, 0x40, 16 },
	{ L_signal_struct_rlim, 0x40, 256 }, { L_signal_struct_flags, 0, 4 },
	{ L_signal_struct_group_exit_code, 4, 4 },
	{ L_inode_i_sb, 0, 8 },		     { L_inode_i_ino, 8, 8 },
	{ L_inode_i_private, 16, 8 },	     { L_super_block_s_type, 0, 8 },
	{ L_file_system_type_name, 0, 8 },   { L_path_mnt, 0, 8 },
	{ L_path_dentry, 8, 8 },	     { L_dentry_d_name, 0x20, 16 },
	{ L_qstr_name, 8, 8 },		     { L_qstr_len, 4, 4 },
	{ L_ns_common_ops, 8, 8 },	     { L_proc_ns_operations_name, 0, 8 },
};

struct machine {
	struct tiny_ram m;
	struct kernel k;
	struct task t;
};

static uint8_t *at(struct machine *x, kvaddr_t va)
{
	return x->m.ram + (va - TINY_VA(0));
}

static void machine_init(struct machine *x)
{
	size_t i;

	memset(x, 0, sizeof(*x));
	tiny_ram_init(&x->m, 16);
	for (i = 0; i < ARRAY_SIZE(members); i++)
		x->k.layout.v[members[i].id] = (struct layout_value){
			.known = true, .value = members[i].at, .size = members[i].size };
	x->t = (struct task){ .addr = TASK, .pid = 77, .signal = SIGNAL, .comm = "server" };
	put_u64(at(x, TASK + 0x10), FILES);
	put_u64(at(x, FILES + 0x20), FDT);
	put_u32(at(x, FDT), 256);
	put_u64(at(x, FDT + 8), FDS);
	put_u64(at(x, FDT + 16), CLOEXEC);
}

static void machine_open(struct machine *x)
{
	tiny_ram_open(&x->m, "");
	x->k.km = x->m.km;
	x->k.kmem = kmem_reader(&x->k.km);
}

/* --- open files ----------------------------------------------------------------------------------- */

static const struct {
	const char *what;
	uint32_t fds[4]; /* numbers that are open, above 0 */
	unsigned int nr;
	kvaddr_t at; /* a word that is changed */
	uint64_t word;
	int rc; /* of open_files_init() */
	const char *found, *fault;
} tables[] = {
	{ "nothing is open", { 0 }, 0, 0, 0, 0, "", NULL },
	{ "three", { 0, 1, 2 }, 3, 0, 0, 0, "0:0:0 1:0:10 2:02000000:20 ", NULL },
	{ "the last one of the table", { 3, 255 }, 2, 0, 0, 0, "3:0:30 255:0:2550 ", NULL },
	{ "on both sides of what is read at once", { 63, 64, 129, 130 }, 4, 0, 0, 0, "63:0:630 64:0:640 129:0:1290 130:02000000:1300 ", NULL },
	{ "a process that ends has none", { 1 }, 1, TASK + 0x10, 0, ERR_NOTFOUND, NULL, "process 77 has no open files" },
	{ "files_struct is nowhere", { 1 }, 1, TASK + 0x10, FAR, ERR_CORRUPT, NULL, "open files of process 77 (server)" },
	{ "a table beyond reason", { 1 }, 1, FDT, 1u << 25, ERR_CORRUPT, NULL, "for 33554432 files" },
	{ "the pointers are nowhere", { 1 }, 1, FDT + 8, FAR, 0, "", "kernel address 0xffff88f000000000" },
	{ "a file that is nowhere is open all the same", { 1 }, 1, FDS + 8, FAR, 0, "1:?:? ", NULL },
	{ "without close_on_exec", { 2 }, 1, FDT + 16, FAR, 0, "2:0:20 ", NULL },
};

static void lists_open_files(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		struct err err = { 0 };
		struct open_files_iter it;
		struct open_file f;
		struct machine x;
		char text[200] = "", *end = text;
		unsigned int n;
		int rc;

		print_message("%s\n", tables[i].what);
		machine_init(&x);
		put_u64(at(&x, CLOEXEC), 1u << 2);
		put_u64(at(&x, CLOEXEC + 16), 1u << 2); /* of 130 */
		for (n = 0; n < tables[i].nr; n++) {
			uint32_t fd = tables[i].fds[n];

			put_u64(at(&x, FDS + 8 * fd), FILE_OF(fd % 64));
			put_u64(at(&x, FILE_OF(fd % 64) + 0x30), 10 * fd);
		}
		if (tables[i].at)
			put_u64(at(&x, tables[i].at), tables[i].word);
		machine_open(&x);
		rc = open_files_init(&it, &x.k, &x.t, &err);
		assert_int_equal(rc, tables[i].rc);
		if (rc) {
			assert_non_null(strstr(err.text, tables[i].fault));
			tiny_ram_close(&x.m);
			continue;
		}
		while (open_files_next(&it, &f)) {
			char flags[16] = "?", pos[24] = "?";

			if (f.has_flags)
				snprintf(flags, sizeof(flags), "%s%o", f.flags ? "0" : "", f.flags);
			if (f.has_pos)
				snprintf(pos, sizeof(pos), "%" PRIu64, f.pos);
			end += sprintf(end, "%u:%s:%s ", f.fd, flags, pos);
		}
		assert_string_equal(text, tables[i].found);
		assert_int_equal(!!it.fault.rc, !!tables[i].fault);
		if (tables[i].fault)
			assert_non_null(strstr(it.fault.text, tables[i].fault));
		tiny_ram_close(&x.m);
	}
}

/* --- names of files that no directory has ------------------------------------------------------------ */

static const struct {
	const char *fs, *name, *ns;
	kvaddr_t at;
	uint64_t word;
	const char *want; /* NULL: it has none */
} names[] = {
	{ "pipefs", "", "", 0, 0, "pipe:[4711]" },
	{ "sockfs", "TCP", "", 0, 0, "socket:[4711]" },
	{ "anon_inodefs", "[eventfd]", "", 0, 0, "anon_inode:[eventfd]" },
	{ "pidfs", "", "", 0, 0, "anon_inode:[pidfd]" },
	{ "nsfs", "", "net", 0, 0, "net:[4711]" },
	{ "nsfs", "", "net", INODE + 16, 0, NULL },
	{ "nsfs", "", "net", NS + 8, FAR, NULL },
	{ "ext4", "file", "", 0, 0, NULL },
	{ "tmpfs", "memfd:x", "", 0, 0, NULL },
	{ "pipefs", "", "", INODE, 0, NULL },
	{ "pipefs", "", "", INODE, FAR, NULL },
	{ "pipefs", "", "", SB, FAR, NULL },
	{ "pipefs", "", "", FS_TYPE, FAR, NULL },
	{ "anon_inodefs", "[eventfd]", "", FILE_OF(0) + 0x48, 0, NULL },
};

static void names_files_without_directory(void **state)
{
	static char buf[PATH_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct machine x;
		bool has;

		print_message("%s %s %zu\n", names[i].fs, names[i].name, i);
		machine_init(&x);
		put_u64(at(&x, FILE_OF(0) + 0x38), INODE);
		put_u64(at(&x, FILE_OF(0) + 0x48), DENTRY);
		put_u64(at(&x, INODE), SB);
		put_u64(at(&x, INODE + 8), 4711);
		put_u64(at(&x, INODE + 16), NS);
		put_u64(at(&x, NS + 8), NS + 0x20);
		put_u64(at(&x, NS + 0x20), NAMES + 0x80);
		put_u64(at(&x, SB), FS_TYPE);
		put_u64(at(&x, FS_TYPE), NAMES);
		put_u64(at(&x, DENTRY + 0x28), NAMES + 0x40);
		strcpy((char *)at(&x, NAMES), names[i].fs);
		strcpy((char *)at(&x, NAMES + 0x40), names[i].name);
		strcpy((char *)at(&x, NAMES + 0x80), names[i].ns);
		if (names[i].at)
			put_u64(at(&x, names[i].at), names[i].word);
		machine_open(&x);
		has = file_dname(&x.k, FILE_OF(0), buf);
		assert_int_equal(has, names[i].want != NULL);
		if (has)
			assert_string_equal(buf, names[i].want);
		tiny_ram_close(&x.m);
	}
}

/* --- signals and limits -------------------------------------------------------------------------------- */

static const struct {
	const char *what;
	uint64_t info; /* task_struct.last_siginfo */
	uint32_t signo, flags, code;
	int rc, signal;
	const char *fault;
} signals[] = {
	{ "running", 0, 0, 0, 0, ERR_NOTFOUND, 0, "thread 77 is stopped at no signal" },
	{ "held by ptrace at SIGSEGV", INFO, 11, 0, 0, 0, 11, NULL },
	{ "held at the last signal there is", INFO, 64, 0, 0, 0, 64, NULL },
	{ "no such signal", INFO, 65, 0, 0, ERR_CORRUPT, 0, "of signal 65" },
	{ "none at all", INFO, 0, 0, 0, ERR_CORRUPT, 0, "of signal 0" },
	{ "siginfo is nowhere", FAR, 11, 0, 0, ERR_CORRUPT, 0, "signal of thread 77 (server)" },
	{ "its process was being killed", 0, 0, 4, 9, ERR_NOTFOUND, 9, "no signal" },
	{ "by a signal that makes a core", 0, 0, 4, 11 | 0x80, ERR_NOTFOUND, 11, "no signal" },
	{ "it was ending by itself", 0, 0, 4, 3 << 8, ERR_NOTFOUND, 0, "no signal" },
	{ "an exit code of a process that does not end", 0, 0, 0, 9, ERR_NOTFOUND, 0, "no signal" },
	{ "a code that is none", 0, 0, 4, 0x7f, ERR_NOTFOUND, 0, "no signal" },
};

static void tells_signals(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		uint8_t info[SIGINFO_SIZE];
		struct err err = { 0 };
		struct machine x;

		print_message("%s\n", signals[i].what);
		machine_init(&x);
		put_u64(at(&x, TASK + 0x18), signals[i].info);
		memset(at(&x, INFO), 0x5a, 128);
		put_u32(at(&x, INFO), signals[i].signo);
		put_u32(at(&x, SIGNAL), signals[i].flags);
		put_u32(at(&x, SIGNAL + 4), signals[i].code);
		machine_open(&x);
		assert_int_equal(task_siginfo(&x.k, &x.t, info, &err), signals[i].rc);
		if (signals[i].fault)
			assert_non_null(strstr(err.text, signals[i].fault));
		else
			assert_true(info[47] == 0x5a && info[48] == 0 && info[127] == 0);
		assert_int_equal(task_signal(&x.k, &x.t), signals[i].signal);
		tiny_ram_close(&x.m);
	}
}

static void tells_limits(void **state)
{
	struct task_limit l[TASK_LIMITS];
	struct err err = { 0 };
	struct machine x;

	(void)state;
	machine_init(&x);
	put_u64(at(&x, SIGNAL + 0x40 + 16 * 7), 1024);
	put_u64(at(&x, SIGNAL + 0x40 + 16 * 7 + 8), UINT64_MAX);
	machine_open(&x);
	assert_int_equal(task_limits(&x.k, &x.t, l, &err), 0);
	assert_true(l[7].soft == 1024 && l[7].hard == TASK_LIMIT_INFINITY && !l[6].soft && !l[8].hard);
	assert_string_equal(task_limit_name(7), "nofile");
	x.t.signal = 0;
	assert_int_equal(task_limits(&x.k, &x.t, l, &err), ERR_NOTFOUND);
	assert_non_null(strstr(err.text, "process 77 has no limits any more"));
	x.t.signal = FAR;
	err = (struct err){ 0 };
	assert_int_equal(task_limits(&x.k, &x.t, l, &err), ERR_CORRUPT);
	assert_non_null(strstr(err.text, "limits of process 77"));
	/* A kernel with more limits, or fewer: they would be others. */
	x.k.layout.v[L_signal_struct_rlim].size = 272;
	assert_int_equal(task_limits(&x.k, &x.t, l, &err), ERR_UNSUPPORTED);
	tiny_ram_close(&x.m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_open_files),
		cmocka_unit_test(names_files_without_directory),
		cmocka_unit_test(tells_signals),
		cmocka_unit_test(tells_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
