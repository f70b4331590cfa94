# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside gdb for check-gdb: looks at a core as a person would, writes what it saw as JSON to
the file that $VMSIFT_LOOK names. The list of expressions is in $VMSIFT_ASK as JSON."""
import json
import os

import gdb

FRAMES_MAX = 200


def frames():
    found, frame = [], gdb.newest_frame()
    while frame is not None and len(found) < FRAMES_MAX:
        found.append([frame.name(), frame.pc()])
        last, frame = frame, frame.older()
        if frame is None and last.unwind_stop_reason() != gdb.FRAME_UNWIND_OUTERMOST:
            found.append(["stopped: " + gdb.frame_stop_reason_string(last.unwind_stop_reason()), 0])
    return found


def run(command):
    try:
        return {"text": gdb.execute(command, to_string=True)}
    except gdb.error as e:
        return {"error": str(e)}


def evaluate(text):
    try:
        return str(gdb.parse_and_eval(text))
    except gdb.error as e:
        return f"error: {e}"


def main():
    ask = json.loads(os.environ["VMSIFT_ASK"])
    seen = {"threads": {}, "commands": {}, "values": {}, "each": {}}
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        tid = str(thread.ptid[1])
        try:
            seen["threads"][tid] = frames()
        except gdb.error as e:
            seen["threads"][tid] = [[f"error: {e}", 0]]
        seen["each"][tid] = {e: evaluate(e) for e in ask["each"]}
    seen["nr_threads"] = len(gdb.selected_inferior().threads())
    for command in ask["commands"]:
        seen["commands"][command] = run(command)
    for expression in ask["values"]:
        seen["values"][expression] = evaluate(expression)
    with open(os.environ["VMSIFT_LOOK"], "w", encoding="utf-8") as f:
        json.dump(seen, f)


main()
