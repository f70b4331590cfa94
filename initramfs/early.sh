# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# In a capture initramfs of a framework: what is run first, so that a framework that hangs does not stop the
# reboot. init takes over from this watchdog with its own.
# shellcheck disable=SC2034 # this watchdog may be called by names and with arguments that do not matter
case ${1-} in
prereqs) exit 0 ;;
esac
export PATH=/lib/vmsift/bin:/usr/sbin:/usr/bin:/sbin:/bin
VMSIFT_TIMEOUT=120
GRACE=20
# shellcheck disable=SC1091
[ ! -r /etc/vmsift/conf.sh ] || . /etc/vmsift/conf.sh
case $VMSIFT_TIMEOUT in
'' | *[!0-9]*) VMSIFT_TIMEOUT=120 ;;
esac
echo 10 >/proc/sys/kernel/panic
mkdir -p /run/vmsift
(
	trap '' INT QUIT TERM HUP
	echo -1000 >/proc/self/oom_score_adj
	sleep $((VMSIFT_TIMEOUT + GRACE))
	echo "vmsift-init: watchdog: the initramfs did not come to vmsift, rebooting at once" >/dev/console &
	echo s >/proc/sysrq-trigger
	sleep 2
	echo b >/proc/sysrq-trigger
) </dev/null >/dev/null 2>&1 &
echo $! >/run/vmsift/watchdog
