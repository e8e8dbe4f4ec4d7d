#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""scripts.py SELKIE OPTIONS [NAME...]: shell scripts of scripts/, natively and in a container, must print the same.

The container's root is the host's, read-only; the scripts run in a volume. A script whose programs are not installed
is left out."""
import difflib
import os
import shutil
import subprocess
import sys
import tempfile

TIMEOUT = 120
HERE = os.path.dirname(os.path.abspath(__file__))
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
NEEDS = {"tools": ("tar", "gzip", "awk"), "shells": ("busybox", "bash", "perl"), "git": ("git",),
         "sqlite": ("sqlite3",), "compile": ("gcc", "make"), "python": ("/usr/bin/python3",),
         "archives": ("tar", "gzip", "bzip2", "xz", "dpkg-deb", "ar"), "editors": ("ed", "vim", "less", "perl"),
         "crypto": ("openssl",), "many": ("make", "perl", "flock")}


def run(command, folder):
    """In files, not pipes: a forgotten background process must not make us wait."""
    with open(os.path.join(folder, ".output"), "wb+") as output:
        status = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                timeout=TIMEOUT, cwd=folder,
                                env=dict(os.environ, PATH=PATH, LC_ALL="C", HOME="/")).returncode
        output.seek(0)
        return output.read().decode(errors="replace").splitlines() + [f"status {status}"]


def main():
    selkie, options, names = sys.argv[1], [word for word in sys.argv[2].split(",") if word], sys.argv[3:]
    failed = 0
    for name in names or NEEDS:
        if not all(shutil.which(program, path=PATH) for program in NEEDS[name]):
            print(f"{name}: not installed")
            continue
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other, \
                tempfile.TemporaryDirectory() as passing:
            script = os.path.join(HERE, "scripts", name + ".sh")
            shutil.copy(script, os.path.join(other, ".script"))
            expected = run(["/bin/sh", script], one)
            got = run([selkie, "container", "run", "--alone", "--rootfs=/:ro", f"--volume={other}:/mnt", f"--volume={passing}:/tmp", "--workdir=/mnt",
                       "--memory=1G", f"--env=PATH={PATH}", "--env=LC_ALL=C", "--env=HOME=/",
                       f"--timeout={TIMEOUT - 10}", *options, "--", "/bin/sh", "/mnt/.script"], other)
        if expected == got:
            print(f"{name}: {len(got)} lines are the same")
        else:
            failed += 1
            print(f"{name}:")
            print("\n".join(difflib.unified_diff(expected, got, "native", "container", lineterm="", n=1)))
    return 1 if failed else 0


sys.exit(main())
