#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""hangup.py SELKIE OPTIONS: plain programs, no shell, at a terminal: keys that would stop them, and terminals that go."""
import os
import signal
import sys
import time

from managed import Managed, Terminal, check, eventually, finish

DEAF = ("/usr/bin/python3", "-c", "import signal, time; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
        "signal.signal(signal.SIGINT, signal.SIG_IGN); print('deaf', flush=True); time.sleep(100)")


def ended(terminal, seconds=30):
    """The client's exit status; None: it still runs."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pid, status = os.waitpid(terminal.pid, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.kill(terminal.pid, signal.SIGKILL)
    os.waitpid(terminal.pid, 0)
    return None


def keys(m, *words):
    """Nobody could continue it, so Ctrl-Z does not stop it, and Ctrl-C ends it."""
    terminal = Terminal(m, *words, "/bin/cat")
    terminal.type(b"before\n")
    terminal.expect(b"before\r\nbefore\r\n")
    terminal.type(b"\x1a")
    time.sleep(0.3)
    terminal.type(b"after\n")
    terminal.expect(b"after\r\nafter\r\n")
    terminal.type(b"\x03")
    check(f"{words[0]} cat: Ctrl-Z, Ctrl-C", ended(terminal) == 130)
    terminal = Terminal(m, *words, "/bin/sh", "-c", "echo $((6 * 7)); exec /bin/sleep 100")
    terminal.expect(b"42\r\n")
    terminal.type(b"\x1a")
    time.sleep(0.3)
    terminal.type(b"\x03")
    check(f"{words[0]} sleep: Ctrl-Z, Ctrl-C", ended(terminal) == 130)


def hung_up(m, name, ready, statuses, *words):
    terminal = Terminal(m, *words)
    terminal.expect(ready)
    os.close(terminal.fd)
    got = ended(terminal)
    check(f"hangup of {words[-1]}", got in statuses, got)
    check("the container is gone", eventually(lambda: name not in m.command("ps").stdout), m.command("ps"))


def hangups(m):
    ready = ("/bin/sh", "-c", "echo $((6 * 7)); exec $0 $1", "/bin/sleep", "100")
    hung_up(m, b"plain", b"42\r\n", (129,), "run", "-it", "--name=plain", "--rootfs=/:ro", *ready)
    hung_up(m, b"plain", b"ready> ", (0, 129), "run", "-it", "--name=plain", "--rootfs=/:ro", "--env=PS1=ready> ", "/bin/bash",
            "--norc", "--noprofile", "-i")
    terminal = Terminal(m, "exec", "-it", "one", *ready)
    terminal.expect(b"42\r\n")
    os.close(terminal.fd)
    check("hangup of a command", ended(terminal) == 129)
    check("the container stays", b"one" in m.command("ps").stdout)


def stopped_job(m):
    """What a shell left stopped hears of its end."""
    terminal = Terminal(m, "exec", "-it", "--env=PS1=ready> ", "one", "/bin/bash", "--norc", "--noprofile", "-i")
    terminal.expect(b"ready> ")
    terminal.type(b"/bin/sleep 321\n")
    sleeps = lambda: b"sleep 321" in m.command("exec", "one", "/bin/ps", "-A", "-o", "args=").stdout
    check("the job runs", eventually(sleeps))
    terminal.type(b"\x1a")
    terminal.expect(b"Stopped")
    terminal.type(b"kill -KILL $$\n")
    check("the shell is killed", ended(terminal) == 137)
    check("and its job has ended", eventually(lambda: not sleeps()))


def main():
    selkie, options = sys.argv[1:]
    with Managed(selkie, options) as m:
        m.command("run", "-d", "--name=one", "--rootfs=/:ro", "/bin/sleep", "1000")
        deaf = None
        if options == "--engine=direct":  # which takes ten seconds
            deaf = Terminal(m, "run", "-it", "--name=deaf", "--rootfs=/:ro", *DEAF)
            deaf.expect(b"deaf\r\n")
            os.close(deaf.fd)
        asked = Terminal(m, "run", "-it", "--name=asked", "--rootfs=/:ro", *DEAF)
        asked.expect(b"deaf\r\n")
        asked.type(b"\x03\x03\x03\x03")
        time.sleep(0.5)
        check("keys are the container's", os.waitpid(asked.pid, os.WNOHANG) == (0, 0))
        for _ in range(3):
            os.kill(asked.pid, signal.SIGINT)
            time.sleep(0.1)
        check("three times SIGINT", ended(asked) == 130)
        keys(m, "run", "-it", "--rootfs=/:ro")
        keys(m, "exec", "-it", "one")
        hangups(m)
        stopped_job(m)
        check("one that does not care about SIGHUP", not deaf or ended(deaf) == 129)
        check("all gone", eventually(lambda: m.command("ps").stdout.count(b"\n") == 2), m.command("ps"))
    finish()


main()
