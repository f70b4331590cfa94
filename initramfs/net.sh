# shellcheck shell=dash
# shellcheck disable=SC2317,SC2034,SC2154 # a part of init: what it uses and sets is there as well
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by worker.sh: the network of a target, as mkcapture found it: /etc/vmsift/net.NUMBER with
#   net_nic (a MAC address or a name; empty: the first one)   net_server (an IP address)
#   net_address (dhcp or ADDRESS/PREFIX)   net_gateway (empty: none)

net_ready=

# The interface into $nic.
net_find()
{
	end=$(($(seconds) + limit_target / 3))
	while :; do
		for at in /sys/class/net/*; do
			nic=${at##*/}
			[ "$nic" != lo ] && [ -e "$at/device" ] || continue
			case $net_nic in
			'' | "$nic" | "$(cat "$at/address")") return 0 ;;
			esac
		done
		if [ "$(seconds)" -ge $end ]; then
			fail "$target: no network interface ${net_nic:-at all}; there are: $(echo /sys/class/net/* | sed 's,/sys/class/net/,,g')"
			return 1
		fi
		sleep 0.3
	done
}

net_carrier()
{
	end=$(($(seconds) + limit_target / 3))
	until [ "$(cat "/sys/class/net/$nic/carrier" 2>/dev/null)" = 1 ]; do
		[ "$(seconds)" -lt $end ] || { fail "$target: $nic has no carrier"; return 1; }
		sleep 0.2
	done
}

net_configure()
{
	if [ "$net_address" = dhcp ]; then
		udhcpc -i "$nic" -f -n -q -t 10 -T 2 -s /lib/vmsift/udhcpc
		return
	fi
	ip addr add "$net_address" dev "$nic" || return
	[ -z "$net_gateway" ] || ip route add default via "$net_gateway" dev "$nic"
}

# What another target has brought up stays up.
net_up()
{
	if [ ! -r "/etc/vmsift/net.$nr" ]; then
		fail "$target: this initramfs knows no network for it"
		return 1
	fi
	# shellcheck disable=SC1090
	. "/etc/vmsift/net.$nr"
	[ "$net_ready" != "$net_nic $net_address" ] || return 0
	ip link set lo up 2>/dev/null
	net_find || return 1
	ip link set "$nic" up 2>"$run/said" || { fail "$target: ip link set $nic up: $(said)"; return 1; }
	net_carrier || return 1
	run_for "$(left)" net_configure >"$run/said" 2>&1
	rc=$?
	if [ $rc != 0 ]; then
		fail "$target: $nic gets no address ($net_address), that $(status_text $rc "$limit"): $(said)"
		return 1
	fi
	net_ready="$net_nic $net_address"
	say "$target: $nic has $(ip -o addr show dev "$nic" | awk '{ printf "%s ", $4 }')"
}
