#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""explain_set.py VERSION VMCORE PEER OURS: why the sets of two kernel dumps differ, frame by frame.

Reads the struct page of every frame that only one of the dumps has (through drgn, from the vmcore) and
sorts it into one of the known faults of makedumpfile VERSION; prints how many frames each explains, with
one struct page as an example. Status 1 if a frame is left without an explanation.
"""
import os
import re
import struct
import sys

import drgn

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kdumpfile_set import KdumpFile

PGTY_HUGETLB, PGTY_SLAB = 0xf4, 0xf5


class Pages:
    def __init__(self, vmcore):
        self.prog = drgn.Program()
        self.prog.set_core_dump(vmcore)
        with open(vmcore, "rb") as f:
            head = f.read(1 << 20)
        info = head[head.index(b"VMCOREINFO\0"):].decode("latin1")
        self.info = dict(re.findall(r"^(?:OFFSET|SYMBOL|NUMBER|SIZE)\(([^)]*)\)=(\S+)", info, re.M))
        self.has_compound_info = "page.compound_info" in self.info
        self.vmemmap = int(self.info["vmemmap"], 16)

    def page(self, pfn):
        return self.prog.read(self.vmemmap + 64 * pfn, 64)

    def head_of(self, pfn):
        """the head's frame, if this one is a tail"""
        word, = struct.unpack_from("<Q", self.page(pfn), 8)
        if not word & 1:
            return None
        at = word - 1
        if self.has_compound_info:  # the word is a mask
            at = (self.vmemmap + 64 * pfn) & at
        return (at - self.vmemmap) // 64

    def page_type(self, pfn):
        return self.page(pfn)[51]


def version_of(text):
    return tuple(int(n) for n in re.findall(r"\d+", text)[:3])


def explain(version, pages, pfn):
    head = pages.head_of(pfn)
    # f50c015 (1.7.9): page.compound_info of Linux 7.1 and later.
    if pages.has_compound_info and version < (1, 7, 9) and head is not None:
        return "a tail of a compound page, which is taken for a page of its own"
    # 1.7.6: hugetlb and slab pages are known by their type since Linux 6.9 and 6.10.
    page_type = pages.page_type(pfn if head is None else head)
    if version < (1, 7, 6) and page_type == PGTY_HUGETLB:
        return "of a hugetlb page, whose type is not known"
    if version < (1, 7, 6) and page_type == PGTY_SLAB:
        return "of slab, whose type is not known: its words look like user data"
    # 1.7.4 and 1.7.6: where the order of a compound page is since Linux 6.6 and 6.9.
    if version < (1, 7, 6) and head is not None and "page.compound_order" not in pages.info:
        return "a tail of a compound page, whose order is not known"
    return None


def main():
    version, vmcore, peer, ours = sys.argv[1:5]
    pages = Pages(vmcore)
    peer, ours = set(KdumpFile(peer).kept()), set(KdumpFile(ours).kept())
    found, left = {}, []
    for pfn in sorted(peer ^ ours):
        why = explain(version_of(version), pages, pfn)
        if why:
            found.setdefault(("kept" if pfn in peer else "left out", why), []).append(pfn)
        else:
            left.append(pfn)
    for (what, why), pfns in found.items():
        print("%d frames %s: %s; e.g. %#x: %s" % (
            len(pfns), what, why, pfns[0],
            " ".join("%x" % w for w in struct.unpack("<8Q", pages.page(pfns[0])))))
    for pfn in left[:10]:
        print("not explained: %#x: %s" % (
            pfn, " ".join("%x" % w for w in struct.unpack("<8Q", pages.page(pfn)))))
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
