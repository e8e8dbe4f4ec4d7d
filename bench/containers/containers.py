#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What containers cost: unmodified programs natively and in a container, back to back, and their ratio.

    bench/containers/containers.py [--selkie=build/bin/selkie] [--engine=direct] [--mcs] [--rounds=3] [--json] [NAME...]

Names: calls sysbench redis start memory (all of them otherwise). Each figure is the best of its rounds, in each of
which native and container follow each other. "pass" and "FAIL" say whether the target is met."""
import argparse
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TIMEOUT = 120
NATIVE = "native"
CONTAINER = "container"

# name: (unit, is a larger figure better, target of container / native, or of container - native)
TARGETS = {
    "getppid": ("ns", False, ("ratio", 0.5)),
    "clock_gettime": ("ns", False, ("ratio", 2.0)),
    "sysbench_cpu": ("events/s", True, ("ratio", 0.98)),
    "sysbench_memory": ("MiB/s", True, ("ratio", 0.95)),
    "redis_get_16": ("requests/s", True, ("ratio", 0.85)),
    "redis_set_16": ("requests/s", True, ("ratio", 0.85)),
    "redis_get_1": ("requests/s", True, ("ratio", 0.75)),
    "redis_set_1": ("requests/s", True, ("ratio", 0.75)),
    "start_warm": ("ms", False, ("value", 15.0)),
    "start_redis_warm": ("ms", False, ("more", 60.0)),
    "start_cold": ("ms", False, ("more", 100.0)),
    "start_redis_cold": ("ms", False, ("more", 160.0)),
    "idle_memory": ("KiB", False, ("more", 4096.0)),
}


class Bench:
    def __init__(self, options, folder):
        self.selkie = os.path.abspath(options.selkie)
        self.options = [f"--engine={options.engine}"] + (["--mcs"] if options.mcs else [])
        self.rounds = options.rounds
        self.folder = folder
        self.results = {}
        self.environment = dict(os.environ, LC_ALL="C", XDG_RUNTIME_DIR=folder)

    def compile(self, name, *flags):
        path = os.path.join(self.folder, name)
        subprocess.run(["cc", "-O2", "-o", path, os.path.join(HERE, name + ".c"), *flags], check=True)
        return path

    def command(self, where, command, *options):
        if where == NATIVE:
            return command
        return [self.selkie, "container", "run", "--rootfs=/:ro", *self.options, *options, "--", *command]

    def output(self, where, command, *options):
        done = subprocess.run(self.command(where, command, *options), capture_output=True, text=True,
                              timeout=TIMEOUT, env=self.environment)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} ({where}): status {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def manage(self, *words):
        subprocess.run([self.selkie, "container", *words], capture_output=True, timeout=TIMEOUT, env=self.environment)

    def note(self, name, where, value):
        best = self.results.setdefault(name, {})
        larger = TARGETS.get(name, ("", False))[1]
        best[where] = value if where not in best else (max if larger else min)(best[where], value)

    def each(self):
        for _ in range(self.rounds):
            yield from (NATIVE, CONTAINER)


def bench_calls(bench):
    program = bench.compile("calls")
    for where in bench.each():
        for line in bench.output(where, [program]).splitlines():
            name, value = line.split()
            bench.note(name, where, float(value))


def bench_sysbench(bench):
    """Threads of a container share one processor; so natively one is all they get, too."""
    cpu = ["sysbench", "cpu", "--time=2", "run"]
    memory = ["sysbench", "memory", "--time=2", "--memory-total-size=1T", "run"]
    for where in bench.each():
        text = bench.output(where, cpu)
        bench.note("sysbench_cpu", where, float(re.search(r"events per second: *([\d.]+)", text)[1]))
        text = bench.output(where, memory)
        bench.note("sysbench_memory", where, float(re.search(r"\(([\d.]+) MiB/sec\)", text)[1]))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Redis:
    """A server, from before its start until its end; `ready_ms` is how long it took to accept."""

    def __init__(self, bench, where):
        self.port = free_port()
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        start = time.perf_counter()
        self.process = subprocess.Popen(bench.command(where, command, "--network=any", "--memory=256M"),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=bench.environment)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                if time.perf_counter() - start > 20 or self.process.poll() is not None:
                    raise RuntimeError(f"redis-server ({where}) does not accept connections")
                time.sleep(0.001)
        self.ready_ms = (time.perf_counter() - start) * 1000

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["redis-cli", "-p", str(self.port), "shutdown", "nosave"], capture_output=True, timeout=10)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def load(self, requests, pipeline):
        text = subprocess.run(["redis-benchmark", "-p", str(self.port), "-t", "get,set", "-n", str(requests), "-P",
                               str(pipeline), "--csv"], capture_output=True, text=True, timeout=TIMEOUT).stdout
        return {name.lower(): float(rate) for name, rate in re.findall(r'"(GET|SET)","([\d.]+)"', text)}


def bench_redis(bench):
    for where in bench.each():
        with Redis(bench, where) as redis:
            for pipeline, requests in ((16, 200000), (1, 30000)):
                for name, rate in redis.load(requests, pipeline).items():
                    bench.note(f"redis_{name}_{pipeline}", where, rate)


def first_byte_ms(bench, where, command, *options):
    start = time.perf_counter()
    process = subprocess.Popen(bench.command(where, command, *options), stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, env=bench.environment)
    ready, _, _ = select.select([process.stdout], [], [], 20)
    got = os.read(process.stdout.fileno(), 1) if ready else b""
    passed = (time.perf_counter() - start) * 1000
    process.stdout.close()
    process.wait(20)
    if got != b"m":
        raise RuntimeError(f"{' '.join(command)} ({where}): no output")
    return passed


def keep_manager(bench):
    """A container that stays, so that the manager does; None where each run has a manager of its own."""
    program = os.path.join(bench.folder, "start")
    process = subprocess.Popen(bench.command(CONTAINER, [program, "stay"]), stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, env=bench.environment)
    select.select([process.stdout], [], [], 20)
    return process


def bench_start(bench):
    program = bench.compile("start", "-static")
    for _ in range(5 * bench.rounds):
        for where in (NATIVE, CONTAINER):
            bench.manage("shutdown")
            bench.note("start_cold", where, first_byte_ms(bench, where, [program]))
    for where in bench.each():
        bench.manage("shutdown")
        with Redis(bench, where) as redis:
            bench.note("start_redis_cold", where, redis.ready_ms)
    stays = keep_manager(bench)
    try:
        for _ in range(5 * bench.rounds):
            for where in (NATIVE, CONTAINER):
                bench.note("start_warm", where, first_byte_ms(bench, where, [program]))
        for where in bench.each():
            with Redis(bench, where) as redis:
                bench.note("start_redis_warm", where, redis.ready_ms)
    finally:
        stays.send_signal(signal.SIGTERM)
        try:
            stays.wait(10)
        except subprocess.TimeoutExpired:
            stays.kill()


def children(pid):
    found = [pid]
    for entry in found:
        try:
            for task in os.listdir(f"/proc/{entry}/task"):
                with open(f"/proc/{entry}/task/{task}/children") as file:
                    found += [int(word) for word in file.read().split()]
        except OSError:
            pass
    return found


def memory_kib(pid):
    """Of a process and all below it: memory of its own and the arena's part, each page once (proportional sizes)."""
    total = 0
    for each in children(pid):
        try:
            with open(f"/proc/{each}/smaps_rollup") as file:
                total += int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M)[1])
        except (OSError, TypeError):
            pass
    return total


def settled_kib(pids):
    time.sleep(0.5)
    return sum(memory_kib(pid) for pid in pids)


def memory_of(bench, where, program, count):
    """KiB that `count` of them take."""
    if where == CONTAINER:
        for i in range(count):
            bench.output(where, [program, "stay"], "-d", f"--name=bench{i}")
        size = settled_kib(managers(bench))
        bench.manage("rm", "-f", *(f"bench{i}" for i in range(count)))
        return size
    processes = [subprocess.Popen([program, "stay"], stdout=subprocess.DEVNULL) for _ in range(count)]
    size = settled_kib([process.pid for process in processes])
    for process in processes:
        process.kill()
        process.wait()
    return size


def bench_memory(bench):
    """What one more idle container takes that runs detached, and the same program natively."""
    program = bench.compile("start", "-static")
    for where in bench.each():
        one = memory_of(bench, where, program, 1)
        bench.note("idle_memory", where, (memory_of(bench, where, program, 5) - one) / 4)


def managers(bench):
    """Managers in the background that serve this run's containers: they have its runtime directory."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/environ", "rb") as file:
                is_ours = f"XDG_RUNTIME_DIR={bench.folder}".encode() in file.read().split(b"\0")
            with open(f"/proc/{entry}/stat") as file:
                parent = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if is_ours and parent == 1:
            found.append(int(entry))
    return found


BENCHES = {"calls": bench_calls, "sysbench": bench_sysbench, "redis": bench_redis, "start": bench_start,
           "memory": bench_memory}
NEEDS = {"sysbench": ["sysbench"], "redis": ["redis-server", "redis-benchmark"], "start": ["redis-server"]}


def verdict(name, native, container):
    if name not in TARGETS:
        return "", ""
    _, larger, (kind, limit) = TARGETS[name]
    value = {"ratio": container / native, "more": container - native, "value": container}[kind]
    passed = value >= limit if larger else value <= limit
    words = {"ratio": "", "more": "+", "value": "="}
    sign = ">=" if larger else "<="
    return f"{sign} {words[kind]}{limit:g}", "pass" if passed else "FAIL"


def table(results):
    print(f"{'name':18} {'native':>12} {'container':>12} {'ratio':>7}  {'target':>9}")
    for name, best in results.items():
        native, container = best.get(NATIVE), best.get(CONTAINER)
        if native is None or container is None:
            continue
        target, word = verdict(name, native, container)
        unit = TARGETS.get(name, ("ns",))[0]
        print(f"{name:18} {native:12.1f} {container:12.1f} {container / max(native, 1e-9):7.2f}  {target:>9} "
              f"{word:4}  {unit}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--selkie", default=os.path.join(HERE, "../../build/bin/selkie"))
    parser.add_argument("--engine", default="direct")
    parser.add_argument("--mcs", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("names", nargs="*", choices=[[], *BENCHES])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o700)
        bench = Bench(options, folder)
        for name in options.names or BENCHES:
            missing = [need for need in NEEDS.get(name, []) if not shutil.which(need)]
            try:
                if missing:
                    raise RuntimeError(f"{missing[0]} is not installed")
                BENCHES[name](bench)
            except (RuntimeError, subprocess.SubprocessError, OSError) as error:
                print(f"{name}: {error}", file=sys.stderr)
        bench.manage("shutdown")
        if options.json:
            print(json.dumps(bench.results, indent=2))
        else:
            table(bench.results)


main()
