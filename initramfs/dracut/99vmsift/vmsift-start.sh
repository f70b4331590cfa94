#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Hook "initqueue" and "pre-mount" of dracut, sourced by its /init, which is process 1, when udev has settled. From
# here on it is vmsift's own init, which has the rest of the queue worked off by /lib/vmsift/devices.
exec /lib/vmsift/bin/busybox sh /lib/vmsift/init
