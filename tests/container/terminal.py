#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""terminal.py SELKIE OPTIONS: a shell in a container at a terminal: input, Ctrl-C, window size, settings put back."""
import os
import sys
import termios
import time

from managed import Managed, Terminal, check, finish


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
