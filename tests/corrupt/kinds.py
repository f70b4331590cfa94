# SPDX-License-Identifier: GPL-2.0-or-later
"""Damage to a dump, by kind: each function of KINDS turns a random generator and what vmsift reads of the
dump into lines of the damage overlay (src/vmcore/damage.h).
"""
import bisect
import mmap
import re
import struct

PAGE = 4096
KERNEL = 0xff00000000000000  # the kernel's half, with 4 or 5 levels of page tables
IMAGE = 0xffffffff80000000  # where the kernel's image is mapped
BIG = (0, 1, 7, 8, 0x7f, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 32, 1 << 52,
       (1 << 63) - 1, 1 << 63, (1 << 64) - 4096, (1 << 64) - 8, (1 << 64) - 1)


class Dump:
    """An ELF vmcore: its bytes, where kernel addresses lie in it, and what vmsift reads of it."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as f:
            self.bytes = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        phoff, = struct.unpack_from("<Q", self.bytes, 32)
        phnum, = struct.unpack_from("<H", self.bytes, 56)
        self.headers = phoff + 56 * phnum
        self.loads, self.notes = [], (0, 0)
        for i in range(phnum):
            kind, _, off, vaddr, paddr, size, _, _ = struct.unpack_from("<IIQQQQQQ", self.bytes,
                                                                        phoff + 56 * i)
            if kind == 1:
                self.loads.append((vaddr, paddr, off, size))
            else:
                self.notes = (off, size)
        self.info = self.bytes.find(b"OSRELEASE=", *self.note_range())
        self.info_end = self.bytes.find(b"\0", self.info)
        self.reads = []     # (offset, size) of structures, tables and texts, in the order of reading
        self.pages = []     # offsets of all pages of which anything is read
        self.pointers = []  # offsets of words that hold addresses of memory in the dump
        self.entries = []   # offsets of words that look like entries of page tables
        self.maple, self.xarray = [], []

    def note_range(self):
        return self.notes[0], self.notes[0] + self.notes[1]

    def word(self, off):
        return struct.unpack_from("<Q", self.bytes, off)[0]

    def off_of(self, kvaddr):
        for vaddr, paddr, off, size in self.loads:
            if vaddr <= kvaddr < vaddr + size:
                return self.read_copy(paddr + kvaddr - vaddr, off + kvaddr - vaddr)
        return None

    def read_copy(self, paddr, off):
        """The kernel's image is in the file twice, and vmsift reads it in the direct map alone."""
        for vaddr, start, at, size in self.loads:
            if vaddr < IMAGE and start <= paddr < start + size:
                return at + paddr - start
        return off

    def is_read_copy(self, off):
        return any(vaddr < IMAGE and at <= off < at + size for vaddr, _, at, size in self.loads)

    def kvaddr_of(self, off):
        """The direct map's address, where there is one."""
        found = 0
        for vaddr, _, start, size in self.loads:
            if start <= off < start + size:
                found = vaddr + off - start
        return found

    def paddr_of(self, off):
        for _, paddr, start, size in self.loads:
            if start <= off < start + size:
                return paddr + off - start
        return 0

    def symbols(self, *names):
        """Offsets of what VMCOREINFO or the truth calls so."""
        text = self.bytes[self.info:self.info_end].decode()
        found = []
        for name in names:
            m = re.search(rf"^SYMBOL\({name}\)=([0-9a-f]+)$", text, re.M)
            off = m and self.off_of(int(m[1], 16))
            if off:
                found.append(off)
        return found

    def take_reads(self, reads):
        """What a traced run read."""
        seen, pages, words = set(), set(), set()
        for off, size in reads:
            if (off, size) in seen:
                continue
            seen.add((off, size))
            self.reads.append((off, size))
            pages.update(range(off & -PAGE, off + size, PAGE))
            if size <= 1024:
                words.update(range((off + 7) & -8, off + size - 7, 8))
            elif size == PAGE:
                words.update(range(off, off + size, 8))
            if size == 256 and not off & 255:
                self.maple.append(off)
            elif 500 <= size <= 640 and not off & 63:
                self.xarray.append(off)
        self.pages = sorted(pages)
        for off in sorted(words):
            if off + 8 > len(self.bytes):
                continue
            value = self.word(off)
            if value >= KERNEL and value < (1 << 64) - PAGE and self.off_of(value):
                self.pointers.append(off)
            elif value & 0x21 == 0x21 and value & 0x7ffffffffffff000 and value & (1 << 62) == 0 and \
                    value & 0x000fffffffffffff < 1 << 46 and off >= self.headers:
                self.entries.append(off)


class Kdump(Dump):
    """
    A dump in kdump format that was made of an ELF one, flattened or not. Offsets are those of the file as it
    is; get() and put() take those of the format. Where its pages are not compressed (@raw) structures can be
    damaged as in @base, whose addresses it shares.
    """

    def __init__(self, path, base):
        self.path, self.base = path, base
        with open(path, "rb") as f:
            self.bytes = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        self.size, self.headers = len(self.bytes), 0
        self.records = self.flat_records() if self.bytes[:12] == b"makedumpfile" else []
        block, sub, blocks = struct.unpack("<III", self.get(428, 12))
        self.bitmaps = (1 + sub) * block, blocks * block
        self.descs = self.bitmaps[0] + self.bitmaps[1]
        second = self.get(self.bitmaps[0] + self.bitmaps[1] // 2, self.bitmaps[1] // 2)
        self.frames = [8 * i + b for i, byte in enumerate(second) if byte for b in range(8) if byte >> b & 1]
        descs = list(struct.iter_unpack("<QIIQ", self.get(self.descs, 24 * len(self.frames))))
        self.raw = not self.records and not any(flags for _, _, flags, _ in descs)
        self.place = dict(zip(self.frames, (off for off, _, _, _ in descs)))
        self.frame_of = {off: pfn for pfn, off in self.place.items()} if self.raw else {}
        self.notes = struct.unpack("<QQ", self.get(block + 48, 16))
        self.info = self.bytes.find(b"OSRELEASE=")
        self.info_end = self.bytes.find(b"\0", self.info)
        self.reads, self.pages, self.pointers, self.entries, self.maple, self.xarray = [], [], [], [], [], []

    def flat_records(self):
        """(place, offset, size) of each, ascending by offset."""
        at, found = PAGE, []
        while True:
            off, size = struct.unpack_from(">QQ", self.bytes, at)
            if off == (1 << 64) - 1:
                return sorted(found, key=lambda x: x[1])
            found.append((at + 16, off, size))
            at += 16 + size

    def parts(self, off, size):
        """(place in the file, size) of what the format has at @off; what is in no record is left out."""
        if not self.records:
            return [(off, size)]
        i = max(bisect.bisect_right([x[1] for x in self.records], off) - 1, 0)
        out = []
        while i < len(self.records) and self.records[i][1] < off + size:
            place, start, n = self.records[i]
            a, b = max(off, start), min(off + size, start + n)
            if a < b:
                out.append((place + a - start, b - a))
            i += 1
        return out

    def get(self, off, size):
        return b"".join(self.bytes[a:a + n] for a, n in self.parts(off, size)).ljust(size, b"\0")

    def put(self, off, data):
        out, at = [], 0
        for a, n in self.parts(off, len(data)):
            out.append(put(a, data[at:at + n]))
            at += n
        return out

    def rank_read(self, r):
        """The place among its pages of one that is read."""
        return r.choice(self.ranks) if self.ranks else r.randrange(len(self.frames))

    def is_read_copy(self, off):
        return True

    def frame_at(self, paddr):
        """Where the bytes of a raw page are, by physical address."""
        off = self.place.get(paddr // PAGE)
        return None if off is None else off + paddr % PAGE

    def off_of(self, kvaddr):
        off = self.base.off_of(kvaddr)
        return None if off is None else self.frame_at(self.base.paddr_of(off))

    def base_off(self, off):
        """Where @base has what a raw page has at @off."""
        first = self.place[self.frames[0]] % PAGE
        pfn = self.frame_of.get(off - (off - first) % PAGE)
        if pfn is None:
            return None
        paddr = pfn * PAGE + (off - first) % PAGE
        for _, start, at, size in self.base.loads:
            if start <= paddr < start + size:
                return at + paddr - start
        return None

    def kvaddr_of(self, off):
        at = self.base_off(off)
        return 0 if at is None else self.base.kvaddr_of(at)

    def paddr_of(self, off):
        at = self.base_off(off)
        return 0 if at is None else self.base.paddr_of(at)

    def take_reads(self, reads):
        ends = self.descs + 24 * len(self.frames)
        self.ranks = sorted({(off - self.descs) // 24 for off, _ in reads if self.descs <= off < ends}) \
            if not self.records else []
        if self.raw:
            # Pages come whole; what of them is looked at is known of the ELF dump.
            of_file = [x for x in reads if x[0] < ends]
            there = [(self.frame_at(self.base.paddr_of(off)), size) for off, size in self.base.reads
                     if off >= self.base.headers and off % PAGE + size <= PAGE]
            reads = of_file + [x for x in there if x[0] is not None]
        super().take_reads(reads)


class Spans:
    """Bytes of the file that a run read, to be asked whether damage touches them."""

    def __init__(self, reads):
        self.starts, self.ends = [], []
        for off, size in sorted(reads):
            if self.ends and off <= self.ends[-1]:
                self.ends[-1] = max(self.ends[-1], off + size)
            else:
                self.starts.append(off)
                self.ends.append(off + size)

    def touch(self, off, size):
        i = bisect.bisect_right(self.starts, off + size - 1) - 1
        return i >= 0 and self.ends[i] > off


def put(off, data):
    return off, len(data), f"{off:#x} bytes {data.hex()}"


def put_word(off, value):
    return put(off, struct.pack("<Q", value & (1 << 64) - 1))


def page_of(d, r):
    return r.choice(d.pages)


def small_read(d, r):
    """Something that was read by itself, or a part of something large."""
    off, size = r.choice(d.reads)
    if size > 1024:
        off += r.randrange(size - 64)
        size = r.choice((4, 8, 64))
    return off, size


# --- kinds ------------------------------------------------------------------------------------------


def bit_flips(d, r):
    out = []
    for _ in range(r.choice((1, 1, 2, 8))):
        off, size = small_read(d, r)
        at = off + r.randrange(size)
        out.append(put(at, bytes([d.bytes[at] ^ 1 << r.randrange(8)])))
    return out


def random_bytes(d, r):
    off, size = small_read(d, r)
    return [put(off, r.randbytes(size))]


def strange_number(d, r):
    """A count, a length or an offset that cannot be."""
    off, size = small_read(d, r)
    width = min(r.choice((4, 8)), size) if size >= 4 else 1
    at = off + r.randrange(0, max(size - width, 0) + 1, width)
    return [put(at, struct.pack("<Q", r.choice(BIG))[:width])]


def zero_page(d, r):
    off = page_of(d, r)
    return [(off, PAGE, f"{off:#x}+{PAGE} zero")]


def ones_page(d, r):
    return [put(page_of(d, r), b"\xff" * PAGE)]


def random_page(d, r):
    return [put(page_of(d, r), r.randbytes(PAGE))]


def swapped_pages(d, r):
    a, b = page_of(d, r), page_of(d, r)
    return [put(a, d.bytes[b:b + PAGE]), put(b, d.bytes[a:a + PAGE])]


def unreadable_page(d, r):
    off = page_of(d, r)
    return [(off, PAGE, f"{off:#x}+{PAGE} {r.choice(('eio', 'efault'))}")]


def pointer_to_itself(d, r):
    at = r.choice(d.pointers)
    return [put_word(at, d.kvaddr_of(at))]


def pointer_to_user(d, r):
    return [put_word(r.choice(d.pointers), r.choice((0x400000, 0x7ffff7fff000, 0x1000, 0xdead)) +
                     8 * r.randrange(512))]


def pointer_to_hole(d, r):
    at = r.choice(d.pointers)
    value = d.word(at)
    return [put_word(at, r.choice((0, 1, 0xdead000000000100, value | 1 << 46, value ^ 1 << 60, (1 << 64) - 8,
                                   0x8000000000000000, value + (1 << 40), 0xffffffffff600000,
                                   value + r.randrange(8))))]


def pointer_elsewhere(d, r):
    """To another structure of the dump."""
    at, other = r.choice(d.pointers), r.choice(d.pointers)
    return [put_word(at, d.word(other))]


def list_closed(d, r):
    """Where a pointer leads, one leads back."""
    at = r.choice(d.pointers)
    there = d.off_of(d.word(at)) & -8
    n = r.choice((1, 1, 2))
    return [put_word(there + 8 * i, d.kvaddr_of(at)) for i in range(n)]


def list_shortcut(d, r):
    """A list that comes back to an element of before."""
    i = r.randrange(len(d.pointers))
    return [put_word(d.pointers[i], d.word(d.pointers[max(i - r.randrange(1, 40), 0)]))]


def maple_node(d, r):
    if not d.maple:  # before 6.1
        return list_closed(d, r)
    off = r.choice(d.maple)
    slots = [at for at in range(off, off + 256, 8) if d.word(at) >= KERNEL]
    how = r.randrange(5)
    if how == 0 and slots:  # a node that is its own child, as each type of node
        return [put_word(r.choice(slots), d.kvaddr_of(off) | r.randrange(16) << 3 | 4)]
    if how == 1 and slots:
        other = r.choice(d.maple)
        return [put_word(r.choice(slots), d.kvaddr_of(other) | r.randrange(16) << 3 | r.randrange(8))]
    if how == 2:  # pivots that go down
        return [put_word(off + 8 * r.randrange(1, 16), r.choice(BIG))]
    if how == 3:  # all slots the same
        value = d.word(r.choice(slots)) if slots else 0
        return [put_word(at, value) for at in slots]
    return [put(off, r.randbytes(256))]


def xarray_node(d, r):
    if not d.xarray:
        return pointer_elsewhere(d, r)
    off = r.choice(d.xarray)
    slots = [at for at in range(off, off + 560, 8) if d.word(at) >= KERNEL]
    how = r.randrange(4)
    if how == 0 and slots:
        return [put_word(r.choice(slots), d.kvaddr_of(off) | 2)]
    if how == 1:  # shift, offset, count
        return [put(off, bytes(r.choice((0, 6, 12, 60, 64, 255)) for _ in range(4)))]
    if how == 2 and slots:
        return [put_word(r.choice(slots), r.choice(BIG) | r.randrange(4))]
    return [put(off, r.randbytes(560))]


def page_table(d, r):
    out = []
    for _ in range(r.choice((1, 1, 4, 16))):
        at = r.choice(d.entries)
        value, table = d.word(at), d.paddr_of(at) & -PAGE
        out.append(put_word(at, r.choice((
            table | value & 0xfff, value ^ 1 << r.randrange(12, 52), value | 0x80, value & ~1,
            value | 0x000ffffffffff000, r.getrandbits(64), r.getrandbits(64) | 1,
            d.word(r.choice(d.entries)), d.paddr_of(r.choice(d.entries)) & -PAGE | 0x67))))
    return out


def page_table_full(d, r):
    """A table whose entries all lead to itself, or to one other."""
    at = r.choice(d.entries)
    to = r.choice((at, r.choice(d.entries)))
    return [put(at & -PAGE, struct.pack("<Q", d.paddr_of(to) & -PAGE | 0x67) * 512)]


def kallsyms(d, r):
    names = d.symbols("kallsyms_names", "kallsyms_num_syms", "kallsyms_token_table",
                      "kallsyms_token_index", "kallsyms_offsets", "kallsyms_relative_base")
    if not names:
        return bit_flips(d, r)
    off = r.choice(names) + r.choice((0, 0, r.randrange(64), r.randrange(60000)))
    n = r.choice((1, 4, 8, 64, PAGE))
    return [put(off, r.choice((b"\xff" * n, bytes(n), r.randbytes(n))))]


def btf(d, r):
    at = d.btf
    head = struct.unpack_from("<HBBIIIII", d.bytes, at)
    how = r.randrange(4)
    if how == 0:  # the header
        i = r.randrange(8)
        field = at + (0, 2, 3, 4, 8, 12, 16, 20)[i]
        return [put(field, struct.pack("<Q", r.choice(BIG))[:(2, 1, 1, 4, 4, 4, 4, 4)[i]])]
    if how == 1:  # a type, or many
        start = at + head[3] + head[4]
        n = r.choice((4, 4, 12, 64, PAGE))
        return [put(start + r.randrange(0, head[5] - n, 4), r.randbytes(n))]
    if how == 2:  # types that refer to themselves
        start = at + head[3] + head[4]
        return [put(start + r.randrange(0, head[5] - 4, 4), struct.pack("<I", r.randrange(1, 4000)))
                for _ in range(200)]
    start = at + head[3] + head[6]
    n = r.choice((1, 16, PAGE))
    return [put(start + r.randrange(head[7] - n), r.choice((bytes(n), r.randbytes(n), b"A" * n)))]


def vmcoreinfo(d, r):
    text = bytearray(d.bytes[d.info:d.info_end])
    for _ in range(r.choice((1, 1, 3, 20))):
        lines = [m for m in re.finditer(rb"^.*=(.*)$", bytes(text), re.M)]
        m = r.choice(lines)
        how = r.randrange(5)
        n = len(m[1])
        if how == 0:
            new = bytes(r.choice(b"0123456789abcdef-x%") for _ in range(n))
        elif how == 1:
            new = b"f" * n
        elif how == 2:
            new = b"0" * n
        elif how == 3:
            new = r.randbytes(n)
        else:  # the line's end: two lines become one
            end = min(m.end(), len(text) - 1)
            text[end:end + 1] = b" "
            continue
        text[m.start(1):m.end(1)] = new
    return [put(d.info, bytes(text))]


def notes(d, r):
    start, end = d.note_range()
    at, heads = start, []
    while at + 12 <= end:
        heads.append(at)
        name, desc, _ = struct.unpack_from("<III", d.bytes, at)
        at += 12 + (name + 3 & -4) + (desc + 3 & -4)
        if not name and not desc:
            break
    if r.randrange(2):
        return [put(r.choice(heads) + 4 * r.randrange(3),
                    struct.pack("<I", r.choice((0, 1, 5, 12, 0x150, 0xfff, 0x7fffffff, 0xffffffff))))]
    n = r.choice((1, 8, 64, 400))
    return [put(r.randrange(start, end - n), r.randbytes(n))]


def elf_headers(d, r):
    how = r.randrange(4)
    if how == 0:
        at, width = r.choice(((4, 1), (5, 1), (6, 1), (16, 2), (18, 2), (20, 4), (32, 8), (40, 8), (52, 2),
                              (54, 2), (56, 2), (58, 2), (60, 2), (62, 2)))
        return [put(at, struct.pack("<Q", r.choice((*BIG, 2, 3, 4, 62, 64, 183)))[:width])]
    if how == 1:
        return [put(r.randrange(d.headers - 8), r.randbytes(r.choice((1, 4, 8))))]
    number = r.randrange((d.headers - 64) // 56)
    at, width = r.choice(((0, 4), (8, 8), (16, 8), (24, 8), (32, 8), (40, 8)))
    value = r.choice((*BIG, d.word(64 + 56 * r.randrange((d.headers - 64) // 56) + at),
                      r.getrandbits(64), d.word(64 + 56 * number + at) + r.choice((-PAGE, -1, 1, PAGE))))
    return [put(64 + 56 * number + at, struct.pack("<Q", value & (1 << 64) - 1)[:width])]


def elf_counts(d, r):
    """Headers that say there are many sections and program headers: nobody is to allocate for them."""
    end = len(d.bytes)
    phoff, shoff = r.choice((32, 32, 0x1000)) if r.randrange(4) else 64, r.choice((0, 8, 64, 0x40000, end - 64))
    lines = [put(40, struct.pack("<Q", shoff)), put(60, struct.pack("<H", r.choice((0, 0, 1, 0x7fff, 0xffff))))]
    if r.randrange(2):
        lines += [put(32, struct.pack("<Q", phoff)), put(56, struct.pack("<H", r.choice((0xfffe, 0xffff))))]
    if shoff and r.randrange(2):  # the first section's sh_size, sh_info
        count = r.choice((0, 1, 2, 0xffff, 0x10010, 0x10011, end // 64, end // 56, 1 << 30, 0xffffffff))
        lines += [put(shoff + 32, struct.pack("<Q", count)), put(shoff + 44, struct.pack("<I", count))]
    return lines


def strange_name(d, r):
    """What a terminal, a path or a JSON reader would obey, in the place of names."""
    bad = r.choice((b"\x1b[2J\x1b]0;x\x07", b"../../../etc", b"/etc/passwd\0", b"\xff\xfe\xc0\xaf\xed\xa0\x80",
                    b"\"\\\n\r\t\b\0", b"a\nvmsift: b\n", b"\xc2\x9b31m\xe2\x80\xae", b"%s%n%x%d", b"$(x)`y`;z",
                    b"-rf", b".", b"..", b"\x7f\x80\x9b", b"A" * 64))
    texts = [m for m in d.texts if m[1] >= 4]
    out = []
    for _ in range(r.choice((1, 3, 20))):
        off, size = r.choice(texts)
        out.append(put(off, bad[:size]))
    return out


def of_types_or_symbols(d, off):
    """Whether a text is one of BTF or of kallsyms: without these a command finds nothing that has a name."""
    if d.btf and d.btf <= off < d.btf + 24 + struct.unpack_from("<I", d.bytes, d.btf + 16)[0] + \
            struct.unpack_from("<I", d.bytes, d.btf + 20)[0]:
        return True
    return any(at <= off < at + (16 << 20 if name == "kallsyms_names" else PAGE)
               for name in ("kallsyms_names", "kallsyms_token_table") for at in d.symbols(name))


def all_names(d, r):
    """Every name of a process, thread, file, module or machine is the same bad one."""
    bad = r.choice((b"\x1b[2J\x1b]0;x\x07\x9b1m", b"../../../../etc/passwd", b"/\0", b"\xff\xfe\xc0\xaf\xed\xa0\x80",
                    b"\"\\\n\r\t\b", b"a\nvmsift: done\n", b"\xc2\x9b31m\xe2\x80\xae", b".", b"-rf $(x)"))
    low, high = d.note_range()
    if d.names is None:
        d.names = [t for t in d.texts if not low <= t[0] < high and not of_types_or_symbols(d, t[0])]
    return [put(off, (bad * size)[:size - 1] + b"\0") for off, size in d.names]


def many(d, r):
    """A machine that lost its mind."""
    out = []
    for _ in range(r.choice((3, 10, 50))):
        out += r.choice((bit_flips, random_bytes, strange_number, zero_page, pointer_to_hole,
                         pointer_elsewhere, list_closed, page_table, swapped_pages))(d, r)
    return out


# --- of dumps in kdump format -----------------------------------------------------------------------


def kdump_header(d, r):
    """A field of one of the two headers."""
    at, width = r.choice(((0, 8), (8, 4), (424, 4), (428, 4), (432, 4), (436, 4), (440, 4), (460, 4),
                          *((PAGE + sub, 8) for sub in (0, 8, 16, 24, 32, 40, 48, 56, 80, 88, 96))))
    value = struct.pack("<Q", r.choice((*BIG, r.getrandbits(16), r.getrandbits(64))))[:width]
    return d.put(at, value)


def kdump_bitmap(d, r):
    """Frames that are there, or are not, against the facts."""
    off, size = d.bitmaps
    n = r.choice((1, 8, 64, PAGE))
    return d.put(off + r.randrange(size - n), r.choice((bytes(n), b"\xff" * n, r.randbytes(n))))


def kdump_desc(d, r):
    """Where a page lies, its size, its codec; or another's."""
    out = []
    for _ in range(r.choice((1, 1, 8))):
        at = d.descs + 24 * d.rank_read(r)
        how = r.randrange(4)
        if how == 0:
            new = d.get(d.descs + 24 * d.rank_read(r), 24)
        else:
            field, width = ((0, 8), (8, 4), (12, 4))[how - 1]
            new = struct.pack("<Q", r.choice((*BIG, 2, 4, 0x20, r.getrandbits(20), d.size - 1)))[:width]
            at += field
        out += d.put(at, new)
    return out


def kdump_data(d, r):
    """Bytes of a page as it was compressed."""
    off, size, _ = struct.unpack("<QII", d.get(d.descs + 24 * d.rank_read(r), 16))
    n = min(r.choice((1, 1, 4, 64)), size)
    return d.put(off + r.randrange(size - n + 1), r.randbytes(n))


def flat_record(d, r):
    """A record's offset or size in a flattened file."""
    at = r.choice(d.records)[0] - 16 + r.choice((0, 8))
    return [put(at, struct.pack(">Q", r.choice((*BIG, r.getrandbits(40)))))]


KINDS = (bit_flips, random_bytes, strange_number, zero_page, ones_page, random_page, swapped_pages,
         unreadable_page, pointer_to_itself, pointer_to_user, pointer_to_hole, pointer_elsewhere,
         list_closed, list_shortcut, maple_node, xarray_node, page_table, page_table_full, kallsyms,
         btf, vmcoreinfo, notes, elf_headers, strange_name, all_names, many, elf_counts)

# What needs no more than the bytes that are read.
OF_BYTES = (bit_flips, random_bytes, strange_number, zero_page, ones_page, random_page, swapped_pages,
            unreadable_page)
OF_KDUMP = (kdump_header, kdump_bitmap, kdump_desc, kdump_data)


def kinds_of(dump):
    if not isinstance(dump, Kdump):
        return KINDS
    return OF_BYTES + (vmcoreinfo,) + OF_KDUMP + ((flat_record,) if dump.records else ()) + \
        (tuple(k for k in KINDS if k not in OF_BYTES + (vmcoreinfo, notes, elf_headers, elf_counts)) if dump.raw else ())
