# SPDX-License-Identifier: GPL-2.0-or-later
"""What vmsift knows of a core that gdb does not show: the note of owner VMSIFT (doc/core-note.md).

    (gdb) source vmsift-gdb.py
    (gdb) vmsift info            machine, process, what is in the core and what is not
    (gdb) vmsift threads         names, states, system calls and kernel stacks
    (gdb) vmsift why ADDRESS     why memory is, or is not, in the core
    (gdb) vmsift map [ADDRESS]   the whole map, or the area around an address
    (gdb) vmsift data [NAME]     what the program had registered

Threads get the names that they had. Works in gdb 13 and later; with other cores it does nothing.
"""
import bisect
import re
import struct

import gdb

PT_NOTE, PN_XNUM, SHT_PROGBITS = 4, 0xFFFF, 1
# A note, and a section, larger than this are not vmsift's.
NOTE_MAX, LOST_MAX = 1 << 31, 1 << 20

REASONS = {
    "dontdump": "the program asked for it with madvise(MADV_DONTDUMP)",
    "device": "device memory is never read",
    "coredump-filter": "the process's coredump_filter leaves it out",
    "detail": "it was not asked for at this detail",
    "excluded": "excluded by the configuration, or registered as never to be written",
    "budget": "a limit of bytes or time",
    "swapped": "swapped out, and not found in RAM",
    "zram-writeback": "swapped out; zram had written it to its backing device",
    "swap-damaged": "swapped out to RAM, and what is there does not fit together",
    "swap-unsupported": "swapped out to RAM in a way that is not understood",
    "marker": "a guard page, or userfaultfd's write protection, was in place of a page",
    "not-in-dump": "the page frame is not in the dump",
    "filtered-out": "the page was filtered out of the dump that the core was made of",
    "read-error": "the dump could not be read there",
    "hwpoison": "a hardware memory error",
    "bad-page-table": "the page table is missing or damaged",
    "not-mapped": "in no page table of the process, and not in the page cache",
}


class NoteError(Exception):
    """The core, or its note, is not what it should be."""


def unescape(word):
    return re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m.group(1), 16)), word)


def printable(text):
    return "".join(c if c.isprintable() else "?" for c in text)


def number(fields, key, default=0):
    try:
        return int(fields.get(key, default), 0)
    except ValueError:
        return default


def read_at(f, offset, size):
    f.seek(offset)
    data = f.read(size)
    if len(data) != size:
        raise NoteError("the file ends early")
    return data


class Elf:
    """Of the core file itself: notes and one section."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.read(f)

    def read(self, f):
        head = read_at(f, 0, 64)
        if head[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<H", head, 16)[0] != 4:
            raise NoteError("not a 64-bit little-endian ELF core")
        phoff, shoff = struct.unpack_from("<QQ", head, 32)
        phentsize, phnum, shentsize, shnum, shstrndx = struct.unpack_from("<5H", head, 54)
        if phentsize != 56:
            raise NoteError("program headers of %d bytes" % phentsize)
        if phnum == PN_XNUM:
            # The number of segments is in sh_info of section 0.
            phnum = struct.unpack_from("<I", read_at(f, shoff, 64), 44)[0]
        self.text = None
        for i in range(phnum):
            p_type, _, off, _, _, size = struct.unpack_from("<IIQQQQ", read_at(f, phoff + 56 * i, 56))
            if p_type == PT_NOTE and self.text is None:
                self.text = self.find_note(f, off, size)
            elif self.text is not None:
                break
        self.lost = self.read_lost(f, shoff, shentsize, shnum, shstrndx) if shoff else []

    @staticmethod
    def find_note(f, off, size):
        end = off + size
        while off + 12 <= end:
            namesz, descsz, n_type = struct.unpack("<III", read_at(f, off, 12))
            desc = off + 12 + (namesz + 3 & ~3)
            if desc + descsz > end or namesz > 4096:
                return None
            if n_type == 1 and read_at(f, off + 12, namesz) == b"VMSIFT\0" and descsz < NOTE_MAX:
                return read_at(f, desc, descsz).decode("ascii", "replace")
            off = desc + (descsz + 3 & ~3)
        return None

    @staticmethod
    def read_lost(f, shoff, shentsize, shnum, shstrndx):
        """What could not be read when the core was written, and stands as text in it."""
        def section(i):
            return struct.unpack("<IIQQQQIIQQ", read_at(f, shoff + shentsize * i, 64))
        if shentsize != 64 or shstrndx >= shnum:
            return []
        names = section(shstrndx)
        names = read_at(f, names[4], min(names[5], LOST_MAX))
        for i in range(shnum):
            s = section(i)
            if s[1] == SHT_PROGBITS and names[s[0]:].split(b"\0")[0] == b".vmsift.lost" and 8 <= s[5] <= LOST_MAX:
                data = read_at(f, s[4], s[5])
                n = min(struct.unpack_from("<Q", data)[0], (len(data) - 8) // 16)
                return [struct.unpack_from("<QQ", data, 8 + 16 * k) for k in range(n)]
        return []


class Note:
    """The lines of the note, by kind. Lines and fields that are not known here are passed over."""

    def __init__(self, path):
        elf = Elf(path)
        if elf.text is None:
            raise NoteError("%s has no note of vmsift" % path)
        self.path, self.lost, self.detail = path, elf.lost, "?"
        self.lines, self.map = {}, []
        lines = elf.text.split("\n")
        if lines[0] != "vmsift 1":
            raise NoteError("%s has a note of another version: %s" % (path, printable(lines[0][:40])))
        for line in lines[1:]:
            words = line.split(" ")
            if words[0] == "map" and len(words) >= 6:
                start, _, end = words[1].partition("-")
                self.map.append((int(start, 16), int(end, 16)) + tuple(words[2:6]))
            elif words[0] == "detail" and len(words) > 1:
                self.detail = words[1]
            elif words[0]:
                fields = dict(w.partition("=")[::2] for w in words[1:])
                self.lines.setdefault(words[0], []).append({k: unescape(v) for k, v in fields.items()})
        self.starts = [m[0] for m in self.map]

    def all(self, kind):
        return self.lines.get(kind, [])

    def one(self, kind):
        return (self.all(kind) or [{}])[0]

    def find(self, address):
        i = bisect.bisect_right(self.starts, address) - 1
        return i if i >= 0 and address < self.map[i][1] else None

    def is_lost(self, address):
        return any(start <= address < start + size for start, size in self.lost)


def core_path():
    """The core file that gdb has open, or None."""
    core = getattr(gdb.selected_inferior(), "corefile", None)
    if core is not None and getattr(core, "filename", None):
        return core.filename
    text = gdb.execute("info files", to_string=True)
    m = re.search(r"core dump file:\n\s*[`'\"‘](.*?)['’\"], file type", text, re.DOTALL)
    return m.group(1) if m else None


class State:
    """The note of the core that is open; read once."""
    path, note, why = None, None, "no core file is open"

    @classmethod
    def refresh(cls):
        path = core_path()
        if path == cls.path:
            return
        cls.path, cls.note, cls.why = path, None, "no core file is open"
        if path is None:
            return
        try:
            cls.note = Note(path)
        except (NoteError, OSError, struct.error, ValueError) as e:
            cls.why = str(e)

    @classmethod
    def need(cls):
        cls.refresh()
        if cls.note is None:
            raise gdb.GdbError(cls.why)
        name_threads(cls.note)
        return cls.note


def name_threads(note):
    names = {number(t, "ns-tid", -1): t.get("comm", "") for t in note.all("thread")}
    for t in gdb.selected_inferior().threads():
        name = names.get(t.ptid[1])
        if name and t.name != name:
            try:
                t.name = printable(name)
            except (gdb.error, RuntimeError):
                return


def refresh_quietly(*_):
    """When something was loaded: this must not disturb gdb, whatever the core is."""
    try:
        State.refresh()
        if State.note is not None:
            name_threads(State.note)
    except gdb.error:
        pass


# Of these the address is meant: their value may be what is not there.
PLACES = (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION, gdb.TYPE_CODE_FUNC)


def address_of(text):
    try:
        value = gdb.parse_and_eval(text)
        if value.type.strip_typedefs().code in PLACES and value.address is not None:
            value = value.address
        return int(value) & (1 << 64) - 1
    except gdb.error as e:
        raise gdb.GdbError(str(e))


def size_text(n):
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if n < 1024 or unit == "GiB":
            return "%d %s" % (n, unit) if unit == "bytes" else "%.1f %s" % (n, unit)
        n /= 1024
    return ""


def say(fmt, *args):
    gdb.write(printable(fmt % args) + "\n")


class Vmsift(gdb.Command):
    """What vmsift knows of this core: info, threads, why, map, data."""

    def __init__(self):
        super().__init__("vmsift", gdb.COMMAND_DATA, prefix=True)

    def invoke(self, argument, from_tty):
        gdb.execute("help vmsift")


class Info(gdb.Command):
    """The machine, the process, and how much of it is in the core."""

    def __init__(self):
        super().__init__("vmsift info", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        note = State.need()
        for kind in ("dump", "process"):
            say("%-8s %s", kind, " ".join("%s=%s" % i for i in note.one(kind).items()))
        say("%-8s %s", "detail", note.detail)
        for fault in note.all("fault"):
            say("%-8s %s", "fault", " ".join("%s: %s" % i for i in fault.items()))
        totals = {}
        for start, end, state, _, reason, rule in note.map:
            key = (state, reason if state == "unavailable" else rule)
            totals[key] = totals.get(key, 0) + end - start
        for (state, why), n in sorted(totals.items(), key=lambda i: (i[0][0], -i[1])):
            say("%-14s %-16s %s", state, why if why != "-" else "", size_text(n))
        if not note.map:
            say("The map of a tiny core is in the manifest.json beside it.")
        for start, size in note.lost:
            say("lost     0x%x-0x%x: could not be read when the core was written", start, start + size)


class Threads(gdb.Command):
    """Names, states, system calls, wait channels and kernel stacks of the threads."""

    def __init__(self):
        super().__init__("vmsift threads", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        note = State.need()
        numbers = {t.ptid[1]: t.num for t in gdb.selected_inferior().threads()}
        kernel = {k.get("tid"): k for k in note.all("kernel")}
        for t in note.all("thread"):
            k = kernel.get(t.get("tid"), {})
            cpu = "" if number(t, "cpu", -1) < 0 else " on CPU " + t["cpu"]
            num = numbers.get(number(t, "ns-tid", -1))
            say("%-4s tid %s \"%s\" %s%s%s%s%s%s", num if num is not None else "-", t.get("tid"), t.get("comm", ""),
                t.get("state", "?"), cpu, " in " + k["syscall"] + "()" if "syscall" in k else "",
                ", waits in " + k["wchan"] if "wchan" in k else "",
                "" if t.get("regs") == "saved" else ", registers " + t.get("regs", "unavailable"),
                ", not known and shown as 0: " + t["unknown-regs"] if "unknown-regs" in t else "")
            if "fault" in k:
                say("       kernel stack: %s", k["fault"])
            for frame in k.get("stack", "").split(","):
                if frame:
                    say("       %s", frame)
            if k.get("complete") == "0":
                say("       (the stack could not be followed to its end)")


def why(note, address):
    i = note.find(address)
    if note.is_lost(address):
        return "could not be read when the core was written; the text VMSIFT:EIO stands there"
    for r in note.all("registered"):
        start = number(r, "addr")
        if r.get("never") == "1" and start <= address < start + number(r, "size"):
            return "not in the core: the program registered it as never to be written"
    if i is None:
        if not note.map:
            return "the map of a tiny core is in the manifest.json beside it"
        return "in no area of the process: nothing is mapped there"
    _, _, state, source, reason, rule = note.map[i]
    if state == "unavailable":
        return "not in the core: %s (%s)" % (REASONS.get(reason, "see doc/core-note.md"), reason)
    if state == "file":
        return "as in the file that is mapped: gdb reads it from there"
    if state == "zero":
        return "known to be zero (%s)" % rule
    return "in the core, from %s, kept for: %s" % (source, rule)


class Why(gdb.Command):
    """Why memory is, or is not, in the core: vmsift why ADDRESS"""

    def __init__(self):
        super().__init__("vmsift why", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        note = State.need()
        if not argument:
            raise gdb.GdbError("vmsift why ADDRESS")
        address = address_of(argument)
        say("0x%x: %s", address, why(note, address))


class Map(gdb.Command):
    """The map of the process, or what is around an address: vmsift map [ADDRESS]"""

    def __init__(self):
        super().__init__("vmsift map", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        note = State.need()
        if not note.map:
            raise gdb.GdbError("the map of a tiny core is in the manifest.json beside it")
        rows = note.map
        if argument:
            at = bisect.bisect_right(note.starts, address_of(argument)) - 1
            rows = rows[max(at - 2, 0):at + 3]
        for start, end, state, source, reason, rule in rows:
            say("0x%016x-0x%016x %-13s %-10s %-15s %s", start, end, state, source, reason, rule)


class Data(gdb.Command):
    """What the program had registered, or the bytes of one region: vmsift data [NAME]"""

    # Bytes that are shown of one region.
    SHOWN = 1024

    def __init__(self):
        super().__init__("vmsift data", gdb.COMMAND_DATA)

    @staticmethod
    def list(regions):
        for r in regions:
            flags = [w for w, on in (("never", r.get("never") == "1"), ("kept", r.get("kept") == "1"),
                                     (r.get("fault", ""), "fault" in r)) if on]
            say("0x%016x %10s scope=%s %-8s %-12s %s", number(r, "addr"), r.get("size"), r.get("scope"),
                r.get("list"), ",".join(flags) or "-", r.get("name", ""))

    def show(self, r):
        start, size = number(r, "addr"), number(r, "size")
        inferior = gdb.selected_inferior()
        for at in range(start, start + min(size, self.SHOWN), 16):
            row = []
            for a in range(at, min(at + 16, start + size)):
                try:
                    row.append(bytes(inferior.read_memory(a, 1))[0])
                except gdb.MemoryError:
                    row.append(None)
            say("0x%016x  %-47s  %s", at, " ".join("??" if b is None else "%02x" % b for b in row),
                "".join("?" if b is None else chr(b) if 32 <= b < 127 else "." for b in row))
        if size > self.SHOWN:
            say("... %d more bytes", size - self.SHOWN)

    def invoke(self, argument, from_tty):
        regions = State.need().all("registered")
        if not argument:
            self.list(regions)
            return
        found = [r for r in regions if r.get("name") == argument]
        if not found:
            raise gdb.GdbError("no registered data is named %s" % argument)
        for r in found:
            self.list([r])
            if r.get("never") != "1":
                self.show(r)

    def complete(self, text, word):
        State.refresh()
        names = {r.get("name", "") for r in State.note.all("registered")} if State.note else set()
        return sorted(n for n in names if n and n.startswith(text))


for command in (Vmsift, Info, Threads, Why, Map, Data):
    command()
gdb.events.new_objfile.connect(refresh_quietly)
gdb.events.before_prompt.connect(refresh_quietly)
refresh_quietly()
