#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Hook "cmdline" of dracut, sourced: a watchdog before anything can hang.
/lib/vmsift/bin/busybox sh /lib/vmsift/early.sh
