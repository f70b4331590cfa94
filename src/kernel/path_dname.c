/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of files that no directory has. */
#include <stdio.h>
#include <string.h>

#include "kernel/path.h"

#define NAME_SIZE 256

/* A member that points to a NUL-terminated name. */
static bool read_name(struct kernel *k, kvaddr_t base, enum layout_id id, char *buf)
{
	uint64_t at;

	return !kread_member(k, base, id, &at, NULL) && at &&
	       !kmem_read_str(&k->km, at, buf, NAME_SIZE, NULL);
}

/* "net": of the namespace that an inode of nsfs is; it has it as its private data. */
static bool read_ns_name(struct kernel *k, kvaddr_t inode, char *buf)
{
	uint64_t ns, ops;

	return !kread_member(k, inode, L_inode_i_private, &ns, NULL) && ns &&
	       !kread_member(k, ns, L_ns_common_ops, &ops, NULL) && ops &&
	       read_name(k, ops, L_proc_ns_operations_name, buf);
}

static bool read_dentry_name(struct kernel *k, kvaddr_t file, char *buf)
{
	kvaddr_t path = kmember_addr(k, file, L_file_f_path);
	uint64_t dentry;

	if (!path || kread_member(k, path, L_path_dentry, &dentry, NULL) || !dentry ||
	    !layout_has(&k->layout, L_dentry_d_name))
		return false;
	return read_name(k, kmember_addr(k, dentry, L_dentry_d_name), L_qstr_name, buf);
}

bool file_dname(struct kernel *k, kvaddr_t file, char *buf)
{
	char fs[NAME_SIZE], name[NAME_SIZE];
	uint64_t inode, sb, type, ino;

	if (kread_member(k, file, L_file_f_inode, &inode, NULL) || !inode ||
	    kread_member(k, inode, L_inode_i_sb, &sb, NULL) || !sb ||
	    kread_member(k, sb, L_super_block_s_type, &type, NULL) || !type ||
	    !read_name(k, type, L_file_system_type_name, fs) ||
	    kread_member(k, inode, L_inode_i_ino, &ino, NULL))
		return false;
	if (!strcmp(fs, "pipefs"))
		snprintf(buf, PATH_SIZE, "pipe:[%" PRIu64 "]", ino);
	else if (!strcmp(fs, "sockfs"))
		snprintf(buf, PATH_SIZE, "socket:[%" PRIu64 "]", ino);
	else if (!strcmp(fs, "pidfs"))
		snprintf(buf, PATH_SIZE, "anon_inode:[pidfd]");
	else if (!strcmp(fs, "nsfs") && read_ns_name(k, inode, name))
		snprintf(buf, PATH_SIZE, "%s:[%" PRIu64 "]", name, ino);
	else if (!strcmp(fs, "anon_inodefs") && read_dentry_name(k, file, name))
		snprintf(buf, PATH_SIZE, "anon_inode:%s", name);
	else
		return false;
	return true;
}
