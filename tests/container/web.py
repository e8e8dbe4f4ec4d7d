#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""web.py SELKIE OPTIONS: nginx with workers in one container, curl and git in others, and a reload under load.

The site is a read-only volume with pages and a bare repository; clients in containers of their own get pages by curl
and clone the repository over HTTP. nginx is told to read its changed configuration again by SIGHUP while the host keeps
fetching: no request fails, and the new configuration answers. Skipped (77) without nginx or curl."""
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import urllib.request

from managed import Managed, check, eventually, finish
from ports import port_free, port_wait

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
CONFIGURATION = """user root; daemon off; worker_processes 2; error_log stderr; pid /work/pid;
events { worker_connections 64; }
http { access_log off; client_body_temp_path /work/t1; proxy_temp_path /work/t2; fastcgi_temp_path /work/t3;
uwsgi_temp_path /work/t4; scgi_temp_path /work/t5; gzip on; gzip_min_length 100;
server { listen 127.0.0.1:%d; root /site; autoindex on; add_header X-Turn %s; } }
"""


def configure(m, port, turn):
    with open(m.path("work", "conf"), "w", encoding="ascii") as file:
        file.write(CONFIGURATION % (port, turn))


def site_make(m):
    """Pages, and a repository as a web server without git can serve it; the page's text."""
    site = m.path("site")
    os.mkdir(site)
    os.mkdir(m.path("work"))
    text = "".join(f"{i} {hashlib.sha256(str(i).encode()).hexdigest()}\n" for i in range(20000))
    with open(os.path.join(site, "page.txt"), "w", encoding="ascii") as file:
        file.write(text)
    if shutil.which("git"):
        work = m.path("tree")
        environment = dict(os.environ, HOME=m.folder, GIT_CONFIG_NOSYSTEM="1")
        for words in (("init", "-q", work), ("-C", work, "-c", "user.name=n", "-c", "user.email=e@example.org", "commit",
                                             "-q", "--allow-empty", "-m", "first")):
            subprocess.run(["git", *words], check=True, env=environment)
        shutil.copy(os.path.join(site, "page.txt"), work)
        for words in (("add", "."), ("-c", "user.name=n", "-c", "user.email=e@example.org", "commit", "-q", "-m", "second")):
            subprocess.run(["git", "-C", work, *words], check=True, env=environment)
        subprocess.run(["git", "clone", "-q", "--bare", work, os.path.join(site, "r.git")], check=True, env=environment)
        subprocess.run(["git", "-C", os.path.join(site, "r.git"), "update-server-info"], check=True, env=environment)
    return text.encode()


class Fetcher(threading.Thread):
    """Gets the page again and again, a new connection each time."""

    def __init__(self, port, content):
        super().__init__(daemon=True)
        self.port, self.content, self.goes_on = port, content, True
        self.turns, self.wrong = [], []

    def run(self):
        while self.goes_on:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/page.txt", timeout=60) as answer:
                    self.turns.append(answer.headers["X-Turn"])
                    if answer.read() != self.content:
                        self.wrong.append("content")
            except OSError as error:
                self.wrong.append(error)


def clients(m, port):
    """curl and git in containers that may connect to this port only."""
    os.mkdir(m.path("got"))
    given = ("--rootfs=/:ro", f"--network=connect:127.0.0.1:{port}", f"--volume={m.path('got')}:/got", "--workdir=/got",
             "--env=HOME=/got")
    base = f"http://127.0.0.1:{port}"
    got = m.command("run", *given, "curl", "-s", "--compressed", "-o", "one", "-o", "two", "-w", "%{http_code} ",
                    f"{base}/page.txt", f"{base}/page.txt")
    check("curl", got.stdout == b"200 200 ", got)
    got = m.command("run", *given, "curl", "-s", "-r", "100-199", f"{base}/page.txt", "-o", "part", "--next", "-s",
                    "file:///got/one", "-o", "copy")
    check("curl: a part, and a file", got.returncode == 0 and os.path.getsize(m.path("got", "part")) == 100, got)
    same = [open(m.path("got", name), "rb").read() for name in ("one", "two", "copy")] # pylint: disable=consider-using-with
    check("the same", same[0] == same[1] == same[2] and len(same[0]) > 100000, [len(text) for text in same])
    got = m.command("run", *given, "curl", "-s", "http://127.0.0.1:1/")
    check("no other port", got.returncode == 7, got)
    if shutil.which("git"):
        got = m.command("run", *given, "git", "clone", "-q", f"{base}/r.git", "clone", timeout=120)
        check("git clone", got.returncode == 0, got)
        got = m.command("run", *given, "git", "-C", "clone", "log", "--format=%s")
        check("git log", got.stdout == b"second\nfirst\n", got)
        with open(m.path("got", "clone", "page.txt"), "rb") as file:
            check("what was cloned", file.read() == same[0])


def main():
    os.environ["PATH"] = PATH
    if not all(shutil.which(name) for name in ("nginx", "curl")):
        sys.exit(77)
    port = port_free()
    with Managed(sys.argv[1], sys.argv[2]) as m:
        content = site_make(m)
        configure(m, port, "one")
        got = m.command("run", "-d", "--rootfs=/:ro", "--name", "web", f"--network=listen:127.0.0.1:{port}",
                        f"--volume={m.path('site')}:/site:ro", f"--volume={m.path('work')}:/work", "nginx", "-p", "/work",
                        "-c", "/work/conf")
        check("nginx", got.returncode == 0 and port_wait(port), m.command("logs", "web"))
        clients(m, port)
        fetchers = [Fetcher(port, content) for _ in range(3)]
        for fetcher in fetchers:
            fetcher.start()
        check("it serves", eventually(lambda: all(len(fetcher.turns) > 3 for fetcher in fetchers)))
        configure(m, port, "two")
        check("SIGHUP", m.command("kill", "-s", "HUP", "web").returncode == 0)
        check("the new configuration", eventually(lambda: all(fetcher.turns[-1] == "two" for fetcher in fetchers)),
              m.command("logs", "web"))
        for fetcher in fetchers:
            fetcher.goes_on = False
        for fetcher in fetchers:
            fetcher.join(60)
            check("no request failed", not fetcher.wrong, fetcher.wrong[:3])
        check("TERM", m.command("kill", "-s", "TERM", "web").returncode == 0)
        check("nginx ends", m.command("wait", "web").stdout == b"0\n", m.command("logs", "web"))
        print(f"{sum(len(fetcher.turns) for fetcher in fetchers)} requests")
    finish()


main()
