#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""host_calls.py SELKIE SOURCES [--list]: the host system calls that Selkie's processes make are those of the docs.

docs/host-system-calls.md lists them for each kind of process. Where a filter enforces a list, it must be that of the
source, and the host must say that the filter is there. Runs that do a little of everything are watched with strace;
--list prints what was seen. Without strace only the source and the filters are looked at."""
import os
import re
import shutil
import subprocess
import sys
import time

from managed import Managed, check, eventually, finish
from ports import port_free

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
PROGRAM = r"""
import fcntl, mmap, os, select, signal, socket, subprocess, sys, threading, time
sys.stdin.readline()
os.chdir("/data")
with open("f", "w") as file: file.write("text"); os.fsync(file.fileno())
os.mkdir("d"); os.rename("f", "d/g"); os.symlink("d", "l"); os.link("d/g", "h"); os.mkfifo("p"); os.readlink("l")
os.chmod("h", 0o600); os.utime("h", (1, 1)); os.truncate("h", 10); os.listdir("l"); os.unlink("l"); os.unlink("p")
fd = os.open("h", os.O_RDWR); fcntl.flock(fd, fcntl.LOCK_EX); fcntl.lockf(fd, fcntl.LOCK_EX); os.lseek(fd, 0, 2)
os.pwrite(fd, b"x", 9); os.pread(fd, 1, 0); os.ftruncate(fd, 8192); os.posix_fallocate(fd, 0, 100); os.fdatasync(fd)
os.fchmod(fd, 0o644); m = mmap.mmap(fd, 8192); m[0] = 1; m.flush(); os.sync(); os.preadv(fd, [bytearray(4)], 0)
server = socket.create_server(("127.0.0.1", 0)); port = server.getsockname()[1]
client = socket.create_connection(("127.0.0.1", port)); other, _ = server.accept(); other.sendall(b"x" * 100000)
count = 0
while count < 100000: count += len(client.recv(65536))
client.getpeername(); client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR); client.shutdown(socket.SHUT_RDWR)
client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); socket.socketpair()
for i in range(3): t = threading.Thread(target=time.sleep, args=(0.01,)); t.start(); t.join()
e = select.epoll(); r, w = os.pipe(); e.register(r, select.EPOLLIN); os.write(w, b"x"); e.poll(1)
signal.signal(signal.SIGALRM, lambda *_: 0); signal.setitimer(signal.ITIMER_REAL, 0.01); time.sleep(0.03)
end = time.monotonic() + 0.1
while time.monotonic() < end: sum(range(1000))
assert subprocess.run(["/bin/cat"], input=b"through", stdout=subprocess.PIPE).stdout == b"through"
if os.fork() == 0: os._exit(3)
os.wait(); print("done")
"""
SCRIPT = ("/usr/bin/python3", "-c", PROGRAM)


def documented(sources):
    """Kind of process -> the calls listed for it: the code blocks of the page, by the heading before them."""
    with open(os.path.join(sources, "docs/host-system-calls.md"), encoding="utf-8") as file:
        text = file.read()
    return {kind: set(block.split()) for kind, block in re.findall(r"^## .*?\(`(.*?)`\)\n.*?```\n(.*?)```", text, re.M | re.S)}


def source_of(sources, *path):
    with open(os.path.join(sources, *path), encoding="utf-8") as file:
        return file.read()


def filtered(sources):
    """What the filter of a guest process lets pass, and what of it only with arguments that it looks at."""
    code = source_of(sources, "engine/direct/pad/filter.c")
    own = set(re.findall(r"(?:ALLOW|SKIP_UNLESS)\(__NR_(\w+)", code))
    of_objects = {name.lower() for name in re.findall(r"\b(?:__NR_|NR_)(\w+)", source_of(sources, "hostio/calls.c"))}
    return own | of_objects


def stubbed(sources):
    """What the monitor of ptrace lets its guest processes do."""
    folder = os.path.join(sources, "engine/ptrace")
    files = [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names if name.endswith(".c")]
    return {name for file in files for name in re.findall(r"\bSYS_(\w+)", source_of(file))}


# The manager's process, and the child of a command with a container alone.
RUNS = ('prctl(PR_SET_NAME, "selkie-manager"', "prctl(PR_SET_PDEATHSIG, SIGTERM")
NUMBERED = {"syscall_0x1c4": "fchmodat2"}


def kind_of(lines):
    """Of a process, by what it did first."""
    if any(line.startswith(start) for start in RUNS for line in lines):
        return "run"
    if any(line.startswith("execve(") for line in lines[:1]):
        return "command"
    if any(line.startswith("execveat(") for line in lines):
        return "template"
    return "guest" if any("PR_SET_SYSCALL_USER_DISPATCH" in line for line in lines) else "command"


def calls_of(lines):
    return [NUMBERED.get(found[1], found[1]) for found in (re.match(r"(?:<\.\.\. )?([a-z_]\w*)[( ]", line) for line in lines) if found]


def traces_read(folder, seen):
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
            lines = file.readlines()
        kind = kind_of(lines)
        calls = calls_of(lines)
        at = next((i for i, line in enumerate(lines) if "PR_SET_SECCOMP" in line), -1)
        if kind == "guest":
            check("guest processes have a filter", at >= 0)
            seen.setdefault("guest-start", set()).update(calls_of(lines[:at + 1]))
            calls = calls_of(lines[at + 1:])
        seen.setdefault(kind, set()).update(calls)


def strace(folder, words):
    os.makedirs(folder, exist_ok=True)
    return ["strace", "-ff", "-qq", "-e", "signal=none", "-o", os.path.join(folder, f"t{time.monotonic_ns()}"), *words]


def watched(m, seen):
    """On direct: commands, the manager, guest processes, all from their first call. The first command starts the manager,
    so whoever watches that one goes on until the manager ends."""
    folder = m.path("traces")
    os.mkdir(m.path("data"))
    given = ("--rootfs=/:ro", f"--volume={m.path('data')}:/data", "--network=listen:127.0.0.1:*,connect:127.0.0.1:*")

    def start(*words):
        return subprocess.Popen(strace(folder, m.words(*words)), env=m.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    first = start("run", *given, *SCRIPT)
    check("the program works", first.stdout.readline() == b"done\n")
    for words in (("run", "-d", "--name", "one", *given, "/bin/sleep", "100"), ("ps",), ("inspect", "one"), ("stats",),
                  ("logs", "one"), ("exec", "one", "/bin/true"), ("kill", "one"), ("wait", "one"), ("rm", "one"),
                  ("run", "-d", "--rm", "--rootfs=/:O", f"--publish={port_free()}:80", "/bin/true"),
                  ("run", "--alone", *given, "/bin/true"), ("ps", "-a"), ("shutdown",)):
        with start(*words) as command:
            output, _ = command.communicate(timeout=100)
            check(f"{words}", command.returncode == 0, output)
    first.communicate(timeout=100)
    traces_read(folder, seen)


def watched_ptrace(selkie, folder, seen):
    """Who traces others can be watched itself, if not those whom it traces; the run is a child of the command."""
    os.mkdir(folder)
    os.mkdir(os.path.join(folder, "data"))
    command = subprocess.Popen([selkie, "container", "run", "--alone", "--engine=ptrace", "--rootfs=/:ro",
                                f"--volume={folder}/data:/data", "--network=listen:127.0.0.1:*,connect:127.0.0.1:*",
                                *SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    stubs = []

    def started():
        for pid in children(command.pid):
            stubs[:] = children(pid)
            if len(stubs) >= 3:
                return pid
        return None

    check("it runs", eventually(started))
    run = started()
    for pid in stubs:
        check("guest processes are traced", eventually(lambda: status_of(pid, "TracerPid") == str(run)), pid)
    trace = os.path.join(folder, "trace")
    with subprocess.Popen(["strace", "-qq", "-e", "signal=none", "-o", trace, "-p", str(run)]) as watcher:
        check("it is watched", eventually(lambda: status_of(run, "TracerPid") == str(watcher.pid)))
        output, _ = command.communicate(b"\n", timeout=200)
    check("the program works", output.endswith(b"done\n"), output)
    with open(trace, encoding="utf-8", errors="replace") as file:
        seen.setdefault("run", set()).update(calls_of(file.readlines()))


def children(pid):
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                found += [int(child) for child in file.read().split()]
    except OSError:
        pass
    return found


def status_of(pid, name):
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            return re.search(rf"^{name}:\s*(\S+)", file.read(), re.M)[1]
    except (OSError, TypeError):
        return None


def filters(m):
    """What the host says: guest processes of direct have a filter and cannot get rid of it; the one that makes them and
    the run have none."""
    m.command("run", "-d", "--name", "filtered", "--rootfs=/:ro", "/bin/sleep", "100")
    manager = m.managers()[0]

    def guests_of():
        return [pid for pid in children(manager) if status_of(pid, "Seccomp") not in ("0", None)]

    check("there are guest processes", eventually(lambda: len(guests_of()) >= 3))
    guests = guests_of()
    for pid in guests:
        check("a guest is filtered", (status_of(pid, "Seccomp"), status_of(pid, "NoNewPrivs")) == ("2", "1"), pid)
    check("the template is not", eventually(lambda: len(children(manager)) - len(guests_of()) == 1))
    check("the manager is not", status_of(manager, "Seccomp") == "0")
    m.command("rm", "-f", "filtered")


def main():
    selkie, sources = sys.argv[1:3]
    os.environ["PATH"] = PATH
    listed = documented(sources)
    check("all kinds", set(listed) == {"command", "run", "template", "guest-start", "guest", "stub"}, listed.keys())
    for kind, calls in (("guest", filtered(sources)), ("stub", stubbed(sources))):
        check(f"{kind}: the list is that of the source", listed.get(kind) == calls, listed.get(kind, set()) ^ calls)
    seen = {}
    with Managed(selkie, "--engine=direct") as m:
        filters(m)
        m.command("shutdown")
        if shutil.which("strace"):
            watched(m, seen)
            watched_ptrace(selkie, m.path("ptrace"), seen)
    for kind, calls in sorted(seen.items()):
        check(f"{kind}: not listed", calls <= listed.get(kind, set()), sorted(calls - listed.get(kind, set())))
        if "--list" in sys.argv:
            print(f"{kind}: {' '.join(sorted(calls))}")
    finish()


main()
