#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""cpu.py SELKIE OPTIONS PROGRAMS: shares of the processor, as the kernel counts its time.

Time is measured as `selkie container inspect` tells it, which does not depend on what else the host does; work, which
does, is compared between containers that run at the same time, with wide margins."""
import json
import os
import subprocess
import sys
import time

from managed import Managed, check, eventually, finish

SECONDS = 2


def live(m, *names):
    return [one["live"] for one in json.loads(m.command("inspect", *names).stdout)]


def used(m, names, seconds=SECONDS):
    """Parts of the processor that containers used during the same time."""
    before = live(m, *names)
    time.sleep(seconds)
    after = live(m, *names)
    return [(b["processor_us"] - a["processor_us"]) / 1000 / (b["up_ms"] - a["up_ms"]) for a, b in zip(before, after)]


def run(m, name, *words):
    got = m.command("run", "-d", "--name", name, "--rootfs=/:ro", "--memory=128M", *words)
    check(f"start {name} {words}", got.returncode == 0, got)


def remove(m, *names):
    check(f"rm -f {names}", m.command("rm", "-f", *names).returncode == 0)


def refused(m, is_mcs):
    for words in (("--cpu=0%",), ("--cpu=101%",), ("--cpu=half",), ("--cpu=",), ("--cpu=50%x",)):
        got = m.command("run", "--rootfs=/:ro", *words, "/bin/true")
        check(f"{words}", got.returncode == 2 and b"--cpu" in got.stderr, got)
    got = m.command("run", "--rootfs=/:ro", "--cpu=50%", "--alone", "/bin/true")
    check("--cpu and --alone", got.returncode == 2 and b"--cpu" in got.stderr, got)
    if not is_mcs:
        got = m.command("run", "--rootfs=/:ro", "--cpu=50%", "/bin/true")
        check("classic", got.returncode == 2 and got.stdout == b"" and got.stderr.count(b"\n") == 1 and
              b"the classic kernel knows no shares of the processor" in got.stderr, got)
        run(m, "first", "/bin/sleep", "100")
        check("stats, classic", b"unknown" in m.command("stats").stdout)
        remove(m, "first")


def measured(m, shares):
    """One, and four threads and processes that compute, beside a container that computes, too."""
    run(m, "other", shares, "threads", "1")
    for percent, what in ((50, ("threads", "1")), (50, ("threads", "4")), (50, ("processes", "4")), (20, ("threads", "4"))):
        run(m, "limited", f"--cpu={percent}%", shares, *what)
        part, other = used(m, ("limited", "other"))
        check(f"{percent}% for {what}", percent / 100 * 0.85 - 0.01 < part < percent / 100 * 1.1 + 0.02, part)
        check(f"what {percent}% for {what} leave", other > (1 - percent / 100) * 0.8, other)
        remove(m, "limited")
    remove(m, "other")
    run(m, "limited", "--cpu=30%", shares, "threads", "2")
    part, = used(m, ("limited",))
    check("30% with nobody else", 0.24 < part < 0.35, part)
    check("stats", b"30.0%" in m.command("stats").stdout, m.command("stats"))
    remove(m, "limited")


def hostile(m, shares):
    run(m, "other", shares, "threads", "1")
    for what in (("churn", "16"), ("together", "200"), ("calls", "6")):
        run(m, "limited", "--cpu=20%", shares, *what)
        part, other = used(m, ("limited", "other"), 3)
        check(f"20% for {what}", part < 0.25, part)
        check(f"what {what} leaves", other > 0.6, other)
        remove(m, "limited")
    remove(m, "other")


def work(m, shares):
    """Without a limit four threads beside one would have 80%."""
    words = lambda *more: m.words("run", "--rootfs=/:ro", *more)
    pipes = {"stdout": subprocess.PIPE, "env": m.environment}
    with subprocess.Popen(words("--cpu=25%", shares, "work", "4", "3"), **pipes) as limited, \
            subprocess.Popen(words(shares, "work", "1", "3"), **pipes) as other:
        counts = [int(process.communicate(timeout=60)[0]) for process in (limited, other)]
    part = counts[0] / sum(counts)
    check("work of 25%", 0.08 < part < 0.5, counts)


def several(m, shares):
    """More than there is: each gets less, and one without a share is not starved."""
    run(m, "a", "--cpu=80%", shares, "threads", "2")
    run(m, "b", "--cpu=80%", shares, "threads", "1")
    run(m, "c", shares, "threads", "1")
    a, b, c = used(m, ("a", "b", "c"))
    check("80%, 80% and none", 0.35 < a < 0.55 and 0.35 < b < 0.55 and c > 0.05, (a, b, c))
    remove(m, "a", "b", "c")


def stop_time(m, shares):
    """Seconds from SIGTERM to the end of a container that is far beyond its share."""
    run(m, "limited", "--cpu=5%", shares, "threads", "4")
    check("it runs", eventually(lambda: live(m, "limited")[0]["processor_us"] > 100000))
    got = m.command("exec", "limited", "/bin/echo", "inside")
    check("exec", got.stdout == b"inside\n", got)
    start = time.monotonic()
    check("stop", m.command("stop", "-t", "50", "limited").returncode == 0)
    took = time.monotonic() - start
    check("stopped by TERM", m.command("wait", "limited").stdout == b"143\n", m.command("wait", "limited"))
    remove(m, "limited")
    return took


def throttled(m, shares):
    """Containers at their limit hear of signals, are stopped and killed, and restarted with their share."""
    got = m.command("run", "--rootfs=/:ro", "--cpu=20%", shares, "alarms", "1", "2")
    check("alarms", got.returncode == 0 and int(got.stdout) > 10, got)
    took = [stop_time(m, shares)]
    while took[-1] > 8 and len(took) < 3:  # the host may have been busy with something else
        took.append(stop_time(m, shares))
    check("stop", took[-1] < 8, took)
    run(m, "limited", "--cpu=2%", shares, "processes", "8")
    start = time.monotonic()
    check("kill", m.command("kill", "limited").returncode == 0 and m.command("wait", "limited").stdout == b"137\n")
    check("killed at once", time.monotonic() - start < 5, time.monotonic() - start)
    remove(m, "limited")
    run(m, "limited", "--cpu=50%", "--restart=always", "/usr/bin/timeout", "0.5", shares, "threads", "2")
    check("restarted", eventually(lambda: live(m, "limited")[0]["restarts"] > 1, 40))
    check("with its share", live(m, "limited")[0]["cpu"] == 500, live(m, "limited"))
    remove(m, "limited")


def main():
    selkie, options, programs = sys.argv[1:]
    shares = os.path.join(programs, "container_shares")
    is_mcs = "--mcs" in options
    with Managed(selkie, options) as m:
        refused(m, is_mcs)
        if is_mcs:
            for test in (measured, hostile, work, several, throttled):
                test(m, shares)
    finish()


main()
