#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""isolation.py SELKIE OPTIONS PROGRAMS: a file beside a container's root, a lower layer or a volume, is out of reach.

escape tries all it can while this side moves directories of the root up and down, and out of it and back."""
import os
import shutil
import subprocess
import sys
import tempfile

TIMEOUT = 60
SECONDS = 3


def tree(top):
    os.makedirs(os.path.join(top, "a/b/c"))
    os.makedirs(os.path.join(top, "x"))
    os.symlink("../../..", os.path.join(top, "up"))
    os.symlink("../../../..", os.path.join(top, "a/up"))
    os.symlink("../..", os.path.join(top, "a/b/up"))
    os.symlink("/../secret", os.path.join(top, "absolute"))


def churn(top):
    """Move c out from under whoever walks up from it."""
    for source, target in (("a/b/c", "x/c"), ("x/c", "../c"), ("../c", "a/b/c"), ("a/b", "x/b"), ("x/b", "a/b")):
        os.rename(os.path.join(top, source), os.path.join(top, target))


def check(selkie, options, programs, kind):
    with tempfile.TemporaryDirectory() as place:
        top = os.path.join(place, "root")
        tree(top)
        with open(os.path.join(place, "secret"), "w", encoding="utf-8") as file:
            file.write("outside\n")
        program = os.path.join(programs, "container_escape")
        if kind == "volume":
            base = os.path.join(place, "base")
            os.makedirs(os.path.join(base, "volume"))
            shutil.copy(program, os.path.join(base, "escape"))
            where = [f"--rootfs={base}", f"--volume={top}:/volume", "--workdir=/volume"]
        else:
            shutil.copy(program, os.path.join(top, "escape"))
            where = [f"--rootfs={top}" + (":O" if kind == "lower layer" else "")]
        run = subprocess.Popen([selkie, "container", "run", "--alone", *where, *options, f"--timeout={TIMEOUT - 10}",
                                "--", "/escape", str(SECONDS)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        while run.poll() is None:
            churn(top)
        output = run.stdout.read().decode()
        is_good = run.returncode == 0 and "many tries, 0 reached" in output and os.path.exists(
            os.path.join(place, "secret"))
        print(f"{kind}: {'ok' if is_good else 'FAILED'} {output.strip()}")
        return is_good


def main():
    selkie, options, programs = sys.argv[1], [word for word in sys.argv[2].split(",") if word], sys.argv[3]
    results = [check(selkie, options, programs, kind) for kind in ("root", "lower layer", "volume")]
    return 0 if all(results) else 1


sys.exit(main())
