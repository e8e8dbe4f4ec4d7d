#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""abi_images.py COMPILER RUN_ABI: images that hold libsel4's enumerators, as every release and some switches
number them, must be taken for what they are.

The enumerators are made from abi/*.tsv by the rule of ranks, so this tests the detection, not the tables."""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))
import gen_abi  # noqa: E402

ABI = os.path.join(ROOT, "abi")


def holds(row, release, switches):
    needed, forbidden = gen_abi.terms(row["when"])
    since = 0 if row["since"] == "-" else int(row["since"])
    until = 99 if row["until"] == "-" else int(row["until"])
    return since <= release <= until and switches.issuperset(needed) and not switches.intersection(forbidden)


def enumerations(release, switches):
    """C text of the invocation labels and system calls of one build."""
    labels, calls, number = ["InvalidInvocation"], [], 0
    for row in gen_abi.rows(ABI, "invocations.tsv"):
        if holds(row, release, switches):
            labels.append(row["invocation"])
    api = "mcs" if "kernel_mcs" in switches else "classic"
    numbered = set()
    for row in gen_abi.rows(ABI, "syscalls.tsv"):
        in_release = holds({**row, "when": "-"}, release, switches)
        if row["api"] not in ("both", api) or not in_release:
            continue
        number -= 1
        if holds(row, release, switches) and row["syscall"] not in numbered:
            numbered.add(row["syscall"])
            calls.append(f"seL4_Sys{row['syscall']} = {number}")
    half = len(labels) // 2
    return ("enum invocation {" + ",".join(labels[:half]) + ", nInvocationLabels};"
            "enum arch_invocation {" + f"{labels[half]} = {half}," + ",".join(labels[half + 1:]) +
            ", nArchInvocationLabels};"
            "enum syscall {" + ",".join(calls) + "};"
            "enum invocation a; enum arch_invocation b; enum syscall c;"
            "void _start(void) { for (;;) {} }")


def build(compiler, directory, name, text, flags=()):
    source, image = os.path.join(directory, name + ".c"), os.path.join(directory, name)
    with open(source, "w", encoding="utf-8") as out:
        out.write(text)
    subprocess.run([compiler, "-g", "-static", "-nostdlib", "-no-pie", "-fno-pie", "-o", image, source, *flags],
                   check=True)
    return image


def main():
    compiler, program = sys.argv[1:3]
    failed = 0
    passed = 0

    def expect(image, expected, *arguments):
        nonlocal passed, failed
        got = subprocess.run([program, image, *arguments], capture_output=True, text=True).stdout.strip()
        if got == expected:
            passed += 1
        else:
            failed += 1
            print(f"FAIL {os.path.basename(image)} {' '.join(arguments)}: '{got}' is not '{expected}'")

    debug = {"printing", "debug_build", "set_tls_base_self"}
    with tempfile.TemporaryDirectory() as directory:
        for release in (13, 14, 15, 16):
            cases = {
                "debug": (debug, f"{release}.0.0-debug printing cnode 12"),
                "release": ({"set_tls_base_self"}, f"{release}.0.0-release cnode 12"),
                "vtx": (debug | {"vtx"}, f"{release}.0.0-debug printing cnode 12 vtx"),
                "mcs": (debug | {"kernel_mcs"}, f"{release}.0.0-mcs-debug printing cnode 12"),
                "smp": (debug | {"enable_smp_support"}, f"refused {release}.0.0-debug-smp"),
            }
            for name, (switches, expected) in cases.items():
                image = build(compiler, directory, f"{name}{release}", enumerations(release, switches))
                expect(image, expected)
        image = os.path.join(directory, "debug13")
        expect(image, "13.0.0-release cnode 12 doubt", "--abi", "13.0.0-release")
        expect(image, "16.0.0-debug printing cnode 12 doubt", "--abi", "16")
        expect(image, "13.0.0-mcs-debug printing cnode 12 doubt", "--abi", "13.0.0-mcs")
        bare = build(compiler, directory, "bare", "void _start(void) { for (;;) {} }", ["-s"])
        expect(bare, "16.0.0-debug printing cnode 12")
        os.makedirs(os.path.join(directory, "build/images"))
        os.makedirs(os.path.join(directory, "build/kernel/gen_config/kernel"))
        config = os.path.join(directory, "build/kernel/gen_config/kernel/gen_config.json")
        with open(config, "w", encoding="utf-8") as out:
            json.dump({"SEL4_ARCH": "x86_64", "PLAT": "pc99", "ROOT_CNODE_SIZE_BITS": "15", "DEBUG_BUILD": False,
                       "PRINTING": False}, out)
        near = os.path.join(directory, "build/images/near")
        os.rename(bare, near)
        expect(near, "16.0.0-release cnode 15")
        expect(near, "14.0.0-debug printing cnode 15", "--abi", "14.0.0")
        expect(image, "13.0.0-release cnode 15 doubt", "--kernel-config", config)
        with open(config, "w", encoding="utf-8") as out:
            out.write("{")
        expect(near, "refused 16.0.0-debug")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
