#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""excluded.py DUMPDIR           print "PID START END": the first half of a victim's touched anonymous pages
excluded.py DUMPDIR KDUMP PID START END   whether no frame of these addresses is in KDUMP, by the truth

The second also wants a frame of the other half: that the process's data as such is there."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../bed")]
from kdumpfile_set import KdumpFile  # noqa: E402
from truth import Truth  # noqa: E402


def anonymous(t, pid):
    """(addr, pfn) of the pages of the largest private anonymous mapping that did not move"""
    best = []
    pages = [p for p in t.pages(pid) if p.state == "still" and p.pfn and not p.kpageflags & 1 << 24]
    for m in t.maps(pid):
        if m.path or m.perms[:2] != "rw" or m.perms[3] != "p":
            continue
        here = [(p.addr, p.pfn) for p in pages if m.start <= p.addr < m.end]
        best = max(best, here, key=len)
    return best


def main():
    t = Truth(sys.argv[1])
    if len(sys.argv) == 2:
        pid = t.pid("victim-threads")
        pages = anonymous(t, pid)
        if len(pages) < 4:
            print("too few pages: %d" % len(pages))
            return 1
        print("%d 0x%x 0x%x" % (pid, pages[0][0], pages[len(pages) // 2][0]))
        return 0
    kept = set(KdumpFile(sys.argv[2]).kept())
    pid, start, end = int(sys.argv[3]), int(sys.argv[4], 0), int(sys.argv[5], 0)
    pages = anonymous(t, pid)
    secret = [pfn for addr, pfn in pages if start <= addr < end]
    rest = [pfn for addr, pfn in pages if not start <= addr < end]
    leaked = [pfn for pfn in secret if pfn in kept]
    there = [pfn for pfn in rest if pfn in kept]
    print("%d of %d excluded frames are there, %d of %d others" % (len(leaked), len(secret), len(there), len(rest)))
    return 0 if secret and not leaked and there else 1


if __name__ == "__main__":
    sys.exit(main())
