# shellcheck shell=dash
# shellcheck disable=SC2317,SC2034,SC2154 # a part of init: what it uses and sets is there as well
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by worker.sh: targets that are mounted, directories on a local device or of another machine.

NOTES_MAX=20	# notes of failures that stay in a target

# What is mounted, and how, into $source $fstype $options.
mount_words()
{
	if [ "$kind" = nfs ]; then
		net_up || return 1
		source="$host:$path"
		case $host in
		*:*) source="[$host]:$path" ;;
		esac
		fstype=${fstype:-nfs}
		# without options of one's own: a server that is gone is an error, not a wait for ever
		options="${options:-vers=4.1,soft,timeo=100,retrans=2},addr=$net_server"
		path=
		return 0
	fi
	target_device || return 1
	source=$dev
	case $fstype in
	# a file system with mistakes must not panic this kernel, which it may say in its superblock
	ext[234]) options="errors=remount-ro${options:+,$options}" ;;
	esac
}

target_mount()
{
	mount_words || return 1
	set -- ${fstype:+-t "$fstype"} ${options:+-o "$options"} "$source" "$mnt"
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
		fail "$target: $path cannot be used on $source: $(said)${dir:+it leads to $dir}"
		echo "$mnt" >"$run/dir"
		return 1
		;;
	esac
	echo "$dir" >"$run/dir"
}

save_mounted() { vmsift_run vmsift_to "$dir" "$1"; }

free_kib()
{
	df -Pk "$dir" | awk 'END { print $4 + 0 }'
}

# Is the target full? Then it was no target that works, whatever was saved in part.
target_full()
{
	free=$(free_kib)
	[ "${free:-0}" -lt 64 ] || return 1
	fail "$target: full: $free KiB are free on $source"
}

# --- old dumps -----------------------------------------------------------------------------------

# dumps_list HOST: the names of the directories that vmsift has made here, of HOST if one is given, the
# oldest first
dumps_list()
{
	for at in "$dir/${1:+$1-}"*; do
		[ -e "$at/report.txt" ] || [ -e "$at/vmcore-dmesg.txt" ] || [ -e "$at/manifest.json" ] || continue
		[ ! -L "$at" ] || continue
		echo "${at##*/}"
	done | sed -n 's/^\(.*-\([0-9]\{8\}T[0-9]\{6\}Z\)\(~[0-9]*\)\{0,1\}\)$/\2 \1/p' | sort | sed 's/^[^ ]* //'
}

dump_delete()
{
	say "$target: $1 is deleted: $2"
	run_for "$(left)" rm -rf "${dir:?}/$1" 2>"$run/said" || fail "$target: $1 cannot be deleted: $(said)"
}

# What is needed free, before anything is written. The youngest dump stays in any case, and in a crash loop
# all do: the first ones are worth most. On a server there are dumps of others.
dumps_make_room()
{
	need=$(($(number "$(field KEEP_FREE)" 0) / 1024))
	[ $need -gt 0 ] && [ -z "$limited" ] && [ "$kind" = dir ] || return 0
	dumps_list '' | sed '$d' >"$run/dumps"
	while [ "$(free_kib)" -lt $need ] && read -r old; do
		dump_delete "$old" "less than $need KiB are free"
	done <"$run/dumps"
}

dumps_rotate()
{
	keep=$(number "$(field KEEP)" 0)
	read -r new <"$run/dump"
	[ "$keep" -gt 0 ] && [ -z "$limited" ] && [ -n "$new" ] || return 0
	dumps_list "$(echo "$new" | sed 's/-[0-9]*T[0-9]*Z[~0-9]*$//')" | grep -vxF "$new" >"$run/dumps"
	nr_old=$(awk 'END { print NR }' "$run/dumps")
	while [ "$nr_old" -ge "$keep" ] && read -r old; do
		dump_delete "$old" "keep = $keep"
		nr_old=$((nr_old - 1))
	done <"$run/dumps"
	notes=$(find "$dir" -maxdepth 1 -name 'vmsift-failure-*.txt' | sort -r | sed "1,${NOTES_MAX}d")
	for old in $notes; do
		rm -f "$old"
	done
}

# --- crashes -------------------------------------------------------------------------------------

# Kept in a file of its own, since old dumps may be deleted; one on a server is for each host. Written
# before anything is saved, so that a crash whose capture fails counts as well.
crashes_note()
{
	file=$dir/.vmsift-crashes
	[ "$kind" = dir ] || file=$file-$(cat /etc/hostname 2>/dev/null)
	# shellcheck disable=SC2046 # words
	crash_guard $(cat "$file" 2>/dev/null)
	# shellcheck disable=SC2086 # words
	printf '%s\n' $crashes >"$file-incomplete" && sync "$file-incomplete" && mv "$file-incomplete" "$file"
}

try_mounted()
{
	target_mount || return 1
	if target_directory; then
		say "$target: ${path:-/} on $source"
		crashes_note 2>"$run/said" || say "$target: the time of this crash could not be noted: $(said)"
		dumps_make_room
		target_save save_mounted
		saved=$?
		[ $saved != 0 ] || [ "$rc" = 0 ] || ! target_full || saved=1
		[ $saved != 0 ] || dumps_rotate
		[ $saved = 0 ] || echo failed >"$run/result"
	fi
	note_leave
	target_leave
}
