# shellcheck shell=bash
# shellcheck disable=SC2317,SC2016,SC2154 # rows are called by name; scripts for the guest are quoted
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by tests/capture/run: rows for other kinds of targets, for old dumps and crash loops, and for
# what goes wrong with disks, memory and power.

# captured LINE...: the file for the next boot's journal has these lines
captured()
{
	local line file=$out/$row/target/var/crash/vmsift-capture.txt
	for line; do
		if grep -qxF -- "$line" "$file" 2>/dev/null; then
			ok "vmsift-capture.txt says $line"
		else
			not_ok "vmsift-capture.txt does not say $line"
		fi
	done
}

# is TEXT COMMAND...: the command's status is 0
is()
{
	if "${@:2}"; then ok "$1"; else not_ok "not so: $1"; fi
}

# whole DIR: there are cores in it, and those that have their names can be unpacked
whole()
{
	local n
	n=$(find "$1" -name 'core.*' ! -name '*-incomplete' | wc -l)
	if [ "$n" -gt 0 ] && find "$1" -name 'core.*.zst' -exec zstd -qt {} + ; then
		ok "$n cores have their names, and are whole"
	else
		not_ok "no core in $1, or one with a final name is not whole"
	fi
}

# --- targets of other kinds ----------------------------------------------------------------------

KERNEL='kernel { dump-level = 31 codec = zstd }'

# Of nothing it reads for ever.
unflatten() { timeout 120 makedumpfile -R "$1" >/dev/null 2>&1; }

# kdump_whole FLAT: this flattened kernel dump of the guest can be read by us, and by makedumpfile
kdump_whole()
{
	is "vmsift reads the kernel dump" grep -q 'Kernel panic - not syncing: sysrq triggered crash' \
		<("$top/build/vmsift" log "$1" 2>/dev/null)
	is "the process that panicked is in it" grep -q 'victim-panic' <("$top/build/vmsift" ps "$1" 2>/dev/null)
	is "it is not one that could not be finished" test -z \
		"$("$top/build/vmsift" info "$1" 2>&1 | grep 'could not finish it')"
	rm -f "$work/$row.plain"
	is "makedumpfile -R takes it" unflatten "$work/$row.plain" <"$1"
	is "and what that makes is the same dump" cmp <("$top/build/vmsift" ps "$1" 2>/dev/null) \
		<("$top/build/vmsift" ps "$work/$row.plain" 2>/dev/null)
	rm -f "$work/$row.plain"
}

# A dump of before lies on the partition: it must never be taken for the new one.
row_raw()
{
	local part=$work/part.img name
	truncate -s 64M "$part"
	mkswap -q -U 76736966-7400-4000-8000-0000000000aa "$part"
	echo "an old dump" | "$top/initramfs/rawdump" write "$part"
	"$top/initramfs/rawdump" seal "$part" old-20200101T000000Z whole
	prepare "$KERNEL"'
process "culprits" { match = {"panic", "on-cpu"} }
target "disk" { to = "raw:UUID=76736966-7400-4000-8000-0000000000aa" }' || return
	go --disk "part=$part"
	says 'target "disk": saved'
	mkdir "$work/raw"
	name=$("$top/initramfs/rawdump" fetch "$part" "$work/raw")
	if [[ $name == vmsift-guest-* ]] && grep -q '"complete": true' "$work/raw/$name/manifest.json"; then
		ok "a whole dump is fetched: its own, not the one of before"
	else
		not_ok "what is fetched is '$name'"
	fi
	is "the note says that it was saved" grep -qx result=saved "$work/raw/$name/vmsift-capture.txt"
	is "and has been fetched with its cores" test -n "$(find "$work/raw" -name 'core.victim-panic.*')"
	kdump_whole "$work/raw/$name/vmcore.flat"
	production 120
}

# A partition that has no mark is somebody's data; what fits on a small one comes back.
row_rawbad()
{
	local part=$work/foreign.img small=$work/small.img name
	head -c 4M /dev/zero | tr '\0' x >"$part"
	truncate -s 330K "$small"
	mkswap -q -L small "$small"
	prepare 'process "all" { match = {"comm=*"} detail = full }
target "foreign" { to = "raw:/dev/vdc" timeout = 30s }
target "small" { to = "raw:LABEL=small" timeout = 90s }' || return
	go --disk "foreign=$part" --disk "small=$small"
	says 'target "foreign": rawdump write ended with status 1: .* not marked for dumps'
	says 'target "small": rawdump write ended with status 3: .* is full'
	is "nobody's data was touched" test "$(tr -d x <"$part" | wc -c)" = 0
	mkdir "$work/rawbad"
	name=$("$top/initramfs/rawdump" fetch "$small" "$work/rawbad")
	is "the report is in the part that fits" test -s "$work/rawbad/$name/report.txt"
	is "the log is as well" grep -q 'Kernel panic' "$work/rawbad/$name/vmcore-dmesg.txt"
	production 200
}

# sshd_start: on a loopback port of this machine, ended by the caller; sets $port and $sshd
sshd_start()
{
	local d=$work/sshd.$row
	there=$work/there.$row
	mkdir -p "$d" "$there" /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$d/host"
	ssh-keygen -q -t ed25519 -N '' -f "$d/user"
	port=$((20000 + RANDOM % 20000))
	printf '%s\n' "Port $port" 'ListenAddress 127.0.0.1' "HostKey $d/host" 'UsePAM no' 'StrictModes no' \
		"AuthorizedKeysFile $d/user.pub" 'PasswordAuthentication no' 'PidFile none' \
		'PermitRootLogin prohibit-password' >"$d/config"
	timeout 600 /usr/sbin/sshd -D -e -f "$d/config" 2>"$d/log" &
	sshd=$!
	echo "[10.0.2.2]:$port $(cut -d' ' -f1,2 "$d/host.pub")" >"$d/known"
	net=(--arg=-netdev --arg=user,id=n0 --arg=-device --arg=virtio-net-pci,netdev=n0,romfile=)
}

# ssh_image CLIENT ADDRESS [CONF]: whose target "net" is the sshd of this machine. On busy cores a kernel dump takes
# its time through ssh.
ssh_image()
{
	local d=$work/sshd.$row
	img=$work/$row.img over=$work/$row.over
	mkdir -p "$over"
	cat >"$work/$row.conf" <<-END
		process "culprits" { match = {"panic", "on-cpu"} }
		target "net" { to = "ssh://root@10.0.2.2:$port$there" key = "$d/user" known-hosts = "$d/known"
			keep = 2 timeout = 200s }
		timeout = 300s
		$KERNEL
		${3-}
	END
	image "$work/$row.conf" "$img" --net "$2" --ssh "$(command -v "$1")" -m virtio_net \
		>"$work/$row.said" 2>&1 && return
	not_ok "mkcapture: $(tail -1 "$work/$row.said")"
	kill "$sshd"
	return 1
}

# ssh_cycle CLIENT ADDRESS: of old dumps that are there the two youngest stay, with the new one
ssh_cycle()
{
	local old name
	sshd_start
	for old in 20200101T000000Z 20200102T000000Z 20200103T000000Z; do
		echo old >"$there/vmsift-guest-$old.tar.zst"
	done
	ssh_image "$1" "$2" || return
	go "${net[@]}"
	kill "$sshd"
	says 'target "net": saved'
	name=$(find "$there" -name 'vmsift-guest-2[0-9]*.tar.zst' -size +8k -printf '%f\n')
	says "target \"net\": vmsift-guest-[0-9]*T[0-9]*Z\.tar\.zst"
	is "the stream has its name" test -n "$name"
	is "it can be unpacked" tar --zstd -xf "$there/$name" -C "$there"
	is "it is whole" grep -q '"complete": true' "$there/${name%.tar.zst}/manifest.json"
	is "and has a core" test -n "$(find "$there" -name 'core.victim-panic.*')"
	cat "$there/${name%.tar.zst}"/vmcore.flat.* >"$work/$row.flat" 2>/dev/null
	kdump_whole "$work/$row.flat"
	rm -f "$work/$row.flat"
	is "the messages are beside it" grep -qx result=saved "$there/${name%.tar.zst}.txt"
	is "keep = 2" test "$(find "$there" -name '*.tar.zst' | wc -l)" = 2
	is "of the old ones the youngest stays" test -e "$there/vmsift-guest-20200103T000000Z.tar.zst"
	is "nothing is unfinished" test -z "$(find "$there" -name '*-incomplete')"
	production 150
}

row_ssh() { ssh_cycle ssh 10.0.2.15/24,10.0.2.2; }

row_dbclient() { ssh_cycle dbclient dhcp; }

# Another machine than the one that is known: nothing is sent, the next target serves.
row_sshwrong()
{
	sshd_start
	ssh-keygen -q -t ed25519 -N '' -f "$work/other"
	echo "[10.0.2.2]:$port $(cut -d' ' -f1,2 "$work/other.pub")" >"$work/sshd.$row/known"
	ssh_image ssh dhcp "target \"disk\" { to = \"/var/crash\" device = \"$good\" fstype = ext4 }" || return
	go "${net[@]}"
	kill "$sshd"
	says 'target "net": ssh ended with status 255: .*Host key verification failed'
	says 'target "disk": saved'
	notes 'Host key verification failed'
	is "nothing was sent" test -z "$(find "$there" -type f)"
	production 150
}

# A machine that takes the connection and then nothing more.
row_sshhung()
{
	sshd_start
	sed -i 's/^/command="exec sleep 500" /' "$work/sshd.$row/user.pub"
	ssh_image ssh dhcp "target \"disk\" { to = \"/var/crash\" device = \"$good\" fstype = ext4 }" || return
	sed -i 's/timeout = 200s }/timeout = 15s }/' "$work/$row.conf"
	image "$work/$row.conf" "$img" --net dhcp -m virtio_net >/dev/null 2>&1 || not_ok mkcapture
	go "${net[@]}"
	kill "$sshd"
	says 'target "net": (vmsift run|ssh) was stopped because its [0-9]* s were over'
	says 'target "disk": saved'
	saved yes
	production 150
}

# A server of this machine; with a port of its own, since the usual one may be taken.
row_nfs()
{
	local server where
	port=$((20000 + RANDOM % 20000))
	mkdir -p "$work/export"
	cat >"$work/ganesha.conf" <<-END
		NFS_CORE_PARAM { NFS_Port = $port; Protocols = 4; Bind_addr = 127.0.0.1; Enable_NLM = false; Enable_RQUOTA = false; }
		NFSv4 { RecoveryBackend = fs; Graceless = true; Only_Numeric_Owners = true; }
		EXPORT { Export_Id = 1; Path = $work/export; Pseudo = /export; Access_Type = RW; Squash = No_Root_Squash;
			SecType = sys; Transports = TCP; FSAL { Name = VFS; } }
	END
	timeout 600 ganesha.nfsd -F -f "$work/ganesha.conf" -L "$work/ganesha.log" -p "$work/ganesha.pid" &
	server=$!
	img=$work/$row.img over=$work/$row.over
	mkdir -p "$over"
	cat >"$work/$row.conf" <<-END
		process "culprits" { match = {"panic", "on-cpu"} }
		target "net" { to = "nfs://10.0.2.2/export" options = "vers=4.1,port=$port,soft,timeo=100,retrans=2" keep = 3 }
	END
	if image "$work/$row.conf" "$img" --net dhcp -m virtio_net >"$work/$row.said" 2>&1; then
		go --arg=-netdev --arg=user,id=n0 --arg=-device --arg=virtio-net-pci,netdev=n0,romfile=
		says 'target "net": saved'
		where=$(find "$work/export" -name manifest.json -printf '%h\n')
		is "a whole dump is on the server" grep -q '"complete": true' "$where/manifest.json"
		whole "$work/export"
		is "what came of it as well" grep -qx result=saved "$work/export/vmsift-capture.txt"
		production 150
	else
		not_ok "mkcapture: $(tail -1 "$work/$row.said")"
	fi
	kill "$server"
}

# One capture to each kind of file system: the first ones claim to have failed.
row_filesystems()
{
	local fs text
	truncate -s 300M "$work/xfs.img"
	truncate -s 120M "$work/btrfs.img"
	truncate -s 64M "$work/vfat.img"
	mkfs.xfs -q -L XFS "$work/xfs.img" && mkfs.btrfs -q -L BTRFS "$work/btrfs.img" &&
		mkfs.vfat -F 32 -n VFAT "$work/vfat.img" >/dev/null || { not_ok "mkfs"; return; }
	text='process "culprits" { match = {"panic", "on-cpu"} }
timeout = 200s'
	for fs in xfs btrfs vfat; do
		text="$text
target \"$fs\" { to = \"/dumps\" device = \"LABEL=${fs^^}\" fstype = $fs timeout = 60s }"
	done
	prepare "$text" || return
	replace_vmsift 'vmsift.real "$@" || exit
	grep " /mnt " /proc/mounts >&2
	cat /mnt/dumps/*/manifest.json >/dev/null || exit
	grep -q "/mnt vfat" /proc/mounts || exit 1'
	go --disk "a=$work/xfs.img" --disk "b=$work/btrfs.img" --disk "c=$work/vfat.img"
	for fs in xfs btrfs vfat; do
		says "^/dev/vd. /mnt $fs rw"
	done
	says 'target "vfat": saved'
	production 250
}

# --- old dumps, crash loops ----------------------------------------------------------------------

# old_dumps TIME...: directories as vmsift leaves them, in $work/fill
old_dumps()
{
	local t
	rm -rf "$work/fill"
	mkdir -p "$work/fill/var/crash"
	for t; do
		mkdir "$work/fill/var/crash/vmsift-guest-$t"
		head -c 700K /dev/urandom >"$work/fill/var/crash/vmsift-guest-$t/report.txt"
	done
}

# left_are TIME...: of the old dumps just these
left_are()
{
	local have
	have=$(find "$out/$row/target/var/crash" -name report.txt -size +600k | sed 's,.*-\([^/]*\)/.*,\1,' |
		sort | tr '\n' ' ')
	is "of the old dumps these are left: $* (it is ${have% })" test "$have" = "$* "
}

# Room for the youngest three; then keep counts the new one.
row_keep()
{
	old_dumps 20200101T000000Z 20200102T000000Z 20200103T000000Z 20200104T000000Z
	mkdir "$work/fill/var/crash/not-a-dump-20190101T000000Z"
	prepare "$(conf_one 60s "$good" | sed 's/timeout = 60s/keep = 3 keep-free = '"$(free_with "$work/fill" 300)"'K &/')" ||
		return
	go --target-size 8M --fill "$work/fill"
	says 'vmsift-guest-20200101T000000Z is deleted: less than [0-9]* KiB are free'
	says 'vmsift-guest-20200102T000000Z is deleted: keep = 3'
	saved yes
	left_are 20200103T000000Z 20200104T000000Z
	is "what is no dump stays" test -d "$out/$row/target/var/crash/not-a-dump-20190101T000000Z"
	captured result=saved limited= failures=0
	production 120
}

# free_with DIR MORE: KiB that are free in an ext4 of 8 MiB filled from DIR for who is not root, and MORE
free_with()
{
	mke2fs -q -F -t ext4 -d "$1" "$work/scratch" 8M >/dev/null
	dumpe2fs -h "$work/scratch" 2>/dev/null |
		awk -v "more=$2" '/^Free blocks:/ { f = $3 } /^Reserved block count:/ { r = $4 } END { print f - r + more }'
}

# The third crash in half an hour; the first ones' dumps are worth most and stay.
row_loop()
{
	local now
	old_dumps 20200101T000000Z 20200102T000000Z
	now=$(date +%s)
	printf '%s\n' $((now - 90000)) $((now - 900)) $((now - 300)) >"$work/fill/var/crash/.vmsift-crashes"
	prepare "$(conf_one 60s "$good" | sed 's/timeout = 60s/keep = 1 &/')
crash-loop = \"2 in 30m\"" || return
	go --fill "$work/fill"
	says 'target "disk": 2 crashes in the last 1800 s: only report and log are saved'
	saved yes
	is "there is no core" test -z "$(find "$out/$row/target" -name 'core.*')"
	left_are 20200101T000000Z 20200102T000000Z
	captured result=saved limited=none
	is "this crash is counted, one of long ago no more" \
		test "$(wc -l <"$out/$row/target/var/crash/.vmsift-crashes")" = 3
	production 120
}

# The same, known from the production side.
row_looptold()
{
	local now
	now=$(date +%s)
	prepare "$(conf_one 60s "$good")
crash-loop = \"2 in 30m\"" || return
	go --capture-append "vmsift.crashes=$((now - 900)),$((now - 300))"
	says 'target "disk": 2 crashes in the last 1800 s: only report and log are saved'
	captured result=saved limited=none
	production 120
}

# --- what else can go wrong ----------------------------------------------------------------------

# Out of memory, really: the first try eats all there is.
row_oom()
{
	prepare "process \"all\" { match = {\"comm=victim-*\"} detail = full }
$(conf_one 60s "$good")" || return
	replace_vmsift 'if [ ! -e /run/tried ]; then : >/run/tried; exec tail /dev/zero; fi; exec vmsift.real "$@"'
	go
	says 'vmsift run was killed by signal 9: once more, with --detail tiny'
	says 'target "disk": saved, with less than was asked for'
	saved yes
	notes 'vmsift run was killed by signal 9'
	notes 'Out of memory: Killed process'
	captured result=partly limited=tiny
	whole "$out/$row/target"
	production 120
}

# Two file systems whose superblock is good: one without a root directory, one with a damaged directory
# that asks for a panic upon errors.
row_corrupt()
{
	local at
	mkdir -p "$work/hurt/var/crash"
	for at in 1 2; do
		mke2fs -q -F -t ext4 -L hurt$at -d "$work/hurt" "$work/hurt$at" 16M
	done
	at=$(debugfs -R 'imap <2>' "$work/hurt1" 2>/dev/null | sed -n 's/.*located at block \([0-9]*\).*/\1/p')
	dd if=/dev/urandom of="$work/hurt1" bs=1024 seek="$at" count=1 conv=notrunc status=none
	at=$(debugfs -R 'blocks /var/crash' "$work/hurt2" 2>/dev/null | tr -d ' \n')
	dd if=/dev/urandom of="$work/hurt2" bs=1024 seek="$at" count=1 conv=notrunc status=none
	tune2fs -e panic "$work/hurt2" >/dev/null
	prepare "process \"culprits\" { match = {\"panic\", \"on-cpu\"} }
target \"hurt1\" { to = \"/var/crash\" device = \"LABEL=hurt1\" fstype = ext4 timeout = 30s }
target \"hurt2\" { to = \"/var/crash\" device = \"LABEL=hurt2\" fstype = ext4 timeout = 30s }
target \"disk\" { to = \"/var/crash\" device = \"$good\" fstype = ext4 timeout = 60s }" || return
	go --disk "hurt1=$work/hurt1" --disk "hurt2=$work/hurt2"
	says 'target "hurt1": mount -t ext4 .* ended with status'
	says 'target "hurt2": (vmsift run ended with status|/var/crash cannot be used)'
	says 'target "disk": saved'
	saved yes
	notes 'hurt1.*mount'
	production 150
}

# The power goes while cores are written.
row_powercut()
{
	prepare "process \"all\" { match = {\"comm=victim-*\"} detail = full }
$(conf_one 60s "$good")" || return
	go --kill-at 'vmsift: vmsift-guest-.*/core\.victim-panic'
	is "the power was cut" grep -q '^cut=1' "$out/$row/times"
	is "the report is on the disk" test -n "$(find "$out/$row/target" -name report.txt -size +0)"
	is "the log is on the disk" grep -qr --include=vmcore-dmesg.txt 'Kernel panic' "$out/$row/target"
	whole "$out/$row/target"
	saved no
}

# The capture kernel itself panics.
row_panic()
{
	prepare "$(conf_one 60s "$good")" || return
	replace_vmsift 'echo c >/proc/sysrq-trigger; sleep 100'
	go
	says 'target "disk": /var/crash on'
	saved no
	production 120
}

# Nothing runs any more, as if the kernel stood still: the hardware has to help.
row_dog()
{
	kernel=6.1-plain
	if ! "$top/tests/bed/fetch-kernel" $kernel >/dev/null || ! "$top/tests/bed/make-guest" $kernel; then
		not_ok "no kernel $kernel"
		kernel=6.1
		return
	fi
	img=$work/$row.img over=$work/$row.over
	mkdir -p "$over/bin"
	conf_one 300s "$good" '' 600s >"$work/$row.conf"
	if image "$work/$row.conf" "$img" -m i6300esb >"$work/$row.said" 2>&1; then
		replace_vmsift 'kill -STOP -1; while :; do sleep 1; done'
		go --mem 640 --timeout 500 --arg=-device --arg=i6300esb --arg=-action --arg=watchdog=reset
		says 'the hardware watchdog is armed'
		saved no
		production 300
	else
		not_ok "mkcapture: $(tail -1 "$work/$row.said")"
	fi
	kernel=6.1
}

# Where there is a place for messages that outlives the reboot, it gets one.
row_pmsg()
{
	prepare "$(conf_one 6s $missing)" || return
	sed 's,^\tpmsg_leave$,\t: >/dev/pmsg0; pmsg_leave; cat /dev/pmsg0,' "$top/initramfs/init" >"$over/init"
	chmod 755 "$over/init"
	! cmp -s "$over/init" "$top/initramfs/init" || { not_ok "init calls no pmsg_leave"; return; }
	go
	says '^result=failed'
	says '^target "disk": UUID=\S* did not appear'
	production 90
}
