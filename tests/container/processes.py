#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""processes.py SELKIE OPTIONS PROGRAM: many processes in one container.

PROGRAM and shell scripts do the same as on the host. A fork bomb ends at its container's quota, and what one process
does to itself disturbs no other."""
import os
import subprocess
import sys

TIMEOUT = 150
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/root", "LC_ALL": "C"}
SCRIPTS = [
    "ls / | wc -l; x=$(echo hi); echo $x; sleep 0.1 & wait; echo $?",
    "for i in 1 2 3; do echo $i | cat; done; (exit 3); echo $?",
    "nosuchcommand; echo $?",
    "sleep 5 & kill $!; wait $!; echo $?",
    "echo a b c | tr a-c d-f | sed s/e/x/ | cat",
    "cat <<END | sort -r\n1\n3\n2\nEND",
    "trap 'echo bye' EXIT; x=$(for i in 1 2 3 4 5; do echo -n $i; done); echo $x",
    "f() { echo $1; exit 4; }; (f in); echo $?; exit 5",
    "printf '#! /bin/sh\\necho script $0 $1\\n' > /dev/null; sh -c 'echo $0 $1' a b",
    "kill -9 $$",
    "exec true",
    "exec /nonexistent",
]
PYTHON = """
import os, subprocess, sys
print(subprocess.run(['cat'], input=b'x' * 200000, capture_output=True).stdout.count(b'x'))
try:
    subprocess.run(['/nonexistent'])
except FileNotFoundError as error:
    print(error)
print(subprocess.run('exit 3', shell=True).returncode, subprocess.run(['sh', '-c', 'kill -15 $$']).returncode)
import multiprocessing
context = multiprocessing.get_context('fork')
ours, theirs = context.Pipe()
process = context.Process(target=lambda: theirs.send([1, 2, 3]))
process.start()
print(ours.recv(), process.join(), process.exitcode)
"""
BOMB = """
import os, time
made = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(100)
            os._exit(0)
        made += 1
except OSError as error:
    print('stopped' if 5 < made < 1000 else 'too early', error.errno in (11, 12))
"""
# One process dies by a signal, one takes all memory, the third goes on undisturbed.
NEIGHBOURS = """
import os, signal, time
def child(work):
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    return pid
def eat():
    kept = []
    while True:
        kept.append(bytearray(os.urandom(1 << 20)))
end, written = os.pipe()
def count():
    for i in range(30):
        time.sleep(0.02)
        os.write(written, b'.')
worker, sleeper, eater = child(count), child(lambda: time.sleep(100)), child(eat)
os.kill(sleeper, signal.SIGKILL)
print(os.waitpid(sleeper, 0)[1])
status = os.waitpid(eater, 0)[1]
print(status == 9 or status == 256)
print(os.waitpid(worker, 0)[1], len(os.read(end, 100)))
"""
# A program writes over its own personality: that is the end of this process, and of nothing else.
CRASH = "python3 -c 'import ctypes; ctypes.memset(0x7d0000040000, 255, 0x90000); open(\"/etc/passwd\")'; echo $?"
# What a child has to itself after a fork, as redis asks.
SMAPS = """\
import os
def dirty():
    return sum(int(line.split()[1]) for line in open("/proc/self/smaps") if line.startswith("Private_Dirty"))
memory = bytearray(20 << 20)
for i in range(0, len(memory), 4096): memory[i] = 1
before = dirty()
pid = os.fork()
if pid == 0:
    common = dirty()
    for i in range(0, 10 << 20, 4096): memory[i] = 2
    own = dirty()
    rollup = [line for line in open("/proc/self/smaps_rollup") if line.startswith("Private_Dirty")]
    print(common < 6000, 10000 < own - common < 11500, abs(int(rollup[0].split()[1]) - own) < 500, flush=True)
    os._exit(0)
os.waitpid(pid, 0)
print(before > 20000)
"""
GENERATIONS = os.path.join(os.path.dirname(os.path.abspath(sys.argv[3])), "container_generations")
failures = 0


def native(command):
    return subprocess.run(command, env=ENVIRONMENT, cwd="/", capture_output=True, timeout=TIMEOUT)


def contained(command, *options):
    selkie, chosen, _ = sys.argv[1:]
    environment = [f"--env={name}={value}" for name, value in ENVIRONMENT.items()]
    return subprocess.run([selkie, "container", "run", "--alone", "--rootfs=/:ro", f"--timeout={TIMEOUT - 20}",
                           *(chosen.split(",") if chosen else []), *options, *environment, "--", *command],
                          capture_output=True, timeout=TIMEOUT)


def check(what, is_good, *shown):
    global failures
    print(f"{what}: {'ok' if is_good else 'FAILED'}", flush=True)
    if not is_good:
        failures += 1
        print(*shown, sep="\n", flush=True)


def compare(what, command):
    expected, got = native(command), contained(command)
    status = expected.returncode if expected.returncode >= 0 else 128 - expected.returncode
    check(what, (status, expected.stdout) == (got.returncode, got.stdout), expected, got)


def main():
    compare("the program", [sys.argv[3]])
    is_slow = "ptrace" in sys.argv[2]
    for script in SCRIPTS[:4] if is_slow else SCRIPTS:
        for shell in ["sh"] if is_slow else ["sh", "bash"]:
            compare(f"{shell}: {script}", [shell, "-c", script])
    compare("python", ["python3", "-c", PYTHON])
    if not is_slow:
        bomb = contained(["python3", "-c", BOMB], "--memory=64M")
        check("fork bomb", bomb.stdout == b"stopped True\n", bomb)
        for size in ("24M", "40M", "65M"):
            bomb = contained([GENERATIONS, "bomb"], f"--memory={size}")
            check(f"the end of {size}", bomb.stdout.split() in ([b"some", b"ENOMEM"], [b"some", b"EAGAIN"]), bomb)
        chain = contained([GENERATIONS, "chain", "200"], "--memory=192M")
        check("generations", chain.stdout == b"end 0\n", chain)
    compare("smaps", ["python3", "-c", SMAPS])
    neighbours = contained(["python3", "-c", NEIGHBOURS], "--memory=128M")
    check("neighbours", neighbours.stdout.split() == [b"9", b"True", b"0", b"30"], neighbours)
    crash = contained(["sh", "-c", CRASH])
    check("a broken personality", crash.returncode == 0 and crash.stdout == b"137\n" and b"process 2" in crash.stderr,
          crash)
    return 1 if failures else 0


sys.exit(main())
