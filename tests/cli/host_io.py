#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""host_io.py SELKIE EXAMPLES GUESTS ENGINE: host I/O by capability, seen from the host: the examples, what a script in a
guest may reach and what not, what stays open, and what the command line takes."""
import contextlib
import errno
import glob
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

SELKIE, EXAMPLES, GUESTS, ENGINE = sys.argv[1:5]
PATIENCE = 100
CLIENTS, MEGABYTE = 50, 1 << 20
SEL4 = {"InvalidArgument": 1, "InvalidCapability": 2, "IllegalOperation": 3}
RDWR, CREAT, EXCL, TRUNC, DIRECTORY, NOFOLLOW = (
    os.O_RDWR, os.O_CREAT, os.O_EXCL, os.O_TRUNC, os.O_DIRECTORY, os.O_NOFOLLOW)
passed = failed = 0


def count(is_right, complaint):
    global passed, failed
    passed += bool(is_right)
    failed += not is_right
    if not is_right:
        print("FAIL", complaint, flush=True)


def command(image, *options):
    return [SELKIE, "run", "--engine=" + ENGINE, *options, image]


def write(path, content=""):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(content)


def read(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


# --- the file server ---

def fnv(content):
    value = 2166136261
    for byte in content:
        value = (value ^ byte) * 16777619 & 0xffffffff
    return value


def check_file_server(variant):
    with tempfile.TemporaryDirectory() as top:
        files = {"a.txt": b"one line\n", "empty": b"", "large.bin": os.urandom(300000), "z" * 60: b"long name"}
        os.mkdir(os.path.join(top, "files"))
        os.mkdir(os.path.join(top, "files", "folder"))
        write(os.path.join(top, "secret"), "outside")
        for name, content in files.items():
            with open(os.path.join(top, "files", name), "wb") as out:
                out.write(content)
        done = subprocess.run(command(os.path.join(EXAMPLES, variant), "--timeout=60",
                                      f"--host-directory=files={top}/files"),
                              capture_output=True, text=True, timeout=PATIENCE)
    right = [f"client: {name}: {len(content)} bytes, checksum {fnv(content):08x}" for name, content in files.items()]
    right.append("client: folder is a directory")
    out = done.stdout.splitlines()
    shown = [line for line in out if re.match(r"client: \S+: \d+ bytes|client: \S+ is a directory", line)]
    count(shown == sorted(right), f"{variant}: {shown} and not {sorted(right)}: {done.stderr}")
    for line in ("client: missing.txt: error 2", "client: ../protocol.h: error 2", "client: /etc/passwd: error 2",
                 "client: of my 64 slots 0 hold a host object",
                 "client: reading the file that I had open: seL4_InvalidCapability",
                 "client: opening another: seL4_InvalidCapability", "root: my own capability still works",
                 "file-server: done"):
        count(line in out, f"{variant}: no line {line!r} in {out}")
    count(done.returncode == 0 and "came to rest" in done.stderr, f"{variant}: {done.returncode}, {done.stderr!r}")


def check_file_server_without():
    done = subprocess.run(command(os.path.join(EXAMPLES, "file-server"), "--timeout=60"), capture_output=True, text=True,
                          timeout=PATIENCE)
    count(done.returncode == 0 and "from the command line: 0" in done.stdout and "no directory" in done.stdout,
          f"without a directory: {done}")


# --- the echo server ---

@contextlib.contextmanager
def running(image, *options):
    """A run, until the end of the block; SIGTERM ends it if it has not ended then."""
    process = subprocess.Popen(command(image, *options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, bufsize=0)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def echo(port, content, results, piece):
    """Send all, receive all, at the same time. What came back is judged by its checksum."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        def send():
            for at in range(0, len(content), piece):
                connection.sendall(content[at:at + piece])
            connection.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        back = hashlib.sha256()
        while part := connection.recv(65536):
            back.update(part)
        sender.join()
    results.append(back.digest() == hashlib.sha256(content).digest())


def check_echo_server(variant, clients, size):
    with running(os.path.join(EXAMPLES, variant), f"--timeout={PATIENCE}",
                 "--host-network=network=listen:127.0.0.1:0") as server:
        line = server.stdout.readline().decode()
        match = re.fullmatch(r"echo-server: 127\.0\.0\.1 port (\d+)\n", line)
        count(match, f"{variant}: {line!r}")
        if not match:
            return
        port, results, before = int(match.group(1)), [], None
        time.sleep(0.2)
        before = descriptors(server.pid)
        # One that never reads and one that goes away disturb nobody.
        stuck = socket.create_connection(("127.0.0.1", port))
        stuck.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                stuck.send(b"x" * 65536)
        gone = socket.create_connection(("127.0.0.1", port))
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        gone.send(b"y" * 100000)
        gone.close()
        threads = [threading.Thread(target=echo, args=(port, os.urandom(size), results, 1000 + 997 * i))
                   for i in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        count(results == [True] * clients, f"{variant}: {results.count(True)} of {clients} got back what they sent")
        stuck.close()
        count(settles(server.pid, before), f"{variant}: descriptors {before} before, {descriptors(server.pid)} after")
        count(server.poll() is None, f"{variant}: it ended")
        server.send_signal(signal.SIGTERM)
        said = server.communicate(timeout=30)[1].decode()
        count(server.returncode == 143, f"{variant}: status {server.returncode}, {said!r}")


# --- what is open ---

def family(pid):
    found, new = {pid}, {pid}
    while new:
        below = set()
        for parent in new:
            for path in glob.glob(f"/proc/{parent}/task/*/children"):
                with contextlib.suppress(OSError):
                    below |= {int(child) for child in read(path).split()}
        new = below - found
        found |= new
    return found


def descriptors(pid):
    """What the processes of a run have open of what is outside: files that have a name, sockets, pipes."""
    total = 0
    for member in family(pid):
        with contextlib.suppress(OSError):
            total += len(os.listdir(f"/proc/{member}/fd"))
    return total


def settles(pid, wanted, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if descriptors(pid) == wanted:
            return True
        time.sleep(0.05)
    return False


# --- scripts ---

class Script:
    """Lines for the guest, each with what it has to answer: a number, or a set of them; None: anything."""

    def __init__(self, top, *options, kernel="sel4"):
        self.top, self.options, self.lines, self.wanted = top, list(options), [], []
        self.image = os.path.join(GUESTS, "cli_host_" + kernel)
        self.brought = {}

    def line(self, text, answer, brings=None):
        self.lines.append(text)
        self.wanted.append((answer, brings))

    def command(self):
        script = os.path.join(self.top, "script")
        write(os.path.join(script, "script"), "".join(line + "\n" for line in self.lines))
        return command(self.image, "--timeout=60", f"--host-directory=script={script}:ro", *self.options)

    def judge(self, out, what):
        answers = {int(line): (int(answer), brought) for line, brought, answer in
                   re.findall(r"^(\d+):(.*?) (-?\d+)\r?$", out, re.M)}
        for number, (text, (answer, brings)) in enumerate(zip(self.lines, self.wanted), 1):
            got, brought = answers.get(number, (None, ""))
            allowed = answer if isinstance(answer, (set, range)) else {answer}
            count(got is not None and (answer is None or got in allowed),
                  f"{what}: '{text}' answered {got} and not {answer}")
            count(brings is None or re.search(brings, brought), f"{what}: '{text}' brought {brought!r}, not {brings!r}")
        count("script: done" in out, f"{what}: it ended early: {out[-500:]!r}")

    def run(self, what):
        done = subprocess.run(self.command(), capture_output=True, text=True, timeout=PATIENCE)
        self.judge(done.stdout, what)
        count(done.returncode == 0 and "came to rest" in done.stderr, f"{what}: {done.returncode}, {done.stderr!r}")


def tree_make(top):
    write(f"{top}/secret", "outside")
    write(f"{top}/files/inside", "hello")
    write(f"{top}/files/folder/deep", "deeper")
    os.symlink("folder/deep", f"{top}/files/good")
    os.symlink("../secret", f"{top}/files/up")
    os.symlink(f"{top}/secret", f"{top}/files/absolute")
    os.symlink("/proc/self/root", f"{top}/files/proc")
    os.symlink("..", f"{top}/files/parent")
    os.symlink("loop", f"{top}/files/loop")


def check_escapes():
    with tempfile.TemporaryDirectory() as top:
        tree_make(top)
        script = Script(top, f"--host-directory=files={top}/files", "--host-directory=system=/proc:ro")
        line = script.line
        line("open files 1 inside 0", 0)
        line("read 1 100", 5, "hello")
        line("open files 1 good 0", 0)
        line("read 1 100", 6, "deeper")
        for path in ("../secret", "../../../../../../etc/passwd", "/etc/passwd", f"{top}/secret", "folder/../../secret",
                     "folder/../../../secret", "up", "absolute", "proc/etc/passwd", "parent/secret", "./../secret",
                     "//etc/passwd", "folder//..//..//secret"):
            line(f"open files 1 {path} 0", {-errno.ENOENT, -errno.EXDEV, -errno.ELOOP})
            line(f"stat files {path} 0", {-errno.ENOENT, -errno.EXDEV, -errno.ELOOP})
            line(f"chmod files {path} 0777", {-errno.ENOENT, -errno.EXDEV, -errno.ELOOP})
            line(f"times files {path} 0", {-errno.ENOENT, -errno.EXDEV, -errno.ELOOP})
        line("times files up %d" % 0x100, 0)  # the link's own
        line("open files 1 loop 0", -errno.ELOOP)
        line("open files 1 up 0%o 0" % NOFOLLOW, -errno.ELOOP)
        line("readlink files up", 9, r"\.\./secret")
        line("make files ../made", None)
        line("open files 1 ../created 0%o 0644" % (RDWR | CREAT), None)
        line("symlink files ../linked /etc/passwd", None)
        line("rename files inside files ../moved", None)
        line("link files folder/deep files ../hard", None)
        line("remove files ../secret 0", -errno.ENOENT)
        line("remove files parent/secret 0", -errno.ENOENT)
        line("rename files ../secret files stolen", {-errno.ENOENT, -errno.EXDEV})
        line("link files ../secret files stolen", {-errno.ENOENT, -errno.EXDEV})
        line("link files up files stolen", None)  # the link itself, which leads nowhere
        line("open files 1 stolen 0", {-errno.ENOENT, -errno.EXDEV, -errno.ELOOP})
        # A directory within has the same limits, whatever it was opened by.
        line("open files 2 folder 0%o" % DIRECTORY, 0)
        line("open 2 3 deep 0", 0)
        line("open 2 3 ../inside 0", {-errno.ENOENT, -errno.EXDEV})
        line("open files 2 folder/.. 0%o" % DIRECTORY, 0)
        line("open 2 3 ../secret 0", {-errno.ENOENT, -errno.EXDEV})
        line("open files 2 .. 0%o" % DIRECTORY, {0, -errno.EXDEV})
        line("open 2 3 secret 0", {-errno.ENOENT, -SEL4["InvalidCapability"] - 4096})
        # Magic links are refused even where somebody gave the directory that has them.
        for path in ("self/root", "self/root/etc/passwd", "self/cwd", "self/exe", "self/fd/0", "1/root", "thread-self/cwd"):
            line(f"open system 1 {path} 0", range(-200, 0))
            line(f"stat system {path} 0", range(-200, 0))
        for path in ("up/", "parent/", "parent//"):  # slashes make calls of the host follow a link
            line(f"remove files {path} 512", range(-200, 0))
            line(f"rename files {path} files stolen", range(-200, 0))
            line(f"link files {path} files stolen2", range(-200, 0))
            line(f"make files {path}", range(-200, 0))
        line("open files 4 up 0%o" % (os.O_PATH | NOFOLLOW), 0)  # a name for the link itself
        line("read 4 10", range(-200, 0))
        line("kind 4", 2)
        line("node files device 020666", range(-200, 0))
        line("node files block 060666", range(-200, 0))
        line("node files fifo 010666", 0)
        line("open files 1 %s 0" % ("x" * 300), -errno.ENAMETOOLONG)
        line("open files 1 inside 0%o" % os.O_DIRECT, -errno.EINVAL)
        line("open files 1 folder/deep 0", 0)
        for place in range(3):
            line(f"read_to 1 {place}", {-errno.EFAULT, -4096 - SEL4["InvalidArgument"]})
        script.run("escapes")
        count(sorted(os.listdir(top)) == ["files", "script", "secret"], f"escapes: something new: {os.listdir(top)}")
        count(os.stat(f"{top}/secret").st_mtime > 1e9 and os.stat(top).st_mtime > 1e9, "escapes: times changed")
        count(read(f"{top}/secret") == "outside", "escapes: the secret changed")
        count(os.stat(f"{top}/secret").st_mode & 0o777 != 0o777, "escapes: the secret's mode changed")


def check_moving():
    """Directories that move while paths are walked through them."""
    with tempfile.TemporaryDirectory() as top:
        tree_make(top)
        os.makedirs(f"{top}/files/x/y")
        os.mkdir(f"{top}/elsewhere")
        write(f"{top}/files/swap/other", "")
        os.symlink("folder", f"{top}/files/change")
        is_over = threading.Event()

        def move():
            while not is_over.is_set():
                os.rename(f"{top}/files/x/y", f"{top}/elsewhere/y")
                os.rename(f"{top}/elsewhere/y", f"{top}/files/x/y")

        def swap():
            while not is_over.is_set():
                for target in ("..", "folder", top):
                    os.symlink(target, f"{top}/files/new")
                    os.rename(f"{top}/files/new", f"{top}/files/change")

        threads = [threading.Thread(target=move), threading.Thread(target=swap)]
        for thread in threads:
            thread.start()
        times = 4000 if ENGINE == "direct" else 400
        script = Script(top, f"--host-directory=files={top}/files")
        script.line(f"hammer files 1 x/y/../../secret {times}", 0)
        script.line(f"hammer files 1 x/y/../../../secret {times}", 0)
        script.line(f"hammer files 1 change/secret {times}", 0)
        script.line(f"hammer files 1 x/y/../../inside {times}", range(1, times + 1))
        for path in ("x/y/../../secret", "x/y/../../../secret", "change/secret"):
            script.line(f"hammer_remove files {path} {times}", 0)
        script.run("moving")
        count(os.path.exists(f"{top}/secret"), "moving: the secret was removed")
        is_over.set()
        for thread in threads:
            thread.join()


def check_read_only():
    with tempfile.TemporaryDirectory() as top:
        tree_make(top)
        refusals = {-errno.EROFS, -errno.EACCES, -errno.EPERM, -errno.EBADF}
        script = Script(top, f"--host-directory=files={top}/files:ro", f"--host-directory=other={top}/files")
        line = script.line
        for root in ("files", "3", "4"):
            if root == "3":
                line("open files 3 - 0%o" % DIRECTORY, 0)  # opened through it, so limited by it
            if root == "4":
                line("mint 4 other r", 0)  # and one that the guest itself restricted
                line("kind 4", 1, "access 1")
            line(f"open {root} 1 inside 0", 0)
            line("read 1 100", 5, "hello")
            line("write 1 broken", refusals)
            line("size 1 0", refusals)
            line(f"open {root} 1 inside 0{RDWR:o}", refusals)
            line(f"open {root} 1 inside 01", refusals)
            line(f"open {root} 1 inside 0{TRUNC:o}", refusals)
            line(f"open {root} 1 new 0{RDWR | CREAT:o} 0644", refusals)
            line(f"open {root} 1 new 0{CREAT:o} 0644", refusals)
            line(f"open {root} 1 new 0{CREAT | EXCL:o} 0644", refusals)
            for text in ("make {0} made", "node {0} fifo 010666", "remove {0} inside 0", "remove {0} folder 512",
                         "rename {0} inside {0} outside", "rename {0} inside other outside", "rename other inside {0} outside",
                         "link {0} inside {0} outside", "link other inside {0} outside", "symlink {0} sym inside",
                         "chmod {0} inside 0777"):
                line(text.format(root), refusals)
        # Rights of a capability cannot grow again, and a file is what it was opened for.
        line("mint 5 4 rw", 0)
        line("make 5 made", refusals)
        line("open other 1 inside 0", 0)
        line("write 1 broken", refusals)
        line("open other 6 rw 0%o 0600" % (RDWR | CREAT), 0)
        line("write 6 words", 5)
        line("mint 7 6 r", 0)
        line("write 7 more", refusals)
        line("mint 8 6 w", 0)
        line("read 8 10", refusals)
        line("remove other rw 0", 0)
        before = sorted(os.listdir(f"{top}/files"))
        script.run("read only")
        count(sorted(os.listdir(f"{top}/files")) == before, f"read only: {os.listdir(f'{top}/files')}")
        count(read(f"{top}/files/inside") == "hello", "read only: the file changed")


def check_kinds(kernel):
    """Operations of one kind of object with another, and capabilities that are nothing of the kind."""
    illegal, invalid = -4096 - SEL4["IllegalOperation"], -4096 - SEL4["InvalidCapability"]
    with tempfile.TemporaryDirectory() as top:
        tree_make(top)
        script = Script(top, f"--host-directory=files={top}/files", "--host-network=network=connect:127.0.0.1:1",
                        "--host-clock=clock", kernel=kernel)
        line = script.line
        line("read files 10", illegal)
        line("list network", illegal)
        line("open network 1 inside 0", illegal)
        line("socket files 1 2 1", illegal)
        line("clock files 0", illegal)
        line("clock clock 0", 0, r"\d{10}\.\d+")
        line("clock clock 99", -errno.EINVAL)
        line("open nothing 1 inside 0", invalid)
        line("open files 1 inside 0", 0)
        line("listen 1", illegal)
        line("control 1 %d" % 0x5401, -errno.ENOTTY)
        line("control 1 %d" % 0x5412, -errno.ENOTTY)
        line("kind 1", 2)
        line("kind files", 1, "access 3")
        line("close 1", 0)
        line("kind 1", invalid)
        line("set 2", 0)
        line("kind 2", 7)
        line("timer clock 3 20000000", 0)
        line("watch 3 2 1 42", 0)
        line("take 2", 1, "token 42 events 1 badge 7")
        line("read 3 8", 8)
        line("open files 1 inside 0", 0)
        line("watch 1 2 1 43", -errno.EPERM)
        line("watch 3 1 1 44", invalid)
        script.run(f"kinds, {kernel}")


def check_streams():
    """Standard streams and single files."""
    with tempfile.TemporaryDirectory() as top:
        write(f"{top}/one", "content")
        os.mkfifo(f"{top}/pipe")
        script = Script(top, "--host-stdio", f"--host-file=one={top}/one:ro", f"--host-file=pipe={top}/pipe")
        line = script.line
        line("kind one", 2, "access 1")
        line("read one 100", 7, "content")
        line("write one words", -errno.EBADF)
        line("read pipe 10", {0, -errno.EAGAIN})
        line("write pipe words", 5)
        line("set 1", 0)
        line("watch pipe 1 1 5", 0)
        line("take 1", 1, "token 5 events 1 ")
        line("read pipe 10", 5, "words")
        line("watch stdin 1 1 6", 0)
        line("take 1", 1, r"token 6 events \d+ ")
        line("read stdin 10", 5, "given")
        line("write stderr said", 4)
        line("write stdin words", -errno.EBADF)
        done = subprocess.run(script.command(), input="given", capture_output=True, text=True, timeout=PATIENCE)
        script.judge(done.stdout, "streams")
        count(done.returncode == 0 and "said" in done.stderr, f"streams: {done.returncode}, {done.stderr!r}")
        # What the system does with its end of a pipe does not make ours one that never waits.
        reader, writer = os.pipe()
        os.write(writer, b"given")
        subprocess.run(script.command(), stdin=reader, capture_output=True, timeout=PATIENCE, check=False)
        count(os.get_blocking(reader), "streams: standard input was made nonblocking")
        os.close(reader)
        os.close(writer)
        count(read(f"{top}/one") == "content", "streams: the file changed")


def check_policy():
    with tempfile.TemporaryDirectory() as top, socket.create_server(("127.0.0.1", 0)) as allowed, \
            socket.create_server(("127.0.0.1", 0)) as other:
        good, bad = allowed.getsockname()[1], other.getsockname()[1]
        script = Script(top, f"--host-network=network=connect:127.0.0.1:{good},listen:127.0.0.2:0")
        line = script.line
        for kind in (1, 2):
            line(f"socket network 1 2 {kind}", 0)
            line(f"connect 1 1 {bad}", -errno.EACCES)
            line("connect 1 1 22", -errno.EACCES)
            line(f"connect 1 2 {good}", -errno.EACCES)
            line("bind 1 1 0", -errno.EACCES)
            line("bind 1 2 7000", -errno.EACCES)
        line(f"send_to 1 1 {bad} words", -errno.EACCES)
        line(f"send_to 1 1 {good} words", 5)
        for domain, kind in ((1, 1), (16, 3), (17, 3), (2, 3), (40, 1), (10, 1)):
            # Unix, netlink, packet, raw, vsock; IPv6 where it may still be IPv4
            line(f"socket network 1 {domain} {kind}", range(-200, 1) if domain == 10 else range(-200, 0))
        line("socket network 1 2 1", 0)
        line(f"connect 1 1 {good}", {0, -errno.EINPROGRESS})
        line("socket network 2 2 1", 0)
        line("listen 2", -errno.EACCES)  # the host would choose a port, and all addresses
        line("bind 2 2 0", 0)
        line("listen 2", 0)
        line("accept 2 3", -errno.EAGAIN)
        line("port 2", range(1, 65536))
        script.run("policy")
        allowed.settimeout(PATIENCE)
        allowed.accept()[0].close()
        other.settimeout(0)
        try:
            other.accept()
            count(False, "policy: somebody came through")
        except BlockingIOError:
            count(True, "")


def check_made():
    """What is made of empty objects, duplicates, and networks that were restricted."""
    illegal, invalid = -4096 - SEL4["IllegalOperation"], -4096 - SEL4["InvalidCapability"]
    with tempfile.TemporaryDirectory() as top:
        tree_make(top)
        script = Script(top, f"--host-directory=files={top}/files", "--host-network=network=listen:127.0.0.0/8:0")
        line = script.line
        line("pipe 1 2", 0)
        line("pipe 1 1", invalid)
        line("pipe 1 2", 0)
        line("kind 1", 2, "access 1")
        line("kind 2", 2, "access 2")
        line("read 1 10", -errno.EAGAIN)
        line("write 2 words", 5)
        line("read 1 10", 5, "words")
        line("write 1 words", -errno.EBADF)
        line("pipe_size 1 0", 65536)
        line("pipe_size 1 8192", 8192)
        line("set 5", 0)
        line("set 6", 0)
        line("duplicate 1 3", 0)
        line("watch 1 5 1 11", 0)
        line("write 2 more", 4)
        line("take 5", 1, "token 11 ")
        line("watch 1 5 4 11", 0)  # which never comes true
        line("watch 3 6 1 33", 0)
        line("take 6", 1, "token 33 ")
        line("close 1", 0)
        line("read 3 10", 4, "more")
        line("close 3", 0)
        line("write 2 words", -errno.EPIPE)
        line("close 2", 0)
        line("pair 1 2 5", 0)
        line("kind 2", 3, "access 3")
        line("write 1 one", 3)
        line("write 1 two", 3)
        line("read 2 10", 3, "one")
        line("read 2 10", 3, "two")
        line("connect 1 1 22", -errno.EACCES)
        line("close 2", 0)
        line("read 1 10", 0)
        line("event 1 3", 0)
        line("read 1 8", 8)
        line("read 1 8", -errno.EAGAIN)
        if os.path.exists("/dev/ptmx"):
            line("terminal 1 2", 0)
            line("control 2 %d" % 0x5401, 0)
            line("write 2 words", 5)
            line("read 1 10", 5, "words")
        line("duplicate files 1", 0)
        line("open 1 2 inside 0", 0)
        line("duplicate 2 3", 0)
        line("read 2 2", 2, "he")
        line("read 3 10", 3, "llo")
        line("duplicate 5 3", illegal)
        line("restrict network 1 listen:nonsense", -errno.EINVAL)
        line("restrict network 1 listen:127.0.0.2:0,connect:127.0.0.2:*", 0)
        line("socket 1 2 2 2", 0)
        line("bind 2 1 0", -errno.EACCES)
        line("connect 2 2 7000", -errno.EACCES)
        line("close 1", 0)
        line("bind 2 2 0", 0)
        script.run("made")


def check_received():
    """A listening socket that the system gets at its start, and descriptors that come through it."""
    with tempfile.TemporaryDirectory() as top, socket.socket(socket.AF_UNIX) as server, \
            socket.socket(socket.AF_UNIX) as client:
        tree_make(top)
        server.bind(f"{top}/socket")
        server.listen()
        directory, file = os.open(f"{top}/files", os.O_RDONLY), os.open(f"{top}/files/inside", os.O_RDONLY)
        script = Script(top, f"--host-fd=control={server.fileno()}", f"--host-fd=files={directory}:ro",
                        f"--host-fd=inside={file}")
        line = script.line
        line("kind control", 3, "access 3")
        line("kind files", 1, "access 1")
        line("kind inside", 2, "access 1")
        line("open files 1 inside 2", -errno.EROFS)
        line("accept control 2", 0)
        line("receive 2 3", 3, "one object 1")
        line("open 3 4 inside 2", 0)
        line("write 4 HE", 2)
        line("receive 2 5", 3, "two object 1")
        line("kind 5", 2, "access 1")
        line("read 5 10", 5, "HEllo")
        line("write 2 done", 4)
        line("receive 2 6", 0, "object 0")
        line("kind 6", 0)
        client.connect(f"{top}/socket")
        socket.send_fds(client, [b"one"], [directory])
        time.sleep(0.1)
        done = subprocess.Popen(script.command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                pass_fds=[server.fileno(), directory, file])
        # Each arrives by itself: a stream socket does not join what came with descriptors.
        socket.send_fds(client, [b"two"], [file])
        client.shutdown(socket.SHUT_WR)
        out, said = done.communicate(timeout=PATIENCE)
        script.judge(out, "received")
        count(client.recv(10) == b"done", "received: no answer")
        count(done.returncode == 0 and "came to rest" in said, f"received: {done.returncode}, {said!r}")
        os.close(directory)
        os.close(file)


def check_windows():
    """Files as memory: what is written here is read there, and what is behind the end is a fault."""
    with tempfile.TemporaryDirectory() as top:
        tree_make(top)
        large = bytes(range(256)) * 4096 * 5
        for name, content in (("large", large), ("small", b"small file")):
            with open(f"{top}/files/{name}", "wb") as out:
                out.write(content)
        os.mkfifo(f"{top}/files/fifo")
        script = Script(top, f"--host-directory=files={top}/files", f"--host-directory=fixed={top}/files:ro")
        line = script.line
        line("open files 1 small 2", 0)
        line("window 1 2 1 10", -errno.EINVAL)
        line("window 1 2 0 0", -errno.EINVAL)
        line("window 1 2 0 1099511627776", -errno.EFBIG)
        line("window 1 2 0 10", 0)
        line("kind 2", 8, "access 3")
        line("window_take 2", 12)
        line("window_take 2", -4096 - 9)  # RevokeFirst
        line("window_map 0 small 2", -4096 - 10)  # NotEnoughMemory
        line("window_map 0 small 1", 0)
        line("peek 0 10", 0, "small file")
        line("poke 0 SMALL", 0)
        line("read 1 100", 10, "SMALL file")
        line("write 1 more", 4)
        line("peek 0 14", 0, "SMALL filemore")
        line("window_read 1", -errno.EFAULT)
        line("open fixed 3 large 0", 0)
        line("window 3 4 1048576 4194304", 0)
        line("kind 4", 8, "access 1")
        line("window_take 4", 22)
        line("window_map 2097152 large 1", 0)
        line("window_map 4194304 small 200", 0)
        line("peek %d 3" % (2097152 + 65), 0, "ABC")
        line("peek %d 3" % (4194304 + 199 * 4096 + 97), 0, "abc")
        line("open files 5 fifo 0", 0)
        line("window 5 6 0 4096", -errno.ENODEV)
        line("close 1", 0)
        line("peek 0 5", 0, "SMALL")
        line("open files 7 other 0102 0644", 0)
        line("size 7 8192", 0)
        line("window 7 8 0 8192", 0)
        line("window_take 8", 13)
        line("window_map 0 small 1", None)  # over the first one's page
        line("poke 4090 words", 0)
        line("peek 0 5", 0, "\0\0\0\0\0")
        script.run("windows")
        count(read(f"{top}/files/small") == "SMALL filemore", "windows: the file has other words")
        with open(f"{top}/files/other", "rb") as file:
            count(file.read() == bytes(4090) + b"words" + bytes(8192 - 4095), "windows: the new file has other words")
        # What ends a program that has no handler: the memory is gone with its window, or the file is too short.
        for what, lines in (("closed", ["close 2", "peek 0 1"]), ("read only", ["poke 0 x"]),
                            ("short", ["size 1 0", "peek 0 1"])):
            script = Script(top, f"--host-directory=files={top}/files", f"--host-directory=fixed={top}/files:ro")
            script.line("open fixed 1 small 0" if what == "read only" else "open files 1 small 2", 0)
            for text in ("window 1 2 0 10", "window_take 2", "window_map 0 small 1", "peek 0 1"):
                script.line(text, 12 if "take" in text else 0)
            for text in lines:
                script.line(text, 0)
            done = subprocess.run(script.command(), capture_output=True, text=True, timeout=PATIENCE)
            count(done.returncode == 4 and re.search(r"vm fault.*0x40000000", done.stderr, re.S) and
                  re.search(r"^5:", done.stdout, re.M), f"windows, {what}: {done}")


def check_closed():
    """What is closed, deleted or revoked is closed on the host, and what was watched does not keep a run alive."""
    with tempfile.TemporaryDirectory() as top:
        tree_make(top)
        write(f"{top}/go/nothing")
        script = Script(top, f"--host-directory=files={top}/files", f"--host-directory=go={top}/go:ro",
                        "--host-network=network=listen:127.0.0.1:0")
        line = script.line
        line("kind go", 1)
        line("wait go 1", 0)
        for number in range(1, 9):
            line(f"open files {number} inside 0", 0)
        for number in range(9, 13):
            line(f"socket network {number} 2 1", 0)
        line("bind 9 1 0", 0)
        line("listen 9", 0)
        line("set 13", 0)
        line("watch 9 13 1 1", 0)
        line("mint 14 1 r", 0)  # a second capability to the same file
        line("wait go 2", 0)
        for number in range(1, 5):
            line(f"close {number}", 0)
        line("read 14 5", 5, "hello")
        line("wait go 3", 0)
        line("revoke", 0)
        line("wait go 4", 0)
        line("read 14 5", -4096 - SEL4["InvalidCapability"])
        waits = [number for number, text in enumerate(script.lines, 1) if text.startswith("wait")]
        words, heard = script.command(), []
        with running(words[-1], *words[3:-1]) as process:
            before, opened, closed, revoked = (step(process, top, turn, wait, heard) for turn, wait in enumerate(waits))
            write(f"{top}/go/{len(waits)}")
            out, said = process.communicate(timeout=PATIENCE)
        script.judge((b"".join(heard) + out).decode(), "closed")
        count(process.returncode == 0 and b"came to rest" in said, f"closed: {process.returncode}, {said!r}")
        count(opened - before >= 12, f"closed: {before} descriptors, with twelve objects {opened}")
        # Three of the first four: one has another capability.
        per_object = (opened - before) / 12
        count(abs(opened - closed - 3 * per_object) < 0.1, f"closed: {opened}, after three closed ones {closed}")
        count(revoked == before, f"closed: {before} descriptors, after a revoke {revoked}")


def step(process, top, turn, line, heard):
    """Let the guest go on until it waits again, in that line: how many descriptors there are then."""
    if turn:
        write(f"{top}/go/{turn}")
    while said := process.stdout.readline():
        heard.append(said)
        if re.match(rb"(\d+:)?%d:" % (line - 1), said):  # behind the beginning of the line that waited
            break
    time.sleep(0.2)
    return descriptors(process.pid)


# --- the command line ---

def check_options():
    with tempfile.TemporaryDirectory() as top:
        write(f"{top}/file", "")
        for option in ("--host-directory", "--host-directory=", "--host-directory=x", f"--host-directory={'n' * 60}={top}",
                       "--host-network=network", "--host-network=n=", "--host-network=n=nonsense",
                       "--host-network=n=listen:", "--host-network=n=listen:127.0.0.1:99999",
                       "--host-network=n=listen:300.0.0.1:1", "--host-network=n=connect:1.2.3.4/40:1",
                       f"--host-directory=={top}", "--host-clock=", "--host-fd=x", "--host-fd=x=", "--host-fd=x=-1",
                       "--host-fd=x=1a"):
            done = subprocess.run(command(os.path.join(EXAMPLES, "hello"), option), capture_output=True, text=True,
                                  timeout=PATIENCE)
            lines = done.stderr.splitlines()
            count(done.returncode == 2 and len(lines) == 1 and lines[0].startswith("selkie: ") and
                  not done.stdout, f"{option}: {done}")
        for option in (f"--host-directory=files={top}/missing", f"--host-directory=files={top}/file",
                       "--host-fd=x=987"):
            done = subprocess.run(command(os.path.join(EXAMPLES, "hello"), option), capture_output=True, text=True,
                                  timeout=PATIENCE)
            count(done.returncode not in (0, 70) and len(done.stderr.splitlines()) == 1 and not done.stdout,
                  f"{option}: {done}")


def main():
    for variant in ("file-server", "file-server-mcs"):
        check_file_server(variant)
    check_file_server_without()
    clients = CLIENTS
    check_echo_server("echo-server", clients, MEGABYTE)
    check_echo_server("echo-server-mcs", 8, MEGABYTE)
    check_escapes()
    check_moving()
    check_read_only()
    for kernel in ("sel4", "sel4_mcs"):
        check_kinds(kernel)
    check_streams()
    check_policy()
    check_made()
    check_received()
    check_windows()
    check_closed()
    check_options()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
