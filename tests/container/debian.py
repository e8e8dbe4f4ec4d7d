#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""debian.py SELKIE OPTIONS [PROGRAM...]: unmodified Debian programs at work in containers, several at once.

redis-server answers redis-cli and redis-benchmark while sysbench runs and python3 serves files. Programs that are not
installed are left out; without any the test is skipped (77)."""
import os
import shutil
import subprocess
import sys
import urllib.request

from ports import port_free, port_wait

TIMEOUT = 120
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
failures = 0


def there(name):
    return shutil.which(name, path=PATH) is not None


def contained(*words, options=()):
    selkie, chosen = sys.argv[1:3]
    return [selkie, "container", "run", "--rootfs=/:ro", f"--timeout={TIMEOUT}", *chosen.split(","), *options, "--",
            *words]


def check(what, is_good, shown=""):
    global failures
    print(f"{what}: {'ok' if is_good else 'FAILED'}")
    if not is_good:
        failures += 1
        print(shown)


def listening(port):
    return (f"--network=listen:127.0.0.1:{port}",)


def redis():
    port = port_free()
    words = ("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "")
    server = subprocess.Popen(contained(*words, options=listening(port)), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
    check("redis-server accepts", port_wait(port, server))
    client = ["redis-cli", "-p", str(port)]
    for words, answer in ((["ping"], "PONG"), (["set", "key", "value"], "OK"), (["get", "key"], "value"),
                          (["incr", "number"], "1"), (["dbsize"], "2")):
        got = subprocess.run(client + words, capture_output=True, text=True, timeout=TIMEOUT).stdout.strip()
        check(f"redis-cli {words[0]}", got == answer, got)
    bench = subprocess.run(["redis-benchmark", "-p", str(port), "-q", "-n", "1000"], capture_output=True, text=True,
                           timeout=TIMEOUT)
    check("redis-benchmark", bench.returncode == 0 and bench.stdout.count("requests per second") == 20, bench.stdout)
    server.terminate()  # which the command passes on
    output, _ = server.communicate(timeout=TIMEOUT)
    check("redis-server ends on SIGTERM", server.returncode == 0 and "Received SIGTERM" in output, output)


def sysbench():
    tests = {"cpu": ["--cpu-max-prime=2000"], "memory": ["--memory-total-size=64M"], "threads": ["--threads=4"],
             "mutex": ["--threads=4", "--mutex-locks=1000"]}
    for name, options in tests.items():
        run = subprocess.run(contained("sysbench", name, "--time=1", *options, "run"), capture_output=True, text=True,
                             timeout=TIMEOUT)
        check(f"sysbench {name}", run.returncode == 0 and "total time:" in run.stdout, run)


def python():
    port = port_free()
    words = ("/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", str(port))
    server = subprocess.Popen(contained(*words, options=(*listening(port), "--workdir=/usr/share")),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    check("http.server accepts", port_wait(port, server))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/common-licenses/GPL-3", timeout=TIMEOUT) as answer, \
            open("/usr/share/common-licenses/GPL-3", "rb") as file:
        check("http.server serves", answer.read() == file.read())
    server.terminate()
    server.wait(TIMEOUT)


def main():
    todo = [name for name in sys.argv[3:] or ("redis-server", "sysbench", "python3") if there(name)]
    if not todo:
        return 77
    os.environ["PATH"] = PATH
    background = None
    if "sysbench" in todo:
        background = subprocess.Popen(contained("sysbench", "cpu", "--time=5", "run"), stdout=subprocess.PIPE, text=True)
    for name, test in (("redis-server", redis), ("python3", python), ("sysbench", sysbench)):
        if name in todo:
            test()
    if background:
        output, _ = background.communicate(timeout=TIMEOUT)
        check("sysbench meanwhile", background.returncode == 0 and "events per second" in output, output)
    print(f"{failures} failed")
    return 1 if failures else 0


sys.exit(main())
