# shellcheck shell=bash
# shellcheck disable=SC2317,SC2154 # called by name; what is used is set in guest and lib.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by tests/production/guest: the stages in which Debian's kdump-tools captures, and what is told of them.

# The initramfs that kdump-tools makes at its first start takes ten minutes under emulation: later runs have it.
their_initrd=$cache/production/kdump-initrd

tools_initrd_give()
{
	release=$(basename "$root"/lib/modules/*)
	given=
	[ -s "$their_initrd/$release" ] || return 0
	given=yes
	mkdir -p "$root/var/lib/kdump"
	cp "$their_initrd/$release" "$root/var/lib/kdump/initrd.img-$release"
	cp "$root/etc/kdump/sysctl.conf" "$root/var/lib/kdump/latest_sysctls-$release"
}

tools_initrd_keep()
{
	[ -z "$given" ] || return 0
	e2fsck -fp "$out/disk.img" >/dev/null
	mkdir -p "$their_initrd"
	debugfs -R "dump /var/lib/kdump/initrd.img-$release $their_initrd/new" "$out/disk.img" >/dev/null 2>&1
	[ ! -s "$their_initrd/new" ] || mv "$their_initrd/new" "$their_initrd/$release"
}

# in_order N WHAT PATTERN...: the capture's console has such lines, one behind the other
in_order()
{
	local text line=0 at pattern
	text=$(captured "$1")
	for pattern in "${@:3}"; do
		at=$(grep -nE -- "$pattern" <<<"$text" | awk -F: -v "line=$line" '$1 > line { print $1; exit }')
		[ -n "$at" ] || { not_ok "$2: '$pattern' behind line $line" "$text"; return; }
		line=$at
	done
	ok "$2"
}

# Their own dump, which is written to a directory of its own.
look_their_dumps()
{
	local n
	n=$(said "$1" 'find /var/crash' | grep -cE '^ *2[0-9]{11}/dump\.2[0-9]{11} ')
	if [ "$n" = "$1" ]; then ok "$2"; else not_ok "$2: there are $n" "$(said "$1" 'find /var/crash')"; fi
}

look_tools()
{
	local id='guest-[0-9]{8}T[0-9]{6}Z'
	if [ -n "$given" ]; then
		ok "kdump-tools has its initramfs # of an earlier run"
	elif grep -q 'kdump-tools: Generating /var/lib/kdump/initrd.img' "$out/1.log"; then
		ok "kdump-tools makes its initramfs"
	else
		not_ok "kdump-tools makes its initramfs" "$(tail "$out/1.log")"
	fi
	has 1 'vmsift conf --check' 0 "a configuration without targets has no mistake"
	has 1 'systemctl disable --now' 0 "vmsift's own service is disabled"
	has 1 'systemctl enable vmsift-kdump-tools' 0 "the one for kdump-tools is enabled" 'kdump-tools-dump.service.wants'
	has 1 'systemctl is-active kdump-tools.service' 0 "kdump-tools has started"
	has 1 'kdump-config show' 0 "and loaded a capture kernel of its own" 'ready to kdump' '/var/lib/kdump/initrd.img' \
		'systemd.unit=kdump-tools-dump.service'
	has 1 'vmsift-kdump load' 1 "vmsift-kdump load leaves it alone" 'kdump-tools loads the capture kernel'
	has 1 'vmsift-kdump status' 0 "status knows whose it is" 'loaded:   yes, by kdump-tools'
	has 1 'vmsift-kdump check' 0 "check is green" 'ok    loaded: a capture kernel by kdump-tools' 'ok    kdump-tools: [0-9]+ MiB are free' \
		'ok    dump: ' 'A crash would be saved\.'
	has 1 '/etc/kernel/postinst.d/zz-vmsift-kdump' 0 "the hook of kernel packages has nothing to do"
	has 1 'systemctl is-active victim.service' 0 "the process that is to be saved runs"
	in_order 1 "the unit saves before kdump-tools does, which then saves its own dump and reboots" \
		"vmsift: $id/core.victim-threads" 'running makedumpfile .*-F' 'saved vmcore in /var/crash/2' 'reboot: Restarting system'
	has 2 'systemctl is-active kdump-tools.service' 0 "after the crash the machine is back, and loaded again"
	look_their_dumps 1 "kdump-tools' dump is there"
	has 1 'find /var/crash' 0 "and vmsift's, for root only" "^ *$id/core.victim-threads\.[0-9]+\.zst 600 " "^ *$id/manifest.json "
	has 1 'sh -c vmsift info' 0 "vmsift reads kdump-tools' dump" '^ *kernel: +[0-9]' \
		'^ *panic task: +[0-9]+ \(vmsift-kdump\)' 'kdump-compressed, flattened' '^ *degraded: +nothing'
	has 1 'journalctl -b -t vmsift -o cat' 0 "the journal tells of the crash" \
		"Kernel .* crashed at .*: Kernel panic - not syncing: sysrq triggered crash; saved \(whole\), 2 processes: /var/crash/$id" \
		"Process [0-9]+ \(victim-threads\) as it was .*/var/crash/$id/core.victim-threads\.[0-9]+\.zst"
	has 1 'vmsift-kdump list' 0 "list" "$id  whole, [0-9]+ KiB, 2 processes  /var/crash"
	has 1 'vmsift-kdump show last' 0 "show" "/var/crash/$id: whole" ' core.victim-threads\.' 'vmsift report of guest'
	has 1 'vmsift-kdump gdb last victim-threads' 0 "gdb" '"spinner"' 'Thread 1 \(Thread 0x[0-9a-f]+ \(LWP [0-9]+\)' '^ *dump +host=guest ' 'main'
	has 2 'vmsift-kdump check' 0 "check is green again" 'A crash would be saved\.'
	has 1 'systemctl --failed' 0 "no unit failed"
	! said 1 'systemctl --failed' | grep -q service || not_ok "no unit failed" "$(said 1 'systemctl --failed')"
}

look_toolshung()
{
	in_order 2 "vmsift stands still: it is stopped, and kdump-tools goes on" 'vmsift stands still' 'running makedumpfile .*-F' \
		'saved vmcore in /var/crash/2' 'reboot: Restarting system'
	look_their_dumps 2 "a second dump of kdump-tools is there"
	has 2 'vmsift-kdump list' 0 "and vmsift's first one" 'whole, [0-9]+ KiB, 2 processes  /var/crash'
	! said 2 'vmsift-kdump list' | grep -q unfinished || not_ok "nothing is unfinished" "$(said 2 'vmsift-kdump list')"
}
