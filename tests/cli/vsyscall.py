#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""vsyscall.py SELKIE IMAGE ENGINE: jumps into the host's legacy vsyscall page (guest_vsyscall.c).

On direct each is the VM fault that it is on seL4. On ptrace the host answers them itself, and only the end counts. The
status is 77, which is no failure, if the host has no such page.
"""
import subprocess
import sys

PAGE = 0xffffffffff600000
SKIPPED = 77


def main():
    selkie, image, engine = sys.argv[1:]
    with open("/proc/self/maps", encoding="utf-8") as maps:
        if "[vsyscall]" not in maps.read():
            print("skipped: this host has no vsyscall page (vsyscall=none)")
            return SKIPPED
    done = subprocess.run([selkie, "run", f"--engine={engine}", "--timeout=20", image], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60, check=False)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    faults = [f"{at:x}: VM fault at {at:x}, address {at:x}, status 4" for at in range(PAGE, PAGE + 0xc00, 0x400)]
    if done.returncode == 0 and lines[-1:] == ["all jumped"] and (engine != "direct" or lines[:-1] == faults):
        return 0
    print(f"status {done.returncode}, stdout {lines}, stderr {done.stderr.decode('utf-8', 'replace')}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
