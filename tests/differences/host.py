#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""host.py SELKIE ENGINE GUESTS CONFIG: what a guest sees of the host is what the host says of itself, breakpoints are not
hit where the host refuses ptrace, and `-v` says what the console does not."""
import ctypes
import os
import re
import struct
import subprocess
import sys

SELKIE, ENGINE, GUESTS, CONFIG = sys.argv[1:5]
failed = 0


def count(is_right, complaint):
    global failed
    failed += not is_right
    if not is_right:
        print("FAIL", complaint)


def run(guest, *options, **more):
    command = [SELKIE, "run", f"--engine={ENGINE}", "--timeout=60", "--memory=512M", f"--kernel-config={CONFIG}", "-v",
               *options, os.path.join(GUESTS, f"differences_{guest}_{ENGINE}")]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, **more)


def host():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    return (re.search(r"^vendor_id\s*:\s*(\S+)", text, re.M).group(1),
            set(re.search(r"^flags\s*:(.*)", text, re.M).group(1).split()))


def test_processor_is_the_hosts():
    vendor, flags = host()
    out = run("processor", "--expect=^as.documented").stdout
    count(f"vendor {vendor}\n" in out, f"vendor: {out}")
    count(f"avx {int('avx' in flags)}, avx512f {int('avx512f' in flags)}\n" in out, f"vectors: {out}")
    count(f"ospke {int('ospke' in flags)}\n" in out, f"protection keys: {out}")


def refuse_ptrace():
    """A filter for this process and all below it: ptrace fails with EPERM."""
    code = [(0x20, 0, 0, 0), (0x15, 0, 1, 101), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)]
    filters = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(filters)))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    if libc.prctl(22, 2, program, 0, 0):  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
        os._exit(1)


def test_breakpoints_without_ptrace():
    if ENGINE != "direct":
        return
    done = run("processor", "--timeout=5", preexec_fn=refuse_ptrace)
    count("the host refuses breakpoints; they will not be hit" in done.stderr, f"without ptrace: {done}")
    count("yes: what the thread writes is" not in done.stdout and "WRONG" not in done.stdout, f"hit: {done.stdout}")


def test_text_about_refusals():
    done = run("calls", "--expect=^as.documented")
    count("<<seL4" not in done.stdout and re.search("Requested priority 256 too high", done.stderr), f"refusals: {done}")


test_processor_is_the_hosts()
test_breakpoints_without_ptrace()
test_text_about_refusals()
sys.exit(1 if failed else 0)
