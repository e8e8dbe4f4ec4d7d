#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""abuse.py SELKIE GUEST SOURCES [SEEDS]: guests that attack the direct engine, which is no boundary, but which ends:
in time, with a documented status and a line that says why, and leaves no process and no file behind."""
import concurrent.futures
import os
import random
import re
import subprocess
import sys
import tempfile
import time

SELKIE, GUEST, SOURCES = sys.argv[1:4]
SEEDS = int(sys.argv[4]) if len(sys.argv) > 4 else 240
STATUSES = {0, 4, 5, 70, 124}
TIMEOUT, PATIENCE = 0.5, 8  # what is left to a run behind its timeout; a busy machine takes some of it
MEMORY = 64 << 20
passed = failed = 0
seen = {}


def kinds():
    with open(os.path.join(SOURCES, "tests/cli/guest_abuse.h"), encoding="utf-8") as header:
        names = re.findall(r"^    (ABUSE_[A-Z_]+)(?: = \w+)?[,\s]", header.read(), re.M)
    random_kinds = names.index("ABUSE_RANDOM_KINDS")
    return names[:random_kinds], names[random_kinds + 1:]


def first_place():
    with open(os.path.join(SOURCES, "engine/direct/place.c"), encoding="utf-8") as source:
        return int(re.search(r"places\[\] = \{\s*(0x[0-9a-f]+)", source.read()).group(1), 16)


def ordered(directory, name, kind, seed, memory=MEMORY):
    """The guest with its orders."""
    with open(GUEST, "rb") as image:
        content = bytearray(image.read())
    at = content.index(b"selkie-abuse-me!") + 16
    for word in (kind, seed, first_place(), memory):
        content[at:at + 8] = word.to_bytes(8, "little")
        at += 8
    path = os.path.join(directory, f"{name}-{seed}")
    with open(path, "wb") as out:
        out.write(content)
    return path


def children_of(pid):
    """All processes below one, while it lives."""
    found, new = set(), {pid}
    while new:
        below = set()
        for parent in new:
            try:
                for task in os.listdir(f"/proc/{parent}/task"):
                    with open(f"/proc/{parent}/task/{task}/children", encoding="utf-8") as children:
                        below |= {int(child) for child in children.read().split()}
            except OSError:
                pass
        new = below - found
        found |= new
    return found


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def run(image, options):
    """(status, stdout, stderr, seconds, processes that stayed)"""
    start = time.monotonic()
    family = set()
    process = subprocess.Popen([SELKIE, "run", "--engine=direct", *options, image], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while True:
        try:
            out, err = process.communicate(timeout=0.02)
            break
        except subprocess.TimeoutExpired:
            family |= children_of(process.pid)
        if time.monotonic() - start > 60:
            process.kill()
            out, err = process.communicate()
            break
    seconds = time.monotonic() - start
    end = time.monotonic() + 3
    while any(map(is_alive, family)) and time.monotonic() < end:
        time.sleep(0.02)
    return process.returncode, out, err.decode(errors="replace"), seconds, [pid for pid in family if is_alive(pid)]


def count(is_right, complaint):
    global passed, failed
    passed += bool(is_right)
    failed += not is_right
    if not is_right:
        print("FAIL", complaint, flush=True)


def is_report(said):
    lines = said.splitlines()
    return bool(lines) and all(line.startswith("selkie: ") and line.isprintable() for line in lines)


def check_random(directory, names):
    def one(seed):
        kind = seed % len(names)
        image = ordered(directory, names[kind], kind, seed)
        return (names[kind], seed, *run(image, [f"--timeout={TIMEOUT}", "--memory=64M"]))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for name, seed, status, _, said, seconds, stayed in pool.map(one, range(SEEDS)):
            seen.setdefault(name, []).append(status)
            count(status in STATUSES and is_report(said), f"{name} {seed}: status {status}, {said!r}")
            count(seconds < TIMEOUT + PATIENCE, f"{name} {seed}: took {seconds:.1f} s")
            count(not stayed, f"{name} {seed}: {stayed} stayed behind")


DIRECTED = {
    "ABUSE_NEVER_RETURN": ([], 70, "begin\n", "does not come back from a kernel entry"),
    "ABUSE_LOSE_BATON": ([], 70, "begin\n", "nobody runs"),
    "ABUSE_FREE_MEMORY": (["--timeout=2"], 70, "begin\n", "heap does not make sense"),
    "ABUSE_PING_PONG": (["--timeout=1"], 124, "begin\n", "timeout"),
    "ABUSE_SPIN_CALLS": (["--timeout=1"], 124, "begin\n", "timeout"),
    "ABUSE_SPIN_FAULTS": (["--timeout=1"], 124, "begin\n", "timeout"),
    "ABUSE_MAPPINGS": (["--timeout=30"], 0, "begin\nall mapped\nend\n", "to rest"),
    "ABUSE_VSPACES": (["--timeout=30"], 0, "begin\nsum 29610\nend\n", "to rest"),
    "ABUSE_CONSOLE": (["--timeout=30"], 0, "begin\n" + 20000 * "0123456789abcdefghijklmnopqrstuvwxyz 0123456789\n" +
                      "end\n", "to rest"),
}


def check_directed(directory, names):
    with open(os.path.join(directory, "config.json"), "w", encoding="utf-8") as config:
        config.write('{"SEL4_ARCH": "x86_64", "PLAT": "pc99", "ROOT_CNODE_SIZE_BITS": "18"}')
    for name, (options, status, out, words) in DIRECTED.items():
        if name not in names:
            count(False, f"{name} is unknown")
            continue
        memory = 512 << 20
        image = ordered(directory, name, names.index(name), 1, memory)
        got, shown, said, seconds, stayed = run(image, ["--memory=512M", "--kernel-config=" + config.name, *options])
        count((got, shown.decode(errors="replace")) == (status, out) and re.search(words, said),
              f"{name}: status {got} (not {status}), stdout {shown[:200]!r}, stderr {said!r}, {seconds:.1f} s")
        count(not stayed, f"{name}: {stayed} stayed behind")


def main():
    random_names, directed_names = kinds()
    before = set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()
    with tempfile.TemporaryDirectory() as directory:
        check_directed(directory, random_names + directed_names)
        check_random(directory, random_names)
    after = set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()
    count(not [name for name in after - before if "selkie" in name], "a file stayed behind")
    for name, statuses in seen.items():
        print(name, " ".join(f"{status}: {statuses.count(status)}" for status in sorted(set(statuses))))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
