#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""soak.py SELKIE OPTIONS [COUNT]: what ends leaves nothing behind in the manager, whatever it did before.

COUNT containers (60 unless told), one after the other and some at once: programs that just end, pipelines, servers
that are killed, fork bombs, memory eaten up, storms of signals, 500 processes. At rest, before and after, the
manager's processes must have the same number, the same descriptors, and hardly more memory."""
import os
import re
import socket
import subprocess
import sys
import time

from managed import Managed, check, eventually, finish

FORK_BOMB = r"""
import os, time
children = []
try:
    while len(children) < 2000:
        pid = os.fork()
        if pid == 0:
            time.sleep(100)
        children.append(pid)
except OSError as error:
    print("fork:", error.errno, len(children))
"""
BOMB_OF_SHELLS = "b() { b | b & b; }; b 2>/dev/null"
STORM = r"""
import os, signal, time
count = 0
def handler(*_):
    global count
    count += 1
signal.signal(signal.SIGUSR1, handler)
parent = os.getpid()
for i in range(4):
    if os.fork() == 0:
        for j in range(300): os.kill(parent, signal.SIGUSR1)
        os._exit(0)
for i in range(4): os.wait()
print("storm", count > 0)
"""
FILES = r"""
import os, socket, mmap, threading, select
kept = [os.open("/etc/passwd", os.O_RDONLY) for i in range(300)] + [os.pipe() for i in range(100)]
pairs = [socket.socketpair() for i in range(100)]
e = select.epoll()
for a, b in pairs: e.register(a, select.EPOLLIN)
m = [mmap.mmap(os.open("/usr/bin/python3", os.O_RDONLY), 65536, prot=mmap.PROT_READ) for i in range(50)]
t = [threading.Thread(target=lambda: e.poll(0.01)) for i in range(20)]
for x in t: x.start()
os.kill(os.getpid(), 9)
"""
# Pieces of less than a MiB are cleared when a container is gone, not given back to the host: KiB of them, wherever
# containers lay. However many there were, it is no more.
PIECES = 24 * 1024
PYTHON = "/usr/bin/python3"
# What it is, options, command, statuses that may be.
KINDS = (
    ("true", (), ("/bin/true",), {0}),
    ("pipeline", (), ("/bin/sh", "-c", "echo x | cat | cat | wc -c"), {0}),
    ("files", ("--memory=128M",), (PYTHON, "-c", FILES), {137}),
    ("memory", ("--memory=64M",), (PYTHON, "-c", "a = []\nwhile True: a.append(bytearray(1 << 20))"), {1, 137}),
    ("storm", (), (PYTHON, "-c", STORM), {0}),
    ("nobody", (), ("/nonexistent",), {127}),
    ("fault", (), (PYTHON, "-c", "import ctypes; ctypes.string_at(1)"), {139}),
)
HEAVY = (
    ("many processes", ("--memory=1G",), (PYTHON, "-c", FORK_BOMB), {0}),
    ("fork bomb", ("--memory=64M", "--timeout=3"), ("/bin/sh", "-c", BOMB_OF_SHELLS), {0, 1, 2, 124, 137}),
)


def processes(manager):
    """The manager's and those below it."""
    found = [manager]
    for pid in found:
        try:
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                found += [int(child) for child in file.read().split()]
        except OSError:
            pass
    return found


def state(manager):
    """Processes, descriptors of all, and of the memory what is nobody else's, in KiB."""
    count = descriptors = memory = 0
    for pid in processes(manager):
        try:
            descriptors += len(os.listdir(f"/proc/{pid}/fd"))
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                memory += sum(int(size) for size in re.findall(r"^Pss:\s*(\d+)", file.read(), re.M))
            count += 1
        except OSError:
            pass
    return {"processes": count, "descriptors": descriptors, "memory": memory}


def rest(m, manager):
    """When nothing changes any more."""
    before = None
    for _ in range(50):
        now = state(manager)
        if now == before:
            break
        before = now
        time.sleep(0.2)
    return before


def turn(m, kind):
    what, options, words, statuses = kind
    got = m.command("run", "--rootfs=/:ro", *options, *words, timeout=200)
    check(what, got.returncode in statuses, got)
    if what == "many processes":
        check("500 processes at most", re.search(rb"fork: (11|12) (\d+)", got.stdout), got)


def killed_servers(m):
    """Five at once, killed in the middle of what they do."""
    code = "import os\nwhile True: os.system('echo x | cat >/dev/null')"
    names = [f"server{i}" for i in range(5)]
    for name in names:
        m.command("run", "-d", "--rootfs=/:ro", "--name", name, PYTHON, "-c", code)
    time.sleep(0.2)
    for name in names:
        check("killed", m.command("rm", "-f", name).returncode == 0)


def clients_gone(m):
    """Commands that are killed, and connections that say nothing."""
    commands = [m.start("run", "--rootfs=/:ro", "/bin/sleep", "100", stdout=-3) for _ in range(4)]
    time.sleep(0.3)
    for command in commands:
        command.kill()
        command.wait()
    place = m.path("RUNTIME_DIR", "selkie")
    name = next(name for name in os.listdir(place) if name.startswith("control-"))
    for _ in range(10):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.connect(os.path.join(place, name))


def main():
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    with Managed(sys.argv[1], sys.argv[2]) as m:
        keeper = m.start("run", "--rootfs=/:ro", "/bin/sleep", "100000", stdout=subprocess.DEVNULL) # the manager stays
        check("it runs", eventually(lambda: b"sleep" in m.command("ps").stdout))
        manager = m.managers()[0]
        for kind in 2 * (KINDS + HEAVY): # what is kept from now on is kept once
            turn(m, kind)
        killed_servers(m)
        clients_gone(m)
        before = rest(m, manager)
        for i in range(count):
            turn(m, KINDS[i % len(KINDS)] if i % 3 == 0 else KINDS[0])
            if i % 40 == 20:
                killed_servers(m)
                clients_gone(m)
            if i % 500 == 250:
                for kind in HEAVY:
                    turn(m, kind)
        for kind in KINDS + HEAVY:
            turn(m, kind)
        after = rest(m, manager)
        check("one manager all the time", m.managers() == [manager], m.managers())
        check("no processes left", after["processes"] <= before["processes"], (before, after))
        check("no descriptors left", after["descriptors"] <= before["descriptors"], (before, after))
        check("no memory left", after["memory"] < before["memory"] + PIECES, (before, after))
        print(f"{count} containers: {before} before, {after} after")
        keeper.kill()
        keeper.wait()
    finish()


main()
