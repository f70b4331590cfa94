/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths of files, as d_path() would say them (fs/d_path.c), and of control groups. */
#ifndef VMSIFT_KERNEL_PATH_H
#define VMSIFT_KERNEL_PATH_H

#include "kernel/kernel.h"

#define PATH_SIZE 4096 /* PATH_MAX */

/**
 * file_path() - the path of a struct file
 * @fs:	  struct fs_struct whose root the path is seen from, so that it is what the process itself
 *	  would say; 0: from the root of its mount tree
 * @buf:  PATH_SIZE bytes; untrusted bytes, terminated; " (deleted)" at the end as /proc has it
 *
 * Of files of no directory the name that their file system makes, as file_dname(). Of an overlay's file
 * the path that the user opened (backing_file.user_path, 6.8 and later).
 *
 * Return: 0; ERR_ABSENT, ERR_CORRUPT (a loop, or a path longer than PATH_MAX); ERR_UNSUPPORTED.
 */
int file_path(struct kernel *k, kvaddr_t file, kvaddr_t fs, char *buf, struct err *err);

/**
 * file_dname() - the name that a file system without directories gives a file
 * @buf: PATH_SIZE bytes: "pipe:[17]", "socket:[18]", "anon_inode:[eventfd]", "net:[4026531840]"
 *
 * As d_op->d_dname makes it (fs/pipe.c, net/socket.c, fs/anon_inodes.c, fs/nsfs.c, fs/pidfs.c), by the
 * name of the file system.
 *
 * Return: whether it is of such a one.
 */
bool file_dname(struct kernel *k, kvaddr_t file, char *buf);

/* The path that a struct path (mnt, dentry) at @path names, likewise. */
int struct_path_path(struct kernel *k, kvaddr_t path, kvaddr_t fs, char *buf, struct err *err);

/**
 * task_cgroup() - the control group of a task, "/system.slice/cron.service"
 *
 * Of version 2's tree, or where that says only "/" of version 1's memory or pids tree.
 */
int task_cgroup(struct kernel *k, kvaddr_t task, char *buf, struct err *err);

#endif
