#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""host_engine.py SELKIE IMAGE ENGINE: host objects on one engine (guest_host_engine.c).

The directory it gets is made here, and looked at afterwards. Prints the times that the guest measured."""
import os
import subprocess
import sys
import tempfile

SIZE = 65536
PERIOD = 251
MOVE_2 = bytes([0xb8, 2, 0, 0, 0, 0xc3])  # movl $2, %eax; ret
LINES = ["files", "code", "pipe", "sockets", "timer", "two spaces", "timer, busy", "all right"]


def main():
    selkie, image, engine = sys.argv[1:]
    pattern = bytes(i % PERIOD for i in range(SIZE))
    with tempfile.TemporaryDirectory() as directory:
        for name, content in (("in.txt", pattern), ("code.bin", MOVE_2)):
            with open(os.path.join(directory, name), "wb") as file:
                file.write(content)
        done = subprocess.run(
            [selkie, "run", f"--engine={engine}", "--timeout=60", f"--host-directory=files={directory}",
             "--host-directory=dev=/dev:ro", "--host-network=network=listen:127.0.0.1:*,connect:127.0.0.1:*", "--host-clock=clock", image],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=100, check=False)
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        measured = [line for line in lines if line.endswith(" ns")]
        print("\n".join(measured))
        with open(os.path.join(directory, "out.txt"), "rb") as file:
            is_written = file.read() == pattern
    if done.returncode == 0 and is_written and [line for line in lines if line not in measured] == LINES:
        return 0
    print(f"status {done.returncode}, stdout {lines}, stderr {done.stderr.decode('utf-8', 'replace')}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
