#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""exec.py SELKIE OPTIONS: commands in a container that runs: among its processes, in its memory, and gone with their
client or with the container."""
import os
import pwd
import signal
import subprocess
import sys
import time

from managed import Managed, Terminal, check, eventually, finish

EAT = "b = []\nwhile True: b.append(bytearray(1 << 20))"


def basics(m):
    run = lambda *words, **more: m.command("exec", *words, **more)
    got = run("one", "/bin/sh", "-c", "echo $PPID; kill -0 1 && echo $FOO; exit 5")
    check("parent and environment", (got.returncode, got.stdout) == (5, b"0\nbar\n"), got)
    got = run("-e", "FOO=other", "-w", "/etc", "-u", "77:78", "one", "/bin/sh", "-c", "pwd; id -u; id -g; echo $FOO")
    check("-e, -w, -u", got.stdout == b"/etc\n77\n78\nother\n", got)
    user = pwd.getpwnam("daemon")
    got = run("-u", "daemon", "one", "/bin/sh", "-c", "echo $HOME")
    check("the user's HOME", got.stdout == f"{user.pw_dir}\n".encode(), got)
    got = run("-u", str(user.pw_uid), "-e", "HOME=/else", "one", "/bin/sh", "-c", "echo $HOME")
    check("another HOME", got.stdout == b"/else\n", got)
    got = run("one", "/bin/cat", "/proc/1/comm")
    check("sees its processes", got.stdout == b"sh\n", got)
    got = run("-i", "one", "/bin/cat", given=b"through\n")
    check("standard streams", got.stdout == b"through\n", got)
    got = run("one", "/nonexistent")
    check("not there", got.returncode == 127 and b"/nonexistent" in got.stderr, got)
    got = run("one", "/bin/sh", "-c", "kill -USR1 $$")
    check("ended by a signal", got.returncode == 128 + signal.SIGUSR1, got)
    check("no command", run("one").returncode == 2)
    check("nobody", run("none", "/bin/true").returncode == 125)
    for _ in range(40):
        got = run("one", "/bin/true")
        if got.returncode:
            break
    check("again and again", got.returncode == 0, got)
    got = run("one", "/bin/sh", "-c", "sleep 100 > /dev/null 2>&1 & sh -c 'sleep 100 > /dev/null 2>&1 & exit'")
    check("children of its own", got.returncode == 0, got)
    got = run("one", "/bin/sh", "-c", "ls -l /proc/self/exe > /dev/null; kill $(pgrep sleep); echo $?")
    check("signals others", got.stdout == b"0\n", got)


def detached(m):
    got = m.command("exec", "-d", "one", "/bin/sleep", "123")
    check("detached", (got.returncode, got.stdout) == (0, b""), got)
    listed = lambda: m.command("exec", "one", "/bin/ps", "-A", "-o", "ppid=,args=").stdout
    check("it runs", eventually(lambda: b"0 /bin/sleep 123" in listed()), listed())
    check("and is signalled", m.command("exec", "one", "/usr/bin/pkill", "-f", "sleep 123").returncode == 0)
    check("and ends", eventually(lambda: b"sleep 123" not in listed()), listed())


def clients(m):
    """Who kills the client ends the command and its session, and nothing else."""
    listed = lambda: m.command("exec", "one", "/bin/ps", "-A", "-o", "args=").stdout
    client = m.start("exec", "one", "/bin/sh", "-c", "sleep 201 & setsid sleep 202 & sleep 203", stdout=subprocess.DEVNULL)
    check("three", eventually(lambda: all(f"sleep {n}".encode() in listed() for n in (201, 202, 203))), listed())
    client.send_signal(signal.SIGKILL)
    client.wait()
    check("killed", eventually(lambda: b"sleep 201" not in listed() and b"sleep 203" not in listed()), listed())
    check("the other session stays", b"sleep 202" in listed(), listed())
    check("the container, too", b"one" in m.command("ps").stdout)
    client = m.start("exec", "one", "/bin/sleep", "204")
    check("runs", eventually(lambda: b"sleep 204" in listed()))
    client.send_signal(signal.SIGTERM)
    check("SIGTERM is passed on", client.wait(60) == 143)
    many = [m.start("exec", "one", "/bin/sh", "-c", "exit 9") for _ in range(8)]
    check("at once", [client.wait(60) for client in many] == [9] * 8)


def memory(m):
    """What it takes is the container's: it is killed at the quota, and the container goes on."""
    got = m.command("exec", "one", "/usr/bin/python3", "-c", EAT)
    check("the quota is one", got.returncode in (1, 137), got)
    check("the container goes on", m.command("exec", "one", "/bin/echo", "yes").stdout == b"yes\n")


def terminal(m):
    on = Terminal(m, "exec", "-it", "--env=PS1=ready> ", "one", "/bin/bash", "--norc", "--noprofile", "-i")
    on.expect(b"ready> ")
    on.type(b"tty; stty size; ps -o sid= -p $$ | tr -d ' ' > /dev/null; echo $((6 * 7))\n")
    on.expect(b"33 99\r\n")
    on.expect(b"42\r\n")
    on.type(b"sleep 100\n")
    time.sleep(1)
    on.type(b"\x1a")
    on.expect(b"Stopped")
    on.type(b"fg\n")
    on.expect(b"sleep 100\r\n")
    time.sleep(0.5)
    on.type(b"\x03")
    on.expect(b"ready> ")
    on.type(b"echo status $?\n")
    on.expect(b"status 130\r\n")
    on.type(b"exit 6\n")
    _, status = os.waitpid(on.pid, 0)
    check("exit status", os.waitstatus_to_exitcode(status) == 6, status)


def ends(m):
    """The container's end is everybody's."""
    client = m.start("exec", "one", "/bin/sleep", "300")
    check("runs", eventually(lambda: b"sleep 300" in m.command("exec", "one", "/bin/ps", "-A", "-o", "args=").stdout))
    m.command("kill", "one")
    check("ended with the container", client.wait(60) == 137)
    m.command("rm", "one")


def main():
    selkie, options = sys.argv[1:]
    with Managed(selkie, options) as m:
        m.command("run", "-d", "--rootfs=/:ro", "--name", "one", "--memory=96M", "--env=FOO=bar", "/bin/sh", "-c",
                  "while :; do sleep 1000; done")
        for test in (basics, detached, clients, memory, terminal, ends):
            test(m)
    finish()


main()
