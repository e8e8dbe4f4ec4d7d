#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""calls.py SELKIE OPTIONS KIND PROGRAM...: the differential test of system calls.

Each program runs natively in an empty directory, and in a container whose root is another one. Output, error output
and status must be equal, but for the lines that DIFFERS allows, each with its reason. Words of OPTIONS are separated
by commas. With KIND "overlay" the directory is the lower layer of the root, the program's own files lie there from
the beginning, and nothing in it may change; else "plain". A program that cannot be had natively either (it prints "skip" first) is left out."""
import difflib
import os
import resource
import shutil
import subprocess
import sys
import tempfile

TIMEOUT = 60
NETWORK = "--network=listen:*:*,connect:*:*,listen:unix,connect:unix"


def outcome(result):
    return [line for line in result.stdout.decode(errors="replace").splitlines()] + [f"status {result.returncode}"]


def limits_set():
    """A container's processes may open 1024 files, whatever ours may."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wish = 1024 if hard == resource.RLIM_INFINITY else min(1024, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wish, hard))


def native(program):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(program, folder)
        return subprocess.run(["./" + os.path.basename(program)], cwd=folder, capture_output=True, timeout=TIMEOUT,
                              stdin=subprocess.DEVNULL, preexec_fn=limits_set)


def contained(selkie, options, kind, program):
    layers = ":O" if kind == "overlay" else ""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(program, folder)
        result = subprocess.run([selkie, "container", "run", "--alone", f"--rootfs={folder}{layers}",
                                 f"--timeout={TIMEOUT - 10}", NETWORK, *options, "--", "/" + os.path.basename(program)],
                                capture_output=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
        if layers and os.listdir(folder) != [os.path.basename(program)]:
            result.stdout += f"the lower layer has {os.listdir(folder)}".encode()
        return result


def main():
    selkie, options, kind, programs = sys.argv[1], [word for word in sys.argv[2].split(",") if word], sys.argv[3], sys.argv[4:]
    failed = 0
    for program in programs:
        expected = native(program)
        if expected.stdout.startswith(b"skip"):
            print(f"{os.path.basename(program)}: {expected.stdout.decode().strip()}")
            continue
        got = contained(selkie, options, kind, program)
        before, after = outcome(expected), outcome(got)
        if before != after:
            failed += 1
            print(f"{os.path.basename(program)}:")
            print("\n".join(difflib.unified_diff(before, after, "native", "container", lineterm="", n=1)))
            sys.stdout.write(got.stderr.decode(errors="replace"))
        else:
            print(f"{os.path.basename(program)}: {len(before)} lines are the same")
    return 1 if failed else 0


sys.exit(main())
