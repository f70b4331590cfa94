/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/path.h"

#include <stdio.h>
#include <string.h>

#include "util/bytes.h"

/* Names are at most 255 bytes; a path cannot have more parts than this and fit PATH_MAX. */
#define PARTS_MAX (PATH_SIZE / 2)
/* FMODE_BACKING: to 6.11, and since (include/linux/fs.h) */
#define FMODE_BACKING_BITS (1u << 25 | 1u << 24)

/* A path grows from its end: parts are put in front. */
struct path_buf {
	char *buf;
	size_t at; /* first byte in use */
};

static bool prepend(struct path_buf *p, const char *s, size_t n)
{
	if (n > p->at)
		return false;
	p->at -= n;
	memcpy(p->buf + p->at, s, n);
	return true;
}

static int prepend_name(struct kernel *k, struct path_buf *p, kvaddr_t dentry, struct err *err)
{
	kvaddr_t qstr = kmember_addr(k, dentry, L_dentry_d_name);
	uint64_t len, name_addr;
	char name[256];
	int rc = kread_member(k, qstr, L_qstr_len, &len, err);

	if (!rc)
		rc = kread_member(k, qstr, L_qstr_name, &name_addr, err);
	if (rc)
		return rc;
	if (len > 255)
		return err_set(err, ERR_CORRUPT, "dentry 0x%" PRIx64 ": a name of %" PRIu64 " bytes",
			       dentry, len);
	rc = kmem_read(&k->km, name_addr, name, len, err);
	if (rc)
		return err_add(err, "name of dentry 0x%" PRIx64, dentry);
	if (memchr(name, 0, len))
		return err_set(err, ERR_CORRUPT, "dentry 0x%" PRIx64 ": NUL in its name", dentry);
	if (!prepend(p, name, len) || !prepend(p, "/", 1))
		return err_set(err, ERR_CORRUPT, "a path longer than %d bytes", PATH_SIZE);
	return 0;
}

struct spot {
	uint64_t mnt, dentry; /* struct vfsmount, struct dentry */
};

static int read_spot(struct kernel *k, kvaddr_t path, struct spot *ret, struct err *err)
{
	int rc = kread_member(k, path, L_path_mnt, &ret->mnt, err);

	return rc ? rc : kread_member(k, path, L_path_dentry, &ret->dentry, err);
}

/* Go up from the root of a mount to where it is mounted. *top: there is nothing above. */
static int leave_mount(struct kernel *k, struct spot *at, bool *top, struct err *err)
{
	kvaddr_t mount = at->mnt - layout_off(&k->layout, L_mount_mnt);
	uint64_t parent, mountpoint;
	int rc = kread_member(k, mount, L_mount_mnt_parent, &parent, err);

	if (!rc)
		rc = kread_member(k, mount, L_mount_mnt_mountpoint, &mountpoint, err);
	if (rc)
		return rc;
	*top = parent == mount;
	at->mnt = parent + layout_off(&k->layout, L_mount_mnt);
	at->dentry = mountpoint;
	return 0;
}

static int walk_up(struct kernel *k, struct path_buf *p, struct spot at, const struct spot *root,
		   struct err *err)
{
	unsigned int n;

	for (n = 0; n < PARTS_MAX; n++) {
		uint64_t mnt_root, parent;
		bool top;
		int rc;

		if (root->dentry && at.mnt == root->mnt && at.dentry == root->dentry)
			return 0;
		rc = kread_member(k, at.mnt, L_vfsmount_mnt_root, &mnt_root, err);
		if (!rc && at.dentry == mnt_root) {
			rc = leave_mount(k, &at, &top, err);
			if (rc || top)
				return rc;
			continue;
		}
		if (!rc)
			rc = kread_member(k, at.dentry, L_dentry_d_parent, &parent, err);
		if (rc)
			return rc;
		if (parent == at.dentry) /* an own tree, such as a memfd's */
			return 0;
		rc = prepend_name(k, p, at.dentry, err);
		if (rc)
			return rc;
		at.dentry = parent;
	}
	return err_set(err, ERR_CORRUPT, "a path of more than %d parts: a loop", PARTS_MAX);
}

/* d_unlinked(): not hashed any more, and not a root. */
static bool is_deleted(struct kernel *k, kvaddr_t dentry)
{
	uint64_t pprev, parent;

	return !kread_member(k, dentry, L_dentry_d_hash_pprev, &pprev, NULL) && !pprev &&
	       !kread_member(k, dentry, L_dentry_d_parent, &parent, NULL) && parent != dentry;
}

/* Files of no directory (memfd, SysV shm, anon inodes) have a name of their own behind a lone root. */
static bool is_lone_root(struct kernel *k, kvaddr_t dentry)
{
	uint64_t parent;

	return !kread_member(k, dentry, L_dentry_d_parent, &parent, NULL) && parent == dentry;
}

static int path_of_spot(struct kernel *k, const struct spot *at, kvaddr_t fs, char *buf,
			struct err *err)
{
	struct path_buf p = { buf, PATH_SIZE - 1 };
	struct spot root = { 0 };
	int rc;

	buf[PATH_SIZE - 1] = 0;
	if (fs && layout_has(&k->layout, L_fs_struct_root) &&
	    read_spot(k, kmember_addr(k, fs, L_fs_struct_root), &root, err))
		root.dentry = 0;
	if (is_deleted(k, at->dentry))
		prepend(&p, " (deleted)", 10);
	if (is_lone_root(k, at->dentry) && !(root.dentry == at->dentry)) {
		uint64_t mnt_root;

		/*
		 * The root of a mount is named by its mountpoint; any other lone root by itself, and
		 * as deleted: simple_dname() (fs/d_path.c).
		 */
		if (kread_member(k, at->mnt, L_vfsmount_mnt_root, &mnt_root, NULL) ||
		    mnt_root != at->dentry) {
			prepend(&p, " (deleted)", 10);
			rc = prepend_name(k, &p, at->dentry, err);
			if (rc)
				return rc;
		}
	}
	rc = walk_up(k, &p, *at, &root, err);
	if (rc)
		return rc;
	if (p.at == PATH_SIZE - 1)
		prepend(&p, "/", 1);
	memmove(buf, buf + p.at, PATH_SIZE - p.at);
	return 0;
}

int struct_path_path(struct kernel *k, kvaddr_t path, kvaddr_t fs, char *buf, struct err *err)
{
	static const enum layout_id needed[] = { L_dentry_d_name, L_mount_mnt, L_vfsmount_mnt_root };
	struct spot at;
	size_t i;
	int rc;

	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (!layout_has(&k->layout, needed[i]))
			return kernel_lacks(k, needed[i], err);
	rc = read_spot(k, path, &at, err);
	if (!rc)
		rc = path_of_spot(k, &at, fs, buf, err);
	return rc ? err_add(err, "struct path 0x%" PRIx64, path) : 0;
}

/*
 * An overlay's mappings are of files of the layers below (struct backing_file); what the user opened is
 * behind them, and /proc/PID/maps shows that (file_user_path(), 6.8, def3ae83da02). In 6.5 it was the
 * other way round: the member was real_path. FMODE_BACKING has been two bits, each of which has other
 * meanings elsewhere, so that the path must itself prove to be one, of another file system.
 */
static kvaddr_t user_path_of(struct kernel *k, kvaddr_t file)
{
	const struct layout_value *v = &k->layout.v[L_backing_file_user_path];
	uint64_t mode, inode, sb, mnt, dentry, mnt_sb, dentry_sb;
	kvaddr_t path = file + (uint64_t)v->value;

	if (!v->known || v->alt || kread_member(k, file, L_file_f_mode, &mode, NULL) ||
	    !(mode & FMODE_BACKING_BITS) || kread_member(k, file, L_file_f_inode, &inode, NULL) ||
	    kread_member(k, inode, L_inode_i_sb, &sb, NULL) ||
	    kread_member(k, path, L_path_mnt, &mnt, NULL) || !mnt ||
	    kread_member(k, path, L_path_dentry, &dentry, NULL) || !dentry ||
	    kread_member(k, mnt, L_vfsmount_mnt_sb, &mnt_sb, NULL) ||
	    kread_member(k, dentry, L_dentry_d_sb, &dentry_sb, NULL))
		return 0;
	return mnt_sb == dentry_sb && mnt_sb != sb ? path : 0;
}

int file_path(struct kernel *k, kvaddr_t file, kvaddr_t fs, char *buf, struct err *err)
{
	kvaddr_t path;
	int rc;

	if (!layout_has(&k->layout, L_file_f_path))
		return kernel_lacks(k, L_file_f_path, err);
	if (file_dname(k, file, buf))
		return 0;
	path = user_path_of(k, file);
	if (!path)
		path = kmember_addr(k, file, L_file_f_path);
	rc = struct_path_path(k, path, fs, buf, err);
	return rc ? err_add(err, "struct file 0x%" PRIx64, file) : 0;
}

/* Names of kernfs nodes up to the root, whose name is empty. */
static int kernfs_path(struct kernel *k, kvaddr_t kn, char *buf, struct err *err)
{
	struct path_buf p = { buf, PATH_SIZE - 1 };
	unsigned int n;

	buf[PATH_SIZE - 1] = 0;
	for (n = 0; n < PARTS_MAX; n++) {
		uint64_t parent, name_addr;
		char name[256];
		int rc = kread_member(k, kn, L_kernfs_node_parent, &parent, err);

		if (!rc && !parent) {
			if (p.at == PATH_SIZE - 1)
				prepend(&p, "/", 1);
			memmove(buf, buf + p.at, PATH_SIZE - p.at);
			return 0;
		}
		if (!rc)
			rc = kread_member(k, kn, L_kernfs_node_name, &name_addr, err);
		if (!rc)
			rc = kmem_read_str(&k->km, name_addr, name, sizeof(name), err);
		if (rc)
			return rc;
		if (!prepend(&p, name, strlen(name)) || !prepend(&p, "/", 1))
			return err_set(err, ERR_CORRUPT, "a path longer than %d bytes", PATH_SIZE);
		kn = parent;
	}
	return err_set(err, ERR_CORRUPT, "a path of more than %d parts: a loop", PARTS_MAX);
}

static int cgroup_path(struct kernel *k, kvaddr_t cgroup, char *buf, struct err *err)
{
	uint64_t kn;
	int rc = kread_member(k, cgroup, L_cgroup_kn, &kn, err);

	return rc ? rc : kernfs_path(k, kn, buf, err);
}

int task_cgroup(struct kernel *k, kvaddr_t task, char *buf, struct err *err)
{
	static const enum layout_id v1[] = { L_memory_cgrp_id, L_pids_cgrp_id };
	const struct layout *l = &k->layout;
	uint64_t css_set, cgroup, css;
	size_t i;
	int rc = kread_member(k, task, L_task_struct_cgroups, &css_set, err);

	if (!rc)
		rc = kread_member(k, css_set, L_css_set_dfl_cgrp, &cgroup, err);
	if (!rc)
		rc = cgroup_path(k, cgroup, buf, err);
	for (i = 0; i < ARRAY_SIZE(v1) && !rc && !strcmp(buf, "/"); i++) {
		if (!layout_has(l, v1[i]) || !layout_has(l, L_css_set_subsys) ||
		    kread_u64(k, kmember_addr(k, css_set, L_css_set_subsys) +
				      8 * layout_off(l, v1[i]), &css, NULL) ||
		    kread_member(k, css, L_cgroup_subsys_state_cgroup, &cgroup, NULL) ||
		    cgroup_path(k, cgroup, buf, NULL))
			strcpy(buf, "/");
	}
	return rc ? err_add(err, "cgroup of task_struct 0x%" PRIx64, task) : 0;
}
