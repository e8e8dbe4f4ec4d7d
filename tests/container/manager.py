#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""manager.py SELKIE OPTIONS PROGRAMS: many containers with one manager, and what they cannot do to each other.

OPTIONS are those of `selkie container run`, in one word with commas. PROGRAMS is the folder of the test programs."""
import json
import os
import signal
import socket
import sys
import time

from managed import Managed, check, eventually, finish
from ports import port_free

SLEEP = ("/bin/sleep", "100")


def statuses(m, limits):
    run = lambda *words: m.command("run", "--rootfs=/:ro", *words)
    for words, status in (((limits, "exit", "77"), 77), ((limits, "fault"), 139), ((limits, "abort"), 134),
                          (("/nonexistent",), 127), (("/etc/passwd",), 126), (("--timeout=0.3", *SLEEP), 124),
                          (("--publish=x", "a"), 2), (("--memory=200G", "a"), 2)):
        got = run(*words)
        check(f"status of {words}", got.returncode == status, got)
    got = m.command("run", "--rootfs=/:ro", "/bin/cat", given=b"through\n")
    check("standard streams", (got.returncode, got.stdout) == (0, b"through\n"), got)
    code = "import os; print(os.getresuid(), os.getgid()); os.setuid(5); print(os.getuid()); os.setuid(0)"
    got = run("--user=77:78", "/usr/bin/id")
    check("user and group", b"uid=77" in got.stdout and b"gid=78" in got.stdout, got)
    got = run("/usr/bin/python3", "-c", code)
    check("setuid", got.stdout == b"(0, 0, 0) 0\n5\n" and b"PermissionError" in got.stderr, got)
    with m.start("run", "--rootfs=/nonexistent", "a", stderr=-1) as process:
        check("no root", process.wait(60) == 125, process.stderr.read())


def names(m):
    words = ("run", "-d", "--rootfs=/:ro", "--name", "first", *SLEEP)
    got = m.command(*words)
    check("detached", (got.returncode, got.stdout) == (0, b"first\n"), got)
    check("a name twice", m.command(*words).returncode == 125)
    check("ps", b"first" in m.command("ps").stdout)
    got = m.command("kill", "-s", "TERM", "first")
    check("kill", got.returncode == 0, got)
    got = m.command("wait", "first")
    check("wait", got.stdout == b"143\n", got)
    check("ps without it", b"first" not in m.command("ps").stdout)
    check("ps -a", b"Exited (143)" in m.command("ps", "-a").stdout)
    check("inspect", json.loads(m.command("inspect", "first").stdout)[0]["status"] == "signal 15")
    check("rm", m.command("rm", "first").returncode == 0)
    check("removed", m.command("inspect", "first").returncode == 1)
    check("kill nobody", m.command("kill", "first").returncode == 1)
    m.command("run", "-d", "--rootfs=/:ro", "--name", "talks", "/bin/echo", "in the log")
    m.command("wait", "talks")
    check("logs", m.command("logs", "talks").stdout == b"in the log\n")
    check("logs -f ends", m.command("logs", "-f", "talks").stdout == b"in the log\n")


def ends(m):
    """A client that goes takes its container along; a manager that goes, all."""
    client = m.start("run", "--rootfs=/:ro", "--name", "mine", *SLEEP)
    check("in the foreground", eventually(lambda: b"mine" in m.command("ps").stdout))
    client.send_signal(signal.SIGKILL)
    client.wait()
    check("killed with its client", eventually(lambda: b"mine" not in m.command("ps").stdout))
    client = m.start("run", "--rootfs=/:ro", "--name", "mine", *SLEEP)
    check("again", eventually(lambda: b"mine" in m.command("ps").stdout))
    client.send_signal(signal.SIGTERM)
    check("SIGTERM is passed on", client.wait(60) == 143)
    got = m.command("run", "-d", "--name", "tries", "--restart=on-failure:2", "--rootfs=/:ro", "/bin/false")
    check("restarted", got.returncode == 0 and m.command("wait", "tries").stdout == b"1\n", got)
    m.command("run", "-d", "--name", "always", "--restart=always", "--rootfs=/:ro", "/bin/true")
    check("always", eventually(lambda: json.loads(m.command("inspect", "always").stdout)[0]["live"]["restarts"] > 1))
    check("stop", m.command("stop", "always").returncode == 0 and b"always" not in m.command("ps").stdout)
    client = m.start("run", "--rootfs=/:ro", "--name", "mine", *SLEEP, stderr=-1)
    check("once more", eventually(lambda: b"mine" in m.command("ps").stdout))
    managers = m.managers()
    check("one manager", len(managers) == 1, managers)
    os.kill(managers[0], signal.SIGKILL)
    check("the manager killed", client.wait(60) == 125, client.stderr.read())
    check("another one", m.command("run", "--rootfs=/:ro", "/bin/true").returncode == 0)


def together(m, limits):
    """Ten at once; one is killed, one uses up its memory. ptrace is slow: six, and less to do."""
    os.mkdir(m.path("volume"))
    is_slow = "--engine=ptrace" in m.options
    many, pause = (6, 1) if is_slow else (10, 0.05)
    script = f"i=0; while :; do i=$((i+1)); echo $i > /mnt/volume/$0; /bin/sleep {pause}; done"
    for i in range(many):
        m.command("run", "-d", "--rootfs=/:ro", "--memory=64M", f"--volume={m.path('volume')}:/mnt/volume",
                  "--name", f"c{i}", "/bin/sh", "-c", script, f"c{i}")

    def count(name):
        try:
            with open(m.path("volume", name), encoding="ascii") as file:
                return int(file.read() or "0")
        except FileNotFoundError:
            return 0

    everybody = [f"c{i}" for i in range(many)]
    check("all at work", eventually(lambda: all(count(name) > 1 for name in everybody), 60), m.command("ps").stdout)
    check("all in ps", sum(name.encode() in m.command("ps").stdout for name in everybody) == many)
    check("kill one", m.command("kill", "c4").returncode == 0)
    got = m.command("run", "--rootfs=/:ro", "--memory=32M", limits, "eat")
    check("quota", got.returncode == 137, got)
    others = [name for name in everybody if name != "c4"]
    before = {name: count(name) for name in others}
    check("the others go on", eventually(lambda: all(count(name) > before[name] + 2 for name in others), 60),
          {name: count(name) - before[name] for name in others})
    check("one less in ps", sum(name.encode() in m.command("ps").stdout for name in everybody) == many - 1)
    check("rm -f", m.command("rm", "-f", *everybody).returncode == 0)
    check("nobody left", b"c1" not in m.command("ps", "-a").stdout)


def isolation(m, limits):
    run = lambda *words: m.command("run", *words)
    os.mkdir(m.path("root"))
    os.mkdir(m.path("given"))
    with open(limits, "rb") as program, open(m.path("root", "limits"), "wb") as copy:
        copy.write(program.read())
    os.chmod(m.path("root", "limits"), 0o755)
    with open(m.path("given", "file"), "w", encoding="ascii") as file:
        file.write("mine")
    os.mkdir(m.path("root", "etc"))
    with open(m.path("root", "etc", "passwd"), "w", encoding="ascii") as file:
        file.write("the container's own")
    os.symlink("/../../../etc/passwd", m.path("given", "out"))
    os.symlink("../../../../../../etc", m.path("given", "up"))
    root, given = f"--rootfs={m.path('root')}", m.path("given")
    got = run(root, "/limits", "socket")
    check("no network", b"socket: 13" in got.stdout + got.stderr, got)
    own = b"the container's own\n"
    for path, answer in (("/data/file", b"mine\n"), ("/data/../data/file", b"mine\n"), ("/data/out", own),
                         ("/data/up/passwd", own), ("/data/../../etc/passwd", own),
                         ("/proc/self/root/etc/passwd", own), ("/proc/1/cwd/../etc/passwd", own)):
        got = run(root, f"--volume={given}:/data", "/limits", "read", path)
        check(f"volume: {path}", got.stdout == answer, got)
    got = run(root, f"--volume={given}:/data:ro", "/limits", "create", "/data/new")
    check("read-only volume", b"create: 30" in got.stdout + got.stderr and not os.path.exists(given + "/new"), got)
    got = run(root, "-v", f"{given}:/data:rw", "/limits", "create", "/data/new")
    check("volume", b"create: 0" in got.stdout + got.stderr and os.path.exists(given + "/new"), got)
    got = run(root, f"--volume={given}/file:/one:ro", "/limits", "read", "/one")
    check("a file as a volume", b"mine" in got.stdout + got.stderr, got)


def connect(m):
    name = next(name for name in os.listdir(m.path("RUNTIME_DIR", "selkie")) if name.startswith("control-"))
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.settimeout(20)
    client.connect(m.path("RUNTIME_DIR", "selkie", name))
    return client


def allegations(m):
    """Clients that say anything: the manager and the containers of others stay."""
    m.command("run", "-d", "--rootfs=/:ro", "--name", "stays", *SLEEP)
    texts = [b"", b"x", b"\0", b"do", b"do=", b"do=run\0", b"do=run\0name=a", b"do=kill\0name=stays\0signal=99\0",
             b"do=run\0name=a\0arg=x\0memory=99999999999999999999999\0", b"do=run\0name=../x\0arg=x\0",
             b"do=run\0name=a\0arg=x\0mount=nothing:/x\0", b"do=run\0name=a\0arg=x\0network=what\0",
             b"do=run\0name=a\0arg=x\0port=1.2.3.4.5:x\0", b"do=wait\0", b"give=x\0", b"do=kill\0" * 10000,
             b"do=run\0name=a\0arg=x\0env=" + b"x" * 120000 + b"\0", bytes(range(256)) * 16]
    for text in texts:
        with connect(m) as client:
            client.recv(1024)
            try:
                client.send(text)
                client.recv(1024)
            except OSError:
                pass
    with connect(m) as client, open("/dev/null", "rb") as nothing:
        client.recv(1024)
        for i in range(40):
            try:
                socket.send_fds(client, [b"give=f%d\0access=rw\0" % i], [nothing.fileno()] * (1 + i % 3))
            except OSError:
                break
    clients = [connect(m) for _ in range(60)]
    for client in clients:
        client.close()
    check("still there", b"stays" in m.command("ps").stdout)
    m.command("rm", "-f", "stays")


def ports(m):
    """Two web servers that listen at the same port inside."""
    code = "import http.server as h; h.HTTPServer(('0.0.0.0', 8000), h.SimpleHTTPRequestHandler).serve_forever()"
    found = {}
    for name in ("one", "two"):
        os.makedirs(m.path("web", name))
        with open(m.path("web", name, "index.html"), "w", encoding="ascii") as file:
            file.write(name)
        found[name] = port_free()
        m.command("run", "-d", "--rootfs=/:ro", "--name", name, f"--publish={found[name]}:8000", "--workdir=/mnt",
                  f"--volume={m.path('web', name)}:/mnt:ro", "/usr/bin/python3", "-c", code)

    def fetch(port):
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as client:
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                client.settimeout(5)
                answer = b""
                while part := client.recv(4096):
                    answer += part
                return answer
        except OSError:
            return b""

    for name, port in found.items():
        check(f"published: {name}", eventually(lambda p=port, n=name: fetch(p).endswith(n.encode())),
              m.command("logs", name))
    code = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/').read().decode())"
    got = m.command("exec", "two", "/usr/bin/python3", "-c", code)
    check("exec: its network", got.stdout == b"two\n", got)
    got = m.command("exec", "--workdir=/mnt", "two", "/bin/sh", "-c", "cat index.html; echo x > new")
    check("exec: its files", got.stdout == b"two" and b"Read-only" in got.stderr and got.returncode == 2, got)
    check("exec: nobody", m.command("exec", "three", "/bin/true").returncode == 125)
    m.command("rm", "-f", "one", "two")


def starts(m):
    """Many first clients, one manager."""
    m.command("run", "-d", "--rootfs=/:ro", "--name", "ended", *SLEEP)
    m.command("shutdown")
    check("ended with the manager", b"Exited (137)" in m.command("ps", "-a").stdout)
    m.command("rm", "ended")
    clients = [m.start("run", "--rootfs=/:ro", "/bin/true") for _ in range(8)]
    check("all started", [client.wait(60) for client in clients] == [0] * 8)
    check("one manager for all", len(m.managers()) == 1, m.managers())


def main():
    selkie, options, programs = sys.argv[1:]
    limits = os.path.join(programs, "container_limits")
    with Managed(selkie, options) as m:
        for test in (lambda: starts(m), lambda: statuses(m, limits), lambda: names(m), lambda: ends(m),
                     lambda: isolation(m, limits), lambda: allegations(m), lambda: ports(m),
                     lambda: together(m, limits)):
            test()
        managers = m.managers()
    time.sleep(0.1)
    check("shutdown", not any(os.path.exists(f"/proc/{pid}/exe") for pid in managers), managers)
    finish()


main()
