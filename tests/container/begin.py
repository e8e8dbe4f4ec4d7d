#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""begin.py SELKIE OPTIONS: what the layer of a container begins with: /etc/resolv.conf, /etc/hosts, /etc/hostname, and places
for what is mounted. The image has nothing but an empty file; programs are those of the host, in volumes."""
import os
import socket
import sys
import tarfile
import threading

from image_make import layer, layout
from managed import Managed, check, finish

LOOK_UP = "import socket; print(sorted({a[4][0] for a in socket.getaddrinfo(%r, 80, socket.AF_INET)}))"


def text_of(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def answer(query):
    """One A record, 10.9.8.7, for whatever is asked; nothing for AAAA."""
    question = query[12:]
    end = question.index(b"\0") + 5
    is_a = question[end - 4:end - 2] == b"\0\1"
    head = query[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_a else b"\0\0") + b"\0\0\0\0"
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\x09\x08\x07" if is_a else b""
    return head + question[:end] + record


def name_server():
    """At port 53 of a loopback address, as caches of systems do it; None where that is not allowed."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        server.bind(("127.0.0.153", 53))
    except OSError:
        return None

    def serve():
        while True:
            query, who = server.recvfrom(512)
            server.sendto(answer(query), who)
    threading.Thread(target=serve, daemon=True).start()
    return server


def main():
    selkie, options = sys.argv[1:3]
    with Managed(selkie, options) as m:
        layout(m.path("bare"), [layer(("empty", tarfile.REGTYPE, b""))], {})
        layout(m.path("own"), [layer(("etc", tarfile.DIRTYPE, None, 0, 0, 0o750), ("etc/hosts", tarfile.REGTYPE, b"9.9.9.9 x\n"),
                                     ("etc/other", tarfile.REGTYPE, b"other"))], {})
        host = [f"--volume={path}:{path}:ro" for path in ("/usr", "/lib", "/lib64") if os.path.isdir(path)]
        python = lambda image, code, *words: m.command("run", *host, f"--image={m.path(image)}", *words, "--",
                                                       "/usr/bin/python3", "-c", code)
        shell = lambda image, code, *words: m.command("run", *host, f"--image={m.path(image)}", *words, "--",
                                                      "/usr/bin/env", "PATH=/usr/bin", "sh", "-c", code)
        got = shell("bare", "cat /etc/resolv.conf; hostname; cat /etc/hostname", "--network=any")
        check("resolv.conf is the host's", got.stdout == text_of("/etc/resolv.conf") + b"selkie\nselkie\n", got)
        got = shell("bare", "cat /etc/resolv.conf")
        check("without a network none", b"nameserver" not in got.stdout and got.returncode == 0, got)
        for name in ("localhost", "selkie", "Some-name"):
            got = python("bare", LOOK_UP % name, "--name=Some-name")
            check(f"{name} is known", got.stdout == b"['127.0.0.1']\n", got)
        got = shell("own", "stat -c %a /etc; cat /etc/other; cat /etc/hosts")
        check("an image's own folder stays, its names do not", got.stdout.startswith(b"750\nother127.0.0.1\tlocalhost"), got)
        check("the image did not change", python("own", "print(open('/etc/other').read())").stdout == b"other\n")
        got = shell("bare", "echo nameserver 1.2.3.4 > /etc/resolv.conf && mv /etc/hosts /etc/h && cat /etc/resolv.conf")
        check("they are files like any others", got.stdout == b"nameserver 1.2.3.4\n", got)
        got = shell("bare", "ls / /a/b; stat -c %F /a/b/file", f"--volume={m.path('bare')}:/a/b/c", "--volume=/etc/hostname:/a/b/file")
        names = got.stdout.decode().split()
        check("places of mounts are seen", {"dev", "proc", "sys", "usr", "a", "c", "file"} <= set(names), got)
        server = name_server()
        if server:
            code = "open('/etc/resolv.conf', 'w').write('nameserver 127.0.0.153\\n');" + LOOK_UP % "anything.example"
            got = python("bare", code, "--network=any")
            check("a server on the host's loopback network answers", got.stdout == b"['10.9.8.7']\n", got)
        os.makedirs(m.path("plain/etc"))
        os.makedirs(m.path("none"))
        with open(m.path("plain/etc/hosts"), "wb") as file:
            file.write(b"127.0.0.9 mine\n")
        with open(m.path("plain/etc/hostname"), "wb"):
            pass
        over = lambda folder, code, *words: m.command("run", *host, f"--rootfs={m.path(folder)}:O", *words, "--",
                                                      "/usr/bin/env", "PATH=/usr/bin", "sh", "-c", code)
        got = over("plain", "cat /etc/hosts /etc/hostname; [ -f /etc/resolv.conf ]")
        check("a directory's own names stay, empty ones do not", (got.returncode, got.stdout) == (0, b"127.0.0.9 mine\nselkie\n"), got)
        got = over("none", "ls /")
        check("nothing is added where there is no etc", b"etc" not in got.stdout and got.returncode == 0, got)
        check("the directory is as it was", sorted(os.listdir(m.path("plain/etc"))) == ["hostname", "hosts"] and
              not os.listdir(m.path("none")), os.listdir(m.path("none")))
        layout(m.path("link"), [layer(("etc", tarfile.SYMTYPE, "/tmp"), ("tmp/x", tarfile.REGTYPE, b"x"))], {})
        got = shell("link", "ls /tmp; ls -d /etc")
        check("nothing is made behind a link", got.stdout == b"x\n/etc\n", got)
    finish()


main()
