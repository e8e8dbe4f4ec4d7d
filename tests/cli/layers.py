#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""layers.py ROOT: every #include of the tree points along the arrows of the architecture.

    abi <- kernel -> machine <- engine -> host;  machine <- hostio <- engine;  run -> kernel, check, engine, device, lib;  cmd -> bench -> run

Arrows are transitive. An engine includes what engines share (engine/x86_64) but no other engine. Also kept: the
kernel includes no header of the host's C library, what runs in a guest's process (the pad) none but those that say
how the host is called, at any depth, and programs for seL4 (lib, examples) include nothing of Selkie's inside."""
import os
import re
import sys

MAY_INCLUDE = {
    "abi": {"abi"},
    "machine": {"machine", "abi/host_io.h"},
    "hostio": {"hostio", "machine", "abi/host_io.h"},
    "kernel": {"kernel", "abi", "machine"},
    "check": {"check", "kernel", "abi", "machine"},
    "host": {"host"},
    "device": {"device", "machine"},
    "engine": {"hostio", "engine/engine.h", "engine/sim", "kernel", "abi", "machine", "host"},
    "engine/x86_64": {"engine/x86_64", "kernel/kernel.h", "abi", "machine", "host"},
    "engine/ptrace": {"hostio", "engine/engine.h", "engine/ptrace", "engine/x86_64", "kernel", "abi", "machine", "host"},
    "engine/direct": {"hostio", "engine/engine.h", "engine/direct", "engine/x86_64", "kernel", "abi", "machine", "host"},
    "engine/direct/pad": {"hostio", "engine/direct", "engine/x86_64", "kernel", "abi", "machine"},
    "run": {"hostio", "run", "check", "engine", "kernel", "abi", "machine", "device", "host", "lib"},
    "bench": {"hostio", "bench", "run", "engine", "kernel", "abi", "machine", "host", "lib"},
    "cmd": {"hostio", "cmd", "container/control.h", "container/index.h", "bench", "run", "engine", "kernel", "abi", "machine", "host"},
    "lib": {"lib"},
    "container": {"container", "lib"},
    "examples": {"examples", "lib"},
}
TOPS = {folder.split("/")[0] for folder in MAY_INCLUDE}
FREESTANDING = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "string.h"}
HOST_CALLS = re.compile(r"(asm|asm-generic|linux)/|stdatomic\.h$")
IN_GUESTS = re.compile(r"engine/direct/pad/|hostio/|engine/x86_64/(context|exception|tsc)\.[ch]$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def includes(path):
    with open(path, encoding="utf-8", errors="replace") as source:
        return INCLUDE.findall(source.read())


def is_ours(kind, header):
    return kind == '"' and "/" in header and header.split("/")[0] in TOPS


def rule(path):
    """The innermost folder of `path` that has one."""
    while path not in MAY_INCLUDE:
        path = os.path.dirname(path)
    return path


def wrong(folder, kind, header):
    if is_ours(kind, header):
        return not any(header == part or header.startswith(part + "/") for part in MAY_INCLUDE[folder])
    return kind == "<" and folder in ("kernel", "abi") and header not in FREESTANDING


def hosted(root, path, seen):
    """The headers of the host's C library that `path` reaches."""
    seen.add(path)
    for kind, header in includes(os.path.join(root, path)):
        if kind == "<" and header not in FREESTANDING and not HOST_CALLS.match(header):
            yield path, header
        if is_ours(kind, header) and header not in seen and os.path.exists(os.path.join(root, header)):
            yield from hosted(root, header, seen)


def sources(root):
    for top in sorted(TOPS):
        for directory, _, files in os.walk(os.path.join(root, top)):
            for name in sorted(files):
                if name.endswith((".c", ".h", ".S", ".inc")):
                    yield os.path.relpath(os.path.join(directory, name), root)


def main():
    root = sys.argv[1]
    arrows = checked = 0
    for path in sources(root):
        checked += 1
        folder = rule(path)
        for kind, header in includes(os.path.join(root, path)):
            if wrong(folder, kind, header):
                print(f"{path}: {folder} must not include {header}")
                arrows += 1
        if IN_GUESTS.match(path):
            for by, header in hosted(root, path, set()):
                print(f"{path}: must not include <{header}>, as {by} does")
                arrows += 1
    print(f"{checked} files, {arrows} wrong includes")
    return 1 if arrows or not checked else 0


sys.exit(main())
