# SPDX-License-Identifier: GPL-2.0-or-later
"""The truth of a dump, as tests/guest/truth.c and the victims wrote it, for the scripts of the tests.

    t = Truth("build/dumps/6.1-la57")
    pid = t.pid("victim-threads")
    for page in t.pages(pid): ...
"""
import os
import zlib
from collections import namedtuple

PAGE_SIZE = 4096
PM_PFN = (1 << 55) - 1
KPF_ZERO_PAGE, KPF_THP, KPF_HUGE = 1 << 24, 1 << 22, 1 << 17

# state: "still", "moving", "swapped", "unreadable"; crc: None where the page was not read
Page = namedtuple("Page", "addr pfn kpageflags crc state")
Task = namedtuple("Task", "pid tid ppid uid state comm kthread")
Region = namedtuple("Region", "start size seed")
Map = namedtuple("Map", "start end perms pgoff dev inode path")


def fill_page(seed):
    """The bytes that fill_page() of tests/guest/victim.h writes."""
    mask = (1 << 64) - 1
    x = (seed * 0x9e3779b97f4a7c15 + 1) & mask
    words = []
    for _ in range(PAGE_SIZE // 8):
        x ^= (x << 13) & mask
        x ^= x >> 7
        x ^= (x << 17) & mask
        words.append(x)
    words[0] = seed
    return b"".join(w.to_bytes(8, "little") for w in words)


class Truth:
    def __init__(self, dump):
        self.dir = os.path.join(dump, "truth")

    def path(self, *names):
        return os.path.join(self.dir, *map(str, names))

    def read(self, *names):
        """A file of the truth as bytes, e.g. read("proc", pid, "auxv"); None if it is not there."""
        try:
            with open(self.path(*names), "rb") as f:
                return f.read()
        except FileNotFoundError:
            return None

    def text(self, *names):
        data = self.read(*names)
        return None if data is None else data.decode("utf-8", "surrogateescape")

    def victims(self):
        """The names of the programs that said that they were ready."""
        return sorted(n for n in os.listdir(self.path("ready")) if not n.endswith((".crc", ".cached")))

    def ready(self, victim):
        """What a victim said, as a dict of texts."""
        return dict(line.split("=", 1) for line in self.text("ready", victim).splitlines())

    def pid(self, victim):
        return int(self.ready(victim)["pid"])

    def pages_pid(self, victim):
        """The task through which the pages of a victim were read; None if they were not."""
        words = self.ready(victim)
        text = words.get("pages", words["pid"])
        return int(text) if text else None

    def regions(self, victim):
        """What victim-maps, victim-swap ... mapped: {name: Region}."""
        found = {}
        for key, value in self.ready(victim).items():
            if key.startswith("region."):
                start, size, seed = value.split()
                found[key[7:]] = Region(int(start, 16), int(size), int(seed, 16))
        return found

    def pages(self, pid):
        """Every page that the page tables of a process knew, by ascending address."""
        found = []
        for line in self.text("proc", pid, "pages").splitlines():
            addr, pagemap, kpageflags, crc, *note = line.split()
            found.append(Page(int(addr, 16), int(pagemap, 16) & PM_PFN, int(kpageflags, 16),
                              None if crc == "-" else int(crc, 16), note[0] if note else "still"))
        return found

    def swapped_crcs(self):
        """{address: CRC} of the pages that victim-swap had paged out."""
        lines = (self.text("ready", "victim-swap.crc") or "").splitlines()
        return {int(a, 16): int(c, 16) for a, c in (line.split() for line in lines)}

    def maps(self, pid):
        found = []
        for line in self.text("proc", pid, "maps").splitlines():
            where, perms, pgoff, dev, inode, *path = line.split(None, 5)
            start, end = where.split("-")
            found.append(Map(int(start, 16), int(end, 16), perms, int(pgoff, 16), dev, int(inode),
                             path[0] if path else ""))
        return found

    def vm_flags(self, pid):
        """{start of the area: set of two-letter words} from smaps, e.g. "dd" of VM_DONTDUMP."""
        found, start = {}, None
        for line in self.text("proc", pid, "smaps").splitlines():
            first = line.split(None, 1)[0]
            if line.startswith("VmFlags:"):
                found[start] = set(line.split()[1:])
            elif "-" in first and not first.endswith(":"):
                start = int(first.split("-")[0], 16)
        return found

    def tasks(self):
        """Every thread of every process, but for the one that wrote the truth."""
        found = []
        for pid in sorted((n for n in os.listdir(self.path("proc")) if n.isdigit()), key=int):
            if not os.path.isdir(self.path("proc", pid, "task")):
                continue  # the pages of a process whose first thread is dead
            for tid in sorted(os.listdir(self.path("proc", pid, "task")), key=int):
                found.append(self.task(int(pid), int(tid)))
        return found

    def task(self, pid, tid):
        status, comm = {}, self.text("proc", pid, "task", tid, "comm")
        for line in self.text("proc", pid, "task", tid, "status").splitlines():
            key, _, value = line.partition(":")
            status[key] = value.split()
        # flags are the seventh word after the name; PF_KTHREAD of include/linux/sched.h
        stat = self.text("proc", pid, "task", tid, "stat")
        flags = int(stat[stat.rindex(")") + 2:].split()[6])
        return Task(pid, tid, int(status["PPid"][0]), int(status["Uid"][0]), status["State"][0],
                    comm[:-1], bool(flags & 0x200000))

    def blocked(self, pid):
        """{tid: (system call, SP, PC)} of the threads that were blocked in a system call."""
        found = {}
        for tid in os.listdir(self.path("proc", pid, "task")):
            words = (self.text("proc", pid, "task", tid, "syscall") or "running").split()
            if words[0] != "running":
                found[int(tid)] = (int(words[0]), int(words[-2], 16), int(words[-1], 16))
        return found


def page_agrees(page, data):
    """Whether these bytes are those of a page that was read."""
    return zlib.crc32(data) == page.crc
