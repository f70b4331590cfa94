# shellcheck shell=dash
# shellcheck disable=SC2317,SC2034,SC2154 # a part of init: what it uses and sets is there as well
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by worker.sh: targets that take one tar stream, a raw partition or another machine by ssh.

is_running()
{
	[ -e "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

# sink_wait: until the sink has ended, or the target's time is over; its status in $sink_rc
sink_wait()
{
	late=
	while is_running "$sink"; do
		if [ "$(left)" -le 1 ]; then
			late=yes
			kill -KILL "$sink"
			sleep 1
			break
		fi
		sleep 0.2
	done
	if is_running "$sink"; then
		sink_rc=125
		return
	fi
	wait "$sink"
	sink_rc=$?
	[ -z "$late" ] || sink_rc=124
}

vmsift_to_sink() { vmsift_to - "$1" >"$run/stream"; }

# save_stream DETAIL: vmsift's stream into the function $sink_function, which ends in an exec
save_stream()
{
	rm -f "$run/stream"
	mkfifo "$run/stream"
	"$sink_function" <"$run/stream" >"$run/sink" 2>&1 &
	sink=$!
	vmsift_run vmsift_to_sink "$1"
	sink_wait
	cp "$run/sink" "$run/said"
}

# sink_failed WHAT: say so; the stream cannot be whole then, whatever vmsift's status is
sink_failed()
{
	[ "$sink_rc" != 0 ] || return 1
	fail "$target: $1 $(status_text "$sink_rc" "$limit_target"): $(said)"
}

# --- a partition ---------------------------------------------------------------------------------

sink_raw() { exec sh /lib/vmsift/rawdump write "$dev"; }

try_raw()
{
	target_device || return 1
	# shellcheck disable=SC2046 # words
	crash_guard $(sh /lib/vmsift/rawdump show "$dev" 2>/dev/null | sed -n 's/^crashes=//p')
	say "$target: $dev"
	sink_function=sink_raw
	# A kernel dump ends where the partition does, and what comes before it is whole; no more than that is limited.
	room=$(cat "/sys/class/block/$(basename "$(readlink -f "$dev")")/size" 2>/dev/null)
	[ -z "$room" ] || room=$((room * 512 - 262144))
	target_save save_stream
	saved=$?
	room=
	state=whole
	if sink_failed 'rawdump write' || [ $saved != 0 ]; then
		saved=1 state=part
		echo failed >"$run/result"
	fi
	capture_text >"$run/capture.txt"
	if ! run_for "$(left)" sh /lib/vmsift/rawdump seal "$dev" "$(cat "$run/dump")" $state "$run/capture.txt" \
		"$crashes" 2>"$run/said"; then
		[ $saved != 0 ] || fail "$target: rawdump seal: $(said)"
		saved=1
	fi
}

# --- another machine -----------------------------------------------------------------------------

# quoted TEXT: for the shell over there
quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

# ssh_exec COMMAND: in place of this shell. What the other machine is must be known beforehand.
ssh_exec()
{
	files=/etc/vmsift/ssh.$nr
	user=$(field USER) port=$(field PORT)
	if command -v dbclient >/dev/null; then
		# it reads only this file of known hosts
		export HOME="$files"
		exec dbclient -T -K 5 -i "$files/key" ${port:+-p "$port"} "${user:-root}@$host" "$1"
	fi
	export HOME=/tmp
	exec ssh -F /dev/null -T -o BatchMode=yes -o StrictHostKeyChecking=yes \
		-o "UserKnownHostsFile=$files/.ssh/known_hosts" -o GlobalKnownHostsFile=/dev/null \
		-o IdentitiesOnly=yes -o ConnectTimeout=15 -o ServerAliveInterval=5 -o ServerAliveCountMax=3 \
		-i "$files/key" ${port:+-p "$port"} "${user:-root}@$host" "$1"
}

sink_ssh() { ssh_exec "umask 077; mkdir -p $there && cd $there && exec cat >$part"; }

# Whole, it gets its name; equal names get a number. Old ones of this host are deleted then.
ssh_publish()
{
	case $VMSIFT_CODEC in
	gzip) end=tar.gz ;;
	lzo) end=tar.lzo ;;
	none) end=tar ;;
	*) end=tar.zst ;;
	esac
	keep=$(number "$(field KEEP)" 0)
	[ -z "$limited" ] || keep=0
	{
		echo "umask 077; cd $there || exit 1; name=$(cat "$run/dump") end=$end host=${1:-x} keep=$keep part=$part"
		# shellcheck disable=SC2016 # it is expanded over there
		echo '
		free=$name n=2
		while [ -e "$free.$end" ]; do free=$name~$n n=$((n + 1)); done
		cat >"$part.txt" && { sync "$part" "$part.txt" 2>/dev/null || sync; } || exit 1
		mv "$part" "$free.$end" && mv "$part.txt" "$free.txt" && sync || exit 1
		[ "$keep" = 0 ] || ls | grep "^$host-[0-9]*T[0-9]*Z[~0-9]*\.tar" | sort -r | sed "1,${keep}d" |
			while read -r old; do rm -f -- "$old" "${old%.tar*}.txt"; done
		echo "$free.$end"'
	} >"$run/publish"
	ssh_exec "$(cat "$run/publish")" <"$run/capture.txt"
}

try_ssh()
{
	net_up || return 1
	there=$(quoted "$path")
	part=.vmsift-$(date +%s)-$(dd if=/dev/urandom bs=4 count=1 2>/dev/null | od -An -tx1 | tr -d ' \n')-incomplete
	crash_guard
	say "$target: $path on $host"
	sink_function=sink_ssh
	target_save save_stream
	saved=$?
	if sink_failed 'ssh' || [ $saved != 0 ]; then
		saved=1
		return
	fi
	capture_text >"$run/capture.txt"
	run_for "$(left)" ssh_publish "$(sed 's/-[0-9]*T[0-9]*Z[~0-9]*$//' "$run/dump")" >"$run/said" 2>&1
	rc=$?
	if [ $rc != 0 ]; then
		fail "$target: the dump could not be given its name, that $(status_text $rc "$limit"): $(said)"
		saved=1
		return
	fi
	say "$target: $(said)"
}
