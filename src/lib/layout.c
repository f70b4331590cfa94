/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making a layout file, on the production machine while its kernel runs, or from that kernel's files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel/btf.h"
#include "kernel/layout_file.h"
#include "kernel/module_types.h"
#include "kernel/stack.h"
#include "lib/dump.h"
#include "sink/sink.h"
#include "util/cleanup.h"
#include "util/str.h"
#include "vmcore/elf_file.h"

#define RUNNING_BTF   "/sys/kernel/btf/vmlinux"
#define RUNNING_MODULES "/sys/kernel/btf/%s"
#define RUNNING_MODULE_ID "/sys/module/%s/notes/.note.gnu.build-id"
#define RUNNING_NOTES "/sys/kernel/notes"
#define RUNNING_SYMS  "/proc/kallsyms"
/* x86_64 up to 6.14 links per-CPU variables at zero: such symbols are offsets and never move. */
#define PERCPU_ABSOLUTE_MAX MIB(16)

struct making {
	struct layout_file lf;
	struct log *log;
	struct err *err;
	bool data[SYMBOL_NR]; /* the symbol found so far is a data symbol */
	uint8_t alt[SYMBOL_NR];
	uint64_t swap_info;   /* where it is, while the next symbol is awaited */
	bool saw_address;     /* /proc/kallsyms shows zeros to those who may not see */
};

/* A whole file of unknown size (sysfs and procfs say 0). */
static int read_file(const char *path, size_t max, void **ret, size_t *size, struct err *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t cap = 65536;
	uint8_t *buf;
	ssize_t n;

	if (fd < 0)
		return err_errno(err, "%s", path);
	*size = 0;
	buf = malloc(cap);
	while (buf) {
		n = read(fd, buf + *size, cap - *size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		*size += (size_t)n;
		if (*size == cap) {
			void *p = cap < max ? realloc(buf, cap *= 2) : NULL;

			if (!p) {
				free(buf);
				return err_set(err, ERR_FORMAT, "%s: is larger than %zu bytes",
					       path, max);
			}
			buf = p;
		}
	}
	if (!buf)
		return err_nomem(err);
	if (n < 0) {
		free(buf);
		return err_errno(err, "%s", path);
	}
	*ret = buf;
	return 0;
}

/* Which build of a module is loaded: its types are of no other. */
static void take_module_id(struct making *m, size_t i)
{
	AUTO_FREE void *notes = NULL;
	char path[96];
	size_t size;

	snprintf(path, sizeof(path), RUNNING_MODULE_ID, layout_module_at(i));
	if (!read_file(path, MIB(1), &notes, &size, NULL))
		build_id_of_notes(notes, size, m->lf.module_build_id[i]);
}

/* Types of the modules that are loaded; the dump has those of the others, if it has any. */
static int take_modules(struct making *m, const struct reader *base)
{
	const char *name;
	char path[64];
	size_t i, size;

	for (i = 0; (name = layout_module_at(i)); i++) {
		AUTO_FREE void *blob = NULL;
		struct reader r;
		int rc;

		snprintf(path, sizeof(path), RUNNING_MODULES, name);
		if (read_file(path, BTF_SIZE_MAX, &blob, &size, NULL))
			continue;
		r = (struct reader)READER_OF_BUFFER(blob, size);
		rc = module_types_fill(base, &r, name, &m->lf.layout, m->err);
		if (rc == ERR_NOMEM)
			return rc;
		if (rc)
			log_warn(m->log, "%s: %s", path, m->err->text);
		take_module_id(m, i);
	}
	return 0;
}

static int take_btf(struct making *m, const char *path, bool with_modules)
{
	AUTO_FREE void *blob = NULL;
	struct reader r;
	size_t size;
	int rc = elf_file_section(path, ".BTF", &blob, &size, m->err);

	if (rc == ERR_FORMAT)
		rc = read_file(path, BTF_SIZE_MAX, &blob, &size, m->err);
	if (rc)
		return rc;
	r = (struct reader)READER_OF_BUFFER(blob, size);
	rc = btf_fill_layout(&r, layout_defs, LAYOUT_NR, m->lf.layout.v, m->err);
	if (rc && rc != ERR_UNSUPPORTED)
		return err_add(m->err, "%s", path);
	if (rc)
		log_warn(m->log, "%s: %s", path, m->err->text);
	if (!layout_has(&m->lf.layout, L_task_struct_tasks))
		return err_set(m->err, ERR_FORMAT, "%s: does not describe task_struct", path);
	return with_modules ? take_modules(m, &r) : 0;
}

/*
 * MAX_SWAPFILES is the size of swap_info[]: that of the symbol, or the distance to the next one where
 * lines ascend by address, as those of /proc/kallsyms and System.map do.
 */
static void take_swap_info(struct making *m, const char *name, uint64_t value, uint64_t size)
{
	if (m->swap_info && !m->lf.max_swapfiles && value > m->swap_info) {
		if ((value - m->swap_info) / 8 <= 32)
			m->lf.max_swapfiles = (value - m->swap_info) / 8;
		m->swap_info = 0;
	}
	if (strcmp(name, "swap_info"))
		return;
	if (size)
		m->lf.max_swapfiles = size / 8 <= 32 ? size / 8 : 0;
	else
		m->swap_info = value;
}

/* Names of symbols.def; of several with one name the first data symbol, else the first. */
static int take_symbol(void *ctx, const char *name, uint64_t value, uint64_t size, bool data)
{
	struct making *m = ctx;
	size_t i;

	if (value)
		m->saw_address = true;
	take_swap_info(m, name, value, size);
	for (i = 0; i < SYMBOL_NR; i++) {
		const char *at = symbol_defs[i].names;
		uint8_t alt = 0;

		for (; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL, alt++) {
			size_t len = strcspn(at, "|");

			if (strlen(name) != len || memcmp(at, name, len))
				continue;
			if (m->lf.sym.known[i] &&
			    (m->alt[i] < alt || (m->alt[i] == alt && (m->data[i] || !data))))
				continue;
			m->lf.sym.known[i] = true;
			m->lf.sym.addr[i] = value;
			m->alt[i] = alt;
			m->data[i] = data;
		}
	}
	if (!strcmp(name, "_stext"))
		m->lf.stext = value;
	return 0;
}

/* Lines "ADDRESS LETTER NAME [MODULE]": /proc/kallsyms, System.map, nm. */
static int take_symbol_lines(struct making *m, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[4096], digits[17], letter, name[2049], module[2];
	uint64_t addr;

	if (!f)
		return err_errno(m->err, "%s", path);
	while (fgets(line, sizeof(line), f)) {
		int n = sscanf(line, "%16[0-9a-fA-F] %c %2048s %1s", digits, &letter, name, module);

		if (n < 3)
			continue;
		if (n == 4) /* of a module: these come last */
			break;
		addr = strtoull(digits, NULL, 16);
		take_symbol(m, name, addr, 0, !strchr("tTwW", letter));
	}
	fclose(f);
	return 0;
}

static int finish_symbols(struct making *m, const char *path)
{
	size_t i;

	if (!m->saw_address)
		return err_set(m->err, ERR_IO,
			       "%s shows no addresses: this takes CAP_SYSLOG and kptr_restrict below 2",
			       path);
	if (!m->lf.stext)
		return err_set(m->err, ERR_FORMAT, "%s: has no _stext", path);
	if (!m->lf.sym.known[S_init_task])
		log_warn(m->log,
			 "%s: has no data symbols (CONFIG_KALLSYMS_ALL off?): give a vmlinux or System.map",
			 path);
	for (i = 0; i < SYMBOL_NR; i++)
		m->lf.percpu[i] = m->lf.sym.known[i] && m->lf.sym.addr[i] < PERCPU_ABSOLUTE_MAX;
	m->lf.thread_size = stack_size_by_symbols(&m->lf.sym);
	/* Where one symbol is missing the others are, and the padding would be a guess. */
	if (m->lf.thread_size)
		m->lf.stack_pad = stack_pad_by_symbols(&m->lf.sym, &m->lf.layout);
	return 0;
}

static int copy_text(char *to, size_t size, const char *from, const char *what, struct err *err)
{
	if (strlen(from) >= size)
		return err_set(err, ERR_INVALID, "%s is longer than %zu bytes", what, size - 1);
	strcpy(to, from);
	return 0;
}

static int take_running(struct making *m)
{
	AUTO_FREE void *notes = NULL;
	struct utsname u;
	size_t size;
	int rc;

	if (uname(&u))
		return err_errno(m->err, "uname");
	rc = copy_text(m->lf.release, sizeof(m->lf.release), u.release, "release", m->err);
	if (!rc)
		rc = copy_text(m->lf.version, sizeof(m->lf.version), u.version, "version", m->err);
	if (!rc)
		rc = copy_text(m->lf.machine, sizeof(m->lf.machine), u.machine, "machine", m->err);
	if (!rc && !read_file(RUNNING_NOTES, MIB(1), &notes, &size, NULL))
		build_id_of_notes(notes, size, m->lf.build_id);
	if (!rc)
		rc = take_btf(m, RUNNING_BTF, true);
	if (!rc)
		rc = take_symbol_lines(m, RUNNING_SYMS);
	return rc ? rc : finish_symbols(m, RUNNING_SYMS);
}

/* "Linux version RELEASE (...) ... VERSION" is what a vmlinux says of itself (init/version.c). */
static int take_files(struct making *m, const struct vmsift_layout_opts *o)
{
	const char *syms = o->system_map ? o->system_map : o->vmlinux;
	int rc;

	if (!o->vmlinux && (!o->btf || !o->system_map))
		return err_set(m->err, ERR_INVALID, "--btf and --system-map go together");
	if (o->vmlinux && elf_file_build_id(o->vmlinux, m->lf.build_id, NULL))
		m->lf.build_id[0] = 0;
	rc = o->build_id ? copy_text(m->lf.build_id, sizeof(m->lf.build_id), o->build_id,
				     "--build-id", m->err) : 0;
	if (!rc && o->version)
		rc = copy_text(m->lf.version, sizeof(m->lf.version), o->version, "--version", m->err);
	if (!rc)
		rc = copy_text(m->lf.release, sizeof(m->lf.release), o->release ? o->release : "-",
			       "--release", m->err);
	if (rc)
		return rc;
	if (!m->lf.build_id[0] && (!o->release || !o->version))
		return err_set(m->err, ERR_INVALID,
			       "of which kernel? --build-id, or --release and --version, are needed");
	strcpy(m->lf.machine, "-");
	if (!m->lf.version[0])
		strcpy(m->lf.version, "-");
	rc = take_btf(m, o->btf ? o->btf : o->vmlinux, false);
	if (!rc)
		rc = o->system_map ? take_symbol_lines(m, o->system_map)
				   : elf_file_symbols(o->vmlinux, take_symbol, m, m->err);
	return rc ? rc : finish_symbols(m, syms);
}

struct program {
	struct making *m;
	char build_id[41];
};

static int take_user_symbol(void *ctx, const char *name, uint64_t value, uint64_t size, bool data)
{
	struct program *p = ctx;
	struct user_symbol u = { .value = value, .size = size };

	if (!data || !size || strlen(name) > USER_NAME_MAX || strpbrk(name, " \n"))
		return 0;
	strcpy(u.build_id, p->build_id);
	u.name = strdup(name);
	if (!u.name || !user_symbol_vec_push(&p->m->lf.user_symbols, u)) {
		free(u.name);
		return err_nomem(p->m->err);
	}
	return 0;
}

static int take_programs(struct making *m, char *const *programs)
{
	int rc = 0;

	for (; programs && *programs && !rc; programs++) {
		struct program p = { .m = m };

		rc = elf_file_build_id(*programs, p.build_id, m->err);
		if (!rc)
			rc = elf_file_symbols(*programs, take_user_symbol, &p, m->err);
	}
	return rc;
}

static int write_layout(const struct layout_file *lf, const struct vmsift_layout_opts *o,
			struct err *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	struct sink *s;
	FILE *f = open_memstream(&text, &size);
	int rc;

	if (!f)
		return err_nomem(err);
	layout_file_write(lf, f);
	if (fclose(f))
		return err_nomem(err);
	rc = o->out && strcmp(o->out, "-") ? sink_open_path(o->out, o->force, &s, err)
					   : sink_open_fd(1, "standard output", &s, err);
	if (rc)
		return rc;
	rc = sink_write(s, text, size, err);
	if (rc) {
		sink_abort(s, SINK_KEEP);
		return rc;
	}
	return sink_close(s, err);
}

enum vmsift_status vmsift_layout(const struct vmsift_layout_opts *o, struct log *log,
				 struct err *err)
{
	bool other = o->vmlinux || o->btf || o->system_map || o->build_id || o->release || o->version;
	struct making *m = calloc(1, sizeof(*m));
	int rc;

	if (!m) {
		err_nomem(err);
		return VMSIFT_NOTHING;
	}
	layout_file_init(&m->lf);
	m->log = log;
	m->err = err;
	rc = other ? take_files(m, o) : take_running(m);
	if (!rc)
		rc = take_programs(m, o->programs);
	if (!rc)
		rc = write_layout(&m->lf, o, err);
	layout_file_deinit(&m->lf);
	free(m);
	if (!rc)
		*err = (struct err){ 0 }; /* of a try that another way made good */
	return vmsift_status_of(rc);
}
