#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""given.py SELKIE OPTIONS: what a container is given is what its programs find: read-only volumes, the home of their
user, a program behind links, a document on standard input."""
import os
import subprocess
import sys
import tempfile

TIMEOUT = 60
FAILED = []


def run(selkie, options, volumes, *command, **more):
    given = [f"--volume={volume}" for volume in volumes]
    return subprocess.run([selkie, "container", "run", "--alone", f"--timeout={TIMEOUT - 10}", *options, *given, "--",
                           *command], capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL, **more)


def expect(what, result, wanted):
    if result.stdout != wanted or result.returncode != 0:
        FAILED.append(what)
        print(f"{what}: wanted {wanted!r}, got {result}")


def access_check(selkie, options, folder):
    """access(2) knows what is read-only, by either name and by descriptors; special files are no matter of it."""
    os.makedirs(f"{folder}/kept")
    os.mkfifo(f"{folder}/kept/fifo")
    with open(f"{folder}/kept/file", "w", encoding="utf-8"):
        pass
    os.symlink("/mnt/rw/kept/file", f"{folder}/kept/out")
    script = ("for f in /mnt/ro /mnt/ro/file /mnt/ro/fifo /mnt/ro/out /mnt/rw/kept /mnt/rw/kept/file "
              "/etc/passwd /etc /dev/null; do test -w $f && echo $f; done; cd /mnt/ro; test -w file && echo relative; "
              "test -w . && echo here; exit 0")
    wanted = "/mnt/ro/fifo\n/mnt/ro/out\n/mnt/rw/kept\n/mnt/rw/kept/file\n/dev/null\n"
    volumes = [f"{folder}/kept:/mnt/ro:ro", f"{folder}:/mnt/rw"]
    expect("access", run(selkie, options + ["--rootfs=/:ro", "--user=0"], volumes, "/bin/sh", "-c", script), wanted)


def home_check(selkie, options, folder):
    """HOME is what the container's own etc/passwd says."""
    root = f"{folder}/root"
    os.makedirs(f"{root}/etc")
    with open(f"{root}/etc/passwd", "w", encoding="utf-8") as users:
        users.write("root:x:0:0:root:/home/of-root:/bin/sh\nbad:x:12\nann:x:1000:1000:Ann:/home/ann:/bin/sh\n")
    for path in ("bin", "lib", "lib64", "usr"):
        os.symlink(f"/host/usr/{path}" if path != "usr" else "/host/usr", f"{root}/{path}")
    options = options + [f"--rootfs={root}:O"]
    for more, wanted in (([], "/home/of-root"), (["--user=ann"], "/home/ann"), (["--user=1000"], "/home/ann"),
                         (["--user=4711"], "/"), (["--user=ann", "--env=HOME=/else"], "/else")):
        expect(f"home {more}", run(selkie, options + more, ["/:/host:ro"], "/bin/sh", "-c", "echo $HOME"), wanted + "\n")


def links_check(selkie, options, folder):
    """A program behind links is told where it is, natively and by its interpreter."""
    os.symlink("/usr/bin/readlink", f"{folder}/one")
    os.symlink("one", f"{folder}/two")
    options = options + ["--rootfs=/:ro"]
    volumes = [f"{folder}:/mnt"]
    expect("link", run(selkie, options, volumes, "/mnt/two", "/proc/self/exe"), os.path.realpath("/usr/bin/readlink") + "\n")
    expect("link by exec", run(selkie, options, volumes, "/bin/sh", "-c", "/mnt/one /proc/self/exe; true"),
           os.path.realpath("/usr/bin/readlink") + "\n")


def document_check(selkie, options, folder):
    """What a shell makes of a here document has no name: it is opened by that of its descriptor."""
    lines = "a line of text\n" * 8000
    options = options + ["--rootfs=/:O"]
    script = f"wc -c /dev/stdin <<X\n{lines}X\nhead -c 6 /proc/self/fd/0 <<X\n{lines}X\n"
    with tempfile.NamedTemporaryFile("w", suffix=".sh", dir=folder) as file:
        file.write(script)
        file.flush()
        os.chmod(file.name, 0o644)
        expect("document", run(selkie, options, [f"{folder}:/mnt"], "/bin/bash", "/mnt/" + os.path.basename(file.name)),
               f"{len(lines)} /dev/stdin\na line")


def output_check(selkie, options, folder):
    """Who writes to /dev/stdout by name does not begin the container's output anew."""
    with open(f"{folder}/out", "w", encoding="utf-8") as out:
        subprocess.run([selkie, "container", "run", "--alone", f"--timeout={TIMEOUT - 10}", *options, "--rootfs=/:ro",
                        "--", "/bin/sh", "-c", "echo 1; echo 2 >/dev/stdout; echo 3 >>/proc/self/fd/1; echo 4"],
                       stdout=out, stdin=subprocess.DEVNULL, timeout=TIMEOUT, check=False)
    with open(f"{folder}/out", encoding="utf-8") as out:
        text = out.read()
    if text != "1\n2\n3\n4\n":
        FAILED.append("output")
        print(f"output: {text!r}")


def main():
    selkie, options = sys.argv[1], [word for word in sys.argv[2].split(",") if word]
    for check in (access_check, home_check, links_check, document_check, output_check):
        with tempfile.TemporaryDirectory() as folder:
            check(selkie, options, folder)
    print(f"{len(FAILED)} failed")
    return 1 if FAILED else 0


sys.exit(main())
