# SPDX-License-Identifier: GPL-2.0-or-later
"""What vmsift wrote: whether it is well-formed, and whether a terminal may see it."""
import json
import os
import re
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# C0 but for line ends and tabs, DEL, C1, and what turns text around or breaks lines.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
GDB = os.environ.get("GDB", "gdb")
# Opens a kernel dump through libkdumpfile, which is Debian's Python's: a line for each path it is told. Each in
# a process that ends: the library keeps its file open, and thousands of files that are gone fill the memory.
OPENER = """
import os, sys, kdumpfile
for line in sys.stdin:
    if os.fork():
        status = os.wait()[1]
        if status:
            print("bad died of it:", status, flush=True)
        continue
    try:
        ctx = kdumpfile.kdumpfile(line.rstrip("\\n"))
        print("good", ctx.attr["file"]["format"], flush=True)
    except Exception as e:
        print("bad", type(e).__name__, e, flush=True)
    os._exit(0)
"""


def text_is_plain(data):
    """What is wrong with a text that a terminal shows; None: nothing."""
    try:
        m = OBEYED.search(data.decode("utf-8"))
    except UnicodeDecodeError as e:
        return f"is not UTF-8: {e}"
    return m and f"byte {m.start()} is {m[0]!r}: {data[max(m.start() - 20, 0):m.start() + 20]!r}"


def json_is_valid(data):
    try:
        json.loads(data.decode("utf-8"))
    except ValueError as e:
        return f"is no JSON: {e}"
    return text_is_plain(data)


def same_files(a, b):
    """Whether both hold the same bytes."""
    if os.path.getsize(a) != os.path.getsize(b):
        return False
    with open(a, "rb", 0) as f, open(b, "rb", 0) as g:
        while True:
            x, y = f.read(1 << 20), g.read(1 << 20)
            if x != y:
                return False
            if not x:
                return True


def readelf(*paths):
    """(status, its complaints, its output)"""
    p = subprocess.run(["readelf", "-hlnW", *paths], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, check=False, timeout=120)
    return p.returncode, p.stderr, p.stdout


def each_wrong(paths, one, all_good):
    """{path: what is wrong with it}; asks for all of them together first."""
    if not paths or all_good(paths):
        return {}
    return {p: w for p in paths if (w := one(p))}


def cores_wrong(paths):
    def all_good(some):
        status, err, out = readelf(*some)
        return not status and not err and out.count(b"CORE (Core file)") == len(some)
    return each_wrong(paths, core_is_well_formed, all_good)


def zstd_wrong(paths, directory=None):
    """Each must be a whole zstd frame; they are unpacked into @directory, by their names."""
    how = ["-dqqf", "--output-dir-flat", directory] if directory else ["-tqq"]

    def takes(some):
        pid = os.posix_spawnp("zstd", ["zstd", *how, "--", *some], os.environ)
        return os.waitpid(pid, 0)[1] == 0
    return each_wrong(paths, lambda p: None if takes([p]) else "zstd does not take it", takes)


def core_is_well_formed(path):
    status, err, out = readelf(path)
    if status or err:
        return f"readelf: status {status}, {err[:200].decode(errors='replace')}"
    if b"CORE (Core file)" not in out:
        return "readelf sees no core"
    return None


def core_loads_in_gdb(path):
    p = subprocess.run([GDB, "-nx", "-batch", "-iex", "set auto-load no", "-iex", "set debuginfod enabled off",
                        "-ex", f"core-file {path}", "-ex", "info threads", "-ex", "info registers rip"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       check=False, timeout=120)
    out = p.stdout.decode(errors="replace")
    if p.returncode < 0 or "internal-error" in out or "is not a core dump" in out or \
            "not recognized" in out:
        return f"gdb: status {p.returncode}: {out[-300:]}"
    return None


class KdumpOpener:
    """Another program's library for kernel dumps, in a process of its own."""

    def __init__(self):
        self.p = subprocess.Popen(["/usr/bin/python3", "-c", OPENER], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def opens(self, path):
        try:
            self.p.stdin.write(path + "\n")
            self.p.stdin.flush()
            said = self.p.stdout.readline()
        except OSError:
            said = ""
        if not said:
            self.__init__()
            return "libkdumpfile died of it"
        return None if said.startswith("good ") else \
            f"libkdumpfile: {said.strip()}"

    def close(self):
        self.p.stdin.close()
        self.p.wait(20)


def finals(directory):
    """Files under a final name, relative to the directory."""
    found = []
    for base, _, files in os.walk(directory):
        found += [os.path.relpath(os.path.join(base, f), directory) for f in files
                  if not f.endswith("-incomplete")]
    return sorted(found)
