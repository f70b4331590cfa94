# SPDX-License-Identifier: GPL-2.0-or-later
"""What a core of detail "full" must hold of a process, told from the truth alone.

The rules are those of vma_dump_size() (fs/coredump.c) read off smaps and coredump_filter; nothing
here looks at what vmsift wrote.
"""
import bisect
import os
import struct
from collections import namedtuple

KPF_ANON, KPF_HWPOISON = 1 << 12, 1 << 19
FILTER_ANON_PRIVATE, FILTER_ANON_SHARED, FILTER_FILE_PRIVATE, FILTER_FILE_SHARED = 1, 2, 4, 8
FILTER_ELF_HEADERS, FILTER_HUGETLB_PRIVATE, FILTER_HUGETLB_SHARED = 16, 32, 64

# keep: "all", "first" page for sure, "none"; perhaps: may be "all" (a file mapping of which no page is
# private now may have had one, which smaps does not show)
# why: the reason that the rest is left out for
Area = namedtuple("Area", "start end path pgoff shared anonymous flags keep perhaps why")


def is_anonymous(m, flags):
    return m.inode == 0 and not m.path.startswith("/") and "io" not in flags and \
        m.path not in ("[vdso]", "[uprobes]")


def decide(m, flags, anon_kb, coredump_filter):
    """(keep, perhaps, why) of one area."""
    def bit(b, why="coredump-filter"):
        return ("all" if coredump_filter & b else "none", False, why)
    if m.path == "[vdso]":
        return "all", False, ""
    if "dd" in flags:
        return "none", False, "dontdump"
    if "io" in flags or "pf" in flags:
        return "none", False, "device"
    if "ht" in flags:
        return bit(FILTER_HUGETLB_SHARED if "sh" in flags else FILTER_HUGETLB_PRIVATE)
    if "sh" in flags:
        return bit(FILTER_ANON_SHARED if m.path.endswith(" (deleted)") else FILTER_FILE_SHARED)
    if is_anonymous(m, flags) or (anon_kb and coredump_filter & FILTER_ANON_PRIVATE):
        return bit(FILTER_ANON_PRIVATE)
    if coredump_filter & FILTER_FILE_PRIVATE:
        return bit(FILTER_FILE_PRIVATE)
    first = coredump_filter & FILTER_ELF_HEADERS and not m.pgoff and m.perms[0] == "r"
    return "first" if first else "none", bool(coredump_filter & FILTER_ANON_PRIVATE), \
        "coredump-filter"


def anonymous_kb(truth, pid):
    """{start of the area: kB of private pages} from smaps."""
    found, start = {}, None
    for line in truth.text("proc", pid, "smaps").splitlines():
        first = line.split(None, 1)[0]
        if first == "Anonymous:":
            found[start] = int(line.split()[1])
        elif "-" in first and not first.endswith(":"):
            start = int(first.split("-")[0], 16)
    return found


def areas_of(truth, pid):
    """Every area of a process, ascending; [] where the truth has no maps of it."""
    flags, anon = truth.vm_flags(pid), anonymous_kb(truth, pid)
    coredump_filter = int(truth.text("proc", pid, "coredump_filter") or "33", 16)
    found = []
    for m in truth.maps(pid):
        if m.path == "[vsyscall]":
            continue  # the gate area is in no process's map
        f = flags[m.start]
        keep, perhaps, why = decide(m, f, anon[m.start], coredump_filter)
        found.append(Area(m.start, m.end, m.path, m.pgoff, "sh" in f, is_anonymous(m, f), f, keep,
                          perhaps, why))
    return found


class Areas:
    def __init__(self, areas):
        self.list = areas
        self._starts = [a.start for a in areas]

    def at(self, addr):
        i = bisect.bisect_right(self._starts, addr) - 1
        return self.list[i] if i >= 0 and addr < self.list[i].end else None


class Frames:
    """The pages of a vmcore by frame number: the last word on what the machine held."""

    def __init__(self, path):
        self.f = open(path, "rb")
        head = self.f.read(64)
        phoff, = struct.unpack_from("<Q", head, 32)
        phnum, = struct.unpack_from("<H", head, 56)
        self.f.seek(phoff)
        table = self.f.read(56 * phnum)
        self.loads = []
        for n in range(phnum):
            kind, _, off, _, paddr, size = struct.unpack_from("<IIQQQQ", table, 56 * n)
            if kind == 1:
                self.loads.append((paddr, paddr + size, off))

    def page(self, pfn):
        paddr = pfn << 12
        for start, end, off in self.loads:
            if start <= paddr and paddr + 4096 <= end:
                self.f.seek(off + paddr - start)
                return self.f.read(4096)
        return None


class Contents:
    """What is in pages that are in no page table: of files whose bytes are known, of the vdso."""

    def __init__(self, truth, sysroot, frames, fill_page):
        self.sysroot, self.frames, self.fill_page = sysroot, frames, fill_page
        self.files = {}  # path as maps shows it: {page number: seed of fill_page()}
        # Frames of its first page, of 64-bit programs and of 32-bit ones: the kernel's image of each is in a row.
        self.vdso = {False: set(), True: set()}
        if "victim-maps" in truth.victims():
            self._victim_maps(truth.ready("victim-maps"), truth.regions("victim-maps"))
        for name in truth.victims():
            pid = truth.pages_pid(name)
            if pid is not None and truth.read("proc", pid, "maps"):
                self._vdso(truth, pid)

    def _victim_maps(self, said, regions):
        def fill(path, size, seed):
            self.files[path] = {n: seed + n for n in range(size // 4096)}
        if "memfd" in regions:
            fill("/memfd:victim (deleted)", regions["memfd"].size, regions["memfd"].seed)
        if "tmpfs-private" in regions:
            fill("/dev/shm/victim-tmpfs", regions["tmpfs-private"].size,
                 regions["tmpfs-private"].seed)
        for key, value in said.items():
            if key.startswith("file."):
                path, size, seed = value.split()
                fill(path, int(size), int(seed, 16))
        if "changed.file-shared" in said:
            at, seed = (int(w, 16) for w in said["changed.file-shared"].split())
            path = said["file.shared"].split()[0]
            self.files[path][(at - regions["file-shared"].start) // 4096] = seed
        if "file.deleted" in said:
            path = said["file.deleted"].split()[0]
            self.files[path + " (deleted)"] = self.files[path]

    def _vdso(self, truth, pid):
        area = [m for m in truth.maps(pid) if m.path == "[vdso]"]
        for p in truth.pages(pid) if area else []:
            if area[0].start <= p.addr < area[0].end:
                self.vdso[area[0].start < 1 << 32].add(p.pfn - (p.addr - area[0].start) // 4096)

    def is_right(self, area, addr, data):
        """Whether these bytes are what an address of an area has."""
        page = (area.pgoff + addr - area.start) // 4096
        if area.path == "[vdso]":
            return any(self.frames.page(pfn + (addr - area.start) // 4096) == data
                       for pfn in self.vdso[area.start < 1 << 32])
        if area.path in self.files:
            seed = self.files[area.path].get(page)
            return seed is not None and data == self.fill_page(seed)
        path = self.sysroot + area.path.removesuffix(" (deleted)")
        if not self.sysroot or not area.path.startswith("/") or not os.path.isfile(path):
            return False
        with open(path, "rb") as f:
            f.seek(page * 4096)
            return data == f.read(4096).ljust(4096, b"\0")


def merge(intervals):
    """Sorted, with those that touch each other joined."""
    found = []
    for start, end in sorted(i for i in intervals if i[0] < i[1]):
        if found and start <= found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    return found


def covers(merged, start, end):
    i = bisect.bisect_right(merged, [start, 1 << 64]) - 1
    return i >= 0 and merged[i][1] >= end


def touches(merged, start, end):
    i = bisect.bisect_right(merged, [start, 1 << 64]) - 1
    if i >= 0 and merged[i][1] > start:
        return True
    return i + 1 < len(merged) and merged[i + 1][0] < end
