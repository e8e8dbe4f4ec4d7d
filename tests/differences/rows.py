#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""rows.py ROOT CTEST BUILD: docs/differences.md keeps its form: every row names a test that exists, and the files that
carry its tag.

A test is the name of a ctest, or a file and a function in it, as in `tests/device/test_pit.c: test_periodic`. Code is
a file, once for each DIFFERS in it, or a dash where a difference needs no code."""
import json
import os
import re
import subprocess
import sys

COLUMNS = ["what", "real seL4 on a PC", "Selkie", "why", "code", "test"]
FOLDERS = ["abi", "check", "cmd", "device", "engine", "host", "kernel", "lib", "run"]
failed = 0


def complain(text):
    global failed
    failed += 1
    print("FAIL", text)


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def rows(root):
    """Of the table, each a dictionary; a row without a name goes on with the one above."""
    with open(os.path.join(root, "docs/differences.md"), encoding="utf-8") as page:
        table = [cells(line) for line in page if line.startswith("|")]
    if table[0] != COLUMNS:
        complain(f"columns {table[0]}")
    for row in table[2:]:
        if len(row) != len(COLUMNS):
            complain(f"{row[0]}: {len(row)} columns")
            continue
        yield dict(zip(COLUMNS, row))


def ctests(ctest, build):
    shown = subprocess.run([ctest, "-N", "--show-only=json-v1"], cwd=build, capture_output=True, text=True, check=True)
    return {test["name"] for test in json.loads(shown.stdout)["tests"]}


def has_function(path, name):
    with open(path, encoding="utf-8") as file:
        return re.search(rf"^(static void |def ){name}\(", file.read(), re.M)


def is_called(path, name):
    with open(path, encoding="utf-8") as file:
        return len(re.findall(rf"\b{name}\b", file.read())) > 1


def check_test(root, known, what, test):
    path, _, function = test.partition(": ")
    full = os.path.join(root, path)
    if not function:
        if test not in known:
            complain(f"{what}: no ctest {test}")
    elif not os.path.isfile(full):
        complain(f"{what}: no file {path}")
    elif not has_function(full, function) or not is_called(full, function):
        complain(f"{what}: {path} has no {function} that is called")


def tags(root):
    """How often each file says DIFFERS."""
    found = {}
    for folder in FOLDERS:
        for directory, _, names in os.walk(os.path.join(root, folder)):
            for name in names:
                if name.endswith((".c", ".h", ".S")):
                    path = os.path.join(directory, name)
                    with open(path, encoding="utf-8") as file:
                        count = file.read().count("DIFFERS")
                    if count:
                        found[os.path.relpath(path, root)] = count
    return found


def main():
    root, ctest, build = sys.argv[1:4]
    known = ctests(ctest, build)
    named = {}
    count = 0
    for row in rows(root):
        count += 1
        what = row["what"] or row["Selkie"][:40]
        tests, code = re.findall(r"`([^`]+)`", row["test"]), re.findall(r"`([^`]+)`", row["code"])
        if not tests:
            complain(f"{what}: no test")
        if not code and row["code"] != "-":
            complain(f"{what}: no code, and no dash")
        for test in tests:
            check_test(root, known, what, test)
        for path in code:
            named[path] = named.get(path, 0) + 1
    found = tags(root)
    for path in sorted(named.keys() | found.keys()):
        if named.get(path, 0) != found.get(path, 0):
            complain(f"{path}: {found.get(path, 0)} times DIFFERS, in {named.get(path, 0)} rows")
    print(f"{count} rows, {sum(found.values())} tags, {failed} complaints")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
