#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""jobs.py SELKIE OPTIONS: an interactive shell in a container with a terminal: editing, keys that mean signals,
job control, the window's size. What is typed and what must come back is a dialogue below."""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

TIMEOUT = 30
PROMPT = b"ready> "
# It says so when it runs, so that no key is typed too early.
WAIT, STARTED = b"sh -c 'echo $((60 + 6)); exec sleep 100'\r", [b"66\r\n"]
# What is typed, and what is seen then, in this order.
DIALOGUE = [
    (b"echo $((6 * 7))\r", [b"42\r\n", PROMPT]),
    (b"stty size\r", [b"31 101\r\n", PROMPT]),
    (b"tty < /dev/tty\r", [b"/dev/", PROMPT]),
    (b"echo wrong\x7f\x7f\x7f\x7f\x7fright\r", [b"\rright\r\n", PROMPT]),
    (b"cat\r", [b"cat\r\n"]),
    (b"hello\r", [b"hello\r\n", b"hello\r\n"]),
    (b"\x04", [PROMPT]),
    (WAIT, STARTED),
    (b"\x03", [b"^C", PROMPT]),
    (b"echo status $?\r", [b"status 130\r\n", PROMPT]),
    (WAIT, STARTED),
    (b"\x1a", [b"Stopped", PROMPT]),
    (b"jobs\r", [b"Stopped", b"sleep 100", PROMPT]),
    (b"fg\r", [b"sleep 100"]),
    (b"\x03", [b"^C", PROMPT]),
    (b"cat &\r", [PROMPT]),
    (b"sleep 1; jobs\r", [b"Stopped", PROMPT]),
    (b"kill %1; wait\r", [PROMPT]),
    (b"trap 'echo changed' INT; sleep 0.2; kill -INT $$\r", [b"changed\r\n", PROMPT]),
    (b"python3 -c 'print(6 * 9); input()'\r", [b"54\r\n"]),
    (b"\x03", [b"KeyboardInterrupt", PROMPT]),
    (b"trap 'stty size' WINCH\r", [PROMPT]),
    (None, [b"25 90\r\n"]),
    (b"\r", [PROMPT]),
    (b"exit 7\r", []),
]


class Seen:
    def __init__(self, fd):
        self.fd = fd
        self.text = b""

    def expect(self, what):
        end = time.monotonic() + TIMEOUT
        while what not in self.text:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                return False
            try:
                more = os.read(self.fd, 4096)
            except OSError:
                return False
            if not more:
                return False
            self.text += more
        self.text = self.text[self.text.index(what) + len(what):]
        return True


def size_set(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main():
    selkie, options = sys.argv[1:]
    pid, fd = pty.fork()
    if pid == 0:
        size_set(0, 31, 101)
        os.execv(selkie, [selkie, "container", "run", "-i", "-t", "--rootfs=/:ro",
                          *[option for option in options.split(",") if option], "--env=PS1=" + PROMPT.decode(),
                          "--", "/bin/bash", "--norc", "--noprofile", "-i"])
    seen = Seen(fd)
    good = seen.expect(PROMPT)
    for typed, answers in DIALOGUE if good else []:
        time.sleep(0.5)
        if typed is None:
            size_set(fd, 25, 90)
        else:
            os.write(fd, typed)
        for answer in answers:
            if not seen.expect(answer):
                print(f"step {DIALOGUE.index((typed, answers))}, after {typed}: {answer} does not come, but {seen.text}")
                good = False
                break
        if not good:
            break
    if not good:
        print(f"seen: {seen.text}")
        os.close(fd)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print(f"status {status}")
    return 0 if good and status == 7 else 1


sys.exit(main())
