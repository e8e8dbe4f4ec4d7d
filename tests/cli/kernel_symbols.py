#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""kernel_symbols.py NM LIBRARY...: all that the kernel with the ABI's tables asks of the outside is memcpy,
memmove, memset and memcmp; and it keeps no writable data of its own."""
import subprocess
import sys

ALLOWED = {"memcpy", "memmove", "memset", "memcmp", "_GLOBAL_OFFSET_TABLE_"}


def main():
    nm, libraries = sys.argv[1], sys.argv[2:]
    defined, undefined, data = set(), set(), set()
    for line in subprocess.run([nm, *libraries], check=True, capture_output=True, text=True).stdout.splitlines():
        fields = line.split()
        if len(fields) == 2 and fields[0] == "U":
            undefined.add(fields[1])
        elif len(fields) == 3:
            if fields[1].isupper():
                defined.add(fields[2])
            if fields[1] in "DBCdb" and not fields[2].startswith("."):
                data.add(fields[2])
    missing = undefined - defined - ALLOWED
    relocated = {name for name in data if not in_relro(libraries, name)}
    for name in sorted(missing):
        print(f"the kernel needs {name}")
    for name in sorted(relocated):
        print(f"the kernel keeps {name} in writable memory")
    print(f"{len(defined)} symbols, {len(missing)} needed from outside, {len(relocated)} writable")
    return 1 if missing or relocated or not defined else 0


def in_relro(libraries, name):
    """Constant tables of pointers land in .data.rel.ro, which nm calls data."""
    for library in libraries:
        text = subprocess.run(["objdump", "-t", library], check=True, capture_output=True, text=True).stdout
        for line in text.splitlines():
            if line.endswith(" " + name):
                return ".data.rel.ro" in line
    return False


sys.exit(main())
