# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by tests/production/guest and stacked: what is told of a Debian system that ran in QEMU, whose own
# script printed "E2E: STATUS: COMMAND" above what each command said. Set before: $row, $out.
# shellcheck disable=SC2154,SC2034

bad=0

ok() { echo "ok production $row: $*"; }
not_ok()
{
	echo "not ok production $row: $1"
	shift
	printf '%s\n' "$@" | tail -n 25 | sed 's/^/# /'
	bad=$((bad + 1))
}
die() { not_ok "$@"; exit 1; }

# said N COMMAND: what the guest's Nth call of it printed, its status first
said()
{
	sed 's/^ *[0-9.]* //' "$out/console.log" | awk -v "n=$1" -v "want=$2" '
	/^E2E: / { on = 0 }
	/^E2E: [0-9]+: / { status = $2; text = $0; sub(/^E2E: [0-9]+: /, "", text); if (index(text, want) == 1 && ++seen == n) {
		on = 1; print "status " status; next } }
	on'
}

# captured N: the console from the Nth panic to the boot after it
captured() { sed 's/^ *[0-9.]* //' "$out/console.log" | awk -v "n=$1" '/^E2E: panic/ { i++; on = 1 } /^E2E: boot/ { on = 0 } on && i == n'; }

# has N COMMAND STATUS WHAT PATTERN...: that call ended so, and said all of this
has()
{
	local text pattern
	text=$(said "$1" "$2")
	if ! grep -qx "status $3:" <<<"$text"; then
		not_ok "$4: status $3 of '$2'" "$text"
		return
	fi
	for pattern in "${@:5}"; do
		grep -qE -- "$pattern" <<<"$text" || { not_ok "$4: '$2' says '$pattern'" "$text"; return; }
	done
	ok "$4"
}

# packages_install: those of build/deb, and the programs of the test bed's guests, in $root
packages_install()
{
	mkdir -p "$root/debs" "$root/usr/local/sbin"
	cp "$top"/build/deb/*.deb "$root/debs/" || die "there are no packages: make deb"
	chroot "$root" sh -c 'PATH=/usr/sbin:/usr/bin dpkg -i /debs/*.deb' >"$out/dpkg.log" 2>&1 ||
		die "the packages are installed" "$(cat "$out/dpkg.log")"
	rm -rf "$root/debs"
	"$top/tests/bed/make-guest" 6.1 >/dev/null || die "the programs of the guests are made"
	cp -a "$cache/guest/root/usr/local/." "$root/usr/local/"
}

# disk_make: $root as $out/disk.img, its kernel and initramfs beside it
disk_make()
{
	cp -L "$root"/boot/vmlinuz-* "$out/vmlinuz"
	cp -L "$root"/boot/initrd.img-* "$out/initrd"
	mke2fs -q -F -t ext4 -d "$root" -L root "$out/disk.img" "$1" >/dev/null || die "the disk is made"
}
