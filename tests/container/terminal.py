#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""terminal.py SELKIE OPTIONS: a shell in a container at a terminal: input, Ctrl-C, window size, settings put back."""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

from managed import Managed, check, finish


class Terminal:
    """A command as the leader of a session at a new terminal."""

    def __init__(self, m, *words):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(m.selkie, m.words(*words), m.environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))

    def expect(self, text, seconds=30):
        end = time.monotonic() + seconds
        while text not in self.seen and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.fd, 4096)
                except OSError:
                    break
        found = text in self.seen
        check(f"{text!r}", found, self.seen)
        self.seen = self.seen[self.seen.find(text) + len(text):] if found else b""

    def type(self, text):
        os.write(self.fd, text)


def main():
    selkie, options = sys.argv[1:]
    with Managed(selkie, options) as m:
        got = m.command("run", "-it", "--rootfs=/:ro", "/bin/sh")
        check("no terminal", got.returncode == 2 and b"not a terminal" in got.stderr, got)
        terminal = Terminal(m, "run", "-it", "--rootfs=/:ro", "--env=PS1=ready> ", "/bin/sh")
        before = termios.tcgetattr(terminal.fd)
        terminal.expect(b"ready> ")
        terminal.type(b"echo $((6 * 7))\n")
        terminal.expect(b"42\r\n")
        terminal.expect(b"ready> ")
        terminal.type(b"stty size\n")
        terminal.expect(b"33 99\r\n")
        terminal.type(b"/bin/sleep 100; echo status $?\n")
        time.sleep(1)
        terminal.type(b"\x03")
        terminal.expect(b"ready> ")
        terminal.type(b"stty -echo raw; exit 5\n")
        _, status = os.waitpid(terminal.pid, 0)
        check("exit status", os.waitstatus_to_exitcode(status) == 5, status)
        check("settings put back", termios.tcgetattr(terminal.fd) == before)
    finish()


main()
