#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""servers.py SELKIE OPTIONS: servers in containers, asked by programs in other containers and on the host.

nginx serves a read-only volume to curl; redis-server saves in the background and to its append-only file, and finds it
all again after a restart. What is not installed is left out; without any the test is skipped (77)."""
import os
import shutil
import subprocess
import sys
import tempfile
import time

from ports import port_free, port_wait

TIMEOUT = 90
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
NGINX = """daemon off; worker_processes 1; error_log stderr; pid /work/pid;
events { worker_connections 64; }
http { access_log off; client_body_temp_path /work/t1; proxy_temp_path /work/t2; fastcgi_temp_path /work/t3;
uwsgi_temp_path /work/t4; scgi_temp_path /work/t5;
server { listen 127.0.0.1:%d; root /site; autoindex on; } }
"""
failures = 0


def there(name):
    return shutil.which(name, path=PATH) is not None


def command(*words, options=()):
    selkie, chosen = sys.argv[1:]
    return [selkie, "container", "run", "--alone", "--rootfs=/:ro", f"--timeout={TIMEOUT}",
            *[word for word in chosen.split(",") if word], *options, "--", *words]


def check(what, is_good, shown=""):
    global failures
    print(f"{what}: {'ok' if is_good else 'FAILED'}")
    if not is_good:
        failures += 1
        print(shown)


def listen(port):
    return f"--network=listen:127.0.0.1:{port}"


def nginx():
    port = port_free()
    with tempfile.TemporaryDirectory() as site, tempfile.TemporaryDirectory() as work:
        with open(os.path.join(site, "page"), "wb") as file:
            file.write(os.urandom(1 << 20))
        with open(os.path.join(work, "conf"), "w", encoding="utf-8") as file:
            file.write("user root;\n" + NGINX % port)
        server = subprocess.Popen(command("nginx", "-p", "/work", "-c", "/work/conf",
                                          options=(listen(port), f"--volume={site}:/site:ro", f"--volume={work}:/work")),
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        check("nginx accepts", port_wait(port, server))
        got = subprocess.run(command("curl", "-s", f"http://127.0.0.1:{port}/page", "-o", "/work/got", "-w", "%{http_code}",
                                     options=(f"--network=connect:127.0.0.1:{port}", f"--volume={work}:/work")),
                             capture_output=True, text=True, timeout=TIMEOUT)
        same = False
        if os.path.exists(os.path.join(work, "got")):
            with open(os.path.join(work, "got"), "rb") as a, open(os.path.join(site, "page"), "rb") as b:
                same = a.read() == b.read()
        check("curl gets the file", got.stdout == "200" and same, got)
        missing = subprocess.run(["curl", "-s", f"http://127.0.0.1:{port}/none", "-o", "/dev/null", "-w", "%{http_code}"],
                                 capture_output=True, text=True, timeout=TIMEOUT)
        check("nginx answers 404", missing.stdout == "404", missing)
        server.terminate()
        output, _ = server.communicate(timeout=TIMEOUT)
        check("nginx ends", server.returncode is not None, output)


def redis():
    port = port_free()
    cli = ["redis-cli", "-p", str(port)]

    def ask(*words):
        return subprocess.run([*cli, *words], capture_output=True, text=True, timeout=TIMEOUT).stdout.strip()

    with tempfile.TemporaryDirectory() as data:
        words = ("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", "/data", "--appendonly", "yes",
                 "--save", "")
        options = (listen(port), f"--volume={data}:/data")
        for turn in range(2):
            server = subprocess.Popen(command(*words, options=options), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      text=True)
            check("redis-server accepts", port_wait(port, server))
            if turn == 0:
                check("set", ask("set", "key", "value") == "OK")
                check("fill", ask("eval", "for i=1,5000 do redis.call('set','k'..i,i) end return 1", "0") == "1")
                check("bgsave", ask("bgsave").startswith("Background saving"))
                check("bgrewriteaof", "started" in ask("bgrewriteaof") or "scheduled" in ask("info"))
                end = time.monotonic() + 30
                while time.monotonic() < end and ("_in_progress:1" in ask("info", "persistence") or
                                                  "scheduled:1" in ask("info", "persistence")):
                    time.sleep(0.1)
                info = ask("info", "persistence")
                check("both were saved", "rdb_last_bgsave_status:ok" in info and "aof_last_bgrewrite_status:ok" in info,
                      info)
            end = time.monotonic() + 30
            while time.monotonic() < end and ask("get", "key").startswith("LOADING"):  # it listens before it has all
                time.sleep(0.1)
            answer = ask("get", "key")
            check("get", answer == "value", answer)
            check("size", ask("dbsize") == "5001", ask("dbsize"))
            ask("shutdown")
            output, _ = server.communicate(timeout=TIMEOUT)
            check("redis-server ends", server.returncode == 0, output)


def main():
    todo = [test for name, test in (("nginx", nginx), ("redis-server", redis)) if there(name)]
    os.environ["PATH"] = PATH
    for test in todo:
        test()
    print(f"{failures} failed")
    return 77 if not todo else 1 if failures else 0


sys.exit(main())
