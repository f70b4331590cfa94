# shellcheck shell=dash
# shellcheck disable=SC2317,SC2034,SC2154 # a part of init: what it uses and sets is there as well
# SPDX-License-Identifier: GPL-2.0-or-later
# The worker of the capture initramfs, sourced by a child of init: loads the modules and tries the
# targets in order until one has the dump. Its own end is its answer: 0 saved, 1 not.

MODULE_LIMIT=15	# seconds for one module
LAST_LINES=60	# of the crashed kernel's log, on the console when there is no target

# find_device DEVICE SECONDS: its /dev name; waits for it to appear
find_device()
{
	end=$(($(seconds) + $2))
	while :; do
		case $1 in
		/dev/*) found=$1 ;;
		*) found=$(findfs "$1" 2>/dev/null) ;;
		esac
		[ ! -b "$found" ] || { echo "$found"; return 0; }
		[ "$(seconds)" -lt $end ] || return 1
		sleep 0.3
	done
}

block_devices()
{
	awk 'NR > 2 { printf "%s%s", sep, $4; sep = " " } END { if (!sep) printf "none" }' /proc/partitions
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

# Can this kind of target be served at all?
target_served()
{
	case $kind in
	dir) ;;
	*)
		fail "$target: a target of kind '$kind' is not served by this initramfs"
		return 1
		;;
	esac
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
}

target_mount()
{
	if ! dev=$(find_device "$device" $((limit_target / 2))); then
		fail "$target: $device did not appear within $((limit_target / 2)) s; block devices: $(block_devices)"
		return 1
	fi
	set -- ${fstype:+-t "$fstype"} ${options:+-o "$options"} "$dev" "$mnt"
	run_for "$(left)" mount "$@" 2>"$run/said"
	rc=$?
	if [ $rc != 0 ]; then
		fail "$target: mount $* $(status_text $rc "$limit"): $(said)"
		return 1
	fi
	: >"$run/mounted"
}

# The directory, which must not lead out of the target by a symbolic link: it would lie in memory.
target_directory()
{
	mkdir -p "$mnt$path" 2>"$run/said"
	dir=$(cd "$mnt$path" 2>/dev/null && pwd -P)
	case $dir in
	"$mnt" | "$mnt"/*) ;;
	*)
		fail "$target: $path cannot be used on $dev: $(said)${dir:+it leads to $dir}"
		echo "$mnt" >"$run/dir"
		return 1
		;;
	esac
	echo "$dir" >"$run/dir"
}

# vmsift is what goes first when memory is short. Its words go to the console and into the log.
vmsift_run()
{
	echo 1000 >/proc/self/oom_score_adj
	exec vmsift run -C "$conf" /proc/vmcore "$dir" 2>"$run/words"
}

target_save()
{
	[ -e /proc/vmcore ] || return 1
	rm -f "$run/words"
	mkfifo "$run/words"
	tee -a "$run/log" <"$run/words" &
	tee=$!
	run_for "$(left)" vmsift_run
	rc=$?
	# where vmsift was never started nobody would ever close the pipe
	: 2>/dev/null >"$run/words" &
	[ $rc = 125 ] || wait $tee
	case $rc in
	0)
		say "$target: saved"
		;;
	3)
		fail "$target: saved in part because of errors, see above and manifest.json"
		;;
	*)
		fail "$target: vmsift run $(status_text $rc "$limit")"
		return 1
		;;
	esac
}

# Is the target full? Then it was no target that works, whatever was saved in part.
target_full()
{
	free=$(df -Pk "$dir" | awk 'END { print $4 }')
	[ "${free:-0}" -lt 64 ] || return 1
	fail "$target: full: $free KiB are free on $dev"
}

# try_target NUMBER: 0 if the dump is there now
try_target()
{
	nr=$1
	kind=$(field KIND) device=$(field DEVICE) fstype=$(field FSTYPE) options=$(field OPTIONS)
	path=$(field PATH) limit_target=$(field TIMEOUT) target="target \"$(field NAME)\""
	case $limit_target in
	'' | *[!0-9]*) limit_target=60 ;;
	esac
	target_end=$(($(seconds) + limit_target))
	if ! target_served || ! target_mount; then
		return 1
	fi
	saved=1
	if target_directory; then
		say "$target: $path on $dev"
		target_save
		saved=$?
		[ $saved != 0 ] || [ "$rc" = 0 ] || ! target_full || saved=1
	fi
	note_leave
	target_leave
	return $saved
}

load_modules()
{
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

worker()
{
	read_self
	trap : USR2
	load_modules
	[ -e /proc/vmcore ] ||
		fail "there is no /proc/vmcore: this kernel was not started by a crash, or not with elfcorehdr="
	for number in $VMSIFT_TARGETS; do
		! try_target "$number" || exit 0
	done
	[ -n "$VMSIFT_TARGETS" ] || fail "the configuration names no target"
	say "no target worked"
	run_for "$SYNC_LIMIT" last_words
	exit 1
}

worker
