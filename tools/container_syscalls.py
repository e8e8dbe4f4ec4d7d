#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Print docs/container-syscalls.md from container/linux/syscalls.inc; --check: is it what is there?"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROW = re.compile(r'^(IMPLEMENTED|PARTIAL|ABSENT)\((\d+), (\w+)(?:, (\w+))?(?:, "(.*)")?\)$', re.M)
HEAD = """# Linux system calls in containers

What the Linux personality (`container/linux`) answers. Printed by `tools/container_syscalls.py`; do not edit.
A call that is absent answers ENOSYS, and the container's log names it: once for each process that makes it, and
not again for children that it forks afterwards.

"""


def page():
    with open(os.path.join(ROOT, "container/linux/syscalls.inc"), encoding="utf-8") as source:
        rows = ROW.findall(source.read())
    count = {kind: sum(row[0] == kind for row in rows) for kind in ("IMPLEMENTED", "PARTIAL", "ABSENT")}
    text = HEAD + (f"{count['IMPLEMENTED']} implemented, {count['PARTIAL']} partial, {count['ABSENT']} absent.\n\n"
                   "| number | call | state | what is missing |\n|---|---|---|---|\n")
    for kind, number, name, _, note in rows:
        if kind != "ABSENT":
            text += f"| {number} | {name} | {kind.lower()} | {note} |\n"
    absent = ", ".join(name for kind, _, name, _, _ in rows if kind == "ABSENT")
    return text + f"\nAbsent: {absent}.\n"


def main():
    path = os.path.join(ROOT, "docs/container-syscalls.md")
    if "--check" in sys.argv:
        with open(path, encoding="utf-8") as there:
            if there.read() == page():
                return 0
        print("docs/container-syscalls.md is not what tools/container_syscalls.py prints")
        return 1
    with open(path, "w", encoding="utf-8") as to:
        to.write(page())
    return 0


sys.exit(main())
