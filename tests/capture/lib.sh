# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What tests/demo and tests/capture/run share: images for the test bed's guest, and cycles with them.
# Sourced with $top set to the top of the source tree.

# shellcheck disable=SC2154 # top
cache=${VMSIFT_CACHE:-$top/build}
kernel=6.1
export TARGET_UUID=76736966-7400-4000-8000-000000000001

# image CONF IMG [OPTION...]: the product's capture initramfs for the guest, whose disks are virtio disks
image()
{
	local conf=$1 img=$2 dir=$cache/kernels/$kernel
	shift 2
	"$top/initramfs/mkcapture" -k "$(cat "$dir/RELEASE")" --moddir "$dir/lib/modules" \
		--config "$dir/config" -C "$conf" --vmsift "$top/build/vmsift-static" \
		-m virtio_pci -m virtio_blk -o "$img" "$@"
}

# overlay IMG DIR: the files of DIR replace those of the image; kernels unpack one archive after the other
overlay()
{
	(cd "$2" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >>"$1"
}

# cycle IMG OUT [OPTION...]: one panic with this image; what it said is in OUT.log
cycle()
{
	local img=$1 out=$2
	shift 2
	"$top/tests/bed/run-cycle" --kernel $kernel --capture "$img" --out "$out" \
		--target-uuid "$TARGET_UUID" "$@" >"$out.log" 2>&1
}

# What the console had between the panic and the next boot, without the panicking kernel's own lines.
capture_console()
{
	sed -n '/sysrq: Trigger a crash/,/\] Linux version/s/^ *[0-9.]* //p' "$1/console.log" |
		sed -n '/^vmsift-init:/,$p'
}
