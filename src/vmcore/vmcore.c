/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmcore/vmcore.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "vmcore/elf_dump.h"
#include "vmcore/flat_map.h"
#include "vmcore/kdump_dump.h"
#include "vmcore/window.h"

static bool names_kcore(const char *path)
{
	return strlen(path) >= 5 && !strcmp(path + strlen(path) - 5, "kcore");
}

/*
 * /proc/kcore takes CAP_SYS_RAWIO, and a kernel in lockdown at "confidentiality" gives it to nobody: open()
 * says EPERM for either, and read() did where a kernel was locked later (LOCKDOWN_KCORE).
 */
static int kcore_refused(struct err *err)
{
	AUTO_CLOSE int fd = open("/sys/kernel/security/lockdown", O_RDONLY | O_CLOEXEC);
	char text[64] = "";
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	text[n > 0 ? n : 0] = 0;
	if (strstr(text, "[confidentiality]"))
		return err_set(err, ERR_IO,
			       "%s: the kernel is in lockdown (confidentiality), which forbids it to everybody",
			       strerror(EPERM));
	return err_set(err, ERR_IO, "%s: %s", strerror(EPERM),
		       n > 0 ? "this takes CAP_SYS_RAWIO" :
			       "the kernel is in lockdown, or CAP_SYS_RAWIO is lacking");
}

static int open_file(struct vmcore *vc, const char *path, struct err *err)
{
	struct stat st;
	struct statfs fs;
	bool is_proc;

	vc->path = strdup(path);
	if (!vc->path)
		return err_nomem(err);
	/* A FIFO without a writer must not wait for one; regular files and /proc/vmcore never block. */
	vc->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (vc->fd < 0 && errno == EPERM && names_kcore(path))
		return kcore_refused(err);
	if (vc->fd < 0 || fstat(vc->fd, &st))
		return err_errno(err, "cannot be opened");
	if (S_ISDIR(st.st_mode))
		return err_set(err, ERR_FORMAT, "is a directory");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_UNSUPPORTED,
			       "is no regular file, and a dump must be read in any order");
	vc->file_size = (uint64_t)st.st_size;
	is_proc = !fstatfs(vc->fd, &fs) && fs.f_type == PROC_SUPER_MAGIC;
	vc->is_kcore = is_proc && names_kcore(path);
	return window_cache_create(vc->fd, vc->file_size, is_proc, !vc->is_kcore, &vc->windows,
				   err);
}

static const struct note *find_note(const struct vmcore *vc, const char *name)
{
	const struct note *n;

	vec_for_each(n, &vc->notes)
		if (!strcmp(n->name, name))
			return n;
	return NULL;
}

/* VMCOREINFO, without which a file is no kernel dump for us. */
static int read_vmcoreinfo(struct vmcore *vc, struct err *err)
{
	const struct note *n = find_note(vc, "VMCOREINFO");
	int64_t page_size;
	char *text;
	int rc;

	if (!n) {
		vec_for_each(n, &vc->notes)
			if (n->type == 6 /* NT_AUXV */)
				return err_set(err, ERR_FORMAT,
					       "is the core of a process, not of a kernel");
		return err_set(err, ERR_FORMAT, "has no VMCOREINFO note: not a kernel dump, or one "
						"whose notes were lost");
	}
	if (n->desc_size > VMCOREINFO_SIZE_MAX)
		return err_set(err, ERR_FORMAT, "VMCOREINFO of %u bytes is not believable",
			       n->desc_size);
	text = malloc(n->desc_size + 1u);
	if (!text)
		return err_nomem(err);
	rc = vmcore_read_file(vc, n->desc_off, text, n->desc_size, err);
	if (!rc)
		rc = vmcoreinfo_init(&vc->info, text, n->desc_size, err);
	free(text);
	if (rc)
		return err_add(err, "VMCOREINFO");
	if (!vmcoreinfo_number(&vc->info, "PAGESIZE", &page_size))
		page_size = 4096;
	if (page_size < 4096 || page_size > 65536 || !is_pow2((uint64_t)page_size))
		return err_set(err, ERR_CORRUPT, "VMCOREINFO: PAGESIZE=%" PRId64, page_size);
	vc->page_size = (uint32_t)page_size;
	return 0;
}

static int open_elf(struct vmcore *vc, struct err *err)
{
	struct elf_dump_notes at = { 0 };
	struct err note_err = { 0 };
	size_t i;
	int rc = elf_dump_read(vc, &at, err);

	if (rc)
		return rc;
	for (i = 0; i < at.n; i++) {
		size_t first = vc->notes.n;

		rc = elf_dump_notes_read(vc, at.v[i].off, at.v[i].size, &note_err);
		if (rc == ERR_NOMEM)
			return err_nomem(err);
		if (rc)
			log_warn(vc->log, "%s: %s; %zu notes before it are used", vc->path,
				 note_err.text, vc->notes.n - first);
	}
	return 0;
}

static int open_flat(struct vmcore *vc, struct err *err)
{
	int rc = flat_map_open(vc->windows, vc->file_size, &vc->flat, err);

	if (rc)
		return rc;
	vc->file_size = flat_map_size(vc->flat);
	if (flat_map_was_cut(vc->flat))
		log_warn(vc->log, "%s: the file was cut: its end mark is missing", vc->path);
	return 0;
}

/* Formats are told by their first bytes. */
static int open_format(struct vmcore *vc, struct err *err)
{
	uint8_t head[16] = { 0 };
	size_t n = min_u64(sizeof(head), vc->file_size);
	int rc;

	errno = 0;
	rc = n ? vmcore_read_file(vc, 0, head, n, err) : 0;
	if (rc && vc->is_kcore && errno == EPERM)
		return kcore_refused(err);
	if (!rc && flat_map_probe(head, n)) {
		rc = open_flat(vc, err);
		if (!rc)
			rc = vmcore_read_file(vc, 0, head, sizeof(head), err);
		if (!rc && !kdump_dump_probe(head, sizeof(head)))
			return err_set(err, ERR_UNSUPPORTED,
				       "is flattened, and not kdump-compressed: rearrange it by makedumpfile -R first");
	}
	if (rc)
		return rc;
	return kdump_dump_probe(head, n) ? kdump_dump_open(vc, err) : open_elf(vc, err);
}

static int open_dump(struct vmcore *vc, const char *path, struct err *err)
{
	int rc = open_file(vc, path, err);

	if (!rc)
		rc = open_format(vc, err);
	if (!rc)
		rc = read_vmcoreinfo(vc, err);
	if (rc)
		return rc;
	if (vc->missing_size)
		log_warn(vc->log,
			 "%s: the file was cut: %" PRIu64 " of its memory's bytes are missing",
			 path, vc->missing_size);
	return 0;
}

int vmcore_open_file(const char *path, struct log *log, struct vmcore **ret, struct err *err)
{
	struct vmcore *vc = calloc(1, sizeof(*vc));
	int rc;

	if (!vc)
		return err_nomem(err);
	vc->fd = -1;
	vc->log = log;
	rc = open_dump(vc, path, err);
	if (rc) {
		vmcore_close(vc);
		return err_add(err, "%s", path);
	}
	*ret = vc;
	return 0;
}

void vmcore_close(struct vmcore *vc)
{
	if (!vc)
		return;
	while (vc->nr_parts)
		vmcore_close(vc->parts[--vc->nr_parts]);
	free(vc->parts);
	kdump_dump_close(vc->kd);
	flat_map_close(vc->flat);
	window_cache_destroy(vc->windows);
	if (vc->fd >= 0)
		close(vc->fd);
	vmcoreinfo_deinit(&vc->info);
	note_vec_free(&vc->notes);
	vmcore_load_vec_free(&vc->loads);
	vmcore_seg_vec_free(&vc->segs);
	vmcore_seg_vec_free(&vc->filtered);
	vmcore_seg_vec_free(&vc->missing);
	free(vc->path);
	free(vc);
}

void vmcore_forget(struct vmcore *vc)
{
	window_cache_forget(vc->windows);
}

void vmcore_without_mmap(struct vmcore *vc)
{
	size_t i;

	window_cache_without_mmap(vc->windows);
	for (i = 0; i < vc->nr_parts; i++)
		vmcore_without_mmap(vc->parts[i]);
}

/* The first segment that ends behind @paddr: the one that holds it, or the next; NULL if none does. */
static const struct vmcore_seg *seg_from(const struct vmcore_seg_vec *segs, paddr_t paddr)
{
	size_t lo = 0, hi = segs->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (segs->v[mid].end <= paddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < segs->n ? &segs->v[lo] : NULL;
}

static const struct vmcore_seg *seg_find(const struct vmcore_seg_vec *segs, paddr_t paddr)
{
	const struct vmcore_seg *s = seg_from(segs, paddr);

	return s && s->start <= paddr ? s : NULL;
}

bool vmcore_is_read_from(const struct vmcore *vc, const char *path)
{
	struct stat out, in;
	size_t i;

	if (strcmp(path, "-") ? stat(path, &out) : fstat(STDOUT_FILENO, &out))
		return false;
	for (i = 0; i < vc->nr_parts; i++)
		if (vmcore_is_read_from(vc->parts[i], path))
			return true;
	return !fstat(vc->fd, &in) && in.st_dev == out.st_dev && in.st_ino == out.st_ino;
}

bool vmcore_has(const struct vmcore *vc, paddr_t paddr)
{
	/* Looking changes what is cached, and nothing else. */
	return vc->kd ? kdump_dump_has((struct vmcore *)vc, paddr) :
			seg_find(&vc->segs, paddr) != NULL;
}

bool vmcore_was_filtered(const struct vmcore *vc, paddr_t paddr)
{
	return vc->kd ? kdump_dump_was_filtered((struct vmcore *)vc, paddr) :
			seg_find(&vc->filtered, paddr) && !seg_find(&vc->segs, paddr);
}

uint64_t vmcore_nr_pages(const struct vmcore *vc)
{
	const struct vmcore_seg *s;
	uint64_t n = 0;

	if (vc->kd)
		return kdump_dump_nr_pages(vc->kd);
	vec_for_each(s, &vc->segs)
		n += (s->end - s->start) / vc->page_size;
	return n;
}

const char *vmcore_format(const struct vmcore *vc)
{
	return !vc->kd ? "ELF" : vc->flat ? "kdump-compressed, flattened" : "kdump-compressed";
}

bool vmcore_next(struct vmcore *vc, enum vmcore_what what, paddr_t from, paddr_t *start,
		 paddr_t *end)
{
	const struct vmcore_seg *s, *f;

	if (vc->kd)
		return kdump_dump_next(vc, what, from, start, end);
	s = seg_from(&vc->segs, from);
	f = what == VMCORE_RAM ? seg_from(&vc->filtered, from) : NULL;
	if (!s || (f && f->start < s->start))
		s = f;
	if (!s)
		return false;
	*start = max_u64(s->start, from);
	*end = s->end;
	return true;
}

/* @buf: NULL to look at a window, else as window_fetch() */
static int see_file(struct vmcore *vc, uint64_t off, void *buf, size_t *size, const void **ptr,
		    struct err *err)
{
	static const uint8_t zeros[4096];
	uint64_t file_off, n;

	if (!vc->flat)
		return buf ? window_fetch(vc->windows, off, buf, size, ptr, err) :
			     window_get(vc->windows, off, size, ptr, err);
	if (off >= vc->file_size)
		return err_set(err, ERR_ABSENT, "offset 0x%" PRIx64 " is past the file's end", off);
	if (flat_map_find(vc->flat, off, &file_off, &n)) {
		*size = min_u64(*size, n);
		return window_get(vc->windows, file_off, size, ptr, err);
	}
	*size = min_u64(*size, min_u64(n, sizeof(zeros)));
	*ptr = zeros;
	return 0;
}

uint64_t vmcore_faults(const struct vmcore *vc, const char **last)
{
	uint64_t n = vc->nr_faults;
	size_t i;

	if (last)
		*last = vc->last_fault.text;
	for (i = 0; i < vc->nr_parts; i++) {
		n += vc->parts[i]->nr_faults;
		if (last && vc->parts[i]->nr_faults)
			*last = vc->parts[i]->last_fault.text;
	}
	return n;
}

int vmcore_take_fault(struct vmcore *vc, int rc, const struct err *err)
{
	if (rc && rc != ERR_NOMEM && !vc->is_kcore) {
		vc->nr_faults++;
		vc->last_fault = *err;
	}
	return rc;
}

static int why_absent(struct vmcore *vc, paddr_t paddr, struct err *err)
{
	const struct vmcore_seg *s;
	struct err fault;

	vec_for_each(s, &vc->missing)
		if (s->start <= paddr && paddr < s->end) {
			err = vmcore_fault_err(err, &fault);
			err_set(err, ERR_ABSENT, "page frame 0x%" PRIx64 " is not in the dump: it was cut",
				paddr / vc->page_size);
			return vmcore_take_fault(vc, ERR_ABSENT, err);
		}
	return err_set(err, ERR_ABSENT, "page frame 0x%" PRIx64 " %s the dump", paddr / vc->page_size,
		       seg_find(&vc->filtered, paddr) ? "was filtered out of" : "is not in");
}

/* @buf: NULL to look at a window, else as vmcore_fetch() */
static int see(struct vmcore *vc, paddr_t paddr, void *buf, size_t want, const void **ptr,
	       size_t *size, struct err *err)
{
	const struct vmcore_seg *s;
	struct err fault;
	int rc;

	if (vc->kd)
		return kdump_dump_map(vc, paddr, want, ptr, size, err);
	s = seg_find(&vc->segs, paddr);
	if (!s)
		return why_absent(vc, paddr, err);
	*size = min_u64(want, s->end - paddr);
	err = vmcore_fault_err(err, &fault);
	rc = see_file(vc, s->off + (paddr - s->start), buf, size, ptr, err);
	if (rc)
		err_add(err, "page frame 0x%" PRIx64, paddr / vc->page_size);
	return vmcore_take_fault(vc, rc, err);
}

int vmcore_map(struct vmcore *vc, paddr_t paddr, size_t want, const void **ptr, size_t *size,
	       struct err *err)
{
	return vmcore_fetch(vc, paddr, NULL, want, ptr, size, err);
}

void vmcore_watch(struct vmcore *vc, void (*fn)(void *ctx, paddr_t paddr, uint64_t size), void *ctx)
{
	vc->watch = fn;
	vc->watch_ctx = ctx;
}

int vmcore_fetch(struct vmcore *vc, paddr_t paddr, void *buf, size_t want, const void **ptr,
		 size_t *size, struct err *err)
{
	int rc = see(vc, paddr, buf, want, ptr, size, err);

	if (!rc && vc->watch)
		vc->watch(vc->watch_ctx, paddr, *size);
	return rc;
}

int vmcore_read(struct vmcore *vc, paddr_t paddr, void *buf, size_t size, struct err *err)
{
	uint8_t *to = buf;

	while (size) {
		const void *p;
		size_t n;
		int rc = vmcore_map(vc, paddr, size, &p, &n, err);

		if (rc)
			return rc;
		memcpy(to, p, n);
		to += n;
		paddr += n;
		size -= n;
	}
	return 0;
}

int vmcore_map_file(struct vmcore *vc, uint64_t off, size_t want, const void **ptr, size_t *size,
		    struct err *err)
{
	struct err fault;

	err = vmcore_fault_err(err, &fault);
	*size = want;
	return vmcore_take_fault(vc, see_file(vc, off, NULL, size, ptr, err), err);
}

int vmcore_read_file(struct vmcore *vc, uint64_t off, void *buf, size_t size, struct err *err)
{
	uint8_t *to = buf;

	while (size) {
		const void *p;
		size_t n;
		int rc = vmcore_map_file(vc, off, size, &p, &n, err);

		if (rc)
			return rc;
		memcpy(to, p, n);
		to += n;
		off += n;
		size -= n;
	}
	return 0;
}
