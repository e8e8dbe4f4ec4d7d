#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""qemu.py SELKIE_QEMU GUESTS: selkie-qemu as seL4's simulate script, its users and their scripts see it."""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time

PROGRAM, GUESTS = sys.argv[1:3]
USUAL = ["-cpu", "Nehalem,-vme,+pdpe1gb,-xsave,-xsaveopt,-xsavec,-fsgsbase,-invpcid,+syscall,+lm,enforce",
         "-nographic", "-serial", "mon:stdio", "-m", "size=256M"]
passed = failed = 0


def count(is_right, complaint):
    global passed, failed
    passed += bool(is_right)
    failed += not is_right
    if not is_right:
        print("FAIL", complaint)


def guest(name):
    return os.path.join(GUESTS, "cli_" + name)


def run(options, given=b"", seconds=60):
    return subprocess.run([PROGRAM, *options], input=given, capture_output=True, timeout=seconds)


def alive(pids):
    def state(pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
                return stat.read().rsplit(")", 1)[1].split()[0]
        except OSError:
            return "Z"
    return [pid for pid in pids if state(pid) != "Z"]


def guests_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as children:
        return [int(child) for child in children.read().split()]


def check_refused():
    """One line, status 2, nothing on stdout."""
    image = ["-initrd", guest("halt")]
    for options, said in (
            ([], "-kernel and -initrd are missing"), (["-kernel", "/nowhere"], "-initrd, the root task, is missing"),
            (["-kernel", "/nowhere", *image], "-kernel /nowhere: No such file"), (["-initrd", "/nowhere"], "/nowhere"),
            ([*image, "-S"], "-S: "), ([*image, "-s", "-S"], "-S: "), ([*image, "-chardev", "stdio,id=a"], "-chardev"),
            ([*image, "-bios", "x"], "-bios x: "), ([*image, "-daemonize"], "-daemonize: "),
            ([*image, "-bogus"], "-bogus: no such option"), ([*image, "-m"], "-m: needs a value"),
            ([*image, "-m", "lots"], "-m lots: not a size"), ([*image, "-m", "1"], "at least 16M"),
            ([*image, "-m", "size=3Q"], "not a size"), ([*image, "-m", "-3G"], "not a size"),
            ([*image, "-serial", "pty"], "-serial pty: only"), ([*image, "-serial", "tcp::4444"], "only mon:stdio"),
            ([*image, "-serial", "file:/nowhere/at/all"], "No such file"), ([*image, "disk.img"], "disk.img: no disk")):
        done = run(options)
        lines = done.stderr.decode().splitlines()
        is_right = done.returncode == 2 and not done.stdout and lines and said in lines[-1]
        count(is_right and all("warning" in line for line in lines[:-1]), f"{options}: {done}")


def check_accepted():
    """What makes no difference is taken in silence, what is missing is warned about; -s of simulate -d is one."""
    silent = ["-machine", "q35", "-M", "pc", "-enable-kvm", "-accel", "tcg", "-display", "none", "-vga", "none", "-smp",
              "1", "-net", "none", "-nic", "none", "-monitor", "none", "-no-reboot", "-no-shutdown", "-nodefaults",
              "-boot", "d", "-rtc", "base=utc", "-name", "x", "--no-acpi", "-global", "a.b=c", "-serial", "null",
              "-append", "console_port=0x3f8 debug_port=0x3f8 disable_iommu"]
    done = run([*USUAL, *silent, "-initrd", guest("halt")], b"\x01x")  # before it could begin, maybe
    count(done.returncode == 0 and done.stderr == b"selkie: ended by Ctrl-A x\n" or
          b"halted" in done.stderr and done.stderr.count(b"\n") == 1, f"silent: {done}")
    for options in (["-smp", "4"], ["-smp", "cpus=2,cores=2"], ["-device", "e1000"], ["-s"], ["-gdb", "tcp::1"],
                    ["-netdev", "user,id=n"], ["-drive", "file=x"], ["-append", "console_port=0x2f8"],
                    ["-icount", "auto"], ["-net", "nic"]):
        done = run([*USUAL, *options, "-initrd", guest("halt")], b"\x01x")
        count(done.returncode == 0 and done.stderr.startswith(f"selkie: warning: {options[0]}".encode()),
              f"warned: {options}: {done}")


def check_information():
    done = run(["--help"])
    count(done.returncode == 0 and done.stdout.startswith(b"usage: selkie-qemu") and not done.stderr, done)
    done = run(["-version"])
    count(done.returncode == 0 and re.fullmatch(rb"selkie-qemu \d+\.\d+\.\d+\n", done.stdout), done)


def check_serial():
    """Elsewhere than on standard output; and without the keys of mon:stdio."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "console")
        process = subprocess.Popen([PROGRAM, "-m", "64", "-serial", "file:" + path, "-initrd", guest("lines")],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = process.stderr.readline()
        process.terminate()
        out = process.communicate(timeout=30)[0]
        with open(path, "rb") as file:
            got = file.read()
        count(process.returncode == 0 and not out and got.startswith(b"first\r\nsecond line\n") and b"rest" in line,
              f"-serial file: {process.returncode} {out} {got} {line}")


def check_configuration():
    """The configuration is found by the kernel's path, wherever the image lies."""
    with tempfile.TemporaryDirectory() as folder:
        for place in ("kernel/gen_config/kernel", "images"):
            os.makedirs(os.path.join(folder, place))
        kernel = os.path.join(folder, "images/kernel-x86_64-pc99")
        with open(kernel, "wb") as file:
            file.write(b"not looked into")
        with open(os.path.join(folder, "kernel/gen_config/kernel/gen_config.json"), "w", encoding="utf-8") as file:
            file.write('{"SEL4_ARCH": "x86_64", "PLAT": "pc99", "MAX_NUM_NODES": "4"}')
        done = run([*USUAL, "-kernel", kernel, "-initrd", guest("halt")])
        count(done.returncode == 2 and b"several cores" in done.stderr, f"configuration: {done}")


def check_stays():
    """After a halt and at rest the program waits, without using the processor, until Ctrl-A x or a signal; then
    nothing is left behind."""
    for name, number in (("halt", 0), ("lines", 0), ("halt", signal.SIGTERM), ("spin", signal.SIGINT),
                         ("serial", signal.SIGHUP), ("spin", 0)):
        process = subprocess.Popen([PROGRAM, *USUAL, "-initrd", guest(name)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(0.7)
        guests = guests_of(process.pid)
        count(process.poll() is None and guests, f"{name}: it did not stay")
        if number:
            process.send_signal(number)
        else:
            process.stdin.write(b"ignored \x01z\x01x")
            process.stdin.flush()
        out, said = process.communicate(timeout=30)
        count(process.returncode == 0, f"{name}, signal {number}: status {process.returncode}, {out} {said}")
        count(not alive(guests), f"{name}: {alive(guests)} stayed behind")


def check_input_ended():
    """Input that ends does not end the machine."""
    process = subprocess.Popen([PROGRAM, *USUAL, "-initrd", guest("lines")], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    time.sleep(0.7)
    count(process.poll() is None, "it left at the end of its input")
    process.terminate()
    process.communicate(timeout=30)


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


def terminal_start(*options):
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(PROGRAM, [PROGRAM, "-nographic", "-m", "256M", *options, "-initrd", guest("serial")])
    got = read_until(fd, b"ready")
    count(b"ready" in got, f"no prompt: {got}")
    return pid, fd


def terminal_end(pid, fd, what):
    read_until(fd, b"ended by")
    settings = termios.tcgetattr(fd)
    is_whole = all(settings[3] & flag for flag in (termios.ICANON, termios.ECHO, termios.ISIG))
    count(is_whole, f"{what}: the terminal stays raw")
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    count(status == 0, f"{what}: status {status}")
    os.close(fd)


def check_terminal():
    try:
        pid, fd = terminal_start()
    except OSError as error:
        print(f"skipped, the host offers no pseudo terminal ({error}): what a terminal sees")
        return
    settings = termios.tcgetattr(fd)
    count(not settings[3] & (termios.ICANON | termios.ECHO | termios.ISIG), "the terminal is not raw")
    for keys, shown in ((b"k", b"[k]"), (b"\x03", b"[\x03]"), (b"\x01\x01", b"[\x01]"), (b"\x01h", b"C-a x"),
                        (b"\x01c", b"no monitor"), (b"\x1a", b"[\x1a]"), (b"\r", b"[\r]")):
        os.write(fd, keys)
        got = read_until(fd, shown)
        count(shown in got, f"{keys} shows {got}")
    guests = guests_of(pid)
    os.write(fd, b"\x01x")
    terminal_end(pid, fd, "Ctrl-A x")
    count(not alive(guests), f"Ctrl-A x: {alive(guests)} stayed behind")
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        pid, fd = terminal_start()
        os.kill(pid, number)
        terminal_end(pid, fd, f"signal {number}")
    pid, fd = terminal_start("-serial", "stdio", "-monitor", "none")
    os.write(fd, b"\x01x")
    got = read_until(fd, b"[x]")
    count(b"[\x01]" in got and b"[x]" in got, f"without a monitor Ctrl-A is a key: {got}")
    os.write(fd, b"\x03")
    terminal_end(pid, fd, "Ctrl-C without mon:")


check_information()
check_refused()
check_accepted()
check_serial()
check_configuration()
check_stays()
check_input_ended()
check_terminal()
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
