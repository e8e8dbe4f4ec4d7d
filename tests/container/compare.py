#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""compare.py SELKIE OPTIONS STAGE PROGRAMS: do programs do in a container what they do on the host?

Output and exit status of each command of a stage are compared. The container's root is the host's, read-only but for
SCRATCH.
OPTIONS are those of `selkie container run`, in one word with commas. PROGRAMS is the folder of the test programs."""
import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TIMEOUT = 120
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/root", "LC_ALL": "C"}
SCRATCH = "/tmp"  # the one place that can be written
STAGES = {
    "bare": [["{}/container_hello"]],
    "static": [["{}/container_static", "one", "", "two words"]],
    "dynamic": [
        ["{}/container_dynamic", "x"],
        ["/bin/echo", "-n", "no newline"],
        ["cat", "/etc/debian_version", "/etc/passwd"],
        ["cat", "/nonexistent"],
        ["ls", "-l", "/etc/skel", "/usr/bin/env"],
        ["ls", "-d", "/proc", "/dev/null"],
        ["head", "-c", "100", "/usr/bin/env"],
        ["wc", "/etc/services", "/etc/passwd"],
        ["md5sum", "/usr/bin/env"],
        ["sort", "-r", "/etc/passwd"],
        ["env", "-i", "A=1"][:1],
        ["readlink", "/usr/bin/awk"],
        ["stat", "-c", "%s %a %F", "/etc/passwd"],
        ["true"],
        ["false"],
    ],
    "threads": [["{}/container_threads"]],
    "sites": [["{}/container_sites"]],
    "pipes": [["{}/container_pipes"], ["{}/container_pipes", "fork"]],
    "mapping": [["{}/container_mapping", SCRATCH, "fork"]],
    "signals": [["{}/container_signals"], ["{}/container_interrupt"], ["{}/container_signal_family"],
                ["{}/container_signal_storm"],
                ["/usr/bin/python3", HERE + "/programs/signals.py"]] + [["{}/container_signal_end", how] for how in (
        "spin", "wait", "stopped", "blocked", "ignored", "again", "stack", "frame", "abort", "1", "3", "9", "13", "17",
        "18", "23", "31", "34", "64")],
}


def signals_reset():
    """What a caller in the background ignores, a container's program does not."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
        signal.signal(number, signal.SIG_DFL)


def native(command):
    """In a session of its own, as a container's first process is: no key or signal but SIGSTOP stops its group."""
    return subprocess.run(command, env=ENVIRONMENT, cwd="/", capture_output=True, timeout=TIMEOUT,
                          start_new_session=True, preexec_fn=signals_reset)


def contained(selkie, options, command):
    environment = [f"--env={name}={value}" for name, value in ENVIRONMENT.items()]
    return subprocess.run([selkie, "container", "run", "--rootfs=/:ro", f"--volume={SCRATCH}:{SCRATCH}",
                           f"--timeout={TIMEOUT - 20}", *options,
                           *environment, "--", *command], capture_output=True, timeout=TIMEOUT)


def main():
    selkie, options, stage, programs = sys.argv[1:]
    failed = 0
    commands = STAGES[stage]
    for words in commands:
        command = [word.format(programs) for word in words]
        expected = native(command)
        if expected.returncode < 0:  # as shells tell it; and then the container says why
            expected.returncode = 128 - expected.returncode
            expected.stderr = None
        got = contained(selkie, options.split(",") if options else [], command)
        if expected.stderr is None:
            got.stderr = None
        same = (expected.returncode, expected.stdout, expected.stderr) == (got.returncode, got.stdout, got.stderr)
        if words == ["env"]:  # the container's PATH and HOME are there twice
            same = set(expected.stdout.split()) <= set(got.stdout.split())
        if not same:
            failed += 1
            print(f"{' '.join(command)}: native {expected}\n    in a container {got}")
    print(f"{len(commands) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
