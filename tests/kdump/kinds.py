#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kinds.py VMCORE COPY: a copy of a vmcore in which some pages are of kinds that no guest of the test bed has.
kinds.py VMCORE COPY BEFORE AFTER: whether AFTER, a kernel dump of COPY at -d 0, lacks of BEFORE, one of VMCORE,
exactly the frames that are poisoned or offline.

Of user data, kernel pages and free memory some frames get PG_hwpoison; some kernel pages become offline ones; two
free blocks of the largest order become memory that was never accepted, where the kernel knows such. Everything by
VMCOREINFO; struct pages are found in the file by their contents, which drgn reads through the page tables."""
import mmap
import os
import shutil
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from explain_set import Pages
from kdumpfile_set import KdumpFile

NR = 5
ORDER_MAX = 10


class Vmcore(Pages):
    def __init__(self, path):
        super().__init__(path)
        self.number = lambda key: int(self.info.get(key, "0"))
        self.nr_pages = max(p + s for p, s in self.loads(path)) // 4096

    @staticmethod
    def loads(path):
        with open(path, "rb") as f:
            h = f.read(65536)
        phoff, = struct.unpack_from("<Q", h, 32)
        phnum, = struct.unpack_from("<H", h, 56)
        for i in range(phnum):
            p_type, _, _, _, paddr, filesz, _, _ = struct.unpack_from("<IIQQQQQQ", h, phoff + 56 * i)
            if p_type == 1:
                yield paddr, filesz

    def facts(self, pfn):
        """(flags, word of compound_head, mapping, private, type); None where there is no struct page"""
        try:
            p = self.page(pfn)
        except Exception:  # drgn's FaultError, which is not exported by all versions
            return None
        word = lambda off: struct.unpack_from("<Q", p, off)[0]
        return word(0), word(8), word(24), word(40), struct.unpack_from("<I", p, 48)[0]


def choose(v):
    """{kind: frames}, the first of each that fit, far from each other"""
    buddy = v.number("PAGE_BUDDY_MAPCOUNT_VALUE") & 0xffffffff
    found = {"poison user": [], "poison kernel": [], "poison free": [], "offline": [], "unaccepted": []}
    last = {}
    pfn = 4096
    while pfn < v.nr_pages and any(len(f) < NR for f in found.values()):
        facts = v.facts(pfn)
        if facts is None:
            pfn += 512
            continue
        flags, head, mapping, private, kind = facts
        step = 1
        want = None
        if kind == buddy:
            step = 1 << min(private, ORDER_MAX)
            # Not the first frame of a block: the kernel takes that off its lists, and the block with it.
            want = "unaccepted" if private == ORDER_MAX and len(found["unaccepted"]) < 2 else \
                "poison free" if step > 4 else None
        elif not head & 1 and not flags & v.number("PG_head_mask"):
            plain = flags & 0xffffff == 0 and kind == 0xffffffff and mapping == 0
            want = "poison user" if mapping & 1 else None
            if plain:
                want = "poison kernel" if len(found["offline"]) >= NR else "offline"
        # One struct page in a page of them, so that those are found by what they hold.
        if want and len(found[want]) < NR and last.get("at", -1) != pfn // 64:
            found[want].append(pfn + (3 if want == "poison free" else 0))
            last["at"] = pfn // 64
        pfn += step
    for kind, key in (("unaccepted", "PAGE_UNACCEPTED_MAPCOUNT_VALUE"), ("poison", "PG_hwpoison")):
        for k in found:
            if k.startswith(kind) and key not in v.info:
                found[k] = []
    return found


def say_poisoned(v, m, kallsyms):
    """The kernel counts poisoned pages: where there are none, nobody need look for them within free blocks."""
    with open(kallsyms, encoding="ascii") as f:
        at = [int(line.split()[0], 16) for line in f if line.split()[2] == "num_poisoned_pages"][0]
    whole, off = v.prog.read(at & ~4095, 4096), -1
    # The image of the kernel is in the file twice.
    while (off := m.find(whole, off + 1)) >= 0:
        struct.pack_into("<Q", m, off + (at & 4095), 3 * NR)


def make(v, src, dst, found):
    shutil.copyfile(src, dst)
    fd = os.open(dst, os.O_RDWR)
    m = mmap.mmap(fd, 0)
    for kind, pfns in found.items():
        for pfn in pfns:
            at = v.vmemmap + 64 * pfn
            whole = v.prog.read(at & ~4095, 4096)
            off = m.find(whole)
            if off >= 0 and m.find(whole, off + 1) >= 0:
                raise ValueError("the struct pages at %#x are in the file twice" % at)
            if off < 0:
                raise ValueError("the struct pages at %#x are not in the file" % at)
            off += at & 4095
            if kind.startswith("poison"):
                flags, = struct.unpack_from("<Q", m, off)
                struct.pack_into("<Q", m, off, flags | 1 << v.number("PG_hwpoison"))
            else:
                name = "PAGE_%s_MAPCOUNT_VALUE" % kind.upper()
                struct.pack_into("<I", m, off + 48, v.number(name) & 0xffffffff)
    if found["poison user"]:
        say_poisoned(v, m, os.path.join(os.path.dirname(src), "truth/proc/kallsyms"))
    m.close()
    os.close(fd)


def main():
    v = Vmcore(sys.argv[1])
    found = choose(v)
    text = ", ".join("%d %s" % (len(f), kind) for kind, f in found.items())
    if len(sys.argv) == 3:
        make(v, sys.argv[1], sys.argv[2], found)
        print(text)
        return 0 if found["offline"] else 1
    lost = set(KdumpFile(sys.argv[3]).kept()) ^ set(KdumpFile(sys.argv[4]).kept())
    want = {pfn for kind, f in found.items() if kind != "unaccepted" for pfn in f}
    print("%d frames left out, wanted %d (%s)" % (len(lost), len(want), text))
    for pfn in sorted(lost ^ want)[:10]:
        print("%#x %s" % (pfn, v.facts(pfn)))
    return 0 if lost == want else 1


if __name__ == "__main__":
    sys.exit(main())
