# shellcheck shell=bash
# shellcheck disable=SC2317,SC2154 # rows are called by name; what is used is set in run
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by tests/capture/run: rows in which the configuration asks for another end than a reboot. A machine that
# halts stays as it is, one that is off is off: no second boot follows.

# stays: the machine did not come back, and the disk has no mistakes (run-cycle has looked)
stays()
{
	local panic='' second_boot=''
	# shellcheck disable=SC1090,SC1091
	. "$out/$row/times" 2>/dev/null
	is "it panicked, and did not boot again" test -n "$panic" -a -z "$second_boot"
}

# ends FINAL FAILURE TEXT: the configuration TEXT with these actions
ends() { printf '%s\nfinal-action = %s\nfailure-action = %s\n' "$3" "$1" "$2"; }

# Saved, then halted: the kernel says so and stands still.
row_halt()
{
	prepare "$(ends halt reboot "$(conf_one 60s "$good")")" || return
	go --kill-at 'reboot: System halted'
	says 'vmsift-init: halt$'
	is "the kernel halted" grep -q '^cut=1' "$out/$row/times"
	saved yes
	no_note
	captured result=saved failures=0
	stays
}

# Nothing could be saved: only then is this machine off.
row_poweroff()
{
	prepare "$(ends reboot poweroff "$(conf_one 6s $missing)")" || return
	go
	says 'no target worked'
	says 'vmsift-init: poweroff$'
	says 'reboot: Power down'
	is "the machine is off, before any time is over" grep -q 'the cycle did not end' "$out/$row.log"
	saved no
	stays
}

# As of firmware that cannot: the machine must not stand there for ever.
row_nohalt()
{
	prepare "$(ends poweroff reboot "$(conf_one 60s "$good")")" || return
	# shellcheck disable=SC2016 # init's own text
	sed 's/^\t\t"$1" -f$/\t\tsleep 1/' "$top/initramfs/init" >"$over/init"
	chmod 755 "$over/init"
	! cmp -s "$over/init" "$top/initramfs/init" || { not_ok "init has no action to replace"; return; }
	go
	says 'poweroff does not work, rebooting'
	saved yes
	production 120
}

# Whoever asked for a shell has it for as long as it takes: here longer than the time for the whole and the
# watchdog's grace. Its end is the reboot.
row_shell()
{
	prepare "$(ends reboot shell "$(conf_one 6s $missing '' 8s)")" || return
	# shellcheck disable=SC2016 # for the guest
	go --type 'vmsift-init: a shell, as' 'sleep 40; echo typed by $(id -un) $((6 * 7)); ls -s /proc/vmcore; tty; exit'
	says 'no target worked'
	says 'a shell, as the configuration asks for; the machine reboots when it ends'
	says '^typed by (root|0) 42$'
	says '^ *[0-9]+ /proc/vmcore'
	says '^/dev/ttyS0$'
	is "no watchdog bit meanwhile" test -z "$(capture_console "$out/$row" | grep 'watchdog: time is over')"
	production 180
}
