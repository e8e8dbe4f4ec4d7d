#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bad_input.py SELKIE ENGINE: bad usage and bad images give one line on stderr, nothing on stdout, and status 2.

The images are made here, byte by byte, so that every field can lie."""
import os
import random
import struct
import subprocess
import sys
import tempfile

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
CODE = b"\xeb\xfe" + b"\x90" * 62  # jmp to itself


def segment(kind=PT_LOAD, flags=5, offset=0x1000, vaddr=0x401000, filesz=None, memsz=None, align=0x1000):
    filesz = len(CODE) if filesz is None else filesz
    return struct.pack("<IIQQQQQQ", kind, flags, offset, vaddr, vaddr, filesz, filesz if memsz is None else memsz,
                       align)


def elf(segments=None, ident=None, kind=2, machine=62, entry=0x401000, phoff=64, phentsize=56, phnum=None, ehsize=64,
        shoff=0, shnum=0, length=None):
    segments = [segment()] if segments is None else segments
    ident = b"\x7fELF\x02\x01\x01" + bytes(9) if ident is None else ident
    header = ident + struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, entry, phoff, shoff, 0, ehsize, phentsize,
                                 len(segments) if phnum is None else phnum, 64, shnum, 0)
    image = (header + b"".join(segments)).ljust(0x1000, b"\0") + CODE
    return image if length is None else image[:length]


HUGE = (1 << 64) - 1
IMAGES = {
    "empty": (b"", "is empty"),
    "text": (b"#!/bin/sh\necho no\n", "not an ELF file"),
    "three-bytes": (b"\x7fEL", "not an ELF file"),
    "magic-only": (b"\x7fELF", "truncated"),
    "ident-only": (elf(length=16), "truncated"),
    "half-header": (elf(length=40), "truncated"),
    "header-only": (elf(length=64), "truncated"),
    "half-table": (elf(length=100), "truncated"),
    "half-segment": (elf(length=0x1010), "truncated"),
    "32-bit": (elf(ident=b"\x7fELF\x01\x01\x01" + bytes(9)), "32-bit"),
    "big-endian": (elf(ident=b"\x7fELF\x02\x02\x01" + bytes(9)), "little-endian"),
    "class-9": (elf(ident=b"\x7fELF\x09\x01\x01" + bytes(9)), "64-bit"),
    "version-0": (elf(ident=b"\x7fELF\x02\x01\x00" + bytes(9)), "64-bit"),
    "aarch64": (elf(machine=183), "AArch64"),
    "riscv": (elf(machine=243), "RISC-V"),
    "odd-machine": (elf(machine=9999), "another processor"),
    "object": (elf(kind=1), "object file"),
    "pie": (elf(kind=3), "position-independent"),
    "core": (elf(kind=4), "not an executable"),
    "interpreter": (elf([segment(PT_INTERP), segment()]), "dynamically linked"),
    "dynamic": (elf([segment(), segment(PT_DYNAMIC), segment(PT_INTERP)]), "dynamically linked"),
    "no-segments": (elf(phnum=0), "no program headers"),
    "nothing-to-load": (elf([segment(4)]), "nothing to load"),
    "empty-segment": (elf([segment(filesz=0, memsz=0)]), "nothing to load"),
    "table-outside": (elf(phoff=1 << 40), "outside the file"),
    "table-wraps": (elf(phoff=HUGE - 8), "outside the file"),
    "many-headers": (elf(phnum=65535), "outside the file"),
    "65534-headers": (elf(phnum=65534), "outside the file"),
    "header-size": (elf(phentsize=32), "wrong size"),
    "elf-header-size": (elf(ehsize=8), "truncated"),
    "file-larger": (elf([segment(filesz=64, memsz=32)]), "more in the file"),
    "offset-outside": (elf([segment(offset=1 << 30)]), "outside the file"),
    "offset-wraps": (elf([segment(offset=HUGE - 16)]), "outside the file"),
    "file-size-huge": (elf([segment(filesz=HUGE, memsz=HUGE)]), "outside the file"),
    "memory-wraps": (elf([segment(memsz=HUGE)]), "outside user space"),
    "vaddr-kernel": (elf([segment(vaddr=0xffffffff80000000)], entry=0xffffffff80000000), "outside user space"),
    "vaddr-top": (elf([segment(vaddr=0x7fffffffefc1)], entry=0x7fffffffefc1), "outside user space"),
    "no-room-behind": (elf([segment(vaddr=0x7fffffffe000)], entry=0x7fffffffe000), "user space"),
    "memory-huge": (elf([segment(memsz=1 << 40)]), "--memory"),
    "memory-larger": (elf([segment(memsz=5 << 30)]), "--memory"),
    "far-apart": (elf([segment(), segment(vaddr=0x700000000000)]), "--memory"),
    "too-many-pages": (elf([segment(memsz=1 << 30)]), "root CNode"),
    "overlap": (elf([segment(memsz=0x2000), segment(vaddr=0x402000)]), "overlap"),
    "same-twice": (elf([segment(), segment()]), "overlap"),
    "entry-0": (elf(entry=0), "entry point"),
    "entry-behind": (elf(entry=0x401040), "entry point"),
    "65-segments": (elf([segment(vaddr=0x400000 + i * 4096) for i in range(65)], entry=0x400000), "more than 64"),
}

BAD_CONFIG = {
    "config-empty": ("", "line"),
    "config-half": ("{", "line"),
    "config-list": ("[1]", "not a JSON object"),
    "config-other": ("{}", "SEL4_ARCH"),
    "config-arm": ('{"SEL4_ARCH": "aarch64"}', "aarch64"),
    "config-type": ('{"SEL4_ARCH": "x86_64", "NUM_DOMAINS": "x"}', "NUM_DOMAINS"),
    "config-smp": ('{"SEL4_ARCH": "x86_64", "MAX_NUM_NODES": "4"}', "several cores"),
}


class Checker:
    def __init__(self, selkie):
        self.selkie, self.passed, self.failed = selkie, 0, 0

    def refuses(self, name, arguments, *words):
        """The run must end by itself, with one line that holds every one of `words`."""
        done = subprocess.run([self.selkie, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        line = done.stderr.decode(errors="replace")
        is_right = (done.returncode == 2 and done.stdout == b"" and line.count("\n") == 1 and
                    line.startswith("selkie: ") and all(word in line for word in words))
        self.count(is_right, f"{name}: status {done.returncode}, said {line!r}, wanted {words}")

    def spins(self, name, arguments):
        """The image is accepted, and its loop runs until the time limit."""
        done = subprocess.run([self.selkie, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        self.count(done.returncode == 124, f"{name}: status {done.returncode}, said {done.stderr[-600:]!r}")

    def survives(self, name, arguments):
        """Whatever it says, it must neither crash nor hang."""
        done = subprocess.run([self.selkie, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        is_right = done.returncode in (0, 2, 4, 124)
        self.count(is_right, f"{name}: status {done.returncode}, said {done.stderr[-600:]!r}")

    def count(self, is_right, complaint):
        self.passed += is_right
        self.failed += not is_right
        if not is_right:
            print("FAIL", complaint)


def check_usage(check, good):
    check.refuses("no command", [], "--help")
    check.refuses("bad command", ["walk"], "walk")
    check.refuses("no image", ["run"], "no image")
    check.refuses("two images", ["run", good, good], "more than one")
    check.refuses("bad option", ["run", "--fast", good], "--fast")
    check.refuses("bad short option", ["run", "-x", good], "-x")
    check.refuses("value for a flag", ["run", "--verbose=1", good], "--verbose=1")
    check.refuses("value missing", ["run", "--memory"], "--memory")
    check.refuses("engines argument", ["engines", "x"], "x")
    check.refuses("bad engine", ["run", "--engine=warp", good], "--engine=warp")
    check.refuses("bad time", ["run", "--time=soon", good], "--time=soon")
    check.refuses("seed in real time", ["run", "--seed=1", good], "--seed=1", "--time=virtual")
    for seed in "x", "-1", "1x", "", "99999999999999999999":
        check.refuses("bad seed", ["run", "--time=virtual", f"--seed={seed}", good], f"--seed={seed}")
    for size in ("0", "x", "4X", "4GB", "-1G", " 4G", "1M", "17M", "99999999999999999999", "32T", ""):
        check.refuses("bad memory", ["run", f"--memory={size}", good], f"--memory={size}")
    for seconds in ("0", "-1", "x", "1s", "nan", "inf", ""):
        check.refuses("bad timeout", ["run", f"--timeout={seconds}", good], f"--timeout={seconds}")
    for name in ("12.0.0", "x", "16.0.0-fast", "16.0.0-debug-release"):
        check.refuses("bad ABI", ["run", f"--abi={name}", good], f"--abi={name}")
    check.refuses("several cores", ["run", "--abi=16.0.0-smp", good], "several cores")
    for option in ("--expect", "--fail"):
        for regex in ("(", "[", "a{2,1}", "*["):
            check.refuses("bad expression", ["run", f"{option}={regex}", good], f"{option}={regex}")


def check_host(check, directory, good):
    """What the system gets of the host."""
    for option in ("directory", "file"):
        for value in ("", "=", "name", "name=", "=/tmp", "a b=/tmp", "x" * 48 + "=/tmp"):
            check.refuses("bad grant", ["run", f"--host-{option}={value}", good], f"--host-{option}={value}")
        check.refuses("missing grant", ["run", f"--host-{option}=a={directory}/nowhere", good], "nowhere", "No such file")
    check.refuses("file as directory", ["run", f"--host-directory=a={good}", good], good, "Not a directory")
    check.refuses("directory as file", ["run", f"--host-file=a={directory}:ro", good], directory, "Is a directory")
    check.refuses("read-only cut", ["run", f"--host-directory=a={directory}/none:ro", good], directory + "/none: ")
    for value in ("any", "=any", "net=", "net=none", "net=any,", "net=listen:80", "net=listen:host:80",
                  "net=connect:1.2.3.4:99999", "net=connect:1.2.3.4:9-8", "net=connect:1.2.3.4/8:1"):
        check.refuses("bad network", ["run", f"--host-network={value}", good], "--host-network")
    check.refuses("bad clock", ["run", "--host-clock=", good], "--host-clock=")
    check.refuses("name taken", ["run", "--host-clock=a", f"--host-directory=a={directory}", good], "--host-directory", "name a")
    check.refuses("stream taken", ["run", "--host-stdio", "--host-stdio", good], "stdin")
    check.refuses("too many", ["run", *(f"--host-clock=c{i}" for i in range(33)), good], "--host-clock=c32", "32")


def check_files(check, directory, good):
    def path(name):
        return os.path.join(directory, name)

    check.refuses("missing file", ["run", path("nowhere")], "nowhere", "No such file")
    check.refuses("directory", ["run", directory], directory, "is a directory")
    check.refuses("device", ["run", "/dev/null"], "/dev/null", "not a regular file")
    os.mkfifo(path("fifo"))
    check.refuses("fifo", ["run", path("fifo")], "fifo", "not a regular file")
    if os.getuid() != 0:
        write(path("secret"), elf())
        os.chmod(path("secret"), 0)
        check.refuses("unreadable", ["run", path("secret")], "secret", "Permission denied")
        check.refuses("unreadable config", ["run", "--kernel-config=" + path("secret"), good], "secret",
                      "Permission denied")
    newline = path("new\nline")
    write(newline, b"text")
    check.refuses("name with newline", ["run", newline], "not an ELF file")
    for name, (content, words) in IMAGES.items():
        write(path(name), content)
        check.refuses(name, ["run", "--timeout=5", path(name)], path(name), words)
    write(path("dynamic-section"), elf([segment(), segment(PT_DYNAMIC)]))
    check.spins("dynamic section, no interpreter",
                ["run", "--engine=" + sys.argv[2], "--timeout=0.2", path("dynamic-section")])
    check.refuses("missing config", ["run", "--kernel-config=" + path("none"), good], path("none"), "No such file")
    check.refuses("config directory", ["run", "--kernel-config=" + directory, good], directory)
    for name, (content, words) in BAD_CONFIG.items():
        write(path(name), content.encode())
        check.refuses(name, ["run", "--kernel-config=" + path(name), good],
                      good if name == "config-smp" else path(name), words)
    folder = path("build/kernel/gen_config/kernel")
    os.makedirs(folder)
    os.makedirs(path("build/images"))
    write(os.path.join(folder, "gen_config.json"), b"{")
    write(path("build/images/near"), elf())
    check.refuses("config of the build", ["run", path("build/images/near")], "gen_config.json", "line")


def check_noise(check, directory, rounds):
    """Images with random damage: refused or run, never a crash."""
    rng = random.Random(20130613)
    base = elf([segment(), segment(vaddr=0x402000, memsz=0x3000)])
    for number in range(rounds):
        image = bytearray(base)
        for _ in range(rng.randint(1, 6)):
            image[rng.randrange(176)] = rng.choice((0, 1, 2, 0x7f, 0x80, 0xff, rng.randrange(256)))
        if rng.random() < 0.2:
            image = image[:rng.randrange(len(image))]
        path = os.path.join(directory, f"noise-{number}")
        write(path, bytes(image))
        check.survives(f"noise {number} ({bytes(image[:176]).hex()})", ["run", "--engine=" + sys.argv[2], "--timeout=0.05", path])


def write(path, content):
    with open(path, "wb") as out:
        out.write(content)


def main():
    check = Checker(sys.argv[1])
    with tempfile.TemporaryDirectory() as directory:
        good = os.path.join(directory, "good")
        write(good, elf())
        check_usage(check, good)
        check_host(check, directory, good)
        check_files(check, directory, good)
        check_noise(check, directory, 150)
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0


sys.exit(main())
