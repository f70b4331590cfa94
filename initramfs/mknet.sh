# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # a part of mkcapture: what it uses and sets is there as well
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by mkcapture: what targets on other machines need in the image.

# net_modules: how the target's machine is reached, into $work/net.NUMBER, and the drivers for that
net_modules()
{
	host=$(field HOST)
	server=$(getent ahosts "$host" | awk 'NR == 1 { print $1 }')
	[ -n "$server" ] || die "$target: the address of $host cannot be found out"
	net_address=$net net_gateway='' net_nic=$nic
	case $net in
	'') net_as_now ;;
	*,*) net_address=${net%%,*} net_gateway=${net#*,} ;;
	esac
	cat >"$work/net.$nr" <<-END
		net_nic='$net_nic'
		net_server='$server'
		net_address='$net_address'
		net_gateway='$net_gateway'
	END
	[ "$kind" = ssh ] || wanted="$wanted fs-nfs ?nfsv3 ?nfsv4"
	targets="${targets:+$targets, }\"$(field NAME)\" ($kind, $server by ${net_nic:-the first interface}, $net_address)"
}

# The same way as this machine goes now. An address that DHCP gave is asked for again.
net_as_now()
{
	route=$(ip -o route get "$server" 2>/dev/null) || die "$target: $server cannot be reached from this machine"
	interface=$(echo "$route" | sed -n 's/.* dev \([^ ]*\).*/\1/p')
	source=$(echo "$route" | sed -n 's/.* src \([^ ]*\).*/\1/p')
	net_gateway=$(echo "$route" | sed -n 's/.* via \([^ ]*\).*/\1/p')
	at=$(readlink -f "/sys/class/net/$interface/device") && [ -d "$at" ] ||
		die_conf "$target: $interface is no network card (lo, bridge, bond, VLAN): name a card with --nic, its address with --net, its driver with --module"
	[ -n "$net_nic" ] || net_nic=$(cat "/sys/class/net/$interface/address")
	line=$(ip -o addr show dev "$interface" | awk -v "a=$source/" 'index($4, a) == 1')
	net_address=$(echo "$line" | awk '{ print $4; exit }')
	[ -n "$net_address" ] || die "$target: what address $interface has is not clear"
	case $line in
	*' dynamic'*) net_address=dhcp net_gateway='' ;;
	esac
	for name in $(sys_modules "$at"); do
		wanted="$wanted $name"
	done
}

# program_put FILE NAME: with all libraries that it needs, beside vmsift
program_put()
{
	cat "$1" >"$bin/$2"
	{ ldd "$1" 2>/dev/null || :; } | sed -n 's/^[^/]*\(\/[^ ]*\) (0x.*/\1/p' | while read -r file; do
		[ ! -e "$root$file" ] || continue
		mkdir -p "$root${file%/*}"
		cat "$file" >"$root$file"
	done
}

ssh_find()
{
	[ -n "$ssh" ] || ssh=$(command -v ssh || command -v dbclient) ||
		die "neither ssh nor dbclient is in PATH; name one with --ssh"
	[ -x "$ssh" ] || die "$ssh cannot be run"
	case ${ssh##*/} in
	*dbclient*) client=dbclient ;;
	*) client=ssh ;;
	esac
}

# The key as the client wants it, and the other machine's keys, without which nothing is sent to it.
ssh_put()
{
	ssh_find
	[ -e "$bin/$client" ] || program_put "$ssh" $client
	files=$root/etc/vmsift/ssh.$nr
	key=$(field KEY) known=$(field KNOWN_HOSTS) port=$(field PORT)
	known=${known:-/root/.ssh/known_hosts}
	[ -n "$key" ] || die_conf "$target: key is missing: nobody is there to type a password"
	[ -r "$key" ] || die_conf "$target: key $key cannot be read"
	[ -r "$known" ] || die_conf "$target: known-hosts $known cannot be read"
	mkdir -p "$files/.ssh"
	name=$(field HOST)
	[ "${port:-22}" = 22 ] || name="[$name]:$port"
	if command -v ssh-keygen >/dev/null; then
		ssh-keygen -F "$name" -f "$known" >"$work/known" || die_conf "$target: $known does not know $name"
		# dbclient knows hosts by their bare name, whatever the port
		[ $client = ssh ] || sed -i -e '/^#/d' -e "s/^[^ ]* /$(field HOST) /" "$work/known"
		cat "$work/known" >"$files/.ssh/known_hosts"
		if ! grep -q DROPBEAR "$key" && ! ssh-keygen -y -P '' -f "$key" >/dev/null 2>"$work/said"; then
			[ $client = dbclient ] || die_conf "$target: key $key cannot be used without a passphrase"
		fi
	fi
	[ -e "$files/.ssh/known_hosts" ] || cat "$known" >"$files/.ssh/known_hosts"
	if [ $client = dbclient ] && grep -q BEGIN "$key"; then
		dropbearconvert openssh dropbear "$key" "$files/key" 2>"$work/said" ||
			die "$target: $key cannot be made a key for dbclient: $(tail -n 1 "$work/said")"
	else
		cat "$key" >"$files/key"
	fi
}

net_put()
{
	cat "$work/net.$nr" >"$root/etc/vmsift/net.$nr"
	name=$(field HOST)
	echo "$(sed -n "s/^net_server='\(.*\)'/\1/p" "$work/net.$nr") $name" >>"$root/etc/hosts"
	[ "$kind" != ssh ] || ssh_put
}
