#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""check.py SELKIE ENGINE CONFIG EXPECTED IMAGE...: run images of random programs and compare what each printed.

EXPECTED holds what all of them printed on the real kernel (record.sh). The exit status is 0 if every program printed
the same; else the first programs that did not are shown, up to the first line that differs. What the lines mean says
main.c. The steps of a program depend on its number alone, so the same image repeats it.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
from filter import clean  # noqa: E402

SECONDS = 60
SHOWN_MAX = 3
HEADING = re.compile(r"^== (\d+)$", re.M)


def programs_of(text):
    """What each program printed, by its number."""
    parts = HEADING.split(text)
    return {int(number): [line for line in body.split("\n") if line and line != "end"]
            for number, body in zip(parts[1::2], parts[2::2])}


def run(selkie, engine, config, image):
    command = [selkie, "run", f"--engine={engine}", f"--timeout={SECONDS}", f"--kernel-config={config}", image]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=2 * SECONDS, check=False)
    text = clean(done.stdout.decode("utf-8", "replace"))
    is_whole = text.rstrip().endswith("end") and done.returncode in (0, 4)
    return programs_of(text), is_whole, f"{done.returncode}: {done.stderr.decode('utf-8', 'replace')[-2000:]}"


def difference_show(number, wanted, found):
    at = next((i for i, (a, b) in enumerate(zip(wanted, found)) if a != b), min(len(wanted), len(found)))
    print(f"program {number}, line {at + 1}:")
    for line in wanted[:at]:
        print(f"  {line}")
    print(f"- {wanted[at] if at < len(wanted) else '(its end)'}      (real kernel)")
    print(f"+ {found[at] if at < len(found) else '(its end)'}")


def main():
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    selkie, engine, config, expected_path, *images = sys.argv[1:]
    with open(expected_path, encoding="utf-8") as file:
        expected = programs_of(file.read())
    found, broken = {}, []
    for image in images:
        programs, is_whole, ending = run(selkie, engine, config, image)
        found.update(programs)
        if not is_whole:
            broken.append(f"{os.path.basename(image)} did not reach its end: status {ending}")
    different = [number for number in sorted(found) if number in expected and expected[number] != found[number]]
    for number in different[:SHOWN_MAX]:
        difference_show(number, expected[number], found[number])
    print("\n".join(broken[:SHOWN_MAX]), end="\n" if broken else "")
    unknown = sorted(set(found) - set(expected))
    if unknown:
        print(f"not recorded: {len(unknown)} programs, the first is {unknown[0]}")
    print(f"{len(found) - len(different) - len(unknown)} of {len(found)} programs print what they print on the real kernel")
    return 1 if different or broken or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
