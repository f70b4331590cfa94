# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs vmsift of a test build: with damage, with faults; its status, messages, time and memory."""
import hashlib
import os
import select
import shutil
import signal

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHIM = os.path.join(TOP, "build/faults/shim.so")
# Where the builds are: a long campaign runs from a copy, while others are built.
OBJ = os.environ.get("VMSIFT_OBJ", os.path.join(TOP, "build/obj"))
WALL_MAX = 120  # seconds, after which a command hangs

CONF = """
max-bytes = 64M
process "all" { match = {"comm=*"} detail = small anchors = on registered = on
	exclude = {"symbol=secret*"} }
process "some" { match = {"comm=victim-threads", "comm=victim-odd*", "panic"} detail = data
	file-pages = on symbols = {"environ:8 follow=2"} mappings = {"[heap]"} }
"""


# The same without what is dear and looks at nothing: a codec, pages of files, a heap of 64 MiB.
PLAIN_CONF = CONF.replace("max-bytes", "codec = none\nmax-bytes").replace("file-pages = on", "").replace(
    "[heap]", "[stack]")


class Command:
    """@weight: how often it is taken, against others of its row."""

    def __init__(self, name, *args, kind="text", out=None, weight=1):
        self.name, self.args, self.kind, self.out, self.weight = name, args, kind, out, weight


class Result:
    def __init__(self, status, usage, out, err):
        self.status, self.out, self.err = status, out, err
        self.cpu = usage.ru_utime + usage.ru_stime
        self.heap = self.calls = None  # the most bytes that malloc had given at a time; see Runner.run()


class Runner:
    """Runs one program of a build on one dump, in a directory of its own."""

    def __init__(self, build, vmcore, tmp, conf=CONF):
        self.build, self.vmcore, self.tmp = build, vmcore, tmp
        self.vmsift = os.path.join(OBJ, build, "vmsift")
        self.out, self.err = os.path.join(tmp, "stdout"), os.path.join(tmp, "stderr")
        self.conf, self.plain = os.path.join(tmp, "conf"), os.path.join(tmp, "plain.conf")
        self.heap = os.path.join(tmp, "heap")
        self.calls = os.path.join(tmp, "calls")
        # Counts what malloc gives; the sanitizers have a malloc of their own.
        self.shim = "" if build == "san" else SHIM
        with open(self.conf, "w", encoding="ascii") as f:
            f.write(conf)
        with open(self.plain, "w", encoding="ascii") as f:
            f.write(PLAIN_CONF)
        self.nothing = os.path.join(tmp, "nothing")  # damage of which there is none: the overlay maps the dump
        with open(self.nothing, "w", encoding="ascii"):
            pass

    def argv(self, command, out):
        words = [{"OUT": out, "CONF": self.conf, "PLAIN": self.plain, "VMCORE": self.vmcore}.get(a, a)
                 for a in command.args]
        return [self.vmsift, *words] + ([] if "VMCORE" in command.args else [self.vmcore])

    def strace(self, fault):
        """@fault for the writes that stdio makes to standard output, which no preloaded function sees."""
        _, n, what = fault.split(":")
        when = f"{n}+" if what[0] == "+" else n
        what = what.lstrip("+")
        inject = f"signal={what}" if what.startswith("SIG") else f"error={what}"
        return ["strace", "-qq", "-o", self.calls, "-P", self.out, "-e", "trace=write"] + \
            (["-e", f"inject=write:{inject}:when={when}"] if n != "0" else [])

    def run(self, command, out, damage=None, trace=None, fault=None):
        """
        @fault: as tests/faults/shim.c takes it, or of KIND "stdout" (stdio's writes) or "time" (N microseconds,
        a signal); the count of calls is in Result.calls.
        """
        remove(self.heap)
        remove(self.calls)
        after = fault.split(":")[1:] if fault and fault.startswith("time:") else None
        fault = fault if not after else None
        stdio = bool(fault) and fault.startswith("stdout:")
        prefix, fault = (self.strace(fault), None) if stdio else ([], fault)
        env = {"LD_PRELOAD": "" if stdio else self.shim, "FAULT_HEAP": self.heap,
               "FAULT": fault or "", "FAULT_COUNT": self.calls if fault else "",
               "PATH": os.environ.get("PATH", ""), "VMSIFT_DAMAGE": damage or "",
               "VMSIFT_TRACE": trace or "", "LC_ALL": "C.UTF-8",
               "ASAN_OPTIONS": "detect_leaks=1:exitcode=99",
               "UBSAN_OPTIONS": "print_stacktrace=1:exitcode=99"}
        opened = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        argv = prefix + self.argv(command, out)
        pid = os.posix_spawnp(argv[0], argv, env, file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, self.out, opened, 0o600),
            (os.POSIX_SPAWN_OPEN, 2, self.err, opened, 0o600)])
        status, usage = wait(pid, *(after or ()))
        with open(self.out, "rb") as f, open(self.err, "rb") as g:
            r = Result(status, usage, f.read(), g.read())
        r.heap, r.calls = number_in(self.heap), lines_in(self.calls) if stdio else number_in(self.calls)
        return r


def number_in(path):
    try:
        with open(path, encoding="ascii") as f:
            return int(f.read())
    except (OSError, ValueError):
        return None


def lines_in(path):
    with open(path, encoding="ascii", errors="replace") as f:
        return sum(line.startswith("write(") for line in f)


def wait(pid, after=None, what=None):
    """(status or "hangs", usage); @after: microseconds, after which signal @what is sent"""
    fd = os.pidfd_open(pid)
    try:
        if after and not select.select([fd], [], [], int(after) / 1e6)[0]:
            signal.pidfd_send_signal(fd, signal.Signals[what])
        ended = select.select([fd], [], [], WALL_MAX)[0]
    finally:
        os.close(fd)
    if not ended:
        os.kill(pid, 9)
    _, status, usage = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status) if ended else "hangs", usage


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.unlink(path)


def digest(path):
    with open(path, "rb") as f:
        return hashlib.blake2b(f.read()).digest()
