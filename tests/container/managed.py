# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the container manager share: a place of their own, so that they meet no manager of the user's."""
import fcntl
import os
import pty
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time

TIMEOUT = 60
failures = 0


class Managed:
    """A manager with its directories in a folder that goes at the end; also runs its commands."""

    def __init__(self, selkie, options):
        self.selkie = selkie
        self.options = [option for option in options.split(",") if option]
        self.folder = tempfile.mkdtemp(prefix="selkie-test-")
        self.environment = dict(os.environ)
        for name in ("RUNTIME_DIR", "STATE_HOME", "CACHE_HOME"):
            path = os.path.join(self.folder, name)
            os.mkdir(path, 0o700)
            self.environment["XDG_" + name] = path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.command("shutdown")
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def words(self, *words):
        """The command; `run` gets the engine and kernel that are tested."""
        extra = self.options if words[0] == "run" else []
        return [self.selkie, "container", words[0], *extra, *words[1:]]

    def command(self, *words, given=b"", timeout=TIMEOUT):
        return subprocess.run(self.words(*words), env=self.environment, input=given, capture_output=True,
                              timeout=timeout)

    def start(self, *words, **options):
        return subprocess.Popen(self.words(*words), env=self.environment, **options)

    def managers(self):
        """Process ids of the managers whose control sockets are ours."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/comm", encoding="ascii") as comm:
                    name = comm.read().strip()
                if name == "selkie-manager" and self.folder in os.readlink(f"/proc/{pid}/fd/1"):
                    found.append(int(pid))
            except OSError:
                pass
        return found


def check(what, is_good, shown=""):
    global failures
    if not is_good:
        failures += 1
        print(f"{what}: FAILED {shown}", flush=True)


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


def eventually(fact, seconds=20):
    end = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def finish():
    print(f"{failures} failed")
    sys.exit(1 if failures else 0)
