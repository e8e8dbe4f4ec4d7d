#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The headers of libsel4 compile without a warning for every kind of configuration, each header alone.

    test_headers.py COMPILER
"""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INCLUDE = os.path.join(ROOT, "lib", "libsel4", "include")
EVERYTHING = "vtx iommu hardware_debug_api x86_64_vtx_64bit_guests enable_benchmarks benchmark_track_utilisation " \
             "kernel_x86_dangerous_msr dangerous_code_injection enable_smp_support".split()
CONFIGURATIONS = [[], ["--mcs"], ["--release-build"], ["--release", "13"], ["--release", "14", "--mcs"],
                  ["--release", "15", "--release-build", "--mcs"], ["--xsave-size", "2000", "--domains", "4"],
                  ["--mcs"] + [f"--with={switch}" for switch in EVERYTHING]]
FLAGS = ["-std=gnu11", "-O1", "-ffreestanding", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror"]
PERSONALITIES = ("syscalls_classic.h", "syscalls_mcs.h")  # included by syscalls.h, one of them


def headers():
    for directory, _, names in os.walk(os.path.join(INCLUDE, "sel4")):
        for name in names:
            if name not in PERSONALITIES:
                yield os.path.relpath(os.path.join(directory, name), INCLUDE)


def compiles(compiler, generated, text):
    command = [compiler, *FLAGS, f"-I{INCLUDE}", f"-I{generated}", "-fsyntax-only", "-x", "c", "-"]
    return subprocess.run(command, input=text, text=True, check=False).returncode == 0


def main():
    compiler = sys.argv[1]
    failed = 0
    for options in CONFIGURATIONS:
        with tempfile.TemporaryDirectory() as generated:
            subprocess.run([sys.executable, os.path.join(ROOT, "tools", "gen_libsel4.py"), generated, *options],
                           check=True)
            alone = headers() if options in ([], ["--mcs"]) else ["sel4/sel4.h"]
            for header in alone:
                if not compiles(compiler, generated, f"#include <{header}>\n"):
                    print(f"failed: {header} with {' '.join(options) or 'no options'}")
                    failed += 1
    print(f"{len(CONFIGURATIONS)} configurations, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
