#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Module of dracut: puts what mkcapture has prepared in the directory $VMSIFT_CAPTURE into the image of a capture
# kernel. It is in an image only where it is asked for by name (--add vmsift).
# shellcheck disable=SC2154 # moddir, initdir: dracut's

check()
{
	[[ -n ${VMSIFT_CAPTURE-} && -d $VMSIFT_CAPTURE ]] || return 1
	return 255
}

depends() { echo base udev-rules; }

install()
{
	local without=()
	[[ ! -e $initdir/etc/passwd ]] || without=(--exclude=./etc/passwd)
	inst_multiple udevadm
	tar -C "$VMSIFT_CAPTURE" -c "${without[@]}" . | tar -C "$initdir" -x --keep-directory-symlink --no-same-owner
	[[ -x $initdir/lib/vmsift/bin/vmsift ]] || { dfatal "vmsift: $VMSIFT_CAPTURE cannot be copied"; exit 1; }
	inst_hook cmdline 00 "$moddir/vmsift-early.sh"
	inst_hook cmdline 99 "$moddir/vmsift-root.sh"
	inst_hook initqueue 00 "$moddir/vmsift-start.sh"
	inst_hook pre-mount 00 "$moddir/vmsift-start.sh"
	# words that dracut reads besides the kernel's: nobody is there for a shell
	mkdir -p "$initdir/etc/cmdline.d"
	echo 'rd.shell=0 rd.emergency=reboot rd.auto=1' >"$initdir/etc/cmdline.d/99-vmsift.conf"
	dracut_need_initqueue
}
