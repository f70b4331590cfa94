# SPDX-License-Identifier: GPL-2.0-or-later
"""Times and memory of whole processes, for the benchmarks. Figures are for reading: no test asserts a time."""
import os
import statistics
import subprocess
import time


class Run:
    """One finished process: seconds of wall and CPU time, peak anonymous memory in bytes."""

    def __init__(self, wall, cpu, rss_anon, status):
        self.wall, self.cpu, self.rss_anon, self.status = wall, cpu, rss_anon, status


def rss_anon(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
            for line in f:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def run_once(argv, poll=0.0005, **kw):
    """Run it to its end; its anonymous memory is looked at 2,000 times a second."""
    kw.setdefault("stdout", subprocess.DEVNULL)
    kw.setdefault("stderr", subprocess.DEVNULL)
    kw.setdefault("stdin", subprocess.DEVNULL)
    start = time.monotonic()
    p = subprocess.Popen(argv, **kw)
    peak = pid = 0
    while not pid:
        peak = max(peak, rss_anon(p.pid))
        time.sleep(poll)
        # Not os.times(), which counts in hundredths.
        pid, status, usage = os.wait4(p.pid, os.WNOHANG)
    wall = time.monotonic() - start
    p.returncode = os.waitstatus_to_exitcode(status)
    return Run(wall, usage.ru_utime + usage.ru_stime, peak, p.returncode)


def measure(argv, times=5, **kw):
    """One run that does not count, then the median of `times`: wall, CPU; the peak over all."""
    run_once(argv, **kw)
    runs = [run_once(argv, **kw) for _ in range(times)]
    bad = [r.status for r in runs if r.status]
    if bad:
        raise RuntimeError(f"status {bad[0]}: {' '.join(argv)}")
    return Run(statistics.median(r.wall for r in runs), statistics.median(r.cpu for r in runs),
               max(r.rss_anon for r in runs), 0)


def mib(n):
    return f"{n / (1 << 20):.1f} MiB"
