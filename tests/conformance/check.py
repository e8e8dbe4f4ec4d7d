#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""check.py SELKIE ENGINE IMAGE EXPECTED [CONFIG]: run a conformance program on Selkie and compare what it prints.

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


def run(selkie, engine, image, config):
    command = [selkie, "run", f"--engine={engine}", f"--timeout={SECONDS}", *config, image]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=2 * SECONDS, check=False)
    return done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"), done.returncode


def main():
    if len(sys.argv) not in (5, 6):
        sys.exit(__doc__)
    selkie, engine, image, expected_path, *config = sys.argv[1:]
    config = [f"--kernel-config={path}" for path in config]
    with open(expected_path, encoding="utf-8") as file:
        expected = file.read().splitlines()
    output, errors, status = run(selkie, engine, image, config)
    found = clean(output).splitlines()
    # At rest: status 0, or 4 after a fault that nobody handled, which the kernel has reported.
    wanted = 4 if any(line.startswith(("Caught cap fault", "Found thread has no fault handler")) for line in expected) else 0
    if found == expected and status == wanted:
        return 0
    lines = list(difflib.unified_diff(expected, found, "real kernel", f"selkie, {engine}", lineterm="", n=1))
    print("\n".join(lines[:SHOWN_MAX]))
    if len(lines) > SHOWN_MAX:
        print(f"... and {len(lines) - SHOWN_MAX} more lines")
    print(f"exit status {status}, expected {wanted}")
    if errors:
        print(errors.rstrip())
    return 1


if __name__ == "__main__":
    sys.exit(main())
