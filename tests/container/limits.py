#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""limits.py SELKIE OPTIONS PROGRAMS: what a container cannot do, and how its end is told."""
import os
import subprocess
import sys
import tempfile

TIMEOUT = 60
failures = 0


def run(*words, root="/:ro", given=b""):
    selkie, options, _ = sys.argv[1:]
    return subprocess.run([selkie, "container", "run", f"--rootfs={root}", f"--timeout={TIMEOUT - 10}",
                           *[option for option in options.split(",") if option], *words],
                          input=given, capture_output=True, timeout=TIMEOUT)


def check(what, result, status, output=b""):
    global failures
    if result.returncode != status or output not in result.stdout + result.stderr:
        failures += 1
        print(f"{what}: {result}")


def main():
    global failures
    limits = os.path.join(sys.argv[3], "container_limits")
    check("no such program", run("/nonexistent"), 127)
    check("no program", run("/etc/passwd"), 126)
    check("segmentation fault", run(limits, "fault"), 128 + 11)
    check("abort", run(limits, "abort"), 128 + 6)
    check("status", run(limits, "exit", "77"), 77)
    check("no network", run(limits, "socket"), 0, b"socket: 13")
    check("read-only", run(limits, "create", "/tmp/selkie-container-test"), 0, b"create: 30")
    check("quota at once", run("--memory=32M", limits, "allocate"), 0, b"allocate: 12")
    check("quota bit by bit", run("--memory=32M", limits, "eat"), 128 + 9, b"out of memory")
    check("input", run("/bin/cat", given=b"through\n"), 0, b"through")
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, "inside"))
        with open(os.path.join(root, "inside/file"), "w", encoding="utf-8") as file:
            file.write("mine")
        with open(limits, "rb") as program, open(os.path.join(root, "limits"), "wb") as copy:
            copy.write(program.read())
        os.chmod(os.path.join(root, "limits"), 0o755)
        os.symlink("/../../../etc/passwd", os.path.join(root, "out"))
        os.symlink("../../../../etc", os.path.join(root, "inside/up"))
        os.symlink("/inside/file", os.path.join(root, "absolute"))
        for path, answer in (("/out", b"read: 2"), ("/../../etc/passwd", b"read: 2"), ("/inside/up/passwd", b"read: 2"),
                             ("/inside/../../inside/file", b"mine"), ("/absolute", b"mine"), ("inside//./file", b"mine"),
                             ("/proc/self/root/etc/passwd", b"read: 2")):
            check(path, run("/limits", "read", path, root=root), 0, answer)
        check("write", run("/limits", "create", "/made", root=root), 0, b"create: 0")
        if not os.path.exists(os.path.join(root, "made")):
            failures += 1
            print("write: nothing was made")
    print(f"{failures} failed")
    return 1 if failures else 0


sys.exit(main())
