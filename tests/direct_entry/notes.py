#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""notes.py SELKIE PROGRAM EXPECTED: PROGRAM, whose note on jumping into the kernel is made wrong in every way, runs as
ever, by `syscall`; a wrong address is warned about."""
import struct
import subprocess
import sys
import tempfile

HEAD = struct.pack("<III", 7, 8, 1) + b"Selkie\0\0"
IMAGE_START = 0x400000

failures = 0


def check(selkie, image, expected, what, says):
    global failures
    with tempfile.NamedTemporaryFile(suffix=".elf") as file:
        file.write(image)
        file.flush()
        done = subprocess.run([selkie, "run", "-v", "--engine=direct", "--timeout=60", file.name],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    is_right = done.returncode == 0 and done.stdout == expected and all(
        (text in done.stderr) == is_said for text, is_said in says.items())
    if not is_right:
        failures += 1
        print(f"FAIL {what}: status {done.returncode}, printed {done.stdout!r}, said {done.stderr!r}")


def main():
    selkie, program, expected_path = sys.argv[1:]
    with open(program, "rb") as file:
        image = file.read()
    with open(expected_path, encoding="utf-8") as file:
        expected = file.read()
    at = image.index(HEAD)
    warned, told = "warning: ", "makes system calls by a jump"
    check(selkie, image, expected, "as it is", {warned: False, told: True})
    right = struct.unpack_from("<Q", image, at + len(HEAD))[0]
    for address in (1, IMAGE_START - 8, right + 4, IMAGE_START + (1 << 30), 1 << 47, (1 << 64) - 8):
        content = struct.pack("<Q", address)
        wrong = image[:at + len(HEAD)] + content + image[at + len(HEAD) + 8:]
        check(selkie, wrong, expected, f"address {address:#x}", {warned: True, told: False})
    for head in (struct.pack("<III", 7, 4, 1), struct.pack("<III", 7, 8, 2), struct.pack("<III", 6, 8, 1),
                 struct.pack("<III", 7, 0xffffffff, 1), struct.pack("<III", 0xffffffff, 8, 1)):
        wrong = image[:at] + head + image[at + len(head):]
        check(selkie, wrong, expected, f"header {head.hex()}", {warned: False, told: False})
    sys.exit(1 if failures else 0)


main()
