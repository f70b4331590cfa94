/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel module by which a guest dies of what real ones die of. A word written to /proc/cause says of
 * what, in the context of the writer:
 *
 *	null	a pointer that is not set
 *	bug	BUG()
 *	lockup	a loop that never lets go of its CPU
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/uaccess.h>

struct cause_thing {
	char pad[24];
	int value;
};

static struct cause_thing *cause_thing;

static noinline void cause_null(void)
{
	WRITE_ONCE(cause_thing->value, 1);
}

static noinline void cause_bug(void)
{
	BUG_ON(!cause_thing);
}

static noinline void cause_lockup(void)
{
	while (!READ_ONCE(cause_thing))
		cpu_relax();
}

static ssize_t cause_write(struct file *file, const char __user *buf, size_t size, loff_t *at)
{
	char word[8] = "";

	if (copy_from_user(word, buf, min(size, sizeof(word) - 1)))
		return -EFAULT;
	if (!strncmp(word, "null", 4))
		cause_null();
	else if (!strncmp(word, "bug", 3))
		cause_bug();
	else if (!strncmp(word, "lockup", 6))
		cause_lockup();
	return -EINVAL;
}

static const struct proc_ops cause_ops = { .proc_write = cause_write };

static int __init cause_init(void)
{
	return proc_create("cause", 0200, NULL, &cause_ops) ? 0 : -ENOMEM;
}
module_init(cause_init);
MODULE_LICENSE("GPL");
