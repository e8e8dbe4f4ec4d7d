#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""lost.py SELKIE OPTIONS: a container that another manager runs is not taken for one that nobody does, by who shares the
directory of states but not XDG_RUNTIME_DIR; and its end is known when the disk is full."""
import json
import os
import signal
import subprocess
import sys

from managed import Managed, check, eventually, finish

SLEEP = ("/bin/sleep", "100")


def other_command(m, *words):
    environment = dict(m.environment, XDG_RUNTIME_DIR=m.path("OTHER"))
    return subprocess.run(m.words(*words), env=environment, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)


def elsewhere(m):
    os.mkdir(m.path("OTHER"), 0o700)
    upper = m.path("STATE_HOME", "selkie", "containers", "two", "upper")
    m.command("run", "-d", "--name=two", "--rootfs=/:O", "/bin/sh", "-c", "echo text >/made; exec /bin/sleep 100")
    check("it works", eventually(lambda: os.path.exists(upper + "/made")))
    for words in (("ps",), ("ps", "-a")):
        got = other_command(m, *words)
        check(f"{words} elsewhere", b"two   Up, under another manager  " in got.stdout and b"Lost" not in got.stdout, got)
        got = m.command(*words)
        check(f"{words}", b"another manager" not in got.stdout and b"Up " in got.stdout and got.stdout.count(b"two") == 1, got)
    for words in (("rm", "two"), ("rm", "-f", "two"), ("stop", "two"), ("kill", "two"), ("wait", "two")):
        got = other_command(m, *words)
        check(f"{words} elsewhere", (got.returncode, got.stdout) == (1, b"") and got.stderr == b"selkie: container %s: two runs "
              b"under another manager, to which XDG_RUNTIME_DIR does not lead\n" % words[0].encode(), got)
    got = other_command(m, "exec", "two", "/bin/true")
    check("exec elsewhere", got.returncode == 125 and b"another manager" in got.stderr, got)
    got = other_command(m, "run", "-d", "--name=two", "--rootfs=/:O", *SLEEP)
    check("its name is taken", got.returncode == 125 and b"a container two runs already" in got.stderr, got)
    got = json.loads(other_command(m, "inspect", "two").stdout)[0]
    check("inspect elsewhere", got["status"] == "up, under another manager", got)
    check("it still runs", m.command("exec", "two", "/bin/cat", "/made").stdout == b"text\n")
    check("stopped", m.command("stop", "-t", "0", "two").returncode == 0)
    check("ended elsewhere", b"Exited (" in other_command(m, "ps", "-a").stdout, other_command(m, "ps", "-a"))
    check("removed elsewhere", other_command(m, "rm", "two").returncode == 0 and not os.path.exists(upper))


def restarting(m):
    """While it is between two runs, too."""
    m.command("run", "-d", "--name=again", "--rootfs=/:ro", "--restart=always", "/bin/false")
    check("restarts", eventually(lambda: b"Restarting" in m.command("ps").stdout))
    check("not lost", b"Up, under another manager" in other_command(m, "ps", "-a").stdout)
    m.command("rm", "-f", "again")


def removers(m):
    m.command("run", "-d", "--rm", "--name=brief", "--rootfs=/:O", *SLEEP)
    other_command(m, "ps", "-a")
    check("--rm: it stays", b"brief" in m.command("ps").stdout and other_command(m, "rm", "brief").returncode == 1)
    m.command("stop", "-t", "0", "brief")
    with m.start("run", "--name=front", "--rootfs=/:O", *SLEEP) as client:
        check("in the foreground", eventually(lambda: b"front" in m.command("ps").stdout))
        got = other_command(m, "ps", "-a")
        check("held", b"front  Held by a command  " in got.stdout, got)
        got = other_command(m, "rm", "front")
        check("rm of what a command holds", got.returncode == 1 and b"in the hands of another command" in got.stderr, got)
        client.terminate()
        check("it went on", client.wait(60) == 143)


def lost(m):
    m.command("run", "-d", "--name=killed", "--rootfs=/:O", *SLEEP)
    for pid in m.managers():
        os.kill(pid, signal.SIGKILL)
    for ask in (m.command, lambda *words: other_command(m, *words)):
        check("lost", eventually(lambda a=ask: b"Lost" in a("ps", "-a").stdout), ask("ps", "-a"))
    check("removed", other_command(m, "rm", "killed").returncode == 0)


def reserved(m):
    """The line that tells of its end is there from the start, and only written over."""
    status = m.path("STATE_HOME", "selkie", "containers", "three", "status")
    m.command("run", "-d", "--name=three", "--rootfs=/:ro", *SLEEP)
    before = os.stat(status)
    m.command("stop", "-t", "0", "three")
    after = os.stat(status)
    check("room", before.st_size == after.st_size > 40 and before.st_blocks == after.st_blocks, (before, after))
    with open(status, encoding="ascii") as file:
        check("its end", file.readline() in ("signal 15\n", "signal 9\n"))
    m.command("rm", "three")


def main():
    selkie, options = sys.argv[1:]
    with Managed(selkie, options) as m:
        for test in (elsewhere, restarting, removers, reserved, lost):
            test(m)
    finish()


main()
