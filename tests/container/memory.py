#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""memory.py SELKIE OPTIONS PROGRAMS: containers get exactly the memory that is ordered, in whatever size."""
import json
import os
import re
import sys

from managed import Managed, check, eventually, finish

MIB = 1 << 20
LEAST = 4  # MiB: the process server and a small process
EXPENSE, EXPENSE_PART = 6 * MIB, 40  # what docs/containers.md says of the server's and two processes' own


def sizes(m, limits):
    """Of every size: what the manager itself needs must not come out of it."""
    wanted = [f"{mib}M" for mib in range(LEAST, 131)] + ["200M", "1000M", "8196K", "12292K", "4333K", "24580K", "130052K"]
    for size in wanted:
        got = m.command("run", f"--memory={size}", "--rootfs=/:ro", limits, "exit", "7")
        check(f"--memory={size}", got.returncode == 7, got)


def filled(m, limits, mib):
    got = m.command("run", f"--memory={mib}M", "--rootfs=/:ro", limits, "fill")
    pages = re.search(rb"filled: (\d+), status", got.stdout)
    check(f"fill {mib}M", got.returncode == 0 and pages, got)
    return int(pages[1]) * 4096 if pages else 0


def quota(m, limits):
    for mib in (16, 40, 100):
        first, again = filled(m, limits, mib), filled(m, limits, mib)
        least = mib * MIB - EXPENSE - mib * MIB // EXPENSE_PART
        check(f"the quota of {mib}M", least <= first <= mib * MIB, (least, first))
        check(f"the quota of {mib}M twice", abs(first - again) <= 16 * 4096, (first, again))


def told(m, limits):
    """What `inspect` tells is what is used."""
    name, memory, pages = "told", 64 * MIB, 10000
    check("start", m.command("run", "-d", "--name", name, "--memory=64M", "--rootfs=/:ro", limits, "fill",
                             str(pages)).returncode == 0)
    check("filled", eventually(lambda: b"filled:" in m.command("logs", name).stdout))
    live = json.loads(m.command("inspect", name).stdout)[0]["live"]
    check("used", pages * 4096 <= live["memory_used"] <= memory == live["memory"], live)
    check("rm", m.command("rm", "-f", name).returncode == 0)


def too_many(m, limits):
    """The manager says how many containers there may be."""
    names = [f"many{number}" for number in range(64)]
    for name in names:
        got = m.command("run", "-d", "--name", name, "--memory=4M", "--rootfs=/:ro", limits, "sleep")
        check(f"start {name}", got.returncode == 0, got)
    got = m.command("run", "--memory=4M", "--rootfs=/:ro", limits, "exit", "7")
    check("one more", got.returncode == 125 and b"64 containers run" in got.stderr, got)
    check("rm", m.command("rm", "-f", *names).returncode == 0)
    got = m.command("run", "--memory=4M", "--rootfs=/:ro", limits, "exit", "7")
    check("afterwards", got.returncode == 7, got)


def main():
    selkie, options, programs = sys.argv[1:]
    limits = os.path.join(programs, "container_limits")
    with Managed(selkie, options) as m:
        for test in (sizes, quota, told, too_many):
            test(m, limits)
    finish()


main()
