#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""time.py SELKIE IMAGE...: in virtual time, IMAGEs print the same bytes in every run with the same seed, on every
engine, and come to rest in time of their own. The first IMAGE, which prints times, prints others with another seed."""
import subprocess
import sys
import tempfile

ENGINES = ["direct", "ptrace"]
SEEDS = [0, 1, 2, 77]
RUNS = 2
INPUT = b"a file\nq\n"  # for those that read the serial port


def run(selkie, engine, seed, image):
    command = [selkie, "run", f"--engine={engine}", "--time=virtual", f"--seed={seed}", "--timeout=60", image]
    with tempfile.TemporaryFile() as source:
        source.write(INPUT)
        source.seek(0)
        done = subprocess.run(command, stdin=source, capture_output=True, timeout=90)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stderr.decode()}\n{done.stdout.decode()[-2000:]}")
    return done.stdout


def difference(a, b):
    for one, other in zip(a.split(b"\n"), b.split(b"\n")):
        if one != other:
            return f"{one.decode()!r} and {other.decode()!r}"
    return f"{len(a)} and {len(b)} bytes"


def main():
    selkie, images = sys.argv[1], sys.argv[2:]
    for image in images:
        printed = {}
        for seed in SEEDS:
            outputs = [(engine, run(selkie, engine, seed, image)) for engine in ENGINES for _ in range(RUNS)]
            printed[seed] = outputs[0][1]
            for engine, output in outputs:
                if output != outputs[0][1]:
                    sys.exit(f"{image}, seed {seed}: {outputs[0][0]} and {engine} differ: {difference(outputs[0][1], output)}")
        if image == images[0] and len(set(printed.values())) != len(SEEDS):
            sys.exit(f"{image}: seeds change nothing")
        print(f"{image}: {len(printed[0])} bytes, the same {RUNS} times on {len(ENGINES)} engines with {len(SEEDS)} seeds")


main()
