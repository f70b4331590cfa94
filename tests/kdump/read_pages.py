#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""read_pages.py READER VMCORE DUMP [STEP]: read pages of a kernel dump through another program's library
and compare them with the ELF vmcore it was made of; every STEP-th kept page (default: all).

READER: libkdumpfile or drgn (Debian's python3-libkdumpfile, python3-drgn). Prints "READER N pages equal";
status 1 if one differs or cannot be read.
"""
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kdumpfile_set import KdumpFile


def elf_pages(path):
    """a function from paddr to the vmcore's page there, None if it has none"""
    f = open(path, "rb")
    h = f.read(64)
    phoff, = struct.unpack_from("<Q", h, 32)
    phnum, = struct.unpack_from("<H", h, 56)
    loads = []
    f.seek(phoff)
    for i in range(phnum):
        p_type, _, off, _, paddr, filesz, _, _ = struct.unpack("<IIQQQQQQ", f.read(56))
        if p_type == 1:
            loads.append((paddr, filesz, off))

    def page(paddr):
        for start, size, off in loads:
            if start <= paddr and paddr + 4096 <= start + size:
                return os.pread(f.fileno(), 4096, off + paddr - start)
        return None
    return page


def reader_of(name, path):
    if name == "drgn":
        import drgn
        prog = drgn.Program()
        prog.set_core_dump(path)
        return lambda paddr: prog.read(paddr, 4096, True)
    import kdumpfile
    ctx = kdumpfile.kdumpfile(path)
    return lambda paddr: bytes(ctx.read(kdumpfile.KDUMP_MACHPHYSADDR, paddr, 4096))


def main():
    name, vmcore, dump = sys.argv[1:4]
    step = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    want, got = elf_pages(vmcore), reader_of(name, dump)
    pfns = KdumpFile(dump).kept()[::step]
    for pfn in pfns:
        if got(pfn * 4096) != want(pfn * 4096):
            print("%s: page frame %#x differs" % (name, pfn))
            return 1
    print("%s: %d pages equal" % (name, len(pfns)))
    return 0 if pfns else 1


if __name__ == "__main__":
    sys.exit(main())
