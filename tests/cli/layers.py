#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""layers.py ROOT: every #include of the tree points along the arrows of the architecture.

    abi <- kernel -> machine <- engine -> host;  run -> kernel, engine, device, lib;  cmd -> bench -> run

Arrows are transitive. Also kept: the kernel includes no header of the host's C library, and programs for seL4
(lib, examples) include nothing of Selkie's inside."""
import os
import re
import sys

MAY_INCLUDE = {
    "abi": {"abi"},
    "machine": {"machine"},
    "kernel": {"kernel", "abi", "machine"},
    "check": {"check", "kernel", "abi", "machine"},
    "host": {"host"},
    "device": {"device", "machine"},
    "engine": {"engine", "kernel", "abi", "machine", "host"},
    "run": {"run", "engine", "kernel", "abi", "machine", "device", "host", "lib"},
    "bench": {"bench", "run", "host", "lib"},
    "cmd": {"cmd", "bench", "run", "engine", "kernel", "abi", "machine", "host"},
    "lib": {"lib"},
    "examples": {"examples", "lib"},
}
FREESTANDING = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "string.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def includes(path):
    with open(path, encoding="utf-8", errors="replace") as source:
        return INCLUDE.findall(source.read())


def wrong(folder, kind, header):
    top = header.split("/")[0]
    if kind == '"' and top in MAY_INCLUDE and "/" in header:
        return top not in MAY_INCLUDE[folder]
    return kind == "<" and folder in ("kernel", "abi") and header not in FREESTANDING


def main():
    root = sys.argv[1]
    arrows = checked = 0
    for folder in MAY_INCLUDE:
        for directory, _, files in os.walk(os.path.join(root, folder)):
            for name in sorted(files):
                if not name.endswith((".c", ".h", ".S", ".inc")):
                    continue
                path = os.path.join(directory, name)
                checked += 1
                for kind, header in includes(path):
                    if wrong(folder, kind, header):
                        print(f"{os.path.relpath(path, root)}: {folder} must not include {header}")
                        arrows += 1
    print(f"{checked} files, {arrows} wrong includes")
    return 1 if arrows or not checked else 0


sys.exit(main())
