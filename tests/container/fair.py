#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""fair.py SELKIE OPTIONS PROGRAMS: a container that keeps its personality busy does not keep others from running.

A program that sleeps 10 ms again and again is counted alone and beside others: how often it woke up, and the longest that
a sleep took. The bounds are wide, since the host does other things, too; what a starved program gets is far beyond."""
import os
import re
import sys

from managed import Managed, check, finish

SECONDS = 3
ROUNDS = 3  # the best counts: who is starved is so each time


def sleeper(m, busy):
    got = m.command("run", "--rootfs=/:ro", busy, "sleep", str(SECONDS))
    told = re.search(rb"woke (\d+) longest (\d+)", got.stdout)
    check("the sleeper", got.returncode == 0 and told, got)
    return (int(told[1]), int(told[2])) if told else (0, 0)


def beside(m, busy, least, longest_ms, *what):
    """`what` keeps its own container busy meanwhile; its name says how."""
    name = "busy-" + "-".join(what)
    got = m.command("run", "-d", "--name", name, "--rootfs=/:ro", busy, *what)
    check(f"start {what}", got.returncode == 0, got)
    rounds = []
    for _ in range(ROUNDS):
        rounds.append(sleeper(m, busy))
        if rounds[-1][0] >= least and rounds[-1][1] <= longest_ms:
            break
    else:
        check(f"a sleeper beside {what}: {least} times, {longest_ms} ms", False, rounds)
    check(f"rm {what}", m.command("rm", "-f", name).returncode == 0)


def main():
    selkie, options, programs = sys.argv[1:]
    busy = os.path.join(programs, "container_busy")
    with Managed(selkie, options) as m:
        alone = sleeper(m, busy)[0]
        check("alone", alone > 30 * SECONDS, alone)
        if "ptrace" in options:  # a call takes a hundred times as long there
            beside(m, busy, alone / 8, 300, "map", "1")
            beside(m, busy, alone / 16, 600, "fork", "1")
        else:
            for what in ("map", "fork"):
                for processes in ("1", "4"):
                    beside(m, busy, alone / 3, 200, what, processes)
    finish()


main()
