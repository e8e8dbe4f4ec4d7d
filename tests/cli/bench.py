#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bench.py SELKIE: `selkie bench` knows its names and options, and its JSON keeps its form.

No figure is judged here, only that there is one."""
import json
import subprocess
import sys

NAMES = """null_invocation null_invocation_trapped yield_alone yield_two signal_poll call_same_vspace call_cross_vspace
call_64_words notification_pingpong read_registers map_unmap map_touch_unmap user_exception retype_delete copy_delete
integer_loop memory_loop float_loop boot_to_first_output""".split()
KEYS = {"name", "engine", "unit", "median", "min", "runs"}
FLOOR_KEYS = {"floor", "floor_name"}

failures = []


def bench(selkie, *arguments):
    return subprocess.run([selkie, "bench", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=200)


def expect(what, is_right, done):
    if not is_right:
        failures.append(what)
        print(f"FAIL {what}: status {done.returncode}, printed {done.stdout[-2000:]!r}, said {done.stderr[-600:]!r}")


def refuses(selkie, word, *arguments):
    done = bench(selkie, *arguments)
    is_right = (done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1 and
                done.stderr.startswith("selkie: ") and word in done.stderr)
    expect(f"refuses {arguments}", is_right, done)


def entry_is_right(entry):
    keys = set(entry)
    is_right = (keys in (KEYS, KEYS | FLOOR_KEYS) and entry["unit"] == "ns" and entry["engine"] == "ptrace" and
                0 < entry["min"] <= entry["median"] and isinstance(entry["runs"], int) and entry["runs"] > 0)
    return is_right and (keys == KEYS or (entry["floor"] > 0 and entry["floor_name"]))


def check_json(selkie, names, *arguments):
    done = bench(selkie, "--engine=ptrace", "--json", *arguments)
    try:
        results = json.loads(done.stdout)
    except ValueError:
        results = []
    expect(f"names of {arguments}", [entry["name"] for entry in results] == names, done)
    for entry in results:
        expect(f"entry {entry}", entry_is_right(entry), done)
    expect(f"silence of {arguments}", done.returncode == 0 and done.stderr == "", done)


def main():
    selkie = sys.argv[1]
    refuses(selkie, "warp_speed", "warp_speed")
    refuses(selkie, "warp_speed", "yield_alone", "warp_speed")
    refuses(selkie, "--engine=warp", "--engine=warp")
    refuses(selkie, "--fast", "--fast")
    refuses(selkie, "--json=1", "--json=1")
    refuses(selkie, "--engine", "--engine")
    check_json(selkie, NAMES)
    check_json(selkie, ["yield_alone", "float_loop"], "float_loop", "yield_alone")
    table = bench(selkie, "copy_delete")
    lines = table.stdout.splitlines()
    expect("table", table.returncode == 0 and len(lines) == 2 and lines[1].startswith("copy_delete "), table)
    helped = bench(selkie, "--help")
    expect("help", helped.returncode == 0 and all(name in helped.stdout for name in NAMES), helped)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


sys.exit(main())
