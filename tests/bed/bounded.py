# SPDX-License-Identifier: GPL-2.0-or-later
"""subprocess.run() that ends: what takes too long is asked what it does, killed, and said to have hung.

    import bounded
    p = bounded.run(["vmsift", "ps", core], stdout=subprocess.PIPE)

Takes what subprocess.run() takes; a time limit that strikes gives status 124 and what was seen of the
process (state, where it waits in the kernel, its stack by gdb) on the error output of the test.
"""
import shutil
import subprocess
import sys

SECONDS_MAX = 180
HUNG = 124  # as timeout(1)


def look_at(pid):
    """What a process that does not end is doing."""
    seen = []
    for name in ("status", "wchan", "stack", "syscall"):
        try:
            with open(f"/proc/{pid}/{name}", encoding="ascii", errors="replace") as f:
                text = f.read()
        except OSError as e:
            text = str(e)
        if name == "status":
            text = "\n".join(l for l in text.splitlines() if l.startswith(("State", "VmRSS", "volun", "nonvol")))
        seen.append(f"{name}: {text.strip()}")
    if shutil.which("gdb"):
        try:
            p = subprocess.run(["gdb", "-batch", "-nx", "-p", str(pid), "-ex", "thread apply all bt"], check=False,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               timeout=60)
            seen += p.stdout.decode(errors="replace").splitlines()[-40:]
        except subprocess.TimeoutExpired:
            seen.append("gdb: does not end either")
    return seen


def run(command, timeout=SECONDS_MAX, check=False, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    with subprocess.Popen(command, **options) as p:
        try:
            out, err = p.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            print(f"hung for {timeout} s: {' '.join(map(str, command))}", file=sys.stderr)
            for line in look_at(p.pid):
                print(f"#   {line}", file=sys.stderr, flush=True)
            p.kill()
            out, err = p.communicate()
            p.returncode = HUNG
    if check and p.returncode:
        raise subprocess.CalledProcessError(p.returncode, command)
    return subprocess.CompletedProcess(command, p.returncode, out, err)
