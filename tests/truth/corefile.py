# SPDX-License-Identifier: GPL-2.0-or-later
"""A reader of ELF cores of its own, so that what vmsift wrote is not read back by what wrote it.

    core = Core("core.redis-server.175")         # of either class
    core.page(0x7f1234567000) -> bytes, or None where no PT_LOAD has it
"""
import bisect
import mmap
import struct
from collections import namedtuple

PAGE_SIZE = 4096
PT_LOAD, PT_NOTE = 1, 4
PN_XNUM = 0xffff
NT_PRSTATUS, NT_PRFPREG, NT_PRPSINFO, NT_AUXV, NT_FILE = 1, 2, 3, 6, 0x46494c45
ZERO_PAGE = bytes(PAGE_SIZE)
# struct user_regs_struct of x86_64, in the order of pr_reg
REGS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss "
        "fs_base gs_base ds es fs gs").split()
# and of i386, by the names of the other
REGS32 = "rbx rcx rdx rsi rdi rbp rax ds es fs gs orig_rax rip cs eflags rsp ss".split()

Load = namedtuple("Load", "start file_end end offset flags")
Note = namedtuple("Note", "name type desc")
MappedFile = namedtuple("MappedFile", "start end pgoff path")
Range = namedtuple("Range", "start end state source reason rule")


class CoreError(Exception):
    pass


def c_str(data):
    return data.split(b"\0", 1)[0]


def unword(text):
    r"""A word of the VMSIFT note: \xNN stands for a byte."""
    return text.encode("ascii").decode("unicode_escape").encode("latin-1")


class Core:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        self._headers()
        self._starts = [l.start for l in self.loads]
        self.threads = [self._prstatus(n.desc) for n in self._all("CORE", NT_PRSTATUS)]
        self._vmsift()

    def _headers(self):
        h = self.data[:64]
        if h[:4] != b"\x7fELF" or h[4] not in (1, 2) or h[5:7] != b"\x01\x01":
            raise CoreError("is no little-endian ELF file")
        self.is_32bit = h[4] == 1
        e_type, self.machine, _, _, phoff, shoff = struct.unpack_from(
            "<HHIIII" if self.is_32bit else "<HHIQQQ", h, 16)
        ehsize, phentsize, phnum, shentsize, shnum, shstrndx = struct.unpack_from(
            "<HHHHHH", h, 40 if self.is_32bit else 52)
        if e_type != 4 or (ehsize, phentsize, shentsize) != ((52, 32, 40) if self.is_32bit else (64, 56, 64)):
            raise CoreError("is no core, or its header sizes are wrong")
        if phnum == PN_XNUM:
            phnum, = struct.unpack_from("<I", self.data, shoff + (28 if self.is_32bit else 44))
        self.loads, self.notes = [], []
        for n in range(phnum):
            if self.is_32bit:
                kind, off, vaddr, _, filesz, memsz, flags, _ = \
                    struct.unpack_from("<8I", self.data, phoff + n * 32)
            else:
                kind, flags, off, vaddr, _, filesz, memsz, _ = \
                    struct.unpack_from("<IIQQQQQQ", self.data, phoff + n * 56)
            if off + filesz > len(self.data):
                raise CoreError(f"program header {n} is past the end of the file")
            if kind == PT_LOAD:
                self.loads.append(Load(vaddr, vaddr + filesz, vaddr + memsz, off, flags))
            elif kind == PT_NOTE:
                self._read_notes(self.data[off:off + filesz])
        self.lost = self._lost(shoff, shnum, shstrndx)

    def _read_notes(self, data):
        at = 0
        while at < len(data):
            namesz, descsz, kind = struct.unpack_from("<III", data, at)
            desc = at + 12 + (namesz + 3 & ~3)
            if desc + descsz > len(data):
                raise CoreError("a note is past the end of its segment")
            name = c_str(data[at + 12:at + 12 + namesz]).decode("ascii")
            self.notes.append(Note(name, kind, data[desc:desc + descsz]))
            at = desc + (descsz + 3 & ~3)

    def _lost(self, shoff, shnum, shstrndx):
        """What .vmsift.lost lists: [(address, size)]; None without such a section."""
        form, size = ("<10I", 40) if self.is_32bit else ("<IIQQQQIIQQ", 64)
        sections = [struct.unpack_from(form, self.data, shoff + i * size) for i in range(shnum)]
        if not sections:
            return None
        names = self.data[sections[shstrndx][4]:][:sections[shstrndx][5]]
        for s in sections:
            if c_str(names[s[0]:]) == b".vmsift.lost":
                count, = struct.unpack_from("<Q", self.data, s[4])
                return [struct.unpack_from("<QQ", self.data, s[4] + 8 + 16 * i)
                        for i in range(count)]
        return None

    def _all(self, name, kind):
        return [n for n in self.notes if n.name == name and n.type == kind]

    def one(self, name, kind):
        """The desc of the only note of a kind; None if there is none."""
        found = self._all(name, kind)
        if len(found) > 1:
            raise CoreError(f"{len(found)} notes {name} 0x{kind:x}")
        return found[0].desc if found else None

    def _prstatus(self, d):
        if len(d) != (144 if self.is_32bit else 336):
            raise CoreError(f"NT_PRSTATUS of {len(d)} bytes")
        if self.is_32bit:
            t = dict(zip(("sigpend", "sighold"), struct.unpack_from("<II", d, 16)))
            t.update(zip(("pid", "ppid", "pgrp", "sid"), struct.unpack_from("<iiii", d, 24)))
            t.update(zip(REGS32, struct.unpack_from("<17I", d, 72)))
            return t
        t = dict(zip(("sigpend", "sighold"), struct.unpack_from("<QQ", d, 16)))
        t.update(zip(("pid", "ppid", "pgrp", "sid"), struct.unpack_from("<iiii", d, 32)))
        t.update(zip(REGS, struct.unpack_from("<27Q", d, 112)))
        return t

    def prpsinfo(self):
        d = self.one("CORE", NT_PRPSINFO)
        if d is not None and self.is_32bit and len(d) == 124:
            # flags of 4 bytes, ids of the user of 2
            d = d[:4] + bytes(4) + d[4:8] + bytes(4) + struct.pack("<II", *struct.unpack_from("<HH", d, 8)) + d[12:]
        if d is None or len(d) != 136:
            raise CoreError("no NT_PRPSINFO of 136 bytes")
        info = {"state": d[0], "sname": chr(d[1]), "zombie": d[2],
                "nice": struct.unpack_from("<b", d, 3)[0],
                "flag": struct.unpack_from("<Q", d, 8)[0],
                "fname": c_str(d[40:56]), "psargs": c_str(d[56:136])}
        info.update(zip(("uid", "gid"), struct.unpack_from("<II", d, 16)))
        info.update(zip(("pid", "ppid", "pgrp", "sid"), struct.unpack_from("<iiii", d, 24)))
        return info

    def auxv(self):
        return self.one("CORE", NT_AUXV)

    def files(self):
        """NT_FILE: [MappedFile], paths as bytes, offsets in pages."""
        d = self.one("CORE", NT_FILE)
        if d is None:
            return []
        word, letter = (4, "I") if self.is_32bit else (8, "Q")
        count, page_size = struct.unpack_from("<2" + letter, d)
        names = d[word * (2 + 3 * count):].split(b"\0")
        if page_size != PAGE_SIZE or len(names) != count + 1 or names[-1]:
            raise CoreError("NT_FILE contradicts itself")
        return [MappedFile(*struct.unpack_from("<3" + letter, d, word * (2 + 3 * i)), names[i])
                for i in range(count)]

    def _vmsift(self):
        """The note of owner VMSIFT: .said {word: dict}, .noted_threads, .ranges."""
        text = self.one("VMSIFT", 1)
        if text is None:
            raise CoreError("no VMSIFT note")
        self.said, self.noted_threads, self.ranges, self.faults = {}, [], [], []
        for line in text.decode("ascii").splitlines():
            word, *rest = line.split(" ")
            if word == "map":
                start, end = rest[0].split("-")
                # later versions may say more behind it
                self.ranges.append(Range(int(start, 16), int(end, 16), *rest[1:5]))
                continue
            pairs = dict(p.split("=", 1) for p in rest if "=" in p)
            if word == "thread":
                self.noted_threads.append(pairs)
            elif word == "fault":
                self.faults.append(pairs)
            else:
                self.said[word] = pairs or rest
        self._range_starts = [r.start for r in self.ranges]

    def load_of(self, addr):
        i = bisect.bisect_right(self._starts, addr) - 1
        if i >= 0 and addr < self.loads[i].end:
            return self.loads[i]
        return None

    def loads_in(self, start, end):
        """The PT_LOADs that touch [start, end)."""
        i = max(0, bisect.bisect_right(self._starts, start) - 1)
        while i < len(self.loads) and self.loads[i].start < end:
            yield self.loads[i]
            i += 1

    def page(self, addr):
        """The bytes of a page as a debugger sees them; None where no PT_LOAD holds it."""
        l = self.load_of(addr)
        if not l:
            return None
        if addr >= l.file_end:
            return ZERO_PAGE
        at = l.offset + addr - l.start
        data = self.data[at:at + min(PAGE_SIZE, l.file_end - addr)]
        return data + bytes(PAGE_SIZE - len(data))

    def range_of(self, addr):
        """What the VMSIFT note says of an address; None if nothing."""
        i = bisect.bisect_right(self._range_starts, addr) - 1
        if i >= 0 and addr < self.ranges[i].end:
            return self.ranges[i]
        return None
