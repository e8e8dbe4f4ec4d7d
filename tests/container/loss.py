#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""loss.py SELKIE OPTIONS [ROUNDS]: nothing that was acknowledged is lost when everything of Selkie is killed.

redis-server writes its append-only file with `appendfsync always` in a container, with a manager and alone. Clients
set numbered keys; rewrites of the file go on meanwhile. At a random moment all processes of the run get SIGKILL. Then
the host's redis-check-aof must accept the files, or find no more wrong than a last command that is cut, and the host's
redis-server must have every write that a client saw acknowledged. Skipped (77) where redis-server is not installed."""
import hashlib
import os
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from managed import Managed, check, eventually, finish
from ports import port_free, port_wait

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
CLIENTS = 4
WINDOW = 16  # writes on their way


def value_of(number, seed):
    """Short ones, and some that take more than one write to the file."""
    chosen = random.Random(number * 1000003 + seed)
    size = chosen.choice((10, 100, 1000, 1000, 5000, 100000 if chosen.random() < 0.1 else 20))
    return (hashlib.sha256(b"%d %d" % (number, seed)).hexdigest().encode() * (size // 64 + 1))[:size]


def set_of(number, seed):
    key, value = b"key:%d" % number, value_of(number, seed)
    return b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (len(key), key, len(value), value)


class Client(threading.Thread):
    """Sets its own numbers until the connection breaks; `acknowledged` of them, in order, were answered."""

    def __init__(self, port, first, seed):
        super().__init__(daemon=True)
        self.connection = socket.create_connection(("127.0.0.1", port), 20)
        self.first, self.seed, self.acknowledged, self.strange = first, seed, 0, b""

    def run(self):
        answers, sent = b"", 0
        try:
            while not self.strange:
                while sent < self.acknowledged + WINDOW:
                    self.connection.sendall(set_of(self.first + sent, self.seed))
                    sent += 1
                got = self.connection.recv(65536)
                if not got:
                    break
                answers += got
                while answers.startswith(b"+OK\r\n"):
                    answers = answers[5:]
                    self.acknowledged += 1
                if answers and not b"+OK\r\n".startswith(answers):
                    self.strange = answers
        except OSError:
            pass
        self.connection.close()


def ask(port, *words):
    return subprocess.run(["redis-cli", "-p", str(port), *words], capture_output=True, text=True,
                          timeout=60).stdout.strip()


def descendants(first):
    """The process and all below it."""
    parents = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                parents[int(pid)] = int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            pass
    found = [first]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def kill_all(first, chosen):
    """All at once as far as that can be, in any order. Descriptors, so that nobody else is ever meant."""
    handles = []
    for pid in descendants(first):
        try:
            handles.append(os.pidfd_open(pid))
        except ProcessLookupError:
            pass
    chosen.shuffle(handles)
    for handle in handles:
        try:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return handles


def are_dead(handles):
    dead = select.poll()
    for handle in handles:
        dead.register(handle, select.POLLIN)
    return len(dead.poll(0)) == len(handles)


def is_cut(rest):
    """Does a command start here that the end of the file cuts?"""
    count, at = 1, 0
    mark = b"*"
    while count:
        end = rest.find(b"\r\n", at)
        head = rest[at:] if end < 0 else rest[at:end]
        if not re.fullmatch(re.escape(mark) + rb"\d*\r?" if end < 0 else re.escape(mark) + rb"\d+", head or mark):
            return False
        if end < 0:
            return True
        size, at = int(head[1:]), end + 2
        if mark == b"*":
            count, mark = size, b"$"
            continue
        if rest[at + size:at + size + 2] != b"\r\n"[:len(rest[at + size:at + size + 2])]:
            return False
        if len(rest) < at + size + 2:
            return True
        at, count = at + size + 2, count - 1
    return False


def files_check(folder):
    """What the host's checker finds wrong that is more than a last command cut, and the state of the files."""
    folder = os.path.join(folder, "appendonlydir")
    got = subprocess.run(["redis-check-aof", os.path.join(folder, "appendonly.aof.manifest")], capture_output=True,
                         text=True, timeout=60)
    found = re.search(r"AOF analyzed: filename=(\S+), size=\d+, ok_up_to=(\d+),.* diff=[1-9]", got.stdout)
    if got.returncode and found:
        with open(os.path.join(folder, found[1]), "rb") as file:
            file.seek(int(found[2]))
            if is_cut(file.read()):
                return None, "cut"
    return got.stdout + got.stderr if got.returncode else None, "whole"


def files_have(folder, clients, seed):
    """What the host's redis-server does not find in the files of what was acknowledged."""
    port = port_free()
    words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes",
             "--save", ""]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        if not port_wait(port, server):
            server.kill()
            return server.communicate()[0].decode()
        eventually(lambda: ask(port, "ping") == "PONG", 60)
        lost = []
        with socket.create_connection(("127.0.0.1", port), 20) as connection, connection.makefile("rb") as answers:
            for client in clients:
                for number in range(client.first, client.first + client.acknowledged):
                    connection.sendall(b"GET key:%d\r\n" % number)
                    length = int(answers.readline()[1:])
                    got = answers.read(length + 2)[:-2] if length >= 0 else None
                    if got != value_of(number, seed):
                        lost.append((number, got and got[:20], client.first + client.acknowledged))
        server.terminate()
        server.communicate()
    return lost or None


def turn(m, is_alone, seed):
    chosen = random.Random(seed)
    port, folder = port_free(), m.path(f"data{seed}")
    os.mkdir(folder)
    words = ["--rootfs=/:ro", "--memory=512M", f"--network=listen:127.0.0.1:{port}", f"--volume={folder}:/data",
             "redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", "/data", "--appendonly", "yes",
             "--appendfsync", "always", "--save", ""]
    server = None
    if is_alone:
        server = m.start("run", "--alone", *words, stdout=subprocess.DEVNULL)
        first = server.pid
    else:
        got = m.command("run", "-d", "--name", f"redis{seed}", *words)
        check("started", got.returncode == 0, got)
        first = m.managers()[0]
    check("redis-server accepts", port_wait(port, server))
    clients = [Client(port, i * 1000000, seed) for i in range(CLIENTS)]
    for client in clients:
        client.start()
    end = time.monotonic() + chosen.uniform(0.3, 2)
    while time.monotonic() < end:
        ask(port, "bgrewriteaof")
        time.sleep(chosen.uniform(0, 0.3))
    killed = kill_all(first, chosen)
    for client in clients:
        client.join(30)
    if server:
        server.wait()
    check("all dead", eventually(lambda: are_dead(killed)))
    for handle in killed:
        os.close(handle)
    for client in clients:
        check("every answer was OK", not client.strange, client.strange)
    total = sum(client.acknowledged for client in clients)
    check("writes were acknowledged", total > 20, total)
    wrong, state = files_check(folder)
    check("redis-check-aof", not wrong, wrong)
    lost = files_have(folder, clients, seed)
    check("every acknowledged write is there", not lost, lost and lost[:5])
    print(f"seed {seed}, {'alone' if is_alone else 'with a manager'}: {len(killed)} processes killed, {total} writes, files {state}",
          flush=True)
    if not is_alone:
        m.command("rm", "-f", f"redis{seed}")
    shutil.rmtree(folder)


def synced(m):
    """Before a client is answered, the host was told to write what it acknowledges to the disk, and new names, too.

    Seen from outside; a run of ptrace's cannot be."""
    port, folder, trace = port_free(), m.path("synced"), m.path("trace")
    os.mkdir(folder)
    words = m.words("run", "--alone", "--rootfs=/:ro", f"--network=listen:127.0.0.1:{port}", f"--volume={folder}:/data",
                    "redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", "/data", "--appendonly", "yes",
                    "--appendfsync", "always", "--save", "")
    calls = "write,pwrite64,pwritev2,sendmsg,sendto,fsync,fdatasync,renameat2"
    with subprocess.Popen(["strace", "-f", "-qq", "-s", "100", "-e", "signal=none", "-e", f"trace={calls}", "-o", trace,
                           *words], stdout=subprocess.DEVNULL) as server:
        check("redis-server accepts, watched", port_wait(port, server))
        for i in range(10):
            check("set", ask(port, "set", f"sync:{i}", "x") == "OK")
        ask(port, "bgrewriteaof")
        eventually(lambda: "aof_rewrite_in_progress:0" in ask(port, "info", "persistence"))
        ask(port, "shutdown")
    with open(trace, encoding="ascii") as file:
        lines = file.read()
    for i in range(10):
        wanted = rf'write\w*\((\d+), .*sync:{i}\b.*\n(?:.*\n)*?.*\bf(?:data)?sync\(\1\) += 0\n(?:.*\n)*?.*(?:sendmsg|sendto|write)\(.*\+OK'
        found = re.search(wanted, lines)
        check("the file is written", found and found[0].count("+OK") == 1, found and found[0])
    renamed = lines.rpartition("renameat2(")[2]
    check("the folder is written", re.search(r"\bf(data)?sync\(\d+\) += 0", renamed), renamed)


def main():
    selkie, options, *rounds = sys.argv[1:]
    os.environ["PATH"] = PATH
    if not all(shutil.which(name) for name in ("redis-server", "redis-cli", "redis-check-aof")):
        sys.exit(77)
    first = random.randrange(1000000)
    with Managed(selkie, options) as m:
        for i in range(int(rounds[0]) if rounds else 4):
            turn(m, bool(i & 1), first + i)
        if shutil.which("strace") and not any("ptrace" in option for option in m.options):
            synced(m)
    finish()


main()
