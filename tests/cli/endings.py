#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""endings.py SELKIE GUESTS: every way a run can end: its status, its one line, and what is left behind (nothing)."""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time

SELKIE, GUESTS = sys.argv[1:3]
passed = failed = 0


def count(is_right, complaint):
    global passed, failed
    passed += bool(is_right)
    failed += not is_right
    if not is_right:
        print("FAIL", complaint)


def command(guest, *options):
    return [SELKIE, "run", *options, os.path.join(GUESTS, "cli_" + guest)]


def ends(guest, options, status, out, err, stdin=subprocess.DEVNULL, given=None):
    """`out` and `err` are regular expressions for the whole of stdout and for somewhere in stderr."""
    done = subprocess.run(command(guest, "--timeout=60", *options), capture_output=True, timeout=120,
                          **({"input": given} if given is not None else {"stdin": stdin}))
    said = done.stderr.decode()
    is_right = (done.returncode == status and re.fullmatch(out, done.stdout, re.S) and re.search(err, said, re.S) and
                all(line.startswith("selkie: ") for line in said.splitlines()))
    count(is_right, f"{guest} {options}: status {done.returncode} (not {status}), stdout {done.stdout!r}, "
                    f"stderr {said!r}")


def descendants():
    """Processes whose session or group could hold a guest of ours: those that run the same executable."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8") as stat:
                    fields = stat.read().rsplit(")", 1)[1].split()
                found.append((int(entry), int(fields[1]), int(fields[2]), fields[0]))
            except OSError:
                pass
    return found


def of_group(group):
    return [pid for pid, _, pgrp, state in descendants() if pgrp == group and state != "Z"]


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def check_statuses():
    lines = rb"first\r\nsecond line\nprompt> "
    ends("lines", [], 0, lines, "came to rest\n$")
    ends("lines", ["--expect=^first$"], 0, rb"first\r\n", "--expect names: first\n$")
    ends("lines", ["--expect=second"], 0, rb"first\r\nsecond line\n", "second line\n$")
    ends("lines", ["--expect=^prompt> $"], 0, lines, "prompt> \n$")
    ends("lines", ["--expect=third"], 3, lines, "came to rest without the line")
    ends("lines", ["--fail=second"], 1, rb"first\r\nsecond line\n", "--fail names: second line")
    ends("lines", ["--expect=second", "--fail=first"], 1, rb"first\r\n", "--fail")
    ends("halt", [], 0, rb"about to halt\n.*", "halted\n$")
    ends("halt", ["--expect=nothing"], 3, rb"about to halt\n.*", "halted without the line")
    ends("halt", ["-v"], 0, rb"about to halt\n.*", "abi 16.0.0-debug: .*kernel entries")
    ends("halt", ["--engine=ptrace", "--memory=64M"], 0, rb"about to halt\n.*", "halted\n$")
    ends("timer", [], 0, rb"tick 1 badge 5\ntick 2 badge 5\ntick 3 badge 5\n", "came to rest\n$")
    ends("spin", ["--timeout=0.5"], 124, rb"spinning\n", "timeout after 0.5 s\n$")
    ends("spin", ["--timeout=0.5", "--expect=x"], 124, rb"spinning\n", "timeout")
    ends("spin", ["--expect=spin"], 0, rb"spinning\n", "spinning\n$")


def check_fault():
    caught = rb"about to fault\nCaught cap fault in send phase at address 0\nwhile trying to handle:\n" \
             rb"vm fault on data at address 0xdead0000 with status 0x6\nin thread 0x[0-9a-f]+ \"rootserver\" .*"
    report = (r'thread "rootserver" has a vm fault.*write to address 0xdead0000, status 0x6.*'
              r"mov.*\bin fall[.a-z0-9]*\+0x[0-9a-f]+ \(.*guest_fault\.c:\d+\).*page 0xdead0000 itself: not mapped.*"
              r"rip +0+4[0-9a-f]+ .*after a fault that nobody handled\n$")
    ends("fault", [], 4, caught, report)
    ends("fault", ["--expect=never"], 3, caught, "without the line that --expect names\n$")


def check_input():
    ends("serial", [], 0, rb"ready\n\n", "came to rest\n$")
    ends("serial", [], 0, rb"ready\n[\[\]abc\n]+", "halted|came to rest", given=b"abc")
    ends("serial", [], 0, rb"ready\n.*\[q\]\n.*", "halted", given=b"hello q and more")
    long = b"x" * 5000 + b"q"
    ends("serial", [], 0, rb"ready\n(\n|\[x\]){5000,}\n?\[q\]\n.*", "halted", given=long)


def check_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        run = subprocess.Popen(command("spin"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, start_new_session=True)
        run.stdout.readline()
        run.send_signal(number)
        said = run.communicate(timeout=30)[1].decode()
        count(run.returncode == 128 + number and f"signal {int(number)}" in said,
              f"signal {number}: status {run.returncode}, {said!r}")
        count(wait_for(lambda g=run.pid: not of_group(g)), f"signal {number}: {of_group(run.pid)} stayed behind")


def check_kill():
    for guest in ("spin", "serial"):
        run = subprocess.Popen(command(guest), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, start_new_session=True)
        run.stdout.readline()
        run.kill()
        run.wait()
        count(wait_for(lambda g=run.pid: not of_group(g)), f"{guest}: after SIGKILL {of_group(run.pid)} stayed behind")


def processor_seconds(group):
    ticks = 0
    for pid in of_group(group):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return ticks / os.sysconf("SC_CLK_TCK")


def check_idle():
    """Waiting for input takes no processor time."""
    run = subprocess.Popen(command("serial"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, start_new_session=True)
    run.stdout.readline()
    time.sleep(0.3)
    before = processor_seconds(run.pid)
    time.sleep(1)
    used = processor_seconds(run.pid) - before
    count(used <= 0.01, f"an idle system used {used} s of a second")
    run.stdin.write(b"q")
    run.stdin.close()
    run.wait(timeout=30)


def check_output_closed():
    run = subprocess.Popen(command("spin"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    run.stdout.close()
    said = run.communicate(timeout=30)[1].decode()
    count(run.returncode == 5 and "Broken pipe" in said, f"closed stdout: status {run.returncode}, {said!r}")


def read_until(fd, text, seconds=20):
    got = b""
    end = time.monotonic() + seconds
    while text not in got and time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                got += os.read(fd, 4096)
            except OSError:
                break
    return got


def check_terminal():
    """On a terminal: keys arrive unechoed and one by one, Ctrl-C ends the run, the settings come back."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(SELKIE, command("serial"))
    got = read_until(fd, b"ready")
    attributes = termios.tcgetattr(fd)
    count(not attributes[3] & (termios.ICANON | termios.ECHO), "the terminal is not raw")
    count(attributes[3] & termios.ISIG, "the terminal takes no Ctrl-C")
    os.write(fd, b"k")
    got = read_until(fd, b"[k]")
    count(b"[k]" in got, f"a key did not come back: {got!r}")
    os.write(fd, b"\r")
    got = read_until(fd, b"]")
    count(b"[\r]" in got, f"return is not 13: {got!r}")
    os.write(fd, b"\x03")
    got = read_until(fd, b"signal 2")
    count(b"signal 2" in got, f"Ctrl-C: {got!r}")
    before = termios.tcgetattr(fd)
    count(before[3] & termios.ICANON and before[3] & termios.ECHO, "the terminal stays raw")
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    count(status == 130, f"Ctrl-C: status {status}")
    os.close(fd)


def check_other_commands():
    version = subprocess.run([SELKIE, "--version"], capture_output=True, text=True)
    count(version.returncode == 0 and re.fullmatch(r"selkie \d+\.\d+\.\d+\n", version.stdout), version)
    engines = subprocess.run([SELKIE, "engines"], capture_output=True, text=True)
    count(engines.returncode == 0 and "ptrace" in engines.stdout, engines)
    for words in (["--help"], ["run", "--help"]):
        text = subprocess.run([SELKIE, *words], capture_output=True, text=True)
        count(text.returncode == 0 and text.stdout.startswith("usage: selkie") and not text.stderr, text)


check_other_commands()
check_statuses()
check_fault()
check_input()
check_signals()
check_kill()
check_idle()
check_output_closed()
check_terminal()
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
