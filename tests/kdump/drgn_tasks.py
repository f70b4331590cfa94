#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""drgn_tasks.py VMLINUX A B: whether drgn's helpers find the same tasks, with the same stacks, in both dumps.

Stacks of dead tasks, which the kernel has freed, are not looked at. drgn 0.0.22 does not know the ORC tables of 6.4
and later and says so: then that is what it must say of both. Those of 7.1 and later, which number registers anew, it
takes for older ones until a number is unknown to it; where it goes by them is chance, and stacks are not compared.
Status 1 if anything differs."""
import sys

import drgn
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.sched import task_state_to_char


def stack_of(prog, pid):
    try:
        return str(prog.stack_trace(pid))
    except Exception as e:  # pylint: disable=broad-except
        if "unknown ORC " not in str(e):
            raise
        return str(e)


def tasks(vmlinux, path):
    prog = drgn.Program()
    prog.set_core_dump(path)
    prog.load_debug_info([vmlinux])
    found = []
    for t in for_each_task(prog):
        state = task_state_to_char(t)
        stack = "" if state in "ZX" else stack_of(prog, t.pid.value_())
        found.append((t.pid.value_(), t.comm.string_(), state, t.mm.value_(), stack))
    return found


def main():
    a, b = tasks(sys.argv[1], sys.argv[2]), tasks(sys.argv[1], sys.argv[3])
    refused = sum("unknown ORC " in x[4] for x in a)
    note = f", {refused} of whose stacks it refuses" if refused else " with their stacks"
    if any("unknown ORC " in x[4] and "base register" in x[4] for x in a):
        a, b = [x[:4] for x in a], [x[:4] for x in b]
        note = ", their stacks not compared: it misreads the ORC tables"
    for x, y in zip(a, b):
        if x != y:
            print(f"{x}\n{y}")
            return 1
    print(f"{len(a)} tasks{note}")
    return 0 if len(a) == len(b) > 10 else 1


if __name__ == "__main__":
    sys.exit(main())
