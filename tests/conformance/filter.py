#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""filter.py < CONSOLE > TEXT: what a conformance program's console says, without what may differ.

Dropped: boot text up to the first line of the program ("== ..."), the coloured remarks of a debugging kernel about
calls that it refuses (<<seL4(CPU 0) [...]: ...>>), the stack words of a fault report (their address depends on
the compiler, and seL4 does not keep a thread's rsp over a system call), and lines "skipped: ...", which name what
the processor of this run cannot do.
Masked: the kernel's address of a thread and the program's addresses of instructions, in fault reports and in the
table of the scheduler; the longest period of a scheduling context, which depends on the frequency of the clock.
Read as one text, since a remark can stand in the middle of a line of the program.
"""
import re
import sys

COLOUR = r"(?:\x1b\[[0-9;]*m)"
REMARK = re.compile(rf"{COLOUR}+<<.*?>>{COLOUR}+\n?", re.S)
STACK_WORD = re.compile(r"^0x[0-9a-f]+: (?:0x[0-9a-f]+|INVALID)\n", re.M)
TABLE_ROW = re.compile(r"^([^\t\n]*\t[^\t\n]*\t)0x[0-9a-f]+\t", re.M)
SKIPPED = re.compile(r"^skipped: .*\n", re.M)
THREAD = re.compile(r'^in thread 0x[0-9a-f]+ ("[^"\n]*") at address (?:0x)?[0-9a-f]+', re.M)
PERIOD = re.compile(r"(RangeError(?:/2)? 14) [0-9a-f]{12,}\b")


def clean(text):
    text = text.replace("\r", "")
    text = REMARK.sub("", text)
    text = STACK_WORD.sub("", text)
    text = SKIPPED.sub("", text)
    text = text.replace("RSP not aligned\n", "")
    text = TABLE_ROW.sub(r"\1IP\t", text)
    text = THREAD.sub(r"in thread \1", text)
    text = PERIOD.sub(r"\1 MOST", text)
    start = re.search(r"^\.*(== )", text, re.M)  # a boot loader prints dots
    return text[start.start(1):] if start else text


def main():
    raw = sys.stdin.buffer.read().decode("utf-8", "replace")
    sys.stdout.write(clean(raw))


if __name__ == "__main__":
    main()
