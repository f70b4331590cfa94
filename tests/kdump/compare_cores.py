#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""compare_cores.py A B: whether the ELF cores A and B hold the same memory, byte for byte.

Program headers may differ where a range is not captured; what the one captures the other must, too.
Prints how many bytes are equal; status 1 if any differs or is missing.
"""
import struct
import sys


def memory(path):
    data = open(path, "rb").read()
    phoff, = struct.unpack_from("<Q", data, 32)
    phnum, = struct.unpack_from("<H", data, 56)
    pieces = {}
    for i in range(phnum):
        p_type, _, off, vaddr, _, filesz, _, _ = struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * i)
        # By pieces of 64 bytes: segments may be cut at different places.
        for at in range(0, filesz if p_type == 1 else 0, 64):
            pieces[vaddr + at] = data[off + at:off + min(at + 64, filesz)]
    return pieces


def main():
    a, b = memory(sys.argv[1]), memory(sys.argv[2])
    for addr in sorted(a.keys() | b.keys()):
        if a.get(addr) != b.get(addr):
            where = "first" if addr not in b else "second" if addr not in a else None
            print("%#x %s" % (addr, "is in the %s only" % where if where else "differs"))
            return 1
    print("%d bytes equal" % sum(len(v) for v in a.values()))
    return 0 if a else 1


if __name__ == "__main__":
    sys.exit(main())
