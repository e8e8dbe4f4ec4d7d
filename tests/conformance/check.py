#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""check.py SELKIE ENGINE TIMES IMAGE EXPECTED [CONFIG]: run a conformance program and compare what it prints.

TIMES says in which time it runs: virtual, real, or virtual,real. In virtual time the output depends on nothing else
and must be right at once. In real time a busy host takes processor time away in the middle of a turn, which ends the
turn where it did not end on the real kernel; so a program has REAL_TRIES runs to print the expected text.

CONFIG is the gen_config.json of the kernel that the expected text was recorded with; without it, that kernel is the
one that Selkie takes by itself.

The exit status is 0 if the filtered console (filter.py) is the expected text and Selkie came to rest; else the
differing lines are shown, each under the case (the nearest line before it that both have) that it belongs to.
"""
import difflib
import subprocess
import sys

from filter import clean

SECONDS = 60
SHOWN_MAX = 60
REAL_TRIES = 3


def run(selkie, engine, time, image, config):
    command = [selkie, "run", f"--engine={engine}", f"--time={time}", f"--timeout={SECONDS}", *config, image]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=2 * SECONDS, check=False)
    return done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"), done.returncode


def difference(expected, found, name):
    lines = list(difflib.unified_diff(expected, found, "real kernel", name, lineterm="", n=1))
    if len(lines) > SHOWN_MAX:
        lines = [*lines[:SHOWN_MAX], f"... and {len(lines) - SHOWN_MAX} more lines"]
    return "\n".join(lines)


def agrees(expected, selkie, engine, time, image, config):
    """Run once; show what differs."""
    output, errors, status = run(selkie, engine, time, image, config)
    found = clean(output).splitlines()
    # At rest: status 0, or 4 after a fault that nobody handled, which the kernel has reported.
    wanted = 4 if any(line.startswith(("Caught cap fault", "Found thread has no fault handler")) for line in expected) else 0
    if found == expected and status == wanted:
        return True
    print(difference(expected, found, f"selkie, {engine}, {time} time"))
    print(f"exit status {status}, expected {wanted}")
    if errors:
        print(errors.rstrip())
    return False


def main():
    if len(sys.argv) not in (6, 7):
        sys.exit(__doc__)
    selkie, engine, times, image, expected_path, *config = sys.argv[1:]
    config = [f"--kernel-config={path}" for path in config]
    with open(expected_path, encoding="utf-8") as file:
        expected = file.read().splitlines()
    for time in times.split(","):
        tries = REAL_TRIES if time == "real" else 1
        if not any(agrees(expected, selkie, engine, time, image, config) for _ in range(tries)):
            print(f"in {time} time: wrong in {tries} of {tries} runs")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
