#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kdumpfile_set.py A B [NAME]: compare which page frames two kdump-compressed files have.

Prints the frames that only one of them has, as runs; "equal N" if there are none. Status 1 if they
differ. Also a module: KdumpFile(path) reads headers, bitmaps and descriptors, written from the
format's description and sharing nothing with vmsift.
"""
import mmap
import struct
import sys


class KdumpFile:
    def __init__(self, path):
        self.f = open(path, "rb")
        h = self.f.read(464)
        if h[:8] != b"KDUMP   ":
            raise ValueError("%s is not kdump-compressed" % path)
        self.version, = struct.unpack_from("<i", h, 8)
        self.utsname = [h[12 + 65 * i:12 + 65 * (i + 1)].split(b"\0")[0].decode() for i in range(6)]
        (self.status, self.block_size, sub, bitmap_blocks, self.max_mapnr32) = struct.unpack_from(
            "<IiiII", h, 424)
        bs = self.block_size
        self.f.seek(bs)
        s = self.f.read(104)
        (self.phys_base, self.dump_level, self.split) = struct.unpack_from("<Qii", s, 0)
        self.vmcoreinfo = struct.unpack_from("<QQ", s, 32)
        self.note = struct.unpack_from("<QQ", s, 48)
        self.max_mapnr, = struct.unpack_from("<Q", s, 96)
        size = bitmap_blocks * bs // 2
        self.f.seek(bs * (1 + sub))
        self.bitmap1 = self.f.read(size)
        self.bitmap2 = self.f.read(size)
        self.desc_off = bs * (1 + sub + bitmap_blocks)

    def ram(self):
        return self.frames(self.bitmap1)

    def kept(self):
        return self.frames(self.bitmap2)

    @staticmethod
    def frames(bitmap):
        found = []
        for i, byte in enumerate(bitmap):
            if byte:
                found += [8 * i + b for b in range(8) if byte >> b & 1]
        return found

    def descs(self):
        """(pfn, offset, size, flags) of every kept frame"""
        pfns = self.kept()
        self.f.seek(self.desc_off)
        raw = self.f.read(24 * len(pfns))
        return [(pfn,) + struct.unpack_from("<QII", raw, 24 * i) for i, pfn in enumerate(pfns)]


def runs(pfns):
    out = []
    for pfn in sorted(pfns):
        if out and out[-1][1] == pfn:
            out[-1][1] = pfn + 1
        else:
            out.append([pfn, pfn + 1])
    return out


def main():
    a, b = KdumpFile(sys.argv[1]), KdumpFile(sys.argv[2])
    sa, sb = set(a.kept()), set(b.kept())
    for what, only in (("only first", sa - sb), ("only second", sb - sa)):
        for start, end in runs(only):
            print("%s: %#x-%#x (%d)" % (what, start, end, end - start))
    if sa == sb:
        print("equal %d" % len(sa))
    if a.ram() != b.ram():
        print("RAM bitmaps differ: %d and %d" % (len(a.ram()), len(b.ram())))
    return 0 if sa == sb and a.ram() == b.ram() else 1


if __name__ == "__main__":
    sys.exit(main())
