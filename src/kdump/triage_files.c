/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kdump/triage.h"
#include "kernel/klist.h"
#include "util/bytes.h"

/* PATH_MAX / 2: names of one letter. */
#define DENTRIES_MAX 2048u
#define MOUNTS_DEPTH_MAX 256u
/* sysctl fs.mount-max is 100,000 by default; sysctl fs.nr_open 1,048,576. */
#define MOUNTS_MAX (1u << 20)
#define FDS_MAX	   (1u << 20)

/* A dentry and the way up to its root. */
static void triage_dentries(struct triage *t, kvaddr_t dentry)
{
	const struct layout *l = &t->k->layout;
	kvaddr_t first = dentry, up, qstr;
	unsigned int i;

	/* Files of one directory come one after the other. */
	if (!dentry || dentry == t->last_dentry)
		return;
	for (i = 0; dentry && i < DENTRIES_MAX; i++, dentry = up) {
		triage_object(t, dentry, L_dentry);
		triage_object(t, triage_follow(t, dentry, L_dentry_d_inode), L_inode);
		qstr = kmember_addr(t->k, dentry, L_dentry_d_name);
		if (qstr && layout_has(l, L_qstr_name))
			triage_string(t, triage_follow(t, qstr, L_qstr_name));
		up = triage_follow(t, dentry, L_dentry_d_parent);
		if (up == dentry)
			break;
	}
	t->last_dentry = first;
}

static void triage_mount(struct triage *t, kvaddr_t mount)
{
	kvaddr_t vfs = kmember_addr(t->k, mount, L_mount_mnt), sb, type;

	triage_object(t, mount, L_mount);
	triage_string(t, triage_follow(t, mount, L_mount_mnt_devname));
	triage_dentries(t, triage_follow(t, mount, L_mount_mnt_mountpoint));
	if (!vfs)
		return;
	triage_dentries(t, triage_follow(t, vfs, L_vfsmount_mnt_root));
	sb = triage_follow(t, vfs, L_vfsmount_mnt_sb);
	triage_object(t, sb, L_super_block);
	type = triage_follow(t, sb, L_super_block_s_type);
	triage_object(t, type, L_file_system_type);
	triage_string(t, triage_follow(t, type, L_file_system_type_name));
}

/* A mount and those that it lies in. */
static void triage_mounts_up(struct triage *t, kvaddr_t vfsmount)
{
	const struct layout *l = &t->k->layout;
	kvaddr_t mount, up;
	unsigned int i;

	if (!vfsmount || !layout_has(l, L_mount_mnt))
		return;
	mount = vfsmount - layout_off(l, L_mount_mnt);
	for (i = 0; mount && i < MOUNTS_DEPTH_MAX; i++, mount = up) {
		triage_mount(t, mount);
		up = triage_follow(t, mount, L_mount_mnt_parent);
		if (up == mount)
			break;
	}
}

void triage_path(struct triage *t, kvaddr_t path)
{
	if (!path)
		return;
	triage_dentries(t, triage_follow(t, path, L_path_dentry));
	triage_mounts_up(t, triage_follow(t, path, L_path_mnt));
}

void triage_file(struct triage *t, kvaddr_t file)
{
	const struct layout *l = &t->k->layout;

	if (!file)
		return;
	triage_object(t, file, layout_has(l, L_backing_file) ? L_backing_file : L_file);
	triage_object(t, triage_follow(t, file, L_file_f_inode), L_inode);
	triage_path(t, kmember_addr(t->k, file, L_file_f_path));
}

void triage_files(struct triage *t, const struct task *task)
{
	kvaddr_t fs = triage_follow(t, task->addr, L_task_struct_fs);
	kvaddr_t files = triage_follow(t, task->addr, L_task_struct_files);
	kvaddr_t fdt, fds, file;
	uint64_t max, i;

	if (files == t->last_files && fs == t->last_fs)
		return;
	t->last_files = files;
	t->last_fs = fs;
	fdt = triage_follow(t, files, L_files_struct_fdt);
	max = triage_follow(t, fdt, L_fdtable_max_fds);
	triage_object(t, fs, L_fs_struct);
	if (fs) {
		triage_path(t, kmember_addr(t->k, fs, L_fs_struct_root));
		triage_path(t, kmember_addr(t->k, fs, L_fs_struct_pwd));
	}
	triage_object(t, files, L_files_struct);
	triage_object(t, fdt, L_fdtable);
	if (max > FDS_MAX)
		return;
	triage_touch(t, triage_follow(t, fdt, L_fdtable_open_fds), max / 8);
	fds = triage_follow(t, fdt, L_fdtable_fd);
	for (i = 0; fds && i < max; i++) {
		if (kread_u64(t->k, fds + 8 * i, &file, NULL))
			break;
		triage_file(t, file);
	}
}

/* All mounts of a namespace: a list to 6.7, then a tree of mount.mnt_node (2eea9ce4310d). */
static void mounts_in_list(struct triage *t, kvaddr_t head)
{
	struct klist l;
	kvaddr_t at;

	klist_init(&l, t->k, head, "list of mounts");
	while (klist_next(&l, &at))
		triage_mount(t, at - layout_off(&t->k->layout, L_mount_mnt_list));
}

/* Depth first, each node once: a tree of pointers is walked without asking where it leads back. */
static void mounts_in_tree(struct triage *t, kvaddr_t root)
{
	kvaddr_t stack[64], node = root;
	unsigned int n = 0, left = MOUNTS_MAX;

	while ((node || n) && left--) {
		kvaddr_t right;

		if (!node)
			node = stack[--n];
		triage_mount(t, node - layout_off(&t->k->layout, L_mount_mnt_node));
		right = triage_follow(t, node, L_rb_node_rb_right);
		/* A red-black tree of 2^32 nodes is not deeper. */
		if (right && n < 64)
			stack[n++] = right;
		node = triage_follow(t, node, L_rb_node_rb_left);
	}
}

void triage_mounts(struct triage *t, kvaddr_t nsproxy)
{
	const struct layout *l = &t->k->layout;
	kvaddr_t ns = triage_follow(t, nsproxy, L_nsproxy_mnt_ns);

	triage_object(t, nsproxy, L_nsproxy);
	triage_object(t, ns, L_mnt_namespace);
	if (!ns)
		return;
	if (layout_has(l, L_mnt_namespace_mounts) && layout_has(l, L_mount_mnt_node) &&
	    layout_has(l, L_rb_root_rb_node))
		mounts_in_tree(t, triage_follow(t, kmember_addr(t->k, ns, L_mnt_namespace_mounts),
						L_rb_root_rb_node));
	else if (layout_has(l, L_mnt_namespace_list) && layout_has(l, L_mount_mnt_list))
		mounts_in_list(t, kmember_addr(t->k, ns, L_mnt_namespace_list));
}
