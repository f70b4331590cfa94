#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""oracle_btf_pahole.py ORACLE_BTF BTF

Compares the members and sizes that our BTF reader finds (as "oracle_btf -p" prints them) with what
pahole prints of the same raw BTF file. Enumerators are left to libbpf (oracle_btf without -p).
Status: 0 all agree; 1 something differs; 77 there is no pahole, or it does not take the file.
"""
import functools
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MEMBER = re.compile(r"^(?P<decl>.*?)(?P<name>\w+)(?P<array>(\[\d*\])*)(:(?P<width>\d+))?"
                    r"( __attribute__\(\(.*\)\))?;\s*/\*\s+(?P<off>\d+)(:\s*(?P<bit>\d+))?\s+(?P<size>\d+)")
POINTER_TO_FUNCTION = re.compile(r"^(?P<decl>.*)\(\*(?P<name>\w+)(?P<array>(\[\d*\])*)\)\(.*\);"
                                 r"\s*/\*\s+(?P<off>\d+)(?P<bit>)(?P<width>)\s+(?P<size>\d+)")


def definitions():
    """(id, kind, type, names) of layout.def."""
    text = open(os.path.join(HERE, "../../src/kernel/layout.def"), encoding="utf-8").read()
    for kind, args in re.findall(r"^(TYPE|MEMBER)\((.*?)\)\s*(?:/\*.*)?$", text, re.M):
        args = [a.strip().strip('"') for a in args.split(",")]
        yield args[0], kind, args[1], args[2] if kind == "MEMBER" else None


class Type:
    """What pahole prints of one struct or union: size, members of the outermost level by name."""

    def __init__(self, text):
        self.members, self.size = {}, None
        names = []  # of nested structs that are open: their lines wait for the closing brace's name
        for line in text.splitlines():
            line = line.strip()
            if found := re.match(r"/\* size: (\d+),", line):
                self.size = int(found[1])
            elif line.endswith("{") or re.match(r".*\{\s*/\*.*\*/$", line):
                names.append({})
            elif line.startswith("}") and len(names) > 1:
                inner = names.pop()
                found = MEMBER.match(line[1:].strip())
                if found:  # "} name[2]; /* 24 16 */"
                    start = int(found["off"])
                    names[-1][found["name"]] = (found, {n: (m, s, o) for n, (m, s, o) in inner.items()}, start)
                else:
                    names[-1].update(inner)
            elif names:
                found = POINTER_TO_FUNCTION.match(line) or MEMBER.match(line)
                if found:
                    names[-1][found["name"]] = (found, None, int(found["off"]))
                if line.startswith("}"):
                    break
        self.members = names[0] if names else {}


def main(argv):
    if len(argv) != 3:
        return 2
    if not shutil.which("pahole"):
        return 77

    @functools.lru_cache(None)
    def get(name):
        done = subprocess.run(["pahole", "-F", "btf", "-C", name, argv[2]], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return Type(done.stdout)

    def find(name, path):
        """(offset, size, count, bit, width) of a member path, or None."""
        at, members = 0, get(name).members
        steps = path.split(".")
        for i, step in enumerate(steps):
            member = re.sub(r"\[.*", "", step)
            if member not in members:
                return None
            found, inner, off = members[member]
            base = at + off
            dims = [int(d) for d in re.findall(r"\[(\d+)\]", found["array"] or "")]
            if i == len(steps) - 1:
                return (base, int(found["size"]), dims[0] if dims else 0, found["bit"], found["width"])
            if inner is not None:
                members, at = inner, at
                continue
            at = base
            words = found["decl"].split()
            if "*" in found["decl"]:
                return None
            members = get(words[-1]).members
        return None

    ours = {}
    for line in subprocess.check_output([argv[1], "-p", argv[2]], text=True).splitlines():
        words = line.split()
        ours[words[0]] = words[1:]
    bad = good = absent = 0
    for name, kind, type_name, paths in definitions():
        mine = ours.pop(name)
        if kind == "TYPE":
            size = get(type_name).size
            want = None if size is None else (size,)
            have = None if mine == ["-"] else (int(mine[0]),)
        else:
            want = next((f for f in (find(type_name, p) for p in paths.split("|")) if f), None)
            have = None
            if mine != ["-"]:
                bit = dict(zip(mine[7::2], mine[8::2]))
                have = (int(mine[0]), int(mine[2]), int(mine[4]), bit.get("bit"), bit.get("width"))
            if have and have[4] and want:
                # pahole counts bytes and bits from the storage unit
                have = (have[0] * 8 + int(have[3]), have[4])
                want = (want[0] * 8 + int(want[3]), want[4])
        absent += want is None
        good += want is not None and want == have
        if want != have:
            bad += 1
            print(f"{name}: ours {have}, pahole {want}")
    print(f"{good} agree, {absent} absent, {bad} different")
    return 1 if bad or not good else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
