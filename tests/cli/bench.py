#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bench.py SELKIE: `selkie bench` knows its names and options, measures on every engine, and its JSON keeps its form.

No figure is judged here, only that there is one."""
import json
import subprocess
import sys

NAMES = """null_invocation null_invocation_trapped yield_alone yield_two signal_poll call_same_vspace call_cross_vspace
call_64_words notification_pingpong notification_cross_vspace read_registers map_unmap map_touch_unmap map_run_64
user_exception retype_delete copy_delete host_read integer_loop memory_loop memory_loop_large float_loop macro_calls
macro_compute boot_to_first_output""".split()
HAVE_FLOORS = """null_invocation null_invocation_trapped call_cross_vspace notification_cross_vspace map_unmap
map_touch_unmap map_run_64 user_exception host_read integer_loop memory_loop memory_loop_large float_loop
macro_compute""".split()
HANDOVERS = ("call_cross_vspace", "notification_cross_vspace")
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


def entry_is_right(entry, engine):
    name = entry["name"]
    keys = KEYS | (FLOOR_KEYS if name in HAVE_FLOORS else set()) | ({"floors"} if name in HANDOVERS else set())
    if (set(entry) != keys or entry["unit"] != "ns" or entry["engine"] != engine or
            not 0 < entry["min"] <= entry["median"] or not isinstance(entry["runs"], int) or entry["runs"] < 1):
        return False
    if "floors" in keys and not (entry["floors"][entry["floor_name"]] == min(entry["floors"].values()) and
                                 {"futex", "yield"} <= set(entry["floors"])):
        return False
    return name not in HAVE_FLOORS or (entry["floor"] > 0 and entry["floor_name"] != "")


def check_json(selkie, engines, names, *arguments):
    done = bench(selkie, "--json", "--rounds=1", *arguments)
    try:
        results = json.loads(done.stdout)
    except ValueError:
        results = []
    wanted = [(engine, name) for engine in engines for name in names]
    expect(f"names of {arguments}", [(entry["engine"], entry["name"]) for entry in results] == wanted, done)
    for entry in results:
        expect(f"entry {entry}", entry_is_right(entry, entry["engine"]), done)
    expect(f"silence of {arguments}", done.returncode == 0 and done.stderr == "", done)


def engines_here(selkie):
    """The engines that can run here, in the order of `selkie bench`."""
    done = bench(selkie, "--json", "--rounds=1", "yield_alone")
    return [entry["engine"] for entry in json.loads(done.stdout)]


def check_tables(selkie, engines):
    """A table for each engine, and below it what a hand-over is a multiple of."""
    done = bench(selkie, "--rounds=2", "copy_delete", "call_cross_vspace")
    tables = [table.splitlines() for table in done.stdout.split("\n\n")]
    expect("tables", done.returncode == 0 and len(tables) == len(engines), done)
    for engine, lines in zip(engines, tables):
        expect(f"table of {engine}", [line.split()[0] for line in lines] ==
               [engine, "call_cross_vspace", "copy_delete", "call_cross_vspace"], done)
        expect(f"ways of {engine}", all(word in lines[-1] for word in ("times futex", "times yield")), done)


def main():
    selkie = sys.argv[1]
    refuses(selkie, "warp_speed", "warp_speed")
    refuses(selkie, "warp_speed", "yield_alone", "warp_speed")
    refuses(selkie, "--engine=warp", "--engine=warp")
    refuses(selkie, "--fast", "--fast")
    refuses(selkie, "--json=1", "--json=1")
    refuses(selkie, "--engine", "--engine")
    refuses(selkie, "--engine=warp", "--engine=ptrace", "--engine=warp")
    for rounds in ("0", "-1", "", "x", "3x", "101", "99999999999999999999"):
        refuses(selkie, f"--rounds={rounds}", f"--rounds={rounds}")
    engines = engines_here(selkie)
    expect("an engine", len(engines) > 0 and len(set(engines)) == len(engines), bench(selkie, "--help"))
    check_json(selkie, engines, NAMES)
    for engine in engines:
        check_json(selkie, [engine], ["yield_alone", "float_loop"], f"--engine={engine}", "float_loop", "yield_alone")
    backwards = engines[::-1]
    check_json(selkie, backwards, ["yield_alone"], *[f"--engine={engine}" for engine in backwards], "yield_alone")
    check_json(selkie, engines[:1], ["yield_alone"], *[f"--engine={engines[0]}"] * 2, "yield_alone")
    check_tables(selkie, engines)
    helped = bench(selkie, "--help")
    expect("help", helped.returncode == 0 and all(name in helped.stdout for name in NAMES), helped)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


sys.exit(main())
