#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""endings.py SELKIE GUESTS ENGINE: every way a run can end: its status, its one line, and what is left behind (nothing)."""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time

SELKIE, GUESTS, ENGINE = sys.argv[1:4]
passed = failed = 0


def count(is_right, complaint):
    global passed, failed
    passed += bool(is_right)
    failed += not is_right
    if not is_right:
        print("FAIL", complaint)


def command(guest, *options):
    return [SELKIE, "run", "--engine=" + ENGINE, *options, os.path.join(GUESTS, "cli_" + guest)]


def ends(guest, options, status, out, err, stdin=subprocess.DEVNULL, given=None):
    """`out` and `err` are regular expressions for the whole of stdout and for somewhere in stderr."""
    done = subprocess.run(command(guest, "--timeout=60", *options), capture_output=True, timeout=120,
                          **({"input": given} if given is not None else {"stdin": stdin}))
    said = done.stderr.decode()
    is_right = (done.returncode == status and re.fullmatch(out, done.stdout, re.S) and re.search(err, said, re.S) and
                all(line.startswith("selkie: ") for line in said.splitlines()))
    count(is_right, f"{guest} {options}: status {done.returncode} (not {status}), stdout {done.stdout!r}, "
                    f"stderr {said!r}")


def process_fields(pid):
    """Of /proc/PID/stat, from the state on; None if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()
    except OSError:
        return None


def guests_of(pid):
    """Guest processes have a session of their own, so they are found as children."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as children:
        found = [int(child) for child in children.read().split()]
    count(found, "a run without guest processes")
    return found


def alive(pids):
    return [pid for pid in pids if (process_fields(pid) or "Z")[0] != "Z"]


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
    ends("halt", ["--memory=64M"], 0, rb"about to halt\n.*", "halted\n$")
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


HOSTILE = {
    "jump_kernel": "vm fault", "jump_nowhere": "user exception 13", "jump_stub": "vm fault",
    "write_stub": "vm fault", "no_stack": "vm fault", "wrong_stack": "user exception 12", "stack_overflow": "vm fault",
    "smash_signal_stack": "user exception 6" if ENGINE == "ptrace" else "vm fault",  # the address is ptrace's
    "int_80": "user exception 13",
    "int_4": "user exception 13", "int_255": "went on", "icebp": "user exception 1",
    "halt": "user exception 13", "rdpmc": "user exception 13", "trace": "user exception 1",
    "trace_syscall": "user exception 1", "align": "user exception 17", "backwards": "went on",
    "all_flags": "user exception 1", "nested_task": "user exception 13",
    "fs_kernel": "(vm fault|user exception 6)", "fs_wrong": "user exception (13|6)",  # 6: no FSGSBASE
    "code_32": "user exception 13", "code_kernel": "user exception 13", "restart": "user exception 6",
    "device_edge": "vm fault", "device_fresh": "went on", "device_divide": "user exception 0",
    "device_push": "vm fault", "wrong_stack_ud": "user exception 6",
}


def check_hostile():
    """Whatever a thread does, its handler hears of it and the others go on."""
    lines = "".join(f"{name}: {what}\n" for name, what in HOSTILE.items())
    ends("hostile", ["--memory=512M"], 0, f"{lines}all done\n".encode(), "came to rest\n$")


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
        guests = guests_of(run.pid)
        run.send_signal(number)
        said = run.communicate(timeout=30)[1].decode()
        count(run.returncode == 128 + number and f"signal {int(number)}" in said,
              f"signal {number}: status {run.returncode}, {said!r}")
        count(not alive(guests), f"signal {number}: {alive(guests)} stayed behind")


def check_kill():
    for guest in ("spin", "serial"):
        run = subprocess.Popen(command(guest), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, start_new_session=True)
        run.stdout.readline()
        guests = guests_of(run.pid)
        run.kill()
        run.wait()
        count(wait_for(lambda pids=guests: not alive(pids)), f"{guest}: after SIGKILL {alive(guests)} stayed behind")


def check_guest_killed():
    """Somebody kills a guest process: noticed at once, also while nothing runs. The first and the last that was made:
    on the direct engine the one that makes the others, and the one that runs."""
    for guest, which in (("spin", 0), ("spin", -1), ("serial", 0), ("serial", -1)):
        run = subprocess.Popen(command(guest), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, start_new_session=True)
        run.stdout.readline()
        time.sleep(0.3)
        guests = guests_of(run.pid)
        victim = guests[which]
        os.kill(victim, signal.SIGKILL)
        status = run.wait(timeout=30)
        said = run.stderr.read().decode()
        count(status == 5 and re.fullmatch(rf"selkie: .*process {victim} was killed by signal 9.*\n", said),
              f"{guest}: guest killed: status {status}, {said!r}")
        count(not alive(guests), f"{guest}: guest killed: {alive(guests)} stayed behind")


def check_guest_stopped():
    """A guest process that a debugger stops is not lost, however long that takes."""
    run = subprocess.Popen(command("spin"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, start_new_session=True)
    run.stdout.readline()
    guest = guests_of(run.pid)[-1]
    os.kill(guest, signal.SIGSTOP)
    time.sleep(7)  # longer than the watchdog's patience
    count(run.poll() is None, "a stopped guest process ended the run")
    os.kill(guest, signal.SIGCONT)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=30)
    count(run.returncode == 130, f"after a stop: status {run.returncode}")


def processor_seconds(pids):
    ticks = 0
    for fields in filter(None, map(process_fields, pids)):
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def check_idle():
    """Waiting for input takes no processor time."""
    run = subprocess.Popen(command("serial"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, start_new_session=True)
    run.stdout.readline()
    time.sleep(0.3)
    everyone = [run.pid, *guests_of(run.pid)]
    before = processor_seconds(everyone)
    time.sleep(2)
    used = processor_seconds(everyone) - before
    count(used <= 0.01, f"an idle system used {used} s of two seconds")
    run.stdin.write(b"q")
    run.stdin.close()
    run.wait(timeout=30)


def check_output_closed():
    run = subprocess.Popen(command("spin"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    run.stdout.close()
    said = run.communicate(timeout=30)[1].decode()
    count(run.returncode == 5 and "Broken pipe" in said, f"closed stdout: status {run.returncode}, {said!r}")


def check_output_stalled():
    """Nobody reads, the pipe is full: the run still ends when it has to."""
    for options, number, status in ((["--timeout=0.5"], 0, 124), ([], signal.SIGTERM, 143)):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        try:
            while os.write(writer, b"x" * 4096):
                pass
        except BlockingIOError:
            os.set_blocking(writer, True)
        run = subprocess.Popen(command("spin", *options), stdin=subprocess.DEVNULL, stdout=writer,
                               stderr=subprocess.PIPE)
        os.close(writer)
        time.sleep(0.3)
        if number:
            run.send_signal(number)
        said = run.communicate(timeout=30)[1].decode()
        count(run.returncode == status, f"stalled stdout {options}: status {run.returncode}, {said!r}")
        os.close(reader)


def check_streams_missing():
    """What we open ourselves must not become the console because a parent closed a standard stream."""
    for shut, status, out in (("<&-", 0, b"ready\n\n"), (">&-", 5, b""), ("2>&-", 0, b"ready\n\n")):
        line = " ".join(["exec", *command("serial"), shut])
        done = subprocess.run(["/bin/sh", "-c", line], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        count((done.returncode, done.stdout) == (status, out), f"{shut}: {done}")
    for words in (["--help"], ["run", "--help"], ["engines"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([SELKIE, *words], stdout=full, stderr=subprocess.PIPE, timeout=60)
        count(done.returncode == 5 and b"No space left" in done.stderr, f"{words} into a full disk: {done}")


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
    try:
        pid, fd = pty.fork()
    except OSError as error:
        print(f"skipped, the host offers no pseudo terminal ({error}): what a terminal sees")
        return
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
check_hostile()
check_input()
check_signals()
check_kill()
check_guest_killed()
if ENGINE == "direct":  # elsewhere every guest process has a debugger already
    check_guest_stopped()
check_idle()
check_output_closed()
check_output_stalled()
check_streams_missing()
check_terminal()
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
