#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""run.py [options] SELKIE IMAGE: run the stress test and judge it.

IMAGE is the root task stress-root. As built it exchanges 20000 messages; --messages and --seed write other numbers
behind the mark in a copy of it. Slices last 1 ms (gen_config.json beside this file). The exit status is 0 if every
sum was right and at least that many messages were exchanged.
"""
import argparse
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import time

MARK = b"selkie-stressrun"
CONFIG = pathlib.Path(__file__).resolve().with_name("gen_config.json")


def patched(image, messages, seed):
    data = bytearray(pathlib.Path(image).read_bytes())
    at = data.find(MARK)
    if at < 0 or data.find(MARK, at + 1) >= 0:
        sys.exit(f"run.py: {image}: the mark of the stress test does not stand in it once")
    struct.pack_into("<QQ", data, at + len(MARK), messages, seed)
    return data


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("selkie")
    parser.add_argument("image")
    parser.add_argument("--messages", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", default="ptrace")
    parser.add_argument("--timeout", type=int, default=60, help="seconds")
    parser.add_argument("--verbose", action="store_true", help="pass -v on")
    options = parser.parse_args()
    with tempfile.NamedTemporaryFile(prefix="stress-") as image:
        image.write(patched(options.image, options.messages, options.seed))
        image.flush()
        command = [options.selkie, "run", f"--engine={options.engine}", f"--timeout={options.timeout}",
                   f"--kernel-config={CONFIG}"] + ["-v"] * options.verbose + [image.name]
        start = time.monotonic()
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  timeout=options.timeout + 30, check=False)
        except subprocess.TimeoutExpired:
            sys.exit("run.py: selkie did not end in time")
        seconds = time.monotonic() - start
    output = done.stdout.decode("utf-8", "replace")
    sys.stdout.write(output)
    sys.stderr.write(done.stderr.decode("utf-8", "replace"))
    counts = re.search(r"(\d+) messages of calls and sends, (\d+) signals, (\d+) messages between", output)
    total = sum(map(int, counts.groups())) if counts else 0
    print(f"{total} messages in {seconds:.1f} s, exit status {done.returncode}")
    right = "all sums right\n" in output and "wrong:" not in output and "Caught" not in output
    sys.exit(0 if right and total >= options.messages and done.returncode == 0 else 1)


if __name__ == "__main__":
    main()
