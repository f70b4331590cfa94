# SPDX-License-Identifier: GPL-2.0-or-later
# Run inside gdb: what a core shows, as lines of JSON. Asked for by the environment: PROBE_ADDRESSES names a
# file of hexadecimal addresses, PROBE_VARIABLES a file of expressions.
import json
import os
import re

import gdb


def say(kind, **fields):
    print("@" + json.dumps(dict(kind=kind, **fields)))


def text(command):
    try:
        return gdb.execute(command, to_string=True)
    except gdb.error as e:
        return "error: %s" % e


def frames():
    out = []
    frame = gdb.newest_frame()
    while frame is not None and len(out) < 500:
        sal = frame.find_sal()
        out.append("%x %s %s:%d" % (frame.pc(), frame.name(), sal.symtab.filename if sal.symtab else "-", sal.line))
        try:
            frame = frame.older()
        except gdb.error as e:
            out.append("error: %s" % e)
            break
    return out


def threads():
    for thread in sorted(gdb.selected_inferior().threads(), key=lambda t: t.ptid[1]):
        thread.switch()
        say("thread", tid=thread.ptid[1], name=re.sub(r" .*", "", text("info threads %d" % thread.num).split("*")[-1].split(None, 1)[-1]),
            frames=frames(), tls=[text("p " + v).strip() for v in os.environ.get("PROBE_TLS", "").split()])


def libraries():
    for line in text("info sharedlibrary").splitlines():
        m = re.match(r"(0x\w+)\s+(0x\w+)\s+\S+.*\s(/\S+)$", line)
        if m:
            say("library", start=m[1], path=m[3])


def memory():
    inferior = gdb.selected_inferior()
    for line in open(os.environ["PROBE_ADDRESSES"]):
        at = int(line, 16)
        try:
            say("memory", at=at, bytes=bytes(inferior.read_memory(at, 16)).hex())
        except gdb.error:
            say("memory", at=at, bytes=None)


def variables():
    for line in open(os.environ["PROBE_VARIABLES"]):
        say("variable", name=line.strip(), value=text("p " + line.strip()).strip())


def names():
    file = None
    for line in text("info variables").splitlines():
        m = re.match(r"File (.*):$", line)
        file = m[1] if m else file
        m = re.match(r"\d+:\s.*?([A-Za-z_]\w*)(\[[^;]*)?;$", line)
        if m and file:
            # The same name in several files would mean now one, now another.
            say("name", name="'%s'::%s" % (file, m[1]))


gdb.execute("set pagination off")
gdb.execute("set print elements 64")
gdb.execute("set width 0")
threads()
libraries()
if "PROBE_NAMES" in os.environ:
    names()
if "PROBE_ADDRESSES" in os.environ:
    memory()
if "PROBE_VARIABLES" in os.environ:
    variables()
say("end")
