#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""ten.py SELKIE OPTIONS: ten redis-servers in ten containers of one manager, with sysbench and a web server beside them.

Each has data of its own, which clients on the host set and get with checksums all the time; redis-benchmark runs all
its default tests on one of them, sysbench its tests in another container, curl gets files of a read-only volume from
python3. One of the ten is killed under load: nobody else may notice. Skipped (77) where redis-server is not installed."""
import hashlib
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time

from managed import Managed, check, eventually, finish
from ports import port_free, port_wait

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
MANY = 10
KILLED = 4
KEYS = 200
SYSBENCH = {"cpu": ["--cpu-max-prime=2000"], "memory": ["--memory-total-size=64M"], "threads": ["--threads=4"],
            "mutex": ["--threads=4", "--mutex-locks=1000"]}


class Load(threading.Thread):
    """Sets and gets keys of its own server. `wrong` says what was not as it must be, `ended` how the connection went."""

    def __init__(self, number, port):
        super().__init__(daemon=True)
        self.number, self.port = number, port
        self.count, self.wrong, self.ended, self.goes_on = 0, None, None, True
        self.written = {}

    def value(self, key):
        self.count += 1
        size = random.choice((16, 64, 1000, 20000))
        return (hashlib.sha256(b"%d %d %d" % (self.number, key, self.count)).hexdigest().encode() * (size // 64 + 1))[:size]

    def ask(self, *words):
        self.connection.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        line = self.answers.readline()
        size = int(line[1:]) + 2 if line.startswith(b"$") and line[1:2] != b"-" else 0
        value = self.answers.read(size)
        if not line.endswith(b"\n") or len(value) < size:
            raise ConnectionResetError("the answer was cut off")
        if not line.startswith(b"$"):
            return line.strip()
        return value[:-2] if size else None

    def run(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 60) as self.connection, \
                    self.connection.makefile("rb") as self.answers:
                while self.goes_on and not self.wrong:
                    key = random.randrange(KEYS)
                    if key in self.written and random.random() < 0.5:
                        got = self.ask(b"GET", b"k%d" % key)
                        if got != self.written[key]:
                            self.wrong = (key, got, self.written[key])
                    else:
                        value = self.value(key)
                        got = self.ask(b"SET", b"k%d" % key, value)
                        self.written[key] = value
                        if got != b"+OK":
                            self.wrong = (key, got)
        except OSError as error:
            self.ended = error
        if self.goes_on and not self.wrong and not self.ended:
            self.ended = "closed"

    def check_all(self):
        with socket.create_connection(("127.0.0.1", self.port), 60) as self.connection, \
                self.connection.makefile("rb") as self.answers:
            bad = [key for key, value in self.written.items() if self.ask(b"GET", b"k%d" % key) != value]
            return bad, self.ask(b"DBSIZE"), self.ask(b"GET", b"name")


def redis_cli(port, *words):
    return subprocess.run(["redis-cli", "-p", str(port), *words], capture_output=True, text=True,
                          timeout=60).stdout.strip()


def servers_start(m):
    ports = []
    for i in range(MANY):
        ports.append(port_free())
        os.mkdir(m.path(f"data{i}"))
        got = m.command("run", "-d", "--rootfs=/:ro", "--memory=64M", "--name", f"redis{i}",
                        f"--publish={ports[i]}:6379", f"--volume={m.path(f'data{i}')}:/data", "redis-server",
                        "--bind", "127.0.0.1", "--dir", "/data", "--appendonly", "yes", "--save", "")
        check(f"redis{i} started", got.returncode == 0, got)
    for i in range(MANY):
        check(f"redis{i} accepts", port_wait(ports[i]), m.command("logs", f"redis{i}").stdout)
        check(f"redis{i} has a name", redis_cli(ports[i], "set", "name", f"redis{i}") == "OK")
    return ports


def web(m):
    """Starts a server of a read-only volume; the port and what is in it."""
    port, folder = port_free(), m.path("site")
    os.mkdir(folder)
    content = os.urandom(1 << 20)
    with open(os.path.join(folder, "page"), "wb") as file:
        file.write(content)
    got = m.command("run", "-d", "--rootfs=/:ro", "--name", "web", f"--publish={port}:8000", f"--volume={folder}:/mnt:ro",
                    "--workdir=/mnt", "/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "8000")
    check("web started", got.returncode == 0, got)
    check("web accepts", port_wait(port))
    return port, content


def web_check(port, content):
    got = subprocess.run(["curl", "-sf", f"http://127.0.0.1:{port}/page"], capture_output=True, timeout=60)
    check("curl gets the page", got.returncode == 0 and got.stdout == content, (got.returncode, len(got.stdout)))


def neighbours(m, ports):
    """What runs beside the load: sysbench inside, redis-benchmark and curl outside."""
    benchmark = subprocess.Popen(["redis-benchmark", "-p", str(ports[0]), "-q", "-n", "500", "--dbnum", "1"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    site = web(m) if shutil.which("curl") else None
    for name, options in SYSBENCH.items() if shutil.which("sysbench") else ():
        got = m.command("run", "--rootfs=/:ro", "sysbench", name, "--time=1", *options, "run", timeout=120)
        check(f"sysbench {name}", got.returncode == 0 and b"total time:" in got.stdout, got)
        if site:
            web_check(*site)
    output, errors = benchmark.communicate(timeout=200)
    check("redis-benchmark", benchmark.returncode == 0 and output.count("requests per second") == 20, output + errors)


def main():
    os.environ["PATH"] = PATH
    if not all(shutil.which(name) for name in ("redis-server", "redis-cli", "redis-benchmark")):
        sys.exit(77)
    with Managed(sys.argv[1], sys.argv[2]) as m:
        ports = servers_start(m)
        loads = [Load(i, port) for i, port in enumerate(ports)]
        others = [load for load in loads if load.number != KILLED]
        for load in loads:
            load.start()
        check("all work", eventually(lambda: all(load.count > 5 for load in loads), 60), [load.count for load in loads])
        neighbours(m, ports)
        check("kill", m.command("kill", f"redis{KILLED}").returncode == 0)
        check("it is gone", eventually(lambda: loads[KILLED].ended), loads[KILLED].wrong)
        check("its end is told", m.command("wait", f"redis{KILLED}").stdout == b"137\n")
        before = [load.count for load in loads]
        check("the others work", eventually(lambda: all(load.count > before[load.number] + 20 for load in others), 60))
        time.sleep(0.2)
        for load in loads:
            load.goes_on = False
        for load in loads:
            load.join(60)
        for load in others:
            check(f"redis{load.number} was not disturbed", not load.ended and not load.wrong, (load.ended, load.wrong))
            bad, size, name = load.check_all()
            check(f"redis{load.number} has its data", not bad and name == b"redis%d" % load.number, (bad, name))
            check(f"redis{load.number} has no other", size == b":%d" % (len(load.written) + 1), (size, len(load.written)))
        check("what answers were for", not loads[KILLED].wrong, loads[KILLED].wrong)
        got = m.command("run", "-d", "--rootfs=/:ro", "--memory=64M", "--name", "again", f"--publish={ports[KILLED]}:6379",
                        f"--volume={m.path(f'data{KILLED}')}:/data", "redis-server", "--bind", "127.0.0.1", "--dir",
                        "/data", "--appendonly", "yes", "--save", "")
        check("the killed one again", got.returncode == 0 and port_wait(ports[KILLED]), got)
        check("with its data", eventually(lambda: redis_cli(ports[KILLED], "get", "name") == f"redis{KILLED}"))
        print(f"{sum(load.count for load in loads)} keys set")
    finish()


main()
