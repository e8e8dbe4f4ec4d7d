#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""terminal.py SELKIE OPTIONS: a shell in a container at a terminal: input, Ctrl-C, window size, settings put back."""
import os
import sys
import termios
import time

from managed import Managed, Terminal, check, eventually, finish

# As ttyname(3) of the C libraries does it: the link's name is the file's, by device, inode and number.
NAME = """
import os
for fd in 0, 1, 2:
    name = os.readlink(f"/proc/self/fd/{fd}")
    there, here = os.stat(name), os.fstat(fd)
    same = [getattr(here, f"st_{what}") == getattr(there, f"st_{what}") for what in ("dev", "ino", "rdev", "mode", "uid", "gid")]
    print(os.isatty(fd), os.ttyname(fd), name, all(same))
own = os.open("/dev/tty", os.O_RDWR)
print("own:", os.ttyname(own), os.fstat(own).st_rdev == os.makedev(5, 0), os.stat("/dev/tty").st_ino == os.fstat(own).st_ino)
again = os.open(os.ttyname(0), os.O_RDWR)
print("again:", os.ttyname(again), os.tcgetpgrp(again) == os.getpgrp(), sorted(os.listdir("/dev/pts")))
master, slave = os.openpty()
print("new:", os.ttyname(slave), os.stat(os.ttyname(slave)).st_rdev == os.fstat(slave).st_rdev)
os.close(master)
print("after:", os.ttyname(0), os.tcgetpgrp(0) == os.getpgrp(), "done.")
"""


def names(m):
    terminal = Terminal(m, "run", "-it", "--rootfs=/:ro", "--name=named", "/bin/sh", "-c",
                        "/usr/bin/tty; /usr/bin/python3 -c \"$0\"; read x; /usr/bin/tty", NAME)
    terminal.expect(b"/dev/pts/0\r\n")
    for _ in range(3):
        terminal.expect(b"True /dev/pts/0 /dev/pts/0 True\r\n")
    terminal.expect(b"own: /dev/tty True True\r\n")
    terminal.expect(b"again: /dev/pts/0 True ['0', 'ptmx']\r\n")
    terminal.expect(b"new: /dev/pts/1 True\r\n")
    terminal.expect(b"after: /dev/pts/0 True done.\r\n")
    command = Terminal(m, "exec", "-it", "named", "/bin/ps", "-A", "-o", "tty=,stat=,comm=")
    command.expect(b"pts/0    Ss+  sh\r\n")
    command.expect(b"pts/63   Rs+  ps\r\n")
    os.waitpid(command.pid, 0)
    command = Terminal(m, "exec", "-it", "named", "/bin/sh", "-c", "/usr/bin/tty; /usr/bin/python3 -c \"$0\"", NAME)
    command.expect(b"/dev/pts/63\r\n")
    for _ in range(3):
        command.expect(b"True /dev/pts/63 /dev/pts/63 True\r\n")
    command.expect(b"own: /dev/tty True True\r\n")
    command.expect(b"again: /dev/pts/63 True ['0', '63', 'ptmx']\r\n")
    command.expect(b"new: /dev/pts/1 True\r\n")
    command.expect(b"after: /dev/pts/63 True done.\r\n")
    os.waitpid(command.pid, 0)
    gone = lambda: m.command("exec", "named", "/bin/ls", "/dev/pts").stdout == b"0\nptmx\n"
    check("the command's terminal goes with it", eventually(gone), m.command("exec", "named", "/bin/ls", "/dev/pts"))
    terminal.type(b"\n")
    terminal.expect(b"/dev/pts/0\r\n")
    os.waitpid(terminal.pid, 0)


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
        names(m)
    finish()


main()
