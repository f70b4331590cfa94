# SPDX-License-Identifier: GPL-2.0-or-later
"""Two cores of one process, the second made with less to go by."""
from corefile import Core, PAGE_SIZE, REGS


def bytes_of(core, start, end):
    """[(address, bytes)] of what a core holds of a range."""
    found = []
    for l in core.loads:
        lo, hi = max(start, l.start), min(end, l.end)
        if lo < hi:
            data = core.data[l.offset + lo - l.start:l.offset + min(hi, l.file_end) - l.start] if lo < l.file_end else b""
            found.append((lo, data + bytes(hi - lo - len(data))))
    return found


def unknown_regs(core):
    """{tid in the core's own notes: names} of registers that the core says it does not know."""
    return {int(t["ns-tid"]): set(t.get("unknown-regs", "").split(",")) for t in core.noted_threads}


def compare_cores(old, new):
    """What the new core has wrong: bytes that differ, registers that differ, threads without any. What it lacks, as
    {reason: pages}. How many pages it holds. Registers that the new one says it does not know must be 0."""
    a, b = Core(old), Core(new)
    wrong, lacks, nr = [], {}, 0
    for load in b.loads:
        nr += (load.end - load.start + PAGE_SIZE - 1) // PAGE_SIZE
        for start, y in bytes_of(b, load.start, load.end):
            for at, x in bytes_of(a, start, start + len(y)):
                if x != y[at - start:at - start + len(x)]:
                    wrong.append(f"0x{at:x} of {len(x)} bytes differs")
    for load in a.loads:
        for addr in range(load.start & -PAGE_SIZE, load.end, PAGE_SIZE):
            if not b.load_of(max(addr, load.start)):
                r = b.range_of(addr)
                lacks[r.reason if r else "?"] = lacks.get(r.reason if r else "?", 0) + 1
    regs, unknown = {t["pid"]: t for t in a.threads}, unknown_regs(b)
    for t in b.threads:
        other = regs.get(t["pid"], {})
        wrong += [f"{reg} of thread {t['pid']} differs" for reg in REGS
                  if t[reg] != (0 if reg in unknown.get(t["pid"], ()) else other.get(reg))]
    wrong += [f"thread {pid} has no registers now" for pid in sorted(set(regs) - {t["pid"] for t in b.threads})]
    return wrong, lacks, nr
