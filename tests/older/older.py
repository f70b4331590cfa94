# SPDX-License-Identifier: GPL-2.0-or-later
"""Lists for the damage overlay that make a dump look as an older or a smaller kernel's: without kallsyms in
VMCOREINFO, without BTF, without kallsyms, without data symbols (CONFIG_KALLSYMS_ALL=n).

    image = Image("build/dumps/6.1-la57")
    lines = without_btf(image)      # for the file that $VMSIFT_DAMAGE names
"""
import os
import re
import struct

CHUNK = 1024  # bytes to a line: the overlay's reader is a simple one


class Image:
    """Where the kernel image lies in the dump's file: twice, by its own segment and in the direct map."""

    def __init__(self, dump):
        self.file = open(os.path.join(dump, "vmcore"), "rb")
        head = self.file.read(64)
        phoff, = struct.unpack_from("<Q", head, 32)
        phnum, = struct.unpack_from("<H", head, 56)
        self.file.seek(phoff)
        table = self.file.read(56 * phnum)
        self.loads, self.note = [], None
        for i in range(phnum):
            kind, _, off, vaddr, paddr, filesz, _, _ = struct.unpack_from("<IIQQQQQQ", table, 56 * i)
            if kind == 4:
                self.note = (off, filesz)
            elif kind == 1:
                self.loads.append((vaddr, paddr, filesz, off))
        self.symbols, self.nr_symbols, self.addresses = {}, 0, []
        with open(os.path.join(dump, "truth/proc/kallsyms"), encoding="ascii") as f:
            for line in f:
                addr, _, name, *module = line.split()
                if not module:
                    self.symbols.setdefault(name, int(addr, 16))
                    self.nr_symbols += 1
                    self.addresses.append(int(addr, 16))
        self.notes = self.at(*self.note)
        self.info = dict(line.split("=", 1) for line in re.search(rb"OSRELEASE=[^\0]*", self.notes).group().decode(
            "ascii", "replace").splitlines() if "=" in line)

    def at(self, off, size):
        self.file.seek(off)
        return self.file.read(size)

    def offsets(self, va):
        """Every place in the file that holds this address of the image."""
        paddr = next(va - v + p for v, p, size, _ in self.loads if v <= va < v + size)
        return [paddr - p + off for _, p, size, off in self.loads if p <= paddr < p + size]

    def read(self, va, size):
        return self.at(self.offsets(va)[0], size)

    def zero(self, start, end):
        return [f"{off:#x}+{end - start} zero" for off in self.offsets(start)]

    def patch(self, va, data):
        return [f"{off + i:#x} bytes {data[i:i + CHUNK].hex(' ')}"
                for off in self.offsets(va) for i in range(0, len(data), CHUNK)]

    def find_kallsyms(self):
        """Where VMCOREINFO does not say it: the digits are tokens of their own, and the number of symbols is known."""
        start, _, size, off = next(l for l in self.loads if l[0] >= 0xffffffff80000000)
        data = self.at(off, size)
        digits = b"".join(bytes([c, 0]) for c in b"0123456789")
        at = data.find(digits)
        while at >= 0:
            table = at
            for _ in range(ord("0")):
                table = data.rfind(b"\0", 0, table - 1) + 1
            ends, end = [], table
            for _ in range(256):
                ends.append(end - table)
                end = data.find(b"\0", end) + 1
            index = data.find(struct.pack("<256H", *(e & 0xffff for e in ends)), end, end + 520)
            num = data.rfind(struct.pack("<I", self.nr_symbols), max(0, table - (8 << 20)), table)
            if index >= 0 and num >= 0:
                where = {"num_syms": num, "names": num + 8, "token_table": table, "token_index": index}
                return {f"kallsyms_{k}": start + v for k, v in where.items()}
            at = data.find(digits, at + 1)
        return {}

    def symbol(self, name):
        """As VMCOREINFO has it, else as kallsyms has it; None."""
        value = self.info.get(f"SYMBOL({name})")
        return int(value, 16) if value else self.symbols.get(name)


def has_percpu_rss(image):
    """Whether each CPU keeps a part of the resident memory: f1a7941243c1 took sync_mm_rss() away."""
    return "sync_mm_rss" not in image.symbols


def without_lines(image):
    """VMCOREINFO does not say where kallsyms is, as before 6.0. [] if it does not anyway."""
    return [f"{image.note[0] + m.start() + 7:#x} bytes {b'x'.hex()}"
            for m in re.finditer(rb"SYMBOL\(kallsyms_[a-z_]+\)=", image.notes)]


def without_btf(image):
    return image.zero(image.symbols["__start_BTF"], image.symbols["__stop_BTF"])


class Names:
    """kallsyms_names: compressed names, one after the other."""

    def __init__(self, image):
        if not image.symbol("kallsyms_names"):
            image.symbols.update(image.find_kallsyms())
        self.start = image.symbol("kallsyms_names")
        self.nr = struct.unpack("<I", image.read(image.symbol("kallsyms_num_syms"), 4))[0]
        table = image.read(image.symbol("kallsyms_token_table"), 65536)
        index = struct.unpack("<256H", image.read(image.symbol("kallsyms_token_index"), 512))
        self.tokens = [table[i:table.index(b"\0", i)] for i in index]
        data = image.read(self.start, 16 << 20)
        self.entries, at = [], 0  # (offset of the tokens, tokens)
        for _ in range(self.nr):
            size = data[at]
            at += 1
            if size & 0x80:  # since 6.1, 73bbb94466fd
                size = size & 0x7f | data[at] << 7
                at += 1
            self.entries.append((at, data[at:at + size]))
            at += size
        self.data = data[:at]

    def name(self, tokens):
        return b"".join(self.tokens[t] for t in tokens)


def without_kallsyms(image):
    """Its names and the tokens that they are made of."""
    names = Names(image)
    lines = image.zero(names.start, names.start + len(names.data))
    for table, size in ("kallsyms_token_table", 1024), ("kallsyms_token_index", 512):
        at = image.symbol(table)
        lines += image.zero(at, at + size)
    return lines


def without_data_symbols(image):
    """Every symbol outside of the sections of code (scripts/kallsyms.c, symbol_valid()) gets the name of one that
    nobody asks for. Letters do not tell: 7.3 calls some data T."""
    names = Names(image)
    t, x = names.tokens.index(b"t"), names.tokens.index(b"x")
    data = bytearray(names.data)
    s = image.symbols
    code = [range(s["_stext"], s["_etext"] + 1), range(s["_sinittext"], s["_einittext"] + 1)]
    for (at, tokens), addr in zip(names.entries, image.addresses):
        if not any(addr in r for r in code):
            data[at:at + len(tokens)] = bytes([t] + [x] * (len(tokens) - 1))
    return image.patch(names.start, bytes(data))
