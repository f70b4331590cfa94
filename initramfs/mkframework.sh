# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # a part of mkcapture: what it uses and sets is there as well
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by mkcapture: targets on devices that must be put together first (LVM, md, LUKS), and images whose
# framework, initramfs-tools or dracut, does that. What the framework is given is a tree of files, $root; its hook
# or module copies it into the image.

luks='' # names of the mappings that are opened

# stack_of PLACE: what a device in /sys is made of, one line each: "KIND NAME" or "disk PLACE"
stack_of()
{
	case $1 in
	*/virtual/nvme-subsystem/*) ;;
	*/virtual/block/*)
		part=$1
		# of a partition the disk tells
		[ ! -e "$1/partition" ] || part=${1%/*}
		name=${part##*/}
		if [ -r "$part/dm/uuid" ]; then
			uuid=$(cat "$part/dm/uuid")
			case $uuid in
			LVM-*) echo "LVM $(cat "$part/dm/name")" ;;
			CRYPT-LUKS*) echo "LUKS $(cat "$part/dm/name")" ;;
			*) echo "unknown $(cat "$part/dm/name") (${uuid%%-*})" ;;
			esac
		elif [ -d "$part/md" ]; then
			echo "md $name"
		else
			echo "unknown $name"
			return
		fi
		for below in "$part"/slaves/*; do
			[ ! -e "$below" ] || stack_of "$(readlink -f "$below")"
		done
		return
		;;
	esac
	echo "disk $1"
}

# As "LVM vg-lv, md md0"
stack_text() { sed '/^disk /d' "$work/stack" | awk '{ printf "%s%s", sep, $0; sep = ", " }'; }

# stack_modules PLACE: the drivers of all disks below it; what its parts are into $stack. Status 2: cannot be served.
stack_modules()
{
	stack_of "$1" >"$work/stack"
	stack=$(stack_text)
	case $stack in
	*unknown*)
		say "$target: $dev is $stack: such devices are set up neither by this initramfs nor by a framework"
		return 2
		;;
	esac
	if [ "$framework" = own ]; then
		say "$target: $dev is $stack: the initramfs of vmsift's own cannot set such devices up; $(framework_advice)"
		return 2
	fi
	# shellcheck disable=SC2046 # words
	while read -r what name; do
		case $what in
		disk) sys_modules "$name" ;;
		LVM) echo '?dm_mod' ;;
		LUKS) printf '?%s\n' dm_mod dm_crypt $(luks_ciphers "$name") ;;
		md) echo '?md_mod'; echo "?$(cat "/sys/block/$name/md/level")" ;;
		esac
	done <"$work/stack"
}

framework_advice()
{
	have=
	! command -v mkinitramfs >/dev/null || have=initramfs-tools
	! command -v dracut >/dev/null || have="${have:+$have or }dracut"
	echo "FRAMEWORK=${have:-initramfs-tools or dracut} in /etc/default/vmsift-kdump${have:+ does}"
}

# --- LUKS ----------------------------------------------------------------------------------------

# The aliases of what a mapping is encrypted with, from "aes-xts-plain64"
luks_ciphers()
{
	dmsetup table --target crypt "$1" 2>/dev/null | awk '{ print $4 }' | tr ':-' '\n\n' | sed -n 's/^[a-z0-9_]\{2,\}$/crypto-&/p'
}

# Who lies below the target must be opened by a key file, and in little memory.
luks_check()
{
	for name in $(sed -n 's/^LUKS //p' "$work/stack"); do
		case " $luks " in *" $name "*) continue ;; esac
		case $name in *[!A-Za-z0-9._+-]*) die_conf "$target: LUKS '$name': a name with such letters is not served" ;; esac
		line=$(awk -v "n=$name" '$1 == n' /etc/crypttab 2>/dev/null)
		[ -n "$line" ] || die_conf "$target: /etc/crypttab has no line for $name (LUKS)"
		# shellcheck disable=SC2086 # words
		set -- $line
		options=${4-}
		case ,$options, in
		*,keyscript=* | *,fido2-device=* | *,tpm2-device=* | *,pkcs11-uri=*) set -- "$1" "$2" none ;;
		esac
		[ "${3-none}" != none ] && [ "${3-none}" != - ] ||
			die_conf "$target: /etc/crypttab names no key file for $name (LUKS), and nobody is there to type a passphrase"
		[ -f "$3" ] && [ -r "$3" ] || die_conf "$target: the key file $3 of $name (LUKS) cannot be read"
		luks_try "$name" "$3"
		luks="$luks $name"
	done
}

# luks_try NAME KEY: does the key open it, and how much memory does that take? Argon2 may want more than a
# capture kernel has in all.
luks_try()
{
	below=$(dmsetup deps -o devname "$1" 2>/dev/null | sed -n 's/.*(\([^)]*\)).*/\1/p')
	slot=$(cryptsetup open --test-passphrase -v --key-file "$2" "/dev/$below" 2>"$work/said" |
		sed -n 's/^Key slot \([0-9]*\) unlocked.*/\1/p')
	[ -n "$slot" ] || die_conf "$target: the key file $2 does not open $1 (LUKS on /dev/$below): $(tail -n 1 "$work/said")"
	memory=$(cryptsetup luksDump "/dev/$below" 2>/dev/null | awk -v "slot=$slot:" '
		/^[A-Z]/ { in_slots = /^Keyslots:/ }
		in_slots && $1 ~ /^[0-9]+:$/ { mine = $1 == slot }
		in_slots && mine && $1 == "Memory:" { print $2; exit }')
	reserved=$(cat /sys/kernel/kexec_crash_size 2>/dev/null || echo 0)
	[ "$reserved" -gt 0 ] || reserved=268435456
	[ "${memory:-0}" -lt $((reserved / 3072)) ] || die_conf "$target: opening $1 (LUKS) takes $((memory / 1024)) MiB of memory" \
		"($((reserved / 1048576)) MiB are there in all): cryptsetup luksConvertKey --pbkdf pbkdf2 --key-file $2 /dev/$below"
}

# The table and the keys of what is opened, as both frameworks take it.
luks_put()
{
	[ -n "$luks" ] || return 0
	mkdir -p "$root/cryptroot/keyfiles"
	: >"$root/cryptroot/crypttab"
	for name in $luks; do
		awk -v "n=$name" '$1 == n { print; exit }' /etc/crypttab >"$work/line"
		read -r _ _ key options <"$work/line"
		below=$(dmsetup deps -o devname "$name" | sed -n 's/.*(\([^)]*\)).*/\1/p')
		uuid=$(blkid -o value -s UUID "/dev/$below")
		cat "$key" >"$root/cryptroot/keyfiles/$name.key"
		case $framework in
		dracut) from=/dev/disk/by-uuid/$uuid ;;
		*) from=UUID=$uuid ;;
		esac
		options=$(echo "$options" | tr ',' '\n' | grep -vxE 'initramfs|noauto|nofail|_netdev|x-.*|' | tr '\n' ',')
		echo "$name $from /cryptroot/keyfiles/$name.key ${options:-luks}" | sed 's/,$//' >>"$root/cryptroot/crypttab"
	done
	[ "$framework" = initramfs-tools ] || mv "$root/cryptroot/crypttab" "$root/etc/crypttab"
}

# --- the frameworks ------------------------------------------------------------------------------

framework_find()
{
	case $framework in
	own) return 0 ;;
	initramfs-tools) tool=mkinitramfs package=initramfs-tools-core ;;
	dracut) tool=dracut package=dracut-core ;;
	*) die_usage "--framework '$framework' is none of own initramfs-tools dracut" ;;
	esac
	command -v $tool >/dev/null || die "there is no $tool: on Debian the package is $package"
	for file in "$here/early.sh" "$here/$framework/devices"; do
		[ -r "$file" ] || die "$file is missing"
	done
}

# What a framework's image needs besides the tree of every image.
framework_put()
{
	[ "$framework" != own ] || return 0
	echo "$framework" >"$root/etc/vmsift/framework"
	cat "$here/early.sh" >"$root/lib/vmsift/early.sh"
	cat "$here/$framework/devices" >"$root/lib/vmsift/devices"
	luks_put
	[ "$framework" = initramfs-tools ] || return 0
	mkdir -p "$root/scripts/init-top"
	cat "$here/initramfs-tools/boot" >"$root/scripts/vmsift"
	# mkinitramfs runs it too, for its prerequisites
	printf '#!/bin/sh\n' | cat - "$here/early.sh" >"$root/scripts/init-top/vmsift"
}

# framework_modules: instead of the files: their names, for the framework copies and loads them
framework_modules()
{
	modules=$(sed -e 's, .*,,' -e 's,.*/,,' -e 's,\.ko.*,,' "$work/modules" | tr '\n' ' ' | sed 's/ $//')
}

# A configuration of its own, so that the production image's choices (most modules, its root device, resume) are
# not this image's.
initramfs_tools_pack()
{
	confdir=$work/initramfs-tools
	mkdir -p "$confdir/conf.d" "$confdir/hooks" "$confdir/scripts"
	cat /etc/initramfs-tools/initramfs.conf >"$confdir/initramfs.conf" 2>/dev/null || :
	printf '%s\n' MODULES=list RESUME=none UMASK=0077 FSTYPE= ROOT= "COMPRESS=$compress" >>"$confdir/initramfs.conf"
	# the same names in conf.d hide those of other packages
	echo RESUME=none >"$confdir/conf.d/resume"
	echo "$modules" | tr ' ' '\n' >"$confdir/modules"
	cat "$here/initramfs-tools/hook" >"$confdir/hooks/vmsift" && chmod 755 "$confdir/hooks/vmsift" ||
		die "the hook of initramfs-tools is missing"
	VMSIFT_CAPTURE=$root mkinitramfs -d "$confdir" -o "$tmp" "$release" >"$work/said" 2>&1 </dev/null ||
		die "mkinitramfs fails: $(tr '\n' ' ' <"$work/said")"
}

# The modules that bring up what the targets are made of; dracut would find out by the devices, too.
dracut_modules()
{
	for kind in $kinds; do
		case $kind in
		LVM) echo lvm ;;
		md) echo mdraid ;;
		LUKS) echo crypt ;;
		esac
	done | sort -u | tr '\n' ' '
}

dracut_pack()
{
	mkdir -p "$work/dracut.conf.d"
	for module in "$here/dracut/99vmsift" "$here/../dracut/modules.d/99vmsift"; do
		[ ! -d "$module" ] || break
	done
	# where this was not installed below /usr dracut does not see the module
	base=/usr/lib/dracut
	if [ ! -e $base/modules.d/99vmsift ]; then
		mkdir -p "$work/dracut/modules.d"
		ln -s $base/* "$work/dracut/" 2>/dev/null || :
		ln -s $base/modules.d/* "$(readlink -f "$module")" "$work/dracut/modules.d/"
		base=$work/dracut
	fi
	set -- --force --quiet --kver "$release" --conf /dev/null --confdir "$work/dracut.conf.d" --hostonly --hostonly-cmdline \
		--no-hostonly-default-device --no-early-microcode --nofscks --force-drivers "$modules" \
		--add "vmsift $(dracut_modules)" \
		--omit "systemd systemd-initrd dracut-systemd plymouth resume i18n memstrack usrmount rngd"
	case $compress in
	none) set -- "$@" --no-compress ;;
	*) set -- "$@" "--$compress" ;;
	esac
	for device in $devices; do
		set -- "$@" --add-device "$device"
	done
	VMSIFT_CAPTURE=$root dracutbasedir=$base dracut "$@" "$tmp" >"$work/said" 2>&1 </dev/null ||
		die "dracut fails: $(tr '\n' ' ' <"$work/said")"
}

framework_pack()
{
	modes_set
	umask 077
	case $framework in
	initramfs-tools) initramfs_tools_pack ;;
	dracut) dracut_pack ;;
	esac
	umask 022
	[ -s "$tmp" ] || die "$framework made no image: $(tr '\n' ' ' <"$work/said")"
	grep -iE '^(W|E|warning|dracut.*(warning|error|cannot|fail))' "$work/said" | sed 's/^/mkcapture: /' >&2 || :
}

# Bytes that the image takes when it is unpacked; of archives that cannot be read here, a guess.
unpacked_size()
{
	case $1 in
	own) wc -c <"$work/cpio" ;;
	*)
		size=$( { zstd -qdc "$tmp" || gzip -dc "$tmp"; } 2>/dev/null | wc -c)
		packed=$(wc -c <"$tmp")
		[ "$size" -gt "$packed" ] || size=$((packed * 4))
		echo "$size"
		;;
	esac
}
