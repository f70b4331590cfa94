/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/open_files.h"

#include <string.h>

#include "util/bytes.h"

/* O_CLOEXEC of x86 and arm64 (include/uapi/asm-generic/fcntl.h). */
#define FILE_O_CLOEXEC 02000000u

int open_files_init(struct open_files_iter *it, struct kernel *k, const struct task *t,
		    struct err *err)
{
	uint64_t files, fdt, fds, max, bits;
	int rc = kread_member(k, t->addr, L_task_struct_files, &files, err);

	memset(it, 0, sizeof(*it));
	it->k = k;
	if (!rc && !files)
		return err_set(err, ERR_NOTFOUND, "process %d has no open files", t->pid);
	if (!rc)
		rc = kread_member(k, files, L_files_struct_fdt, &fdt, err);
	if (!rc)
		rc = kread_member(k, fdt, L_fdtable_max_fds, &max, err);
	if (!rc)
		rc = kread_member(k, fdt, L_fdtable_fd, &fds, err);
	if (!rc && max > OPEN_FILES_MAX)
		rc = err_set(err, ERR_CORRUPT, "fdtable 0x%" PRIx64 ": for %" PRIu64 " files", fdt, max);
	if (rc)
		return err_add(err, "open files of process %d (%s)", t->pid, t->comm);
	it->fds = fds;
	it->max = (uint32_t)max;
	if (!kread_member(k, fdt, L_fdtable_close_on_exec, &bits, NULL))
		it->close_on_exec = bits;
	return 0;
}

/* Have the pointers from .next on at hand. Return: false where the table cannot be read. */
static bool fill_window(struct open_files_iter *it)
{
	uint32_t n = (uint32_t)min_u64(ARRAY_SIZE(it->window), it->max - it->next);

	if (kmem_read(&it->k->km, it->fds + 8ull * it->next, it->window, 8ull * n, &it->fault)) {
		it->next = it->max;
		return false;
	}
	it->window_at = it->next;
	it->nr_window = n;
	return true;
}

static void read_file(struct open_files_iter *it, struct open_file *f)
{
	struct kernel *k = it->k;
	uint64_t v;
	uint8_t bits;

	f->has_flags = !kread_member(k, f->file, L_file_f_flags, &v, NULL);
	if (f->has_flags)
		f->flags = (uint32_t)v & ~FILE_O_CLOEXEC;
	if (it->close_on_exec && f->has_flags &&
	    !kmem_read(&k->km, it->close_on_exec + f->fd / 8, &bits, 1, NULL) && bits >> f->fd % 8 & 1)
		f->flags |= FILE_O_CLOEXEC;
	f->has_pos = !kread_member(k, f->file, L_file_f_pos, &f->pos, NULL);
}

bool open_files_next(struct open_files_iter *it, struct open_file *ret)
{
	for (; it->next < it->max; it->next++) {
		uint64_t file;

		if (it->next - it->window_at >= it->nr_window && !fill_window(it))
			return false;
		file = get_u64(&it->window[it->next - it->window_at]);
		if (!file)
			continue;
		memset(ret, 0, sizeof(*ret));
		ret->fd = it->next++;
		ret->file = file;
		read_file(it, ret);
		return true;
	}
	return false;
}
