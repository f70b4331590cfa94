# shellcheck shell=dash
# shellcheck disable=SC2317,SC2034,SC2154 # a part of init: what it uses and sets is there as well
# SPDX-License-Identifier: GPL-2.0-or-later
# The worker of the capture initramfs, sourced by a child of init: loads the modules and tries the
# targets in order until one has the dump. Its own end is its answer: 0 saved, 1 not.
# mounted.sh, stream.sh and net.sh have what the kinds of targets need.

MODULE_LIMIT=15	# seconds for one module
LAST_LINES=60	# of the crashed kernel's log, on the console when there is no target
SAME_CRASH=30	# seconds: nothing crashes twice within them

# bytes DEVICE OFFSET: 16 of them, as hexadecimal digits
bytes() { dd if="$1" bs=1 skip="$2" count=16 2>/dev/null | od -An -tx1 | tr -d ' \n'; }

# find_swap UUID=x|LABEL=x: as findfs, for what mkswap has marked, which busybox's findfs does not know
find_swap()
{
	case $1 in
	UUID=*) offset=1036 want=$(echo "${1#*=}" | tr -d '-' | tr 'A-F' 'a-f') ;;
	*) offset=1052 want=$(printf '%s\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' "${1#*=}" | head -c 16 | od -An -tx1 | tr -d ' \n') ;;
	esac
	for at in $(awk 'NR > 2 { print "/dev/" $4 }' /proc/partitions); do
		[ "$(bytes "$at" $offset)" = "$want" ] || continue
		case $(bytes "$at" 4080) in
		*53574150535041434532) echo "$at"; return 0 ;; # SWAPSPACE2
		esac
	done
	return 1
}

# By udev's links, where a framework runs it: it knows which disks are parts of something.
find_link()
{
	case $1 in
	UUID=*) readlink -f "/dev/disk/by-uuid/${1#*=}" ;;
	LABEL=*) readlink -f "/dev/disk/by-label/$(printf '%s' "${1#*=}" | sed 's,/,\\x2f,g; s, ,\\x20,g')" ;;
	esac
}

# look_device DEVICE: its /dev name, if it is there
look_device()
{
	case $framework:$1 in
	*:/dev/*) echo "$1" ;;
	?*:*) find_link "$1" ;;
	*)
		if [ "$kind" = raw ]; then
			find_swap "$1"
		else
			findfs "$1" 2>/dev/null
		fi
		;;
	esac
}

# find_device DEVICE SECONDS: its /dev name; waits for it to appear, and helps where it must be put together
find_device()
{
	end=$(($(seconds) + $2))
	while :; do
		found=$(look_device "$1")
		[ ! -b "$found" ] || { echo "$found"; return 0; }
		[ "$(seconds)" -lt $end ] || return 1
		[ -z "$framework" ] || run_for $((end - $(seconds) + 1)) /bin/sh /lib/vmsift/devices "$1" >"$run/devices" 2>&1
		sleep 0.3
	done
}

block_devices()
{
	awk 'NR > 2 { printf "%s%s", sep, $4; sep = " " } END { if (!sep) printf "none" }' /proc/partitions
}

# The device of the target into $dev.
target_device()
{
	dev=$(find_device "$device" $((limit_target / 2))) && return
	fail "$target: $device did not appear within $((limit_target / 2)) s; block devices: $(block_devices)"
	[ ! -s "$run/devices" ] || say "$framework said last: $(tail -n 5 "$run/devices" | tr '\n' ' ')"
	return 1
}

# field NAME: the value of VMSIFT_TARGET_$nr_NAME
field()
{
	eval "printf '%s' \"\$VMSIFT_TARGET_${nr}_$1\""
}

# Seconds that this target may still take.
left()
{
	now=$(seconds)
	echo $((now < target_end ? target_end - now : 1))
}

# number TEXT DEFAULT
number()
{
	case $1 in
	'' | *[!0-9]*) echo "$2" ;;
	*) echo "$1" ;;
	esac
}

# Can this kind of target be served at all?
target_served()
{
	case $kind in
	dir | raw)
		case $device in
		/dev/* | UUID=* | LABEL=*) ;;
		'')
			fail "$target: it names no device, and what is written into an initramfs is lost"
			return 1
			;;
		*)
			fail "$target: device '$device' is not served by this initramfs, only UUID=, LABEL= and /dev names are"
			return 1
			;;
		esac
		;;
	ssh | nfs) ;;
	*)
		fail "$target: a target of kind '$kind' is not served by this initramfs"
		return 1
		;;
	esac
}

# --- the crash-loop guard ------------------------------------------------------------------------

# The times of crashes are seconds since 1970, CRASHTIME of the dump where it tells one.
crash_time()
{
	at=$(head -c 1048576 /proc/vmcore 2>/dev/null | tr '\0' '\n' | sed -n 's/^CRASHTIME=//p' | head -n 1)
	case $at in
	'' | *[!0-9]*) date +%s ;;
	*) echo "$at" ;;
	esac
}

# crash_guard TIME...: of the crashes before this one, as the target knows them; the command line tells of
# more (vmsift.crashes=TIME,TIME). If they are too many, $limited says how much is saved of this one.
# $crashes then has those that still count, and this one.
crash_guard()
{
	limited=
	: >"$run/limited"
	count=$(number "$VMSIFT_CRASH_LOOP_COUNT" 0)
	this=$(crash_time)
	crashes=$(
		{
			tr ' ' '\n' </proc/cmdline | sed -n 's/^vmsift\.crashes=//p' | tr ',' '\n'
			printf '%s\n' "$@"
		} | grep -x '[0-9]\{1,12\}' | sort -n | awk -v "now=$this" -v "gap=$SAME_CRASH" \
			-v "window=$(number "$VMSIFT_CRASH_LOOP_SECONDS" 0)" '
			$1 >= now - window && $1 < now - gap && $1 > last + gap { print; last = $1 }' | tail -n 40
	)
	# shellcheck disable=SC2086 # words
	set -- $crashes
	if [ "$count" -gt 0 ] && [ $# -ge "$count" ]; then
		limited=none
		echo none >"$run/limited"
		say "$target: $# crashes in the last $VMSIFT_CRASH_LOOP_SECONDS s: only report and log are saved of this one"
	fi
	crashes="$* $this"
}

# --- vmsift --------------------------------------------------------------------------------------

# vmsift_to OUT DETAIL: what goes first when memory is short. Its words go to the console and into the log.
vmsift_to()
{
	echo 1000 >/proc/self/oom_score_adj
	exec vmsift run -C "$conf" ${2:+--detail "$2"} ${room:+--max-bytes "$room"} /proc/vmcore "$1" 2>"$run/words"
}

# vmsift_run COMMAND...: which is vmsift in the end; its status in $rc
vmsift_run()
{
	rm -f "$run/words"
	mkfifo "$run/words"
	tee -a "$run/log" <"$run/words" &
	tee=$!
	run_for "$(left)" "$@"
	rc=$?
	# where vmsift was never started nobody would ever close the pipe
	: 2>/dev/null >"$run/words" &
	[ $rc = 125 ] || wait $tee
}

# The name of the dump, from what vmsift said of it.
dump_name()
{
	sed -n -e 's/^vmsift: \([^ /]*Z[~0-9]*\)\/[^ ]*$/\1/p' -e 's/^vmsift: \([^ /]*\) as one stream$/\1/p' \
		"$run/log" | tail -n 1 | tr -cd 'A-Za-z0-9._+~-' >"$run/dump"
}

# target_save FUNCTION: which saves at a detail, setting $rc. Killed, that is mostly by want of memory, vmsift
# is tried again with less to do; what it had finished before is on the target.
target_save()
{
	[ -e /proc/vmcore ] || return 1
	detail=$limited
	while :; do
		"$1" "$detail"
		dump_name
		[ $rc -gt 128 ] || break
		case $detail in
		'') detail=tiny ;;
		tiny) detail=none ;;
		*) break ;;
		esac
		fail "$target: vmsift run $(status_text $rc "$limit"): once more, with --detail $detail"
		echo $detail >"$run/limited"
	done
	echo "$(field NAME)" >"$run/target"
	case $rc in
	0)
		# what the stream went to will be asked next
		[ "$sink_rc" = 0 ] || return 1
		if [ "$detail" = "$limited" ]; then
			echo saved >"$run/result"
			say "$target: saved"
		else
			echo partly >"$run/result"
			say "$target: saved, with less than was asked for"
		fi
		;;
	3)
		echo partly >"$run/result"
		fail "$target: saved in part because of errors, see above and manifest.json"
		;;
	*)
		fail "$target: vmsift run $(status_text $rc "$limit")"
		return 1
		;;
	esac
}

# --- the targets ---------------------------------------------------------------------------------

# try_target NUMBER: 0 if the dump is there now
try_target()
{
	nr=$1
	kind=$(field KIND) device=$(field DEVICE) fstype=$(field FSTYPE) options=$(field OPTIONS)
	path=$(field PATH) host=$(field HOST) target="target \"$(field NAME)\""
	limit_target=$(number "$(field TIMEOUT)" 60)
	target_end=$(($(seconds) + limit_target))
	limited='' sink_rc=0
	target_served || return 1
	saved=1
	case $kind in
	raw) try_raw ;;
	ssh) try_ssh ;;
	*) try_mounted ;;
	esac
	[ $saved = 0 ] || echo failed >"$run/result"
	return $saved
}

load_modules()
{
	# a framework has loaded them
	[ -e /etc/vmsift/modules ] || return 0
	while read -r name optional; do
		if [ ! -e "/lib/modules/$name.ko" ]; then
			fail "module $name is missing in this initramfs"
			continue
		fi
		run_for $MODULE_LIMIT insmod "/lib/modules/$name.ko" 2>"$run/said" && continue
		rc=$?
		if [ -z "$optional" ] && ! grep -q 'File exists' "$run/said"; then
			fail "module $name: insmod $(status_text $rc $MODULE_LIMIT): $(said)"
		fi
	done </etc/vmsift/modules
}

# Where nothing can be saved, the end of the log is on the console at least.
last_words()
{
	[ -e /proc/vmcore ] || return 0
	say "the end of the crashed kernel's log:"
	vmsift log /proc/vmcore | tail -n "$LAST_LINES"
}

# shellcheck source=initramfs/mounted.sh
. /lib/vmsift/mounted.sh
# shellcheck source=initramfs/stream.sh
. /lib/vmsift/stream.sh
# shellcheck source=initramfs/net.sh
. /lib/vmsift/net.sh

worker()
{
	read_self
	trap : USR2
	load_modules
	dog_start
	[ -e /proc/vmcore ] ||
		fail "there is no /proc/vmcore: this kernel was not started by a crash, or not with elfcorehdr="
	for number in $VMSIFT_TARGETS; do
		! try_target "$number" || exit 0
	done
	[ -n "$VMSIFT_TARGETS" ] || fail "the configuration names no target"
	say "no target worked"
	run_for "$SYNC_LIMIT" last_words
	: >"$run/ended"
	exit 1
}

worker
