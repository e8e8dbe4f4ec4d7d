#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""commands.py SELKIE OPTIONS: what `selkie container` says to wrong, missing and odd arguments; --rm; taken ports."""
import os
import re
import signal
import socket
import sys
import time

from managed import Managed, check, eventually, finish
from ports import port_free

SLEEP = ("/bin/sleep", "100")
# At all addresses of IPv6 and of IPv4, as nginx does it; there is no address of IPv6 to name.
LISTEN_BOTH = """import socket
s = [socket.create_server(('::', 80), family=socket.AF_INET6), socket.create_server(('0.0.0.0', 80))]
try: socket.create_server(('::1', 81), family=socket.AF_INET6)
except OSError as error: print(error.errno)
"""
LISTEN = "import socket, sys, time; s = socket.create_server(('0.0.0.0', 80)); print('up', flush=True); time.sleep(100)"


def refused(m, words, status, *said):
    """One line on standard error that has all of this, nothing on standard output."""
    got = m.command(*words)
    text = got.stderr.decode()
    is_one_line = text.startswith("selkie: ") and text.count("\n") == 1 and not text.endswith(" \n")
    check(f"{words}", got.returncode == status and got.stdout == b"" and is_one_line and all(s in text for s in said),
          got)


def usage(m):
    for words, said in ((("run", "--nope"), "--nope: no such option"), (("run", "-dx"), "-x: no such option"),
                        (("run", "--name"), "--name: needs a value"), (("run", "--rm=1"), "--rm=1: takes no value"),
                        (("run", "-e"), "-e: needs a value"), (("exec", "-q", "a", "b"), "-q: no such option"),
                        (("ps", "-x"), "-x: no such option"), (("stats", "-x"), "-x: no such option"),
                        (("rm", "a", "-x"), "-x: no such option"), (("stop", "--time"), "--time: needs a value"),
                        (("shutdown", "--now"), "--now: no such option")):
        refused(m, words, 2, f"container {words[0]}: ", said, f"selkie container {words[0]} --help")
    for command in ("logs", "stop", "kill", "wait", "rm", "inspect"):
        refused(m, (command,), 2, "no container was named", f"usage: selkie container {command} ")
    refused(m, ("ps", "a"), 2, "'a' was given")
    refused(m, ("stats", "a"), 2, "'a' was given")
    refused(m, ("logs", "a", "b"), 2, "more than one")
    refused(m, ("exec", "a"), 2, "no command")
    refused(m, ("exec", "-dt", "a", "b"), 2, "--detach", "--tty")
    refused(m, ("kill", "-s", "FOO", "a"), 2, "no such signal: FOO")
    refused(m, ("kill", "-s", "65", "a"), 2, "no such signal: 65")
    refused(m, ("stop", "-t", "1x", "a"), 2, "1x is no number of seconds")
    for command in ("stop", "kill", "wait", "rm", "logs", "inspect"):
        got = m.command(command, "nosuch")
        check(f"{command} nosuch", (got.returncode, got.stderr) ==
              (1, f"selkie: container {command}: no such container: nosuch\n".encode()), got)
    refused(m, ("exec", "nosuch", "true"), 125, "container exec: no such container: nosuch")
    everything = m.command("--help").stdout.decode()
    for command in re.findall(r"selkie container (\w+)", everything):
        got = m.command(command, "--help")
        check(f"{command} --help", got.returncode == 0 and got.stdout.startswith(b"usage: selkie container "), got)
    check("all in --help", len(set(re.findall(r"selkie container (\w+)", everything))) == 11, everything)


def values(m):
    """Wrong values are found out before a manager is started."""
    for option, said in (("--engine=foo", "--engine=foo: no such engine; `selkie engines` lists them"),
                         ("--restart=maybe", "--restart=maybe"), ("--restart=on-failure:0", "--restart"), ("--network=what", "--network"),
                         ("--memory=1", "--memory=1"), ("--memory=3M", "4M"), ("--shm-size=x", "--shm-size=x"), ("--timeout=0", "--timeout=0"),
                         ("--publish=1:2:3:4", "--publish=1:2:3:4"), ("--volume=x", "--volume=x"), ("--volume=/etc:/x:y", "HOST:/PATH"), ("--volume=/etc:/x/..", "/../"),
                         ("--user=nobody-here", "nobody-here"), ("--workdir=etc", "not an absolute path"),
                         ("--env==x", "--env==x: no name"), ("--env=", "--env=: no name"), ("--rootfs=", "--rootfs: its value is empty"), ("--name=a/b", "--name"), ("--cpu=0", "--cpu=0")):
        refused(m, ("run", "--rootfs=/:ro", option, "true"), 2, said)
    refused(m, ("run", "--rm", "--restart=always", "--rootfs=/:ro", "true"), 2, "--rm does not go with --restart")
    refused(m, ("run", "-p", "1080:80", "-p", "1081:80", "--rootfs=/:ro", "true"), 2, "port 80 of the container")
    refused(m, ("run", "-p", "1080:80", "-p", "0.0.0.0:1080:81", "--rootfs=/:ro", "true"), 2, "port 1080 of the host")
    refused(m, ("run", "--rootfs=/:ro", "--volume=/etc:/x", "--volume=/usr:/x/", "ls"), 2, "another volume")
    refused(m, ("run", "--rootfs=/:ro", "-v", "/etc:/x:rz", "ls"), 2, "HOST:/PATH")
    for inside in ("/proc", "/proc/x/", "/dev", "/dev/null", "/dev/shmx", "/sys"):
        refused(m, ("run", "--rootfs=/:ro", "-v", f"/etc:{inside}", "ls"), 2, "has no volumes")
    place = m.path("RUNTIME_DIR", "selkie")
    check("no manager, nothing left", not os.path.exists(place) or not os.listdir(place))


def removal(m):
    place = m.path("STATE_HOME", "selkie", "containers")
    start = lambda *words: m.command("run", "-d", "--rm", "--name=gone", "--rootfs=/:O", *words)
    is_gone = lambda: not os.listdir(place)
    got = start("/bin/sh", "-c", "echo text >/made; echo said; read x </nonexistent; exit 3")
    check("run -d --rm", (got.returncode, got.stdout) == (0, b"gone\n"), got)
    check("removed by itself", eventually(is_gone), os.listdir(place))
    check("not in ps -a", b"gone" not in m.command("ps", "-a").stdout)
    for end in (("stop", "-t", "5", "gone"), ("rm", "-f", "gone"), ("kill", "gone")):
        check("again", start(*SLEEP).returncode == 0)
        check("runs", m.command("exec", "gone", "/bin/sh", "-c", "echo x >/more").returncode == 0)
        check(f"{end}", m.command(*end).returncode == 0)
        check(f"removed after {end[0]}", eventually(is_gone) if end[0] == "kill" else is_gone(), os.listdir(place))
    start("/bin/sh", "-c", "echo first; /bin/sleep 1; echo last; exit 7")
    with m.start("logs", "-f", "gone", stdout=-1) as logs:
        check("wait", m.command("wait", "gone").stdout == b"7\n")
        check("removed after wait", is_gone(), os.listdir(place))
        check("logs -f to the end", logs.communicate(timeout=20)[0] == b"first\nlast\n")
    check("of that name again", start(*SLEEP).returncode == 0)
    check("one of that name", start(*SLEEP).returncode == 125)
    m.command("shutdown")
    check("removed with the manager", eventually(is_gone), os.listdir(place))
    start(*SLEEP)
    for pid in m.managers():
        os.kill(pid, signal.SIGKILL)
    check("removed when the manager was killed", eventually(is_gone), os.listdir(place))
    got = m.command("run", "-d", "--name=stays", "--rootfs=/:O", "/bin/true")
    m.command("wait", "stays")
    check("without --rm it stays", os.listdir(place) == ["stays"] and m.command("rm", "stays").returncode == 0)


def remover_killed(m):
    """What is left of a container whose remover was killed, or whose command, goes when somebody looks."""
    place = m.path("STATE_HOME", "selkie", "containers")
    m.command("run", "-d", "--rm", "--name=left", "--rootfs=/:O", *SLEEP)
    removers = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm", encoding="ascii") as comm:
                is_remover = comm.read() == "selkie-remover\n"
            if is_remover and any(m.folder in os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")):
                removers.append(int(pid))
        except OSError:
            pass
    check("one remover", len(removers) == 1, removers)
    for pid in removers:
        os.kill(pid, signal.SIGKILL)
    check("it runs", b"left" in m.command("ps", "-a").stdout and os.listdir(place) == ["left"])
    m.command("kill", "left")
    check("it ended", eventually(lambda: b"left" not in m.command("ps").stdout))
    check("not listed", b"left" not in m.command("ps", "-a").stdout)
    check("removed", not os.listdir(place))
    with m.start("run", "--name=left", "--rootfs=/:O", *SLEEP) as client:
        check("in the foreground", eventually(lambda: b"left" in m.command("ps").stdout))
        client.kill()
    check("it ended, too", eventually(lambda: b"left" not in m.command("ps").stdout))
    check("its name is free", m.command("run", "--name=left", "--rootfs=/:O", "/bin/true").returncode == 0)
    check("nothing left", not os.listdir(place))


def ports(m):
    port, other = port_free(), port_free()
    publish = lambda name, what, *words: m.command("run", "-d", "--rm", f"--name={name}", "--rootfs=/:ro",
                                                   f"--publish={what}:80", *words)
    check("published", publish("one", port, *SLEEP).returncode == 0)
    for what in (port, f"0.0.0.0:{port}"):
        got = publish("two", what, *SLEEP)
        check(f"promised already: {what}", got.returncode == 125 and b"Address already in use, by container one" in got.stderr, got)
    control = next(name for name in os.listdir(m.path("RUNTIME_DIR", "selkie")) if name.startswith("control-"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.settimeout(20)
        client.connect(m.path("RUNTIME_DIR", "selkie", control))
        client.recv(1024)
        client.send(f"do=run\0name=two\0arg=x\0port=0.0.0.0:{port}:80\0".encode())
        answer = client.recv(1024)
        check("the manager knows", answer == f"error=port {port} of the host is published by container one\0".encode(), answer)
    check("another address", publish("two", f"127.0.0.2:{port}", *SLEEP).returncode == 0)
    m.command("rm", "-f", "one", "two")
    with socket.create_server(("127.0.0.1", other)):
        got = publish("one", other, *SLEEP)
        check("taken by somebody else", got.returncode == 125 and f"127.0.0.1:{other}: Address already".encode() in got.stderr, got)
    for _ in range(3): # what was published before is free at once
        got = publish("one", port, "/usr/bin/python3", "-c", LISTEN)
        check("free again", got.returncode == 0, got)
        check("listens", eventually(lambda: m.command("logs", "one").stdout == b"up\n"))
        with socket.create_connection(("127.0.0.1", port)):
            pass
        check("ended", m.command("stop", "-t", "1", "one").returncode == 0)
    got = m.command("run", "--rootfs=/:ro", f"--publish={port}:80", "/usr/bin/python3", "-c", LISTEN_BOTH)
    check("IPv6, too", got.returncode == 0 and got.stdout == b"99\n", got)


def proc_read(pid, name):
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""


def manager_named(m):
    """Not by the words of the command that needed it first."""
    m.command("run", "--rootfs=/:ro", "/bin/true")
    here = m.path("RUNTIME_DIR").encode()
    lines = [proc_read(pid, "cmdline").rstrip(b"\0") for pid in os.listdir("/proc")
             if proc_read(pid, "comm") == b"selkie-manager\n" and here in proc_read(pid, "environ")]
    check("the manager's command line", lines == [b"selkie-manager"], lines)


def programs(m):
    for program, status, said in (("/nonexistent", 127, "/nonexistent: cannot be run: no such file or directory"),
                                  ("nonexistent", 127, "nonexistent: cannot be run: no such file or directory"),
                                  ("/etc/passwd", 126, "/etc/passwd: cannot be run: permission denied"),
                                  ("", 127, ": cannot be run: no such file or directory"),
                                  ("/etc", 126, "/etc: cannot be run: permission denied")):
        refused_inside = m.command("run", "--rootfs=/:ro", program)
        check(f"{program}", refused_inside.returncode == status and said.encode() in refused_inside.stderr, refused_inside)
    folders = [m.path(f"in-path-{i}") for i in range(3)]
    for folder, mode in zip(folders, (None, 0o644, 0o755)):
        os.mkdir(folder)
        if mode is None:
            os.mkdir(os.path.join(folder, "program"))
        else:
            with open(os.path.join(folder, "program"), "w", encoding="ascii") as file:
                file.write("#!/bin/sh\necho found\n")
            os.chmod(os.path.join(folder, "program"), mode)
    for i, status, out in ((3, 0, b"found\n"), (2, 126, b"")):
        got = m.command("run", "--rootfs=/:ro", "-e", "PATH=/nowhere:" + ":".join(folders[:i]), "program")
        check("what cannot be run is passed over in PATH", (got.returncode, got.stdout) == (status, out), got)
    with open("/etc/passwd", encoding="utf-8") as file:
        user, _, uid, gid = next(line.split(":")[:4] for line in file if not line.startswith("root:"))
    got = m.command("run", "--rootfs=/:ro", f"--user={user}", "/bin/sh", "-c", "id -u; id -g")
    check("a user of the root directory", got.stdout == f"{uid}\n{gid}\n".encode(), got)
    m.command("run", "-d", "--rm", "--name=users", "--rootfs=/:O", "/bin/sh", "-c",
              "echo mine:x:77:78:::/bin/sh >>/etc/passwd; exec /bin/sleep 100")
    for name, ids in ((user, f"{uid} {gid}\n"), ("mine", "77 78\n"), (f"{user}:5", f"{uid} 5\n")):
        ask = lambda: m.command("exec", f"--user={name}", "users", "/bin/sh", "-c", "echo $(id -u) $(id -g)")
        check(f"exec as {name}", eventually(lambda: ask().stdout == ids.encode()), ask())
    refused(m, ("exec", "-u", "nobody-here", "users", "id"), 2, "no user nobody-here")
    for words in (("run", "--rootfs=/:ro", "--workdir=/nonexistent", "pwd"), ("exec", "-w", "/nonexistent", "users", "pwd")):
        got = m.command(*words)
        check("no such directory", got.returncode == 126 and
              got.stderr == b"linux: /nonexistent: cannot be the working directory: no such file or directory\n", got)
    os.mkdir(m.path("given"))
    got = m.command("run", "--rootfs=/:O", f"--volume={m.path('given')}:/given", "-w", "/made/for/it", "/bin/sh", "-c",
                    "pwd; stat -c '%a %u' . /made; ls -a /made")
    check("made in a layer", got.stdout == b"/made/for/it\n755 0\n755 0\n.\n..\nfor\n", got)
    got = m.command("run", "--rootfs=/:O", f"--volume={m.path('given')}:/given", "-w", "/given/made", "pwd")
    check("but not in a volume", got.returncode == 126 and not os.listdir(m.path("given")), got)
    got = m.command("exec", "-w", "/proc/self/cwd/../usr", "users", "pwd")
    check("the directory that it is", got.stdout == b"/usr\n", got)
    m.command("stop", "-t", "0", "users")


def table(m):
    """Columns of ps are as wide as what is in them."""
    name = "a-name-that-is-rather-long-" * 2
    m.command("run", "-d", f"--name={name}", "--rootfs=/:ro", "/bin/sh", "-c", "exit 125")
    m.command("wait", name)
    m.command("run", "-d", "--name=b", "--rootfs=/:ro", *SLEEP)
    time.sleep(1)
    lines = m.command("ps", "-a").stdout.decode().splitlines()
    column = lines[0].index("COMMAND")
    check("one column", len(lines) == 3 and all(line[column - 1] == " " and line[column:].startswith("/bin/") for line in lines[1:]),
          lines)
    check("durations", re.search(r"Up \d seconds? ", lines[1]) and " 1 seconds" not in "".join(lines), lines)
    m.command("rm", "-f", name, "b")


def main():
    selkie, options = sys.argv[1:]
    with Managed(selkie, options) as m:
        for test in (usage, values, removal, remover_killed, ports, manager_named, programs, table):
            test(m)
    finish()


main()
