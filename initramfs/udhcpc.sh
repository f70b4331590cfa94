#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# What udhcpc calls in the capture initramfs.
# shellcheck disable=SC2154 # set by udhcpc
case $1 in
bound | renew)
	ip addr flush dev "$interface"
	ip addr add "$ip/${mask:-24}" dev "$interface" || exit 1
	for gateway in ${router:-}; do
		ip route add default via "$gateway" dev "$interface"
		break
	done
	for server in ${dns:-}; do
		echo "nameserver $server"
	done >/etc/resolv.conf
	;;
esac
