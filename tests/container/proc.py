#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""proc.py SELKIE OPTIONS: /proc and /dev as programs read them.

programs/proc.py runs natively and in a container, and must say the same. Then programs that live from /proc, where they are
installed. Words of OPTIONS are separated by commas."""
import difflib
import os
import re
import shutil
import subprocess
import sys

TIMEOUT = 120
failures = 0


def check(name, is_good, what):
    global failures
    if not is_good:
        failures += 1
        print(f"{name}: FAILED: {what}")


def run(words, **options):
    return subprocess.run(words, capture_output=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL, check=False, **options)


def facts(selkie, options):
    program = os.path.join(os.path.dirname(os.path.realpath(__file__)), "programs", "proc.py")
    native = run(["/usr/bin/python3", "-B", program])
    inside = run([selkie, *options, "--", "/usr/bin/python3", "-B", program])
    lines = [result.stdout.decode().splitlines() + [f"status {result.returncode}"] for result in (native, inside)]
    check("facts", lines[0] == lines[1] and len(lines[0]) > 100,
          "\n".join(difflib.unified_diff(*lines, "native", "inside", lineterm="", n=0)) + inside.stderr.decode())
    print(f"{len(lines[0])} facts")


# In the background, and it runs.
SLEEPER = "sleep 100 & until [ $(cat /proc/$!/comm) = sleep ]; do sleep 0.01; done; "
# The first process waits for who runs this. A parent runs its own way to wait after a fork, as soon as it is its turn.
WAITED_FOR = "until [ $(cut -d ' ' -f 3 /proc/1/stat) = S ]; do sleep 0.01; done; exec "
SCRIPTS = {  # name: program that is needed, shell script, what its output matches
    "ps": ("ps", SLEEPER + "(" + WAITED_FOR + "ps -eo pid,ppid,user,stat,args); kill $!", r"(?s).*\n *1 +0 root +Ss .*sleep 100\n.*ps -eo.*"),
    "ps threads": ("ps", "ps -eLo pid,lwp,nlwp,comm", r"(?s).*PID +LWP NLWP COMMAND\n +1 +1 +1 sh\n.*"),
    "ps start": ("ps", "sleep 100 & sleep 1.5; ps -o etimes= -p $!; kill $!", r" *[1-5]\n"),
    "ps users": ("ps", "ps -o user=,uid= -p 1", r"root +0\n"),
    "top": ("top", "TERM=dumb top -b -n 1", r"(?s)top - .*Tasks: +\d+ total.*Mem :.*PID USER.*\n +1 root .*"),
    "pgrep": ("pgrep", SLEEPER + "pgrep -x sleep; pkill sleep; echo $!", r"(\d+)\n\1\n"),
    "free": ("free", "free -m", r"(?s).*Mem: +2\d\d +.*Swap: +0 .*"),
    "uptime": ("uptime", "uptime", r".* up .*load average: .*\n"),
    "mount": ("mount", "mount", r"(?s).* on / type .*proc on /proc type proc .* on /dev/shm type tmpfs.*"),
    "findmnt": ("findmnt", "findmnt -n -o TARGET,FSTYPE /proc", r"/proc +proc\n"),
    "df": ("df", "df / | tail -n 1; df -T /dev/shm | tail -n 1", r"(?s).* /\n.*tmpfs.*/dev/shm\n"),
    "mountpoint": ("mountpoint", "mountpoint -q /proc && echo yes", r"yes\n"),
    "lsof": ("lsof", "exec 9</etc/passwd; lsof -p $$ -w", r"(?s).*cwd +DIR.*txt +REG.* 1w.* 9r +REG.*/etc/passwd.*"),
    "find": ("find", "find /dev /proc/self/ /proc/sys /sys -maxdepth 2 >/dev/null && echo fine", r"fine\n"),
    "find all": ("find", "find /proc -path '/proc/[0-9]*' -prune -o -print >/dev/null && echo fine", r"fine\n"),
    "shell": ("sh", "cd /dev && echo n* && cd fd/ && [ -e 0 ] && cd /proc/self/fd && ls >/dev/null && [ -e /dev/fd ] && cd /proc/self/../1 && cat comm",
              r"null\nsh\n"),
    "others' files": ("python3", "/usr/bin/python3 -c \"import os; os.setgroups([]); os.setgid(1000); os.setuid(1000); os.execvp('sh', ['sh', '-c', "
                      "'cat /proc/1/environ; cat /proc/1/task/1/environ; cat /proc/1/comm; readlink /proc/1/exe; ls /proc/1/fd; head -n 1 /proc/1/limits; ps -o uid= -p \\$\\$'])\" 2>&1",
                      r"(?s)(cat: \S+: Permission denied\n){2}sh\nls: .*Permission denied\nLimit .*\n +1000\n"),
    "bash": ("bash", "bash -c 'read -r a < <(echo x); echo $a; echo y | cat /dev/stdin; echo z > /dev/stdout'", r"x\ny\nz\n"),
    "node": ("node", "node -e 'const o = require(\"os\"); console.log(o.totalmem() <= 2**29, o.freemem() > 0, o.cpus().length, o.hostname(), "
                     "process.memoryUsage().rss > 0, o.uptime() > 0)'", r"true true 1 selkie true true\n"),
}


def programs(selkie, options):
    ran = 0
    for name, (needed, script, pattern) in SCRIPTS.items():
        if not shutil.which(needed, path="/usr/bin:/bin"):
            continue
        memory = ["--memory=512M"] if needed == "node" else []
        got = run([selkie, *options, *memory, "--", "/usr/bin/env", "PATH=/usr/bin:/bin", "sh", "-c", script])
        check(name, re.fullmatch(pattern, got.stdout.decode()), (got.returncode, got.stdout.decode(), got.stderr.decode()))
        ran += 1
    print(f"{ran} programs")


def main():
    selkie, options = sys.argv[1], [word for word in sys.argv[2].split(",") if word]
    words = ["container", "run", "--alone", "--rootfs=/:ro", f"--timeout={TIMEOUT - 10}", *options]
    facts(selkie, words)
    programs(selkie, words)
    print(f"{failures} failed")
    sys.exit(failures > 0)


main()
